"""Records by external id, unique keys, parents by key [facts: api 3.4]."""

from __future__ import annotations

import pytest

from sfsync.emulator.fields import Field
from tests.emulator.api import Api, V, make_api, refusal


@pytest.fixture
def api() -> Api:
    return make_api()


def test_upsert_creates_then_updates(api: Api) -> None:
    body = api.order_fields()
    url = "sobjects/Order/SFSync_Key__c/006%2F1%3Fx"
    first, second = api.call("PATCH", url, body), api.call("PATCH", url, {"Description": "again"})

    record_id = first.json()["id"]
    assert (first.status, first.json()["created"]) == (201, True)
    assert second.json() == {"id": record_id, "success": True, "errors": [], "created": False}
    assert second.status == 200
    assert api.value("Order", record_id, "SFSync_Key__c") == "006/1?x"
    assert api.call("GET", url).json()["Id"] == record_id


def test_old_versions_answer_an_updating_upsert_without_body(api: Api) -> None:
    api.order(SFSync_Key__c="k")

    response = api.call("PATCH", "/services/data/v45.0/sobjects/Order/SFSync_Key__c/k", {"Description": "x"})

    assert (response.status, response.body) == (204, b"")


def test_the_key_may_not_be_in_the_body_too(api: Api) -> None:
    response = api.call("PATCH", "sobjects/Order/SFSync_Key__c/k", {"SFSync_Key__c": "k"})

    assert refusal(response)[:2] == (400, "INVALID_FIELD")


def test_update_only_never_creates(api: Api) -> None:
    assert api.call("PATCH", "sobjects/Order/SFSync_Key__c/k?updateOnly=true", api.order_fields()).status == 404


def test_an_ordinary_field_is_no_external_id(api: Api) -> None:
    response = api.call("PATCH", "sobjects/Account/Site/k", {})

    assert refusal(response)[2] == "Provided external ID field does not exist or is not accessible: Site"


def test_several_matches_are_listed_and_nothing_is_written(api: Api) -> None:
    api.org.add_custom_field(
        "Account", Field("Ext__c", "string", "Ext", length=20, custom=True, external_id=True, id_lookup=True)
    )
    twins = [api.org.insert("Account", {"Name": f"T{number}", "Ext__c": "same"}) for number in (1, 2)]

    response = api.call("PATCH", "sobjects/Account/Ext__c/SAME", {"Name": "X"})

    assert response.status == 300
    assert response.json() == [f"{V}/sobjects/Account/{twin}" for twin in twins]
    assert api.value("Account", twins[0], "Name") == "T1"
    assert (api.call("GET", "sobjects/Account/Ext__c/same").status, api.org.usage()) == (300, 3)
    record = {"attributes": {"type": "Account"}, "Ext__c": "same", "Name": "X"}
    result = api.call("PATCH", "composite/sobjects/Account/Ext__c", {"records": [record]}).json()[0]
    assert (result["success"], result["errors"][0]["statusCode"]) == (False, "DUPLICATE_EXTERNAL_ID")


def test_a_key_that_is_not_unique_needs_the_right_to_view_all_data(api: Api) -> None:
    api.org.add_custom_field(
        "Account", Field("Ext__c", "string", "Ext", length=20, custom=True, external_id=True, id_lookup=True)
    )
    assert api.call("PATCH", "sobjects/Account/Ext__c/k", {"Name": "X"}).status == 201

    api.org.settings.view_all_data = False

    refused = refusal(api.call("PATCH", "sobjects/Account/Ext__c/k", {"Name": "Y"}))
    assert refused[1] == "INSUFFICIENT_ACCESS_OR_READONLY"
    assert api.call("GET", "sobjects/Account/Ext__c/k").json()["Name"] == "X"
    assert api.call("PATCH", "sobjects/Order/SFSync_Key__c/k", api.order_fields()).status == 201


def test_a_second_row_under_a_unique_key_is_refused_with_its_holder(api: Api) -> None:
    holder = api.order(SFSync_Key__c="k")

    response = api.call("POST", "sobjects/Order", api.order_fields(SFSync_Key__c="k"))

    text = f"duplicate value found: SFSync_Key__c duplicates value on record with id: {holder[:15]}"
    assert response.json() == [{"message": text, "errorCode": "DUPLICATE_VALUE", "fields": []}]
    assert api.order(SFSync_Key__c="K")  # the key is case-sensitive


def test_a_key_is_free_again_when_its_holder_is_deleted(api: Api) -> None:
    api.org.delete("Order", api.order(SFSync_Key__c="k"))

    assert api.order(SFSync_Key__c="k")


def test_a_parent_can_be_named_by_its_external_id(api: Api) -> None:
    order = api.order(SFSync_Key__c="k")
    fields = api.item_fields(order)
    del fields["OrderId"]

    line = api.create("OrderItem", **fields, Order={"SFSync_Key__c": "k"})
    missing = api.call("POST", "sobjects/OrderItem", {**fields, "Order": {"SFSync_Key__c": "none"}})

    assert api.value("OrderItem", line, "OrderId") == order
    text = "Foreign key external ID: none not found for field SFSync_Key__c in entity Order"
    assert refusal(missing) == (400, "INVALID_FIELD", text)


def test_a_post_to_id_always_creates(api: Api) -> None:
    order = api.order(SFSync_Key__c="k")
    fields = {name: value for name, value in api.item_fields(order).items() if name != "OrderId"}

    made = api.call("POST", "sobjects/OrderItem/Id/", {**fields, "Order": {"SFSync_Key__c": "k"}})

    line = made.json()["id"]
    assert (made.status, made.json()) == (201, {"id": line, "success": True, "errors": [], "created": True})
    assert api.value("OrderItem", line, "OrderId") == order


def test_an_upsert_by_id_updates_and_never_creates(api: Api) -> None:
    done = api.call("PATCH", f"sobjects/Account/Id/{api.account[:15]}", {"Name": "New"})

    assert (done.status, done.json()["created"]) == (200, False)
    assert refusal(api.call("PATCH", "sobjects/Account/Id/001000000000999AAA", {"Name": "New"}))[:2] == (
        404,
        "NOT_FOUND",
    )
    assert [row["Name"] for row in api.org.query("SELECT Name FROM Account")] == ["New"]


def test_one_of_several_kinds_of_parent_must_be_said(api: Api) -> None:
    name = api.org.settings.users[0].username
    said = {"attributes": {"type": "User"}, "Username": name}

    order = api.order(Owner=said)

    assert api.value("Order", order, "OwnerId") == api.org.user_id
    for wrong in ({"Username": name}, {**said, "attributes": {"type": "Account"}}):
        refused = refusal(api.call("POST", "sobjects/Order", api.order_fields(Owner=wrong)))
        text = "The external foreign key reference does not reference a valid entity: Owner"
        assert refused == (400, "INVALID_FIELD", text)


def test_a_key_that_looks_like_a_file_is_not_found(api: Api) -> None:
    order = api.order(SFSync_Key__c="a@b.inc")
    url = "sobjects/Order/SFSync_Key__c/a%40b.inc"

    for method, body in (("GET", None), ("PATCH", {}), ("DELETE", None)):
        assert refusal(api.call(method, url, body))[:2] == (404, "NOT_FOUND")
    record = {"attributes": {"type": "Order"}, "SFSync_Key__c": "a@b.inc", "Description": "x"}
    answer = api.call("PATCH", "composite/sobjects/Order/SFSync_Key__c", {"records": [record]}).json()[0]
    assert (answer["id"], answer["created"]) == (order, False)
    api.org.settings.keys_like_files = ()
    assert api.call("GET", url).json()["Id"] == order


def test_duplicate_rules_may_be_spoken_of(api: Api) -> None:
    header = "allowSave=true; includeRecordDetails=true; runAsCurrentUser=true"

    response = api.call("POST", "sobjects/Account", {"Name": "Acme"}, Sforce_Duplicate_Rule_Header=header)

    assert response.status == 201


@pytest.mark.parametrize("key", ["", " ", None])
def test_an_empty_key_matches_no_record_without_key(api: Api, key: str | None) -> None:
    order = api.order()  # its key is null

    row = {"attributes": {"type": "Order"}, "SFSync_Key__c": key, "Description": "changed"}
    many = api.call("PATCH", "composite/sobjects/Order/SFSync_Key__c", {"records": [row]}).json()
    child = api.call("POST", "sobjects/OrderItem", {**api.item_fields(order), "Order": {"SFSync_Key__c": key}})

    assert many[0]["errors"][0]["statusCode"] == "MISSING_ARGUMENT"
    assert refusal(child)[:2] == (400, "INVALID_FIELD")
    assert api.value("Order", order, "Description") is None


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_a_blank_in_the_place_of_a_key_leads_nowhere(api: Api, method: str) -> None:
    order = api.order()

    answer = api.call(method, "sobjects/Order/SFSync_Key__c/%20", {} if method == "PATCH" else None)

    assert refusal(answer)[:2] == (404, "NOT_FOUND")
    assert api.value("Order", order, "Id") == order


def test_a_parent_is_named_by_id_or_by_key_but_not_by_both(api: Api) -> None:
    order = api.order(SFSync_Key__c="k")

    said = refusal(api.call("POST", "sobjects/OrderItem", {**api.item_fields(order), "Order": {"SFSync_Key__c": "k"}}))

    message = "Cannot specify both an external ID reference Order and a salesforce id, OrderId"
    assert said == (400, "INVALID_FIELD", message)
