"""Records by external id, unique keys, parents by key [facts: api 3.4]."""

from __future__ import annotations

import pytest

from sfsync.emulator.schema import Field
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
