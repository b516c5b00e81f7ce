"""Jobs and batches of Bulk API 1.0: what they are and how they are told [facts: api 4.3, 13]."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sfsync.emulator.bulk.jobs import Job
from sfsync.emulator.bulk.xmltext import as_xml, document
from sfsync.emulator.clock import as_json
from sfsync.emulator.dialects import PLAIN_JSON_TYPE, XML_TYPE
from sfsync.emulator.http import Answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfsync.emulator.bulk.results import ResultFile, TextFile
    from sfsync.emulator.bulk.writes import Outcome
    from sfsync.emulator.world import Row

Info = dict[str, Any]


class BatchState(StrEnum):
    """Where a batch is."""

    QUEUED = "Queued"
    IN_PROGRESS = "InProgress"
    COMPLETED = "Completed"  # all records were tried; some may have failed
    FAILED = "Failed"
    NOT_PROCESSED = "NotProcessed"  # aborted, or split into others by PK chunking


UNFINISHED = frozenset({BatchState.QUEUED, BatchState.IN_PROGRESS})
WITH_RESULTS = frozenset({BatchState.COMPLETED})


@dataclass(kw_only=True)
class Batch:
    """Records to write, or a query; `result_id` names the answer of a query."""

    id: str
    job_id: str
    created: str
    changed: str
    request: bytes
    request_type: str
    state: BatchState = BatchState.QUEUED
    message: str | None = None
    processed: int = 0
    failed: int = 0
    milliseconds: int = 0
    polls: int = 0
    working: bool = False
    records: list[Row] | None = None
    outcomes: list[Outcome] = field(default_factory=list)
    result_id: str | None = None
    result: TextFile | ResultFile | None = None

    def info(self, state: BatchState | None = None) -> Info:
        """What is told of it, in the order of the recordings; `state` tells an earlier one."""
        return {
            "id": self.id,
            "jobId": self.job_id,
            "state": (state or self.state).value,
            "stateMessage": self.message,
            "createdDate": self.created,
            "systemModstamp": self.changed,
            "numberRecordsProcessed": self.processed,
            "numberRecordsFailed": self.failed,
            "totalProcessingTime": self.milliseconds,
            "apiActiveProcessingTime": self.milliseconds,
            "apexProcessingTime": 0,
        }


@dataclass(kw_only=True)
class Job1(Job):
    """A job of Bulk API 1.0: Open until it is Closed or Aborted. `chunk_size` asks for PK chunking."""

    state: str = "Open"
    chunk_size: int | None = None
    batches: dict[str, Batch] = field(default_factory=dict)

    @property
    def reads(self) -> bool:
        """Whether it is a query."""
        return self.operation in {"query", "queryAll"}

    def shown_state(self) -> str:
        """The state as the API names it."""
        return self.state

    def info(self) -> Info:
        """What is told of it, in the order of the recordings."""
        batches = list(self.batches.values())
        states = [batch.state for batch in batches]
        external = {} if self.external_id is None else {"externalIdFieldName": self.external_id}
        return {
            "id": self.id,
            "operation": self.operation,
            "object": self.sobject,
            "createdById": self.user_id,
            "createdDate": self.created,
            "systemModstamp": self.changed,
            "state": self.state,
            **external,
            "concurrencyMode": self.concurrency,
            "contentType": self.content_type,
            "numberBatchesQueued": states.count(BatchState.QUEUED),
            "numberBatchesInProgress": states.count(BatchState.IN_PROGRESS),
            "numberBatchesCompleted": states.count(BatchState.COMPLETED),
            "numberBatchesFailed": states.count(BatchState.FAILED),
            "numberBatchesTotal": len(batches),
            "numberRecordsProcessed": sum(batch.processed for batch in batches),
            "numberRetries": 0,
            "apiVersion": float(self.version),
            "numberRecordsFailed": sum(batch.failed for batch in batches),
            "totalProcessingTime": sum(batch.milliseconds for batch in batches),
            "apiActiveProcessingTime": sum(batch.milliseconds for batch in batches),
            "apexProcessingTime": 0,
        }

    def close(self) -> None:
        """Give up what the job keeps on disk."""
        for batch in self.batches.values():
            if batch.result is not None:
                batch.result.close()


def told(root: str, info: Info, *, in_json: bool, status: int = 200) -> Answer:
    """A job or batch as an answer: JSON has its keys in the order of the alphabet, XML leaves nulls out."""
    if in_json:
        shown = {name: _json_value(name, info[name]) for name in sorted(info)}
        return Answer(status, shown, {"Content-Type": PLAIN_JSON_TYPE})
    return Answer(status, document(root, _elements(info)), {"Content-Type": XML_TYPE})


def told_all(infos: list[Info], *, in_json: bool) -> Answer:
    """The batches of a job as an answer."""
    if in_json:
        shown = [{name: _json_value(name, info[name]) for name in sorted(info)} for info in infos]
        return Answer(200, {"batchInfo": shown}, {"Content-Type": PLAIN_JSON_TYPE})
    tree: Any = [("batchInfo", _elements(info)) for info in infos]
    return Answer(200, document("batchInfoList", tree), {"Content-Type": XML_TYPE})


def _elements(info: Info) -> Any:
    return [(name, as_xml(_xml_value(name, value))) for name, value in info.items() if value is not None]


def _json_value(name: str, value: Any) -> Any:
    return as_json(value) if name in _MOMENTS else value


def _xml_value(name: str, value: Any) -> Any:
    return f"{value}.000Z" if name in _MOMENTS else value


_MOMENTS = frozenset({"createdDate", "systemModstamp"})


def chunks_of(ids: Iterator[str], size: int) -> Iterator[tuple[str, str | None]]:
    """Cut ids in their order into ranges of so many: the first of each and the first of the next one."""
    starts = [one for place, one in enumerate(ids) if place % size == 0]
    yield from zip(starts, [*starts[1:], None], strict=True)
