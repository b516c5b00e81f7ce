"""Opportunities and their lines: what the stage and the lines decide [facts: orders 6]."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from sfsync.emulator.errors import ApiError
from sfsync.emulator.objects import standard_schema
from sfsync.emulator.org import Org
from tests.emulator.api import NOW, Api, make_api, refusal


@pytest.fixture
def api() -> Api:
    return make_api()


def deal(api: Api, **fields: Any) -> str:
    given = {"Name": "Deal", "AccountId": api.account, "StageName": "Prospecting", "CloseDate": "2026-05-20"}
    return api.create("Opportunity", **{**given, **fields})


def line(api: Api, opportunity: str, **fields: Any) -> str:
    given = {"OpportunityId": opportunity, "PricebookEntryId": api.entry, "Quantity": 3}
    return api.create("OpportunityLineItem", **{**given, **fields})


def test_the_stage_decides_whether_a_deal_is_won(api: Api) -> None:
    opportunity = deal(api)
    api.call("PATCH", f"sobjects/Opportunity/{opportunity}", {"StageName": "Closed Won"})

    row = api.org.get("Opportunity", opportunity)
    assert (row["IsWon"], row["IsClosed"], row["Probability"], row["ForecastCategory"]) == (True, True, 100, "Closed")
    assert (row["FiscalYear"], row["FiscalQuarter"]) == (2026, 2)
    assert row["LastStageChangeDate"] == "2026-03-01T12:00:30"


def test_a_lost_deal_is_closed_and_not_won(api: Api) -> None:
    row = api.org.get("Opportunity", deal(api, StageName="Closed Lost"))

    assert (row["IsWon"], row["IsClosed"], row["Probability"]) == (False, True, 0)


def test_is_won_cannot_be_written(api: Api) -> None:
    response = api.call("PATCH", f"sobjects/Opportunity/{deal(api)}", {"IsWon": True})

    assert refusal(response)[1] == "INVALID_FIELD_FOR_INSERT_UPDATE"


def test_the_amount_is_the_sum_of_the_lines_and_not_writeable_then(api: Api) -> None:
    opportunity = deal(api, Amount=5)
    line(api, opportunity, UnitPrice=10)
    line(api, opportunity, TotalPrice="12.50")

    assert api.call("PATCH", f"sobjects/Opportunity/{opportunity}", {"Amount": 1}).status == 204
    row = api.org.get("Opportunity", opportunity)
    assert (row["Amount"], row["HasOpportunityLineItem"]) == (Decimal("42.5"), True)
    assert row["Pricebook2Id"] == api.book


def test_without_its_last_line_a_deal_has_none(api: Api) -> None:
    opportunity = deal(api)
    only = line(api, opportunity, UnitPrice=10)

    api.call("DELETE", f"sobjects/OpportunityLineItem/{only}")

    assert api.org.get("Opportunity", opportunity)["HasOpportunityLineItem"] is False
    assert api.org.query("SELECT Id FROM OpportunityLineItem", include_deleted=True) == []


@pytest.mark.parametrize("prices", [{}, {"UnitPrice": 1, "TotalPrice": 3}])
def test_a_line_has_either_a_price_or_a_total(api: Api, prices: dict[str, int]) -> None:
    body = {"OpportunityId": deal(api), "PricebookEntryId": api.entry, "Quantity": 3, **prices}

    assert api.call("POST", "sobjects/OpportunityLineItem", body).status == 400


def test_a_line_of_another_book_is_refused(api: Api) -> None:
    body = {"OpportunityId": deal(api, Pricebook2Id=api.book), "PricebookEntryId": api.other_entry, "Quantity": 1}

    response = api.call("POST", "sobjects/OpportunityLineItem", {**body, "UnitPrice": 1})

    assert refusal(response)[2].startswith("field integrity exception: PricebookEntryId (pricebook entry is in a diff")


def test_a_total_makes_the_price_a_rounded_share_of_it(api: Api) -> None:
    made = api.org.get("OpportunityLineItem", line(api, deal(api), TotalPrice=100))

    assert (made["UnitPrice"], made["TotalPrice"], made["ListPrice"]) == (Decimal("33.33"), Decimal(100), Decimal(12))
    assert (made["ProductCode"], made["Name"]) == ("S-1", "Deal Seat")


def test_a_new_quantity_keeps_the_total(api: Api) -> None:
    made = line(api, deal(api), UnitPrice=10)
    api.call("PATCH", f"sobjects/OpportunityLineItem/{made}", {"Quantity": 4})

    row = api.org.get("OpportunityLineItem", made)
    assert (row["TotalPrice"], row["UnitPrice"]) == (Decimal(30), Decimal("7.5"))


def test_a_discount_lowers_the_total_where_the_org_has_it() -> None:
    org = Org(clock=NOW, schema=standard_schema(line_discounts=True))
    product = org.insert("Product2", {"Name": "Seat", "IsActive": True})
    entry = {"Pricebook2Id": org.standard_pricebook_id, "Product2Id": product, "UnitPrice": 10, "IsActive": True}
    entry_id = org.insert("PricebookEntry", entry)
    opportunity = org.insert("Opportunity", {"Name": "D", "StageName": "Prospecting", "CloseDate": "2026-05-20"})
    fields = {"OpportunityId": opportunity, "PricebookEntryId": entry_id, "Quantity": 3}

    made = org.get(
        "OpportunityLineItem", org.insert("OpportunityLineItem", {**fields, "UnitPrice": 10, "Discount": 10})
    )

    assert (made["TotalPrice"], made["UnitPrice"], made["Subtotal"]) == (Decimal(27), Decimal(10), Decimal(30))


def test_the_price_book_is_fixed_while_there_are_lines(api: Api) -> None:
    opportunity = deal(api)
    line(api, opportunity, UnitPrice=1)
    other = api.org.insert("Pricebook2", {"Name": "Third", "IsActive": True})

    assert api.call("PATCH", f"sobjects/Opportunity/{opportunity}", {"Pricebook2Id": other}).status == 400


def test_the_standard_price_comes_first(api: Api) -> None:
    product = api.org.insert("Product2", {"Name": "New", "IsActive": True})
    book = api.org.insert("Pricebook2", {"Name": "Third", "IsActive": True})

    with pytest.raises(ApiError) as refused:
        api.org.insert("PricebookEntry", {"Pricebook2Id": book, "Product2Id": product, "UnitPrice": 1})

    assert refused.value.code == "STANDARD_PRICE_NOT_DEFINED"


def test_what_was_sold_cannot_be_deleted(api: Api) -> None:
    line(api, deal(api), UnitPrice=1)

    assert refusal(api.call("DELETE", f"sobjects/PricebookEntry/{api.entry}"))[1] == "DELETE_FAILED"
