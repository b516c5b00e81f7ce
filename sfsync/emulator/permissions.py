"""What the API user may see and edit: read from the rows of profiles and permission sets [facts: api 10]."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sfsync.emulator.ids import normalise

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfsync.emulator.database import Database
    from sfsync.emulator.fields import Field
    from sfsync.emulator.schema import SObject
    from sfsync.emulator.world import Row, World

PROFILE_ID = normalise("00e5e0000000001")
_PROFILE_NAME = "System Administrator"
_KNOWN = "fields the profile has decided on"
_OBJECT_RIGHTS = ("Create", "Read", "Edit", "Delete", "ViewAllRecords", "ModifyAllRecords")
_GRANTS = """
    SELECT lower(substr("Field", instr("Field", '.') + 1)), max("PermissionsEdit") FROM "FieldPermissions"
    WHERE "SobjectType" = ? AND "PermissionsRead" = 1 AND "ParentId" IN (
        SELECT "PermissionSetId" FROM "PermissionSetAssignment" WHERE "AssigneeId" = ?
        UNION ALL
        SELECT p."Id" FROM "PermissionSet" p JOIN "User" u ON u."ProfileId" = p."ProfileId" WHERE u."Id" = ?)
    GROUP BY 1
"""


def granted_fields(db: Database, user_id: str, sobject: str) -> dict[str, bool]:
    """Return the fields of an object that a user's profile and permission sets grant: may it edit them, too?"""
    return {str(name): bool(edit) for name, edit in db.connection.execute(_GRANTS, [sobject, user_id, user_id])}


def may_edit(one: Field) -> bool:
    """Whether anybody can write the field, or the parts of an address: formulas, auto numbers and the like are read."""
    return (one.createable or one.updateable or not one.stored) and not one.calculated and one.auto_number is None


def grantable(sobject: SObject) -> Iterator[Field]:
    """Yield the fields that FieldPermissions are about."""
    return (one for one in sobject.fields.values() if sobject.governing(one) is one)


def fill_permissions(world: World, stamps: Row) -> None:
    """Put in the profile of all first users, and its own permission set, which grants what the schema has."""
    rights: Row = dict.fromkeys(("PermissionsViewSetup", "PermissionsCustomizeApplication"), True)
    rights |= {"PermissionsApiEnabled": True, "PermissionsModifyMetadata": True}
    rights |= {"PermissionsViewAllData": True, "PermissionsModifyAllData": True}
    for name, setting in (
        ("PermissionsActivateOrder", "activate_orders"),
        ("PermissionsEditActivatedOrders", "edit_activated_orders"),
        ("PermissionsActivateContract", "activate_contracts"),
    ):
        rights[name] = getattr(world.settings, setting)
    profile: Row = {"Id": PROFILE_ID, "Name": _PROFILE_NAME, "UserType": "Standard"}
    world.db.insert_row("Profile", profile | rights | stamps)
    name = f"X{PROFILE_ID[:15]}"
    own: Row = {"Id": world.ids.next("0PS"), "Name": name, "Label": name, "ProfileId": PROFILE_ID, "Type": "Profile"}
    world.db.insert_row("PermissionSet", own | rights | {"IsOwnedByProfile": True} | stamps)
    for user in world.db.find("User", {"ProfileId": PROFILE_ID}):
        assigned: Row = {"Id": world.ids.next("0Pa"), "PermissionSetId": own["Id"], "AssigneeId": user["Id"]}
        stamp = stamps["SystemModstamp"]
        world.db.insert_row("PermissionSetAssignment", {**assigned, "IsActive": True, "SystemModstamp": stamp})
    for sobject in world.schema.all_objects():
        if sobject.createable and sobject.layoutable:
            granted: Row = {"Id": world.ids.next("110"), "ParentId": own["Id"], "SobjectType": sobject.name}
            granted |= {f"Permissions{right}": True for right in _OBJECT_RIGHTS}
            world.db.insert_row("ObjectPermissions", granted | stamps)
    grant_new_fields(world)


def grant_new_fields(world: World, *, withheld: frozenset[str] = frozenset()) -> None:
    """Grant to the profile every field (`Object.Field`) that the schema has since the last time, but `withheld`.

    So a field that Python code adds is seen at once; one made through the Tooling or Metadata API is not.
    """
    known = set(json.loads(world.db.kept(_KNOWN) or "[]"))
    fields = {f"{sobject.name}.{one.name}": one for sobject in world.schema.all_objects() for one in grantable(sobject)}
    new = [name for name in fields if name not in known]
    if not new:
        return
    world.db.keep(_KNOWN, json.dumps([*known, *new]))
    own = world.db.find("PermissionSet", {"ProfileId": PROFILE_ID})[0]["Id"]
    stamp = world.now()
    names = ("Id", "ParentId", "SobjectType", "Field", "PermissionsEdit", "PermissionsRead", "SystemModstamp")
    world.db.insert_rows(
        "FieldPermissions",
        names,
        (
            (world.ids.next("01k"), own, name.partition(".")[0], name, may_edit(fields[name]), True, stamp)
            for name in new
            if name not in withheld
        ),
    )
    world.schema.rights_changed()


def forget_field(world: World, name: str) -> None:
    """Drop the grants of a field (`Object.Field`) that is no more."""
    world.db.connection.execute('DELETE FROM "FieldPermissions" WHERE "Field" = ?', [name])
    known = [one for one in json.loads(world.db.kept(_KNOWN) or "[]") if one.lower() != name.lower()]
    world.db.keep(_KNOWN, json.dumps(known))
    world.schema.rights_changed()
