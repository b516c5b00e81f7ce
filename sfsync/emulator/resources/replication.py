"""getUpdated and getDeleted: what changed between two minutes, and how far that is complete [facts: api 3.8]."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sfsync.emulator.clock import as_json, from_stored, stored
from sfsync.emulator.errors import ApiError
from sfsync.emulator.http import Answer
from sfsync.emulator.values import parse_datetime

if TYPE_CHECKING:
    from collections.abc import Sized

    from sfsync.emulator.http import Request
    from sfsync.emulator.org import Org

_UPDATED_DAYS = 30
_MINUTE = timedelta(minutes=1)


def updated(org: Org, request: Request, sobject: str) -> Answer:
    """GET /sobjects/X/updated: ids of living records, oldest change first."""
    name = _replicated(org, request, sobject)
    start, end = _window(org, request, days=_UPDATED_DAYS)
    hidden = org.schema.hidden_records(name)
    ids = [one for one in org.db.updated_between(name, stored(start), stored(end)) if one not in hidden]
    _check_count(org, ids)
    return Answer(200, {"ids": ids, "latestDateCovered": _covered(org, end)})


def deleted(org: Org, request: Request, sobject: str) -> Answer:
    """GET /sobjects/X/deleted: what went to the recycle bin, or past it."""
    name = _replicated(org, request, sobject)
    start, end = _window(org, request, days=org.settings.delete_log_days, more_than=_MINUTE)
    earliest = org.bin.log_start(org.clock())
    if start < earliest:
        raise _invalid("startDate is before the earliest date for which deletes are known")
    hidden = org.schema.hidden_records(name)
    gone = [one for one in org.db.deleted_between(name, stored(start), stored(end)) if one[0] not in hidden]
    _check_count(org, gone)
    return Answer(
        200,
        {
            "deletedRecords": [{"id": record_id, "deletedDate": as_json(when)} for record_id, when in gone],
            "earliestDateAvailable": as_json(stored(earliest)),
            "latestDateCovered": _covered(org, end),
        },
    )


def _replicated(org: Org, request: Request, sobject: str) -> str:
    described = org.writer(request.user_id).plan(sobject).sobject
    if not described.replicateable:
        raise ApiError(400, "INVALID_TYPE", f"sObject type '{described.name}' is not replicateable")
    return described.name


def _window(org: Org, request: Request, *, days: int, more_than: timedelta = timedelta(0)) -> tuple[datetime, datetime]:
    start, end = _moment(request, "start"), _moment(request, "end")
    if end - start <= more_than:
        raise _invalid("startDate must be before endDate, for deletes by more than one minute")
    if start < (org.clock() - timedelta(days=days)).replace(second=0, microsecond=0):
        raise _invalid(f"startDate cannot be more than {days} days ago")
    return start, end


def _check_count(org: Org, found: Sized) -> None:
    if len(found) > org.settings.most_replicated_ids:
        message = f"the request found more than {org.settings.most_replicated_ids} ids; choose a shorter time span"
        raise ApiError(400, "EXCEEDED_ID_LIMIT", message)


def _moment(request: Request, name: str) -> datetime:
    """A parameter's moment; its seconds are ignored."""
    text = request.query.get(name)
    moment = parse_datetime(text) if text else None
    if moment is None:
        raise ApiError(400, "INVALID_REPLICATION_DATE", f"{name}Date is missing or no valid date: {text}")
    return moment.replace(second=0, microsecond=0)


def _invalid(message: str) -> ApiError:
    return ApiError(400, "INVALID_REPLICATION_DATE", message)


def _covered(org: Org, end: datetime) -> str:
    """The end of what is complete: an open transaction holds it back to its start."""
    limits = [end, org.clock(), *(from_stored(one.started) for one in org.transactions)]
    return as_json(stored(min(limits)))
