"""Each rule stops what the org would refuse, says so in words a sales rep can act on, and lets the rest pass."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from sfsync.domain.case import Case
from sfsync.domain.money import LARGEST
from sfsync.domain.planning import PlanPolicy
from sfsync.domain.rules import problems
from tests.builders import contract, deal, line

STARTS_ON = date(2026, 2, 27)


def found(policy: PlanPolicy | None = None, **changes: Any) -> dict[str, str]:
    """Return the problems of a deal with `changes`, by code."""
    case = Case(deal(**changes), policy or PlanPolicy(), STARTS_ON)
    return {problem.code: problem.message for problem in problems(case)}


def of_line(policy: PlanPolicy | None = None, **changes: Any) -> dict[str, str]:
    """Return the problems of a deal whose one line has `changes`, by code."""
    return found(policy, lines=(line(**changes),))


def test_a_deal_as_it_should_be_has_no_problem() -> None:
    assert found(contract=contract(pricebook_id="01s000000000001AAA"), currency="EUR") == {}


def test_what_the_org_does_not_show_is_not_held_against_a_deal() -> None:
    blind = contract(account_id=None, pricebook_id=None, status_code=None, starts_on=None, ends_on=None)
    hidden = line(entry_active=None, entry_pricebook_id=None, entry_currency=None, product_active=None)

    assert found(contract=blind, pricebook_active=None, amount=None, currency="EUR", lines=(hidden,)) == {}


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"account_id": None}, "no_account", "fill in Account Name"),
        ({"pricebook_id": None}, "no_price_book", "choose one under Products"),
        ({"pricebook_active": False}, "price_book_inactive", "activate the price book"),
        ({"lines": ()}, "no_lines", "add at least one"),
        (
            {"contract": contract(account_id="001X")},
            "contract_other_account",
            "choose a contract of Apex Manufacturing",
        ),
        (
            {"contract": contract(account_id="001X"), "account_name": None},
            "contract_other_account",
            "choose a contract of its account",
        ),
        ({"contract": contract(status_code="Draft")}, "contract_not_activated", "contract 00000100 is not activated"),
        ({"contract": contract(pricebook_id="01sX")}, "contract_other_price_book", "give both the same price book"),
        (
            {"contract": contract(starts_on=date(2026, 3, 1))},
            "contract_not_started",
            "start on 2026-02-27, and contract 00000100 only starts on 2026-03-01",
        ),
        (
            {"contract": contract(number=None, ends_on=date(2026, 2, 26))},
            "contract_ended",
            "contract 800000000000001AAA ended on 2026-02-26",
        ),
        (
            {"amount": Decimal(1260), "currency": "EUR"},
            "amount_mismatch",
            "1,260.00 EUR, but its products add up to 250.00",
        ),
    ],
)
def test_what_is_wrong_with_a_deal(changes: dict[str, Any], code: str, words: str) -> None:
    problems_found = found(**changes)

    assert list(problems_found) == [code]
    assert words in problems_found[code]


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"pricebook_entry_id": None}, "entry_missing", "“GPS Tracker” has no price book entry"),
        (
            {"entry_active": False},
            "entry_inactive",
            "“GPS Tracker” is inactive in price book 01s000000000001AAA: activate",
        ),
        ({"entry_active": False, "product_name": None}, "entry_inactive", "“GPS-1” is inactive"),
        ({"entry_active": False, "product_name": None, "product_code": None}, "entry_inactive", "“00k000000000001AAA”"),
        ({"product_active": False}, "product_inactive", "activate the product"),
        ({"entry_pricebook_id": "01sX"}, "entry_other_price_book", "priced in price book 01sX"),
        ({"quantity": Decimal(0)}, "zero_quantity", "enter a quantity"),
        ({"quantity": Decimal(-2)}, "negative_quantity", '--product "GPS-1" --by 2`'),
        ({"total_price": None}, "no_total", "total price of product “GPS Tracker”"),
    ],
)
def test_what_is_wrong_with_a_line(changes: dict[str, Any], code: str, words: str) -> None:
    problems_found = of_line(**changes)

    assert list(problems_found) == [code]
    assert words in problems_found[code]


def test_an_inactive_entry_of_a_deal_without_a_price_book_is_still_named() -> None:
    assert "price book (none)" in found(pricebook_id=None, lines=(line(entry_active=False),))["entry_inactive"]


def test_a_line_in_another_currency_is_not_converted() -> None:
    problems_found = found(currency="EUR", lines=(line(entry_currency="USD"),))

    assert "priced in USD, and the deal is in EUR" in problems_found["currency_mismatch"]


def test_quantities_of_zero_and_less_pass_where_the_org_takes_them() -> None:
    liberal = PlanPolicy(zero_quantity=True, negative_quantity=True)

    assert of_line(liberal, quantity=Decimal(0)) == {}
    assert of_line(liberal, quantity=Decimal(-2)) == {}


def test_a_quantity_of_zero_cannot_have_an_amount_even_where_the_org_takes_zero() -> None:
    problems_found = of_line(PlanPolicy(zero_quantity=True), quantity=Decimal(0), total_price=Decimal("5.00"))

    assert list(problems_found) == ["zero_quantity_with_amount"]


def test_an_order_may_start_and_end_with_its_contract() -> None:
    assert found(contract=contract(starts_on=STARTS_ON, ends_on=STARTS_ON)) == {}


def test_the_same_problem_of_the_same_product_is_told_once() -> None:
    case = Case(deal(lines=(line(entry_active=False),) * 700), PlanPolicy(), STARTS_ON)

    assert len(problems(case)) == 1


def test_lines_are_counted_as_the_order_products_they_become() -> None:
    split = line(quantity=Decimal(3), total_price=Decimal("100.00"))

    assert found(PlanPolicy(max_lines=4), lines=(split, split)) == {}
    assert found(PlanPolicy(max_lines=3), lines=(split, line())) == {}
    assert "needs 4 order products" in found(PlanPolicy(max_lines=3), lines=(split, split))["too_many_lines"]


def test_lines_that_another_rule_stops_are_counted_too() -> None:
    bad = (line(quantity=Decimal(0)), line(total_price=None))

    assert set(found(PlanPolicy(max_lines=1), lines=bad)) == {"zero_quantity", "no_total", "too_many_lines"}


def test_an_order_holds_what_its_fields_hold_and_no_more() -> None:
    assert of_line(quantity=Decimal(1), total_price=LARGEST) == {}
    assert list(found(lines=(line(quantity=Decimal(1), total_price=LARGEST),) * 2)) == ["amount_too_large"]


def test_a_fraction_of_a_unit_must_not_cost_more_than_a_price_can_hold() -> None:
    assert of_line(quantity=Decimal("0.01"), total_price=Decimal("99999999999999.99")) == {}

    problems_found = of_line(quantity=Decimal("-0.01"), total_price=Decimal("100000000000000.00"))
    assert "price of product “GPS Tracker” is more than" in problems_found["amount_too_large"]


def test_one_order_is_created_with_its_lines_in_one_request_of_2000_records() -> None:
    sold = tuple(line(sf_id=f"00k{number:012d}AAA") for number in range(2000))

    assert found(lines=sold[:1999]) == {}
    assert list(found(lines=sold)) == ["too_many_lines"]
