"""What a client sent for a field, turned into what the database keeps, or Salesforce's refusal of it."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from sfsync.emulator.errors import ApiError
from sfsync.emulator.ids import is_id, normalise
from sfsync.emulator.rounding import round_half_up

if TYPE_CHECKING:
    from sfsync.emulator.fields import Field

Value = str | int | bool | Decimal | None

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_DATETIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?", re.ASCII)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_INT_LIMIT, _INT_DIGITS = 2_147_483_647, 10
FIRST_YEAR, LAST_YEAR = 1700, 4000  # [facts: api 9.2]
_SHOWN = 255


def coerce(field: Field, value: Any, *, round_decimals: bool = True) -> Value:
    """Return the stored form of a value: trimmed text, ids of 18 characters, Decimal at the field's scale, UTC times.

    Raises:
        ApiError: in the platform's words if the value does not fit the field [facts: api 5.4].
    """
    if value is None or value == "":
        if field.type == "boolean":
            raise _wrong_type(field, "null")
        return None
    match field.type:
        case "boolean":
            return _boolean(field, value)
        case "int":
            return _integer(field, value)
        case "double" | "currency" | "percent":
            return _decimal(field, value, round_decimals=round_decimals)
        case "date":
            return _date(field, value)
        case "datetime":
            return _datetime(field, value)
        case "reference" | "id":
            return _reference(field, value)
        case _:
            return _text(field, value)


def _text(field: Field, value: Any) -> str | None:
    if isinstance(value, dict | list):
        raise _not_readable("string", value)
    text = ("true" if value else "false") if isinstance(value, bool) else str(value).strip()
    if not text:
        return None
    if field.length and len(text) > field.length:
        message = f"{field.label}: data value too large: {text[:_SHOWN]} (max length={field.length})"
        raise ApiError(400, "STRING_TOO_LONG", message, [field.name])
    if field.type == "email" and not _EMAIL.fullmatch(text):
        message = f"{field.label}: invalid email address: {text}"
        raise ApiError(400, "INVALID_EMAIL_ADDRESS", message, [field.name])
    if field.restricted and not any(one.value == text for one in field.picklist):
        message = f"{field.label}: bad value for restricted picklist field: {text}"
        raise ApiError(400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, [field.name])
    return text


def _boolean(field: Field, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    if isinstance(value, str):
        raise _not_readable("boolean", value)
    raise _wrong_type(field, value)


def _integer(field: Field, value: Any) -> int:
    number = _number("int", value)
    if number.adjusted() > _INT_DIGITS or abs(number) > _INT_LIMIT:
        raise out_of_range(field.label, number, field.name)
    if number != number.to_integral_value():
        raise _not_readable("int", value)
    return int(number)


def _decimal(field: Field, value: Any, *, round_decimals: bool) -> Decimal:
    number = _number("double", value)
    if field.precision and number and number.adjusted() >= field.precision - field.scale:
        raise out_of_range(field.label, number, field.name)
    rounded = round_half_up(number, field.scale)
    if rounded != number and not round_decimals:
        raise out_of_range(field.label, number, field.name)
    return rounded


def _number(kind: str, value: Any) -> Decimal:
    if isinstance(value, Decimal):
        return value or Decimal(0)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise _not_readable(kind, value)
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        raise _not_readable(kind, value) from None
    if not number.is_finite():
        raise _not_readable(kind, value)
    return number or Decimal(0)  # whatever its exponent


def _date(field: Field, value: Any) -> str:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    text = str(value)
    if not isinstance(value, str) or not _DATE.fullmatch(text):
        raise _not_readable("date", value)  # a datetime is rejected outright [facts: orders 4.1]
    try:
        parsed = date.fromisoformat(text)
    except ValueError:
        raise _not_readable("date", value) from None
    if not FIRST_YEAR <= parsed.year <= LAST_YEAR:
        message = f"{field.label}: invalid date: {text}"
        raise ApiError(400, "INVALID_TYPE_ON_FIELD_IN_RECORD", message, [field.name])
    return text


def parse_datetime(text: str) -> datetime | None:
    """Read an ISO 8601 datetime with Z, +hh:mm or +hhmm, with or without fractions; None if it is none."""
    if not _DATETIME.fullmatch(text):
        return None
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        return None
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


def _datetime(field: Field, value: Any) -> str:
    moment = value if isinstance(value, datetime) else parse_datetime(value) if isinstance(value, str) else None
    if moment is None:
        raise _not_readable("datetime", value)
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise _wrong_type(field, value)
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _reference(field: Field, value: Any) -> str:
    text = str(value)
    if not isinstance(value, str) or not is_id(text):
        raise wrong_id(field, text)
    return normalise(text)


def wrong_id(field: Field, text: str) -> ApiError:
    """The refusal of an id that is none, or one of another object [facts: api 5.4]."""
    return ApiError(400, "MALFORMED_ID", f"{field.label}: id value of incorrect type: {text}", [field.name])


def out_of_range(label: str, number: Decimal, *fields: str) -> ApiError:
    """The refusal of a number with too many digits, sent or computed [facts: api 5.4]."""
    message = f"{label}: value outside of valid range on numeric field: {str(number).replace('E+', 'E')}"
    return ApiError(400, "NUMBER_OUTSIDE_VALID_RANGE", message, fields)


def _wrong_type(field: Field, value: Any) -> ApiError:
    message = f"{field.label}: value not of required type: {value}"
    return ApiError(400, "INVALID_TYPE_ON_FIELD_IN_RECORD", message, [field.name])


def _not_readable(kind: str, value: Any) -> ApiError:
    match value:
        case bool():
            seen = "VALUE_TRUE value true" if value else "VALUE_FALSE value false"
        case int():
            seen = f"VALUE_NUMBER_INT value {value}"
        case float() | Decimal():
            seen = f"VALUE_NUMBER_FLOAT value {value}"
        case dict():
            seen = "START_OBJECT value {"
        case list():
            seen = "START_ARRAY value ["
        case _:
            seen = f"VALUE_STRING value {value}"
    return ApiError(
        400,
        "JSON_PARSER_ERROR",
        f"Cannot deserialize instance of {kind} from {seen} "
        "or request may be missing a required field at [line:1, column:2]",
    )
