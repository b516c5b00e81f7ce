"""The schema's history, and bringing a database to its end."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text
from tenacity import retry, retry_if_exception, stop_after_delay, wait_random

from sfsync.errors import DatabaseRefused
from sfsync.store import (  # noqa: F401 - they add their tables
    conflict_tables,
    discrepancy_tables,
    event_tables,
    reduction_tables,
    shipment_tables,
)
from sfsync.store.connect import LOCK_WAIT, SETTING, file_of, make_engine, parse, refuse_unusable_file, shown, writing
from sfsync.store.failures import translated
from sfsync.store.tables import metadata

if TYPE_CHECKING:
    from collections.abc import Generator

    from alembic.config import Config
    from sqlalchemy.engine import URL

HEAD = "0005"
"""The newest revision; written here so that opening a database does not have to load Alembic."""

VERSION_TABLE = "sfsync_version"
"""Not Alembic's own name for it: sfsync may share a PostgreSQL database with programs that use Alembic."""

_LOCK_KEY = int.from_bytes(b"sfsync-m")


@dataclass(frozen=True, slots=True)
class SchemaState:
    """The revision a database has (None: empty) and the one this sfsync needs."""

    current: str | None
    head: str

    @property
    def ok(self) -> bool:
        """Whether this sfsync can work with the database."""
        return self.current == self.head


def check(url: str) -> SchemaState:
    """Return the state of the database's schema, without changing or creating anything.

    Raises:
        SettingsError: if the URL cannot be used.
        DatabaseRefused: if the database may not be read, or is none.
        DatabaseUnavailable: if it does not answer.
    """
    parsed = parse(url)
    file = file_of(parsed)
    if file is not None:
        refuse_unusable_file(file)
        if not file.exists():
            return SchemaState(None, HEAD)
    with _engine(parsed) as engine, translated(parsed), engine.connect() as connection:
        return _state(connection)


def upgrade(url: str) -> SchemaState:
    """Bring the database to the newest schema, all of it or nothing; returns the state it had before.

    Raises:
        SettingsError: if the URL cannot be used.
        DatabaseRefused: if a newer sfsync wrote the database, or it may not be written.
        DatabaseUnavailable: if it does not answer, or is locked.
    """
    parsed = parse(url)
    with _engine(parsed) as engine, translated(parsed):
        if (file := file_of(parsed)) is not None:
            refuse_unusable_file(file)
        return _migrate(engine)


def prepare(engine: Engine, *, migrate: bool) -> None:
    """Make sure that the database has the schema of this sfsync; an empty one is set up.

    Raises:
        DatabaseRefused: if it has another schema, or is empty and `migrate` is False.
    """
    file = file_of(engine.url)
    if file is not None:
        refuse_unusable_file(file)
        if not migrate and not file.exists():
            raise _empty(engine.url)
    with engine.connect() as connection:
        state = _state(connection)
    if state.current is None:
        if not migrate:
            raise _empty(engine.url)
        _migrate(engine)
    elif not state.ok:
        _refuse_unknown(state, engine.url)
        raise DatabaseRefused(
            f"The database {shown(engine.url)} has the older schema {state.current}; this sfsync needs {HEAD}.",
            remedy="Stop all sfsync processes that use it, back it up, and run: sfsync db upgrade",
        )


def _migrate(engine: Engine) -> SchemaState:
    with engine.connect() as connection:
        # Before anything is written: not even the journal mode of somebody else's file is touched.
        _ours_to_migrate(connection, engine.url)
    with _alone(engine) as connection:
        # Looked at again: another process may have set it up while this one waited for the lock.
        before = _ours_to_migrate(connection, engine.url)
        if not before.ok:
            _run_alembic(connection)
        return before


@contextmanager
def _alone(engine: Engine) -> Generator[Connection]:
    """Open the transaction that a migration runs in: whole or not at all, and one process at a time."""
    kind = engine.dialect.name
    with engine.connect().execution_options(**writing(kind)) as connection:
        if kind == "sqlite":
            driver = connection.connection.driver_connection
            assert driver is not None  # noqa: S101 - a connection just checked out is connected
            _use_wal(driver)
            # SQLite changes a table by copying and dropping it; with foreign keys on, that would delete the
            # rows that refer to it, and inside the transaction they cannot be turned off.
            driver.execute("PRAGMA foreign_keys = OFF")
        with connection.begin():
            if kind == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
            yield connection
        connection.invalidate()


@retry(
    retry=retry_if_exception(lambda exc: getattr(exc, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY),
    wait=wait_random(0.01, 0.1),
    stop=stop_after_delay(LOCK_WAIT),
    reraise=True,
)
def _use_wal(driver: sqlite3.Connection) -> None:
    # The mode is kept in the file, so it is set once. SQLite does not wait for other processes here, whatever
    # its busy timeout: two that set up the same file at once would fail.
    driver.execute("PRAGMA journal_mode = WAL")


def _run_alembic(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415 - takes 0.1 s, and is needed once in a database's life

    # Its progress messages are not ours; what matters is raised.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    command.upgrade(alembic_config(connection), "head")


def alembic_config(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration, which needs no file: the scripts are those of this package."""
    from alembic.config import Config  # noqa: PLC0415 - as above

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _state(connection: Connection) -> SchemaState:
    if not inspect(connection).has_table(VERSION_TABLE):
        return SchemaState(None, HEAD)
    return SchemaState(connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}")), HEAD)


def _refuse_unknown(state: SchemaState, url: URL) -> None:
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - as above

    known = {script.revision for script in ScriptDirectory.from_config(alembic_config()).walk_revisions()}
    if state.current is not None and state.current not in known:
        raise DatabaseRefused(
            f"The database {shown(url)} was written by a newer sfsync: its schema {state.current} is unknown here.",
            remedy="Install that version of sfsync, or a later one.",
        )


def _ours_to_migrate(connection: Connection, url: URL) -> SchemaState:
    state = _state(connection)
    if state.current is not None:
        _refuse_unknown(state, url)
        return state
    there = set(inspect(connection).get_table_names())
    # A PostgreSQL database may be shared; a file with other tables is somebody else's.
    foreign = there if url.get_backend_name() == "sqlite" else there & set(metadata.tables)
    if foreign:
        raise DatabaseRefused(
            f"The database {shown(url)} holds tables of another program: {', '.join(sorted(foreign)[:5])}.",
            remedy=f"Name a database of its own for sfsync in {SETTING}.",
        )
    return state


def _empty(url: URL) -> DatabaseRefused:
    return DatabaseRefused(f"The database {shown(url)} is empty.", remedy="Set it up with: sfsync db upgrade")


@contextmanager
def _engine(url: URL) -> Generator[Engine]:
    engine = make_engine(url, lock_wait=LOCK_WAIT)
    try:
        yield engine
    finally:
        engine.dispose()
