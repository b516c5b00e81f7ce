"""Runs queries: the ids are fixed at once, the rows are read when a page is asked for."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sfsync.emulator.database import Database
from sfsync.emulator.errors import ApiError
from sfsync.emulator.schema import Schema
from sfsync.emulator.soql.compiler import CountPlan, GroupsPlan, RowsPlan
from sfsync.emulator.soql.moments import Moment, calendar_of
from sfsync.emulator.soql.plans import plan_of
from sfsync.emulator.soql.rows import Block, Ids, Record
from sfsync.emulator.soql.text import prepare_functions

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
    """A query that has run, and belongs to `user`.

    Values are read page by page, so later pages may show newer ones [facts: api 3.7].
    """

    def __init__(self, db: Database, block: Block, ids: Ids, user: str | None) -> None:
        self._db = db
        self._block = block
        self._ids = ids
        self.total_size = len(ids)
        self.user = user

    def left(self, offset: int) -> list[str]:
        """Return the ids from `offset` on, those of records deleted since then included."""
        return self._ids.part(offset, self.total_size)

    def page(
        self, offset: int = 0, size: int = DEFAULT_SIZE, keep: "Callable[[Cursor, int], str] | None" = None
    ) -> Page:
        """Return records from `offset` on: at most `size` rows, children counted too, but at least one record.

        Records that were deleted since the query ran are left out. With `keep`, a record shows at most `size`
        children of a relationship; it is given the cursor over all of them and how many are shown, and returns the
        URL of the rest.
        """

        def spill(block: Block, ids: list[str], shown: int) -> str:
            return "" if keep is None else keep(Cursor(self._db, block, Ids(ids), self.user), shown)

        records: list[Record] = []
        room = size
        at_once = min(size, _PARENTS_AT_ONCE) if self._block.children else size
        while offset < self.total_size and room > 0:
            chunk = self._ids.part(offset, at_once)
            fetched = self._block.fetch(self._db, chunk, size, None if keep is None else spill)
            found = {one.record_id: one for one in fetched}
            for record_id in chunk:
                one = found.get(record_id)
                if one is not None and records and one.size > room:
                    room = 0
                if one is not None and room <= 0:
                    break
                offset += 1
                if one is not None:
                    records.append(one.record)
                    room -= one.size
        return Page(records, offset if offset < self.total_size else None)

    def records(self, size: int = DEFAULT_SIZE) -> Iterator[Record]:
        """Yield all records, read so many at a time."""
        offset: int | None = 0
        while offset is not None:
            page = self.page(offset, size)
            yield from page.records
            offset = page.next_offset


class Answer(Cursor):
    """A query whose rows are results of their own (groups, a count): there is nothing to read later."""

    def __init__(self, total_size: int, records: list[Record], user: str | None) -> None:
        self.total_size = total_size
        self.user = user
        self._records = records

    def left(self, offset: int) -> list[str]:
        """Return nothing: groups have no ids."""
        del offset
        return []

    def page(self, offset: int = 0, size: int = DEFAULT_SIZE, keep: Callable[[Cursor, int], str] | None = None) -> Page:
        """Return all records.

        Raises:
            ApiError: EXCEEDED_ID_LIMIT if they do not fit one page: groups cannot be paged.
        """
        del keep  # groups have no children
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
    """Run a query and return the cursor to its pages; `user` owns it, and does not see what sharing hides.

    Raises:
        ApiError: MALFORMED_QUERY, INVALID_FIELD, INVALID_TYPE ... in Salesforce's words.
    """
    prepare_functions(db)
    calendar = calendar_of(schema, db, user)
    moment = Moment(now, user, calendar)
    url = f"/services/data/v{version}/sobjects"
    limited = schema.limits(user)
    match plan_of(schema, text, calendar, url, include_deleted=include_deleted, limited=limited):
        case CountPlan(sql, parameters):
            return Answer(int(db.connection.execute(sql, moment.bind(parameters)).fetchone()[0]), [], user)
        case GroupsPlan() as plan:
            records = _groups(db, plan, moment)
            return Answer(len(records), records, user)
        case RowsPlan() as plan:
            return Cursor(db, plan.block.bound(moment), run_ids(db, plan, moment), user)


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
    return QueryResult(cursor.total_size, list(cursor.records()))


def run_ids(db: Database, plan: RowsPlan, moment: Moment) -> Ids:
    """Return the ids of the records a query finds, in its order."""
    return Ids(row[0] for row in db.connection.execute(plan.ids_sql, moment.bind(plan.parameters)))


def _groups(db: Database, plan: GroupsPlan, moment: Moment) -> list[Record]:
    made: list[dict[str, Any]] = []
    for row in db.connection.execute(plan.sql, moment.bind(plan.parameters)):
        record: Record = {"attributes": {"type": "AggregateResult"}}
        record.update((one.key, one.read(row)) for one in plan.columns)
        made.append(record)
    return made
