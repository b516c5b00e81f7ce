"""What becomes of deleted rows and of the log of deletions as time goes by [facts: api 3.8, 6.4]."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sfsync.emulator.clock import from_stored, stored

if TYPE_CHECKING:
    from sfsync.emulator.database import Database
    from sfsync.emulator.schema import Schema
    from sfsync.emulator.settings import Settings

_PERIOD = timedelta(hours=2)  # the platform's own job runs every two hours, and spares what is younger than that
_MINUTE = timedelta(minutes=1)
_LOG_START = "delete log start"


class RecycleBin:
    """The rows of an org that are deleted and still there, and how far back deletions are known.

    Rows lie in the tables with IsDeleted; the moment of deletion is their SystemModstamp, which nothing moves then.
    """

    def __init__(self, db: Database, schema: Schema, settings: Settings) -> None:
        self._db = db
        self._schema = schema
        self._settings = settings
        self._due: datetime | None = None

    def tend(self, now: datetime) -> None:
        """Purge what is due; costs nothing while nothing can be."""
        if self._due is None or now >= self._due:
            self.purge(now)

    def purge(self, now: datetime) -> int:
        """Remove for good what has been in the bin for its time, or is too much; return the number of rows.

        The log of deletions forgets what is too old, and when it is too long, all but the last two hours.
        """
        days = timedelta(days=self._settings.recycle_bin_days)
        purged = self._remove(stored(now - days)) + self._make_room(now)
        known = timedelta(days=self._settings.delete_log_days)
        self._db.connection.execute('DELETE FROM "_deleted" WHERE "deletedDate" < ?', [_minute(now - known)])
        if self._count('SELECT count(*) FROM "_deleted"') > self._settings.delete_log_capacity:
            self.purge_log(now - _PERIOD)
        oldest = self._oldest()
        self._due = min(now + _PERIOD, now + _PERIOD if oldest is None else from_stored(oldest) + days)
        return purged

    def empty(self) -> int:
        """Remove all rows in the bin for good and return their number; the log of deletions stays."""
        return self._remove("9")

    def purge_log(self, before: datetime) -> None:
        """Forget the deletions before a moment, rounded up to the minute: getDeleted reaches no further back then."""
        text = stored(before if before == before.replace(second=0, microsecond=0) else _up(before))
        self._db.connection.execute('DELETE FROM "_deleted" WHERE "deletedDate" < ?', [text])
        self._db.keep(_LOG_START, max(text, self._db.kept(_LOG_START) or ""))

    def log_start(self, now: datetime) -> datetime:
        """From when on deletions are known: a full minute."""
        start = from_stored(_minute(now - timedelta(days=self._settings.delete_log_days)))
        cut = self._db.kept(_LOG_START)
        return start if cut is None else max(start, from_stored(cut))

    def _tables(self) -> list[str]:
        return [one.name for one in self._schema.all_objects() if {"IsDeleted", "SystemModstamp"} <= one.fields.keys()]

    def _remove(self, until: str) -> int:
        """Remove what was deleted at that stamp or before."""
        execute = self._db.connection.execute
        where = '"IsDeleted" = 1 AND "SystemModstamp" <= ?'
        return sum(execute(f'DELETE FROM "{table}" WHERE {where}', [until]).rowcount for table in self._tables())

    def _make_room(self, now: datetime) -> int:
        """Remove the oldest rows above the bin's capacity, unless they are younger than two hours."""
        tables = self._tables()
        rows = sum(self._count(f'SELECT count(*) FROM "{table}" WHERE "IsDeleted" = 1') for table in tables)
        excess = rows - self._settings.recycle_bin_capacity
        if excess <= 0:
            return 0
        each = " UNION ALL ".join(
            f'SELECT \'{table}\', "Id", "SystemModstamp" AS at FROM "{table}" WHERE "IsDeleted" = 1' for table in tables
        )
        sql = f'SELECT * FROM ({each}) WHERE at <= ? ORDER BY at, "Id" LIMIT ?'
        oldest = self._db.connection.execute(sql, [stored(now - _PERIOD), excess]).fetchall()
        for table, record_id, _ in oldest:
            self._db.connection.execute(f'DELETE FROM "{table}" WHERE "Id" = ?', [record_id])
        return len(oldest)

    def _oldest(self) -> str | None:
        stamps = (
            self._db.connection.execute(f'SELECT min("SystemModstamp") FROM "{table}" WHERE "IsDeleted" = 1').fetchone()
            for table in self._tables()
        )
        return min((str(found[0]) for found in stamps if found[0] is not None), default=None)

    def _count(self, sql: str) -> int:
        return int(self._db.connection.execute(sql).fetchone()[0])


def _minute(moment: datetime) -> str:
    return stored(moment.replace(second=0, microsecond=0))


def _up(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0) + _MINUTE
