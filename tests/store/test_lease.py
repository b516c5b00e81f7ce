from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from sfsync.errors import DatabaseRefused, DatabaseUnavailable, LeaseHeld
from sfsync.store import runs
from sfsync.store.engine import open_database
from sfsync.store.lease import hold
from tests.store.processes import python, says, tell

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path
    from subprocess import Popen

    from sfsync.store.engine import Database

AT_ONCE = timedelta(0)
SOON = timedelta(milliseconds=50)
LONG = timedelta(seconds=30)
HOLDS = """
import sys
from datetime import timedelta
from sfsync.store.engine import open_database
from sfsync.store.lease import hold
with hold(open_database(sys.argv[1]), sys.argv[2], wait=timedelta(0), who="sfsync test"):
    print("held", flush=True)
    input()
print("done", flush=True)
"""


@contextmanager
def holder(url: str, org: str = "main") -> Generator[Popen[str]]:
    with python(HOLDS, url, org) as process:
        assert says(process) == "held"
        yield process


@pytest.mark.process
@pytest.mark.parametrize("wait", [AT_ONCE, SOON])
def test_a_lease_that_another_process_holds_is_not_given_twice(
    db: Database, database_url: str, wait: timedelta
) -> None:
    with holder(database_url), pytest.raises(LeaseHeld), hold(db, "main", wait=wait, who="me"):
        pass


@pytest.mark.process
def test_a_lease_is_free_as_soon_as_its_holder_is_killed(db: Database, database_url: str) -> None:
    with holder(database_url) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()

        with hold(db, "main", wait=LONG, who="me") as lease:
            lease.confirm()


@pytest.mark.process
def test_a_waiting_process_gets_the_lease_when_the_holder_is_done(db: Database, database_url: str) -> None:
    with holder(database_url) as process:
        Thread(target=tell, args=(process,)).start()

        with hold(db, "main", wait=LONG, who="me"):
            assert says(process) == "done"


@pytest.mark.process
def test_orgs_have_their_own_leases(db: Database, database_url: str) -> None:
    with holder(database_url, "other/org"), hold(db, "main", wait=AT_ONCE, who="me") as lease:
        lease.confirm()


def test_two_holders_in_one_process_exclude_each_other_too(db: Database) -> None:
    with (
        hold(db, "main", wait=AT_ONCE, who="me"),
        pytest.raises(LeaseHeld),
        hold(db, "main", wait=AT_ONCE, who="me"),
    ):
        pass


def test_a_lease_is_free_after_its_block_failed(db: Database) -> None:
    with pytest.raises(RuntimeError), hold(db, "main", wait=AT_ONCE, who="me"):
        raise RuntimeError

    with hold(db, "main", wait=AT_ONCE, who="me") as lease:
        lease.confirm()


def test_a_refused_lease_says_who_works(db: Database) -> None:
    with db.begin() as tx:
        runs.start(tx, "main", "daemon", datetime(2026, 3, 1, 12, 30, tzinfo=UTC))

    with (
        hold(db, "main", wait=AT_ONCE, who="me"),
        pytest.raises(LeaseHeld) as raised,
        hold(db, "main", wait=AT_ONCE, who="you"),
    ):
        pass

    assert f"sfsync daemon (process {os.getpid()} on " in str(raised.value)
    assert "since 2026-03-01 12:30:00 UTC" in str(raised.value)


def test_a_refused_lease_says_so_even_when_no_run_is_open(db: Database) -> None:
    with (
        hold(db, "main", wait=AT_ONCE, who="me"),
        pytest.raises(LeaseHeld, match="The org main is being worked on by another sfsync process"),
        hold(db, "main", wait=AT_ONCE, who="you"),
    ):
        pass


def test_the_paths_of_one_file_lead_to_one_lease(sqlite_url: str, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path, target_is_directory=True)
    one, other = open_database(sqlite_url), open_database(f"sqlite:///{tmp_path}/link/sfsync.db")

    with (
        hold(one, "main", wait=AT_ONCE, who="me"),
        pytest.raises(LeaseHeld),
        hold(other, "main", wait=AT_ONCE, who="me"),
    ):
        pass

    one.close()
    other.close()


def test_a_lock_file_that_may_not_be_written_is_refused(sqlite_url: str, tmp_path: Path) -> None:
    db = open_database(sqlite_url)
    (tmp_path / "sfsync.db.main.lock").mkdir()

    with (
        pytest.raises(DatabaseRefused, match=r"The lock file .*sfsync\.db\.main\.lock cannot be written"),
        hold(db, "main", wait=AT_ONCE, who="me"),
    ):
        pass

    db.close()


def test_the_server_shows_who_holds_a_lease(postgres_url: str) -> None:
    db = open_database(postgres_url)

    with hold(db, "main", wait=AT_ONCE, who="sfsync daemon für " + "ä" * 60), db.read() as tx:
        query = "SELECT application_name FROM pg_stat_activity JOIN pg_locks USING (pid) WHERE locktype = 'advisory'"
        shown = tx.scalar(text(query))

    assert str(shown).startswith("sfsync daemon")
    db.close()


def test_a_lease_whose_connection_broke_is_not_confirmed(postgres_url: str) -> None:
    db = open_database(postgres_url)

    with hold(db, "main", wait=AT_ONCE, who="me") as lease:
        with db.begin() as tx:
            tx.execute(text("SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory'"))
        with pytest.raises(DatabaseUnavailable):
            lease.confirm()

    db.close()
