"""The fields of Order that may be written from here: which there are for our user, and their values in JSON."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sfsync.domain.fields import STANDARD, Kind, plain
from sfsync.salesforce import wire

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sfsync.domain.fields import Value
    from sfsync.salesforce.schema import OrgSchema

    Readers = Mapping[str, tuple[str, Callable[[object, str], Value]]]

# Field types of describe (object reference, Field Types) whose values are texts, numbers and so on in JSON.
_KINDS = {
    **dict.fromkeys(("string", "textarea", "picklist", "email", "phone", "url"), Kind.TEXT),
    **dict.fromkeys(("double", "currency", "percent", "int"), Kind.NUMBER),
    "boolean": Kind.BOOLEAN,
    "date": Kind.DATE,
}


def names(schema: OrgSchema) -> dict[str, str]:
    """All fields that may be written besides the status: our name → the org's."""
    return {**STANDARD, **{name: name for name in schema.names.writable}}


def kind_of(schema: OrgSchema, api_name: str) -> Kind | None:
    """What sort of values a field of Order takes; None for one that our user cannot read, or of another type."""
    info = schema.info("Order", api_name)
    return _KINDS.get(info.type) if info else None


def writable(schema: OrgSchema) -> dict[str, Kind]:
    """Those fields that our user may write in this org, by our names."""
    found: dict[str, Kind] = {}
    for name, api_name in names(schema).items():
        info, kind = schema.info("Order", api_name), kind_of(schema, api_name)
        if info is not None and info.updateable and kind is not None:
            found[name] = kind
    return found


def readers(schema: OrgSchema) -> Readers:
    """How to read those fields that our user can see: our name → the org's name, and what reads its values."""
    kinds = {name: kind_of(schema, api_name) for name, api_name in names(schema).items()}
    return {name: (names(schema)[name], _READ[kind]) for name, kind in kinds.items() if kind is not None}


def read(row: Mapping[str, Any], found: Readers) -> dict[str, Value]:
    """Read the values of a row, of those fields that it has: one that was not asked for is not empty.

    Raises:
        ValueError: naming the field that holds something else than it should.
    """
    return {
        name: parse(row[api_name], f"Order.{api_name}") for name, (api_name, parse) in found.items() if api_name in row
    }


def body(values: Mapping[str, Value], api_names: Mapping[str, str]) -> dict[str, Any]:
    """Write values as a record's fields."""
    return {api_names[name]: plain(value) for name, value in values.items()}


def cursor(schema: OrgSchema) -> str:
    """Under which name the position in the Orders is kept: another one once other fields can be read.

    Then all orders are read again: what they hold in a field that is new to us bears no newer stamp.
    """
    text = ",".join(sorted(api_name for api_name, _ in readers(schema).values()))
    return f"orders:{hashlib.blake2b(text.encode(), digest_size=8).hexdigest()}"


def _number(value: object, field: str) -> int | float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        # As wire.py: what is wrong with a value of the org is a ValueError.
        raise ValueError(f"{field} should be a number but is of type {type(value).__name__}")  # noqa: TRY004
    # The org itself keeps these as doubles; JSON columns know no other numbers.
    return int(value) if value == int(value) else float(value)


_READ: dict[Kind, Callable[[object, str], Value]] = {
    Kind.TEXT: wire.text,
    Kind.NUMBER: _number,
    Kind.BOOLEAN: wire.boolean,
    Kind.DATE: wire.parse_date,
}
