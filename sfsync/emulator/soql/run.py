"""Runs queries: the ids are fixed at once, the rows are read when a page is asked for."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sfsync.emulator.database import Database
from sfsync.emulator.errors import ApiError
from sfsync.emulator.schema import Schema
from sfsync.emulator.soql.aggregates import is_aggregate, is_count
from sfsync.emulator.soql.compiler import Compiler, GroupsPlan, RowsPlan
from sfsync.emulator.soql.parser import parse
from sfsync.emulator.soql.rows import Block, Record

DEFAULT_SIZE = 2000
_PARENTS_AT_ONCE = 250  # with children a page holds fewer parents than its size; do not read far more than fit


@dataclass(frozen=True)
class Page:
    """Some records of an answer; `next_offset` is where the next page starts, None at the end."""

    records: list[Record]
    next_offset: int | None


@dataclass(frozen=True)
class QueryResult:
    """A whole answer."""

    total_size: int
    records: list[Record]


class Cursor:
    """A query that has run; values are read page by page, so later pages may show newer ones [facts: api 3.7]."""

    def __init__(self, db: Database, block: Block, ids: list[str], user: str | None) -> None:
        self._db = db
        self._block = block
        self.ids = ids
        self.total_size = len(ids)
        self.user = user

    def page(self, offset: int = 0, size: int = DEFAULT_SIZE) -> Page:
        """Return records from `offset` on: at most `size` rows, children counted too, but at least one record.

        Records that were deleted since the query ran are left out.
        """
        records: list[Record] = []
        room = size
        at_once = min(size, _PARENTS_AT_ONCE) if self._block.children else size
        while offset < self.total_size and room > 0:
            chunk = self.ids[offset : offset + at_once]
            found = {record_id: (record, rows) for record_id, record, rows in self._block.fetch(self._db, chunk)}
            for record_id in chunk:
                record, rows = found.get(record_id, (None, 0))
                if records and rows > room:
                    room = 0
                if room <= 0 and record is not None:
                    break
                offset += 1
                if record is not None:
                    records.append(record)
                    room -= rows
        return Page(records, offset if offset < self.total_size else None)


class Answer(Cursor):
    """A query whose rows are results of their own (groups, a count): there is nothing to read later."""

    def __init__(self, total_size: int, records: list[Record], user: str | None) -> None:
        self.ids = []
        self.total_size = total_size
        self.user = user
        self._records = records

    def page(self, offset: int = 0, size: int = DEFAULT_SIZE) -> Page:
        """Return all records.

        Raises:
            ApiError: EXCEEDED_ID_LIMIT if they do not fit one page: groups cannot be paged.
        """
        if len(self._records) > max(size, DEFAULT_SIZE):
            reason = "Aggregate query does not support queryMore(), use LIMIT to restrict the results to a single batch"
            raise ApiError(400, "EXCEEDED_ID_LIMIT", reason)
        return Page(self._records[offset:], None)


def prepare(
    text: str,
    *,
    schema: Schema,
    db: Database,
    now: datetime,
    include_deleted: bool = False,
    user: str | None = None,
    version: str = "66.0",
) -> Cursor:
    """Run a query and return the cursor to its pages; `user` is kept on it as its owner.

    Raises:
        ApiError: MALFORMED_QUERY, INVALID_FIELD, INVALID_TYPE ... in Salesforce's words.
    """
    query = parse(text)
    compiler = Compiler(schema, text, now, include_deleted, f"/services/data/v{version}/sobjects")
    if is_count(query):
        sql, parameters = compiler.count(query)
        return Answer(int(db.connection.execute(sql, parameters).fetchone()[0]), [], user)
    if is_aggregate(query):
        records = _groups(db, compiler.groups(query))
        return Answer(len(records), records, user)
    return _rows(db, compiler.rows(query), user)


def execute(
    text: str,
    *,
    schema: Schema,
    db: Database,
    now: datetime,
    include_deleted: bool = False,
    user: str | None = None,
    version: str = "66.0",
) -> QueryResult:
    """Run a query and return the whole answer at once.

    Raises:
        ApiError: as `prepare`.
    """
    cursor = prepare(text, schema=schema, db=db, now=now, include_deleted=include_deleted, user=user, version=version)
    records: list[Record] = []
    offset: int | None = 0
    while offset is not None:
        page = cursor.page(offset)
        records += page.records
        offset = page.next_offset
    return QueryResult(cursor.total_size, records)


def _rows(db: Database, plan: RowsPlan, user: str | None) -> Cursor:
    ids = [str(row[0]) for row in db.connection.execute(plan.ids_sql, plan.ids_parameters)]
    return Cursor(db, plan.block, ids, user)


def _groups(db: Database, plan: GroupsPlan) -> list[Record]:
    made: list[dict[str, Any]] = []
    for row in db.connection.execute(plan.sql, plan.parameters):
        record: Record = {"attributes": {"type": "AggregateResult"}}
        record.update((one.key, one.read(row)) for one in plan.columns)
        made.append(record)
    return made
