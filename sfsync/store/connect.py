"""From a database URL to an SQLAlchemy engine that behaves the same on SQLite and PostgreSQL."""

from __future__ import annotations

import json
import os
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from sfsync.errors import DatabaseRefused, SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

SETTING = "SFSYNC_DATABASE_URL"
LOCK_WAIT = timedelta(seconds=30)
"""How long a transaction waits for another program's lock before it gives up."""

CONNECT_TIMEOUT_SECONDS = 10
_WRITES = "sfsync_writes"
_POSTGRESQL = {"postgresql", "postgres", "postgresql+psycopg"}
_SQLITE = {"sqlite", "sqlite+pysqlite"}
_FORMS = "Write it as sqlite:///folder/sfsync.db or postgresql://user:password@host:5432/name."


def parse(url: str) -> URL:
    """Read a database URL; PostgreSQL is always spoken to through psycopg 3.

    Raises:
        SettingsError: if it is not a URL of an SQLite file or a PostgreSQL database.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # Without its cause: what could not be read as a URL may hold a password.
        raise SettingsError(f"{SETTING} is not a database URL.", remedy=_FORMS) from None
    if "@" in (parsed.host or ""):
        # What stands before it is the rest of a password, which would be shown as a host.
        raise SettingsError(f"{SETTING} has more than one “@”.", remedy="Write one inside the password as %40.")
    if parsed.drivername in _POSTGRESQL:
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername not in _SQLITE:
        raise SettingsError(f"{SETTING} names the database kind “{parsed.drivername}”.", remedy=_FORMS)
    if parsed.database in (None, "", ":memory:"):
        raise SettingsError(f"{SETTING} names no file: what sfsync knows has to outlive it.", remedy=_FORMS)
    if parsed.query or parsed.host:
        raise SettingsError(f"{SETTING} may only name a file: no host and no options after “?”.", remedy=_FORMS)
    return parsed.set(drivername="sqlite", database=str(Path(str(parsed.database)).resolve()))


def shown(url: URL) -> str:
    """Return the URL as people may see it: without password and options."""
    plain = url.set(drivername=url.get_backend_name(), query={})
    return URL.create(plain.drivername, plain.username, None, plain.host, plain.port, plain.database).render_as_string()


def file_of(url: URL) -> Path | None:
    """Return the SQLite file that the URL names, None for PostgreSQL."""
    return Path(str(url.database)) if url.get_backend_name() == "sqlite" else None


def refuse_unusable_file(path: Path) -> None:
    """Say in plain words why an SQLite file cannot be used, before SQLite says it in its own.

    Raises:
        DatabaseRefused: if the folder is missing, or the folder or the file may not be written.
    """
    another = f"or name another file in {SETTING}."
    if not path.parent.is_dir():
        raise DatabaseRefused(
            f"The folder {path.parent} of the database file does not exist.", remedy=f"Create it, {another}"
        )
    if path.is_dir():
        raise DatabaseRefused(f"{path} is a folder, not a database file.", remedy=f"Name a file in {SETTING}.")
    # SQLite keeps its -wal and -shm files beside the database: the folder must be writable, too.
    for place in (path, path.parent):
        if place.exists() and not os.access(place, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
            kind = "folder" if place.is_dir() else "file"
            raise DatabaseRefused(
                f"The database {kind} {place} may not be written by this user.",
                remedy=f"Give this user the right to write it, {another}",
            )


def make_engine(url: URL, *, lock_wait: timedelta = LOCK_WAIT, in_memory: bool = False) -> Engine:
    """Build the engine; nothing is connected yet.

    Raises:
        DatabaseRefused: if the driver for PostgreSQL is not installed.
    """
    common: dict[str, Any] = {"hide_parameters": True, "json_serializer": _dumps}
    if url.get_backend_name() == "sqlite":
        target = url.set(database=":memory:") if in_memory else url
        engine = create_engine(target, connect_args={"timeout": lock_wait.total_seconds()}, **common)
        event.listen(engine, "connect", _on_sqlite_connect)
        event.listen(engine, "begin", _on_sqlite_begin)
        return engine
    arguments = {} if "connect_timeout" in url.query else {"connect_timeout": CONNECT_TIMEOUT_SECONDS}
    try:
        engine = create_engine(url, connect_args=arguments, pool_pre_ping=True, **common)
    except ImportError as exc:
        raise DatabaseRefused(
            "PostgreSQL needs the driver psycopg, which is not installed.",
            remedy='Install it with: pip install "sfsync[postgres]"',
        ) from exc

    def set_lock_wait(connection: Any, _record: object) -> None:
        connection.execute(f"SET lock_timeout = {max(1, round(lock_wait.total_seconds() * 1000))}")
        connection.commit()

    event.listen(engine, "connect", set_lock_wait)
    return engine


def writing(kind: str) -> Mapping[str, Any]:
    """Return the execution options of a transaction that writes."""
    return {_WRITES: True} if kind == "sqlite" else {}


def reading(kind: str) -> Mapping[str, Any]:
    """Return the execution options of a transaction that sees one moment and may not write."""
    return {} if kind == "sqlite" else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}


def _on_sqlite_connect(connection: Any, _record: object) -> None:
    # None: the driver begins no transactions of its own, so ours can be IMMEDIATE and hold DDL, too.
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")


def _on_sqlite_begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    # The connection remembers what it was last: most transactions read, one after the other.
    if connection.info.get(_WRITES) is not writes:
        connection.exec_driver_sql(f"PRAGMA query_only = {'OFF' if writes else 'ON'}")
        connection.info[_WRITES] = writes
    # A deferred transaction that turns to writing fails at once when another one writes: waiting only
    # helps those that ask for the write lock first.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _dumps(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_plain)


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot be stored as JSON")
