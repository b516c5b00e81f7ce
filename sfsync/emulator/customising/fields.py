"""From the metadata of a custom field to the field, by its type."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfsync.emulator.customising.properties import OF_ANY_FIELD, TYPED
from sfsync.emulator.customising.wording import Component, as_list, bad_value, refused
from sfsync.emulator.fields import Field, PicklistValue

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sfsync.emulator.schema import Schema

_LITERAL = re.compile(r"""(["'])(.*)\1""")
_DIGITS = re.compile(r"\{0+\}")


@dataclass(frozen=True)
class _Type:
    """What describe calls a type, what its metadata must and may have, and how the rest of the field is made."""

    describe: str
    needs: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    make: Callable[[Component], dict[str, Any]] = lambda _: {}


def _text(given: Component) -> dict[str, Any]:
    if given.has("unique") and "caseSensitive" not in given.as_dict():
        raise refused("Must specify 'caseSensitive' for a CustomField of type Text", "caseSensitive")
    return {"length": given.number("length", 1, 255), "default": _literal(given)}


def _literal(given: Component) -> str | None:
    if not given.has("defaultValue"):
        return None
    match = _LITERAL.fullmatch(given.text("defaultValue"))
    if match is None:
        raise refused("The emulator knows only text in quotes as the default of a field", "defaultValue")
    return match.group(2)


def _number(given: Component) -> dict[str, Any]:
    precision = given.number("precision", 1, 18)
    return {"precision": precision, "scale": given.number("scale", 0, precision)}


def _checkbox(given: Component) -> dict[str, Any]:
    return {"default": given.flag("defaultValue"), "nillable": False, "defaulted_on_create": True}


def _picklist(given: Component) -> dict[str, Any]:
    value_set = given.part("valueSet")
    definition = value_set.get("valueSetDefinition") or {}
    values = []
    for one in as_list(definition.get("value")):
        item = Component("CustomValue", one, frozenset({"fullName", "label", "default", "isActive", "color"}))
        name = item.text("fullName") or item.text("label")
        active = item.flag("isActive", default=True)
        values.append(PicklistValue(name, item.text("label", name), active=active, default=item.flag("default")))
    if not values:
        raise refused("Must specify at least one value in 'valueSet' for a CustomField of type Picklist", "valueSet")
    restricted = str(value_set.get("restricted", False)).lower() == "true"
    default = next((one.value for one in values if one.default), None)
    return {"length": 255, "picklist": tuple(values), "restricted": restricted, "default": default}


def _long_text(given: Component) -> dict[str, Any]:
    given.number("visibleLines", 2, 50)
    return {"length": given.number("length", 256, 131_072), "extra_type_info": "plaintextarea"}


def _rich_text(given: Component) -> dict[str, Any]:
    return _long_text(given) | {"extra_type_info": "richtextarea"}


def _auto_number(given: Component) -> dict[str, Any]:
    pattern = given.text("displayFormat")
    if len(_DIGITS.findall(pattern)) != 1:
        raise refused("Display Format: must include one sequence of zeros in braces, such as {0000}", "displayFormat")
    only_read = {"createable": False, "updateable": False, "nillable": False, "defaulted_on_create": True}
    return {"length": 30, "auto_number": pattern, "permissionable": True, **only_read}


def _lookup(given: Component) -> dict[str, Any]:
    constraint = given.text("deleteConstraint", "SetNull")
    if constraint not in {"SetNull", "Restrict", "Cascade"}:
        raise bad_value("Delete Constraint", constraint, "deleteConstraint")
    refers = _reference(given)
    return refers | {"cascade_delete": constraint == "Cascade", "restricted_delete": constraint == "Restrict"}


def _master(given: Component) -> dict[str, Any]:
    movable = given.flag("reparentableMasterDetail")
    return _reference(given) | {"cascade_delete": True, "nillable": False, "updateable": movable}


def _reference(given: Component) -> dict[str, Any]:
    name = given.text("relationshipName")
    child = f"{name.removesuffix('__r')}__r" if name else None
    return {"length": 18, "reference_to": (given.text("referenceTo"),), "child_relationship": child}


_KEYS = ("unique", "externalId")
TYPES = {
    "AutoNumber": _Type("string", ("displayFormat",), ("externalId", "startingNumber"), _auto_number),
    "Checkbox": _Type("boolean", ("defaultValue",), make=_checkbox),
    "Currency": _Type("currency", ("precision", "scale"), ("required",), _number),
    "Date": _Type("date", may=("required",)),
    "DateTime": _Type("datetime", may=("required",)),
    "Email": _Type("email", may=(*_KEYS, "required"), make=lambda _: {"length": 80}),
    "Html": _Type("textarea", ("length", "visibleLines"), make=_rich_text),
    "LongTextArea": _Type("textarea", ("length", "visibleLines"), make=_long_text),
    "Lookup": _Type(
        "reference",
        ("referenceTo",),
        ("relationshipName", "relationshipLabel", "deleteConstraint", "required"),
        _lookup,
    ),
    "MasterDetail": _Type(
        "reference",
        ("referenceTo", "relationshipName"),
        ("relationshipLabel", "relationshipOrder", "reparentableMasterDetail", "writeRequiresMasterRead"),
        _master,
    ),
    "Number": _Type("double", ("precision", "scale"), (*_KEYS, "required"), _number),
    "Percent": _Type("percent", ("precision", "scale"), ("required",), _number),
    "Phone": _Type("phone", may=("required",), make=lambda _: {"length": 40}),
    "Picklist": _Type("picklist", ("valueSet",), ("required",), _picklist),
    "Text": _Type("string", ("length",), (*_KEYS, "caseSensitive", "required", "defaultValue"), _text),
    "TextArea": _Type(
        "textarea", may=("required",), make=lambda _: {"length": 255, "extra_type_info": "plaintextarea"}
    ),
    "Url": _Type("url", may=("required",), make=lambda _: {"length": 255}),
}


def read_field(name: str, metadata: Mapping[str, Any], schema: Schema) -> Field:
    """Return the field that the metadata of a custom field is about; `name` is its API name.

    Raises:
        ApiError: if a property is missing, or not one of the type.
    """
    given = Component("CustomField", metadata, TYPED | OF_ANY_FIELD)
    kind = given.text("type")
    wanted = TYPES.get(kind)
    if wanted is None:
        raise bad_value("Type", kind, "type")
    if not given.text("label"):
        raise refused("Must specify a non-empty label for the CustomField", "label")
    of = f"CustomField of type {kind}"
    given.must_have(wanted.needs, of)
    given.must_not_have(sorted(TYPED - {*wanted.needs, *wanted.may}), of)
    made: dict[str, Any] = {"nillable": not given.flag("required")}
    made |= {"unique": given.flag("unique"), "case_sensitive": given.flag("caseSensitive")}
    made |= {"external_id": given.flag("externalId"), "id_lookup": given.flag("externalId")}
    made |= wanted.make(given)
    if wanted.describe == "reference":
        target = schema.get(made["reference_to"][0])
        if target is None:
            raise bad_value("Reference To", made["reference_to"][0], "referenceTo")
        made |= {"reference_to": (target.name,), "relationship": f"{name.removesuffix('c')}r"}
    return Field(name, wanted.describe, given.text("label"), custom=True, **made)
