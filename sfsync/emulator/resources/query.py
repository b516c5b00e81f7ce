"""Queries and their pages: cursors live two days and belong to their user [facts: api 3.7]."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sfsync.emulator import soql
from sfsync.emulator.errors import ApiError
from sfsync.emulator.http import Answer

if TYPE_CHECKING:
    from sfsync.emulator.http import Request
    from sfsync.emulator.org import Org

_DEFAULT_SIZE = 2_000
_LIFE = timedelta(days=2)
_LOCATOR = re.compile(r"(0r8[0-9A-Za-z]{15})-(\d{1,18})")
_BATCH_SIZE = re.compile(r"batchSize\s*=\s*(\d{1,18})", re.IGNORECASE)


@dataclass(slots=True)
class OpenCursor:
    """A cursor that has more pages."""

    cursor: soql.Cursor
    opened: datetime


def query(org: Org, request: Request) -> Answer:
    """GET /query?q=."""
    return _first_page(org, request, include_deleted=False)


def query_all(org: Org, request: Request) -> Answer:
    """GET /queryAll?q=: also what is in the recycle bin."""
    return _first_page(org, request, include_deleted=True)


def query_more(org: Org, request: Request, locator: str) -> Answer:
    """GET /query/<cursor>-<offset>."""
    match = _LOCATOR.fullmatch(locator)
    opened = org.cursors.get(match.group(1)) if match else None
    if match is None or opened is None or opened.cursor.user != request.user_id or org.clock() - opened.opened > _LIFE:
        raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    offset = int(match.group(2))
    if offset > opened.cursor.total_size:
        raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    return _page(org, request, opened.cursor, offset, match.group(1))


def _first_page(org: Org, request: Request, *, include_deleted: bool) -> Answer:
    if "explain" in request.query:
        return _explain(org, request.query["explain"])
    text = request.query.get("q", "")
    if not text.strip():
        raise ApiError(400, "MALFORMED_QUERY", "A query string has to be specified")
    if request.query.get("columns", "").lower() == "true":
        return Answer(200, soql.columns_of(text, org.schema))
    cursor = soql.prepare(
        text,
        schema=org.schema,
        db=org.db,
        now=org.clock(),
        include_deleted=include_deleted,
        user=request.user_id,
        version=request.version,
    )
    return _page(org, request, cursor, 0, None)


def _explain(org: Org, text: str) -> Answer:
    """Refuse to tell a plan: costs and cardinalities of a platform's optimizer cannot be had from here.

    A query that is none is refused as such, as the resource documents; the code of the refusal is that of features
    an org lacks.
    """
    soql.columns_of(text, org.schema)
    raise ApiError(400, "FUNCTIONALITY_NOT_ENABLED", "Query performance feedback is not enabled for this organization")


def _page(org: Org, request: Request, cursor: soql.Cursor, offset: int, locator: str | None) -> Answer:
    def keep(rest: soql.Cursor, shown: int) -> str:
        return _url(request, _kept(org, rest), shown)

    page = cursor.page(offset, _batch_size(org, request), keep)
    shown: dict[str, Any] = {"totalSize": cursor.total_size, "done": page.next_offset is None}
    if page.next_offset is not None:
        shown["nextRecordsUrl"] = _url(request, locator or _kept(org, cursor), page.next_offset)
    shown["records"] = page.records
    return Answer(200, shown)


def _kept(org: Org, cursor: soql.Cursor) -> str:
    now = org.clock()
    while org.cursors and now - next(iter(org.cursors.values())).opened > _LIFE:  # the oldest stands first
        del org.cursors[next(iter(org.cursors))]
    locator = org.world.ids.next("0r8")
    org.cursors[locator] = OpenCursor(cursor, now)
    return locator


def _url(request: Request, locator: str, offset: int) -> str:
    return f"/services/data/v{request.version}/query/{locator}-{offset}"


def _batch_size(org: Org, request: Request) -> int:
    """The rows that were asked for, a hint that an org may undercut [facts: api 3.5]."""
    match = _BATCH_SIZE.search(request.headers.get("sforce-query-options", ""))
    asked = (
        _DEFAULT_SIZE if match is None else min(max(int(match.group(1)), org.settings.smallest_batch), _DEFAULT_SIZE)
    )
    return asked if request.page_rows is None else min(asked, request.page_rows)


def all_records(org: Org, text: str, *, include_deleted: bool = False) -> list[dict[str, Any]]:
    """All records of a query at once, for Python code inside the org."""
    result = soql.execute(
        text, schema=org.schema, db=org.db, now=org.clock(), include_deleted=include_deleted, user=org.admin_id
    )
    return result.records
