"""Every run of sfsync: what was started, by which process, and how it ended."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sqlalchemy import insert, select, update

from sfsync.store.tables import runs

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Row

    from sfsync.store.engine import Tx

Outcome = Literal["done", "attention", "failed", "interrupted"]


@dataclass(frozen=True, slots=True)
class ApiUsage:
    """Calls to the org: our own in this run, and the org's count of the last 24 hours and its limit."""

    calls: int
    used: int | None = None
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """One run. `outcome` is None while it runs; `finished_at` is None, too, for an interrupted one."""

    id: int
    org: str
    command: str
    host: str
    pid: int
    started_at: datetime
    finished_at: datetime | None
    outcome: Outcome | None
    counts: Mapping[str, int]
    api_calls: int | None
    api_used: int | None
    api_limit: int | None
    error: str | None


def start(tx: Tx, org: str, command: str, now: datetime) -> int:
    """Open a run of this process and return its id.

    The caller holds the org's lease: so runs that are still open belong to processes that died, and
    are marked as interrupted. When they died nobody knows; their `finished_at` stays null.
    """
    tx.execute(update(runs).where(runs.c.org == org, runs.c.outcome.is_(None)).values(outcome="interrupted"))
    here = {"host": socket.gethostname(), "pid": os.getpid()}
    opened = insert(runs).values(org=org, command=command, started_at=now, **here).returning(runs.c.id)
    return int(tx.execute(opened).scalar_one())


def finish(
    tx: Tx,
    run_id: int,
    outcome: Outcome,
    counts: Mapping[str, int],
    usage: ApiUsage | None,
    error: str | None,
    now: datetime,
) -> None:
    """Close a run with what it did; `error` is the message people are shown."""
    values: dict[str, object] = {
        "finished_at": now,
        "outcome": outcome,
        "counts": dict(counts),
        "error": error,
    }
    if usage is not None:
        values |= {"api_calls": usage.calls, "api_used": usage.used, "api_limit": usage.limit}
    tx.execute(update(runs).where(runs.c.id == run_id).values(values))


def recent(tx: Tx, org: str, limit: int) -> list[Run]:
    """Return the newest runs of an org, newest first."""
    query = select(runs).where(runs.c.org == org).order_by(runs.c.id.desc()).limit(limit)
    return [_run(row) for row in tx.execute(query)]


def failed_before(tx: Tx, org: str, run_id: int) -> bool:
    """Whether the last run before this one failed; one that was interrupted says nothing."""
    query = (
        select(runs.c.outcome)
        .where(runs.c.org == org, runs.c.id < run_id, runs.c.outcome.in_(("done", "attention", "failed")))
        .order_by(runs.c.id.desc())
        .limit(1)
    )
    return tx.execute(query).scalar() == "failed"


def get(tx: Tx, run_id: int) -> Run | None:
    """Return a run, None if there is none of that id."""
    row = tx.execute(select(runs).where(runs.c.id == run_id)).one_or_none()
    return None if row is None else _run(row)


def working(tx: Tx, org: str) -> Run | None:
    """Return the run of this org that is open, the newest of several."""
    query = select(runs).where(runs.c.org == org, runs.c.outcome.is_(None)).order_by(runs.c.id.desc()).limit(1)
    row = tx.execute(query).one_or_none()
    return None if row is None else _run(row)


def _run(row: Row[tuple[object, ...]]) -> Run:
    values = dict(row._mapping)  # noqa: SLF001 - the documented name of it
    return Run(**{**values, "counts": values["counts"] or {}})
