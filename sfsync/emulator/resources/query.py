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
_LOCATOR = re.compile(r"(0r8[0-9A-Za-z]{15})-(\d+)")
_BATCH_SIZE = re.compile(r"batchSize\s*=\s*(\d+)", re.IGNORECASE)


@dataclass(slots=True)
class _Open:
    """A cursor that has more pages."""

    cursor: soql.Cursor
    user_id: str
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
    if match is None or opened is None or opened.user_id != request.user_id or org.clock() - opened.opened > _LIFE:
        raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    offset = int(match.group(2))
    if offset > opened.cursor.total_size:
        raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    return _page(org, request, opened.cursor, offset, match.group(1))


def _first_page(org: Org, request: Request, *, include_deleted: bool) -> Answer:
    text = request.query.get("q", "")
    if not text.strip():
        raise ApiError(400, "MALFORMED_QUERY", "A query string has to be specified")
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


def _page(org: Org, request: Request, cursor: soql.Cursor, offset: int, locator: str | None) -> Answer:
    page = cursor.page(offset, _batch_size(org, request))
    shown: dict[str, Any] = {"totalSize": cursor.total_size, "done": page.next_offset is None}
    if page.next_offset is not None:
        if locator is None:
            locator = org.world.ids.next("0r8")
            org.cursors[locator] = _Open(cursor, request.user_id, org.clock())
        shown["nextRecordsUrl"] = f"/services/data/v{request.version}/query/{locator}-{page.next_offset}"
    shown["records"] = page.records
    return Answer(200, shown)


def _batch_size(org: Org, request: Request) -> int:
    match = _BATCH_SIZE.search(request.headers.get("sforce-query-options", ""))
    if match is None:
        return _DEFAULT_SIZE
    return min(max(int(match.group(1)), org.settings.smallest_batch), _DEFAULT_SIZE)


def all_records(org: Org, text: str, *, include_deleted: bool = False) -> list[dict[str, Any]]:
    """All records of a query at once, for Python code inside the org."""
    result = soql.execute(
        text, schema=org.schema, db=org.db, now=org.clock(), include_deleted=include_deleted, user=org.admin_id
    )
    return result.records
