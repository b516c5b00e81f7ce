"""A backup of the database in a file of its own form: what one kind of database wrote, the other can take.

The form is gzipped JSON lines: a head (what wrote it, and when), one line `[table, [values]]` for each row, and a
tail with the number of rows and a digest of all before it. A file without its tail is no backup.
"""

from __future__ import annotations

import errno
import gzip
import json
import os
import zlib
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from sqlalchemy import Date, func, insert, select, text

from sfsync.errors import DatabaseRefused, DatabaseUnavailable, UsageError
from sfsync.store import migrations
from sfsync.store.tables import metadata
from sfsync.store.types import Exact, UtcDateTime

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Column, Table

    from sfsync.store.engine import Database, Tx

FORMAT = "sfsync backup 1"
_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup holds."""

    schema: str
    made_at: datetime
    database: str
    """From which it was made, without password."""
    orgs: tuple[str, ...]
    rows: dict[str, int]
    """How many, by table."""


def back_up(db: Database, file: Path, now: datetime) -> Backup:
    """Write everything that the database holds at this moment; a daemon may go on working meanwhile.

    The file is written beside its place and moved there when it is whole.

    Raises:
        UsageError: if the file is there already, or cannot be written there.
        DatabaseUnavailable: if the disk of the file is full, or the database is gone.
    """
    if file.exists():
        raise UsageError(f"{file} is there already.", remedy="Name another file, or move that one away.")
    unfinished = file.with_name(f"{file.name}.part")
    try:
        with _created(unfinished) as raw, db.read() as tx:
            backup = _dump(tx, db, raw, now)
            raw.flush()
            os.fsync(raw.fileno())
        unfinished.rename(file)
    except OSError as exc:
        with suppress(OSError):
            unfinished.unlink()
        raise _cannot_write(file, exc) from exc
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    return backup


def examine(file: Path) -> Backup:
    """Read a backup from beginning to end, and say what it holds.

    Raises:
        UsageError: if it cannot be read, is no backup, is damaged or not whole.
    """
    for _ in (reader := _Reader(file)).rows():
        pass
    return reader.backup


def restore(db: Database, file: Path, *, replace: bool) -> Backup:
    """Fill the database with what a backup holds, all of it or nothing. The caller holds all leases.

    Raises:
        UsageError: if the file is no whole backup; or the database holds rows, without `replace`.
        DatabaseRefused: if the backup is of another schema.
        DatabaseUnavailable: if the database is full or gone.
    """
    _of_our_schema(examine(file))
    reader = _Reader(file)
    with db.begin() as tx:
        if any(tx.scalar(select(1).select_from(table).limit(1)) for table in metadata.sorted_tables):
            if not replace:
                raise UsageError(
                    f"The database {db.shown_url} is not empty.",
                    remedy="Name an empty one in SFSYNC_DATABASE_URL, or lose what it holds with --replace.",
                )
            for table in reversed(metadata.sorted_tables):
                tx.execute(table.delete())
        _load(tx, reader)
        _go_on_counting(tx)
    return reader.backup


def orgs_in(tx: Tx) -> set[str]:
    """Return the orgs that have rows of runs: those that somebody may be working on."""
    runs = metadata.tables["runs"]
    return set(tx.scalars(select(runs.c.org).distinct()))


def _created(path: Path) -> Any:
    # It holds customers' data: for this user's eyes only.
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


def _dump(tx: Tx, db: Database, raw: Any, now: datetime) -> Backup:
    digest, rows = blake2b(digest_size=16), Counter[str]()
    backup = Backup(migrations.HEAD, now, db.shown_url, tuple(sorted(orgs_in(tx))), {})
    with gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=6, mtime=0) as packed:

        def put(line: Any) -> None:
            data = (json.dumps(line, ensure_ascii=False, separators=(",", ":"), default=_plain) + "\n").encode()
            digest.update(data)
            packed.write(data)

        head = {"schema": backup.schema, "made_at": now, "database": backup.database, "orgs": backup.orgs}
        columns = {table.name: [column.name for column in table.columns] for table in metadata.sorted_tables}
        put({"format": FORMAT, **head, "columns": columns})
        for table in metadata.sorted_tables:
            query = select(table).order_by(*table.primary_key.columns)
            for row in tx.execute(query, execution_options={"yield_per": _AT_ONCE}):
                put([table.name, list(row)])
                rows[table.name] += 1
        put({"rows": rows, "digest": digest.hexdigest()})
    backup.rows.update(rows)
    return backup


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date):  # a datetime is one, too
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot be backed up")


class _Reader:
    """Reads a backup line by line, and insists on its tail."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.backup: Backup
        self.columns: dict[str, list[str]] = {}

    def rows(self) -> Iterator[tuple[str, list[Any]]]:
        """Yield (table, values) of each row.

        Raises:
            UsageError: when the file turns out to be no backup, damaged or cut off.
        """
        try:
            yield from self._rows()
        except OSError as exc:
            raise self._refused(exc.strerror or "it is no gzip file") from exc
        except (EOFError, ValueError, KeyError, TypeError, zlib.error) as exc:
            raise self._refused("it is damaged, or was not written to its end") from exc

    def _rows(self) -> Iterator[tuple[str, list[Any]]]:
        digest, counted = blake2b(digest_size=16), Counter[str]()
        with gzip.open(self._file, "rb") as lines:
            first = next(lines, b"")
            head = json.loads(first)
            if not isinstance(head, dict) or head.get("format") != FORMAT:
                raise self._refused("it is no backup of sfsync, or one of a newer form")
            digest.update(first)
            self.columns = head["columns"]
            rows: dict[str, int] = {}
            made_at = datetime.fromisoformat(head["made_at"])
            self.backup = Backup(head["schema"], made_at, head["database"], tuple(head["orgs"]), rows)
            for data in lines:
                line = json.loads(data)
                if isinstance(line, dict):
                    if line["digest"] != digest.hexdigest() or line["rows"] != counted or next(lines, None) is not None:
                        raise ValueError
                    rows.update(counted)
                    return
                digest.update(data)
                counted[line[0]] += 1
                yield line[0], line[1]
        raise EOFError

    def _refused(self, why: str) -> UsageError:
        return UsageError(f"{self._file} cannot be restored: {why}.", remedy="Take another backup.")


def _of_our_schema(backup: Backup) -> None:
    if backup.schema != migrations.HEAD:
        raise DatabaseRefused(
            f"The backup is of schema {backup.schema}; this sfsync has {migrations.HEAD}.",
            remedy="Restore it with the version of sfsync that wrote it, then bring it up with: sfsync db upgrade",
        )


def _load(tx: Tx, reader: _Reader) -> None:
    waiting: list[dict[str, Any]] = []
    current: Table | None = None
    readers: list[tuple[str, Any]] = []
    for name, values in reader.rows():
        if current is None or current.name != name or len(waiting) >= _AT_ONCE:
            _insert(tx, current, waiting)
            waiting = []
            current = metadata.tables[name]
            readers = [(column, _reading(current.c[column])) for column in reader.columns[name]]
        waiting.append(
            {
                name_: None if value is None else read(value)
                for (name_, read), value in zip(readers, values, strict=True)
            }
        )
    _insert(tx, current, waiting)


def _insert(tx: Tx, table: Table | None, rows: list[dict[str, Any]]) -> None:
    if table is not None and rows:
        tx.execute(insert(table), rows)


def _reading(column: Column[Any]) -> Any:
    if isinstance(column.type, UtcDateTime):
        return datetime.fromisoformat
    if isinstance(column.type, Date):
        return date.fromisoformat
    return Decimal if isinstance(column.type, Exact) else _as_it_is


def _as_it_is(value: Any) -> Any:
    return value


def _go_on_counting(tx: Tx) -> None:
    """PostgreSQL counts ids beside the tables: go on behind the highest."""
    if tx.dialect.name != "postgresql":
        return
    for table in metadata.sorted_tables:
        if "id" in table.c and table.c.id.autoincrement is True:
            highest = tx.scalar(select(func.max(table.c.id)))
            if highest is not None:
                values = {"table": table.name, "highest": highest}
                tx.execute(text("SELECT setval(pg_get_serial_sequence(:table, 'id'), :highest)"), values)


def _cannot_write(file: Path, exc: OSError) -> UsageError | DatabaseUnavailable:
    message = f"The backup {file} cannot be written ({exc.strerror})."
    if exc.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return DatabaseUnavailable(message, remedy="Free some space, or name a file on another disk. Nothing was left.")
    return UsageError(message, remedy="Name a file in a folder that this user may write.")
