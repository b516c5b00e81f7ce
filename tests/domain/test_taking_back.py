"""Deals that take back earlier sales: what is taken of which order at which price, and how a changed one is judged."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.domain.holdings import Holding, NotReducible, OpenReduction, Original
from sfsync.domain.judge_back import judge_back
from sfsync.domain.model import Deal, OrderPlan
from sfsync.domain.planning import PlanPolicy, plan_order
from sfsync.domain.standing import Header, LineValues, StandingLine, StandingOrder, fingerprint
from sfsync.domain.taking_back import TakenBack, plan_reductions, released, reserved, sold, taken_back
from tests.builders import ACCOUNT_ID, BOOK_ID, DEAL_ID, TODAY, contract, deal, line

POLICY = PlanPolicy()
PRODUCT, ENTRY = "01t000000000001AAA", "01u000000000001AAA"


def back(quantity: float, price: str = "25.00", number: int = 1, **changes: Any) -> Any:
    return line(
        sf_id=f"00k00000000000{number}AAA", quantity=Decimal(str(quantity)), unit_price=Decimal(price), **changes
    )


def holding(quantity: float, price: str = "25.00", number: int = 1, **changes: Any) -> Holding:
    values: dict[str, Any] = {
        "sf_id": f"80200000000000{number}AAA", "number": None, "key": None, "place": 1, "product_id": PRODUCT,
        "product_name": "GPS Tracker", "product_code": "GPS-1", "pricebook_entry_id": ENTRY,
        "quantity": Decimal(str(quantity)), "unit_price": Decimal(price), "available": None, "reduced": Decimal(0),
    }  # fmt: skip
    return Holding(**values | changes)


def original(*lines: Holding, number: int = 1, **changes: Any) -> Original:
    values: dict[str, Any] = {
        "sf_id": f"80100000000000{number}AAA", "key": None, "number": f"0000010{number}", "opportunity_id": None,
        "account_id": ACCOUNT_ID, "contract_id": None, "pricebook_id": BOOK_ID, "currency": None, "name": "Sale",
        "status": "Activated", "status_code": "Activated", "is_reduction": False, "is_deleted": False,
        "starts_on": date(2026, 1, number), "ends_on": None, "contract_starts_on": None, "contract_ends_on": None,
        "lines": lines,
    }  # fmt: skip
    return Original(**values | changes)


def asked(one: Deal) -> OrderPlan:
    plan = plan_order(one, policy=POLICY, today=TODAY)
    assert isinstance(plan, OrderPlan)
    return plan


def planned(one: Deal, *originals: Original) -> TakenBack | NotReducible:
    plan = asked(one)
    return plan_reductions(one, plan, taken_back(plan.lines), originals)


def words(one: Deal, *originals: Original) -> str:
    found = planned(one, *originals)
    assert isinstance(found, NotReducible)
    [problem] = found.problems
    return problem.message


def test_a_line_of_odd_cents_is_taken_back_by_the_prices_at_which_it_was_sold() -> None:
    thirds = [holding(2, "33.33", 1), holding(1, "33.34", 2, place=2)]

    found = planned(deal(lines=(back(-3, total_price=Decimal(-100)),)), original(*thirds))

    assert isinstance(found, TakenBack)
    [plan] = found.plans
    assert (plan.key, plan.deal_id, plan.total) == (f"{DEAL_ID}-2", DEAL_ID, Decimal("-100.00"))
    assert [(one.key, one.quantity, one.original_item_id) for one in plan.lines] == [
        (f"{DEAL_ID}-2-1", Decimal(-2), thirds[0].sf_id),
        (f"{DEAL_ID}-2-2", Decimal(-1), thirds[1].sf_id),
    ]


def test_lines_of_one_product_and_price_are_taken_together_and_fail_each_by_its_name() -> None:
    twice = deal(lines=(back(-3, number=1), back(-4, number=2, product_name="Tracker, used")))

    found = planned(twice, original(holding(7)))
    assert isinstance(found, TakenBack)
    assert [one.quantity for one in found.plans[0].lines] == [-7]

    short = planned(twice, original(holding(6)))
    assert isinstance(short, NotReducible)
    assert {one.code for one in short.problems} == {"not_held"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"status_code": "Draft", "status": "Draft"}, "and is not activated"),
        ({"status": "Cancelled"}, "and is cancelled"),
        ({"is_deleted": True}, "and was deleted"),
        ({"starts_on": date(2026, 2, 28)}, "and only starts on 2026-02-28"),
        ({"ends_on": date(2026, 2, 1)}, "and ended on 2026-02-01"),
        ({"contract_ends_on": date(2026, 2, 1)}, "and is under a contract that ended on 2026-02-01"),
        ({"contract_id": "800X"}, "and is under another contract than the deal"),
        ({"currency": "EUR"}, "holds 10 at 25.00 EUR and is in EUR"),
        ({"lines": (holding(10, starts_on=date(2026, 5, 1)),)}, "and is not in force on 2026-02-27"),
        (
            {"lines": (holding(10, open=(OpenReduction("00000107", Decimal(10), in_org=True, by_others=True),)),)},
            "holds 0 at 25.00 and has 10 reserved by 00000107",
        ),
    ],
)
def test_an_order_that_holds_the_units_and_cannot_give_them_is_named_with_the_reason(
    changes: dict[str, Any], said: str
) -> None:
    found = words(deal(lines=(back(-10),), contract=contract()), replace(original(holding(10)), **changes))

    assert f"00000101 {said}" in found or said in found
    assert "hold none at that price" in found


def test_only_so_many_orders_are_named_and_a_product_that_is_hidden_is_held_by_none() -> None:
    many = [original(holding(1, "24.00", number), number=number) for number in range(1, 9)]

    assert words(deal(lines=(back(-10),)), *many).count("at 24.00 (") == 5
    assert "and 3 more." in words(deal(lines=(back(-10),)), *many)
    assert "hold none" in words(deal(lines=(back(-1, product_id=None),)), original(holding(1, product_id=None)))


def test_what_was_reserved_before_is_free_for_the_same_deal_and_for_no_other() -> None:
    one = deal(lines=(back(-10),))
    found = planned(one, original(holding(10)))
    assert isinstance(found, TakenBack)

    pool = reserved([original(holding(10))], found.plans)

    assert "reserved by" in words(one, *pool)
    assert planned(one, *released(pool, [found.plans[0].key])) == found


@given(
    sizes=st.lists(st.tuples(st.integers(1, 9), st.sampled_from(["25.00", "24.99"])), min_size=1, max_size=6),
    wanted=st.lists(
        st.tuples(st.integers(-9, 9).filter(bool), st.sampled_from(["25.00", "24.99"])), min_size=1, max_size=4
    ),
)
def test_order_and_reductions_are_the_deal_to_the_cent_or_nothing_is_planned(
    sizes: list[tuple[int, str]], wanted: list[tuple[int, str]]
) -> None:
    pool = [original(holding(size, price, number), number=number) for number, (size, price) in enumerate(sizes, 1)]
    one = deal(lines=tuple(back(quantity, price, number) for number, (quantity, price) in enumerate(wanted, 1)))
    plan, part = asked(one), sold(asked(one))

    found = planned(one, *pool)

    if isinstance(found, NotReducible):
        short = {
            price: sum(-q for q, p in wanted if p == price and q < 0) - sum(s for s, p in sizes if p == price)
            for price in ("25.00", "24.99")
        }
        assert max(short.values()) > 0
        return
    assert sum(it.total for it in found.plans) + (part.total if part else 0) == plan.total
    for cut in found.cuts:
        assert 0 < cut.by <= cut.line.left
    assert len({cut.line.sf_id for cut in found.cuts}) == len(found.cuts)


# -- judging


def standing(number: int, *lines: tuple[float, str], mark: str | None, **changes: Any) -> StandingOrder:
    values: dict[str, Any] = {
        "id": number, "key": f"{DEAL_ID}-{number}", "sf_id": f"80100000000000{number}AAA", "number": f"0000010{number}",
        "origin": "sfsync", "status": "Activated", "status_code": "Activated", "in_doubt": None,
        "header": Header(ACCOUNT_ID, None, date(2026, 2, 27)), "planned": None, "pricebook_id": BOOK_ID,
        "currency": None, "stands_for": mark, "asked": False, "held_for": None,
        "lines": tuple(
            StandingLine(
                id=10 * number + place, key=None, sf_id="802", deal_line_id=None, pricebook_entry_id="01uX",
                product_id=PRODUCT, now=LineValues(Decimal(str(quantity)), Decimal(price)), planned=None,
            )
            for place, (quantity, price) in enumerate(lines)
        ),
    }  # fmt: skip
    return StandingOrder(**values | changes)


def judged(one: Deal, *own: StandingOrder, orders: tuple[StandingOrder, ...] = ()) -> Any:
    return judge_back(one, orders, own, policy=POLICY, writable=("quantity",))


def test_a_deal_of_which_nothing_is_sent_or_something_is_in_doubt_is_not_compared() -> None:
    one = deal(lines=(back(-5),))

    assert judged(one, standing(2, (-5, "25.00"), mark="x", in_doubt="create")) is None
    assert judged(one, standing(2, (-5, "25.00"), mark="x", sf_id=None)).drop_back == ()
    cancelled = standing(1, (5, "25.00"), mark="x", status="Cancelled")
    assert judged(one, standing(2, (-5, "25.00"), mark="x"), orders=(cancelled,)).found is None


def test_what_takes_as_much_as_the_deal_says_agrees_whatever_price_book_it_was_sold_by() -> None:
    one = deal(lines=(back(-5),))
    mark = fingerprint(one, POLICY)

    assert judged(one, standing(2, (-5, "25.00"), mark=None)).agrees
    assert judged(one, standing(2, (-1, "25.00"), mark=mark)).agrees  # as it was planned; a person changed it since
    assert judged(one, standing(2, (-3, "25.00"), mark=None), standing(3, (-2, "25.00"), mark=None)).agrees
    other = judged(replace(one, account_id="001X"), standing(2, (-5, "25.00"), mark=None))
    assert (other.agrees, other.found.kind) == (False, "ordered")


def test_what_differs_is_listed_with_its_money_and_what_was_not_sent_is_dropped() -> None:
    one = deal(lines=(back(-5),))

    found = judged(one, standing(2, (-2, "25.00"), mark=None), standing(3, (-3, "25.00"), mark=None, sf_id=None))
    much = judged(one, standing(2, (-9, "25.00"), mark=None))

    assert (found.drop_back, found.found.amendment.amount) == ((f"{DEAL_ID}-3",), Decimal("-75.00"))
    assert [(it.ordered, it.deal) for it in found.found.lines] == [(-2, -5)]
    assert much.found.amendment.amount == Decimal("100.00")
    rejected = judged(replace(one, account_id=None), standing(2, (-5, "25.00"), mark=None))
    assert rejected.found.kind == "rejected"
    nothing = judged(deal(lines=(line(quantity=Decimal(1)),)), standing(2, (-5, "25.00"), mark=None))
    assert nothing.found.amendment.amount == Decimal("150.00")


def test_a_deal_that_is_lost_names_what_it_took_back_and_drops_what_it_did_not_yet() -> None:
    lost = deal(lines=(back(-5),), is_won=False)
    drafts = standing(2, (-5, "25.00"), mark=None, status="Draft", status_code="Draft")

    assert judged(lost, drafts, replace(drafts, id=3, key="x-3", sf_id=None)).drop_back == ("x-3",)
    assert judged(lost, drafts).found is None
    assert (
        "Reduction 00000102 of this deal is activated"
        in judged(lost, standing(2, (-5, "25.00"), mark=None)).found.message
    )
    both = judged(lost, standing(2, (-5, "25.00"), mark=None), orders=(standing(1, (1, "9.00"), mark=None),))
    assert both.found.amendment.amount == -9
