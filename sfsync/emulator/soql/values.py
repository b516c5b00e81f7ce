"""Turns literals into the values the database stores, or refuses those that do not fit the field."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal

from sfsync.emulator.errors import ApiError
from sfsync.emulator.ids import is_id, normalise
from sfsync.emulator.schema import ID_TYPES, NUMERIC, TEXT, Field
from sfsync.emulator.soql.dates import literal_range
from sfsync.emulator.soql.refusals import refusal
from sfsync.emulator.soql.syntax import Kind, Literal

Scalar = str | int | float | None

_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_PLAIN = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\"}
_TYPE_NAMES = {"datetime": "dateTime", "int": "int", "boolean": "boolean", "date": "date"}
_DATETIME = "%Y-%m-%dT%H:%M:%S"


@dataclass(frozen=True, slots=True)
class Span:
    """The values from `start` up to, not including, `end`: what a date literal stands for."""

    start: str
    end: str


def convert(text: str, field: Field, literal: Literal, now: datetime) -> Scalar | Span:
    """Return the stored form of a literal for this field; None is null.

    Datetimes are cut to the second: the platform compares no finer [facts: api 6.1].

    Raises:
        ApiError: INVALID_FIELD if the literal is of another type than the field; INVALID_QUERY_FILTER_OPERATOR for
            something that is no id.
    """
    if literal.is_null:
        return 0 if field.type == "boolean" else None
    if literal.kind is Kind.WORD and literal.text.lower() in {"true", "false"}:
        if field.type != "boolean":
            raise mismatch(text, field, literal)
        return int(literal.text.lower() == "true")
    if field.type in {"date", "datetime"}:
        return _moment(text, field, literal, now)
    if literal.kind is Kind.WORD:
        raise refusal(text, literal.pos, f"unexpected token: '{literal.text}'")
    if field.type in ID_TYPES and literal.kind is Kind.STRING:
        return _id(text, literal)
    if field.type in TEXT and literal.kind is Kind.STRING:
        return string(text, literal) or None
    if field.type in NUMERIC | {"int"} and literal.kind is Kind.NUMBER:
        return float(Decimal(literal.text))
    raise mismatch(text, field, literal)


def string(text: str, literal: Literal, *, pattern: bool = False) -> str:
    r"""Return what a quoted string says; with `pattern`, `\_` and `\%` are left for LIKE to read.

    Raises:
        ApiError: MALFORMED_QUERY for an escape that does not exist.
    """
    inner = literal.text[1:-1]
    if "\\" not in inner:
        return inner

    def unescape(found: re.Match[str]) -> str:
        escape = found[1]
        if len(escape) > 1:
            return chr(int(escape[1:], 16))
        if pattern and escape in "_%":
            return found[0]
        plain = _PLAIN.get(escape.lower())
        if plain is None:
            reason = f"Invalid string literal '{inner}'. Illegal character sequence '{found[0]}' in string literal."
            raise refusal(text, literal.pos, reason)
        return "\\\\" if pattern and plain == "\\" else plain

    return _ESCAPE.sub(unescape, inner)


def mismatch(text: str, field: Field, literal: Literal) -> ApiError:
    """Return the error of a literal that does not fit the type of the field [facts: api 8.2]."""
    if field.type in TEXT | ID_TYPES:
        wanted = "string and should be enclosed in quotes"
    else:
        wanted = f"{_TYPE_NAMES.get(field.type, 'double')} and should not be enclosed in quotes"
    reason = f"value of filter criterion for field '{field.name}' must be of type {wanted}"
    return refusal(text, literal.pos, reason, "INVALID_FIELD")


def _id(text: str, literal: Literal) -> str | None:
    value = string(text, literal)
    if not value:
        return None
    if not is_id(value):
        raise refusal(text, literal.pos, f"invalid ID field: {value}", "INVALID_QUERY_FILTER_OPERATOR")
    return normalise(value)


def _moment(text: str, field: Field, literal: Literal, now: datetime) -> str | Span:
    if literal.kind is Kind.WORD:
        days = literal_range(literal.text, now.astimezone(UTC).date())
        if days is None:
            raise refusal(text, literal.pos, f"unexpected token: '{literal.text}'")
        start, end = (_day(field, one) for one in days)
        return Span(start, end)
    wanted = Kind.DATE if field.type == "date" else Kind.DATETIME
    if literal.kind is not wanted:
        raise mismatch(text, field, literal)
    try:
        if wanted is Kind.DATE:
            return date.fromisoformat(literal.text).isoformat()
        return datetime.fromisoformat(literal.text.upper()).astimezone(UTC).strftime(_DATETIME)
    except (ValueError, OverflowError):
        raise refusal(text, literal.pos, f"Invalid {wanted.value}: {literal.text}") from None


def _day(field: Field, day: date) -> str:
    return day.isoformat() if field.type == "date" else datetime.combine(day, time()).strftime(_DATETIME)
