"""Limits of the org and row counts [facts: api 3.9, 3.7]."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.emulator.errors import ApiError
from sfsync.emulator.http import Answer

if TYPE_CHECKING:
    from sfsync.emulator.http import Request
    from sfsync.emulator.org import Org

_OTHERS = {
    "DailyBulkApiBatches": 15_000,
    "DailyBulkV2QueryJobs": 10_000,
    "DailyBulkV2QueryFileStorageMB": 976_562,
    "DataStorageMB": 1_024,
    "FileStorageMB": 1_024,
    "HourlyPublishedPlatformEvents": 50_000,
    "PermissionSets": 1_500,
}


def limits(org: Org, request: Request) -> Answer:  # noqa: ARG001 - the shape of a resource
    """GET /limits."""
    daily = org.settings.daily_limit
    values = {"DailyApiRequests": {"Max": daily, "Remaining": max(daily - org.usage(), 0)}}
    return Answer(200, values | {name: {"Max": top, "Remaining": top} for name, top in _OTHERS.items()})


def record_count(org: Org, request: Request) -> Answer:
    """GET /limits/recordCount?sObjects=A,B: objects without rows are left out."""
    names = [name.strip() for name in request.query.get("sObjects", "").split(",") if name.strip()]
    counts = []
    for name in names or org.schema.objects:
        known = org.schema.get(name)
        if known is None:
            raise ApiError(400, "INVALID_TYPE", f"sObject type '{name}' is not supported.")
        counts.append({"count": org.db.count(known.name), "name": known.name})
    return Answer(200, {"sObjects": [one for one in counts if one["count"]]})
