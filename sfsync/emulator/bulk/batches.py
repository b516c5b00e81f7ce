"""How batches of Bulk API 1.0 are read and get on: as with jobs of 2.0, each status poll is a step."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from sfsync.emulator.bulk.columns import BadBatchError, read_header, record_of
from sfsync.emulator.bulk.csvtext import BadCsvError, rows
from sfsync.emulator.bulk.extract import text_of
from sfsync.emulator.bulk.one import UNFINISHED, BatchState
from sfsync.emulator.bulk.table import check_deletion
from sfsync.emulator.bulk.writes import CHUNK, write_chunk
from sfsync.emulator.bulk.xmltext import parsed
from sfsync.emulator.bulk.xmltext import record_of as record_of_element
from sfsync.emulator.clock import stored
from sfsync.emulator.errors import ApiError
from sfsync.emulator.http import Request

if TYPE_CHECKING:
    from sfsync.emulator.bulk.one import Batch, Job1
    from sfsync.emulator.org import Org
    from sfsync.emulator.world import Row

MOST_RECORDS = 10_000
_LITERAL = re.compile(r"'(?:[^'\\]|\\.)*'")
_WHERE = re.compile(r"\bWHERE\b", re.IGNORECASE)
_NO_CHUNKS = re.compile(r"\b(?:ORDER\s+BY|LIMIT|OFFSET|GROUP\s+BY|COUNT\s*\()", re.IGNORECASE)


def advance(org: Org, job: Job1, batch: Batch, *, polled: bool = True) -> None:
    """Get on with a batch; call it outside of any transaction."""
    if batch.state not in UNFINISHED or batch.working:
        return
    if org.bulk.holds(job):
        batch.state = BatchState.IN_PROGRESS
        return
    wanted = org.settings.bulk_polls
    batch.polls += polled
    ends = wanted == 0 or batch.polls > wanted
    if polled:
        batch.state = BatchState.IN_PROGRESS
    started = org.clock()
    batch.working = True
    try:
        if job.reads:
            if ends:
                _query(org, job, batch)
        else:
            _write(org, job, batch, 1.0 if ends else batch.polls / (wanted + 1))
        if ends and batch.state in UNFINISHED:
            batch.state = BatchState.COMPLETED
    except BadBatchError as bad:
        batch.state, batch.message = BatchState.FAILED, str(bad)
    finally:
        batch.working = False
    batch.milliseconds += round((org.clock() - started).total_seconds() * 1000)
    batch.changed = stored(org.clock())


def _query(org: Org, job: Job1, batch: Batch) -> None:
    try:
        text = batch.request.decode().strip()
        batch.result = text_of(org, job, text)
    except UnicodeDecodeError:
        raise BadBatchError("InvalidBatch : Failed to process query: it is not in UTF-8") from None
    except ApiError as refusal:
        message = f"InvalidBatch : Failed to process query: {refusal.code}: {refusal.message}"
        raise BadBatchError(message) from None
    batch.result_id = org.world.new_id("752")[:15]
    batch.processed = batch.result.count


def _write(org: Org, job: Job1, batch: Batch, share: float) -> None:
    if batch.records is None:
        batch.records = _records(org, job, batch)
    goal = int(len(batch.records) * share)
    while batch.processed < goal and batch.state in UNFINISHED:
        chunk = batch.records[batch.processed : batch.processed + CHUNK]
        outcomes = write_chunk(org, job, chunk)
        batch.outcomes += outcomes
        batch.processed += len(chunk)
        batch.failed += sum(one.refusal is not None for one in outcomes)


def _records(org: Org, job: Job1, batch: Batch) -> list[Row]:
    try:
        records = {"CSV": _from_csv, "JSON": _from_json, "XML": _from_xml}[job.content_type](org, job, batch)
    except (BadCsvError, UnicodeDecodeError) as bad:
        raise BadBatchError(f"InvalidBatch : Failed to parse CSV. {bad}") from None
    except ApiError as refusal:
        raise BadBatchError(f"InvalidBatch : {refusal.message}") from None
    if len(records) > MOST_RECORDS:
        most = f"Number of records should be less than or equal to {MOST_RECORDS}"
        raise BadBatchError(f"InvalidBatch : Exceeded number of records : {len(records)}. {most}")
    return records


def _from_csv(org: Org, job: Job1, batch: Batch) -> list[Row]:
    source = rows(batch.request.decode(), ",")
    header = next(source, [])
    columns = read_header(org.writer(job.user_id), job.sobject, header)
    check_deletion(job.operation, header)
    records = []
    for row in source:
        if len(row) != len(columns):
            text = f"The number of columns of a row ({len(row)}) differs from that of the header ({len(columns)})"
            raise BadCsvError(text)
        records.append(record_of(columns, row))
    return records


def _from_json(org: Org, job: Job1, batch: Batch) -> list[Row]:
    body: Any = Request.of("POST", "", body=batch.request).json()
    if not isinstance(body, list) or not all(isinstance(one, dict) for one in body):
        raise BadBatchError("InvalidBatch : The batch must be a list of objects")
    _check_names(org, job, body)
    return body


def _from_xml(org: Org, job: Job1, batch: Batch) -> list[Row]:
    records = [record_of_element(one) for one in parsed(batch.request, "sObjects")]
    for record in records:
        record.pop("type", None)
    _check_names(org, job, records)
    return records


def _check_names(org: Org, job: Job1, records: list[Row]) -> None:
    plan = org.writer(job.user_id).plan(job.sobject)
    for record in records:
        for name, value in record.items():
            known = plan.relations if isinstance(value, dict) else plan.names
            if name != "attributes" and name.lower() not in known:
                raise BadBatchError(f"InvalidBatch : Field name not found : {name}")


def narrowed(text: str, first: str, behind: str | None) -> str:
    """The query of one chunk of primary keys: from an id on, up to another.

    Raises:
        BadBatchError: if the query is none that can be cut so.
    """
    bare = _LITERAL.sub(lambda found: " " * len(found.group()), text)
    if _NO_CHUNKS.search(bare):
        raise BadBatchError("InvalidBatch : PK chunking does not support ORDER BY, LIMIT or aggregates")
    within = f"Id >= '{first}'" + (f" AND Id < '{behind}'" if behind else "")
    found = _WHERE.search(bare)
    if found is None:
        return f"{text} WHERE {within}"
    return f"{text[: found.end()]} ({text[found.end() :].strip()}) AND {within}"


def results_json(batch: Batch) -> str:
    """What became of each record, as JSON."""
    shown = []
    for one in batch.outcomes:
        refusal = one.refusal
        error = None if refusal is None else {**refusal.as_collection(), "extendedErrorDetails": None}
        shown.append(
            {
                "success": refusal is None,
                "created": one.created,
                "id": one.record_id if refusal is None else None,
                "errors": [error] if error else [],
            }
        )
    return json.dumps(shown, separators=(",", ":"), ensure_ascii=False)
