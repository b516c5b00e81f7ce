"""The behaviour table of orders, row by row [facts: orders 12]."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from sfsync.emulator.settings import Settings, StatusValue
from tests.emulator.api import Api, make_api, refusal

if TYPE_CHECKING:
    from sfsync.emulator.http import Response


@pytest.fixture
def api() -> Api:
    return make_api()


def reduction(api: Api, original: str, **fields: object) -> str:
    header = {"IsReductionOrder": True, "OriginalOrderId": original, "EffectiveDate": "2026-03-01", "Status": "Draft"}
    return api.create("Order", **{**header, **fields})


def reduce(api: Api, order: str, line: str, quantity: int, **fields: object) -> Response:
    body = {"OrderId": order, "OriginalOrderItemId": line, "Quantity": quantity, **fields}
    return api.call("POST", "sobjects/OrderItem", body)


# -- rows 1 to 3: the header


def test_row_1_an_order_without_account_is_refused(api: Api) -> None:
    response = api.call("POST", "sobjects/Order", api.order_fields(AccountId=None))

    assert response.status == 400
    assert response.json() == [{"message": "Select an account.", "errorCode": "REQUIRED_FIELD_MISSING", "fields": []}]


def test_row_2_an_order_cannot_be_created_activated(api: Api) -> None:
    response = api.call("POST", "sobjects/Order", api.order_fields(Status="Activated"))

    text = "For a new or cloned order, choose Draft. An Activated order's status can't be edited."
    assert refusal(response) == (400, "FAILED_ACTIVATION", text)


def test_row_2_holds_for_every_status_of_the_activated_category() -> None:
    statuses = (*Settings().order_statuses, StatusValue("Shipped", "Activated"), StatusValue("Review", "Draft"))
    api = make_api(Settings(order_statuses=statuses))

    assert api.call("POST", "sobjects/Order", api.order_fields(Status="Shipped")).status == 400
    assert api.call("POST", "sobjects/Order", api.order_fields(Status="Review")).status == 201


def test_row_3_a_draft_order_gets_a_number_and_a_total_of_zero(api: Api) -> None:
    first, second = api.order(), api.order(Pricebook2Id=None)

    shown = api.call("GET", f"sobjects/Order/{first}").json()
    assert (shown["OrderNumber"], shown["TotalAmount"], shown["StatusCode"]) == ("00000100", 0, "Draft")
    assert shown["Pricebook2Id"] == api.book
    assert api.value("Order", second, "OrderNumber") == "00000101"
    assert api.value("Order", second, "Pricebook2Id") is None


# -- rows 4 to 9: adding lines


def test_row_4_lines_need_an_order_with_price_book(api: Api) -> None:
    order = api.order(Pricebook2Id=None)

    response = api.call("POST", "sobjects/OrderItem", api.item_fields(order))

    assert refusal(response) == (400, "FIELD_INTEGRITY_EXCEPTION", "The order is missing a price book")


def test_row_5_the_entry_must_be_of_the_orders_book(api: Api) -> None:
    response = api.call("POST", "sobjects/OrderItem", api.item_fields(api.order(), PricebookEntryId=api.other_entry))

    text = (
        "Order Products must have a Price Book Entry that belongs to the Price Book related to the parent Order.: "
        "Price Book Entry ID"
    )
    assert refusal(response) == (400, "FIELD_INTEGRITY_EXCEPTION", text)


def test_row_6_a_line_needs_a_unit_price(api: Api) -> None:
    response = api.call("POST", "sobjects/OrderItem", api.item_fields(api.order(), UnitPrice=None))

    assert response.status == 400
    assert response.json()[0]["message"] == "Order Products must have a Unit Price."


def test_row_7_zero_quantity_is_refused_unless_the_org_allows_it(api: Api) -> None:
    response = api.call("POST", "sobjects/OrderItem", api.item_fields(api.order(), Quantity=0))

    assert response.status == 400
    assert response.json()[0]["message"] == "Can't save order products with quantities of zero"
    api.org.settings.zero_quantity = True
    assert api.item(api.order(), Quantity=0)


@pytest.mark.parametrize("dates", [{"ServiceDate": "2026-02-28"}, {"EndDate": "2026-04-01"}])
def test_row_8_the_dates_of_a_line_lie_inside_the_orders(api: Api, dates: dict[str, str]) -> None:
    order = api.order(EndDate="2026-03-31")

    response = api.call("POST", "sobjects/OrderItem", api.item_fields(order, **dates))

    assert refusal(response)[:2] == (400, "FIELD_INTEGRITY_EXCEPTION")


def test_row_9_a_line_is_priced_and_the_order_rolled_up(api: Api) -> None:
    order = api.order()
    api.org.advance(60)
    line = api.call("GET", f"sobjects/OrderItem/{api.item(order)}").json()

    assert (line["ListPrice"], line["TotalPrice"], line["AvailableQuantity"]) == (12, 21, 2)
    assert line["OrderItemNumber"] == "0000000001"
    assert api.value("Order", order, "TotalAmount") == 21
    assert api.value("Order", order, "SystemModstamp") == "2026-03-01T12:01:30.000+0000"


# -- rows 10 to 18: activation and what follows from it


def test_row_10_lines_of_an_activated_order_are_locked(api: Api) -> None:
    order, line = api.activated_order()
    text = "Unable to modify activated or superseded Order:  cannot delete Order, or add or remove Order Products"

    added = api.call("POST", "sobjects/OrderItem", api.item_fields(order))
    removed = api.call("DELETE", f"sobjects/OrderItem/{line}")

    assert refusal(added) == (400, "ENTITY_IS_LOCKED", text)
    assert refusal(removed) == (400, "ENTITY_IS_LOCKED", text)


def test_row_11_an_order_without_lines_cannot_be_activated(api: Api) -> None:
    response = api.set_status(api.order(), "Activated")

    text = "An order must have at least one product."
    assert response.json() == [{"message": text, "errorCode": "FAILED_ACTIVATION", "fields": []}]


def test_row_12_the_contract_must_be_activated_first(api: Api) -> None:
    contract = api.create("Contract", AccountId=api.account, StartDate="2026-01-01", ContractTerm=12, Status="Draft")
    order = api.order(ContractId=contract)
    api.item(order)

    assert refusal(api.set_status(order, "Activated"))[:2] == (400, "FAILED_ACTIVATION")
    assert api.call("PATCH", f"sobjects/Contract/{contract}", {"Status": "Activated"}).status == 204
    assert api.set_status(order, "Activated").status == 204


def test_row_13_activation_stamps_who_and_when(api: Api) -> None:
    order, _ = api.activated_order()

    shown = api.call("GET", f"sobjects/Order/{order}").json()
    assert (shown["Status"], shown["StatusCode"]) == ("Activated", "Activated")
    assert shown["ActivatedDate"] == "2026-03-01T12:00:30.000+0000"
    assert shown["ActivatedById"] == api.org.user_id


def test_row_14_activating_again_changes_nothing(api: Api) -> None:
    order, _ = api.activated_order()
    before = api.org.get("Order", order)
    api.org.advance(3600)

    assert api.set_status(order, "Activated").status == 204
    assert api.org.get("Order", order) == before


def test_row_15_an_activated_order_can_go_back_to_draft(api: Api) -> None:
    order, _ = api.activated_order()

    assert api.set_status(order, "Draft").status == 204
    assert api.value("Order", order, "StatusCode") == "Draft"
    assert api.value("Order", order, "ActivatedDate") is None
    assert api.item(order)


def test_row_16_a_reduced_order_cannot_go_back_to_draft(api: Api) -> None:
    order, line = api.activated_order()
    assert reduce(api, reduction(api, order), line, -1).status == 201

    assert api.set_status(order, "Draft").status == 400


def test_row_16_can_be_switched_to_activated_reductions_only(api: Api) -> None:
    order, line = api.activated_order()
    reduce(api, reduction(api, order), line, -1)
    api.org.settings.draft_reductions_block_deactivation = False

    assert api.set_status(order, "Draft").status == 204


def test_row_17_an_activated_order_cannot_be_deleted(api: Api) -> None:
    order, _ = api.activated_order()

    response = api.call("DELETE", f"sobjects/Order/{order}")

    assert refusal(response) == (400, "DELETE_FAILED", "unable to modify activated order")


def test_row_18_a_draft_order_goes_to_the_recycle_bin_with_its_lines(api: Api) -> None:
    order = api.order()
    line = api.item(order)

    assert api.call("DELETE", f"sobjects/Order/{order}").status == 204
    assert refusal(api.call("GET", f"sobjects/Order/{order}"))[:2] == (404, "ENTITY_IS_DELETED")
    assert refusal(api.call("GET", f"sobjects/OrderItem/{line}"))[:2] == (404, "ENTITY_IS_DELETED")
    everything = api.org.query("SELECT Id, IsDeleted FROM Order", include_deleted=True)
    assert [row["IsDeleted"] for row in everything] == [True]


# -- rows 19 to 21: changing what is activated


def test_row_19_the_quantity_of_a_reduced_line_is_frozen(api: Api) -> None:
    order, line = api.activated_order()
    reduce(api, reduction(api, order), line, -1)

    response = api.call("PATCH", f"sobjects/OrderItem/{line}", {"Quantity": 5})

    text = "You can't update Quantity because the order product has been reduced."
    assert (response.status, response.json()[0]["message"]) == (400, text)


def test_row_19_no_other_standard_field_of_a_reduced_line_can_be_edited(api: Api) -> None:
    order, line = api.activated_order()
    reduce(api, reduction(api, order), line, -1)

    def change(field: str, value: object) -> int:
        return api.call("PATCH", f"sobjects/OrderItem/{line}", {field: value}).status

    assert (change("UnitPrice", 9), change("Description", "x")) == (400, 400)
    assert (change("UnitPrice", 10.5), change("SFSync_Key__c", "k")) == (204, 204)
    api.org.settings.reduced_lines_frozen = False
    assert (change("UnitPrice", 9), change("Quantity", 3)) == (204, 400)


def test_row_20_lines_of_an_activated_order_can_be_edited_with_the_permission(api: Api) -> None:
    order, line = api.activated_order()

    assert api.call("PATCH", f"sobjects/OrderItem/{line}", {"Quantity": 3}).status == 204
    assert api.value("Order", order, "TotalAmount") == 31.5
    assert api.value("OrderItem", line, "AvailableQuantity") == 3


@pytest.mark.parametrize("sobject", ["Order", "OrderItem"])
def test_row_20_without_the_permission_nothing_activated_can_be_edited(api: Api, sobject: str) -> None:
    order, line = api.activated_order()
    api.org.settings.edit_activated_orders = False
    record = order if sobject == "Order" else line

    response = api.call("PATCH", f"sobjects/{sobject}/{record}", {"Description": "x"})

    assert refusal(response)[1] == "INSUFFICIENT_ACCESS_OR_READONLY"


def test_row_21_account_and_contract_are_fixed_once_activated(api: Api) -> None:
    order, _ = api.activated_order()
    other = api.org.insert("Account", {"Name": "Other"})
    contract = api.org.insert("Contract", {"AccountId": api.account, "Status": "Draft"})

    for change in ({"AccountId": other}, {"ContractId": contract}):
        assert api.call("PATCH", f"sobjects/Order/{order}", change).status == 400


# -- rows 22 to 26: reductions


def test_row_22_a_reduction_order_inherits_from_its_original(api: Api) -> None:
    order, _ = api.activated_order()

    made = api.org.get("Order", reduction(api, order))

    assert (made["AccountId"], made["Pricebook2Id"]) == (api.account, api.book)


def test_row_22_only_an_activated_order_can_be_reduced(api: Api) -> None:
    body = {"IsReductionOrder": True, "OriginalOrderId": api.order(), "EffectiveDate": "2026-03-01", "Status": "Draft"}

    assert api.call("POST", "sobjects/Order", body).status == 400


@pytest.mark.parametrize("switch", ["reduction_orders", "create_reduction_orders"])
def test_row_22_needs_the_feature_and_the_permission(api: Api, switch: str) -> None:
    order, _ = api.activated_order()
    setattr(api.org.settings, switch, False)
    body = {"IsReductionOrder": True, "OriginalOrderId": order, "EffectiveDate": "2026-03-01", "Status": "Draft"}

    assert api.call("POST", "sobjects/Order", body).status == 400


@pytest.mark.parametrize("field", ["AccountId", "ContractId", "Pricebook2Id"])
def test_row_22_the_header_of_a_reduction_stays_that_of_its_original(api: Api, field: str) -> None:
    order, _ = api.activated_order()
    other = {
        "AccountId": api.org.insert("Account", {"Name": "Other"}),
        "ContractId": api.org.insert("Contract", {"AccountId": api.account}),
        "Pricebook2Id": api.value("PricebookEntry", api.other_entry, "Pricebook2Id"),
    }
    body = {"IsReductionOrder": True, "OriginalOrderId": order, "EffectiveDate": "2026-03-01", "Status": "Draft"}

    created = api.call("POST", "sobjects/Order", {**body, field: other[field]})
    changed = api.call("PATCH", f"sobjects/Order/{reduction(api, order)}", {field: other[field]})

    assert (created.status, changed.status) == (400, 400)


def test_row_22_only_a_reduction_has_an_original(api: Api) -> None:
    order, _ = api.activated_order()

    assert api.call("POST", "sobjects/Order", api.order_fields(OriginalOrderId=order)).status == 400


def test_row_23_a_reduction_line_inherits_and_leaves_the_original_alone(api: Api) -> None:
    order, line = api.activated_order()
    lower = reduction(api, order)

    made = api.org.get("OrderItem", reduce(api, lower, line, -1).json()["id"])

    assert (made["PricebookEntryId"], made["UnitPrice"]) == (api.entry, Decimal("10.5"))
    assert (made["AvailableQuantity"], made["TotalPrice"]) == (0, Decimal("-10.5"))
    assert api.value("Order", lower, "TotalAmount") == -10.5
    assert api.value("OrderItem", line, "AvailableQuantity") == 2
    assert api.value("Order", order, "TotalAmount") == 21


@pytest.mark.parametrize("quantity", [-3, 0, 1])
def test_row_23_a_reduction_is_negative_and_no_more_than_available(api: Api, quantity: int) -> None:
    order, line = api.activated_order()

    assert reduce(api, reduction(api, order), line, quantity).status == 400


def test_row_23_the_price_of_a_reduction_stays_that_of_its_original(api: Api) -> None:
    order, line = api.activated_order()
    lower = reduce(api, reduction(api, order), line, -1).json()["id"]

    assert api.call("PATCH", f"sobjects/OrderItem/{lower}", {"UnitPrice": 9}).status == 400
    assert api.call("PATCH", f"sobjects/OrderItem/{lower}", {"UnitPrice": 10.5, "Quantity": -2}).status == 204
    api.org.settings.reduction_price_must_match = False
    assert api.call("PATCH", f"sobjects/OrderItem/{lower}", {"UnitPrice": 9}).status == 204


def test_row_24_a_reduction_line_names_its_original(api: Api) -> None:
    order, _ = api.activated_order()
    body = {"OrderId": reduction(api, order), "Quantity": -1}

    assert refusal(api.call("POST", "sobjects/OrderItem", body))[:2] == (400, "REQUIRED_FIELD_MISSING")


def test_row_25_activating_a_reduction_takes_the_quantity(api: Api) -> None:
    order, line = api.activated_order()
    lower = reduction(api, order)
    reduce(api, lower, line, -1)

    assert api.set_status(lower, "Activated").status == 204
    assert api.value("OrderItem", line, "AvailableQuantity") == 1
    assert api.value("OrderItem", line, "Quantity") == 2
    assert api.set_status(lower, "Draft").status == 204
    assert api.value("OrderItem", line, "AvailableQuantity") == 2


def test_row_25_no_reduction_is_activated_once_the_feature_is_off(api: Api) -> None:
    order, line = api.activated_order()
    lower = reduction(api, order)
    reduce(api, lower, line, -1)
    api.org.settings.reduction_orders = False

    assert refusal(api.set_status(lower, "Activated"))[:2] == (400, "FAILED_ACTIVATION")
    assert api.call("PATCH", f"sobjects/Order/{lower}", {"Description": "x"}).status == 204


def test_row_26_the_second_reduction_beyond_what_is_left_fails(api: Api) -> None:
    order, line = api.activated_order()
    first, second = reduction(api, order), reduction(api, order)
    reduce(api, first, line, -2)
    reduce(api, second, line, -1)
    api.set_status(first, "Activated")

    assert api.set_status(second, "Activated").status == 400
    assert api.value("OrderItem", line, "AvailableQuantity") == 0
    assert api.value("Order", second, "StatusCode") == "Draft"


def test_row_26_holds_when_the_original_is_no_longer_activated(api: Api) -> None:
    order, line = api.activated_order()
    lower = reduction(api, order)
    reduce(api, lower, line, -1)
    api.org.settings.draft_reductions_block_deactivation = False
    api.set_status(order, "Draft")

    assert api.set_status(lower, "Activated").status == 400
    assert refusal(api.call("DELETE", f"sobjects/Order/{order}"))[1] == "DELETE_FAILED"
    assert api.set_status(order, "Activated").status == 204
    assert api.set_status(lower, "Activated").status == 204


# -- rows 27 and 28


@pytest.mark.parametrize("status", ["Activated", "In Approval Process"])
def test_row_27_a_contract_is_created_as_draft(api: Api, status: str) -> None:
    response = api.call("POST", "sobjects/Contract", {"AccountId": api.account, "Status": status})

    text = "Choose a valid contract status and save your changes"
    assert refusal(response) == (400, "FAILED_ACTIVATION", text)


def test_row_28_with_orders_switched_off_they_do_not_exist(api: Api) -> None:
    order = api.order()
    api.org.switch_orders(on=False)

    assert api.call("POST", "sobjects/Order", api.order_fields()).status in {400, 404}
    assert refusal(api.call("GET", "query?q=SELECT+Id+FROM+Order"))[1] == "INVALID_TYPE"
    api.org.switch_orders(on=True)
    assert api.value("Order", order, "Id") == order
