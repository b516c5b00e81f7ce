"""Rules of permission sets and their grants, whose every change is a change of what the API user sees."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sfsync.emulator.errors import ApiError
from sfsync.emulator.permissions import grantable, may_edit
from sfsync.emulator.rules.hooks import Rules, integrity, read_only

if TYPE_CHECKING:
    from sfsync.emulator.dml import Writer
    from sfsync.emulator.world import Row

_NAME = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9])*")
_NEEDS = {
    "PermissionsCreate": ("Read",),
    "PermissionsEdit": ("Read",),
    "PermissionsDelete": ("Read", "Edit"),
    "PermissionsViewAllRecords": ("Read",),
    "PermissionsModifyAllRecords": ("Read", "Edit", "Delete", "ViewAllRecords"),
}
_WORDS = {"ViewAllRecords": "View All", "ModifyAllRecords": "Modify All"}


def _may_set_up(writer: Writer) -> None:
    if not writer.may("customize_application"):
        raise read_only(writer)


def _changed(writer: Writer, *_rows: Row) -> None:
    writer.world.schema.rights_changed()


def _bad_value(label: str, field: str, value: str) -> ApiError:
    message = f"{label}: bad value for restricted picklist field: {value}"
    return ApiError(400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, [field])


def _duplicate() -> ApiError:
    message = "duplicate value found: <unknown> duplicates value on record with id: <unknown>"
    return ApiError(400, "DUPLICATE_VALUE", message, [])


def _only_once(writer: Writer, sobject: str, row: Row, *names: str) -> None:
    if writer.world.find(sobject, {name: row[name] for name in names}):
        raise _duplicate()


# -- PermissionSet


def _check_set(writer: Writer, row: Row) -> None:
    _may_set_up(writer)
    if not _NAME.fullmatch(str(row["Name"])):
        message = (
            "The Permission Set API Name can only contain underscores and alphanumeric characters. It must be unique, "
            "begin with a letter, not include spaces, not end with an underscore, and not contain two consecutive "
            "underscores."
        )
        raise ApiError(400, "INVALID_FIELD", message, ["Name"])
    if any(one["Id"] != row.get("Id") for one in writer.world.find("PermissionSet", {"Name": row["Name"]})):
        message = f"This Permission Set Name already exists or has been previously used: {row['Name']}"
        raise ApiError(400, "DUPLICATE_DEVELOPER_NAME", message, ["Name"])


def _new_set(writer: Writer, row: Row) -> None:
    row["IsCustom"], row["Type"] = True, "Regular"
    _check_set(writer, row)


def _change_set(writer: Writer, old: Row, new: Row, sent: frozenset[str]) -> None:  # noqa: ARG001 - the hook's shape
    _check_set(writer, new)


def _drop_set(writer: Writer, row: Row, *, cascaded: bool) -> None:  # noqa: ARG001 - nothing deletes it along
    _may_set_up(writer)
    if row["IsOwnedByProfile"]:
        raise read_only(writer)


# -- FieldPermissions


def _new_field_grant(writer: Writer, row: Row) -> None:
    _may_set_up(writer)
    known = writer.world.schema.get(str(row["SobjectType"]))
    if known is None:
        raise _bad_value("Sobject Type Name", "SobjectType", row["SobjectType"])
    fields = {f"{known.name}.{one.name}".lower(): one for one in grantable(known)}
    one = fields.get(str(row["Field"]).lower())
    if one is None:
        raise _bad_value("Field Name", "Field", row["Field"])
    row["SobjectType"], row["Field"] = known.name, f"{known.name}.{one.name}"
    _check_field_grant(writer, row)
    _only_once(writer, "FieldPermissions", row, "ParentId", "Field")


def _change_field_grant(writer: Writer, old: Row, new: Row, sent: frozenset[str]) -> None:  # noqa: ARG001
    _may_set_up(writer)
    _check_field_grant(writer, new)


def _check_field_grant(writer: Writer, row: Row) -> None:
    name = str(row["Field"])
    if not row.get("PermissionsEdit"):
        return
    if not row.get("PermissionsRead"):
        raise integrity(f"Permission Edit {name} depends on permission(s): Read {name}")
    known = writer.world.schema.get(str(row["SobjectType"]))
    one = known.field(name.partition(".")[2]) if known else None
    if one is not None and one.stored and not may_edit(one):
        raise integrity(f"Permission Edit {name} cannot be granted: the field is read only", "PermissionsEdit")


# -- ObjectPermissions


def _new_object_grant(writer: Writer, row: Row) -> None:
    _may_set_up(writer)
    known = writer.world.schema.get(str(row["SobjectType"]))
    if known is None or not known.layoutable:
        raise _bad_value("Sobject Type Name", "SobjectType", row["SobjectType"])
    row["SobjectType"] = known.name
    _check_object_grant(row)
    _only_once(writer, "ObjectPermissions", row, "ParentId", "SobjectType")


def _change_object_grant(writer: Writer, old: Row, new: Row, sent: frozenset[str]) -> None:  # noqa: ARG001
    _may_set_up(writer)
    _check_object_grant(new)


def _check_object_grant(row: Row) -> None:
    name = row["SobjectType"]
    for right, needed in _NEEDS.items():
        missing = [_WORDS.get(one, one) for one in needed if not row.get(f"Permissions{one}")]
        if row.get(right) and missing:
            short = right.removeprefix("Permissions")
            lacking = ", ".join(f"{one} {name}" for one in missing)
            raise integrity(f"Permission {_WORDS.get(short, short)} {name} depends on permission(s): {lacking}")


# -- PermissionSetAssignment


def _new_assignment(writer: Writer, row: Row) -> None:
    _may_set_up(writer)
    given = writer.row("PermissionSet", row["PermissionSetId"])
    if given is None or given["IsOwnedByProfile"]:
        raise integrity("A permission set that is owned by a profile cannot be assigned", "PermissionSetId")
    row["IsActive"] = True
    _only_once(writer, "PermissionSetAssignment", row, "PermissionSetId", "AssigneeId")


def _drop_grant(writer: Writer, row: Row, *, cascaded: bool) -> None:  # noqa: ARG001 - the hook's shape
    _may_set_up(writer)


def _drop_assignment(writer: Writer, row: Row, *, cascaded: bool) -> None:  # noqa: ARG001 - the hook's shape
    _may_set_up(writer)
    given = writer.row("PermissionSet", row["PermissionSetId"])
    if given is not None and given["IsOwnedByProfile"]:
        raise read_only(writer)


def _moved_user(writer: Writer, old: Row, new: Row) -> None:
    if old.get("ProfileId") != new.get("ProfileId"):
        _changed(writer)


PERMISSION_SET = Rules(
    before_insert=_new_set, before_update=_change_set, before_delete=_drop_set, after_delete=_changed, hard_delete=True
)
FIELD_PERMISSIONS = Rules(
    before_insert=_new_field_grant,
    before_update=_change_field_grant,
    before_delete=_drop_grant,
    after_insert=_changed,
    after_update=_changed,
    after_delete=_changed,
    hard_delete=True,
)
OBJECT_PERMISSIONS = Rules(
    before_insert=_new_object_grant,
    before_update=_change_object_grant,
    before_delete=_drop_grant,
    hard_delete=True,
)
ASSIGNMENT = Rules(
    before_insert=_new_assignment,
    before_delete=_drop_assignment,
    after_insert=_changed,
    after_update=_changed,
    after_delete=_changed,
    hard_delete=True,
)
USER = Rules(after_update=_moved_user)
