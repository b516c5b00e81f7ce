"""A won deal becomes one order that equals it to the cent, or is told everything that is in the way."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.domain.model import OrderPlan, Rejection
from sfsync.domain.money import line_total
from sfsync.domain.planning import PlanPolicy, plan_order
from tests.builders import CONTRACT_ID, DEAL_ID, TODAY, contract, deal, line

if TYPE_CHECKING:
    from random import Random

    from sfsync.domain.model import Deal, DealContract, DealLine
    from sfsync.domain.planning import DatePolicy

POLICY = PlanPolicy()
LIBERAL = PlanPolicy(zero_quantity=True, negative_quantity=True)

money = st.decimals("-100000", "100000", places=2)
lines = st.lists(
    st.builds(
        line,
        sf_id=st.uuids().map(lambda uuid: f"00k{uuid.hex[:15]}"),
        quantity=st.decimals("-200", "200", places=2).filter(bool),
        total_price=money,
        sort_order=st.none() | st.integers(1, 9),
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda one: one.sf_id,
)


def planned(won: Deal, policy: PlanPolicy = POLICY, *, sequence: int = 1) -> OrderPlan:
    plan = plan_order(won, policy=policy, today=TODAY, sequence=sequence)
    assert isinstance(plan, OrderPlan)
    return plan


@given(lines, st.sampled_from([None, "EUR", "JPY"]))
def test_an_order_equals_its_deal_to_the_cent(sold: list[DealLine], currency: str | None) -> None:
    won = deal(lines=tuple(sold), currency=currency)

    plan = planned(won, LIBERAL)

    assert sum(one.total for one in plan.lines) == plan.total == won.amount
    for one in sold:
        parts = [part for part in plan.lines if part.deal_line_id == one.sf_id]
        assert sum(part.quantity for part in parts) == one.quantity
        assert sum(part.total for part in parts) == one.total_price
        if currency != "JPY":
            assert all(line_total(part.quantity, part.unit_price, currency) == part.total for part in parts)


@given(lines, st.randoms())
def test_planning_again_gives_the_same_plan_in_whatever_order_the_org_lists_the_lines(
    sold: list[DealLine], random: Random
) -> None:
    shuffled = list(sold)
    random.shuffle(shuffled)

    assert planned(deal(lines=tuple(sold)), LIBERAL) == planned(deal(lines=tuple(shuffled)), LIBERAL)


@given(lines)
def test_keys_number_the_lines_from_one(sold: list[DealLine]) -> None:
    plan = planned(deal(lines=tuple(sold)), LIBERAL)

    assert [one.key for one in plan.lines] == [f"{plan.key}-{n}" for n in range(1, len(plan.lines) + 1)]


def test_a_plan_says_all_that_the_org_must_be_told() -> None:
    plan = planned(deal(contract=contract(), currency="EUR"))

    assert plan.key == f"{DEAL_ID}-1"
    assert plan.deal_id == DEAL_ID
    assert plan.account_id == "001000000000001AAA"
    assert plan.contract_id == CONTRACT_ID
    assert plan.pricebook_id == "01s000000000001AAA"
    assert plan.currency == "EUR"
    assert plan.name == "Apex Manufacturing, spring order"
    assert plan.total == Decimal("250.00")
    (one,) = plan.lines
    assert one.pricebook_entry_id == "01u000000000001AAA"
    assert one.product_id == "01t000000000001AAA"
    assert (one.quantity, one.unit_price, one.total) == (Decimal(10), Decimal("25.00"), Decimal("250.00"))


def test_a_second_order_of_a_deal_has_a_key_of_its_own() -> None:
    plan = planned(deal(), sequence=2)

    assert plan.key == f"{DEAL_ID}-2"
    assert plan.lines[0].key == f"{DEAL_ID}-2-1"


def test_a_discount_goes_into_the_unit_price() -> None:
    plan = planned(
        deal(lines=(line(quantity=Decimal(10), unit_price=Decimal("25.00"), total_price=Decimal("225.00")),))
    )

    assert plan.lines[0].unit_price == Decimal("22.50")


def test_three_for_a_hundred_become_two_lines_of_the_same_entry() -> None:
    plan = planned(deal(lines=(line(quantity=Decimal(3), total_price=Decimal("100.00")),)))

    assert [(one.quantity, one.unit_price, one.total) for one in plan.lines] == [
        (Decimal(2), Decimal("33.33"), Decimal("66.66")),
        (Decimal(1), Decimal("33.34"), Decimal("33.34")),
    ]
    assert len({one.pricebook_entry_id for one in plan.lines}) == 1


def test_a_deal_with_cents_in_a_currency_without_them_is_ordered_in_cents() -> None:
    plan = planned(deal(currency="JPY", lines=(line(quantity=Decimal("1.50"), total_price=Decimal("49.50")),)))

    assert plan.lines[0].unit_price == Decimal("33.00")
    assert plan.total == Decimal("49.50")


def test_lines_follow_the_sort_order_of_the_deal_and_those_without_come_last() -> None:
    first, second, last = (
        line(sf_id="00k000000000003AAA", sort_order=1),
        line(sf_id="00k000000000002AAA", sort_order=2),
        line(sf_id="00k000000000001AAA"),
    )

    plan = planned(deal(lines=(last, second, first)))

    assert [one.deal_line_id for one in plan.lines] == [first.sf_id, second.sf_id, last.sf_id]


def test_a_line_of_quantity_zero_keeps_the_price_that_was_agreed() -> None:
    plan = planned(deal(lines=(line(), line(sf_id="00k000000000002AAA", quantity=Decimal(0)))), LIBERAL)

    assert [(one.quantity, one.unit_price) for one in plan.lines][1] == (Decimal(0), Decimal("25.00"))


def test_a_line_of_quantity_zero_without_a_price_costs_nothing() -> None:
    plan = planned(deal(lines=(line(quantity=Decimal(0), unit_price=None),)), LIBERAL)

    assert plan.lines[0].unit_price == Decimal("0.00")


def test_lines_do_not_start_before_their_order() -> None:
    early, late = date(2026, 1, 1), date(2026, 5, 1)
    sold = (
        line(service_date=early),
        line(sf_id="00k000000000002AAA", service_date=late),
        line(sf_id="00k000000000003AAA"),
    )

    plan = planned(deal(closed_on=date(2026, 2, 27), lines=sold))

    assert [one.service_date for one in plan.lines] == [date(2026, 2, 27), late, None]


def test_texts_are_cut_to_what_the_fields_of_an_order_hold() -> None:
    plan = planned(deal(name="N" * 79 + " name", lines=(line(description="d" * 300),)))

    assert plan.name == "N" * 79
    assert plan.lines[0].description == "d" * 255


@pytest.mark.parametrize(
    ("policy", "under", "starts_on"),
    [
        ("close_date", contract(), date(2026, 2, 27)),
        ("today", contract(), TODAY),
        ("contract_start", contract(starts_on=date(2026, 2, 1)), date(2026, 2, 1)),
        ("contract_start", contract(starts_on=None), date(2026, 2, 27)),
        ("contract_start", None, date(2026, 2, 27)),
    ],
)
def test_the_order_starts_by_policy(policy: DatePolicy, under: DealContract | None, starts_on: date) -> None:
    plan = planned(deal(closed_on=date(2026, 2, 27), contract=under), replace(POLICY, effective_date=policy))

    assert plan.effective_date == starts_on


@pytest.mark.parametrize("state", [{"is_won": False}, {"is_deleted": True}])
def test_only_won_deals_that_are_there_can_be_planned(state: dict[str, bool]) -> None:
    with pytest.raises(ValueError, match="not planned"):
        plan_order(deal(**state), policy=POLICY, today=TODAY)


def test_a_deal_learns_of_all_its_problems_at_once() -> None:
    sold = (line(entry_active=False), line(sf_id="00k000000000002AAA", quantity=Decimal(-1)))

    strict = PlanPolicy(negative_lines="reject")
    verdict = plan_order(deal(account_id=None, lines=sold), policy=strict, today=TODAY)

    assert isinstance(verdict, Rejection)
    assert verdict.deal_id == DEAL_ID
    assert [problem.code for problem in verdict.problems] == ["no_account", "entry_inactive", "negative_quantity"]


def test_a_deal_that_was_fixed_is_planned() -> None:
    broken = deal(account_id=None)
    assert isinstance(plan_order(broken, policy=POLICY, today=TODAY), Rejection)

    assert isinstance(
        plan_order(replace(broken, account_id="001000000000001AAA"), policy=POLICY, today=TODAY), OrderPlan
    )
