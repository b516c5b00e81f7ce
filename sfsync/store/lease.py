"""One sfsync per org at a time: a lock that the kernel or the server frees when its holder dies."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING
from urllib.parse import quote

from filelock import FileLock, Timeout
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from sfsync.errors import DatabaseRefused, LeaseHeld
from sfsync.store import runs
from sfsync.store.connect import file_of
from sfsync.store.failures import translated

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable
    from pathlib import Path

    from sfsync.store.engine import Database

_POLL_SECONDS = 0.1
_LOCK_NOT_AVAILABLE = "55P03"
_NAME_BYTES = 63
"""PostgreSQL's application_name takes no more."""


class Lease:
    """A lease that is held."""

    def __init__(self, db: Database, connection: Connection | None) -> None:
        self._db = db
        self._connection = connection

    def confirm(self) -> None:
        """Make sure that the lease is still ours, before something that must not be done twice.

        A file lock cannot be lost; a PostgreSQL server frees the lock when the connection breaks.

        Raises:
            DatabaseUnavailable: if the connection that holds the lease is gone.
        """
        if self._connection is not None:
            with translated(self._db.url):
                self._connection.execute(text("SELECT 1"))


@contextmanager
def hold(db: Database, org: str, *, wait: timedelta, who: str) -> Generator[Lease]:
    """Hold the lease of an org for the length of the block; opens no transaction of the caller's.

    Args:
        db: The database that the processes share: they exclude each other through it.
        org: The org, by its name in the settings.
        wait: How long to wait for another process to finish.
        who: The command, as the database server shows it among its connections.

    Raises:
        LeaseHeld: if another process still holds the lease after `wait`.
        DatabaseRefused: if the lock file may not be written.
        DatabaseUnavailable: if the database does not answer.
    """
    file = file_of(db.url)
    if file is None:
        with _on_server(db, org, wait=wait, who=who) as connection:
            yield Lease(db, connection)
    else:
        with _on_file(db, org, lock_file(file, org), wait=wait):
            yield Lease(db, None)


@contextmanager
def hold_all(db: Database, orgs: Iterable[str], *, who: str) -> Generator[None]:
    """Hold the leases of several orgs, so that nobody works on the database meanwhile; waits for nobody.

    Raises:
        LeaseHeld: if another process holds one of them.
        DatabaseRefused, DatabaseUnavailable: as `hold`.
    """
    with ExitStack() as stack:
        for org in sorted(set(orgs)):
            stack.enter_context(hold(db, org, wait=timedelta(0), who=who))
        yield


def lock_file(database: Path, org: str) -> Path:
    """Return the file beside the database that carries the lease; it stays when the lease is freed."""
    return database.with_name(f"{database.name}.{quote(org, safe='')}.lock")


@contextmanager
def _on_file(db: Database, org: str, path: Path, *, wait: timedelta) -> Generator[None]:
    lock = FileLock(path, thread_local=False)
    try:
        lock.acquire(timeout=max(0.0, wait.total_seconds()), poll_interval=_POLL_SECONDS)
    except Timeout:
        raise _held(db, org) from None
    except OSError as exc:
        raise DatabaseRefused(
            f"The lock file {path} cannot be written ({exc.strerror}).",
            remedy="Give this user the right to write it and its folder.",
        ) from exc
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _on_server(db: Database, org: str, *, wait: timedelta, who: str) -> Generator[Connection]:
    with db.dedicated() as connection:
        name = who.encode()[:_NAME_BYTES].decode(errors="ignore")
        patience = max(0, round(wait.total_seconds() * 1000))
        with translated(db.url):
            connection.execute(_SETTINGS, {"who": name, "patience": str(patience)})
            taken = _take(connection, org, patience)
        if not taken:
            raise _held(db, org)
        try:
            yield connection
        finally:
            # The server frees the lock with the connection, but a moment later: whoever comes next found it held.
            with suppress(SQLAlchemyError):
                connection.execute(text("SELECT pg_advisory_unlock_all()"))


# A host that vanishes (power, network) does not close its connection: the server finds out in about a minute.
_SETTINGS = text(
    "SELECT set_config('application_name', :who, false), set_config('lock_timeout', :patience, false),"
    " set_config('tcp_keepalives_idle', '30', false), set_config('tcp_keepalives_interval', '10', false),"
    " set_config('tcp_keepalives_count', '3', false), set_config('idle_session_timeout', '0', false)"
)


def _take(connection: Connection, org: str, milliseconds: int) -> bool:
    key = {"key": int.from_bytes(blake2b(f"sfsync lease {org}".encode(), digest_size=8).digest(), signed=True)}
    if milliseconds == 0:
        return bool(connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), key))
    try:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), key)
    except DBAPIError as exc:
        if getattr(exc.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE:
            return False
        raise
    return True


def _held(db: Database, org: str) -> LeaseHeld:
    with db.read() as tx:
        run = runs.working(tx, org)
    holder = (
        "another sfsync process"
        if run is None
        else f"sfsync {run.command} (process {run.pid} on {run.host}, since {run.started_at:%Y-%m-%d %H:%M:%S} UTC)"
    )
    return LeaseHeld(
        f"The org {org} is being worked on by {holder}.",
        remedy="Wait until that is done, or stop it; two at a time would do the same work twice.",
    )
