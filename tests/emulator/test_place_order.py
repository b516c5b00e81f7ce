"""Place Order [facts: orders 8]."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.emulator.api import Api, V, make_api, refusal

URL = "commerce/sale/order"


@pytest.fixture
def api() -> Api:
    return make_api()


def body(api: Api, lines: int = 2, **header: Any) -> dict[str, Any]:
    items = [
        {"attributes": {"type": "OrderItem"}, "PricebookEntryId": api.entry, "quantity": "1", "UnitPrice": "15.99"}
        for _ in range(lines)
    ]
    order = {
        "attributes": {"type": "Order"},
        "EffectiveDate": "2026-03-01",
        "Status": "Draft",
        "billingCity": "SFO",
        "accountId": api.account,
        "Pricebook2Id": api.book,
        **header,
        "OrderItems": {"records": items},
    }
    return {"order": [order]}


def test_an_order_with_its_lines_is_made_in_one_call(api: Api) -> None:
    response = api.call("POST", URL, body(api))

    order = response.json()["records"][0]
    items = order["OrderItems"]["records"]
    assert response.status == 201
    assert order["attributes"] == {"type": "Order", "url": f"{V}/sobjects/Order/{order['Id']}"}
    assert (order["OrderItems"]["totalSize"], order["OrderItems"]["done"], len(items)) == (2, True, 2)
    assert items[0] == {
        "attributes": {"type": "OrderItem", "url": f"{V}/sobjects/OrderItem/{items[0]['Id']}"},
        "Id": items[0]["Id"],
    }
    assert api.value("Order", order["Id"], "TotalAmount") == Decimal("31.98")


def test_one_bad_line_leaves_nothing(api: Api) -> None:
    request = body(api)
    request["order"][0]["OrderItems"]["records"][1]["quantity"] = "0"

    response = api.call("POST", URL, request)

    assert refusal(response)[0] == 400
    assert api.org.query("SELECT Id FROM Order") == []


def test_2000_records_are_the_most(api: Api) -> None:
    assert api.call("POST", URL, body(api, lines=2000)).status == 400
    assert api.org.query("SELECT Id FROM Order") == []


def test_more_than_a_graph_can_carry(api: Api) -> None:
    response = api.call("POST", URL, body(api, lines=600))

    assert response.json()["records"][0]["OrderItems"]["totalSize"] == 600


@pytest.mark.parametrize(
    ("header", "code"),
    [({"Status": "Activated"}, "FAILED_ACTIVATION"), ({"accountId": None}, "REQUIRED_FIELD_MISSING")],
)
def test_the_rules_of_orders_hold(api: Api, header: dict[str, Any], code: str) -> None:
    assert refusal(api.call("POST", URL, body(api, **header)))[1] == code


def test_a_key_used_before_is_refused(api: Api) -> None:
    api.call("POST", URL, body(api, SFSync_Key__c="k"))

    assert refusal(api.call("POST", URL, body(api, SFSync_Key__c="k")))[1] == "DUPLICATE_VALUE"


def test_lines_can_be_added_and_read(api: Api) -> None:
    order = api.call("POST", URL, body(api)).json()["records"][0]["Id"]
    more = body(api, lines=1)["order"][0]["OrderItems"]
    added = api.call("PATCH", f"{URL}/{order}", {"order": [{"Id": order, "OrderItems": more}]})
    shown = api.call("GET", f"{URL}/{order}").json()

    record = added.json()["records"][0]
    assert (added.status, record["attributes"], "Id" in record) == (200, {"type": "Order"}, False)
    assert len(record["OrderItems"]["records"]) == 1
    assert shown["records"][0]["OrderItems"]["totalSize"] == 3


def test_existing_records_cannot_be_changed_here(api: Api) -> None:
    order = api.order()

    response = api.call("PATCH", f"{URL}/{order}", {"order": [{"Id": order, "Status": "Activated"}]})

    assert response.status == 400


def test_an_unknown_list_is_refused(api: Api) -> None:
    request = body(api)
    request["order"][0]["Nothing__r"] = {"records": [{}]}

    assert refusal(api.call("POST", URL, request))[1] == "INVALID_FIELD"
