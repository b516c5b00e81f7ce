"""Turns compact field tables into the fields of an object.

A table has one line per field, in describe order: ``name | type | flags | label | more``.

- type: ``string 80``, ``currency 18,2``, ``int 8`` (digits), ``date`` ...
- flags: C createable, U updateable, N nillable, D defaulted on create, R restricted picklist, P permissionable,
  S search prefilterable, L id lookup, F name field, A auto number, Q unique; small f s g a take filterable, sortable,
  groupable and aggregatable away.
- more: ``to=`` targets of a reference, ``rel=`` its name, ``children=`` the name of the other end, ``cascade``,
  ``restrict``, ``in=`` the compound field it is part of, ``info=`` extraTypeInfo, ``bytes=``, ``auto=`` number format.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sfsync.emulator.fields import Field, PicklistValue
from sfsync.emulator.schema import SObject

Values = Mapping[str, Sequence[str]]

_ID_LENGTH = 18
_FLAGS = {
    "C": ("createable", True),
    "U": ("updateable", True),
    "N": ("nillable", True),
    "D": ("defaulted_on_create", True),
    "R": ("restricted", True),
    "P": ("permissionable", True),
    "S": ("search_prefilterable", True),
    "L": ("id_lookup", True),
    "F": ("name_field", True),
    "Q": ("unique", True),
    "f": ("filterable", False),
    "s": ("sortable", False),
    "g": ("groupable", False),
    "a": ("aggregatable", False),
}

SYSTEM = """
CreatedDate | datetime | D | Created Date
CreatedById | reference | D | Created By ID | to=User rel=CreatedBy
LastModifiedDate | datetime | D | Last Modified Date
LastModifiedById | reference | D | Last Modified By ID | to=User rel=LastModifiedBy
SystemModstamp | datetime | D | System Modstamp
"""
DELETED = "IsDeleted | boolean | D | Deleted"
VIEWED = """
LastViewedDate | datetime | N | Last Viewed Date
LastReferencedDate | datetime | N | Last Referenced Date
"""
GEOCODE_ACCURACY = (
    *("Address", "NearAddress", "Block", "Street", "ExtendedZip", "Zip"),
    *("Neighborhood", "City", "County", "State", "Unknown"),
)


def address(prefix: str, label: str) -> str:
    """Return the table lines of an address: its components, then the compound field itself."""
    compound = f"in={prefix}Address"
    return f"""
{prefix}Street | textarea 255 | CUNP | {label} Street | {compound}
{prefix}City | string 40 | CUNP | {label} City | {compound}
{prefix}State | string 80 | CUNP | {label} State/Province | {compound}
{prefix}PostalCode | string 20 | CUNP | {label} Zip/Postal Code | {compound}
{prefix}Country | string 80 | CUNP | {label} Country | {compound}
{prefix}Latitude | double 18,15 | CUNP | {label} Latitude | {compound}
{prefix}Longitude | double 18,15 | CUNP | {label} Longitude | {compound}
{prefix}GeocodeAccuracy | picklist 40 | CUNPR | {label} Geocode Accuracy | {compound}
{prefix}Address | address | NP | {label} Address |
"""


SET_UP: dict[str, Any] = {
    "createable": False,
    "updateable": False,
    "deletable": False,
    "undeletable": False,
    "replicateable": False,
    "searchable": False,
    "layoutable": False,
    "triggerable": False,
    "mru_enabled": False,
    "feed_enabled": False,
}
"""Flags of objects that are part of an org's set-up: read only, and in no log, search or layout."""


def sobject(
    name: str, prefix: str | None, table: str, picklists: Mapping[str, Sequence[str]] | None = None, **flags: Any
) -> SObject:
    """Build an object from its field table; `picklists` maps a field to values written ``value`` or ``value=label``."""
    label = str(flags.pop("label", name))
    rows = [f"Id | id | DL | {label} ID", *(line for line in table.strip().splitlines() if line.strip())]
    fields = [_field(line, picklists or {}) for line in rows]
    plural = str(flags.pop("label_plural", f"{label}s"))
    return SObject(name, label, plural, prefix, {one.name: one for one in fields}, **flags)


def values(written: Sequence[str]) -> tuple[PicklistValue, ...]:
    """Read picklist values written ``value`` or ``value=label``; a leading ``*`` marks the default."""
    made = []
    for text in written:
        value, _, label = text.removeprefix("*").partition("=")
        made.append(PicklistValue(value, label or value, default=text.startswith("*")))
    return tuple(made)


def _field(line: str, picklists: Mapping[str, Sequence[str]]) -> Field:
    name, type_text, flags, label, *rest = [cell.strip() for cell in line.split("|")]
    type_, _, size = type_text.partition(" ")
    made: dict[str, Any] = {"createable": False, "updateable": False, "nillable": False, "permissionable": False}
    made.update(_FLAGS[flag] for flag in flags if flag != "A")
    made.update(_size(type_, size))
    made.update(_more(rest[0] if rest else ""))
    if "A" in flags:
        made.setdefault("auto_number", "{0}")
        made["defaulted_on_create"] = made["id_lookup"] = True
    if type_ == "boolean":
        made["default"] = False
    if type_ == "textarea":
        made.setdefault("extra_type_info", "plaintextarea")
    if type_ == "picklist":
        known = GEOCODE_ACCURACY if name.endswith("GeocodeAccuracy") else picklists.get(name, ())
        made["picklist"] = values(known)
        made["default"] = next((one.value for one in made["picklist"] if one.default), None)
    return Field(name, type_, label, **made)


def _size(type_: str, size: str) -> dict[str, Any]:
    if type_ in {"id", "reference"}:
        return {"length": _ID_LENGTH}
    if not size:
        return {}
    if type_ == "int":
        return {"digits": int(size)}
    if "," in size:
        precision, scale = size.split(",")
        return {"precision": int(precision), "scale": int(scale)}
    return {"length": int(size)}


def _more(text: str) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for word in text.split():
        key, _, value = word.partition("=")
        match key:
            case "to":
                made["reference_to"] = tuple(value.split(","))
            case "rel":
                made["relationship"] = value
            case "children":
                made["child_relationship"] = value
            case "cascade":
                made["cascade_delete"] = True
            case "restrict":
                made["restricted_delete"] = True
            case "in":
                made["compound"] = value
            case "info":
                made["extra_type_info"] = value
            case "bytes":
                made["byte_length"] = int(value)
            case "auto":
                made["auto_number"] = value
            case _:
                raise ValueError(f"unknown word {word!r} in a field table")
    return made
