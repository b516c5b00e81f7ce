"""The Tooling API: custom fields from their metadata, and the schema as records [facts: api 10]."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from sfsync.emulator.customising.changes import create_field
from sfsync.emulator.errors import ApiError
from sfsync.emulator.fields import Field
from sfsync.emulator.http import Request, Response
from sfsync.emulator.org import Org
from tests.emulator.api import Api, make_api, refusal

if TYPE_CHECKING:
    from pathlib import Path

TEXT = {"label": "Ext Id", "type": "Text", "length": 64, "externalId": True, "unique": True, "caseSensitive": True}
COLOURS = [{"fullName": "Red", "label": "Rouge", "default": True}, {"fullName": "Blue", "label": "Blue"}]
VALUES = {"restricted": True, "valueSetDefinition": {"sorted": False, "value": COLOURS}}
LONG = {"length": 1000, "visibleLines": 3}
NUMBER = {"precision": 6, "scale": 2}
LOOKUP = {"referenceTo": "Account", "relationshipName": "Orders_Here"}


@pytest.fixture(scope="module")
def shared() -> Api:
    """One org, for tests that make fields of names of their own or only read."""
    return make_api()


@pytest.fixture
def api() -> Api:
    return make_api()


def make(api: Api, full_name: str, /, **metadata: Any) -> Response:
    body = {"FullName": full_name, "Metadata": {"label": "A label", **metadata}}
    return api.call("POST", "tooling/sobjects/CustomField", body)


def made(api: Api, full_name: str, /, **metadata: Any) -> str:
    answer = make(api, full_name, **metadata)
    assert answer.status == 201, answer.body
    return str(answer.json()["id"])


def granted(api: Api, field: str, *, edit: bool = True) -> None:
    (own,) = api.org.query("SELECT Id FROM PermissionSet WHERE IsOwnedByProfile = true")
    row = {"ParentId": own["Id"], "SobjectType": field.partition(".")[0], "Field": field}
    api.create("FieldPermissions", **row, PermissionsRead=True, PermissionsEdit=edit)


def described(api: Api, field: str) -> dict[str, Any]:
    sobject, _, name = field.partition(".")
    fields = api.call("GET", f"sobjects/{sobject}/describe").json()["fields"]
    return next(one for one in fields if one["name"] == name)


def query(api: Api, text: str) -> Response:
    return api.call("GET", f"tooling/query?q={quote(text)}")


def test_a_field_is_made_and_told_back(shared: Api) -> None:
    answer = make(shared, "Account.Ext_Id__c", **TEXT)

    assert (answer.status, answer.json()) == (
        201,
        {"id": answer.json()["id"], "success": True, "errors": [], "warnings": [], "infos": []},
    )
    assert answer.json()["id"].startswith("00N")
    row = shared.call("GET", f"tooling/sobjects/CustomField/{answer.json()['id']}").json()
    assert (row["FullName"], row["TableEnumOrId"], row["DeveloperName"]) == ("Account.Ext_Id__c", "Account", "Ext_Id")
    assert (row["Metadata"]["length"], row["Metadata"]["caseSensitive"], row["Metadata"]["formula"]) == (64, True, None)
    assert row["attributes"]["url"] == f"/services/data/v66.0/tooling/sobjects/CustomField/{row['Id']}"


def test_once_granted_it_is_described_as_an_external_id_and_written(shared: Api) -> None:
    made(shared, "Contract.Ext__c", **TEXT)
    granted(shared, "Contract.Ext__c")

    field = described(shared, "Contract.Ext__c")
    assert {key: field[key] for key in ("type", "length", "byteLength", "soapType")} == {
        "type": "string",
        "length": 64,
        "byteLength": 192,
        "soapType": "xsd:string",
    }
    flags = ("custom", "externalId", "unique", "caseSensitive", "idLookup", "permissionable", "createable")
    assert all(field[flag] for flag in flags)
    key = shared.call("PATCH", "sobjects/Contract/Ext__c/k1", {"AccountId": shared.account})
    assert (key.status, key.json()["created"]) == (201, True)


@pytest.mark.parametrize(
    ("kind", "more", "told"),
    [
        ("Number", NUMBER, {"type": "double", "precision": 6, "scale": 2}),
        ("Currency", NUMBER, {"type": "currency", "precision": 6}),
        ("Percent", NUMBER, {"type": "percent"}),
        ("Date", {}, {"type": "date"}),
        ("DateTime", {}, {"type": "datetime"}),
        ("Checkbox", {"defaultValue": "true"}, {"type": "boolean", "nillable": False, "defaultValue": True}),
        ("Picklist", {"valueSet": VALUES}, {"type": "picklist", "restrictedPicklist": True}),
        ("LongTextArea", LONG, {"type": "textarea", "length": 1000, "filterable": False}),
        ("Html", LONG, {"type": "textarea", "extraTypeInfo": "richtextarea"}),
        ("TextArea", {}, {"type": "textarea", "length": 255, "filterable": True}),
        ("Lookup", LOOKUP, {"type": "reference", "referenceTo": ["Account"], "relationshipName": "F_Lookup__r"}),
        ("Email", {"unique": True}, {"type": "email", "length": 80, "unique": True}),
        ("Phone", {}, {"type": "phone", "length": 40}),
        ("Url", {}, {"type": "url", "length": 255}),
        ("AutoNumber", {"displayFormat": "A-{000}"}, {"type": "string", "autoNumber": True, "createable": False}),
    ],
)
def test_every_type_has_its_describe(shared: Api, kind: str, more: dict[str, Any], told: dict[str, Any]) -> None:
    name = f"Order.F_{kind}__c"
    made(shared, name, type=kind, **more)
    granted(shared, name, edit=kind != "AutoNumber")

    field = described(shared, name)

    assert {key: field[key] for key in told} == told
    assert (field["custom"], field["label"]) == (True, "A label")


def test_values_of_new_fields_are_checked_counted_and_defaulted(api: Api) -> None:
    for name, metadata in (
        ("Colour__c", {"type": "Picklist", "valueSet": VALUES}),
        ("Big__c", {"type": "Number", **NUMBER}),
        ("Place__c", {"type": "Lookup", **LOOKUP}),
        ("No__c", {"type": "AutoNumber", "displayFormat": "A-{000}/x"}),
    ):
        made(api, f"Order.{name}", **metadata)
        granted(api, f"Order.{name}", edit=name != "No__c")

    order = api.order(Place__c=api.account, Big__c=1.005)
    row = api.call("GET", f"sobjects/Order/{order}").json()
    assert (row["Colour__c"], float(row["Big__c"]), row["No__c"]) == ("Red", 1.01, "A-001/x")
    assert api.value("Order", api.order(), "No__c") == "A-002/x"
    (account,) = api.org.query("SELECT (SELECT Id FROM Orders_Here__r), Name FROM Account")
    assert account["Orders_Here__r"]["totalSize"] == 1
    (found,) = api.org.query(f"SELECT Place__r.Name FROM Order WHERE Place__c = '{api.account}'")
    assert found["Place__r"]["Name"] == "Acme"
    for body, code in (
        ({"Colour__c": "Green"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        ({"Big__c": 10_000}, "NUMBER_OUTSIDE_VALID_RANGE"),
    ):
        assert refusal(api.call("PATCH", f"sobjects/Order/{order}", body))[1] == code


def test_a_detail_goes_with_its_master(api: Api) -> None:
    made(api, "Contact.Order__c", type="MasterDetail", referenceTo="Order", relationshipName="People")
    order = api.order()
    contact = api.create("Contact", LastName="x", Order__c=order)

    assert described(api, "Contact.Order__c")["nillable"] is False
    assert refusal(api.call("POST", "sobjects/Contact", {"LastName": "y"}))[1] == "REQUIRED_FIELD_MISSING"
    assert api.call("DELETE", f"sobjects/Order/{order}").status == 204
    assert refusal(api.call("GET", f"sobjects/Contact/{contact}"))[1] == "ENTITY_IS_DELETED"


def test_required_fields_need_no_grant(shared: Api) -> None:
    made(shared, "Product2.Must__c", type="Text", length=10, required=True)

    assert described(shared, "Product2.Must__c")["nillable"] is False


def test_a_name_is_given_once(shared: Api) -> None:
    made(shared, "Pricebook2.Twice__c", type="Date")

    assert refusal(make(shared, "Pricebook2.Twice__c", type="Date")) == (
        *(400, "DUPLICATE_DEVELOPER_NAME"),
        "There is already a field named Twice on Price Book.",
    )


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"type": "Text"}, "Must specify 'length' for a CustomField of type Text"),
        (
            {"type": "Text", "length": 9, "unique": True},
            "Must specify 'caseSensitive' for a CustomField of type Text",
        ),
        ({"type": "Date", "externalId": True}, "Can not specify 'externalId' for a CustomField of type Date"),
        ({"type": "TextArea", "length": 255}, "Can not specify 'length' for a CustomField of type TextArea"),
        ({"type": "Checkbox"}, "Must specify 'defaultValue' for a CustomField of type Checkbox"),
        ({"type": "Currency", **NUMBER, "unique": True}, "Can not specify 'unique' for a CustomField of type Currency"),
        ({"type": "Date", "formula": "TODAY()"}, "Can not specify 'formula' for a CustomField of type Date"),
        ({"type": "Date", "label": ""}, "Must specify a non-empty label for the CustomField"),
        ({"type": "Text", "length": 256}, "length must be between 1 and 255"),
        ({"type": "Tree"}, "Type: bad value for restricted picklist field: Tree"),
        ({"type": "Lookup", "referenceTo": "Nope"}, "Reference To: bad value for restricted picklist field: Nope"),
        ({"type": "Date", "colour": 1}, "No such column 'colour' on sobject of type CustomField"),
    ],
)
def test_metadata_that_does_not_fit_the_type_is_refused(shared: Api, metadata: dict[str, Any], message: str) -> None:
    before = shared.org.schema.version

    answer = make(shared, "Order.Wrong__c", **metadata)

    assert (answer.status, refusal(answer)[2]) == (400, message)
    assert shared.org.schema.version == before


@pytest.mark.parametrize("name", ["Order.Ext", "Order.1x__c", "Order.a__b__c", "Order.x y__c"])
def test_names_must_be_names(shared: Api, name: str) -> None:
    assert refusal(make(shared, name, type="Date"))[1] == "FIELD_INTEGRITY_EXCEPTION"


@pytest.mark.parametrize("owner", ["Nope", "OrderStatus"])
def test_only_objects_that_have_custom_fields_take_one(shared: Api, owner: str) -> None:
    message = f"Entity Enumeration Or ID: bad value for restricted picklist field: {owner}"

    assert refusal(make(shared, f"{owner}.X__c", type="Date"))[2] == message


def test_an_object_has_only_so_many_external_ids(api: Api) -> None:
    api.org.settings.external_ids_per_object = 2
    made(api, "Order.Second__c", type="Email", externalId=True)

    assert refusal(make(api, "Order.Third__c", type="Email", externalId=True))[1] == "LIMIT_EXCEEDED"
    assert make(api, "Order.Other__c", type="Email").status == 201


def test_a_field_is_changed_by_its_whole_metadata(api: Api) -> None:
    field = made(api, "Order.Note__c", type="Text", length=10)
    granted(api, "Order.Note__c")
    url = f"tooling/sobjects/CustomField/{field}"

    assert api.call("PATCH", url, {"Metadata": {"label": "New", "type": "Text", "length": 20}}).status == 204
    assert (described(api, "Order.Note__c")["label"], described(api, "Order.Note__c")["length"]) == ("New", 20)
    assert refusal(api.call("PATCH", url, {"Metadata": {"label": "New", "type": "Date"}}))[0] == 400


def test_a_field_that_is_removed_takes_values_and_grants_along(api: Api) -> None:
    field = made(api, "Order.Note__c", **{**TEXT, "label": "Note"})
    granted(api, "Order.Note__c")
    order = api.order(Note__c="x")

    assert api.call("DELETE", f"tooling/sobjects/CustomField/{field}").status == 204

    assert api.org.query("SELECT Id FROM FieldPermissions WHERE Field = 'Order.Note__c'") == []
    assert api.call("GET", f"tooling/sobjects/CustomField/{field}").status == 404
    made(api, "Order.Note__c", **TEXT)
    granted(api, "Order.Note__c")
    assert api.value("Order", order, "Note__c") is None


def test_without_the_right_to_customise_the_schema_stays(api: Api) -> None:
    api.org.settings.customize_application = False

    assert refusal(make(api, "Order.X__c", type="Date"))[:2] == (403, "INSUFFICIENT_ACCESS")


def test_an_org_in_a_file_keeps_its_custom_fields(tmp_path: Path) -> None:
    path = str(tmp_path / "org.db")
    first = Org(path=path)
    body = {"FullName": "Account.Kept__c", "Metadata": {"label": "Kept", "type": "Text", "length": 9}}
    bearer = {"authorization": f"Bearer {first.login()}"}
    url = "/services/data/v66.0/tooling/sobjects/CustomField"
    answer = first.handle(Request.of("POST", url, headers=bearer, body=json.dumps(body).encode()))
    account = first.insert("Account", {"Name": "A", "Kept__c": "value"})
    first.db.close()

    again = Org(path=path)

    assert answer.status == 201
    assert again.get("Account", account)["Kept__c"] == "value"
    assert "kept__c" not in again.schema.visible_fields("Account")
    again.add_custom_field("Account", Field("More__c", "string", "More", length=9, custom=True))
    fields = {one["DeveloperName"] for one in _rows(again, "SELECT DeveloperName, Id FROM CustomField")}
    assert {"Kept", "More", "SFSync_Key"} == fields


def _rows(org: Org, text: str) -> list[dict[str, Any]]:
    bearer = {"authorization": f"Bearer {org.login()}"}
    url = f"/services/data/v66.0/tooling/query?q={quote(text)}"
    rows: list[dict[str, Any]] = org.handle(Request.of("GET", url, headers=bearer)).json()["records"]
    return rows


# -- queries


def test_custom_fields_are_queried_also_those_of_python_code(shared: Api) -> None:
    answer = query(shared, "SELECT Id, DeveloperName FROM CustomField WHERE TableEnumOrId = 'OrderItem'").json()

    assert {key: answer[key] for key in ("size", "totalSize", "done", "queryLocator", "entityTypeName")} == {
        "size": 1,
        "totalSize": 1,
        "done": True,
        "queryLocator": None,
        "entityTypeName": "CustomField",
    }
    (record,) = answer["records"]
    assert record["DeveloperName"] == "SFSync_Key"
    assert record["attributes"]["url"].endswith(f"/tooling/sobjects/CustomField/{record['Id']}")


def test_metadata_is_shown_of_one_row_only(shared: Api) -> None:
    one = "SELECT Metadata, FullName FROM CustomField WHERE TableEnumOrId = 'OrderItem'"
    (record,) = query(shared, one).json()["records"]

    assert (record["FullName"], record["Metadata"]["type"]) == ("OrderItem.SFSync_Key__c", "Text")
    made(shared, "Opportunity.More__c", type="Date")
    many = refusal(query(shared, "SELECT Metadata FROM CustomField"))
    assert many[1] == "MALFORMED_QUERY"
    assert "no more than one row for retrieval. Result size: " in many[2]


def test_definitions_describe_objects_and_fields(shared: Api) -> None:
    entity = "SELECT DurableId, KeyPrefix, IsQueryable, Id FROM EntityDefinition WHERE QualifiedApiName = 'Order'"
    (order,) = query(shared, entity).json()["records"]
    text = (
        "SELECT DurableId, DataType, EntityDefinition.QualifiedApiName FROM FieldDefinition "
        "WHERE EntityDefinition.QualifiedApiName = 'Order' AND QualifiedApiName IN ('AccountId', 'SFSync_Key__c') "
        "ORDER BY QualifiedApiName"
    )
    account, key = query(shared, text).json()["records"]

    assert (order["DurableId"], order["KeyPrefix"], order["IsQueryable"]) == ("Order", "801", True)
    assert order["Id"] == "000000000000000AAA"
    assert order["attributes"]["url"].endswith("/tooling/sobjects/EntityDefinition/Order")
    assert account["EntityDefinition"]["QualifiedApiName"] == "Order"
    assert (account["DurableId"], account["DataType"]) == ("Order.AccountId", "Lookup(Account)")
    assert key["DataType"] == "Text(64) (External ID) (Unique Case Sensitive)"


def test_the_tooling_api_has_objects_of_its_own(shared: Api) -> None:
    listed = shared.call("GET", "tooling/sobjects").json()["sobjects"]
    described = shared.call("GET", "tooling/sobjects/CustomField/describe").json()

    assert {"CustomField", "CustomObject", "EntityDefinition", "FieldDefinition"} <= {one["name"] for one in listed}
    assert described["urls"]["sobject"] == "/services/data/v66.0/tooling/sobjects/CustomField"
    assert refusal(query(shared, "SELECT Id FROM Nope"))[1] == "INVALID_TYPE"
    assert refusal(query(shared, "SELECT Nope FROM CustomField"))[1] == "INVALID_FIELD"
    assert shared.call("GET", "tooling/sobjects/Nope").status == 404
    assert shared.call("GET", "tooling/sobjects/CustomField/00N5e00000ZZZZZ").status == 404
    assert refusal(shared.call("POST", "tooling/sobjects/CustomObject", {}))[1] == (
        "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
    )


def test_the_schema_is_not_changed_inside_an_open_transaction(api: Api) -> None:
    with api.org.open_transaction() as transaction, pytest.raises(ApiError) as refused:
        transaction.do(lambda: create_field(api.org, api.org.user_id, "Order.Late__c", {"label": "L", "type": "Date"}))

    assert refused.value.code == "MIXED_DML_OPERATION"
    assert api.org.schema.objects["Order"].field("Late__c") is None
