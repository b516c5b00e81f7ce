"""Values of order fields as people type them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from sfsync.domain.fields import Kind, Value, is_custom
from sfsync.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_TRUE, _FALSE = ("true", "yes", "1"), ("false", "no", "0")


def named(given: Sequence[str]) -> dict[str, str]:
    """Read NAME=VALUE.

    Raises:
        UsageError: if one is not of that form.
    """
    found: dict[str, str] = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals or not is_custom(name.strip()):
            raise UsageError(f"“{one}” is not of the form Name__c=value.", remedy="Give the custom field's API name.")
        found[name.strip()] = value
    return found


def field_values(given: Mapping[str, str | None], custom: Sequence[str], schema: str | None) -> dict[str, Value]:
    """Read what was typed for fields, each by its kind; those that were not given (None) are left out.

    Args:
        given: What was typed, by the name in the mirror or the API name of a custom field.
        custom: The custom fields that the settings name.
        schema: The org's schema as it was last kept; empty before the first sync.

    Raises:
        UsageError: if nothing is given, a field may not be written, or a value does not fit.
    """
    typed = {name: value for name, value in given.items() if value is not None}
    if not typed:
        raise UsageError("No field is given.", remedy="Name what is to change: `sfsync orders set --help`.")
    values: dict[str, Value] = {}
    for name, value in typed.items():
        if is_custom(name) and name not in custom:
            raise UsageError(
                f"The field {name} is not to be written from here.",
                remedy="List it in the setting orders.writable_fields.",
            )
        values[name] = _value(name, value, _kind(name, schema))
    return values


def _kind(name: str, schema: str | None) -> Kind:
    if not is_custom(name):
        return Kind.DATE if name == "end_date" else Kind.TEXT
    # Here, not on top: commands that only look into the mirror need nothing of the org's side.
    from sfsync.salesforce.order_fields import kind_of  # noqa: PLC0415
    from sfsync.salesforce.schema import schema_from_text  # noqa: PLC0415

    try:
        kind = kind_of(schema_from_text(schema), name) if schema else None
    except (KeyError, TypeError):
        kind = None  # by another version of sfsync
    if kind is None:
        raise UsageError(
            f"What the field Order.{name} takes is not known: it was not read yet, does not exist, or is hidden.",
            remedy="Run `sfsync pull`, then `sfsync doctor`.",
        )
    return kind


def _value(name: str, typed: str, kind: Kind) -> Value:
    if typed == "":
        return None
    try:
        return _read(typed, kind)
    except (ValueError, InvalidOperation):
        remedy = {Kind.DATE: "Write it as 2026-12-31.", Kind.BOOLEAN: "Write true or false."}.get(kind)
        raise UsageError(f"“{typed}” is no {kind} for {name}.", remedy=remedy) from None


def _read(typed: str, kind: Kind) -> Value:
    match kind:
        case Kind.DATE:
            return date.fromisoformat(typed.strip())
        case Kind.BOOLEAN:
            word = typed.strip().lower()
            if word not in (*_TRUE, *_FALSE):
                raise ValueError(typed)
            return word in _TRUE
        case Kind.NUMBER:
            number = Decimal(typed.strip())
            if not number.is_finite():
                raise ValueError(typed)
            return int(number) if number == number.to_integral_value() else float(number)
        case _:
            return typed
