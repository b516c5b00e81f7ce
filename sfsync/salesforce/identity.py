"""Who we are in the org, and which of the rights that no describe shows we have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfsync.errors import OrgRefused
from sfsync.salesforce import soql
from sfsync.salesforce.composite import Sub

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sfsync.salesforce.client import OrgClient
    from sfsync.salesforce.composite import SubAnswer

PERMISSIONS = {
    "Activate Orders": "PermissionsActivateOrder",
    "Edit Activated Orders": "PermissionsEditActivatedOrders",
}
"""The labels in Setup of the rights that pushing a status takes, and their fields in UserPermissionAccess."""


@dataclass(frozen=True, slots=True)
class Identity:
    """The user that the org takes us for."""

    username: str | None
    """None where the login did not tell who we are, or users cannot be read."""
    permissions: Mapping[str, bool | None]
    """By label; None where the org does not show it."""


def read_identity(client: OrgClient) -> Identity:
    """Ask the org for our user's name and rights, in ONE composite call.

    UserPermissionAccess shows every user its own rights (object reference, API 41.0); each is asked for
    by itself, so that one that an org does not know hides no other.

    Raises:
        LoginRefused, OrgUnavailable: the org does not let us in, or does not answer.
    """
    user_id = client.user_id
    asked = [f"SELECT {field} FROM UserPermissionAccess" for field in PERMISSIONS.values()]
    if user_id is not None:
        asked.append(f"SELECT Username FROM User WHERE Id = {soql.quoted_id(user_id)}")
    answers = client.read_many([Sub("query", {"q": text}) for text in asked])
    rows = [_first(answer) for answer in answers]
    permissions = {
        label: row.get(field) if isinstance(row.get(field), bool) else None
        for (label, field), row in zip(PERMISSIONS.items(), rows, strict=False)
    }
    username = rows[-1].get("Username") if user_id is not None else None
    return Identity(username if isinstance(username, str) else None, permissions)


def _first(answer: SubAnswer) -> Mapping[str, Any]:
    """Return the first row, or an empty one where the org refused or had none; other failures are raised."""
    if answer.failure is not None and not isinstance(answer.failure, OrgRefused):
        raise answer.failure
    records = answer.body.get("records") if isinstance(answer.body, dict) else None
    first = records[0] if isinstance(records, list) and records else None
    return first if isinstance(first, dict) else {}
