"""Rows as the REST API writes them: canonical names, describe order, nulls included [facts: api 9.2]."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sfsync.emulator.clock import as_json
from sfsync.emulator.errors import ApiError
from sfsync.emulator.links import row_url

if TYPE_CHECKING:
    from sfsync.emulator.fields import Field
    from sfsync.emulator.org import Org
    from sfsync.emulator.world import Row

_PARTS = {
    "City": "city",
    "Country": "country",
    "GeocodeAccuracy": "geocodeAccuracy",
    "Latitude": "latitude",
    "Longitude": "longitude",
    "PostalCode": "postalCode",
    "State": "state",
    "Street": "street",
}
Reader = Callable[["Row"], Any]


def _reader(field: Field) -> Reader:
    name = field.name
    match field.type:
        case "double" | "currency" | "percent":
            return lambda row: None if row.get(name) is None else float(row[name])
        case "datetime":
            return lambda row: as_json(row[name]) if row.get(name) else None
        case "address":
            return lambda row: _address(name.removesuffix("Address"), row)
        case _:
            return lambda row: row.get(name)


def _address(prefix: str, row: Row) -> dict[str, Any] | None:
    parts: dict[str, Any] = {key: row.get(f"{prefix}{part}") for part, key in _PARTS.items()}
    for key in ("latitude", "longitude"):
        parts[key] = None if parts[key] is None else float(parts[key])
    return parts if any(value is not None for value in parts.values()) else None


def _readers(org: Org, sobject: str) -> dict[str, tuple[str, Reader]]:
    key = ("readers", org.schema.version, sobject)
    if key not in org.derived:
        visible = org.schema.visible_fields(sobject)
        org.derived[key] = {lower: (field.name, _reader(field)) for lower, field in visible.items()}
    readers: dict[str, tuple[str, Reader]] = org.derived[key]
    return readers


def row_json(org: Org, sobject: str, row: Row, version: str, fields: list[str] | None = None) -> dict[str, Any]:
    """Return a row as JSON-ready dict; `fields` chooses (in any case), else all that the user may see.

    Raises:
        ApiError: INVALID_FIELD for a field that is unknown or hidden.
    """
    readers = _readers(org, sobject)
    chosen = list(readers.values()) if fields is None else [_choose(readers, sobject, name) for name in fields]
    shown: dict[str, Any] = {"attributes": {"type": sobject, "url": row_url(version, sobject, row["Id"])}}
    for name, read in chosen:
        shown[name] = read(row)
    return shown


def _choose(readers: dict[str, tuple[str, Reader]], sobject: str, name: str) -> tuple[str, Reader]:
    found = readers.get(name.strip().lower())
    if found is None:
        raise ApiError(400, "INVALID_FIELD", f"No such column '{name.strip()}' on sobject of type {sobject}")
    return found


def check_fields(org: Org, sobject: str, fields: list[str]) -> None:
    """Refuse names that are no visible fields, even if there is no row to show."""
    readers = _readers(org, sobject)
    for name in fields:
        _choose(readers, sobject, name)
