"""Values as the org writes them in JSON, made ours and back; strict, because a wrong guess would be stored."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, TypeVar

import simplejson

T = TypeVar("T")

_CENT = Decimal("0.01")
_DATE_LENGTH = len("2026-01-31")


def dumps(body: Any) -> bytes:
    """Write JSON as UTF-8; Decimals are written digit by digit, never by way of a double.

    Raises:
        TypeError: if a value has no JSON form; dates must be formatted before.
    """
    return simplejson.dumps(body, use_decimal=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def text(value: object, field: str) -> str | None:
    """Read a string, an id or a picklist value. A wrong type is a ValueError that names the field, never the value."""
    if value is None or isinstance(value, str):
        return value
    raise _wrong(value, field, "a text")


def boolean(value: object, field: str) -> bool:
    """Read a checkbox; the org has no null in checkboxes."""
    if isinstance(value, bool):
        return value
    raise _wrong(value, field, "true or false")


def integer(value: object, field: str) -> int | None:
    """Read a whole number."""
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise _wrong(value, field, "a whole number")


def decimal(value: object, field: str) -> Decimal | None:
    """Read a number as Decimal with two decimals, half-up, as the platform rounds to a field's scale.

    Raises:
        ValueError: for a float too: it means that the answer was parsed in the wrong way.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise _wrong(value, field, "a number")
    try:
        return Decimal(value).quantize(_CENT, ROUND_HALF_UP)
    except InvalidOperation:
        raise ValueError(f"{field} holds a number out of all range") from None


def parse_datetime(value: object, field: str = "datetime") -> datetime | None:
    """Read `2026-01-01T00:00:00.000+0000`, or any other ISO form with a zone, as UTC.

    Raises:
        ValueError: naming the field, if it is no time or has no zone.
    """
    if value is None:
        return None
    if not isinstance(value, str):
        raise _wrong(value, field, "a time")
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError(f"{field} holds a text that is no time") from None
    if parsed.tzinfo is None:
        raise ValueError(f"{field} holds a time without a zone")
    return parsed if parsed.tzinfo is UTC else parsed.astimezone(UTC)


def parse_date(value: object, field: str = "date") -> date | None:
    """Read `2026-01-31`.

    Raises:
        ValueError: naming the field, if it is anything else.
    """
    if value is None:
        return None
    if not isinstance(value, str):
        raise _wrong(value, field, "a date")
    try:
        if len(value) == _DATE_LENGTH:
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise ValueError(f"{field} holds a text that is no date")


def required(value: T | None, field: str) -> T:
    """Pass a value that the platform never leaves empty.

    Raises:
        ValueError: if it is null, as it would be if the field were hidden.
    """
    if value is None:
        raise ValueError(f"{field} is empty, which the platform does not allow")
    return value


def format_datetime(value: datetime) -> str:
    """Write a SOQL datetime literal in UTC, down to the second: SOQL ignores milliseconds (forum 234824).

    Raises:
        ValueError: if the time has no zone.
    """
    if value.tzinfo is None:
        raise ValueError("a time without a zone cannot be sent")
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _wrong(value: object, field: str, wanted: str) -> ValueError:
    return ValueError(f"{field} should be {wanted} but is of type {type(value).__name__}")
