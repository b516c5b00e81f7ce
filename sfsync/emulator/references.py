"""What a row refers to and what it must not share: parents, lookups, unique keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.emulator.errors import ApiError
from sfsync.emulator.values import coerce, wrong_id

if TYPE_CHECKING:
    from sfsync.emulator.dml import Writer
    from sfsync.emulator.fields import Field
    from sfsync.emulator.plans import WritePlan
    from sfsync.emulator.world import Row


def resolve_parents(writer: Writer, plan: WritePlan, values: Row, parents: Row) -> None:
    """Replace parents named by external id with their ids [facts: api 3.4].

    Raises:
        ApiError: INVALID_FIELD if the key is none, or leads to no single record.
    """
    for field_name, key in parents.items():
        field = plan.names[field_name.lower()]
        pairs = [(name, value) for name, value in key.items() if name.lower() != "attributes"]
        target = _named_type(field, key)
        if field.name in values:
            message = (
                f"Cannot specify both an external ID reference {field.relationship} and a salesforce id, {field.name}"
            )
            raise ApiError(400, "INVALID_FIELD", message)
        if len(pairs) != 1 or target is None:
            message = f"The external foreign key reference does not reference a valid entity: {field.relationship}"
            raise ApiError(400, "INVALID_FIELD", message)
        (name, value) = pairs[0]
        target_plan = writer.plan(target)
        by = target_plan.names.get(name.lower())
        if by is None or not (by.external_id or by.id_lookup):
            message = f"No such column '{name}' on sobject of type {target_plan.sobject.name}"
            raise ApiError(400, "INVALID_FIELD", message)
        wanted = coerce(by, value)
        found = [] if wanted is None else writer.world.find(target_plan.sobject.name, {by.name: wanted})
        if len(found) != 1:
            message = (
                f"Foreign key external ID: {value} not found for field {by.name} in entity {target_plan.sobject.name}"
            )
            raise ApiError(400, "INVALID_FIELD", message)
        values[field.name] = found[0]["Id"]


def _named_type(field: Field, key: Row) -> str | None:
    """The object a parent's key is of; one of several must be said, in the attributes [facts: api 3.4]."""
    attributes = key.get("attributes")
    said = attributes.get("type") if isinstance(attributes, dict) else None
    if said is None:
        return None if field.polymorphic else field.reference_to[0]
    return next((name for name in field.reference_to if name.lower() == str(said).lower()), None)


def check_references(writer: Writer, plan: WritePlan, values: Row) -> None:
    """Refuse references to records that are not there, deleted, or of another object."""
    for name, value in values.items():
        if value is None or name not in plan.references:
            continue
        field = plan.names[name.lower()]
        target = _target(writer, field, value)
        if target is not None and writer.hides(target, value):
            message = f"insufficient access rights on cross-reference id: {value[:15]}"
            raise ApiError(400, "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", message, [])
        if target is not None and writer.row(target, value) is None:
            message = "invalid cross reference id"
            if writer.world.deleted_row(target, value) is not None:
                raise ApiError(400, "ENTITY_IS_DELETED", "entity is deleted", [])
            raise ApiError(400, "INVALID_CROSS_REFERENCE_KEY", message, [])


def _target(writer: Writer, field: Field, value: str) -> str | None:
    for name in field.reference_to:
        target = writer.world.schema.get(name)
        if target is not None and target.key_prefix == value[:3]:
            return target.name
    if any(writer.world.schema.get(name) is not None for name in field.reference_to):
        raise wrong_id(field, value)
    return None


def check_unique(writer: Writer, plan: WritePlan, row: Row, own_id: str | None) -> None:
    """Refuse a value that another live record has in a unique field."""
    for field in plan.uniques:
        value = row.get(field.name)
        if value is None:
            continue
        writer.world.lock_key((plan.sobject.name, field.name, value))
        for holder in writer.world.find(plan.sobject.name, {field.name: value}):
            if holder["Id"] != own_id:
                hidden = writer.hides(plan.sobject.name, holder["Id"])
                raise duplicate_value(field.name, None if hidden else holder["Id"])


def duplicate_value(field: str, holder: str | None) -> ApiError:
    """The refusal of a second row under one unique key; the holder's id in 15 characters [facts: api 5.4].

    A holder that sharing hides is None, and neither it nor the field is named.
    """
    name, record_id = (field, holder[:15]) if holder else ("<unknown>", "<unknown>")
    message = f"duplicate value found: {name} duplicates value on record with id: {record_id}"
    return ApiError(400, "DUPLICATE_VALUE", message, [])
