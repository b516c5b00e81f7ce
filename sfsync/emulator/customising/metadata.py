"""From a field back to its metadata and to the name of its type, as the Tooling and Metadata APIs tell them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sfsync.emulator.fields import Field

_KINDS = {
    "boolean": "Checkbox",
    "currency": "Currency",
    "date": "Date",
    "datetime": "DateTime",
    "double": "Number",
    "email": "Email",
    "int": "Number",
    "percent": "Percent",
    "phone": "Phone",
    "picklist": "Picklist",
    "reference": "Lookup",
    "string": "Text",
    "url": "Url",
}
_LABELS = {"Checkbox": "Checkbox", "DateTime": "Date/Time", "Url": "URL", "LongTextArea": "Long Text Area"}
_LABELS |= {"TextArea": "Text Area", "Html": "Rich Text Area", "AutoNumber": "Auto Number"}
_LABELS |= {"MasterDetail": "Master-Detail"}
_ALL = (
    *("businessOwnerGroup", "businessOwnerUser", "businessStatus", "caseSensitive", "complianceGroup", "defaultValue"),
    *("deleteConstraint", "deprecated", "description", "displayFormat", "externalId", "formula", "inlineHelpText"),
    *("label", "length", "precision", "referenceTo", "relationshipLabel", "relationshipName", "required", "scale"),
    *("securityClassification", "trackFeedHistory", "trackHistory", "type", "unique", "valueSet", "visibleLines"),
)


def kind_of(one: Field) -> str:
    """The type as metadata names it."""
    if one.auto_number is not None:
        return "AutoNumber"
    if one.type == "textarea":
        rich = one.extra_type_info == "richtextarea"
        return "Html" if rich else "LongTextArea" if one.is_long_text else "TextArea"
    if one.type == "reference" and one.cascade_delete and not one.nillable:
        return "MasterDetail"
    return _KINDS.get(one.type, one.type)


def type_name(one: Field) -> str:
    """The type as FieldDefinition.DataType tells it, such as `Text(64) (External ID) (Unique Case Sensitive)`."""
    kind = kind_of(one)
    text = _LABELS.get(kind, kind)
    if kind in {"Text", "LongTextArea", "Html"}:
        text += f"({one.length})"
    elif kind in {"Number", "Currency", "Percent"} and one.precision:
        text += f"({one.precision - one.scale}, {one.scale})"
    elif one.reference_to:
        text += f"({','.join(one.reference_to)})"
    if one.external_id:
        text += " (External ID)"
    if one.unique:
        text += f" (Unique Case {'Sensitive' if one.case_sensitive else 'Insensitive'})"
    return text


def field_metadata(one: Field, given: Mapping[str, Any] | None) -> dict[str, Any]:
    """The metadata of a custom field: as it was given, or else as the field tells it; the rest is null."""
    shown: dict[str, Any] = dict.fromkeys(_ALL)
    shown |= {name: value for name, value in (given or _told(one)).items() if name != "fullName"}
    return shown


def _told(one: Field) -> dict[str, Any]:
    kind = kind_of(one)
    told: dict[str, Any] = {"label": one.label, "type": kind, "externalId": one.external_id}
    if kind not in {"Checkbox", "AutoNumber", "MasterDetail", "LongTextArea", "Html"}:
        told["required"] = not one.nillable
    if kind in {"Text", "LongTextArea", "Html"}:
        told["length"] = one.length
    if kind in {"Number", "Currency", "Percent"}:
        told |= {"precision": one.precision or 18, "scale": one.scale}
    if kind in {"Text", "Number", "Email"}:
        told["unique"] = one.unique
    if one.unique and kind == "Text":
        told["caseSensitive"] = one.case_sensitive
    if kind in {"LongTextArea", "Html"}:
        told["visibleLines"] = 3
    if kind == "Checkbox":
        told["defaultValue"] = str(bool(one.default)).lower()
    if kind == "AutoNumber":
        told["displayFormat"] = one.auto_number
    if one.reference_to:
        name = (one.child_relationship or "").removesuffix("__r") or None
        told |= {"referenceTo": one.reference_to[0], "relationshipName": name}
    if kind == "Lookup":
        restricted = "Restrict" if one.restricted_delete else "SetNull"
        told["deleteConstraint"] = "Cascade" if one.cascade_delete else restricted
    if kind == "Picklist":
        values = [{"fullName": v.value, "label": v.label or v.value, "default": v.default} for v in one.picklist]
        told["valueSet"] = {"restricted": one.restricted, "valueSetDefinition": {"sorted": False, "value": values}}
    return told
