"""Records with their children inside, as sObject tree and Place Order take them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.emulator.errors import ApiError

if TYPE_CHECKING:
    from sfsync.emulator.schema import ChildRelationship, Schema
    from sfsync.emulator.world import Row


def split(record: Row) -> tuple[Row, dict[str, list[Row]]]:
    """Part a record's own fields from its lists of children, `{"OrderItems": {"records": [...]}}`.

    Raises:
        ApiError: if a list has something else than objects in it.
    """
    own: Row = {}
    children: dict[str, list[Row]] = {}
    for name, value in record.items():
        records = value.get("records") if isinstance(value, dict) else None
        if not isinstance(records, list):
            own[name] = value
            continue
        if not all(isinstance(one, dict) for one in records):
            raise ApiError(400, "INVALID_INPUT", "Each record must be an object")
        children[name] = records
    return own, children


def relation(schema: Schema, parent: str, name: str) -> ChildRelationship:
    """The children of that relationship name, in any case.

    Raises:
        ApiError: INVALID_FIELD if the parent has no such children.
    """
    for one in schema.children(parent):
        if one.name is not None and one.name.lower() == name.lower():
            return one
    raise ApiError(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type {parent}", [])


def type_of(record: Row) -> str | None:
    """The object a record says it is of, in its attributes; None if it does not say."""
    attributes = record.get("attributes")
    name = attributes.get("type") if isinstance(attributes, dict) else None
    return name if isinstance(name, str) else None


def with_parent(values: Row, field: str, parent_id: str) -> Row:
    """The values of a child with the reference to its parent, in place of what was sent for it."""
    return {**{name: value for name, value in values.items() if name.lower() != field.lower()}, field: parent_id}
