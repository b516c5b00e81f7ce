"""Profiles, permission sets and what they grant: set-up records which decide what the API user sees [facts: api 10]."""

from sfsync.emulator.objects.build import SET_UP, SYSTEM, sobject

USER_PERMISSIONS = {
    "PermissionsApiEnabled": "API Enabled",
    "PermissionsViewSetup": "View Setup and Configuration",
    "PermissionsCustomizeApplication": "Customize Application",
    "PermissionsModifyMetadata": "Modify Metadata Through Metadata API Functions",
    "PermissionsViewAllData": "View All Data",
    "PermissionsModifyAllData": "Modify All Data",
    "PermissionsActivateOrder": "Activate Orders",
    "PermissionsEditActivatedOrders": "Edit Activated Orders",
    "PermissionsActivateContract": "Activate Contracts",
    "PermissionsDeleteActivatedContract": "Delete Activated Contracts",
}
"""Shown in profiles and permission sets; those of the API user are switches of Settings [facts: orders 4.7]."""


def _permissions(flags: str) -> str:
    return "\n".join(f"{name} | boolean | {flags}D | {label}" for name, label in USER_PERMISSIONS.items())


_PROFILE = f"""
Name | string 255 | F | Name
{_permissions("")}
UserLicenseId | string 18 | N | User License ID
UserType | picklist 40 | N | User Type
Description | string 255 | N | Description
{SYSTEM}
"""

_PERMISSION_SET = f"""
Name | string 80 | CUF | Permission Set Name
Label | string 80 | CU | Permission Set Label
LicenseId | string 18 | CN | License ID
ProfileId | reference | N | Profile ID | to=Profile rel=Profile
IsOwnedByProfile | boolean | D | Is Owned By Profile
IsCustom | boolean | D | Is Custom
{_permissions("CU")}
Description | string 255 | CUN | Description
{SYSTEM}
NamespacePrefix | string 15 | N | Namespace Prefix
HasActivationRequired | boolean | CUD | Has Activation Required
Type | picklist 40 | N | Type
"""

_FIELD_PERMISSIONS = """
ParentId | reference | C | Parent ID | to=PermissionSet rel=Parent children=FieldPerms cascade
SobjectType | picklist 40 | C | Sobject Type Name
Field | picklist 81 | C | Field Name
PermissionsEdit | boolean | CUD | Edit Field
PermissionsRead | boolean | CUD | Read Field
SystemModstamp | datetime | D | System Modstamp
"""

_OBJECT_PERMISSIONS = f"""
ParentId | reference | C | Parent ID | to=PermissionSet rel=Parent children=ObjectPerms cascade
SobjectType | picklist 40 | C | Sobject Type Name
PermissionsCreate | boolean | CUD | Create Records
PermissionsRead | boolean | CUD | Read Records
PermissionsEdit | boolean | CUD | Edit Records
PermissionsDelete | boolean | CUD | Delete Records
PermissionsViewAllRecords | boolean | CUD | Read All Records
PermissionsModifyAllRecords | boolean | CUD | Edit All Records
{SYSTEM}
"""

_ASSIGNMENT = """
PermissionSetId | reference | C | PermissionSet ID | to=PermissionSet rel=PermissionSet children=Assignments restrict
PermissionSetGroupId | string 18 | N | PermissionSetGroup ID
AssigneeId | reference | C | Assignee ID | to=User rel=Assignee children=PermissionSetAssignments
SystemModstamp | datetime | D | System Modstamp
ExpirationDate | datetime | CUN | Expiration Date
IsActive | boolean | D | Is Active
IsRevoked | boolean | D | Is Revoked
"""

_WRITEABLE = SET_UP | {"createable": True, "updateable": True, "deletable": True}

PROFILE = sobject("Profile", "00e", _PROFILE, **SET_UP)
PERMISSION_SET = sobject("PermissionSet", "0PS", _PERMISSION_SET, label="Permission Set", **_WRITEABLE)
FIELD_PERMISSIONS = sobject(
    "FieldPermissions",
    "01k",
    _FIELD_PERMISSIONS,
    label="Field Permissions",
    label_plural="Field Permissions",
    **_WRITEABLE,
)
OBJECT_PERMISSIONS = sobject(
    "ObjectPermissions",
    "110",
    _OBJECT_PERMISSIONS,
    label="Object Permissions",
    label_plural="Object Permissions",
    **_WRITEABLE,
)
PERMISSION_SET_ASSIGNMENT = sobject(
    "PermissionSetAssignment", "0Pa", _ASSIGNMENT, label="Permission Set Assignment", **_WRITEABLE
)
