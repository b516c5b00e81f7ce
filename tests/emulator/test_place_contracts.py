"""Place Order for contracts, custom children and filters [facts: orders 8]."""

from __future__ import annotations

from typing import Any

import pytest

from sfsync.emulator.fields import Field
from sfsync.emulator.objects.build import SYSTEM, sobject
from sfsync.emulator.settings import Settings
from tests.emulator.api import Api, V, make_api, refusal

SALE = "commerce/sale"
Json = dict[str, Any]


@pytest.fixture
def api() -> Api:
    api = make_api()
    for number, (parent, below) in enumerate({"Contract": "Terms", "Order": "Shipments", "OrderItem": "Seats"}.items()):
        to = f"to={parent} rel={parent}__r children={below}__r"
        table = f"{parent}__c | reference | CUN | {parent} | {to}\nCode__c | string 9 | CUN | Code\n{SYSTEM}"
        api.org.add_object(sobject(f"{below}__c", f"a0{number}", table, custom=True))
    return api


def line(api: Api, **fields: Any) -> Json:
    item = {"PricebookEntryId": api.entry, "quantity": "1", "UnitPrice": "15.99"}
    return {"attributes": {"type": "OrderItem"}, **item, **fields}


def an_order(api: Api, *lines: Json, **fields: Any) -> Json:
    header = {"EffectiveDate": "2026-03-01", "Status": "Draft", "Pricebook2Id": api.book}
    return {"attributes": {"type": "Order"}, **header, **fields, "OrderItems": {"records": list(lines)}}


def contract_with(api: Api, *orders: Json, **fields: Any) -> Json:
    header = {"AccountId": api.account, "StartDate": "2026-01-01", "Status": "Draft", "ContractTerm": "12"}
    return {"contract": [{"attributes": {"type": "Contract"}, **header, **fields, "Orders": {"records": list(orders)}}]}


def placed(api: Api, *orders: Json, **fields: Any) -> Json:
    response = api.call("POST", SALE, contract_with(api, *orders, **fields))
    assert response.status == 201, response.body
    record: Json = response.json()["records"][0]
    return record


def test_a_contract_is_made_with_orders_lines_and_custom_children(api: Api) -> None:
    shipments = {"records": [{"attributes": {"type": "Shipments__c"}, "Code__c": "s"}]}
    terms = {"records": [{"Code__c": "t"}]}

    contract = placed(api, an_order(api, line(api), line(api), Shipments__r=shipments), an_order(api), Terms__r=terms)

    first, second = contract["Orders"]["records"]
    url = f"{V}/sobjects/Contract/{contract['Id']}"
    assert contract["attributes"] == {"type": "Contract", "url": url}
    assert first["OrderItems"]["totalSize"] == 2
    assert (first["Shipments__r"]["records"][0]["attributes"]["type"], contract["Terms__r"]["totalSize"]) == (
        "Shipments__c",
        1,
    )
    rows = api.org.query("SELECT AccountId, ContractId, TotalAmount FROM Order ORDER BY OrderNumber")
    assert [(row["AccountId"], row["ContractId"], row["TotalAmount"]) for row in rows] == [
        (api.account, contract["Id"], 31.98),
        (api.account, contract["Id"], 0),
    ]
    assert second["Id"] != first["Id"]


def test_one_bad_line_leaves_no_contract(api: Api) -> None:
    response = api.call("POST", SALE, contract_with(api, an_order(api, line(api), line(api, quantity="0"))))

    assert refusal(response)[0] == 400
    assert [len(api.org.query(f"SELECT Id FROM {name}")) for name in ("Contract", "Order", "OrderItem")] == [0, 0, 0]


def test_what_came_before_a_refusal_may_stay() -> None:
    api = make_api(Settings(place_order_rolls_back=False))

    assert api.call("POST", SALE, contract_with(api, an_order(api, line(api), line(api, quantity="0")))).status == 400
    assert [len(api.org.query(f"SELECT Id FROM {name}")) for name in ("Contract", "Order", "OrderItem")] == [1, 1, 1]


def test_orders_are_added_to_a_contract_and_lines_to_its_orders(api: Api) -> None:
    contract = placed(api, an_order(api, line(api)))
    known = contract["Orders"]["records"][0]["Id"]
    more = {"Id": known, "contractId": contract["Id"], "OrderItems": {"records": [line(api)]}}
    body = {"contract": [{"Id": contract["Id"], "Orders": {"records": [an_order(api, line(api)), more]}}]}

    response = api.call("PATCH", f"{SALE}/{contract['Id']}", body)

    record = response.json()["records"][0]
    new, extended = record["Orders"]["records"]
    assert (response.status, record["attributes"], "Id" in record) == (200, {"type": "Contract"}, False)
    assert (extended["attributes"], "Id" in extended) == ({"type": "Order"}, False)
    assert extended["OrderItems"]["totalSize"] == 1
    assert api.org.get("Order", new["Id"])["ContractId"] == contract["Id"]
    assert len(api.org.query(f"SELECT Id FROM OrderItem WHERE OrderId = '{known}'")) == 2


@pytest.mark.parametrize("field", ["StartDate", "Status", "Name"])
def test_nothing_that_exists_can_be_changed(api: Api, field: str) -> None:
    contract = placed(api, an_order(api))
    known = contract["Orders"]["records"][0]["Id"]
    url = f"{SALE}/{contract['Id']}"

    changed = {"contract": [{"Id": contract["Id"], field: "x"}]}
    inside = {"contract": [{"Id": contract["Id"], "Orders": {"records": [{"Id": known, field: "x"}]}}]}
    assert "You can't update existing records" in refusal(api.call("PATCH", url, changed))[2]
    assert "You can't update existing records" in refusal(api.call("PATCH", url, inside))[2]


def test_the_records_of_the_body_must_be_those_of_the_url(api: Api) -> None:
    one, other = placed(api), placed(api, an_order(api))
    stranger = other["Orders"]["records"][0]["Id"]
    bodies = [
        {"contract": [{"Id": other["Id"]}]},
        {"contract": [{"Id": one["Id"], "Orders": {"records": [{"Id": stranger}]}}]},
        {"contract": [{}, {}]},
        {"order": [{}]},
    ]

    for body in bodies:
        assert refusal(api.call("PATCH", f"{SALE}/{one['Id']}", body))[:2] == (400, "INVALID_INPUT")
    assert api.call("PATCH", f"{SALE}/{one['Id'][:15]}", {"contract": [{"Id": one["Id"]}]}).status == 200


def test_reductions_can_be_placed_on_a_contract(api: Api) -> None:
    contract = placed(api, an_order(api, line(api)))
    original = contract["Orders"]["records"][0]
    api.org.update("Contract", contract["Id"], {"Status": "Activated"})
    api.org.update("Order", original["Id"], {"Status": "Activated"})
    less = {"OriginalOrderItemId": original["OrderItems"]["records"][0]["Id"], "quantity": -1, "UnitPrice": None}
    sent = an_order(api, {**line(api), **less}, IsReductionOrder=True, OriginalOrderId=original["Id"])
    body = {"contract": [{"Id": contract["Id"], "Orders": {"records": [sent]}}]}

    assert api.call("PATCH", f"{SALE}/{contract['Id']}", body).status == 200
    assert api.org.query("SELECT TotalAmount FROM Order WHERE IsReductionOrder = true")[0]["TotalAmount"] == -15.99


def test_what_may_hang_on_what_depends_on_the_resource(api: Api) -> None:
    seats = {"Seats__r": {"records": [{"Code__c": "x"}]}}
    terms = {"Terms__r": {"records": [{"Code__c": "x"}]}}
    contacts: Json = {"CustomerSigned": {"records": [{}]}}
    order = {"order": [an_order(api, line(api, **seats), accountId=api.account)]}
    nested = {"Orders": {"records": [an_order(api)]}}

    assert api.call("POST", f"{SALE}/order", order).status == 201
    for body in (
        contract_with(api, an_order(api, line(api, **seats))),
        contract_with(api, an_order(api, **nested)),
        contract_with(api, an_order(api, Terms__r=terms["Terms__r"])),
        contract_with(api, **contacts),
        contract_with(api, Terms__r={"records": [{"Shipments__r": {"records": [{}]}}]}),
    ):
        assert api.call("POST", SALE, body).status == 400
    assert api.org.query("SELECT Id FROM Contract") == []


def test_2000_records_are_the_most_wherever_they_are(api: Api) -> None:
    shipments = {"records": [{"Code__c": "x"}] * 1_998}

    too_many = contract_with(api, an_order(api, line(api), Shipments__r=shipments))
    assert refusal(api.call("POST", SALE, too_many))[:2] == (400, "LIMIT_EXCEEDED")
    assert api.org.query("SELECT Id FROM Contract") == []


def test_reading_shows_ids_and_null_for_what_is_not_there(api: Api) -> None:
    contract = placed(api, an_order(api, line(api)), an_order(api))

    shown = api.call("GET", f"{SALE}/{contract['Id']}").json()

    first, second = shown["records"][0]["Orders"]["records"]
    assert list(shown["records"][0]) == ["attributes", "Id", "Orders", "Terms__r"]
    assert shown["records"][0]["Terms__r"] is None
    assert list(first) == ["attributes", "Id", "OrderItems", "Shipments__r"]
    assert (first["OrderItems"]["totalSize"], second["OrderItems"], second["Shipments__r"]) == (1, None, None)
    alone = api.call("GET", f"{SALE}/order/{first['Id']}").json()["records"][0]
    assert alone["OrderItems"]["records"][0]["Seats__r"] is None


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("contract.orders.StatusCode='Draft'", 2),
        ("contract.Orders.statuscode='draft'", 2),
        ("contract.orders.StatusCode='Activated'", 0),
        ("contract.orders.EffectiveDate=2026-03-01&contract.orders.PoNumber='it''s'", None),
        (r"contract.orders.PoNumber='it\'s'&contract.orders.EffectiveDate=2026-03-01", 1),
        ("contract.orders.TotalAmount=15.99", 1),
        ("contract.orders.IsReductionOrder=false", 2),
        ("contract.orders.PoNumber=null", 1),
        ("contract.Status='Activated'", -1),
        ("other=1", 2),
        ("contract.ORDERS.StatusCode='Draft'", None),
        ("contract.orders.StatusCode=Draft", None),
        ("contract.orders.TotalAmount='15.99'", None),
        ("contract.orders.TotalAmount>=15", None),
        ("contract.orders.Nothing=1", None),
        ("contract.orders.Description='x'", None),
        ("order.orderItems.Quantity=1", None),
    ],
)
def test_orders_of_a_contract_can_be_filtered(api: Api, query: str, found: int | None) -> None:
    contract = placed(api, an_order(api, line(api), PoNumber="it's"), an_order(api))

    response = api.call("GET", f"{SALE}/{contract['Id']}?{query}")

    if found is None:
        assert refusal(response)[:2] == (400, "INVALID_FIELD")
    elif found < 0:
        assert response.json() == {"totalSize": 0, "done": True, "records": []}
    else:
        orders = response.json()["records"][0]["Orders"]
        assert (0 if orders is None else orders["totalSize"]) == found


def test_lines_and_custom_children_can_be_filtered(api: Api) -> None:
    order = api.order()
    wanted = [api.item(order, ServiceDate="2026-03-02", Quantity=3), api.item(order)][0]
    api.create("Shipments__c", Order__c=order, Code__c="a")

    def read(query: str) -> Json:
        record: Json = api.call("GET", f"{SALE}/order/{order}?{query}").json()["records"][0]
        return record

    lines = read("order.orderItems.servicedate=2026-03-02&order.orderItems.quantity=3")["OrderItems"]
    assert [one["Id"] for one in lines["records"]] == [wanted]
    by_id = read(f"order.OrderItems.Id='{wanted[:15]}'")["OrderItems"]
    assert by_id["totalSize"] == 1
    assert read("order.Shipments__r.Code__c='b'")["Shipments__r"] is None
    assert read("order.Shipments__r.Code__c='a'")["Shipments__r"]["totalSize"] == 1


def test_ids_of_other_objects_and_deleted_ones_are_refused(api: Api) -> None:
    order = api.order()

    assert refusal(api.call("GET", f"{SALE}/{order}"))[:2] == (400, "MALFORMED_ID")
    api.org.delete("Order", order)
    assert refusal(api.call("GET", f"{SALE}/order/{order}"))[:2] == (404, "ENTITY_IS_DELETED")


def test_hidden_fields_cannot_be_filtered(api: Api) -> None:
    order = api.order()
    api.org.add_custom_field("Order", Field("Code__c", "string", "Code", length=9, custom=True))
    assert api.call("GET", f"{SALE}/order/{order}?order.Code__c='x'").json()["totalSize"] == 0

    api.org.hide_field("Order", "Code__c")
    assert refusal(api.call("GET", f"{SALE}/order/{order}?order.Code__c='x'"))[1] == "INVALID_FIELD"
