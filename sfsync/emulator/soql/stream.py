"""Whole answers as flat rows, for bulk jobs: a million of them pass by without being held."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sfsync.emulator.database import Database
from sfsync.emulator.errors import ApiError
from sfsync.emulator.schema import Schema
from sfsync.emulator.soql.aggregates import is_aggregate, is_count
from sfsync.emulator.soql.compiler import Compiler
from sfsync.emulator.soql.moments import Moment, calendar_of
from sfsync.emulator.soql.parser import parse
from sfsync.emulator.soql.rows import Block, Ids
from sfsync.emulator.soql.run import run_ids
from sfsync.emulator.soql.syntax import Call, Query, Selected, TypeOf
from sfsync.emulator.soql.text import prepare_functions

_CHUNK = 2_000
_AGGREGATE = "Aggregate Relationships not supported in Bulk V2 Query with CSV content type"
_COMPOUND = "Selecting compound data not supported in Bulk Query"


@dataclass(frozen=True, slots=True)
class Flat:
    """An answer as a table.

    `columns` are names in SELECT order, `Account.Name` for a parent's field; `types` the describe type of each.
    `rows` yields the values as JSON has them: None, str, bool, int, float. The ids and their order are fixed when the
    query runs; values are read some thousand at a time while `rows` advances, so the org's lock must be held then,
    and rows deleted in between are left out. `sobject` is the object queried, `size` the number of ids.
    """

    columns: list[str]
    types: list[str]
    rows: Iterator[list[Any]]
    sobject: str
    size: int


def stream(
    text: str,
    *,
    schema: Schema,
    db: Database,
    now: datetime,
    include_deleted: bool = False,
    user: str | None = None,
    typeof: bool = False,
) -> Flat:
    """Run a query as Bulk API 2.0 does; `typeof` lets TYPEOF pass, which Bulk API 1.0 was recorded to answer in JSON.

    Raises:
        ApiError: as `prepare`; API_ERROR for what bulk queries cannot do [facts: api 4.1].
    """
    query = parse(text)
    _check(query, typeof=typeof)
    prepare_functions(db)
    calendar = calendar_of(schema, db, user)
    moment = Moment(now, user, calendar)
    plan = Compiler(schema, text, include_deleted, "", calendar, schema.limits(user)).rows(query)
    leaves = plan.block.leaves
    if any(one.field.type == "address" for one in leaves):
        raise ApiError(400, "API_ERROR", _COMPOUND)
    ids = run_ids(db, plan, moment)
    names, types = [one.name for one in leaves], [one.field.type for one in leaves]
    return Flat(names, types, _rows(db, plan.block, ids), plan.sobject, len(ids))


def _rows(db: Database, block: Block, ids: Ids) -> Generator[list[Any]]:
    readers = [one.read for one in block.leaves]
    key = block.root.id_index
    for start in range(0, len(ids), _CHUNK):
        chunk = ids.part(start, _CHUNK)
        found = {row[key]: row for row in block.rows(db, chunk)}
        for record_id in chunk:
            row = found.get(record_id)
            if row is not None:
                yield [read(row) for read in readers]


def _check(query: Query, *, typeof: bool) -> None:
    """Refuse what only the other APIs do.

    The texts of the first two refusals are the platform's; those for OFFSET, TYPEOF and FIELDS() are unknown.
    """
    if is_count(query) or is_aggregate(query) or any(isinstance(item, Query) for item in query.items):
        raise ApiError(400, "API_ERROR", _AGGREGATE)
    calls = [one.operand for one in query.items if isinstance(one, Selected) and isinstance(one.operand, Call)]
    unbounded = any(call.upper == "FIELDS" and call.text.upper() != "FIELDS(STANDARD)" for call in calls)
    present = {
        "OFFSET clause": query.offset is not None,
        "TYPEOF clause": not typeof and any(isinstance(item, TypeOf) for item in query.items),
        "FIELDS(ALL) and FIELDS(CUSTOM)": unbounded,
    }
    for what, found in present.items():
        if found:
            raise ApiError(400, "API_ERROR", f"{what} not supported in Bulk V2 Query with CSV content type")
