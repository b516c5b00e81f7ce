"""sObject collections [facts: api 3.10]."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.api import Api, make_api, refusal

ROLLED_BACK = "ALL_OR_NONE_OPERATION_ROLLED_BACK"


@pytest.fixture
def api() -> Api:
    return make_api()


def account(**fields: Any) -> dict[str, Any]:
    return {"attributes": {"type": "Account"}, **fields}


def send(api: Api, method: str, url: str, records: list[Any], **options: bool) -> Any:
    response = api.call(method, url, {"records": records, **options})
    assert response.status == 200, response.body
    return response.json()


def codes(results: Any) -> list[str | None]:
    return [None if one["success"] else one["errors"][0]["statusCode"] for one in results]


def test_a_record_that_fails_leaves_the_others_alone(api: Api) -> None:
    results = send(api, "POST", "composite/sobjects", [account(Name="A"), account(), account(Name="C")])

    assert codes(results) == [None, "REQUIRED_FIELD_MISSING", None]
    assert list(results[0]) == ["id", "success", "errors"]
    message = "Required fields are missing: [Name]"
    error = {"statusCode": "REQUIRED_FIELD_MISSING", "message": message, "fields": ["Name"]}
    assert results[1] == {"success": False, "errors": [error]}


def test_all_or_none_rolls_the_others_back(api: Api) -> None:
    results = send(api, "POST", "composite/sobjects", [account(Name="A"), account()], allOrNone=True)

    message = "Record rolled back because not all records were valid and the request was using AllOrNone header"
    assert codes(results) == [ROLLED_BACK, "REQUIRED_FIELD_MISSING"]
    assert results[0]["errors"][0]["message"] == message
    assert "id" not in results[0]
    assert len(api.org.query("SELECT Id FROM Account")) == 1


def test_a_half_done_record_leaves_no_trace(api: Api) -> None:
    order = api.order()
    items = [{"attributes": {"type": "OrderItem"}, **api.item_fields(order, Quantity=number)} for number in (1, 0)]

    assert codes(send(api, "POST", "composite/sobjects", items)) == [None, "FIELD_INTEGRITY_EXCEPTION"]
    assert api.value("Order", order, "TotalAmount") == 10.5


def test_updates_carry_the_id_in_either_case(api: Api) -> None:
    order = api.order()
    records = [
        account(Id=api.account, Name="New"),
        {"attributes": {"type": "order"}, "id": order[:15], "Description": "d"},
        account(Name="no id"),
        account(id="001000000000999AAA", Name="x"),
        account(id=order, Name="x"),
    ]

    results = send(api, "PATCH", "composite/sobjects", records)

    assert codes(results) == [None, None, "MISSING_ARGUMENT", "INVALID_CROSS_REFERENCE_KEY", "MALFORMED_ID"]
    assert results[1]["id"] == order
    assert api.value("Order", order, "Description") == "d"


def test_an_update_of_a_deleted_record_says_so(api: Api) -> None:
    order = api.order()
    api.org.delete("Order", order)

    results = send(api, "PATCH", "composite/sobjects", [{"attributes": {"type": "Order"}, "id": order}])

    assert codes(results) == ["ENTITY_IS_DELETED"]


def test_upsert_says_what_it_created(api: Api) -> None:
    api.order(SFSync_Key__c="old")
    records = [{"attributes": {"type": "Order"}, **api.order_fields(), "SFSync_Key__c": key} for key in ("old", "new")]
    del records[0]["Pricebook2Id"]

    results = send(api, "PATCH", "composite/sobjects/Order/SFSync_Key__c", records)

    assert [one["created"] for one in results] == [False, True]
    assert list(results[0]) == ["id", "success", "errors", "created"]


def test_upsert_by_id_creates_where_there_is_none(api: Api) -> None:
    records = [account(Id=api.account, Name="Changed"), account(Id=None, Name="Made")]

    results = send(api, "PATCH", "composite/sobjects/Account/Id", records)

    assert [one["created"] for one in results] == [False, True]
    assert api.value("Account", api.account, "Name") == "Changed"


def test_the_same_key_twice_in_an_upsert_fails_both(api: Api) -> None:
    records = [{"attributes": {"type": "Order"}, **api.order_fields(), "SFSync_Key__c": "k"} for _ in range(2)]

    results = send(api, "PATCH", "composite/sobjects/Order/SFSync_Key__c", records)

    assert codes(results) == ["DUPLICATE_VALUE", "DUPLICATE_VALUE"]
    assert results[0]["errors"][0]["message"] == "Duplicate external id specified: k"


def test_the_same_key_twice_in_an_insert_fails_the_second(api: Api) -> None:
    records = [{"attributes": {"type": "Order"}, **api.order_fields(), "SFSync_Key__c": "k"} for _ in range(2)]

    results = send(api, "POST", "composite/sobjects", records)

    assert codes(results) == [None, "DUPLICATE_VALUE"]
    assert results[1]["errors"][0]["message"].endswith(f"record with id: {results[0]['id'][:15]}")


def test_delete_by_ids(api: Api) -> None:
    order = api.order()
    results = api.call("DELETE", f"composite/sobjects?ids={api.account},{order}&allOrNone=false").json()

    # deleting the account takes its draft order with it
    assert codes(results) == [None, "ENTITY_IS_DELETED"]


def test_delete_all_or_none(api: Api) -> None:
    other = api.org.insert("Account", {"Name": "B"})
    results = api.call("DELETE", f"composite/sobjects?ids={other},001000000000999AAA&allOrNone=true").json()

    assert codes(results) == [ROLLED_BACK, "INVALID_CROSS_REFERENCE_KEY"]
    assert api.value("Account", other, "Name") == "B"


def test_retrieve_keeps_the_order_and_shows_null_for_what_is_missing(api: Api) -> None:
    missing = "001000000000999AAA"
    by_get = api.call("GET", f"composite/sobjects/Account?ids={missing},{api.account[:15]}&fields=Id,Name").json()
    by_post = api.call("POST", "composite/sobjects/account", {"ids": [missing, api.account], "fields": ["id", "Name"]})

    assert by_get == by_post.json()
    assert by_get[0] is None
    assert (by_get[1]["attributes"]["type"], by_get[1]["Id"], by_get[1]["Name"]) == ("Account", api.account, "Acme")


def test_retrieve_of_an_unknown_field_is_refused(api: Api) -> None:
    response = api.call("POST", "composite/sobjects/Account", {"ids": [api.account], "fields": ["Nope"]})

    assert refusal(response) == (400, "INVALID_FIELD", "No such column 'Nope' on sobject of type Account")


def test_no_more_than_200_records_and_2000_reads(api: Api) -> None:
    many = [account(Name="A")] * 201

    response = api.call("POST", "composite/sobjects", {"records": many})
    read = api.call("POST", "composite/sobjects/Account", {"ids": [api.account] * 2001, "fields": ["Id"]})

    message = "record limit reached. cannot submit more than 200 records into this call"
    assert refusal(response) == (400, "EXCEEDED_ID_LIMIT", message)
    assert refusal(read)[1] == "EXCEEDED_ID_LIMIT"
    assert len(send(api, "POST", "composite/sobjects", many[:200])) == 200


def test_no_more_than_10_changes_of_type(api: Api) -> None:
    contact = {"attributes": {"type": "Contact"}, "LastName": "L"}

    assert api.call("POST", "composite/sobjects", {"records": [account(Name="A"), contact] * 6}).status == 400
    assert api.call("POST", "composite/sobjects", {"records": [account(Name="A"), contact] * 5}).status == 200


def test_a_record_without_type_fails(api: Api) -> None:
    assert codes(send(api, "POST", "composite/sobjects", [{"Name": "A"}])) == ["INVALID_INPUT"]
