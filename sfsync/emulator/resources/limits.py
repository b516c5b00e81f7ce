"""Limits of the org and row counts [facts: api 3.9, 3.7]."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from sfsync.emulator.errors import ApiError
from sfsync.emulator.http import Answer

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sfsync.emulator.http import Request
    from sfsync.emulator.org import Org

T = TypeVar("T")

# Names and figures of a developer org; those that are 0 here move and have their most in the settings.
_MOST = {
    "ConcurrentAsyncGetReportInstances": 200,
    "ConcurrentSyncReportRuns": 20,
    "DailyApiRequests": 0,
    "DailyAsyncApexExecutions": 250_000,
    "DailyAsyncApexTests": 500,
    "DailyBulkApiBatches": 0,
    "DailyBulkV2QueryFileStorageMB": 976_562,
    "DailyBulkV2QueryJobs": 0,
    "DailyDeliveredPlatformEvents": 10_000,
    "DailyDurableGenericStreamingApiEvents": 10_000,
    "DailyDurableStreamingApiEvents": 10_000,
    "DailyGenericStreamingApiEvents": 10_000,
    "DailyStandardVolumePlatformEvents": 10_000,
    "DailyStreamingApiEvents": 10_000,
    "DailyWorkflowEmails": 390,
    "DataStorageMB": 1_024,
    "DurableStreamingApiConcurrentClients": 20,
    "FileStorageMB": 1_024,
    "HourlyAsyncReportRuns": 1_200,
    "HourlyDashboardRefreshes": 200,
    "HourlyDashboardResults": 5_000,
    "HourlyDashboardStatuses": 999_999_999,
    "HourlyLongTermIdMapping": 100_000,
    "HourlyODataCallout": 1_000,
    "HourlyPublishedPlatformEvents": 50_000,
    "HourlyPublishedStandardVolumePlatformEvents": 1_000,
    "HourlyShortTermIdMapping": 100_000,
    "HourlySyncReportRuns": 500,
    "HourlyTimeBasedWorkflow": 50,
    "MassEmail": 10,
    "Package2VersionCreates": 6,
    "Package2VersionCreatesWithoutValidation": 500,
    "PermissionSets": 1_500,
    "SingleEmail": 15,
    "StreamingApiConcurrentClients": 20,
}
# These show what each connected app used; without an allotment of its own an app has two zeros there.
_PER_APP = ("DailyApiRequests", "DailyBulkApiBatches", "DailyGenericStreamingApiEvents", "DailyStreamingApiEvents")
_CUSTOM_PERMISSION_SETS = 1_000


def limits(org: Org, request: Request) -> Answer:  # noqa: ARG001 - the shape of a resource
    """GET /limits."""
    return Answer(200, _kept(org, "limits", org.settings.limits_stale_seconds, lambda: _limits(org)))


def _limits(org: Org) -> dict[str, Any]:
    values: dict[str, Any] = {name: _limit(most) for name, most in _MOST.items()}
    values["DailyApiRequests"] = _limit(org.settings.daily_limit, org.usage())
    values["DailyBulkApiBatches"] = _limit(org.settings.daily_bulk_batches, org.bulk.spent("batches"))
    values["DailyBulkV2QueryJobs"] = _limit(org.settings.daily_bulk_queries, org.bulk.spent("queries"))
    values["PermissionSets"]["CreateCustom"] = _limit(_CUSTOM_PERMISSION_SETS)
    app = org.settings.per_app_usage
    for name in _PER_APP if app else ():
        values[name][app] = dict(values[name]) if name == "DailyApiRequests" else _limit(0)
    return values


def _limit(most: int, used: int = 0) -> dict[str, Any]:
    return {"Max": most, "Remaining": max(most - used, 0)}


def record_count(org: Org, request: Request) -> Answer:
    """GET /limits/recordCount?sObjects=A,B: those that never had rows are left out; without names all."""
    names = [name.strip() for name in request.query.get("sObjects", "").split(",") if name.strip()]
    known = [_known(org, name) for name in names] or sorted(org.schema.objects)
    stale = org.settings.record_count_stale_seconds
    counts = [(name, _kept(org, name, stale, partial(org.db.count, name))) for name in known]
    shown = [{"count": count, "name": name} for name, count in counts if count or org.db.had_rows(name)]
    return Answer(200, {"sObjects": shown})


def _known(org: Org, name: str) -> str:
    described = org.schema.get(name)
    if described is None:
        raise ApiError(400, "INVALID_TYPE", f"sObject type '{name}' is not supported.")
    return described.name


def _kept(org: Org, name: str, seconds: int, fresh: Callable[[], T]) -> T:
    """A figure that may be as old as the settings say."""
    if not seconds:
        return fresh()
    key, now = ("stale", name), org.clock()
    taken: datetime | None
    figure: T
    taken, figure = org.derived.get(key, (None, None))
    if taken is None or now - taken >= timedelta(seconds=seconds):
        figure = fresh()
        org.derived[key] = (now, figure)
    return figure
