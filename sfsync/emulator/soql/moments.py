"""What a query knows only when it runs: the moment, the user, and so the days its date literals stand for."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sfsync.emulator.database import Database
from sfsync.emulator.schema import Schema
from sfsync.emulator.soql.dates import literal_range
from sfsync.emulator.soql.refusals import refusal

Scalar = str | int | float | None

_STORED = "%Y-%m-%dT%H:%M:%S"


class Calendar(NamedTuple):
    """The user's time zone, the month the org's fiscal year starts in, and the user's currency if there are several."""

    zone: str = "UTC"
    fiscal_month: int = 1
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Edge:
    """The first moment of the days a date literal stands for, or the first moment after them (`end`)."""

    text: str
    pos: int
    word: str
    field_type: str
    end: bool


@dataclass(frozen=True, slots=True)
class RunningUser:
    """The id of the user who runs the query."""


Parameter = Scalar | Edge | RunningUser


@dataclass(frozen=True, slots=True)
class Moment:
    """When, by whom and where a query runs."""

    now: datetime
    user: str | None
    calendar: Calendar

    def bind(self, parameters: Iterable[Parameter]) -> list[Scalar]:
        """Return the values of the parameters of a compiled query.

        Raises:
            ApiError: MALFORMED_QUERY if a date literal leaves the calendar.
        """
        return [one if one is None or isinstance(one, str | int | float) else self._value(one) for one in parameters]

    def _value(self, one: Edge | RunningUser) -> str | None:
        if isinstance(one, RunningUser):
            return self.user
        zone = _zone(self.calendar.zone)
        days = literal_range(one.word, self.now.astimezone(zone).date(), self.calendar.fiscal_month)
        if days is None:
            raise refusal(one.text, one.pos, f"unexpected token: '{one.word}'")
        day = days[1] if one.end else days[0]
        return day.isoformat() if one.field_type == "date" else _midnight(day, zone)


def calendar_of(schema: Schema, db: Database, user: str | None) -> Calendar:
    """Return the calendar by which a user's queries are read: the user's time zone, else the org's, else UTC."""
    several = schema.get("CurrencyType") is not None
    columns = '"TimeZoneSidKey"' + (', "DefaultCurrencyIsoCode"' if several else "")
    zone, month, currency = None, 1, None
    if schema.get("Organization"):
        found = db.connection.execute(f'SELECT "FiscalYearStartMonth", {columns} FROM "Organization"').fetchone()
        month, zone, *more = found or (1, None)
        currency = more[0] if more else None
    if user is not None and schema.get("User"):
        found = db.connection.execute(f'SELECT {columns} FROM "User" WHERE "Id" = ?', [user]).fetchone()
        own, *more = found or (None,)
        zone = own or zone
        currency = (more and more[0]) or currency
    return Calendar(zone or "UTC", month or 1, currency)


@lru_cache(maxsize=8192)
def local_time(stamp: str | None, zone: str) -> str | None:
    """Return a stored datetime (UTC) in the time of a zone, in the same form."""
    if stamp is None:
        return None
    return datetime.fromisoformat(stamp).replace(tzinfo=UTC).astimezone(_zone(zone)).strftime(_STORED)


def _midnight(day: date, zone: ZoneInfo) -> str:
    return datetime.combine(day, time(), zone).astimezone(UTC).strftime(_STORED)


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError):  # no zone of this machine's, or no name of a zone at all
        return ZoneInfo("UTC")
