"""Reading the whole org to compare it: all records of several objects by Id, five pages of 2,000 in one call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sfsync.errors import OrgRefused, SfsyncError
from sfsync.salesforce import soql, wire
from sfsync.salesforce.changes import DELETE_LOG, IDS_PER_QUERY, QUERIES_PER_CALL
from sfsync.salesforce.composite import Sub
from sfsync.salesforce.rows import query, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from sfsync.salesforce.client import OrgClient
    from sfsync.salesforce.composite import SubAnswer
    from sfsync.salesforce.feeds import Feed
    from sfsync.salesforce.schema import OrgSchema

_MARGIN = timedelta(minutes=5)
"""The clocks of the org's hosts need not agree: ask for a little less than the delete log's 15 days."""
_REACHES = (DELETE_LOG, timedelta(days=5), timedelta(days=1), timedelta(hours=2))
"""A log that grew too long is cut (REST guide: getDeleted): then it is asked less far back."""
_SAYS_WHO = ("LastModifiedById", "MasterRecordId")
"""Read beside a feed's own fields, where the object has them: who wrote last, and merges (object reference)."""


@dataclass(frozen=True, slots=True)
class Slice:
    """A page of one object: all its records behind the last page's, up to and with `upto`.

    Attributes:
        feed: The feed of the object.
        rows: The rows as the org sent them, without children, by Id.
        upto: The last Id of the page; None when the object has no more.
        failed: The object cannot be read; nothing more comes of it.
    """

    feed: Feed
    rows: tuple[Mapping[str, Any], ...] = ()
    upto: str | None = None
    failed: SfsyncError | None = None


def slices(
    client: OrgClient, schema: OrgSchema, feeds: Sequence[Feed], *, since: datetime | None = None
) -> Iterator[list[Slice]]:
    """Read all records of these objects, recycle bin included, and yield what each call brought.

    All mirrored fields come with each Id: a page holds 2,000 rows whatever their width, so to read Ids alone
    would cost the same number of calls. Only records changed `since` then are read, where that is given.

    Raises:
        OrgUnavailable, OrgRefused: a call failed. What fails for one object alone is in its slice.
    """
    reached: dict[str, str | None] = {feed.name: None for feed in feeds}
    open_ = list(feeds)
    while open_:
        group = open_[:QUERIES_PER_CALL]
        subs = [query(_page(schema, feed, reached[feed.name], since)) for feed in group]
        found = [_slice(feed, answer) for feed, answer in zip(group, client.read_many(subs), strict=True)]
        for one in found:
            if one.upto is None:
                open_.remove(one.feed)
            reached[one.feed.name] = one.upto
        yield found


def look_up(client: OrgClient, schema: OrgSchema, feed: Feed, ids: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of those of the ids that the org shows, whatever the feed is limited to; 1,000 ids a call.

    Raises:
        OrgUnavailable, OrgRefused: the org cannot be read.
    """
    parts = [ids[start : start + IDS_PER_QUERY] for start in range(0, len(ids), IDS_PER_QUERY)]
    fields = _fields(schema, feed)
    for start in range(0, len(parts), QUERIES_PER_CALL):
        texts = [
            soql.select(fields, feed.sobject, where=soql.ids_in(part))
            for part in parts[start : start + QUERIES_PER_CALL]
        ]
        for answer in client.read_many([query(text) for text in texts]):
            yield from rows_of(answer)[0]


def delete_log(client: OrgClient, feed: Feed) -> dict[str, datetime]:
    """Return when which record of the object was deleted, for as long as the org remembers: 15 days at most.

    Empty where the org does not say: it keeps no such log of the object.

    Raises:
        OrgUnavailable: the org cannot be read.
    """
    for reach in _REACHES:
        start = client.now() - reach + _MARGIN
        window = {
            "start": wire.format_datetime(start),
            "end": wire.format_datetime(client.now() + timedelta(minutes=1)),
        }
        [answer] = client.read_many([Sub(f"sobjects/{feed.sobject}/deleted/", window)])
        if answer.failure is None:
            return _deletions(answer.body)
        if not isinstance(answer.failure, OrgRefused):
            raise answer.failure
        if answer.failure.code != "INVALID_REPLICATION_DATE":
            break
    return {}


def _deletions(body: Any) -> dict[str, datetime]:
    records = body.get("deletedRecords") if isinstance(body, dict) else None
    found = {record["id"]: wire.parse_datetime(record["deletedDate"], "deletedDate") for record in records or ()}
    return {sf_id: when for sf_id, when in found.items() if when is not None}


def _fields(schema: OrgSchema, feed: Feed) -> tuple[str, ...]:
    also = (name for name in schema.pick(feed.sobject, *_SAYS_WHO) if name not in feed.fields)
    return (*feed.fields, *also)


def _page(schema: OrgSchema, feed: Feed, last: str | None, since: datetime | None) -> str:
    where = soql.both(
        feed.where,
        f"SystemModstamp >= {wire.format_datetime(since)}" if since is not None else None,
        f"Id > {soql.quoted_id(last)}" if last is not None else None,
    )
    return soql.select(_fields(schema, feed), feed.sobject, where=where, order_by="Id", limit=soql.PAGE)


def _slice(feed: Feed, answer: SubAnswer) -> Slice:
    try:
        rows, more = rows_of(answer)
    except SfsyncError as failure:
        return Slice(feed, failed=failure)
    goes_on = bool(rows) and (more or len(rows) >= soql.PAGE)
    return Slice(feed, tuple(rows), rows[-1]["Id"] if goes_on else None)
