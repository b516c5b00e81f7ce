"""Ingest jobs of Bulk API 2.0 [facts: api 4.2]."""

from __future__ import annotations

import email.parser
import email.policy
from typing import TYPE_CHECKING, Any

from sfsync.emulator.bulk.extract import check_supported
from sfsync.emulator.bulk.jobs import IngestJob, State
from sfsync.emulator.bulk.work import abort
from sfsync.emulator.bulk.writes import OPERATIONS
from sfsync.emulator.errors import ApiError
from sfsync.emulator.http import Answer
from sfsync.emulator.json_text import read_json
from sfsync.emulator.resources.bulk_jobs import (
    CSV_TYPE,
    HARD_DELETE_REFUSED,
    bad_value,
    check_deletable,
    check_ended,
    check_properties,
    check_results,
    choice,
    csv_form,
    started,
    status,
    upsert_key,
)

if TYPE_CHECKING:
    from sfsync.emulator.bulk.results import ResultFile
    from sfsync.emulator.http import Request
    from sfsync.emulator.org import Org

_MOST_IN_MULTIPART = 100_000


def create(org: Org, request: Request) -> Answer:
    """POST /jobs/ingest; as multipart with the data, which begins the job."""
    body, content = _parts(request)
    check_properties(body)
    operation = choice(body, "operation", OPERATIONS)
    if operation == "hardDelete" and not org.settings.hard_delete:
        raise ApiError(400, "FEATURENOTENABLED", HARD_DELETE_REFUSED)
    name = body.get("object")
    if not isinstance(name, str) or not name:
        raise bad_value("object", name)
    known = org.schema.get(name)
    if known is None:
        raise ApiError(400, "INVALIDENTITY", f"Unable to find object: {name}")
    check_supported(known.name)
    key, now = body.get("externalIdFieldName"), org.world.now()
    job = IngestJob(
        id=org.world.new_id("750"),
        operation=operation,
        sobject=known.name,
        external_id=upsert_key(org, request, known.name, key, code="INVALIDJOB") if operation == "upsert" else None,
        user_id=request.user_id,
        version=request.version,
        created=now,
        changed=now,
        state=State.OPEN,
        form=csv_form(body),
    )
    org.bulk.add(job)
    if content is None:
        return Answer(200, job.as_json())
    job.content = content
    job.state = State.UPLOAD_COMPLETE
    return started(org, job)


def _parts(request: Request) -> tuple[dict[str, Any], str | None]:
    kind = request.headers.get("content-type", "")
    if not kind.lower().startswith("multipart/form-data"):
        return request.json_object(), None
    head = f"Content-Type: {kind}\r\n\r\n".encode()
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + request.content())
    parts: dict[str, bytes] = {}
    for part in message.iter_parts():
        raw = part.get_payload(decode=True)
        parts[str(part.get_param("name", header="content-disposition"))] = raw if isinstance(raw, bytes) else b""
    try:
        body = read_json(parts["job"])
        content = parts["content"].decode()
    except (KeyError, UnicodeDecodeError):
        raise ApiError(400, "JSON_PARSER_ERROR", "The request must have a part job and a part content") from None
    if not isinstance(body, dict) or len(content) > _MOST_IN_MULTIPART:
        message_text = f"The content of a multipart request may not have more than {_MOST_IN_MULTIPART} characters"
        raise ApiError(400, "API_ERROR", message_text)
    return body, content


def upload(org: Org, request: Request, job_id: str) -> Answer:
    """PUT /jobs/ingest/ID/batches: all data, once."""
    job = org.bulk.find(IngestJob, job_id)
    if job.state is not State.OPEN:
        message = f"Failed to create batch, since the Job is not Open. Current job state is '{job.state.value}'"
        raise ApiError(400, "INVALIDJOBSTATE", message)
    if job.content is not None:
        message = (
            f"Found multiple contents for job: <{job.id[:15]}>, please 'Close' / 'Abort' / 'Delete' the current Job "
            "then create a new Job and make sure you only do 'PUT' once on a given Job."
        )
        raise ApiError(400, "BULK_API_ERROR", message)
    if CSV_TYPE not in request.headers.get("content-type", "").lower():
        raise ApiError(415, "UNSUPPORTED_MEDIA_TYPE", f"The data of a job must come as {CSV_TYPE}")
    raw = request.content()
    if len(raw) > org.settings.bulk_upload_bytes:
        raise ApiError(400, "CLIENTINPUTERROR", "The data of a job may not be larger than 150 MB in base64")
    try:
        job.content = raw.decode()
    except UnicodeDecodeError:
        raise ApiError(400, "CLIENTINPUTERROR", "The data of a job must be encoded in UTF-8") from None
    job.touch(org.clock())
    return Answer(201)


def read(org: Org, request: Request, job_id: str) -> Answer:  # noqa: ARG001 - the shape of a resource
    """GET /jobs/ingest/ID: a status poll."""
    return status(org, org.bulk.find(IngestJob, job_id))


def change(org: Org, request: Request, job_id: str) -> Answer:
    """PATCH /jobs/ingest/ID: all data is there, or nothing more is to be done."""
    job = org.bulk.find(IngestJob, job_id)
    wanted = choice(request.json_object(), "state", {"Aborted", "UploadComplete"})
    if wanted == "Aborted":
        check_ended(job, to="Aborting")
        abort(org, job)
        return Answer(200, job.as_json())
    check_ended(job, to="Closing")
    if job.state is not State.OPEN:
        raise ApiError(400, "INVALIDJOBSTATE", "Closing already closed Job not allowed")
    job.state = State.UPLOAD_COMPLETE
    job.touch(org.clock())
    return started(org, job)


def delete(org: Org, request: Request, job_id: str) -> Answer:  # noqa: ARG001 - the shape of a resource
    """DELETE /jobs/ingest/ID."""
    job = org.bulk.find(IngestJob, job_id)
    check_deletable(job)
    org.bulk.delete(job)
    return Answer(204)


def successful(org: Org, request: Request, job_id: str) -> Answer:  # noqa: ARG001 - the shape of a resource
    """GET /jobs/ingest/ID/successfulResults."""
    job = _ended(org, job_id)
    return _csv(job.table.successes if job.table else None)


def refused(org: Org, request: Request, job_id: str) -> Answer:  # noqa: ARG001 - the shape of a resource
    """GET /jobs/ingest/ID/failedResults."""
    job = _ended(org, job_id)
    return _csv(job.table.failures if job.table else None)


def unprocessed(org: Org, request: Request, job_id: str) -> Answer:  # noqa: ARG001 - the shape of a resource
    """GET /jobs/ingest/ID/unprocessedrecords: rows that were never tried."""
    job = _ended(org, job_id)
    return _csv(job.table.unprocessed if job.table else None)


def _ended(org: Org, job_id: str) -> IngestJob:
    job = org.bulk.find(IngestJob, job_id)
    check_results(org, job)
    return job


def _csv(results: ResultFile | None) -> Answer:
    return Answer(200, results.page() if results else b"", {"Content-Type": CSV_TYPE})
