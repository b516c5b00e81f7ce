from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.domain.shipping import LineProgress, Shipping, amount, percent, standing


def line(ordered: str, reduced: str, shipped: str) -> LineProgress:
    return LineProgress("Pump", Decimal(ordered), Decimal(reduced), Decimal(shipped))


@pytest.mark.parametrize(
    ("lines", "state", "percentage", "alarm"),
    [
        ([], "n/a", None, None),
        ([("10", "0", "0")], "none", "0.00", None),
        ([("10", "0", "3")], "partial", "30.00", None),
        ([("10", "0", "10"), ("5", "0", "0")], "partial", "66.67", None),
        ([("10", "0", "10"), ("5", "5", "0")], "shipped", "100.00", None),
        ([("10", "4", "6")], "shipped", "100.00", None),
        ([("10", "10", "0")], "n/a", None, None),
        ([("10", "0", "12.5")], "shipped", "125.00", "Pump: 12.5 shipped of 10 due"),
        ([("10", "10", "2")], "shipped", None, "Pump: 2 shipped of 0 due"),
        ([("10", "0", "12"), ("8", "0", "0")], "partial", "66.67", "Pump: 12 shipped of 10 due"),
    ],
)
def test_an_order_stands_by_its_lines(
    lines: list[tuple[str, str, str]], state: str, percentage: str | None, alarm: str | None
) -> None:
    found = standing([line(*one) for one in lines])

    assert (found.state, None if found.percent is None else str(found.percent), found.alarm) == (
        state,
        percentage,
        alarm,
    )


quantities = st.decimals(min_value=0, max_value=10_000, places=2)


@given(st.lists(st.tuples(quantities, quantities, quantities), max_size=4))
def test_nothing_is_clipped_and_all_of_it_shipped_is_exactly_when_no_line_lacks_any(
    lines: list[tuple[Decimal, Decimal, Decimal]],
) -> None:
    progress = [LineProgress("x", *one) for one in lines]
    found = standing(progress)

    due = [one for one in progress if one.net > 0]
    assert bool(found.over) == any(one.shipped > max(one.net, 0) for one in progress)
    if due and all(one.shipped >= one.net for one in due):
        assert found.state is Shipping.SHIPPED
    if any(one.shipped < one.net for one in due):
        assert found.state in (Shipping.NONE, Shipping.PARTIAL)


def test_the_percentage_is_rounded_half_up_to_two_places() -> None:
    assert percent(Decimal(1), Decimal(3)) == Decimal("33.33")
    assert percent(Decimal(2), Decimal(3)) == Decimal("66.67")
    assert percent(Decimal("0.01"), Decimal(200)) == Decimal("0.01")


def test_amounts_are_written_without_decimals_that_say_nothing() -> None:
    assert [amount(Decimal(text)) for text in ("10.00", "1.50", "0.25", "100")] == ["10", "1.5", "0.25", "100"]
