"""How much of an order was shipped: by line, as a whole, and where it was more than is ordered."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_CENT = Decimal("0.01")


class Shipping(StrEnum):
    """How far the shipping of a line or an order has come."""

    NOTHING_DUE = "n/a"
    """Nothing of it is to be shipped: all of it was reduced, or there are no goods."""
    NONE = "none"
    PARTIAL = "partial"
    SHIPPED = "shipped"


@dataclass(frozen=True, slots=True)
class LineProgress:
    """One line of physical goods: what was ordered, taken back by active reductions, and shipped (not voided)."""

    name: str
    ordered: Decimal
    reduced: Decimal
    shipped: Decimal

    @property
    def net(self) -> Decimal:
        """What is to be shipped."""
        return self.ordered - self.reduced

    @property
    def over(self) -> Decimal:
        """How many more were shipped than that; 0 if none."""
        return max(self.shipped - max(self.net, Decimal(0)), Decimal(0))

    @property
    def state(self) -> Shipping:
        """How far it has come; a line that is over is shipped."""
        if self.net <= 0:
            return Shipping.SHIPPED if self.shipped > 0 else Shipping.NOTHING_DUE
        if self.shipped <= 0:
            return Shipping.NONE
        return Shipping.SHIPPED if self.shipped >= self.net else Shipping.PARTIAL


@dataclass(frozen=True, slots=True)
class Standing:
    """How the shipping of an order stands."""

    state: Shipping
    percent: Decimal | None
    """None where nothing is to be shipped; over 100 where more was."""
    over: tuple[LineProgress, ...]
    """Lines of which more was shipped than is ordered and not reduced."""

    @property
    def alarm(self) -> str | None:
        """The lines that are over, in words; None if there are none."""
        said = (f"{line.name}: {amount(line.shipped)} shipped of {amount(line.net)} due" for line in self.over)
        return "; ".join(said) or None


def standing(lines: Sequence[LineProgress]) -> Standing:
    """Sum up the lines of an order."""
    states = {line.state for line in lines} - {Shipping.NOTHING_DUE}
    state = Shipping.PARTIAL if len(states) > 1 else next(iter(states), Shipping.NOTHING_DUE)
    net = sum((line.net for line in lines), Decimal(0))
    shipped = sum((line.shipped for line in lines), Decimal(0))
    return Standing(state, percent(shipped, net), tuple(line for line in lines if line.over))


def percent(shipped: Decimal, net: Decimal) -> Decimal | None:
    """Return the percentage shipped, to two places, never clipped; None where nothing is to be shipped."""
    if net <= 0:
        return None
    return (100 * shipped / net).quantize(_CENT, ROUND_HALF_UP)


def amount(value: Decimal) -> str:
    """Return a quantity without decimals that say nothing."""
    return f"{value:f}".rstrip("0").rstrip(".") if value % 1 else f"{value:.0f}"
