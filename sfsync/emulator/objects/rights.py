"""UserPermissionAccess: the rights of whoever asks (object reference, API 41.0); read, never written."""

from sfsync.emulator.objects.build import SET_UP, sobject

SETTING_OF = {
    "PermissionsApiEnabled": "api_enabled",
    "PermissionsActivateContract": "activate_contracts",
    "PermissionsActivateOrder": "activate_orders",
    "PermissionsEditActivatedOrders": "edit_activated_orders",
}
"""The fields, and the switch of Settings that each shows."""

_RIGHTS = """
LastCacheUpdate | datetime | N | Last Cache Update
PermissionsApiEnabled | boolean | sga | API Enabled
PermissionsActivateContract | boolean | sga | Activate Contracts
PermissionsActivateOrder | boolean | sga | Activate Orders
PermissionsEditActivatedOrders | boolean | sga | Edit Activated Orders
"""

USER_PERMISSION_ACCESS = sobject(
    "UserPermissionAccess",
    "0up",
    _RIGHTS,
    label="User Permission Access",
    label_plural="User Permission Access",
    **SET_UP,
    retrieveable=False,
)
