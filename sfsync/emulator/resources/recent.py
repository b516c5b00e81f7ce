"""Most recently used: the single records a user read or wrote last [facts: api 3.2, 3.5]."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sfsync.emulator import describe
from sfsync.emulator.errors import ApiError
from sfsync.emulator.http import Answer
from sfsync.emulator.resources.render import row_json

if TYPE_CHECKING:
    from sfsync.emulator.http import Request
    from sfsync.emulator.org import Org

_MOST = 200
_MOST_OF_ONE_OBJECT = 5
_OFF = re.compile(r"updateMru\s*=\s*false", re.IGNORECASE)


def used(org: Org, request: Request, sobject: str, record_id: str) -> None:
    """Put a record in front of the user's list, unless `Sforce-Mru: updateMru=false` says not to."""
    described = org.schema.get(sobject)
    if described is None or not described.mru_enabled or _OFF.search(request.headers.get("sforce-mru", "")):
        return
    seen = org.recent.setdefault(request.user_id, {})
    seen.pop(record_id, None)
    seen[record_id] = sobject
    if len(seen) > _MOST:
        del seen[next(iter(seen))]


def recent(org: Org, request: Request) -> Answer:
    """GET /recent?limit=."""
    wanted = request.query.get("limit", str(_MOST))
    if not wanted.isascii() or not wanted.isdigit():
        raise ApiError(400, "INVALID_QUERY_FILTER_OPERATOR", f"limit must be a number: {wanted}")
    count = _MOST if len(wanted) > len(str(_MOST)) else min(int(wanted), _MOST)
    return Answer(200, _items(org, request, None)[:count])


def basic(org: Org, request: Request, sobject: str) -> Answer:
    """GET /sobjects/X: the object in short, and its records that were used last."""
    shown = describe.describe_basic(org.schema, sobject, version=request.version)
    shown["recentItems"] = _items(org, request, sobject)[:_MOST_OF_ONE_OBJECT]
    return Answer(200, shown)


def _items(org: Org, request: Request, only: str | None) -> list[dict[str, Any]]:
    """The records that are still there, the last one used first, with id and name."""
    writer = org.writer(request.user_id)
    items = []
    for record_id, sobject in reversed(org.recent.get(request.user_id, {}).items()):
        described = org.schema.get(sobject)
        if described is None or (only is not None and sobject.lower() != only.lower()):
            continue
        row = org.world.row(sobject, record_id)
        name = described.name_field
        visible = org.schema.visible_fields(sobject)
        if row is not None and not writer.hides(sobject, record_id):
            fields = ["Id", *([name.name] if name is not None and name.name.lower() in visible else [])]
            items.append(row_json(org, sobject, row, request.version, fields))
    return items
