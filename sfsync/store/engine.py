"""Opening the database, and the transactions that everything in `store` runs in."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Literal

from sqlalchemy import Connection, Engine, event

from sfsync.store import migrations
from sfsync.store.connect import LOCK_WAIT, file_of, make_engine, parse, reading, shown, writing
from sfsync.store.failures import translated

if TYPE_CHECKING:
    from collections.abc import Generator
    from datetime import timedelta

    from sqlalchemy.engine import URL, ExecutionContext

Tx = Connection
"""The caller's transaction. Store functions take it; the outermost caller opens and so commits it."""


def open_database(url: str, *, migrate: bool = True, lock_wait: timedelta = LOCK_WAIT) -> Database:
    """Open the database, and set it up if it is empty.

    Args:
        url: `sqlite:///path` or `postgresql://user:password@host/name`.
        migrate: False refuses an empty database instead of setting it up.
        lock_wait: How long a transaction waits for other programs' locks.

    Raises:
        SettingsError: if the URL cannot be used.
        DatabaseRefused: if the database has another schema, or may not be read or written.
        DatabaseUnavailable: if it does not answer, or stays locked.
    """
    parsed = parse(url)
    engine = make_engine(parsed, lock_wait=lock_wait)
    try:
        with translated(parsed):
            migrations.prepare(engine, migrate=migrate)
    except BaseException:
        engine.dispose()
        raise
    return Database(parsed, engine)


class Database:
    """An open database of the right schema.

    `statements` counts the SQL statements sent (an executemany is one), `rows_written` the rows
    inserted, updated or deleted: for benchmarks, and for tests that an idle cycle writes nothing.
    """

    def __init__(self, url: URL, engine: Engine, *, rehearsed: Connection | None = None) -> None:
        self.url = url
        self.kind: Literal["sqlite", "postgresql"] = "sqlite" if file_of(url) else "postgresql"
        self.shown_url = shown(url)
        self.statements = 0
        self.rows_written = 0
        self._engine = engine
        self._rehearsed = rehearsed
        event.listen(engine, "after_cursor_execute", self._count)

    @contextmanager
    def begin(self) -> Generator[Tx]:
        """Open a transaction that may write; it commits when the block ends, and rolls back on any exception.

        Raises:
            DatabaseUnavailable: if the database is locked, full or gone.
            DatabaseRefused: if it may not be written.
        """
        with translated(self.url):
            if self._rehearsed is not None:
                with self._rehearsed.begin_nested():
                    yield self._rehearsed
            else:
                with self._engine.connect().execution_options(**writing(self.kind)) as tx, tx.begin():
                    yield tx

    @contextmanager
    def read(self) -> Generator[Tx]:
        """Open a transaction that sees the database as it is at one moment, and refuses to write.

        Raises:
            DatabaseUnavailable: if the database is gone.
        """
        with translated(self.url):
            if self._rehearsed is not None:
                with self._rehearsed.begin_nested():
                    yield self._rehearsed
            else:
                with self._engine.connect().execution_options(**reading(self.kind)) as tx, tx.begin() as transaction:
                    yield tx
                    transaction.rollback()

    @contextmanager
    def rehearsal(self) -> Generator[Database]:
        """Give a database to try things on: it shows what was written to it, and then forgets it all.

        One transaction around everything, never committed; on SQLite on a copy in memory, because the
        one write lock of the file would be held as long as the rehearsal takes. For one thread.

        Raises:
            DatabaseUnavailable: if the database is locked or gone.
        """
        with translated(self.url), ExitStack() as stack:
            engine = make_engine(self.url, in_memory=self.kind == "sqlite")
            stack.callback(engine.dispose)
            connection = stack.enter_context(engine.connect().execution_options(**writing(self.kind)))
            if self.kind == "sqlite":
                self._copy_to(connection)
            outer = connection.begin()
            stack.callback(outer.rollback)
            yield Database(self.url, engine, rehearsed=connection)

    def dedicated(self) -> Connection:
        """Return a connection outside the pool, for as long as the caller keeps it; no transaction is open.

        Raises:
            DatabaseUnavailable: if the database is gone.
        """
        with translated(self.url):
            connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            connection.detach()
            return connection

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def _copy_to(self, connection: Connection) -> None:
        with self._engine.connect() as source:
            origin = source.connection.driver_connection
            copy = connection.connection.driver_connection
            assert origin is not None  # noqa: S101 - a connection just checked out is connected
            origin.backup(copy)

    def _count(
        self,
        _connection: Connection,
        cursor: object,
        statement: str,
        _parameters: object,
        _context: ExecutionContext | None,
        _executemany: bool,  # noqa: FBT001 - SQLAlchemy's signature
    ) -> None:
        word = statement.lstrip()[:6].upper()
        if word in ("BEGIN", "BEGIN ", "PRAGMA"):
            return
        self.statements += 1
        if word in ("INSERT", "UPDATE", "DELETE"):
            self.rows_written += max(0, getattr(cursor, "rowcount", 0))
