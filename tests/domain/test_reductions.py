"""Reductions: what is taken from which line, and every reason why it cannot be."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfsync.domain import money
from sfsync.domain.holdings import Cut, Demand, Holding, NotReducible, OpenReduction, Original, SpreadPolicy
from sfsync.domain.reductions import notes, order_plans, plan_cuts, spread, still_fits

DAY = date(2026, 3, 2)
ZERO = Decimal(0)


def holding(place: int = 1, **changes: Any) -> Holding:
    values: dict[str, Any] = {
        "sf_id": f"80200000000000{place}AAA",
        "number": f"000000010{place}",
        "key": f"006000000000001AAA-1-{place}",
        "place": place,
        "product_id": "01t000000000001AAA",
        "product_name": "Developer licence",
        "product_code": "DEV",
        "pricebook_entry_id": "01u000000000001AAA",
        "quantity": Decimal(100),
        "unit_price": Decimal("12.50"),
        "available": None,
        "reduced": ZERO,
    }
    return Holding(**values | changes)


def original(*lines: Holding, **changes: Any) -> Original:
    values: dict[str, Any] = {
        "sf_id": "801000000000001AAA",
        "key": "006000000000001AAA-1",
        "number": "00000100",
        "opportunity_id": "006000000000001AAA",
        "account_id": "001000000000001AAA",
        "contract_id": None,
        "pricebook_id": "01s000000000001AAA",
        "currency": None,
        "name": "NovaTech",
        "status": "Activated",
        "status_code": "Activated",
        "is_reduction": False,
        "is_deleted": False,
        "starts_on": date(2026, 1, 1),
        "ends_on": None,
        "contract_starts_on": None,
        "contract_ends_on": None,
        "lines": lines or (holding(),),
    }
    return Original(**values | changes)


def codes(verdict: tuple[Cut, ...] | NotReducible) -> list[str]:
    assert isinstance(verdict, NotReducible), verdict
    return [problem.code for problem in verdict.problems]


def cuts(verdict: tuple[Cut, ...] | NotReducible) -> list[tuple[int, Decimal, Decimal]]:
    assert not isinstance(verdict, NotReducible), verdict
    return [(cut.line.place, cut.by, cut.left) for cut in verdict]


@pytest.mark.parametrize(
    "demand",
    [Demand("Developer licence", by=Decimal(25)), Demand("dev", to=Decimal(75)), Demand("101", to=Decimal(75))],
)
def test_a_line_is_reduced_by_a_number_or_to_one(demand: Demand) -> None:
    assert cuts(plan_cuts(original(), [demand], DAY)) == [(1, 25, 75)]


@pytest.mark.parametrize(
    "name",
    [
        *("2", "0000000102", "102", "006000000000001AAA-1-2", "802000000000002AAA", "802000000000002", "support"),
        *("SUP", "01t000000000002AAA"),
    ],
)
def test_a_line_is_found_by_any_of_its_names(name: str) -> None:
    other = holding(2, product_id="01t000000000002AAA", product_name="Support", product_code="SUP")
    other = replace(other, sf_id="802000000000002AAA")

    assert cuts(plan_cuts(original(holding(), other), [Demand(name, by=Decimal(1))], DAY)) == [(2, 1, 99)]


def test_a_product_on_several_lines_is_taken_from_the_last_first() -> None:
    lines = (holding(1, quantity=Decimal(66)), holding(2, quantity=Decimal(34)))

    assert cuts(plan_cuts(original(*lines), [Demand("DEV", to=Decimal(50))], DAY)) == [(1, 16, 50), (2, 34, 0)]


def test_everything_that_is_left_can_go() -> None:
    lines = (holding(1, reduced=Decimal(40)), holding(2, reduced=Decimal(100)), holding(3, available=Decimal(7)))

    assert cuts(plan_cuts(original(*lines), [Demand(None)], DAY)) == [(1, 60, 0), (3, 7, 0)]


def test_what_open_reductions_take_is_not_there_any_more_and_is_said() -> None:
    takers = (
        OpenReduction("00000200", Decimal(10), in_org=True, by_others=True),
        OpenReduction("00000201", Decimal(20), in_org=True, by_others=False),
        OpenReduction("K-R3", Decimal("0.5"), in_org=False, by_others=False),
    )
    order = original(holding(open=takers))

    verdict = plan_cuts(order, [Demand("1", to=Decimal(60))], DAY)

    assert cuts(verdict) == [(1, Decimal("9.5"), 60)]
    assert not isinstance(verdict, NotReducible)
    assert [note.split(": ", 1)[1] for note in notes(verdict)] == [
        "00000200 takes 10 already, a draft made in Salesforce, where it reserves nothing.",
        "00000201 takes 20 already, and is not activated yet.",
        "K-R3 takes 0.5 already, and is not sent yet.",
    ]
    refused = plan_cuts(order, [Demand("1", by=Decimal(70))], DAY)
    assert isinstance(refused, NotReducible)
    assert refused.problems[0].message == (
        "1: 70 are to go, and only 69.5 are left to reduce. Open reductions count: 00000200 takes 10; "
        "00000201 takes 20; K-R3 takes 0.5."
    )


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"is_deleted": True}, "deleted"),
        ({"is_reduction": True}, "is_reduction"),
        ({"status": "Cancelled"}, "cancelled"),
        ({"status": "Draft", "status_code": "Draft"}, "not_activated"),
        ({"sf_id": None, "status": None, "status_code": None}, "not_activated"),
        ({"starts_on": date(2026, 3, 3)}, "before_start"),
        ({"ends_on": date(2026, 3, 1)}, "after_end"),
        ({"contract_starts_on": date(2026, 3, 3)}, "before_contract"),
        ({"contract_ends_on": date(2026, 3, 1)}, "after_contract"),
    ],
)
def test_an_order_that_cannot_be_reduced_says_why(changes: dict[str, Any], code: str) -> None:
    assert codes(plan_cuts(original(**changes), [Demand("1", by=Decimal(1))], DAY)) == [code]


@pytest.mark.parametrize(
    ("demand", "line", "code"),
    [
        (Demand("Coffee", by=Decimal(1)), {}, "unknown_line"),
        (Demand("1", by=Decimal(101)), {}, "more_than_left"),
        (Demand("1", by=Decimal(0)), {}, "not_positive"),
        (Demand("1", by=Decimal(-1)), {}, "not_positive"),
        (Demand("1", to=Decimal(100)), {}, "not_less"),
        (Demand("1", to=Decimal(-1)), {}, "not_less"),
        (Demand("1", by=Decimal("0.001")), {}, "fraction"),
        (Demand("1", to=Decimal("NaN")), {}, "fraction"),
        (Demand("1", by=Decimal("1e30")), {}, "fraction"),
        (Demand("1", by=Decimal(1)), {"reduced": Decimal(100)}, "nothing_left"),
        (Demand("1", by=Decimal(1)), {"quantity": Decimal(-5)}, "nothing_left"),
        (Demand(None), {"available": ZERO}, "nothing_left"),
        (Demand("1", by=Decimal(1)), {"ends_on": date(2026, 2, 28)}, "line_ended"),
    ],
)
def test_a_demand_that_cannot_be_met_says_why(demand: Demand, line: dict[str, Any], code: str) -> None:
    assert codes(plan_cuts(original(holding(**line)), [demand], DAY)) == [code]


def test_all_problems_are_told_at_once() -> None:
    demands = [Demand("Coffee", by=Decimal(1)), Demand("1", by=Decimal(500)), Demand("2", by=Decimal(1)), Demand("2")]
    order = original(*(holding(place) for place in range(1, 10)), status_code="Draft", starts_on=date(2026, 4, 1))

    verdict = plan_cuts(order, demands, DAY)

    assert codes(verdict) == ["not_activated", "before_start", "unknown_line", "more_than_left", "line_named_twice"]
    assert isinstance(verdict, NotReducible)
    assert verdict.problems[2].message.endswith("8 Developer licence, ….")


def test_the_newest_order_gives_first_unless_the_oldest_is_to() -> None:
    orders = [
        original(
            replace(holding(), sf_id=f"80200000000000{n}AAA", quantity=Decimal(quantity)),
            sf_id=f"80100000000000{n}AAA", number=f"0000010{n}", starts_on=date(2026, n, 1),
        )
        for n, quantity in ((1, 50), (2, 30), (3, 20))
    ]  # fmt: skip
    held = [replace(orders[0], status_code="Draft"), *orders, replace(orders[2], is_reduction=True)]

    def taken(policy: SpreadPolicy) -> list[tuple[str | None, Decimal]]:
        verdict = spread(held, Demand("DEV", to=Decimal(75)), DAY, policy, who="NovaTech")
        assert not isinstance(verdict, NotReducible)
        return [(cut.original.number, cut.by) for cut in verdict]

    assert taken(SpreadPolicy.NEWEST) == [("00000103", 20), ("00000102", 5)]
    assert taken(SpreadPolicy.OLDEST) == [("00000101", 25)]


def test_orders_that_hold_nothing_on_the_day_are_passed_over() -> None:
    lines = [
        holding(1, starts_on=date(2026, 3, 3)),
        holding(2, ends_on=date(2026, 3, 1)),
        holding(3, product_name="Other", product_code=None),
        holding(4, reduced=Decimal(100)),
    ]
    undated = original(holding(5), starts_on=None, ends_on=DAY)

    only = spread([original(*lines), undated], Demand("DEV", by=Decimal(5)), DAY, SpreadPolicy.NEWEST, who="NovaTech")

    assert cuts(only) == [(5, 5, 95)]
    assert codes(spread([original(*lines)], Demand("DEV"), DAY, SpreadPolicy.NEWEST, who="NovaTech")) == [
        "nothing_left"
    ]
    over = spread([undated], Demand("DEV", by=Decimal(500)), DAY, SpreadPolicy.NEWEST, who="NovaTech")
    assert codes(over) == ["more_than_left"]


def test_each_original_gets_one_reduction_order_under_its_next_key() -> None:
    first = original(holding(1), holding(2), next_number=3, name="N" * 80)
    second = replace(original(holding(3)), sf_id="801000000000002AAA", key=None, opportunity_id=None, name=None)
    made = order_plans([Cut(first, first.lines[0], Decimal(3)), Cut(second, second.lines[0], Decimal(1)),
                        Cut(first, first.lines[1], Decimal(2))], DAY)  # fmt: skip

    assert [plan.key for plan in made] == ["006000000000001AAA-1-R3", "801000000000002AAA-R1"]
    assert [(line.key, line.quantity, line.total, line.original_item_id) for line in made[0].lines] == [
        ("006000000000001AAA-1-R3-1", -3, Decimal("-37.50"), first.lines[0].sf_id),
        ("006000000000001AAA-1-R3-2", -2, Decimal("-25.00"), first.lines[1].sf_id),
    ]
    assert (made[0].total, made[0].original_order_id, made[0].effective_date) == (Decimal("-62.50"), first.sf_id, DAY)
    assert [plan.name for plan in made] == ["N" * 68 + " - reduction", "00000100 - reduction"]
    assert "." not in "".join(plan.key for plan in made)


def test_what_no_longer_fits_is_named_with_what_is_left() -> None:
    assert still_fits({"a": Decimal(5), "b": Decimal(5)}, {"a": Decimal(5), "b": Decimal(4)}) == {"b": Decimal(4)}
    assert still_fits({"a": Decimal(5)}, {}) == {}


quantities = st.decimals(min_value=0, max_value=1000, places=2)


@st.composite
def orders(draw: st.DrawFn) -> Original:
    lines = []
    for place in range(1, draw(st.integers(1, 4)) + 1):
        quantity = draw(quantities)
        part = st.decimals(min_value=0, max_value=quantity, places=2)
        open_one = OpenReduction("open", draw(part), in_org=True, by_others=False)
        available = draw(st.one_of(st.none(), part))
        lines.append(
            holding(
                place, quantity=quantity, reduced=draw(part), available=available, open=(open_one,),
                unit_price=draw(quantities),
            )
        )  # fmt: skip
    day = draw(st.dates(date(2026, 1, 1), date(2026, 3, 1)))
    number = draw(st.integers(1, 9))
    return original(*lines, sf_id=f"80100000000000{number}AAA", number=f"0000010{number}", starts_on=day)


@settings(max_examples=50, deadline=None)
@given(st.lists(orders(), max_size=4, unique_by=lambda one: one.sf_id), quantities, st.sampled_from(SpreadPolicy))
def test_whatever_is_planned_takes_exactly_what_was_asked_and_never_more_than_there_is(
    held: list[Original], amount: Decimal, policy: SpreadPolicy
) -> None:
    left = sum((line.left for one in held for line in one.lines), ZERO)

    for demand, wanted in ((Demand("DEV", by=amount), amount), (Demand("DEV", to=amount), left - amount)):
        verdict = spread(held, demand, DAY, policy, who="NovaTech")

        if not 0 < wanted <= left:
            assert isinstance(verdict, NotReducible)
            continue
        assert not isinstance(verdict, NotReducible)
        assert sum((cut.by for cut in verdict), ZERO) == wanted
        assert all(0 < cut.by <= cut.line.left and cut.left >= 0 for cut in verdict)
        plans = order_plans(verdict, DAY)
        assert len(plans) == len({cut.original.sf_id for cut in verdict})
        assert all(
            line.total == money.line_total(line.quantity, line.unit_price, None) <= 0 for p in plans for line in p.lines
        )
