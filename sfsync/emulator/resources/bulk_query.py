"""Query jobs of Bulk API 2.0 [facts: api 4.1]."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from sfsync.emulator.bulk.extract import flat_query, table_of
from sfsync.emulator.bulk.jobs import QueryJob, State
from sfsync.emulator.bulk.work import abort
from sfsync.emulator.errors import ApiError, not_found
from sfsync.emulator.http import Answer
from sfsync.emulator.resources.bulk_jobs import (
    CSV_TYPE,
    bad_value,
    check_deletable,
    check_ended,
    check_properties,
    check_results,
    choice,
    csv_form,
    is_count,
    started,
    status,
)

if TYPE_CHECKING:
    from sfsync.emulator.http import Request
    from sfsync.emulator.org import Org

_FIRST_VERSION = 47
_FIRST_WITH_PAGES = 58
_PAGES_AT_ONCE = 5


def create(org: Org, request: Request) -> Answer:
    """POST /jobs/query: the query runs at once; what it finds then is the result, whenever it is fetched."""
    _check_version(request, _FIRST_VERSION)
    body = request.json_object()
    check_properties(body)
    operation = choice(body, "operation", {"query", "queryAll"})
    form = csv_form(body)
    text = body.get("query")
    if not isinstance(text, str) or not text.strip():
        raise bad_value("query", text)
    flat = flat_query(org, text, request.user_id, include_deleted=operation == "queryAll")
    limit = org.settings.daily_bulk_queries
    full = ApiError(400, "LIMIT_EXCEEDED", f"Max bulk v2 query jobs ({limit}) per 24 hrs has been reached")
    org.bulk.spend("queries", limit, full)
    now = org.world.now()
    job = QueryJob(
        id=org.world.new_id("750"),
        operation=operation,
        sobject=flat.sobject,
        user_id=request.user_id,
        version=request.version,
        created=now,
        changed=now,
        state=State.UPLOAD_COMPLETE,
        form=form,
        results=table_of(org, flat, form),
        chunks=org.schema.objects[flat.sobject].createable,
    )
    org.bulk.add(job)
    return started(org, job)


def _check_version(request: Request, first: int) -> None:
    if float(request.version) < first:
        raise not_found()


def read(org: Org, request: Request, job_id: str) -> Answer:  # noqa: ARG001 - the shape of a resource
    """GET /jobs/query/ID: a status poll."""
    return status(org, org.bulk.find(QueryJob, job_id))


def change(org: Org, request: Request, job_id: str) -> Answer:
    """PATCH /jobs/query/ID: a query can only be aborted."""
    job = org.bulk.find(QueryJob, job_id)
    choice(request.json_object(), "state", {"Aborted"})
    check_ended(job, to="Aborting")
    abort(org, job)
    return Answer(200, job.as_json())


def delete(org: Org, request: Request, job_id: str) -> Answer:  # noqa: ARG001 - the shape of a resource
    """DELETE /jobs/query/ID."""
    job = org.bulk.find(QueryJob, job_id)
    check_deletable(job)
    org.bulk.delete(job)
    return Answer(204)


def results(org: Org, request: Request, job_id: str) -> Answer:
    """GET /jobs/query/ID/results: a page of CSV, with the locator of the next one in a header."""
    job = _complete(org, request, job_id)
    start = _place_of(request.query["locator"], job) if request.query.get("locator") else 0
    size = _size(org, request)
    stop = min(start + size, job.results.count)
    headers = {
        "Content-Type": CSV_TYPE,
        "Sforce-NumberOfRecords": str(stop - start),
        "Sforce-Locator": _locator(stop) if stop < job.results.count else "null",
    }
    return Answer(200, job.results.page(start, size), headers)


def result_pages(org: Org, request: Request, job_id: str) -> Answer:
    """GET /jobs/query/ID/resultPages: where up to five pages are, to be fetched side by side."""
    _check_version(request, _FIRST_WITH_PAGES)
    job = _complete(org, request, job_id)
    start = _place_of(request.query["locator"], job) if request.query.get("locator") else 0
    size = org.settings.bulk_page_rows
    stop = max(job.results.count, 1)
    places = range(start, stop, size)
    base = f"/services/data/v{job.version}/jobs/query/{job.id}"
    shown = {
        "resultPages": [{"resultUrl": f"{base}/results?locator={_locator(one)}"} for one in places[:_PAGES_AT_ONCE]]
    }
    done = len(places) <= _PAGES_AT_ONCE
    more = None if done else f"{base}/resultpages?locator={_locator(places[_PAGES_AT_ONCE])}"
    return Answer(200, {**shown, "nextRecordsUrl": more, "done": done})


def _complete(org: Org, request: Request, job_id: str) -> QueryJob:
    job = org.bulk.find(QueryJob, job_id)
    if request.version != job.version:
        # The status is documented; code and text are ours.
        message = f"The job was created with API version {job.version}: ask for its results with the same"
        raise ApiError(409, "INVALIDVERSION", message)
    check_results(org, job)
    if job.state is not State.JOB_COMPLETE:
        raise ApiError(400, "INVALIDJOBSTATE", f"A job in state {job.state.value} has no results")
    return job


def _size(org: Org, request: Request) -> int:
    text = request.query.get("maxRecords")
    if text is None:
        return org.settings.bulk_page_rows
    if not is_count(text) or int(text) == 0:
        raise bad_value("maxRecords", text)
    return int(text)


def _locator(place: int) -> str:
    """The row a page begins with, in the form of the documented sample MTAwMDA."""
    return base64.urlsafe_b64encode(str(place).encode()).decode().rstrip("=")


def _place_of(locator: str, job: QueryJob) -> int:
    try:
        text = base64.urlsafe_b64decode(locator + "=" * (-len(locator) % 4)).decode("ascii")
    except ValueError:  # no base64, or of no text
        text = ""
    if not is_count(text) or int(text) > job.results.count or _locator(int(text)) != locator.rstrip("="):
        raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    return int(text)
