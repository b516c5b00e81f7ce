"""Bulk API 1.0, /services/async/{version} [facts: api 4.3, 13]."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sfsync.emulator.bulk.batches import advance, narrowed, results_json
from sfsync.emulator.bulk.columns import BadBatchError
from sfsync.emulator.bulk.csvtext import written
from sfsync.emulator.bulk.extract import check_supported
from sfsync.emulator.bulk.one import (
    UNFINISHED,
    WITH_RESULTS,
    Batch,
    BatchState,
    Job1,
    chunks_of,
    told,
    told_all,
)
from sfsync.emulator.bulk.work import exceeded_batches
from sfsync.emulator.bulk.writes import OPERATIONS
from sfsync.emulator.bulk.xmltext import document, local_name, parsed
from sfsync.emulator.dialects import PLAIN_JSON_TYPE, XML_TYPE, wants_json
from sfsync.emulator.errors import ApiError
from sfsync.emulator.http import Answer
from sfsync.emulator.ids import is_id, normalise
from sfsync.emulator.resources import versions
from sfsync.emulator.resources.bulk_jobs import HARD_DELETE_REFUSED, upsert_key

if TYPE_CHECKING:
    from sfsync.emulator.bulk.writes import Outcome
    from sfsync.emulator.http import Request
    from sfsync.emulator.org import Org

_ALL_OPERATIONS = {*OPERATIONS, "query", "queryAll"}
_VERSION = re.compile(r"(\d{1,3})\.0")
_MODES = {"0": "Parallel", "1": "Serial", "parallel": "Parallel", "serial": "Serial"}
_CHUNK_SIZE = re.compile(r"chunkSize\s*=\s*(\d{1,18})", re.IGNORECASE)
_DEFAULT_CHUNK, _MOST_IN_CHUNK = 100_000, 250_000
_TYPES = {"CSV": "text/csv", "JSON": PLAIN_JSON_TYPE, "XML": XML_TYPE}


def create(org: Org, request: Request, version: str) -> Answer:
    """POST /job, in JSON or XML; answered in kind."""
    _enter(org, request, version)
    info = _job_info(request)
    operation, name = info.get("operation"), info.get("object")
    if operation not in _ALL_OPERATIONS:
        raise ApiError(400, "InvalidJob", f"Invalid operation: {operation}")
    if operation == "hardDelete" and not org.settings.hard_delete:
        raise ApiError(400, "FeatureNotEnabled", HARD_DELETE_REFUSED)
    known = org.schema.get(str(name))
    if known is None:
        raise ApiError(400, "InvalidJob", f"Unable to find object: {name}")
    check_supported(known.name, code="InvalidEntity")
    content_type = str(info.get("contentType") or "XML")
    if content_type not in _TYPES:
        raise ApiError(400, "InvalidJob", f"Unsupported content type: {content_type}")
    mode = _MODES.get(str(info.get("concurrencyMode") or "Parallel").lower())
    if mode is None:
        raise ApiError(400, "InvalidJob", f"Invalid concurrency mode: {info['concurrencyMode']}")
    key, now = info.get("externalIdFieldName"), org.world.now()
    job = Job1(
        id=org.world.new_id("750"),
        operation=str(operation),
        sobject=known.name,
        user_id=request.user_id,
        version=request.version,
        created=now,
        changed=now,
        content_type=content_type,
        concurrency=mode,
        external_id=upsert_key(org, request, known.name, key, code="InvalidJob") if operation == "upsert" else None,
        chunk_size=_chunk_size(request) if operation in {"query", "queryAll"} else None,
    )
    org.bulk.add(job)
    return told("jobInfo", job.info(), in_json=wants_json(request), status=201)


def _enter(org: Org, request: Request, version: str) -> None:
    found = _VERSION.fullmatch(version)
    if found is None or int(found.group(1)) not in versions.SUPPORTED:
        raise ApiError(400, "InvalidVersion", f"Invalid version specified in URL: {version}")
    request.version = version
    if not org.settings.bulk_one:
        raise ApiError(400, "FeatureNotEnabled", "Async API not enabled")


def _job_info(request: Request) -> dict[str, Any]:
    if wants_json(request):
        return request.json_object()
    return {local_name(one): one.text for one in parsed(request.content(), "jobInfo")}


def _chunk_size(request: Request) -> int | None:
    header = request.headers.get("sforce-enable-pkchunking", "")
    if not header or header.strip().lower() == "false":
        return None
    found = _CHUNK_SIZE.search(header)
    return min(max(int(found.group(1)), 1), _MOST_IN_CHUNK) if found else _DEFAULT_CHUNK


def read(org: Org, request: Request, version: str, job_id: str) -> Answer:
    """GET /job/ID: a status poll of all its batches."""
    job = _job(org, request, version, job_id)
    return _after_work(org, job, list(job.batches.values()), lambda: _told_job(request, job))


def _told_job(request: Request, job: Job1) -> Answer:
    return told("jobInfo", job.info(), in_json=wants_json(request))


def _after_work(org: Org, job: Job1, batches: list[Batch], tell: Any) -> Answer:
    def poll() -> Answer:
        for batch in batches:
            advance(org, job, batch)
        answer: Answer = tell()
        return answer

    now: Answer = tell()
    return Answer(now.status, now.payload, now.headers, then=poll)


def change(org: Org, request: Request, version: str, job_id: str) -> Answer:
    """POST /job/ID: close it, after which it takes no more batches, or abort it."""
    job = _job(org, request, version, job_id)
    state = _job_info(request).get("state")
    if state not in {"Closed", "Aborted"}:
        raise ApiError(400, "InvalidJobState", f"Invalid job state: {state}")
    if job.state != "Open" and not (state == "Aborted" and _unfinished(job)):
        word = "Closing" if state == "Closed" else "Aborting"
        raise ApiError(400, "InvalidJobState", f"{word} already {job.state.lower()} Job not allowed")
    job.state = str(state)
    if state == "Aborted":
        for batch in _unfinished(job):
            batch.state = BatchState.NOT_PROCESSED
    job.touch(org.clock())
    return _told_job(request, job)


def _unfinished(job: Job1) -> list[Batch]:
    return [batch for batch in job.batches.values() if batch.state in UNFINISHED]


def add_batch(org: Org, request: Request, version: str, job_id: str) -> Answer:
    """POST /job/ID/batch: work on it begins at once, while the job is still open."""
    job = _job(org, request, version, job_id)
    if job.state != "Open":
        message = f"Failed to create batch, since the Job is not Open. Current job state is '{job.state}'"
        raise ApiError(400, "InvalidJobState", message)
    batch = _new_batch(org, job, request.content())
    if job.chunk_size is not None:
        _split(org, job, batch)
    told_now = _told_batch(job, batch, BatchState.QUEUED)
    told_now.status = 201
    told_now.headers["Location"] = f"/services/async/{version}/job/{job.id}/batch/{batch.id}"

    def begin() -> Answer:
        if org.settings.bulk_polls == 0:
            for one in _unfinished(job):
                advance(org, job, one, polled=False)
        return told_now

    return Answer(201, told_now.payload, told_now.headers, then=begin)


def _new_batch(org: Org, job: Job1, raw: bytes) -> Batch:
    org.bulk.spend("batches", org.settings.daily_bulk_batches, exceeded_batches())
    now = org.world.now()
    batch = Batch(
        id=org.world.new_id("751"),
        job_id=job.id,
        created=now,
        changed=now,
        request=raw,
        request_type=_TYPES[job.content_type],
    )
    job.batches[batch.id] = batch
    return batch


def _split(org: Org, job: Job1, batch: Batch) -> None:
    """Cut a query by ranges of ids: the batch itself is not processed, others are in its place."""
    text = batch.request.decode(errors="replace").strip()
    deleted = "" if job.operation == "queryAll" else org.db.living(job.sobject)
    found = org.db.connection.execute(f'SELECT "Id" FROM "{job.sobject}" WHERE 1{deleted} ORDER BY "Id"')
    try:
        texts = [narrowed(text, *one) for one in chunks_of((str(row[0]) for row in found), job.chunk_size or 1)]
    except BadBatchError as bad:
        batch.state, batch.message = BatchState.FAILED, str(bad)
        return
    batch.state = BatchState.NOT_PROCESSED
    for one in texts:
        _new_batch(org, job, one.encode())


def _told_batch(job: Job1, batch: Batch, state: BatchState | None = None) -> Answer:
    return told("batchInfo", batch.info(state), in_json=job.content_type == "JSON")


def batches(org: Org, request: Request, version: str, job_id: str) -> Answer:
    """GET /job/ID/batch: a status poll of all batches."""
    job = _job(org, request, version, job_id)
    every = list(job.batches.values())
    in_json = job.content_type == "JSON"
    return _after_work(org, job, every, lambda: told_all([one.info() for one in every], in_json=in_json))


def batch_info(org: Org, request: Request, version: str, job_id: str, batch_id: str) -> Answer:
    """GET /job/ID/batch/ID: a status poll."""
    job, batch = _batch(org, request, version, job_id, batch_id)
    return _after_work(org, job, [batch], lambda: _told_batch(job, batch))


def batch_request(org: Org, request: Request, version: str, job_id: str, batch_id: str) -> Answer:
    """GET /job/ID/batch/ID/request: what was sent."""
    _, batch = _batch(org, request, version, job_id, batch_id)
    return Answer(200, batch.request, {"Content-Type": batch.request_type})


def results(org: Org, request: Request, version: str, job_id: str, batch_id: str) -> Answer:
    """GET /job/ID/batch/ID/result: what became of the records, or which results a query has."""
    job, batch = _batch(org, request, version, job_id, batch_id)
    _check_completed(batch)
    headers = {"Content-Type": _TYPES[job.content_type]}
    if job.reads:
        ids = [str(batch.result_id)]
        if job.content_type == "JSON":
            return Answer(200, ids, headers)
        return Answer(200, document("result-list", [("result", one) for one in ids]), {"Content-Type": XML_TYPE})
    if job.content_type == "JSON":
        return Answer(200, results_json(batch), headers)
    if job.content_type == "XML":
        return Answer(200, document("results", [("result", _result(one)) for one in batch.outcomes]), headers)
    table = [("Id", "Success", "Created", "Error"), *(_cells(one) for one in batch.outcomes)]
    return Answer(200, written(table), headers)


def _cells(one: Outcome) -> tuple[str, str, str, str]:
    done = one.refusal is None
    return (one.record_id if done else "", str(done).lower(), str(one.created).lower(), one.error)


def _result(one: Outcome) -> Any:
    flags = [("success", str(one.refusal is None).lower()), ("created", str(one.created).lower())]
    if one.refusal is None:
        return [("id", one.record_id), *flags]
    fields = [("fields", name) for name in one.refusal.fields or ()]
    return [("errors", [*fields, ("message", one.refusal.message), ("statusCode", one.refusal.code)]), *flags]


def query_result(org: Org, request: Request, version: str, job_id: str, batch_id: str, result_id: str) -> Answer:
    """GET /job/ID/batch/ID/result/ID: the answer of a query."""
    job, batch = _batch(org, request, version, job_id, batch_id)
    _check_completed(batch)
    if batch.result is None or batch.result_id != result_id[:15]:
        raise ApiError(400, "InvalidBatch", f"Result not found: {result_id}")
    return Answer(200, batch.result.page(), {"Content-Type": _TYPES[job.content_type]})


def _job(org: Org, request: Request, version: str, job_id: str) -> Job1:
    _enter(org, request, version)
    try:
        return org.bulk.find(Job1, job_id)
    except ApiError:
        raise ApiError(400, "InvalidJob", f"Invalid job id: {job_id}") from None


def _batch(org: Org, request: Request, version: str, job_id: str, batch_id: str) -> tuple[Job1, Batch]:
    job = _job(org, request, version, job_id)
    batch = job.batches.get(normalise(batch_id)) if is_id(batch_id) else None
    if batch is None:
        raise ApiError(400, "InvalidBatch", f"Invalid batch id: {batch_id}")
    return job, batch


def _check_completed(batch: Batch) -> None:
    if batch.state not in WITH_RESULTS:
        raise ApiError(400, "InvalidBatch", f"Batch not completed: its state is {batch.state.value}")
