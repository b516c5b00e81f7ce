"""Entitlement: what counts on a day, summed up with the orders behind it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfsync.domain.entitlement import HeldLine, HeldReduction, entitlements

DAY = date(2026, 3, 2)
LINE = HeldLine(
    account_id="001A", account_name="NovaTech", contract_id=None, contract_number=None, product_id="01tA",
    product_name="Developer licence", product_code="DEV", currency="EUR", order="00000100", order_id="801A",
    line_id="802A", quantity=Decimal(100), amount=Decimal(1000), starts_on=date(2026, 1, 1), ends_on=date(2026, 12, 31),
)  # fmt: skip
CUT = HeldReduction("00000101", "801B", DAY, Decimal(25), Decimal(250))


def net(*lines: HeldLine, day: date = DAY) -> list[tuple[Decimal, Decimal]]:
    return [(one.net, one.net_amount) for one in entitlements(lines, day)]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2025, 12, 31), []),
        (date(2026, 1, 1), [(100, 1000)]),
        (date(2026, 3, 1), [(100, 1000)]),
        (DAY, [(75, 750)]),
        (date(2026, 12, 31), [(75, 750)]),
        (date(2027, 1, 1), []),
    ],
)
def test_a_line_counts_from_start_to_end_and_a_reduction_from_its_own(
    day: date, expected: list[tuple[int, int]]
) -> None:
    assert net(replace(LINE, reductions=(CUT,)), day=day) == expected


def test_a_reduction_before_the_line_begins_takes_nothing_yet() -> None:
    line = replace(LINE, starts_on=date(2026, 4, 1), reductions=(CUT,))

    assert net(line) == []
    assert net(line, day=date(2026, 4, 1)) == [(75, 750)]


def test_lines_without_dates_always_count() -> None:
    line = replace(LINE, starts_on=None, ends_on=None, reductions=(replace(CUT, starts_on=None),))

    assert net(line, day=date(1999, 1, 1)) == [(75, 750)]


def test_renewals_that_overlap_add_up_and_other_currencies_do_not() -> None:
    renewal = replace(LINE, order="00000200", starts_on=date(2026, 3, 1), ends_on=None)
    [both, dollars] = entitlements([LINE, renewal, replace(LINE, currency="USD")], DAY)

    assert (both.ordered, both.net_amount, [line.order for line in both.lines]) == (200, 2000, ["00000100", "00000200"])
    assert (dollars.currency, dollars.ordered) == ("USD", 100)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.builds(
            lambda start, length, reduced, begins, product: replace(
                LINE,
                product_id=product,
                starts_on=DAY + timedelta(start),
                ends_on=DAY + timedelta(start + length),
                reductions=(replace(CUT, quantity=Decimal(reduced), starts_on=DAY + timedelta(begins)),),
            ),
            st.integers(-5, 5), st.integers(0, 5), st.integers(0, 100), st.integers(-5, 5), st.sampled_from("ab"),
        )
    ),
    st.integers(-6, 11),
)  # fmt: skip
def test_the_net_is_the_sum_over_the_lines_that_count_and_never_negative(lines: list[HeldLine], after: int) -> None:
    day = DAY + timedelta(after)

    found = entitlements(lines, day)

    expected = sum(
        line.quantity - sum(one.quantity for one in line.reductions if one.starts_on is None or one.starts_on <= day)
        for line in lines
        if line.starts_on is not None and line.ends_on is not None and line.starts_on <= day <= line.ends_on
    )
    assert sum(one.net for one in found) == expected
    assert all(one.net >= 0 and one.net == one.ordered - one.reduced for one in found)
    assert len({line.subject for one in found for line in one.lines}) == len(found)
