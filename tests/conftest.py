"""Fixtures that all tests share: an empty database of each kind, fresh for every test."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy
from coverage import Coverage
from hypothesis import HealthCheck, settings

from sfsync.store.engine import Database, open_database
from tests.postgres import Postgres, Server
from tests.tracing import is_traced, pause_elsewhere

if TYPE_CHECKING:
    from collections.abc import Generator

    from sqlalchemy import Engine

TEMPLATE = "sfsync_template"
_FOLDER = "POSTGRES_TEST_FOLDER"
_STOP = pytest.StashKey[Callable[[], None]]()
_KINDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
_WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")


# How long an example takes says how busy the machine is.
settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")


def pytest_configure(config: pytest.Config) -> None:
    # Only in pytest itself: its xdist workers inherit the folder.
    if not hasattr(config, "workerinput"):
        postgres, stop = Postgres.watch()
        os.environ[_FOLDER] = str(postgres.folder)
        config.stash[_STOP] = stop


def pytest_collection_finish() -> None:
    """Have the garbage collector leave what was imported alone, and look less often: a tenth of all time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Take of each test one case through PostgreSQL: its statements are the same in all, which SQLite goes through."""
    if os.environ.get("SFSYNC_TEST_ALL"):
        return
    seen: set[str] = set()
    gone: set[pytest.Item] = set()
    for item in items:
        test = item.nodeid.partition("[")[0]
        whole = test.startswith("tests/store/") or item.get_closest_marker("databases")
        if item.get_closest_marker("postgres") and not whole:
            if test in seen:
                gone.add(item)
            seen.add(test)
    if gone:
        config.hook.pytest_deselected(items=list(gone))
        items[:] = [item for item in items if item not in gone]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Trace for the gate only what can reach more than another test did."""
    coverage = Coverage.current()
    if coverage is None or is_traced(item):
        return (yield)
    coverage.stop()
    try:
        return (yield)
    finally:
        coverage.start()


def pytest_unconfigure(config: pytest.Config) -> None:
    stop = config.stash.get(_STOP, None)
    if stop is not None:
        stop()


@pytest.fixture(scope="session", autouse=True)
def compiled_once() -> Generator[None]:
    """Let all engines of one kind share what SQLAlchemy has compiled: a new one for each test would do it all anew.

    Programs have one engine, so this changes what a test costs, not what it shows.
    """
    first: dict[str, Engine] = {}

    def create_engine(*arguments: Any, **options: Any) -> Engine:
        engine = sqlalchemy.create_engine(*arguments, **options)
        known = first.get(engine.url.drivername)
        if known is None or known.dialect.server_version_info is None:  # it never connected
            first[engine.url.drivername] = engine
            return engine
        # The cache is kept by dialect; SQLAlchemy has no public way to share either.
        engine.dialect, engine._compiled_cache = known.dialect, known._compiled_cache
        return engine

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sfsync.store.connect.create_engine", create_engine)
        yield


@pytest.fixture(scope="session", autouse=True)
def traced_where_it_counts() -> Generator[None]:
    """Let tracing pause in code that the gate does not look at."""
    with pytest.MonkeyPatch.context() as patch:
        if Coverage.current() is not None:
            pause_elsewhere(patch)
        yield


@pytest.fixture(scope="session")
def postgres_server() -> Server:
    """The server, with a database of the newest schema to copy."""
    return Postgres(Path(os.environ[_FOLDER])).server(TEMPLATE, _migrate)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file of the newest schema to copy."""
    path = tmp_path_factory.mktemp("template") / "sfsync.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(tmp_path: Path, sqlite_template: Path) -> str:
    """A database of the newest schema without rows, on SQLite only."""
    path = tmp_path / "sfsync.db"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgres_url(postgres_server: Server) -> str:
    """A database of the newest schema without rows, on PostgreSQL only.

    It is this test process's one; a test that changes its schema has to take `new_postgres_url`.
    """
    return postgres_server.emptied(f"filled_{_WORKER}", TEMPLATE)


@pytest.fixture
def new_postgres_url(postgres_server: Server) -> str:
    """A PostgreSQL database without any tables."""
    return postgres_server.bare(f"bare_{_WORKER}")


@pytest.fixture(params=_KINDS)
def database_url(request: pytest.FixtureRequest) -> str:
    """A database of the newest schema without rows, of each kind in turn."""
    return str(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url"))


@pytest.fixture(params=_KINDS)
def new_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without any tables, of each kind in turn; the SQLite file does not exist yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'sfsync.db'}"
    return str(request.getfixturevalue("new_postgres_url"))


@pytest.fixture
def db(database_url: str) -> Generator[Database]:
    """An open database without rows, of each kind in turn."""
    database = open_database(database_url)
    yield database
    database.close()


def _migrate(url: str) -> None:
    open_database(url).close()
