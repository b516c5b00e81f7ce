"""Making, changing and removing custom fields and objects [facts: api 10]."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from sfsync.emulator.customising.definitions import (
    Definition,
    all_definitions,
    definitions,
    existing,
    keep,
    new_definition,
)
from sfsync.emulator.customising.fields import read_field
from sfsync.emulator.customising.objects import free_prefix, read_object
from sfsync.emulator.customising.wording import as_list, bad_value, check_api_name, refused
from sfsync.emulator.errors import ApiError
from sfsync.emulator.permissions import forget_field

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sfsync.emulator.fields import Field
    from sfsync.emulator.org import Org
    from sfsync.emulator.schema import SObject


# -- custom fields


def create_field(org: Org, user_id: str, full_name: str, metadata: Mapping[str, Any]) -> Definition:
    """Make a custom field, which nobody may see before it is granted [facts: api 10].

    Raises:
        ApiError: the platform's refusal.
    """
    _may_customise(org)
    sobject, name = _field_names(org, full_name)
    if sobject.field(name) is not None:
        message = f"There is already a field named {name.removesuffix('__c')} on {sobject.label}."
        raise ApiError(400, "DUPLICATE_DEVELOPER_NAME", message, ["DeveloperName"])
    field = read_field(name, metadata, org.schema)
    _check_room(org, sobject, field)
    full = f"{sobject.name}.{name}"
    made = new_definition(org.world, full, dict(metadata), user_id)
    return _perform(org, made, lambda: org.schema.add_custom_field(sobject.name, field))


def update_field(org: Org, user_id: str, full_name: str, metadata: Mapping[str, Any]) -> Definition:
    """Change a custom field; its type stays.

    Raises:
        ApiError: the platform's refusal.
    """
    _may_customise(org)
    sobject, name = _field_names(org, full_name)
    known = existing(org, f"{sobject.name}.{name}")
    old, new = sobject.field(name), read_field(name, metadata, org.schema)
    if old is None or (old.type, old.reference_to) != (new.type, new.reference_to):
        raise refused("The type of a field that exists cannot be changed in the emulator", "type")
    _check_room(org, sobject, new)
    changed = replace(known, metadata=dict(metadata), modified=org.world.now(), user_id=user_id)
    return _perform(org, changed, lambda: org.schema.replace_field(sobject.name, new))


def delete_field(org: Org, full_name: str) -> None:
    """Remove a custom field with its values and grants.

    Raises:
        ApiError: the platform's refusal.
    """
    _may_customise(org)
    drop_field(org, full_name)


def drop_field(org: Org, full_name: str) -> None:
    """Remove a custom field as an administrator does, whatever the API user may.

    Raises:
        ApiError: the platform's refusal.
    """
    sobject, name = _field_names(org, full_name)
    full = existing(org, f"{sobject.name}.{name}").name

    def drop() -> None:
        org.schema.remove_field(sobject.name, name)
        org.db.drop_column(sobject.name, full.partition(".")[2])
        forget_field(org.world, full)

    _forget(org, full, drop)


def _field_names(org: Org, full_name: str) -> tuple[SObject, str]:
    owner, dot, name = full_name.partition(".")
    sobject = org.schema.get(owner)
    if not dot or sobject is None or not sobject.layoutable:
        raise bad_value("Entity Enumeration Or ID", owner, "TableEnumOrId")
    check_api_name(name, "Field")
    return sobject, name


def _check_room(org: Org, sobject: SObject, field: Field) -> None:
    limit = org.settings.external_ids_per_object
    others = [one for one in sobject.fields.values() if one.external_id and one.name != field.name]
    if field.external_id and len(others) >= limit:
        message = f"You have reached the maximum number of {limit} external ID fields on {sobject.label}."
        raise ApiError(400, "LIMIT_EXCEEDED", message, ["ExternalId"])
    taken = {one.name for one in org.schema.children(field.reference_to[0])} if field.child_relationship else set()
    if field.child_relationship in taken and sobject.field(field.name) is None:
        name = str(field.child_relationship).removesuffix("__r")
        message = f"There is already a Child Relationship named {name} on {field.reference_to[0]}."
        raise ApiError(400, "DUPLICATE_DEVELOPER_NAME", message, ["RelationshipName"])


# -- custom objects


def create_object(org: Org, user_id: str, full_name: str, metadata: Mapping[str, Any]) -> Definition:
    """Make a custom object with the fields that its metadata brings along.

    Raises:
        ApiError: the platform's refusal; nothing is made then.
    """
    _may_customise(org)
    if org.schema.get(full_name) is not None:
        message = f"The object name you entered is already in use: {full_name}"
        raise ApiError(400, "DUPLICATE_DEVELOPER_NAME", message, ["FullName"])
    own = {name: value for name, value in metadata.items() if name != "fields"}
    prefix = free_prefix(org.schema)
    sobject = read_object(full_name, own, prefix)
    made = new_definition(org.world, full_name, {**own, "_prefix": prefix}, user_id)
    _perform(org, made, partial(org.schema.add_object, sobject))
    try:
        for one in as_list(metadata.get("fields")):
            create_field(org, user_id, f"{full_name}.{one.get('fullName', '')}", one)
    except ApiError:
        delete_object(org, full_name)
        raise
    return made


def update_object(org: Org, user_id: str, full_name: str, metadata: Mapping[str, Any]) -> Definition:
    """Change the labels of a custom object, and make or change the fields that its metadata brings along.

    Raises:
        ApiError: the platform's refusal.
    """
    _may_customise(org)
    known = existing(org, full_name)
    old = org.schema.get(known.name)
    if old is None or not old.custom:
        raise bad_value("Entity Enumeration Or ID", full_name, "FullName")
    own = {name: value for name, value in metadata.items() if name != "fields"}
    new = read_object(known.name, own, old.key_prefix or "")
    changed = replace(known, metadata={**own, "_prefix": old.key_prefix}, modified=org.world.now(), user_id=user_id)
    labelled = replace(old, label=new.label, label_plural=new.label_plural)
    _perform(org, changed, partial(org.schema.add_object, labelled))
    for one in as_list(metadata.get("fields")):
        upsert(org, user_id, f"{known.name}.{one.get('fullName', '')}", one)
    return changed


def delete_object(org: Org, full_name: str) -> None:
    """Remove a custom object with its records and fields.

    Raises:
        ApiError: the platform's refusal.
    """
    _may_customise(org)
    name = existing(org, full_name).name

    def drop() -> None:
        org.schema.remove_object(name)
        org.db.drop_table(name)
        for full in [one.name for one in definitions(org.world).values() if one.name.startswith(f"{name}.")]:
            forget_field(org.world, full)
            _forget(org, full, lambda: None)

    _forget(org, name, drop)


# -- both


def upsert(org: Org, user_id: str, full_name: str, metadata: Mapping[str, Any]) -> bool:
    """Make or change a custom field or object; say whether it was made.

    Raises:
        ApiError: the platform's refusal.
    """
    present = full_name.lower() in all_definitions(org)
    create, update = (create_field, update_field) if "." in full_name else (create_object, update_object)
    (update if present else create)(org, user_id, full_name, metadata)
    return not present


def _may_customise(org: Org) -> None:
    if not org.settings.customize_application:
        message = "You do not have the level of access necessary to perform the operation you requested."
        raise ApiError(403, "INSUFFICIENT_ACCESS", message)
    if org.world.journal is not None:  # what is done on trial is undone; a change of the schema could not be
        raise ApiError(400, "MIXED_DML_OPERATION", "The schema cannot be changed inside an open transaction", [])


def _perform(org: Org, one: Definition, change: Callable[[], None]) -> Definition:
    known = definitions(org.world) | {one.name.lower(): one}
    org.change_schema(change, withheld=frozenset({one.name}))
    keep(org.world, known)
    return one


def _forget(org: Org, name: str, change: Callable[[], None]) -> None:
    org.change_schema(change)
    keep(org.world, {key: one for key, one in definitions(org.world).items() if key != name.lower()})
