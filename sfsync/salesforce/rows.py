"""Rows of query answers: read out of their envelope, completed where the org cut lists of children short, parsed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from sfsync.errors import OrgRefused
from sfsync.salesforce import failures, soql, wire
from sfsync.salesforce.composite import QUERIES, Sub

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from sfsync.salesforce.client import OrgClient
    from sfsync.salesforce.composite import SubAnswer
    from sfsync.salesforce.feeds import Child, Feed, Row

Item = TypeVar("Item")

_PARENTS_PER_QUERY = 100


def query(text: str) -> Sub:
    """A query that also sees what is in the recycle bin."""
    return Sub("queryAll", {"q": text})


def rows_of(answer: SubAnswer) -> tuple[list[dict[str, Any]], bool]:
    """Read the rows of an answer, and whether there are more.

    Raises:
        OrgUnavailable, OrgRefused: the answer is an error, or none that a query gives.
    """
    if answer.failure is not None:
        raise answer.failure
    body = answer.body
    if not isinstance(body, dict) or not isinstance(body.get("records"), list):
        raise failures.unreadable(write=False)
    return body["records"], body.get("done") is not True


def complete_children(client: OrgClient, feeds: Iterable[tuple[Feed, Sequence[dict[str, Any]]]]) -> None:
    """Read the whole list of children of every row whose list the org cut short (`done` is false in it).

    Calls only if there are such rows; up to five queries each. The list is read anew from its start:
    the order of a nested list is not defined, so nothing says where to go on.
    """
    wanted: list[tuple[Child, list[str]]] = []
    homes: dict[str, dict[str, Any]] = {}
    for feed, rows in feeds:
        if feed.child is None:
            continue
        name = feed.child.relationship
        cut = [row for row in rows if (nested := row.get(name)) and nested.get("done") is not True]
        wanted += [(feed.child, [row["Id"] for row in part]) for part in _batches(cut, _PARENTS_PER_QUERY)]
        for row in cut:
            row[name] = homes[row["Id"]] = {"done": True, "records": []}
    for group in _batches(wanted, QUERIES):
        _read_children(client, group, homes)


def parsed(feed: Feed, rows: Iterable[Row]) -> list[Any]:
    """Make domain values of rows.

    Raises:
        OrgRefused: a field holds something else than it should. Nothing is guessed: the feed stops
            here until that is understood.
    """
    found = []
    for row in rows:
        try:
            found.append(feed.parse(row, children_of(feed, row)))
        except ValueError as exc:
            raise OrgRefused(
                f"{feed.sobject} {row.get('Id')} cannot be read: {exc}.",
                code="UNREADABLE_ROW",
                remedy="Check the field in Setup (its type, and whether the integration user may see it).",
            ) from exc
    return found


def children_of(feed: Feed, row: Row) -> Sequence[Row] | None:
    """The rows of a row's children: empty for a null list, None where the feed reads none."""
    if feed.child is None:
        return None
    nested = row.get(feed.child.relationship)
    return nested["records"] if nested else ()


def _read_children(
    client: OrgClient, group: Sequence[tuple[Child, list[str]]], homes: dict[str, dict[str, Any]]
) -> None:
    last: list[str | None] = [None] * len(group)
    open_ = list(range(len(group)))
    while open_:
        answers = client.read_many([query(_children_query(*group[index], last[index])) for index in open_])
        still = []
        for index, answer in zip(open_, answers, strict=True):
            rows, more = rows_of(answer)
            for row in rows:
                homes[row[group[index][0].parent_field]]["records"].append(row)
            if rows and (more or len(rows) >= soql.PAGE):
                last[index] = rows[-1]["Id"]
                still.append(index)
        open_ = still


def _children_query(child: Child, parents: Sequence[str], last_id: str | None) -> str:
    listed = ",".join(soql.quoted_id(parent) for parent in parents)
    where = soql.both(
        f"{child.parent_field} IN ({listed})", f"Id > {soql.quoted_id(last_id)}" if last_id is not None else None
    )
    return soql.select(child.fields, child.sobject, where=where, order_by="Id", limit=soql.PAGE)


def stamp_of(row: Row) -> datetime:
    """The row's SystemModstamp.

    Raises:
        OrgUnavailable: if it has none, or something else: that is no answer to what was asked.
    """
    try:
        return wire.required(wire.parse_datetime(row.get("SystemModstamp"), "SystemModstamp"), "SystemModstamp")
    except ValueError as exc:
        raise failures.unreadable(write=False) from exc


def _batches(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
