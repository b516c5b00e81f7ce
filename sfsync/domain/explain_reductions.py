"""The part of an explanation that is about reductions: what takes of an order, and what a reduction takes of."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from sfsync.domain.reduction_rules import shown
from sfsync.domain.statuses import ACTIVATED_CODE
from sfsync.domain.steps import State, Step

if TYPE_CHECKING:
    from sfsync.domain.facts import OrderFacts
    from sfsync.domain.holdings import Holding

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Reduced:
    """What reductions have to do with an order: those that take of it, or the order that it takes of."""

    original: OrderFacts | None = None
    reductions: tuple[OrderFacts, ...] = ()
    lines: tuple[Holding, ...] = ()
    """The order's lines, with what reductions take of each."""


def reduction_steps(order: OrderFacts, around: Reduced | None, *, several: bool) -> list[Step]:
    """Return the steps about reductions of one order; none where there are no reductions."""
    if around is None:
        return []
    named = f" {order.handle}" if several else ""
    if around.original is not None:
        since = f" from {order.effective_date} on" if order.effective_date else ""
        counts = "It counts" if order.status_code == ACTIVATED_CODE else "It counts once it is activated"
        text = f"Order {around.original.handle}{since}; that order stays as it is. {counts}."
        return [Step(State.DONE, f"reduces{named}", text)]
    if not around.reductions:
        return []
    ordered = sum((line.quantity for line in around.lines), ZERO)
    reduced = sum((line.reduced for line in around.lines), ZERO)
    reserved = sum((line.reserved for line in around.lines), ZERO)
    text = f"Of {shown(ordered)} ordered, {shown(reduced)} are reduced: net {shown(ordered - reduced)}."
    if reserved:
        text += f" {shown(reserved)} more are taken by reductions that are not activated."
    names = ", ".join(one.handle for one in around.reductions)
    text += f" By {names}; as long as there are any, Salesforce lets the order not go back to Draft."
    return [Step(State.NONE, f"reductions{named}", text)]
