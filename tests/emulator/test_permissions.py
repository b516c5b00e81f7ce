"""Field-level security as rows: who grants a field decides whether the API user has it [facts: api 10, A.7]."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sfsync.emulator.fields import Field
from sfsync.emulator.org import Org
from tests.emulator.api import Api, make_api, refusal

if TYPE_CHECKING:
    from pathlib import Path

FIELD = "Order.Ext_Id__c"


@pytest.fixture
def api() -> Api:
    """An org in which somebody made a field through the Tooling API."""
    made = make_api()
    metadata = {"label": "Ext Id", "type": "Text", "length": 64}
    assert made.call("POST", "tooling/sobjects/CustomField", {"FullName": FIELD, "Metadata": metadata}).status == 201
    return made


def described(api: Api, sobject: str, name: str) -> dict[str, Any] | None:
    fields = api.call("GET", f"sobjects/{sobject}/describe").json()["fields"]
    return next((one for one in fields if one["name"] == name), None)


def permission_set(api: Api, name: str = "Sync_Integration") -> str:
    return api.create("PermissionSet", Name=name, Label="Sync Integration")


def assign(api: Api, parent: str) -> str:
    return api.create("PermissionSetAssignment", AssigneeId=api.org.user_id, PermissionSetId=parent)


def grant(api: Api, parent: str, field: str = FIELD, *, edit: bool = True, read: bool = True) -> str:
    return api.create("FieldPermissions", **row(parent, field, edit=edit, read=read))


def row(parent: str, field: str = FIELD, *, edit: bool = True, read: bool = True) -> dict[str, Any]:
    granted = {"PermissionsRead": read, "PermissionsEdit": edit}
    return {"ParentId": parent, "SobjectType": field.partition(".")[0], "Field": field, **granted}


def own_set(api: Api) -> str:
    (found,) = api.org.query("SELECT Id FROM PermissionSet WHERE Profile.Name = 'System Administrator'")
    return str(found["Id"])


def test_a_new_field_is_in_no_describe_row_query_or_write(api: Api) -> None:
    order = api.order()

    assert described(api, "Order", "Ext_Id__c") is None
    assert "Ext_Id__c" not in api.call("GET", f"sobjects/Order/{order}").json()
    assert refusal(api.call("GET", "query?q=SELECT+Ext_Id__c+FROM+Order"))[1] == "INVALID_FIELD"
    refused = api.call("PATCH", f"sobjects/Order/{order}", {"Ext_Id__c": "x"}).json()[0]
    assert (refused["errorCode"], refused["fields"]) == ("INVALID_FIELD_FOR_INSERT_UPDATE", ["Ext_Id__c"])


def test_a_grant_works_only_when_its_permission_set_is_assigned(api: Api) -> None:
    parent = permission_set(api)
    grant(api, parent)

    assert described(api, "Order", "Ext_Id__c") is None

    assignment = assign(api, parent)
    order = api.order(Ext_Id__c="x")

    assert api.value("Order", order, "Ext_Id__c") == "x"

    assert api.call("DELETE", f"sobjects/PermissionSetAssignment/{assignment}").status == 204
    assert described(api, "Order", "Ext_Id__c") is None


def test_the_profile_has_a_permission_set_of_its_own_that_needs_no_assignment(api: Api) -> None:
    grant(api, own_set(api))

    assert described(api, "Order", "Ext_Id__c") is not None


def test_another_users_assignment_grants_the_api_user_nothing(api: Api) -> None:
    parent = permission_set(api)
    grant(api, parent)
    api.create("PermissionSetAssignment", AssigneeId=api.org.admin_id, PermissionSetId=parent)

    assert described(api, "Order", "Ext_Id__c") is None


def test_reading_alone_shows_the_field_and_refuses_to_write_it(api: Api) -> None:
    granted = grant(api, own_set(api), edit=False)
    order = api.order()

    field = described(api, "Order", "Ext_Id__c")
    assert field is not None
    assert (field["createable"], field["updateable"]) == (False, False)
    assert refusal(api.call("PATCH", f"sobjects/Order/{order}", {"Ext_Id__c": "x"}))[1] == (
        "INVALID_FIELD_FOR_INSERT_UPDATE"
    )

    assert api.call("PATCH", f"sobjects/FieldPermissions/{granted}", {"PermissionsEdit": True}).status == 204
    assert api.call("PATCH", f"sobjects/Order/{order}", {"Ext_Id__c": "x"}).status == 204


def test_the_widest_of_several_grants_holds(api: Api) -> None:
    grant(api, own_set(api), edit=False)
    parent = permission_set(api)
    grant(api, parent)
    assign(api, parent)

    assert api.value("Order", api.order(Ext_Id__c="x"), "Ext_Id__c") == "x"


def test_taking_a_grant_back_hides_the_field_again_with_its_value_kept(api: Api) -> None:
    granted = grant(api, own_set(api))
    order = api.order(Ext_Id__c="kept")

    assert api.call("DELETE", f"sobjects/FieldPermissions/{granted}").status == 204

    assert described(api, "Order", "Ext_Id__c") is None
    assert api.org.get("Order", order)["Ext_Id__c"] == "kept"


def test_a_grant_that_is_rolled_back_was_none(api: Api) -> None:
    org, seen = api.org, []

    def grant_in_vain() -> None:
        with org.world.savepoint():
            org.insert("FieldPermissions", row(own_set(api)))
            seen.append("ext_id__c" in org.schema.visible_fields("Order"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        grant_in_vain()

    assert seen == [True]
    assert described(api, "Order", "Ext_Id__c") is None


def test_standard_fields_too_are_granted_by_the_profile(api: Api) -> None:
    (found,) = api.org.query("SELECT Id FROM FieldPermissions WHERE Field = 'Order.Description'")

    assert api.call("DELETE", f"sobjects/FieldPermissions/{found['Id']}").status == 204

    assert described(api, "Order", "Description") is None
    assert described(api, "Order", "Status") is not None


def test_an_address_is_granted_as_a_whole(api: Api) -> None:
    (found,) = api.org.query("SELECT Id FROM FieldPermissions WHERE Field = 'Account.BillingAddress'")

    api.call("DELETE", f"sobjects/FieldPermissions/{found['Id']}")

    assert described(api, "Account", "BillingCity") is None
    assert described(api, "Account", "ShippingCity") is not None


def test_describe_says_when_a_grant_changed_it(api: Api) -> None:
    before = api.call("GET", "sobjects/Order/describe").headers["Last-Modified"]
    api.org.advance(60)
    grant(api, own_set(api))

    again = api.call("GET", "sobjects/Order/describe", If_Modified_Since=before)

    assert (again.status, again.headers["Last-Modified"] > before) == (200, True)


def test_a_second_grant_or_assignment_is_a_duplicate(api: Api) -> None:
    parent = permission_set(api)
    grant(api, parent)
    assign(api, parent)
    assignment = {"AssigneeId": api.org.user_id, "PermissionSetId": parent}

    assert refusal(api.call("POST", "sobjects/FieldPermissions", row(parent)))[1] == "DUPLICATE_VALUE"
    assert refusal(api.call("POST", "sobjects/PermissionSetAssignment", assignment))[1] == "DUPLICATE_VALUE"
    again = {"Name": "Sync_Integration", "Label": "x"}
    assert refusal(api.call("POST", "sobjects/PermissionSet", again))[1] == "DUPLICATE_DEVELOPER_NAME"


@pytest.mark.parametrize("field", ["Order.Status", "Order.SystemModstamp", "Order.Nope__c", "Order.Must__c"])
def test_fields_that_everybody_sees_or_that_are_none_take_no_grant(api: Api, field: str) -> None:
    api.org.add_custom_field("Order", Field("Must__c", "string", "Must", length=9, custom=True, nillable=False))

    answer = api.call("POST", "sobjects/FieldPermissions", row(permission_set(api), field))

    assert answer.json()[0] == {
        "message": f"Field Name: bad value for restricted picklist field: {field}",
        "errorCode": "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        "fields": ["Field"],
    }


def test_an_unknown_object_takes_no_grant(api: Api) -> None:
    answer = api.call("POST", "sobjects/FieldPermissions", row(permission_set(api), "Nope.X__c"))

    assert refusal(answer)[2] == "Sobject Type Name: bad value for restricted picklist field: Nope"


@pytest.mark.parametrize(
    "field",
    [
        Field(
            "Sum__c", "double", "Sum", precision=18, calculated=True, custom=True, createable=False, updateable=False
        ),
        Field("No__c", "string", "No", length=30, auto_number="N-{000}", custom=True, permissionable=True),
    ],
    ids=["formula", "auto number"],
)
def test_formulas_and_auto_numbers_are_granted_for_reading_only(api: Api, field: Field) -> None:
    api.org.add_custom_field("Order", field)
    parent = permission_set(api)

    edit = api.call("POST", "sobjects/FieldPermissions", row(parent, f"Order.{field.name}"))

    assert refusal(edit)[:2] == (400, "FIELD_INTEGRITY_EXCEPTION")
    assert grant(api, parent, f"Order.{field.name}", edit=False)


def test_what_one_permission_depends_on_must_be_granted_with_it(api: Api) -> None:
    parent = permission_set(api)
    rights = {"ParentId": parent, "SobjectType": "Account", "PermissionsRead": False, "PermissionsCreate": True}

    field = refusal(api.call("POST", "sobjects/FieldPermissions", row(parent, read=False)))
    whole = refusal(api.call("POST", "sobjects/ObjectPermissions", rights))

    assert field[1:] == ("FIELD_INTEGRITY_EXCEPTION", f"Permission Edit {FIELD} depends on permission(s): Read {FIELD}")
    assert whole[2] == "Permission Create Account depends on permission(s): Read Account"
    assert api.create("ObjectPermissions", **{**rights, "PermissionsRead": True})


def test_a_permission_set_takes_its_grants_with_it_but_not_while_it_is_assigned(api: Api) -> None:
    parent = permission_set(api)
    grant(api, parent)
    assignment = assign(api, parent)
    url = f"sobjects/PermissionSet/{parent}"

    assert refusal(api.call("DELETE", url))[1] == "DELETE_FAILED"
    api.call("DELETE", f"sobjects/PermissionSetAssignment/{assignment}")
    assert api.call("DELETE", url).status == 204
    assert api.org.query(f"SELECT Id FROM FieldPermissions WHERE ParentId = '{parent}'") == []


def test_what_belongs_to_a_profile_is_neither_assigned_nor_deleted(api: Api) -> None:
    own = own_set(api)
    body = {"AssigneeId": api.org.admin_id, "PermissionSetId": own}

    assert refusal(api.call("POST", "sobjects/PermissionSetAssignment", body))[1] == "FIELD_INTEGRITY_EXCEPTION"
    assert refusal(api.call("DELETE", f"sobjects/PermissionSet/{own}"))[1] == "INSUFFICIENT_ACCESS_OR_READONLY"


def test_grants_are_found_from_their_permission_set(api: Api) -> None:
    parent = permission_set(api)
    grant(api, parent)
    assign(api, parent)
    (found,) = api.org.query(
        "SELECT Name, (SELECT Field FROM FieldPerms), (SELECT Assignee.Username FROM Assignments) "
        "FROM PermissionSet WHERE IsOwnedByProfile = false"
    )

    assert found["FieldPerms"]["records"][0]["Field"] == FIELD
    assert found["Assignments"]["records"][0]["Assignee"]["Username"] == api.org.settings.users[0].username


def test_without_the_right_to_set_up_nobody_grants_anything(api: Api) -> None:
    parent = permission_set(api)
    api.org.settings.customize_application = False

    for sobject, body in (("FieldPermissions", row(parent)), ("PermissionSet", {"Name": "B", "Label": "B"})):
        assert refusal(api.call("POST", f"sobjects/{sobject}", body))[1] == "INSUFFICIENT_ACCESS_OR_READONLY"


def test_a_field_that_python_code_adds_is_granted_at_once(api: Api) -> None:
    api.org.add_custom_field("Order", Field("Seen__c", "string", "Seen", length=9, custom=True))

    assert described(api, "Order", "Seen__c") is not None
    api.org.hide_field("Order", "Seen__c")
    assert described(api, "Order", "Seen__c") is None
    api.org.show_field("Order", "Seen__c")
    assert described(api, "Order", "Seen__c") is not None


def test_an_org_in_a_file_keeps_grants_and_what_was_taken_back(tmp_path: Path) -> None:
    path = str(tmp_path / "org.db")
    first = Org(path=path)
    (found,) = first.query("SELECT Id FROM FieldPermissions WHERE Field = 'Account.Site'")
    first.delete("FieldPermissions", found["Id"])
    first.db.close()

    again = Org(path=path)

    assert "site" not in again.schema.visible_fields("Account")
    assert "phone" in again.schema.visible_fields("Account")
    assert len(again.query("SELECT Id FROM PermissionSet")) == 1
