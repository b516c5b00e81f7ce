from __future__ import annotations

import os
import socket
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sfsync.store import runs
from sfsync.store.runs import ApiUsage

if TYPE_CHECKING:
    from sfsync.store.engine import Database

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)


def test_a_started_run_is_open_and_names_its_process(db: Database) -> None:
    with db.begin() as tx:
        run_id = runs.start(tx, "main", "sync", NOW)
        run = runs.get(tx, run_id)

        assert run is not None
        assert runs.working(tx, "main") == run
    assert (run.command, run.pid, run.host) == ("sync", os.getpid(), socket.gethostname())
    assert (run.started_at, run.finished_at, run.outcome, run.counts) == (NOW, None, None, {})


def test_a_finished_run_tells_what_it_did(db: Database) -> None:
    with db.begin() as tx:
        run_id = runs.start(tx, "main", "sync", NOW)
        runs.finish(tx, run_id, "attention", {"created": 3}, ApiUsage(4, 100, 15000), "two were refused", LATER)
        run = runs.get(tx, run_id)

        assert run is not None
        assert runs.working(tx, "main") is None
    assert (run.outcome, run.finished_at, run.counts) == ("attention", LATER, {"created": 3})
    assert (run.api_calls, run.api_used, run.api_limit) == (4, 100, 15000)
    assert run.error == "two were refused"


def test_a_run_that_called_nobody_has_no_usage(db: Database) -> None:
    with db.begin() as tx:
        run_id = runs.start(tx, "main", "plan", NOW)
        runs.finish(tx, run_id, "done", {}, None, None, LATER)
        run = runs.get(tx, run_id)

    assert run is not None
    assert (run.api_calls, run.api_used, run.api_limit, run.error) == (None, None, None, None)


def test_starting_marks_runs_that_died_as_interrupted_and_leaves_the_others(db: Database) -> None:
    with db.begin() as tx:
        done = runs.start(tx, "main", "sync", NOW)
        runs.finish(tx, done, "done", {}, None, None, NOW)
        died = runs.start(tx, "main", "sync", NOW)
        elsewhere = runs.start(tx, "other", "sync", NOW)
        new = runs.start(tx, "main", "sync", LATER)

        outcomes = {run_id: run.outcome for run_id in (done, died, elsewhere, new) if (run := runs.get(tx, run_id))}
        interrupted = runs.get(tx, died)

    assert outcomes == {done: "done", died: "interrupted", elsewhere: None, new: None}
    assert interrupted is not None
    assert interrupted.finished_at is None


def test_recent_runs_are_those_of_the_org_newest_first(db: Database) -> None:
    with db.begin() as tx:
        ids = [runs.start(tx, "main", "sync", NOW) for _ in range(3)]
        runs.start(tx, "other", "sync", NOW)

        assert [run.id for run in runs.recent(tx, "main", 2)] == [ids[2], ids[1]]


def test_there_is_no_run_of_an_unknown_id(db: Database) -> None:
    with db.read() as tx:
        assert runs.get(tx, 7) is None
