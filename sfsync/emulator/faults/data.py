"""Faults of the data: what others do to records while a client reads, and what becomes of what it reads by."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from sfsync.emulator.faults.entry import Entry
from sfsync.emulator.faults.options import FaultError, Option
from sfsync.emulator.ids import is_id, normalise

if TYPE_CHECKING:
    from sfsync.emulator.faults.plan import Fault
    from sfsync.emulator.http import Request
    from sfsync.emulator.org import Org

_LOCATOR = re.compile(r"/(0r8[0-9A-Za-z]{15})-(\d+)/?$")
_PAGES = frozenset({"query_more"})
_NOTHING = "found no record for it"

_OBJECT = Option("object", "object", "the sObject", required=True)
_OBJECT_OR_CURSOR = Option(
    "object", "object", "the sObject; by default, between pages, what the cursor still has to show"
)
_ID = Option("id", "text", "the record; by default one chosen by the seed")
_FIELD = Option("field", "field", "the field that gets another value; by default only the stamps move")
_VALUE = Option("value", "value", "that value")
_ROWS = Option("rows", "whole", "how many records, by Id; by default all", least=1)
_OVER = Option("over", "flag", "true: it ends", default=False)


def choose_record(org: Org, fault: Fault, request: Request | None, *, deleted: bool = False) -> tuple[str, str] | None:
    """The object and id that a fault is about: those it names, or one that the seed chooses, or None.

    Raises:
        FaultError: if its id is none, or it says neither what nor where.
    """
    wanted, record_id = fault.options["object"], fault.options["id"]
    if record_id is not None:
        described = org.schema.by_prefix(record_id[:3]) if is_id(record_id) else None
        if described is None:
            raise FaultError(f"fault {fault.name}: {record_id!r} is no id of a record")
        return described.name, normalise(record_id)
    if wanted is not None:
        found = _ids(org, wanted, deleted=deleted)
        return (wanted, fault.rng.choice(found)) if found else None
    match = _LOCATOR.search(request.path) if request is not None else None
    opened = org.cursors.get(match.group(1)) if match else None
    if match is None or opened is None:
        raise FaultError(f"fault {fault.name}: needs an object or id, except between the pages of a query")
    left = opened.cursor.left(int(match.group(2)))
    fault.rng.shuffle(left)
    named = ((_name_of(org, one), one) for one in left)
    return next((one for one in named if org.db.get_row(*one) is not None), None)


def _ids(org: Org, sobject: str, *, deleted: bool = False) -> list[str]:
    """The ids of the living records of an object, or of those in the recycle bin."""
    if not deleted:
        tests = org.db.living(sobject)
    else:
        tests = ' AND "IsDeleted" = 1' if "IsDeleted" in org.schema.objects[sobject].fields else " AND 0"
    sql = f'SELECT "Id" FROM "{sobject}" WHERE 1{tests} ORDER BY "Id"'
    return [str(row[0]) for row in org.db.connection.execute(sql)]


def _name_of(org: Org, record_id: str) -> str:
    described = org.schema.by_prefix(record_id[:3])
    return described.name if described is not None else ""


def _change(org: Org, fault: Fault, request: Request | None) -> str:
    chosen = choose_record(org, fault, request)
    if chosen is None:
        return _NOTHING
    org.settled(lambda: _touch(org, fault, *chosen))
    return f"changed {' '.join(chosen)}"


def _touch(org: Org, fault: Fault, sobject: str, record_id: str) -> None:
    field = fault.options["field"]
    if field is None:
        org.admin().write(sobject, record_id, {})
    else:
        org.admin().update(sobject, record_id, {field: fault.options["value"]})


def _change_late(org: Org, fault: Fault, request: Request | None) -> str:
    chosen = choose_record(org, fault, request)
    if chosen is None:
        return _NOTHING
    transaction = org.open_transaction(due=org.calls.last + fault.options["after"] + 1)
    transaction.do(lambda: _touch(org, fault, *chosen))
    return f"changed {' '.join(chosen)} in a transaction that commits before call {transaction.due}"


def _delete(org: Org, fault: Fault, request: Request | None) -> str:
    chosen = choose_record(org, fault, request)
    if chosen is None:
        return _NOTHING
    org.delete(*chosen)
    return f"deleted {' '.join(chosen)}"


def _undelete(org: Org, fault: Fault, request: Request | None) -> str:
    chosen = choose_record(org, fault, request, deleted=True)
    if chosen is None:
        return _NOTHING
    org.undelete(*chosen)
    return f"undeleted {' '.join(chosen)}"


def _merge(org: Org, fault: Fault, _request: Request | None) -> str:
    sobject = fault.options["object"]
    named = [fault.options["winner"], fault.options["loser"]]
    others = [one for one in _ids(org, sobject) if one not in named]
    fault.rng.shuffle(others)
    if len(others) < named.count(None):
        return _NOTHING
    winner, loser = (normalise(one) if one is not None else others.pop() for one in named)
    org.merge(sobject, winner, [loser])
    return f"merged {sobject} {loser} into {winner}"


def _same_stamp(org: Org, fault: Fault, _request: Request | None) -> str:
    sobject, now = fault.options["object"], org.world.now()
    fields = org.schema.objects[sobject].fields
    stamps = ", ".join(f'"{name}" = :now' for name in ("SystemModstamp", "LastModifiedDate") if name in fields)
    chosen = _ids(org, sobject)[: fault.options["rows"]]
    sql = f'UPDATE "{sobject}" SET {stamps} WHERE "Id" IN (SELECT value FROM json_each(:ids))'
    org.db.connection.execute(sql, {"now": now, "ids": json.dumps(chosen)})
    org.world.rows.clear()
    return f"stamped {len(chosen)} records of {sobject} at {now}"


def _end_cursors(org: Org, _fault: Fault, _request: Request | None) -> str:
    ended = len(org.cursors)
    org.cursors.clear()
    return f"ended {ended} query cursors"


def _shorten(request: Request, fault: Fault) -> None:
    request.page_rows = fault.options["rows"]


def _hold_bulk(org: Org, fault: Fault, _request: Request | None) -> str:
    org.bulk.hold(on=not fault.options["over"])
    return "bulk jobs go on" if fault.options["over"] else "bulk jobs stand still"


ROWS = (
    Entry(
        "late_change",
        "data",
        "Somebody else changes a record; the change is stamped now and seen only some calls later.",
        "api 6.1",
        (_OBJECT, _ID, _FIELD, _VALUE, Option("after", "whole", "how many calls later", default=1, least=0)),
        ("late-committed rows with older SystemModstamp",),
        act=_change_late,
    ),
    Entry(
        "same_stamp",
        "data",
        "Records get one and the same SystemModstamp, as a mass update leaves them.",
        "api 6.1, 6.2",
        (_OBJECT, _ROWS),
        ("equal timestamps across a page edge",),
        act=_same_stamp,
    ),
    Entry(
        "record_changes",
        "data",
        "A record changes between two pages of a query, or between two queries for its columns.",
        "api 3.7",
        (_OBJECT_OR_CURSOR, _ID, _FIELD, _VALUE),
        ("record changes between pages or column chunks",),
        kinds=_PAGES,
        act=_change,
    ),
    Entry(
        "record_deleted",
        "data",
        "A record is deleted behind the client's back.",
        "api 3.7, 6.4",
        (_OBJECT_OR_CURSOR, _ID),
        kinds=_PAGES,
        act=_delete,
    ),
    Entry(
        "record_undeleted",
        "data",
        "A record comes back from the recycle bin.",
        "api 6.4",
        (_OBJECT, _ID),
        ("undelete",),
        act=_undelete,
    ),
    Entry(
        "records_merged",
        "data",
        "Two records are merged into one.",
        "api 6.4",
        (
            _OBJECT,
            Option("winner", "text", "the record that stays; by default one chosen by the seed"),
            Option("loser", "text", "the record that is merged into it; by default one chosen by the seed"),
        ),
        ("merged records",),
        act=_merge,
    ),
    Entry(
        "cursor_expired",
        "data",
        "Query cursors end: the next page is INVALID_QUERY_LOCATOR.",
        "api 3.7",
        lists=("query locator expiry",),
        kinds=_PAGES,
        act=_end_cursors,
    ),
    Entry(
        "short_pages",
        "data",
        "Pages of queries hold fewer records than was asked for.",
        "api 3.5",
        (Option("rows", "whole", "how many", default=100, least=1),),
        kinds=frozenset({"query", "query_more"}),
        begin=_shorten,
    ),
    Entry(
        "bulk_stuck",
        "data",
        "Bulk jobs stay InProgress.",
        "peers 5.4",
        (_OVER,),
        ("bulk job stuck InProgress",),
        act=_hold_bulk,
    ),
)
