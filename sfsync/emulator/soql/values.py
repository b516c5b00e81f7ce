"""Turns literals into the values the database stores, or refuses those that do not fit the field."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sfsync.emulator.errors import ApiError
from sfsync.emulator.fields import ID_TYPES, NUMERIC, TEXT, Field
from sfsync.emulator.ids import is_id, normalise
from sfsync.emulator.soql.dates import is_literal
from sfsync.emulator.soql.moments import Edge, Scalar
from sfsync.emulator.soql.names import Column
from sfsync.emulator.soql.refusals import malformed, refusal
from sfsync.emulator.soql.syntax import Kind, Literal

MAX_STRING = 4_000
WORDS = TEXT | {"multipicklist", "combobox", "encryptedstring"}

_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_PLAIN = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\"}
_TYPE_NAMES = {"datetime": "dateTime", "int": "int", "boolean": "boolean", "date": "date"}
_DATETIME = "%Y-%m-%dT%H:%M:%S"


@dataclass(frozen=True, slots=True)
class Span:
    """The values from `start` up to, not including, `end`: what a date literal stands for."""

    start: Edge
    end: Edge


def convert(text: str, column: Column, literal: Literal) -> Scalar | Span:
    """Return the stored form of a literal for this field; None is null.

    Datetimes are cut to the second: the platform compares no finer [facts: api 6.1].

    Raises:
        ApiError: INVALID_FIELD if the literal is of another type than the field; INVALID_QUERY_FILTER_OPERATOR for
            something that is no id.
    """
    field = column.field
    if literal.is_null:
        return 0 if field.type == "boolean" else None
    if literal.kind is Kind.WORD and literal.text.lower() in {"true", "false"}:
        if field.type != "boolean":
            raise mismatch(text, field, literal)
        return int(literal.text.lower() == "true")
    if field.type in {"date", "datetime"}:
        return _moment(text, column, literal)
    if literal.kind is Kind.CURRENCY and field.type == "currency":
        reason = "Currency literals are only supported in organizations with multiple currencies"
        raise refusal(text, literal.pos, reason)
    if literal.kind is Kind.WORD:
        raise refusal(text, literal.pos, f"unexpected token: '{literal.text}'")
    if field.type in ID_TYPES and literal.kind is Kind.STRING:
        return _id(text, literal)
    if field.type in WORDS and literal.kind is Kind.STRING:
        return string(text, literal) or None
    if field.type in NUMERIC | {"int"} and literal.kind is Kind.NUMBER:
        return float(literal.text)
    raise mismatch(text, field, literal)


def string(text: str, literal: Literal, *, pattern: bool = False) -> str:
    r"""Return what a quoted string says; with `pattern`, `\_` and `\%` are left for LIKE to read.

    Raises:
        ApiError: MALFORMED_QUERY for an escape that does not exist.
    """
    inner = literal.text[1:-1]
    if len(inner) > MAX_STRING:
        raise malformed(f"String literals in a WHERE clause can not be longer than {MAX_STRING} characters.")
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

    said = _ESCAPE.sub(unescape, inner)
    return said if said.isascii() else said.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def mismatch(text: str, field: Field, literal: Literal) -> ApiError:
    """Return the error of a literal that does not fit the type of the field [facts: api 8.2]."""
    if field.type in WORDS | ID_TYPES:
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


def _moment(text: str, column: Column, literal: Literal) -> str | Span:
    field = column.field
    if literal.kind is Kind.WORD:
        # What a date function returns is never compared with a date literal.
        if column.computed or not is_literal(literal.text):
            raise refusal(text, literal.pos, f"unexpected token: '{literal.text}'")
        start, end = (Edge(text, literal.pos, literal.text, field.type, end) for end in (False, True))
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
