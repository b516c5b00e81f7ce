"""UserPermissionAccess: what every user may read of its own rights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sfsync.emulator.org import Org
from tests.emulator.api import Api, make_api, refusal

if TYPE_CHECKING:
    from pathlib import Path

ORDERS = "PermissionsActivateOrder, PermissionsEditActivatedOrders"


@pytest.fixture
def api() -> Api:
    return make_api()


def rights(api: Api, fields: str = ORDERS) -> list[dict[str, Any]]:
    records = api.call("GET", f"query?q=SELECT+{fields.replace(', ', ',')}+FROM+UserPermissionAccess").json()["records"]
    return [{name: value for name, value in one.items() if name != "attributes"} for one in records]


def test_the_user_sees_the_rights_that_the_org_gives_it(api: Api) -> None:
    assert rights(api) == [{"PermissionsActivateOrder": True, "PermissionsEditActivatedOrders": True}]

    api.org.settings.edit_activated_orders = False

    assert rights(api) == [{"PermissionsActivateOrder": True, "PermissionsEditActivatedOrders": False}]


def test_every_right_of_the_settings_has_its_field(api: Api) -> None:
    fields = "PermissionsApiEnabled, PermissionsActivateContract"
    assert rights(api, fields) == [{"PermissionsApiEnabled": True, "PermissionsActivateContract": True}]

    api.org.settings.activate_contracts = False

    assert rights(api, fields) == [{"PermissionsApiEnabled": True, "PermissionsActivateContract": False}]


def test_a_right_that_the_org_does_not_know_is_no_field(api: Api) -> None:
    answer = api.call("GET", "query?q=SELECT+PermissionsFlyToTheMoon+FROM+UserPermissionAccess")

    assert refusal(answer)[1] == "INVALID_FIELD"


def test_rights_are_only_read(api: Api) -> None:
    described = api.call("GET", "sobjects/UserPermissionAccess/describe").json()

    assert described["queryable"] is True
    assert not any(described[flag] for flag in ("createable", "updateable", "deletable", "retrieveable"))
    assert api.call("POST", "sobjects/UserPermissionAccess", {"PermissionsActivateOrder": True}).status >= 400


def test_an_org_in_a_file_tells_the_rights_of_today(tmp_path: Path) -> None:
    Org(path=str(tmp_path / "org.db")).db.close()

    again = Org(path=str(tmp_path / "org.db"))
    again.settings.activate_orders = False
    again.hide_field("Account", "Site")

    [found] = again.query(f"SELECT {ORDERS} FROM UserPermissionAccess")
    assert (found["PermissionsActivateOrder"], found["PermissionsEditActivatedOrders"]) == (False, True)
