"""Rounding and splitting: whatever was sold for whatever sum, the parts add up."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.domain.money import LARGEST, currency_of, digits, line_total, round_money, split_line

CURRENCIES = st.sampled_from([None, "EUR", "USD", "JPY", "KRW", "KWD"])
QUANTITIES = st.decimals("-9999999999.99", "9999999999.99", places=2).filter(bool)
EVERYDAY = st.decimals("-150", "150", places=2).filter(bool)
TOTALS = st.decimals(-LARGEST, LARGEST, places=2) | st.decimals("-500", "500", places=2)


def in_currency(total: Decimal, currency: str | None) -> Decimal:
    return total.to_integral_value() if digits(currency) == 0 else total


def sums(parts: tuple[tuple[Decimal, Decimal], ...], currency: str | None) -> tuple[Decimal, Decimal]:
    quantity = sum((quantity for quantity, _ in parts), Decimal(0))
    return quantity, sum((line_total(quantity, price, currency) for quantity, price in parts), Decimal(0))


@given(QUANTITIES | EVERYDAY, TOTALS, CURRENCIES)
def test_the_parts_of_a_line_add_up_exactly(quantity: Decimal, total: Decimal, currency: str | None) -> None:
    total = in_currency(total, currency)

    parts = split_line(quantity, total, currency)

    assert sums(parts, currency) == (quantity, total)
    assert 1 <= len(parts) <= 2
    assert all(part and (part < 0) == (quantity < 0) for part, _ in parts)


@given(QUANTITIES | EVERYDAY, TOTALS, CURRENCIES)
def test_every_price_has_the_decimals_of_the_currency(quantity: Decimal, total: Decimal, currency: str | None) -> None:
    parts = split_line(quantity, in_currency(total, currency), currency)

    assert {-int(price.as_tuple().exponent) for _, price in parts} == {digits(currency)}


@given(QUANTITIES | EVERYDAY, TOTALS, CURRENCIES)
def test_prices_of_the_parts_differ_by_one_minor_unit_and_only_if_no_single_price_does(
    quantity: Decimal, total: Decimal, currency: str | None
) -> None:
    total = in_currency(total, currency)
    cent = Decimal(1).scaleb(-digits(currency))

    prices = [price for _, price in split_line(quantity, total, currency)]

    if len(prices) == 2:
        assert abs(prices[0] - prices[1]) == cent
        near = (*prices, min(prices) - cent, max(prices) + cent)
        assert total not in {line_total(quantity, price, currency) for price in near}


@given(st.decimals("0.01", "0.99", places=2), TOTALS)
def test_less_than_one_unit_always_has_a_single_price(quantity: Decimal, total: Decimal) -> None:
    assert len(split_line(quantity, total, "EUR")) == 1


@given(EVERYDAY, TOTALS)
def test_selling_and_taking_back_mirror_each_other(quantity: Decimal, total: Decimal) -> None:
    sold = split_line(quantity, total, "EUR")

    assert split_line(-quantity, -total, "EUR") == tuple((-part, price) for part, price in sold)
    assert split_line(quantity, -total, "EUR") == tuple((part, -price) for part, price in sold)


@pytest.mark.parametrize(
    ("quantity", "total", "currency", "parts"),
    [
        ("10", "250.00", "EUR", [("10", "25.00")]),
        ("3", "100.00", "EUR", [("2", "33.33"), ("1", "33.34")]),
        ("3", "200.00", "EUR", [("1", "66.66"), ("2", "66.67")]),
        ("3", "100", "JPY", [("2", "33"), ("1", "34")]),
        ("-3", "-100.00", None, [("-2", "33.33"), ("-1", "33.34")]),
        ("3", "-100.00", None, [("2", "-33.33"), ("1", "-33.34")]),
        ("7", "0.00", "EUR", [("7", "0.00")]),
        ("-7", "0.00", "EUR", [("-7", "0.00")]),
        ("1000", "0.01", "EUR", [("999", "0.00"), ("1", "0.01")]),
        ("2.50", "100.01", "EUR", [("1.50", "40.00"), ("1", "40.01")]),
        ("0", "0.00", "EUR", [("0", "0.00")]),
    ],
)
def test_lines_as_people_sell_them(
    quantity: str, total: str, currency: str | None, parts: list[tuple[str, str]]
) -> None:
    assert [tuple(map(str, part)) for part in split_line(Decimal(quantity), Decimal(total), currency)] == parts


def test_an_amount_for_nothing_cannot_be_split() -> None:
    with pytest.raises(ValueError, match="quantity 0"):
        split_line(Decimal(0), Decimal("1.00"), "EUR")


def test_a_total_finer_than_its_currency_is_refused() -> None:
    with pytest.raises(ValueError, match="at most 0 decimals"):
        split_line(Decimal(2), Decimal("100.50"), "JPY")


def test_a_total_finer_than_its_currency_is_counted_in_cents() -> None:
    assert currency_of(Decimal("100.50"), "JPY") is None
    assert currency_of(Decimal("100.00"), "JPY") == "JPY"


@pytest.mark.parametrize(
    ("value", "currency", "rounded"),
    [
        ("0.125", "EUR", "0.13"),
        ("0.135", None, "0.14"),
        ("-0.125", "EUR", "-0.13"),
        ("-0.004", "EUR", "0.00"),
        ("100.5", "JPY", "101"),
        ("9999999999999999.994", "EUR", "9999999999999999.99"),
    ],
)
def test_halves_are_rounded_away_from_zero(value: str, currency: str | None, rounded: str) -> None:
    assert str(round_money(Decimal(value), currency)) == rounded


def test_totals_of_thirty_digits_are_still_exact() -> None:
    assert line_total(Decimal("9999999999.99"), LARGEST, "EUR") == Decimal("99999999999899999900000000.00")
