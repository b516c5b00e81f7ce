"""What several kinds of bulk jobs share: reading a create, lists, and status polls [facts: api 4]."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfsync.emulator.bulk.csvtext import DELIMITERS, ENDINGS, Form
from sfsync.emulator.bulk.jobs import ENDED, Job2, State
from sfsync.emulator.bulk.work import advance
from sfsync.emulator.errors import ApiError
from sfsync.emulator.http import Answer
from sfsync.emulator.resources.records import key_field

if TYPE_CHECKING:
    from sfsync.emulator.http import Request
    from sfsync.emulator.org import Org

_IN_LIST = 1_000
_MOST_DIGITS = 18
_JOB_TYPES = ("BigObjectIngest", "Classic", "V2Ingest", "V2Query")
_PROPERTIES = frozenset(
    {
        *("apiVersion", "assignmentRuleId", "columnDelimiter", "concurrencyMode", "contentType", "contentUrl"),
        *("createdById", "createdDate", "externalIdFieldName", "id", "jobType", "lineEnding", "object"),
        *("operation", "query", "state", "systemModstamp"),
    }
)
CSV_TYPE = "text/csv"
HARD_DELETE_REFUSED = (
    "hardDelete operation requires special user profile permission, please contact your system administrator"
)


def bad_value(name: str, value: Any) -> ApiError:
    """The refusal of a property of a job."""
    shown = "" if value is None else value
    return ApiError(400, "API_ERROR", f"Invalid value: '{shown}' supplied for property: '{name}'")


def choice(body: dict[str, Any], name: str, allowed: Any, default: str | None = None) -> str:
    """A property that has one of some values.

    Raises:
        ApiError: API_ERROR if it has another.
    """
    value = body.get(name, default)
    if not isinstance(value, str) or value not in allowed:
        raise bad_value(name, value)
    return value


def is_count(text: str) -> bool:
    """Whether a parameter is a number that a job could have so many rows of."""
    return text.isdecimal() and len(text) <= _MOST_DIGITS


def check_properties(body: dict[str, Any]) -> None:
    """Refuse properties that no job has, and other formats than CSV."""
    for name in body:
        if name not in _PROPERTIES:
            raise ApiError(400, "JSON_PARSER_ERROR", f'Unrecognized field "{name}", not marked as ignorable')
    choice(body, "contentType", {"CSV"}, "CSV")


def csv_form(body: dict[str, Any]) -> Form:
    """The form of the CSV of a job."""
    return Form(
        choice(body, "lineEnding", ENDINGS, "LF"),
        choice(body, "columnDelimiter", DELIMITERS, "COMMA"),
    )


def upsert_key(org: Org, request: Request, sobject: str, name: Any, *, code: str) -> str:
    """The external id by which a job upserts, as the org spells it.

    Raises:
        ApiError: of this code, if there is none, or it is no external id.
    """
    if not isinstance(name, str) or not name:
        message = f"External ID was blank for {sobject}. An External ID must be specified for upsert."
        raise ApiError(400, code, message)
    try:
        return key_field(org.writer(request.user_id), sobject, name).name
    except ApiError:
        message = f"Field name provided, {name} does not match an External ID for {sobject}"
        raise ApiError(400, code, message) from None


def started(org: Org, job: Job2) -> Answer:
    """Answer that a job can begin, and begin: the answer tells of the state before."""
    now = Answer(200, job.as_json(state=State.UPLOAD_COMPLETE))

    def begin() -> Answer:
        if org.settings.bulk_polls == 0:
            advance(org, job, polled=False)
        return now

    return Answer(now.status, now.payload, then=begin)


def status(org: Org, job: Job2) -> Answer:
    """Answer a status poll, which brings the job a step further."""

    def poll() -> Answer:
        advance(org, job)
        return Answer(200, job.as_json(detailed=True))

    return Answer(200, job.as_json(detailed=True), then=poll)


def listing(org: Org, request: Request) -> Answer:
    """GET /jobs/query and /jobs/ingest: all jobs, of one jobType or of any; 1,000 at a time."""
    wanted = request.query.get("jobType")
    if wanted is not None and wanted not in _JOB_TYPES:
        raise bad_value("jobType", wanted)
    text = request.query.get("queryLocator", "0")
    if not is_count(text):
        raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    first = int(text)
    jobs = [job for job in org.bulk.all() if wanted in {None, job.job_type}]
    done = first + _IN_LIST >= len(jobs)
    base = f"/services/data/v{request.version}/jobs/{request.path_parts()[4]}"
    kind = f"&jobType={wanted}" if wanted else ""
    following = None if done else f"{base}?queryLocator={first + _IN_LIST}{kind}"
    shown = [job.listed_json() for job in jobs[first : first + _IN_LIST]]
    return Answer(200, {"done": done, "nextRecordsUrl": following, "records": shown})


def check_ended(job: Job2, *, to: str) -> None:
    """Refuse to end a job that has ended already."""
    if job.state in ENDED:
        how = "aborted" if job.state is State.ABORTED else "Completed"
        raise ApiError(400, "INVALIDJOBSTATE", f"{to} already {how} Job not allowed")


def check_deletable(job: Job2) -> None:
    """Refuse to delete a job that is at work [facts: api 4.1]."""
    if job.state not in ENDED and job.state is not State.OPEN:
        message = f"Deleting a Job in state {job.state.value} is not allowed"
        raise ApiError(400, "INVALIDJOBSTATE", message)


def check_results(org: Org, job: Job2) -> None:
    """Refuse results of a job that has none yet."""
    if job.state not in ENDED:
        message = f"The results of the job are not available while its state is {job.state.value}"
        raise ApiError(org.settings.bulk_early_results_status, "INVALIDJOBSTATE", message)
