"""Orders, lines and contracts beyond the behaviour table [facts: orders 4, 7]."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sfsync.emulator.settings import Settings, StatusValue
from tests.emulator.api import Api, make_api, refusal


@pytest.fixture
def api() -> Api:
    return make_api()


def test_numbers_are_not_reused_after_a_rollback(api: Api) -> None:
    body = api.order_fields()
    bad = {**body, "EndDate": "2020-01-01"}
    records = [{"attributes": {"type": "Order"}, **one} for one in (body, bad)]
    api.call("POST", "composite/sobjects", {"allOrNone": True, "records": records})

    assert api.value("Order", api.order(), "OrderNumber") == "00000101"


def test_a_price_book_can_be_given_later(api: Api) -> None:
    order = api.order(Pricebook2Id=None)

    assert api.call("PATCH", f"sobjects/Order/{order}", {"Pricebook2Id": api.book}).status == 204
    assert api.item(order)


def test_a_unit_price_of_zero_is_not_a_missing_one(api: Api) -> None:
    assert api.item(api.order(), UnitPrice=0)


def test_negative_quantity_is_refused_unless_the_org_allows_it(api: Api) -> None:
    fields = api.item_fields(api.order(), Quantity=-1)

    assert api.call("POST", "sobjects/OrderItem", fields).status == 400
    api.org.settings.negative_quantity = True
    assert api.call("POST", "sobjects/OrderItem", fields).status == 201


def test_nothing_is_available_of_a_negative_quantity(api: Api) -> None:
    api.org.settings.negative_quantity = True
    line = api.item(api.order(), Quantity=-1)
    assert api.value("OrderItem", line, "AvailableQuantity") == 0

    api.call("PATCH", f"sobjects/OrderItem/{line}", {"Quantity": 3})
    assert api.value("OrderItem", line, "AvailableQuantity") == 3
    api.call("PATCH", f"sobjects/OrderItem/{line}", {"Quantity": -2})
    assert api.value("OrderItem", line, "AvailableQuantity") == 0


def test_later_price_changes_do_not_flow_into_lines(api: Api) -> None:
    line = api.item(api.order())

    api.org.update("PricebookEntry", api.entry, {"UnitPrice": 99})

    assert api.value("OrderItem", line, "ListPrice") == 12


def test_decimals_are_rounded_half_up(api: Api) -> None:
    line = api.item(api.order(), UnitPrice="33.335", Quantity=3)

    assert api.org.get("OrderItem", line)["UnitPrice"] == Decimal("33.34")
    assert api.org.get("OrderItem", line)["TotalPrice"] == Decimal("100.02")


def test_an_inactive_entry_is_refused_unless_switched(api: Api) -> None:
    order = api.order()
    api.org.update("PricebookEntry", api.entry, {"IsActive": False})

    assert api.call("POST", "sobjects/OrderItem", api.item_fields(order)).status == 400
    api.org.settings.inactive_entry_refused = False
    assert api.item(order)


def test_another_status_of_the_same_category_keeps_the_activation() -> None:
    statuses = (*Settings().order_statuses, StatusValue("Shipped", "Activated"))
    api = make_api(Settings(order_statuses=statuses))
    order, _ = api.activated_order()
    api.org.advance(3600)

    assert api.set_status(order, "Shipped").status == 204
    assert api.value("Order", order, "ActivatedDate") == "2026-03-01T12:00:30.000+0000"
    assert api.value("Order", order, "LastModifiedDate") == "2026-03-01T13:00:30.000+0000"


def test_undelete_brings_the_lines_back(api: Api) -> None:
    order = api.order()
    line = api.item(order)
    api.org.delete("Order", order)

    api.org.undelete("Order", order)

    assert api.value("OrderItem", line, "OrderId") == order


def test_a_deleted_line_skips_the_recycle_bin_and_lowers_the_total(api: Api) -> None:
    order = api.order()
    kept, gone = api.item(order), api.item(order)

    assert api.call("DELETE", f"sobjects/OrderItem/{gone}").status == 204
    assert [row["Id"] for row in api.org.query("SELECT Id FROM OrderItem", include_deleted=True)] == [kept]
    assert api.value("Order", order, "TotalAmount") == 21


def test_without_the_permission_nothing_can_be_activated(api: Api) -> None:
    order = api.order()
    api.item(order)
    api.org.settings.activate_orders = False

    assert refusal(api.set_status(order, "Activated"))[1] == "INSUFFICIENT_ACCESS_OR_READONLY"


def test_the_account_of_a_draft_can_change(api: Api) -> None:
    other = api.org.insert("Account", {"Name": "Other"})

    assert api.call("PATCH", f"sobjects/Order/{api.order()}", {"AccountId": other}).status == 204


def test_a_contract_ends_one_day_before_the_same_day(api: Api) -> None:
    contract = api.create("Contract", AccountId=api.account, StartDate="2026-01-31", ContractTerm=1, Status="Draft")

    assert api.value("Contract", contract, "EndDate") == "2026-02-27"
    assert api.value("Contract", contract, "ContractNumber") == "00000100"


@pytest.mark.parametrize(
    ("start", "text"),
    [
        ("2027-01-01", "Order Start Date can't be later than its contract's end date.: Order Start Date"),
        ("2025-12-31", "Order Start Date can't be earlier than the contract's start date.: Order Start Date"),
    ],
)
def test_an_order_lies_inside_its_contract(api: Api, start: str, text: str) -> None:
    contract = api.create("Contract", AccountId=api.account, StartDate="2026-01-01", ContractTerm=12, Status="Draft")

    response = api.call("POST", "sobjects/Order", api.order_fields(ContractId=contract, EffectiveDate=start))

    assert refusal(response) == (400, "FIELD_INTEGRITY_EXCEPTION", text)
    assert response.json()[0]["fields"] == ["EffectiveDate"]


def test_the_contract_is_of_the_same_account(api: Api) -> None:
    other = api.org.insert("Account", {"Name": "Other"})
    contract = api.org.insert("Contract", {"AccountId": other, "Status": "Draft"})

    assert api.call("POST", "sobjects/Order", api.order_fields(ContractId=contract)).status == 400


def test_an_order_has_the_price_book_of_its_contract(api: Api) -> None:
    other = api.value("PricebookEntry", api.other_entry, "Pricebook2Id")
    contract = api.org.insert("Contract", {"AccountId": api.account, "Pricebook2Id": other})

    assert api.call("POST", "sobjects/Order", api.order_fields(ContractId=contract)).status == 400
    order = api.order(ContractId=contract, Pricebook2Id=None)
    assert api.call("PATCH", f"sobjects/Order/{order}", {"Pricebook2Id": api.book}).status == 400
    assert api.call("PATCH", f"sobjects/Order/{order}", {"Pricebook2Id": other}).status == 204
    assert api.call("PATCH", f"sobjects/Order/{api.order()}", {"ContractId": contract}).status == 400


def test_an_activated_contract_cannot_go_back(api: Api) -> None:
    contract = api.create("Contract", AccountId=api.account, Status="Draft")
    api.call("PATCH", f"sobjects/Contract/{contract}", {"Status": "Activated"})

    assert api.call("PATCH", f"sobjects/Contract/{contract}", {"Status": "Draft"}).status == 400


def test_an_account_with_activated_orders_cannot_be_deleted(api: Api) -> None:
    order, _ = api.activated_order()

    assert refusal(api.call("DELETE", f"sobjects/Account/{api.account}"))[1] == "DELETE_FAILED"
    assert api.value("Order", order, "Status") == "Activated"


def test_a_price_book_with_lines_cannot_be_changed(api: Api) -> None:
    order = api.order()
    other = api.org.insert("Pricebook2", {"Name": "Third", "IsActive": True})
    empty = api.order()
    api.item(order)

    assert api.call("PATCH", f"sobjects/Order/{order}", {"Pricebook2Id": other}).status == 400
    assert api.call("PATCH", f"sobjects/Order/{empty}", {"Pricebook2Id": other}).status == 204


def test_strict_activation_refuses_other_standard_fields(api: Api) -> None:
    order = api.order()
    api.item(order)
    api.org.settings.strict_activation = True

    response = api.call("PATCH", f"sobjects/Order/{order}", {"Status": "Activated", "Description": "x"})
    with_custom = {"Status": "Activated", "SFSync_Key__c": "k"}

    assert refusal(response)[1] == "FAILED_ACTIVATION"
    assert api.call("PATCH", f"sobjects/Order/{order}", with_custom).status == 204
