"""How jobs of Bulk API 2.0 get on: no threads, no waiting; each status poll is a step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.emulator.bulk.columns import BadBatchError
from sfsync.emulator.bulk.jobs import WORKING, IngestJob, QueryJob, State
from sfsync.emulator.bulk.table import Table
from sfsync.emulator.bulk.writes import CHUNK, write_chunk
from sfsync.emulator.errors import ApiError

if TYPE_CHECKING:
    from sfsync.emulator.bulk.jobs import Job2
    from sfsync.emulator.org import Org

BATCH = 10_000  # records that count as one batch of the day [facts: api 4.2]


def exceeded_batches() -> ApiError:
    """The refusal of more batches than a day may have."""
    return ApiError(400, "EXCEEDEDQUOTA", "ApiBatchItems Limit exceeded.")


def advance(org: Org, job: Job2, *, polled: bool = True) -> None:
    """Get on with a job as far as one poll brings it, or to its end where none is asked for.

    Chunks are transactions of their own: call it outside of any.
    """
    if job.state not in WORKING or job.working:
        return
    if org.bulk.holds(job):
        job.state = State.IN_PROGRESS
        return
    wanted = org.settings.bulk_polls
    job.polls += polled
    if job.polls:
        job.state = State.IN_PROGRESS
    ends = wanted == 0 or job.polls > wanted
    share = 1.0 if ends else job.polls / (wanted + 1)
    started = org.clock()
    job.working = True
    try:
        if isinstance(job, IngestJob):
            _write(org, job, share)
        elif isinstance(job, QueryJob):
            job.processed = int(job.results.count * share)
        if ends and job.state in WORKING:
            job.state = State.JOB_COMPLETE
    except BadBatchError as bad:
        job.state, job.error = State.FAILED, str(bad)
        _put_aside(job)
    finally:
        job.working = False
    job.milliseconds += round((org.clock() - started).total_seconds() * 1000)
    job.touch(org.clock())


def abort(org: Org, job: Job2) -> None:
    """End a job where it stands: what was written stays, the rest of its rows was not tried."""
    job.state = State.ABORTED
    _put_aside(job)
    job.touch(org.clock())


def _write(org: Org, job: IngestJob, share: float) -> None:
    if job.table is None:
        table = job.table = _table(job)
        table.check(org.writer(job.user_id), job.sobject, job.operation)
        try:
            batches = -(-table.total // BATCH)
            org.bulk.spend("batches", org.settings.daily_bulk_batches, exceeded_batches(), batches)
        except ApiError as refusal:
            raise BadBatchError(f"ExceededQuota : {refusal.message}") from None
    table = job.table
    goal = int(table.total * share)
    while job.processed < goal and job.state in WORKING:
        chunk = table.chunk(CHUNK)
        outcomes = write_chunk(org, job, [table.record(row) for row in chunk])
        job.failed += table.keep(chunk, outcomes)
        job.processed += len(chunk)
    if job.processed == table.total:
        table.forget()


def _table(job: IngestJob) -> Table:
    text, job.content = job.content or "", None
    return Table(text, job.form)


def _put_aside(job: Job2) -> None:
    if isinstance(job, IngestJob):
        job.table = job.table or _table(job)
        job.table.give_up()
