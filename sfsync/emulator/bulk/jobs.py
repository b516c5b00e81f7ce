"""Jobs of Bulk API 2.0 and the store of all bulk jobs of an org."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

from sfsync.emulator.clock import as_json, stored
from sfsync.emulator.errors import ApiError, not_found
from sfsync.emulator.ids import is_id, normalise
from sfsync.emulator.windows import Window

if TYPE_CHECKING:
    from sfsync.emulator.bulk.csvtext import Form
    from sfsync.emulator.bulk.results import ResultFile
    from sfsync.emulator.bulk.table import Table
    from sfsync.emulator.clock import Clock

_DAY = timedelta(hours=24)
_KEPT = timedelta(days=7)  # [facts: api 4.1]


class State(StrEnum):
    """Where a job of Bulk API 2.0 is [facts: api 4.1, 4.2]."""

    OPEN = "Open"  # waits for its data
    UPLOAD_COMPLETE = "UploadComplete"  # all data is there, nothing has been done
    IN_PROGRESS = "InProgress"
    JOB_COMPLETE = "JobComplete"  # all rows were tried; some may have failed
    FAILED = "Failed"
    ABORTED = "Aborted"


WORKING = frozenset({State.UPLOAD_COMPLETE, State.IN_PROGRESS})
ENDED = frozenset({State.JOB_COMPLETE, State.FAILED, State.ABORTED})


@dataclass(kw_only=True)
class Job(ABC):
    """What all jobs have: stamps are stored datetimes, times are milliseconds of the org's clock."""

    id: str
    operation: str
    sobject: str
    user_id: str
    version: str
    created: str
    changed: str
    content_type: str = "CSV"
    concurrency: str = "Parallel"
    external_id: str | None = None
    processed: int = 0
    failed: int = 0
    milliseconds: int = 0
    job_type: str = "Classic"

    def touch(self, now: datetime) -> None:
        """Stamp a change."""
        self.changed = stored(now)

    @abstractmethod
    def shown_state(self) -> str:
        """The state as the API names it."""

    def begin_json(self, state: str | None = None) -> dict[str, Any]:
        """What comes first in every answer about a job; `state` tells an earlier one than the present."""
        external = {} if self.external_id is None else {"externalIdFieldName": self.external_id}
        return {
            "id": self.id,
            "operation": self.operation,
            "object": self.sobject,
            "createdById": self.user_id,
            "createdDate": as_json(self.created),
            "systemModstamp": as_json(self.changed),
            "state": state or self.shown_state(),
            **external,
            "concurrencyMode": self.concurrency,
            "contentType": self.content_type,
            "apiVersion": float(self.version),
            "jobType": self.job_type,
        }

    def listed_json(self) -> dict[str, Any]:
        """The job in a list of jobs."""
        return self.begin_json()

    def close(self) -> None:  # noqa: B027 - most jobs keep nothing there
        """Give up what the job keeps on disk."""


@dataclass(kw_only=True)
class Job2(Job):
    """A job of Bulk API 2.0; `polls` counts the status polls that brought it on, `working` is set while one does."""

    state: State
    form: Form
    polls: int = 0
    working: bool = False
    error: str | None = None

    def shown_state(self) -> str:
        """The state as the API names it."""
        return self.state.value

    @abstractmethod
    def progress_json(self) -> dict[str, Any]:
        """What a status poll tells beside the rest."""

    def listed_json(self) -> dict[str, Any]:
        """The job in a list of jobs."""
        return Job2.as_json(self)

    def as_json(self, *, state: State | None = None, detailed: bool = False) -> dict[str, Any]:
        """The job as create, close and abort answer it; `detailed` as a status poll does [facts: api A.4]."""
        shown = self.begin_json(state)
        if (state or self.state) is State.OPEN:
            shown["contentUrl"] = f"services/data/v{self.version}/jobs/ingest/{self.id}/batches"
        shown |= {"lineEnding": self.form.line_ending, "columnDelimiter": self.form.column_delimiter}
        if not detailed:
            return shown
        shown |= self.progress_json()
        return shown if self.error is None else {**shown, "errorMessage": self.error}


@dataclass(kw_only=True)
class QueryJob(Job2):
    """A query whose result is on disk from the beginning, however long the job takes: a snapshot.

    `chunks` says whether the platform could cut its object by primary keys.
    """

    results: ResultFile
    chunks: bool
    job_type: str = "V2Query"

    def as_json(self, *, state: State | None = None, detailed: bool = False) -> dict[str, Any]:
        """As `Job2.as_json`; create and abort do not tell the job type [facts: api 4.1]."""
        shown = super().as_json(state=state, detailed=detailed)
        return shown if detailed else {name: value for name, value in shown.items() if name != "jobType"}

    def progress_json(self) -> dict[str, Any]:
        """What a status poll tells beside the rest."""
        return {
            "numberRecordsProcessed": self.processed,
            "retries": 0,
            "totalProcessingTime": self.milliseconds,
            "isPkChunkingSupported": self.chunks,
        }

    def close(self) -> None:
        """Give up what the job keeps on disk."""
        self.results.close()


@dataclass(kw_only=True)
class IngestJob(Job2):
    """Rows to write: `content` is what was uploaded, until it has become a table."""

    content: str | None = None
    table: Table | None = None
    job_type: str = "V2Ingest"

    def progress_json(self) -> dict[str, Any]:
        """What a status poll tells; the numbers of records only once work has begun [facts: api A.4]."""
        begun = self.state not in {State.OPEN, State.UPLOAD_COMPLETE}
        numbers = {"numberRecordsProcessed": self.processed, "numberRecordsFailed": self.failed} if begun else {}
        times = {"totalProcessingTime": self.milliseconds, "apiActiveProcessingTime": self.milliseconds}
        return {**numbers, "retries": 0, **times, "apexProcessingTime": 0}

    def close(self) -> None:
        """Give up what the job keeps on disk."""
        if self.table is not None:
            self.table.close()


J = TypeVar("J", bound=Job)


class JobStore:
    """The bulk jobs of an org, in the order of their creation; seven days after they last moved they are gone.

    To keep jobs from getting on, as an overloaded org does: `hold()` stops all of them and `hold(on=False)` lets
    them go again; a job whose id is in `stuck` stands still by itself. Such a job is InProgress (a batch of Bulk API
    1.0 too) for as long as that lasts; after it, the next status poll goes on with the work.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._jobs: dict[str, Job] = {}
        self._held = False
        self._spent = {"queries": Window(_DAY), "batches": Window(_DAY)}
        self.stuck: set[str] = set()

    def hold(self, *, on: bool = True) -> None:
        """Stop all work on jobs, or let it go on."""
        self._held = on

    def holds(self, job: Job) -> bool:
        """Whether this job may not get on."""
        return self._held or job.id in self.stuck

    def add(self, job: Job) -> None:
        """Keep a job."""
        self._jobs[job.id] = job

    def find(self, kind: type[J], job_id: str) -> J:
        """Return a job of that kind by its id, of 15 or 18 characters.

        Raises:
            ApiError: 404 if there is none.
        """
        self._forget_old()
        job = self._jobs.get(normalise(job_id)) if is_id(job_id) else None
        if not isinstance(job, kind):
            raise not_found()
        return job

    def delete(self, job: Job) -> None:
        """Forget a job and its results."""
        job.close()
        self._jobs.pop(job.id, None)
        self.stuck.discard(job.id)

    def all(self) -> list[Job]:
        """All jobs, the oldest first."""
        self._forget_old()
        return list(self._jobs.values())

    def _forget_old(self) -> None:
        last = stored(self._clock() - _KEPT)
        for job in [one for one in self._jobs.values() if one.changed < last]:
            self.delete(job)

    def spend(self, what: str, limit: int, refusal: ApiError, count: int = 1) -> None:
        """Count queries or batches against the limit of the last 24 hours.

        Raises:
            ApiError: the given one if that would be too many.
        """
        if self.spent(what) + count > limit:
            raise refusal
        self._spent[what].add(self._clock(), count)

    def spent(self, what: str) -> int:
        """How many "queries" (jobs of Bulk API 2.0) or "batches" the last 24 hours saw."""
        return self._spent[what].count(self._clock())
