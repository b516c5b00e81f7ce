"""From the metadata of a custom object to the object, with the fields that every one has."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sfsync.emulator.customising.properties import OF_OBJECTS
from sfsync.emulator.customising.wording import Component, bad_value, check_api_name, refused
from sfsync.emulator.objects.build import DELETED, SYSTEM, VIEWED, sobject

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sfsync.emulator.schema import Schema, SObject

_NAME_KNOWN = frozenset({"fullName", "label", "type", "displayFormat", "startingNumber", "trackHistory", "length"})
_SHARING = frozenset({"Private", "Read", "ReadWrite", "ReadWriteTransfer", "ControlledByParent"})
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def read_object(name: str, metadata: Mapping[str, Any], prefix: str) -> SObject:
    """Return the object that the metadata of a custom object is about, without its own custom fields.

    Raises:
        ApiError: if something is missing or no value of its kind.
    """
    check_api_name(name, "Object")
    given = Component("CustomObject", metadata, OF_OBJECTS)
    for needed in ("label", "pluralLabel"):
        if not given.text(needed):
            raise refused(f"Must specify a non-empty {needed} for the CustomObject", needed)
    given.must_have(("nameField", "deploymentStatus", "sharingModel"), "CustomObject")
    if given.text("sharingModel") not in _SHARING:
        raise bad_value("Sharing Model", given.text("sharingModel"), "sharingModel")
    if given.text("deploymentStatus") not in {"Deployed", "InDevelopment"}:
        raise bad_value("Deployment Status", given.text("deploymentStatus"), "deploymentStatus")
    owner = "OwnerId | reference | CUD | Owner ID | to=User rel=Owner"
    if given.text("sharingModel") == "ControlledByParent":
        owner = ""
    table = f"{owner}\n{DELETED}\n{_name_line(given)}\n{SYSTEM}\n{VIEWED}"
    label, plural = given.text("label"), given.text("pluralLabel")
    made = sobject(name, prefix, table, label=label, label_plural=plural, custom=True, feed_enabled=False)
    pattern = given.part("nameField").get("displayFormat")
    if pattern is None:
        return made
    numbered = replace(made.fields["Name"], auto_number=str(pattern))
    return replace(made, fields={**made.fields, "Name": numbered})


def _name_line(given: Component) -> str:
    name = Component("CustomField", given.part("nameField"), _NAME_KNOWN)
    label = name.text("label") or "Name"
    match name.text("type"):
        case "Text":
            return f"Name | string 80 | CUNFDLS | {label}"
        case "AutoNumber":
            name.must_have(("displayFormat",), "CustomField of type AutoNumber")
            return f"Name | string 80 | FALS | {label}"
        case _:
            raise refused("Must specify a nameField of type Text or AutoNumber", "nameField")


def free_prefix(schema: Schema) -> str:
    """Return the key prefix of the next custom object: a00, a01, ... [facts: api 9.1]."""
    taken = {one.key_prefix for one in schema.all_objects()}
    prefixes = (f"a{first}{second}" for first in _DIGITS for second in _DIGITS)
    return next(prefix for prefix in prefixes if prefix not in taken)
