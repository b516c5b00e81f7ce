"""How format() writes values: as a user with the locale en_US sees them, amounts in US dollars."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sfsync.emulator.fields import Field
from sfsync.emulator.rounding import round_half_up
from sfsync.emulator.soql.moments import local_time

_NOON = 12


def formatter(known: Field, zone: str) -> Callable[[Any], str | None] | None:
    """Return how to write the stored values of a field; None if the field is of no type that is formatted.

    Numbers have the field's decimals, datetimes are in the time zone.
    """
    write: dict[str, Callable[[Any], str]] = {
        "int": lambda value: f"{value:,}",
        "double": lambda value: _number(value, known.scale),
        "percent": lambda value: f"{_number(value, known.scale)}%",
        "currency": lambda value: _amount(value, known.scale),
        "date": _date,
        "datetime": lambda value: _datetime(value, zone),
    }
    chosen = write.get(known.type)
    if chosen is None:
        return None
    return lambda value: None if value is None else chosen(value)


def _number(value: float, scale: int) -> str:
    return f"{round_half_up(Decimal(repr(value)), scale):,}"


def _amount(value: float, scale: int) -> str:
    sign = "-" if value < 0 else ""
    return f"{sign}${_number(abs(value), scale)}"


def _date(value: str) -> str:
    day = date.fromisoformat(value)
    return f"{day.month}/{day.day}/{day.year}"


def _datetime(value: str, zone: str) -> str:
    moment = datetime.fromisoformat(str(local_time(value, zone)))
    hour, half = (moment.hour - 1) % _NOON + 1, "PM" if moment.hour >= _NOON else "AM"
    return f"{_date(moment.date().isoformat())}, {hour}:{moment.minute:02} {half}"
