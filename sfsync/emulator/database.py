"""The rows of an org: one SQLite table per object, read and written with Python values."""

import sqlite3
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from json import dumps
from threading import Lock

from sfsync.emulator.ddl import OWN, column, indexes, table
from sfsync.emulator.fields import NUMERIC, Field
from sfsync.emulator.rounding import round_half_up
from sfsync.emulator.schema import Schema, SObject

Value = str | int | bool | Decimal | None
Row = dict[str, Value]

_EMPTY: dict[str, sqlite3.Connection] = {}
"""Databases without rows, by what makes them: a copy costs a tenth of making one anew."""
_MAX_EMPTY = 8
_COPYING = Lock()


class OrgFileError(Exception):
    """A file that cannot keep an org: it is none of SQLite's, cannot be written, or another org uses it."""


class Database:
    """All records of an org, deleted ones in the recycle bin included.

    Numbers with decimals come back as `Decimal`, dates and datetimes as the ISO text they were stored with (datetimes
    in UTC, to the second, without offset). It knows nothing of rules: who writes must have checked. One connection,
    for use under the org's lock.
    """

    def __init__(self, schema: Schema, path: str = ":memory:") -> None:
        self._schema = schema
        self._depth = 0
        self._columns: dict[str, dict[str, Field]] = {}
        self._inserts: dict[tuple[str, tuple[str, ...]], str] = {}
        self._made: dict[str, SObject] = {}
        self.connection = _opened(path)
        if path == ":memory:":
            self._begin_empty()
            return
        for statement in OWN:
            self.connection.execute(statement)
        self.synchronise()

    def close(self) -> None:
        """Close the connection; an org in memory is gone then."""
        self.connection.close()

    def synchronise(self) -> None:
        """Make the tables and columns which the schema has and the database has not (after a schema change)."""
        self._inserts.clear()
        for sobject in self._schema.all_objects():
            if self._made.get(sobject.name) is sobject:  # a change of the schema puts another one in its place
                continue
            self._made[sobject.name] = sobject
            stored = {one.name: one for one in sobject.fields.values() if one.stored}
            self._columns[sobject.name] = stored
            present = {str(row[1]) for row in self.connection.execute(f'PRAGMA table_info("{sobject.name}")')}
            if not present:  # all columns at once: SQLite reads its whole schema again for each one added later
                self.connection.execute(table(sobject.name, stored))
                present = set(stored)
            for name, one in stored.items():
                if name not in present:
                    self.connection.execute(f'ALTER TABLE "{sobject.name}" ADD COLUMN {column(one)}')
            for index in indexes(sobject):
                self.connection.execute(index)

    def _begin_empty(self) -> None:
        statements = list(OWN)
        for sobject in self._schema.all_objects():
            stored = {one.name: one for one in sobject.fields.values() if one.stored}
            self._made[sobject.name], self._columns[sobject.name] = sobject, stored
            statements += [table(sobject.name, stored), *indexes(sobject)]
        script = ";\n".join(statements)
        with _COPYING:
            empty = _EMPTY.get(script)
            if empty is None:
                empty = _opened(":memory:")
                empty.executescript(script)
                if len(_EMPTY) == _MAX_EMPTY:
                    _EMPTY.pop(next(iter(_EMPTY))).close()
                _EMPTY[script] = empty
            empty.backup(self.connection)

    def drop_column(self, sobject: str, name: str) -> None:
        """Remove the values of a field which the schema has no more."""
        self.connection.execute(f'DROP INDEX IF EXISTS "{sobject}.{name}"')
        self.connection.execute(f'ALTER TABLE "{sobject}" DROP COLUMN "{name}"')

    def drop_table(self, sobject: str) -> None:
        """Remove the rows of an object which the schema has no more."""
        self.connection.execute(f'DROP TABLE IF EXISTS "{sobject}"')
        self._made.pop(sobject, None)
        self.connection.execute('DELETE FROM "_deleted" WHERE sobject = ?', [sobject])

    def insert_row(self, sobject: str, values: Mapping[str, Value]) -> None:
        """Store a new row. `values` has canonical field names and an Id of 18 characters; the rest is null or false."""
        key = (sobject, tuple(values))
        statement = self._inserts.get(key)
        if statement is None:
            self._check(sobject, values)
            statement = self._inserts[key] = _insert(sobject, key[1])
        self.connection.execute(statement, [_stored(value) for value in values.values()])

    def insert_rows(self, sobject: str, names: Sequence[str], rows: Iterable[Sequence[Value]]) -> None:
        """Store new rows of the same fields, `Id` among them; in less time than one after the other."""
        self._check(sobject, names)
        self.connection.executemany(_insert(sobject, names), ([_stored(value) for value in row] for row in rows))

    def update_row(self, sobject: str, record_id: str, values: Mapping[str, Value]) -> None:
        """Change fields of a row, deleted or not; the other fields stay.

        Raises:
            KeyError: if there is no such row.
        """
        if not values:
            return
        self._check(sobject, values)
        changes = ", ".join(f'"{name}" = ?' for name in values)
        stored = [_stored(value) for value in values.values()]
        done = self.connection.execute(f'UPDATE "{sobject}" SET {changes} WHERE "Id" = ?', [*stored, record_id])
        if done.rowcount == 0:
            raise KeyError(record_id)

    def get_row(self, sobject: str, record_id: str, *, include_deleted: bool = False) -> Row | None:
        """Return all stored fields of a row, or None."""
        found = self.find(sobject, {"Id": record_id}, include_deleted=include_deleted)
        return found[0] if found else None

    def get_rows(self, sobject: str, ids: Iterable[str], *, include_deleted: bool = False) -> dict[str, Row]:
        """Return the rows with these ids (of 18 characters), by id; missing ones are left out."""
        where = '"Id" IN (SELECT value FROM json_each(?))'
        rows = self._select(sobject, where, [dumps(list(ids))], include_deleted=include_deleted)
        return {str(row["Id"]): row for row in rows}

    def find(self, sobject: str, values: Mapping[str, Value], *, include_deleted: bool = False) -> list[Row]:
        """Return the rows having all these values, by Id; text is compared as the field compares it."""
        self._check(sobject, values)
        tests, parameters = [], []
        for name, value in values.items():
            stored = _stored(value)
            if stored is None:
                tests.append(f'"{name}" IS NULL')
                continue
            tests.append(f'"{name}" = ?')
            parameters.append(stored)
        return self._select(sobject, " AND ".join(tests) or "1", parameters, include_deleted=include_deleted)

    def totals(
        self, sobject: str, values: Mapping[str, str], fields: Sequence[str]
    ) -> tuple[int, *tuple[Decimal, ...]]:
        """Return how many living rows have these values, and the sum of each of the fields, at the field's scale."""
        self._check(sobject, [*values, *fields])
        sums = ", ".join(f'total("{name}")' for name in fields)
        tests = " AND ".join(f'"{name}" = ?' for name in values)
        sql = f'SELECT count(*), {sums} FROM "{sobject}" WHERE {tests}{self.living(sobject)}'
        count, *found = self.connection.execute(sql, list(values.values())).fetchone()
        scales = [self._columns[sobject][name].scale for name in fields]
        return count, *(round_half_up(Decimal(repr(one)), scale) for one, scale in zip(found, scales, strict=True))

    def delete_row(self, sobject: str, record_id: str, when: str, *, hard: bool = False) -> None:
        """Delete a row: into the recycle bin (the stamp moves), or for good. Both are logged for getDeleted.

        Raises:
            KeyError: if there is no such row.
        """
        if hard:
            done = self.connection.execute(f'DELETE FROM "{sobject}" WHERE "Id" = ?', [record_id])
            if done.rowcount == 0:
                raise KeyError(record_id)
        else:
            self.update_row(sobject, record_id, {"IsDeleted": True, "SystemModstamp": when})
        self.connection.execute('INSERT INTO "_deleted" VALUES (?, ?, ?, ?)', [sobject, record_id, when, int(hard)])

    def undelete_row(self, sobject: str, record_id: str, when: str) -> None:
        """Take a row out of the recycle bin and out of the log of deletions; the stamp moves."""
        self.update_row(sobject, record_id, {"IsDeleted": False, "SystemModstamp": when})
        self.connection.execute('DELETE FROM "_deleted" WHERE sobject = ? AND "Id" = ?', [sobject, record_id])

    def deleted_between(self, sobject: str, start: str, end: str) -> list[tuple[str, str]]:
        """Return (id, date of deletion) of what was deleted in [start, end), oldest first."""
        sql = (
            'SELECT "Id", "deletedDate" FROM "_deleted" WHERE sobject = ? AND "deletedDate" >= ? AND "deletedDate" < ?'
        )
        return list(self.connection.execute(f'{sql} ORDER BY "deletedDate", "Id"', [sobject, start, end]))

    def was_deleted(self, sobject: str, record_id: str) -> bool:
        """Say whether the record existed once and was deleted, for good or into the recycle bin."""
        sql = 'SELECT 1 FROM "_deleted" WHERE sobject = ? AND "Id" = ?'
        return self.connection.execute(sql, [sobject, record_id]).fetchone() is not None

    def updated_between(self, sobject: str, start: str, end: str) -> list[str]:
        """Return the ids of living rows whose SystemModstamp is in [start, end), by stamp."""
        stamp = '"SystemModstamp" >= ? AND "SystemModstamp" < ?'
        sql = f'SELECT "Id" FROM "{sobject}" WHERE {stamp}{self.living(sobject)} ORDER BY "SystemModstamp", "Id"'
        return [str(row[0]) for row in self.connection.execute(sql, [start, end])]

    def count(self, sobject: str) -> int:
        """Return how many living rows the object has."""
        sql = f'SELECT count(*) FROM "{sobject}" WHERE 1{self.living(sobject)}'
        return int(self.connection.execute(sql).fetchone()[0])

    def had_rows(self, sobject: str) -> bool:
        """Say whether the object has rows, or had some that were deleted."""
        sql = f'SELECT EXISTS (SELECT 1 FROM "{sobject}") OR EXISTS (SELECT 1 FROM "_deleted" WHERE sobject = ?)'
        return bool(self.connection.execute(sql, [sobject]).fetchone()[0])

    def living(self, sobject: str, alias: str = "") -> str:
        """Return the SQL that keeps deleted rows out, empty for objects without recycle bin."""
        prefix = f"{alias}." if alias else ""
        return f' AND {prefix}"IsDeleted" = 0' if "IsDeleted" in self._columns[sobject] else ""

    def keep(self, name: str, value: str) -> None:
        """Keep a text with the rows, under a name of its own."""
        self.connection.execute('INSERT OR REPLACE INTO "_kept" VALUES (?, ?)', [name, value])

    def kept(self, name: str) -> str | None:
        """Return the text kept under that name."""
        found = self.connection.execute('SELECT value FROM "_kept" WHERE name = ?', [name]).fetchone()
        return None if found is None else str(found[0])

    @contextmanager
    def savepoint(self) -> Generator[None]:
        """Undo all writes made inside if the block raises; may be nested. The outermost one commits."""
        self._depth += 1
        name = f"level{self._depth}"
        self.connection.execute(f"SAVEPOINT {name}")
        try:
            yield
        except BaseException:
            self.connection.execute(f"ROLLBACK TO {name}")
            raise
        finally:
            self.connection.execute(f"RELEASE {name}")
            self._depth -= 1

    def _select(self, sobject: str, where: str, parameters: Sequence[object], *, include_deleted: bool) -> list[Row]:
        columns = self._columns[sobject]
        names = ", ".join(f'"{name}"' for name in columns)
        living = "" if include_deleted else self.living(sobject)
        sql = f'SELECT {names} FROM "{sobject}" WHERE ({where}){living} ORDER BY "Id"'
        rows = []
        for found in self.connection.execute(sql, parameters):
            row: Row = dict(zip(columns, found, strict=True))
            for name, one in columns.items():
                value = row[name]
                if one.type == "boolean":
                    row[name] = bool(value)
                elif value is not None and one.type in NUMERIC:
                    row[name] = Decimal(repr(value))
            rows.append(row)
        return rows

    def _check(self, sobject: str, values: Iterable[str]) -> None:
        unknown = [name for name in values if name not in self._columns[sobject]]
        if unknown:
            raise KeyError(f"{sobject} stores no {', '.join(unknown)}")


def _opened(path: str) -> sqlite3.Connection:
    """Open a file for this org alone: two on one file would overwrite each other's rows."""
    try:
        connection = sqlite3.connect(
            path, timeout=0, check_same_thread=False, isolation_level=None, cached_statements=512
        )
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("BEGIN EXCLUSIVE")
        connection.execute("COMMIT")
    except sqlite3.Error as exc:
        raise OrgFileError(f"{path}: {exc}") from exc
    return connection


def _insert(sobject: str, names: Sequence[str]) -> str:
    columns = ", ".join(f'"{name}"' for name in names)
    return f'INSERT INTO "{sobject}" ({columns}) VALUES ({", ".join("?" * len(names))})'


def _stored(value: Value) -> str | int | float | None:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, bool):
        return int(value)
    return None if value == "" else value
