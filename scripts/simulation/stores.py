"""Where the mirror of a play with real processes lives: a file of SQLite, or a database of a PostgreSQL server."""

from __future__ import annotations

import json
import shutil
import time
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.rows import dict_row

from scripts.simulation.mirror import ORDERS, Mirror, unpacked

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from scripts.simulation.mirror import Row

_WORKING = (
    "SELECT count(*) AS many FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
)
_SAVE = """
DO $$
DECLARE name text;
BEGIN
    DROP SCHEMA IF EXISTS saved CASCADE;
    CREATE SCHEMA saved;
    CREATE TABLE saved.of_sequences AS SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public';
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('CREATE TABLE saved.%I AS TABLE public.%I', name, name);
    END LOOP;
END $$
"""
# As a replica: neither triggers nor foreign keys have a say.
_RESTORE = """
DO $$
DECLARE name text; number bigint;
BEGIN
    SET LOCAL session_replication_role = replica;
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('DELETE FROM public.%I', name);
        EXECUTE format('INSERT INTO public.%I OVERRIDING SYSTEM VALUE SELECT * FROM saved.%I', name, name);
    END LOOP;
    FOR name, number IN SELECT sequencename, last_value FROM saved.of_sequences LOOP
        PERFORM setval(format('public.%I', name), coalesce(number, 1), number IS NOT NULL);
    END LOOP;
END $$
"""
_POLL_SECONDS = 0.002
_PATIENCE_SECONDS = 30


class SqliteStore:
    """A file in the folder of the play, copied from an empty mirror."""

    kind = "sqlite"

    def __init__(self, empty: Path) -> None:
        self._empty = self._path = empty
        self.url = ""

    def fresh(self, folder: Path) -> str:
        """Begin anew, and return the URL."""
        self._path = folder / "mirror.db"
        shutil.copyfile(self._empty, self._path)
        self.url = f"sqlite:///{self._path}"
        return self.url

    def mirror(self) -> Mirror:
        """Look into it as another program does."""
        return Mirror(self._path)

    def save(self) -> None:
        """Keep it as it is now; nobody has it open."""
        shutil.copyfile(self._path, self._beside("saved"))

    def restore(self) -> None:
        """Have it be again as it was kept."""
        shutil.copyfile(self._beside("saved"), self._path)
        for rest in ("wal", "shm"):
            self._beside(rest).unlink(missing_ok=True)

    def _beside(self, name: str) -> Path:
        return self._path.with_name(f"{self._path.name}-{name}")

    def left_behind(self) -> bool:
        """Whether a process that died has left a write-ahead log, which the next one to open the file recovers."""
        log = self._beside("wal")
        return log.exists() and log.stat().st_size > 0


class PostgresStore:
    """A database of a server, emptied for each play."""

    kind = "postgresql"

    def __init__(self, emptied: Callable[[], str]) -> None:
        self._emptied = emptied
        self.url = ""

    def fresh(self, folder: Path) -> str:
        """Begin anew, and return the URL."""
        del folder
        self.url = self._emptied()
        return self.url

    def mirror(self) -> Mirror:
        """Look into it as another program does."""
        return PostgresMirror(self.url)

    def save(self) -> None:
        """Keep it as it is now."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(_SAVE)

    def restore(self) -> None:
        """Have it be again as it was kept."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(_RESTORE)

    def left_behind(self) -> bool:
        """Wait until the server has seen that a process died and undone what it had open; then nothing is left.

        Raises:
            TimeoutError: if the server does not.
        """
        deadline = time.monotonic() + _PATIENCE_SECONDS
        with psycopg.connect(self.url, autocommit=True) as connection:
            while connection.execute(_WORKING).fetchone() != (0,):
                if time.monotonic() > deadline:
                    raise TimeoutError("PostgreSQL still serves a process that is dead")
                time.sleep(_POLL_SECONDS)
        return False


class PostgresMirror(Mirror):
    """The tables of a PostgreSQL mirror, in the values that SQLite would show: what compares them knows one kind."""

    def __init__(self, url: str) -> None:
        self._server: psycopg.Connection[Row] = psycopg.connect(url, autocommit=True, row_factory=dict_row)

    def rows(self, query: str, *values: Any) -> list[Row]:
        """Run a query."""
        found = self._server.execute(_as_postgres(query), values)
        return [{name: _as_sqlite(value) for name, value in row.items()} for row in found]

    def orders(self) -> dict[str, Row]:
        """The orders that are in the org, by their Ids, custom fields unpacked."""
        return unpacked(self.rows(ORDERS))

    def write(self, statement: str, *values: Any) -> None:
        """Write as another program does, in a transaction of its own."""
        self._server.execute(_as_postgres(statement), values)

    def close(self) -> None:
        """Close the connection."""
        self._server.close()


def _as_postgres(statement: str) -> bytes:
    plain = "BEGIN" if statement == "BEGIN IMMEDIATE" else statement
    return plain.replace("%", "%%").replace("?", "%s").encode()


def _as_sqlite(value: Any) -> Any:
    match value:
        case bool():
            return int(value)
        case Decimal():
            return int(value) if value == int(value) else float(value)
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
        case date():
            return value.isoformat()
        case dict() | list():
            return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        case _:
            return value
