"""Money that adds up: rounding to a currency, and unit prices whose totals are exact.

An OrderItem has no discount and no total of its own to write: the org computes UnitPrice × Quantity.
So a line of 3 for 100.00 has no unit price of two decimals, and is split in two that have one.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal

FIELD_DIGITS = 2
"""Decimals of Salesforce's currency fields (UnitPrice, TotalPrice and Amount are 18,2)."""

LARGEST = Decimal("9999999999999999.99")
"""The largest amount that a currency field of 18 digits, 2 of them decimals, can hold."""

_NO_MINOR_UNIT = frozenset(
    ["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"]
)
"""ISO 4217 currencies without a minor unit."""

_EXACT = Context(prec=80, rounding=ROUND_HALF_UP)


def digits(currency: str | None) -> int:
    """Return how many decimals an amount of `currency` (ISO 4217) has in the org.

    None is an org with one currency. Currencies of three decimals have two here, as the fields do.
    """
    return 0 if currency in _NO_MINOR_UNIT else FIELD_DIGITS


def round_money(value: Decimal, currency: str | None) -> Decimal:
    """Round `value` to the decimals of `currency`, halves away from zero as the org does; never to -0."""
    return _EXACT.plus(value.quantize(Decimal(1).scaleb(-digits(currency)), context=_EXACT))


def line_total(quantity: Decimal, unit_price: Decimal, currency: str | None) -> Decimal:
    """Return what the org makes of a line: quantity × unit price, rounded to `currency`."""
    return round_money(_EXACT.multiply(quantity, unit_price), currency)


def currency_of(total: Decimal, currency: str | None) -> str | None:
    """Return the currency to count `total` in: `currency`, or None (two decimals) where `total` is finer.

    An org may have given a currency other decimals than ISO 4217 does; the deal shows it.
    """
    return currency if round_money(total, currency) == total else None


def split_line(quantity: Decimal, total: Decimal, currency: str | None) -> tuple[tuple[Decimal, Decimal], ...]:
    """Split a line into one or two parts (quantity, unit price) whose line totals add up to `total` exactly.

    One part wherever some unit price gives the total. Otherwise a whole number of units costs one
    minor unit more than the rest, the least that two prices can differ: 3 for 100.00 is
    2 × 33.33 + 1 × 33.34. All prices have the decimals of `currency`.

    Raises:
        ValueError: if the total is finer than the currency, or not 0 where the quantity is.
    """
    places = digits(currency)
    if round_money(total, currency) != total:
        raise ValueError(f"a total in {currency} has at most {places} decimals")
    if quantity == 0:
        if total != 0:
            raise ValueError("a line of quantity 0 cannot have a total")
        return ((quantity, Decimal(0).scaleb(-places)),)

    one, minor = (-1 if quantity < 0 else 1), (-1 if (quantity < 0) != (total < 0) else 1)
    return tuple(
        (one * part, Decimal(minor * price).scaleb(-places, context=_EXACT))
        for part, price in _split(abs(quantity), int(abs(total).scaleb(places, context=_EXACT)))
    )


def _split(quantity: Decimal, total: int) -> tuple[tuple[Decimal, int], ...]:
    """Split a positive line; prices and total are whole minor units.

    With p = ⌊total ÷ quantity⌋, moving one unit from price p to p + 1 adds exactly 1 to the sum, so
    the number of units to move is what is missing at price p. Were it more than there are whole
    units, the total would be within half a minor unit of (p + 1) × quantity: the single price.
    """
    units, parts = quantity.as_integer_ratio()
    single = _half_up(total * parts, units)
    if _half_up(single * units, parts) == total:
        return ((quantity, single),)
    low = total * parts // units
    dearer = total - _half_up(low * units, parts)
    return ((quantity - dearer, low), (Decimal(dearer), low + 1))


def _half_up(dividend: int, divisor: int) -> int:
    """Return dividend ÷ divisor, both positive, rounded to a whole number, halves up."""
    return (2 * dividend + divisor) // (2 * divisor)
