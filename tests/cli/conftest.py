"""The real program in this process, a fresh database, and an emulated org behind a real socket."""

from __future__ import annotations

import json
import logging
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import structlog

from sfsync.cli.main import main
from sfsync.emulator.server import Server
from sfsync.store.engine import Database, open_database
from tests.world import World, new_org

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

WIDTH = 100


@dataclass(frozen=True)
class Ended:
    """How a command ended: exit code and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Stdout as one JSON document; anything else on stdout fails."""
        return json.loads(self.out)

    @property
    def text(self) -> str:
        """Stdout with its lines joined, as the eye reads over wraps."""
        return " ".join(self.out.split())


Program = "Callable[..., Ended]"


@pytest.fixture
def world() -> World:
    return World(new_org())


@pytest.fixture(autouse=True)
def clean_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    monkeypatch.setenv("SFSYNC_SYNC__LEASE_WAIT_SECONDS", "0")


@pytest.fixture(autouse=True)
def restored_log() -> Generator[None]:
    """Commands set the log up for their process; here they share it with other tests."""
    root = logging.getLogger()
    before = root.level, list(root.handlers)
    yield
    root.setLevel(before[0])
    root.handlers[:] = before[1]
    structlog.reset_defaults()


@pytest.fixture
def mirror(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Generator[Database]:
    """The database of the program."""
    monkeypatch.setenv("SFSYNC_DATABASE_URL", sqlite_url)
    database = open_database(sqlite_url)
    yield database
    database.close()


@pytest.fixture(scope="session")
def later() -> Generator[Callable[[Callable[[], None]], object]]:
    """Do something beside the tests that follow."""
    with ThreadPoolExecutor(2) as pool:
        begun: list[Future[None]] = []
        yield lambda act: begun.append(pool.submit(act))
        for one in begun:
            one.result()


@pytest.fixture
def org(
    world: World,
    mirror: Database,
    monkeypatch: pytest.MonkeyPatch,
    later: Callable[[Callable[[], None]], object],
) -> Generator[World]:
    """The org that the program is set up for, over HTTPS."""
    server = Server(world.org)
    monkeypatch.setenv("SFSYNC_SALESFORCE__LOGIN_URL", server.url)
    monkeypatch.setenv("SFSYNC_SALESFORCE__CLIENT_ID", server.client_id)
    monkeypatch.setenv("SFSYNC_SALESFORCE__CLIENT_SECRET", server.client_secret)
    monkeypatch.setenv("SFSYNC_SALESFORCE__CA_FILE", str(server.ca_file))
    yield world
    later(server.stop)  # which takes a tenth of a second


@pytest.fixture
def sfsync(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Run the program with these arguments."""

    def run(*arguments: str) -> Ended:
        capsys.readouterr()
        code = main(arguments)
        written = capsys.readouterr()
        return Ended(code, written.out, written.err)

    return run
