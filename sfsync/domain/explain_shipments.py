"""The part of an explanation that is about shipments: how much of an order is gone, and which shipments are stuck."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfsync.domain.shipping import amount
from sfsync.domain.statuses import Status
from sfsync.domain.steps import Obstacle, State, Step

if TYPE_CHECKING:
    from decimal import Decimal

    from sfsync.domain.facts import OrderFacts


@dataclass(frozen=True, slots=True)
class Stuck:
    """A shipment that does not go on by itself, or only later."""

    handle: str
    code: str
    problem: str


@dataclass(frozen=True, slots=True)
class Shipped:
    """How the shipping of an order stands; quantities count goods only."""

    due: Decimal
    """Ordered and not reduced."""
    shipped: Decimal
    """Recorded and not voided."""
    confirmed: Decimal
    """Of that, what the org has."""
    percent: Decimal | None
    over: str | None = None
    """Of which lines more was shipped than is due, in words."""
    waiting: tuple[str, ...] = ()
    """Shipments that the next cycle sends."""
    in_doubt: tuple[str, ...] = ()
    """Shipments whose last write was not answered."""
    stuck: tuple[Stuck, ...] = ()


def shipment_steps(order: OrderFacts, gone: Shipped | None, *, several: bool) -> tuple[list[Step], list[Obstacle]]:
    """Return the step about shipments of one order, and what stands in their way; none if nothing is to be shipped."""
    if gone is None or (order.org_status == Status.CANCELLED and not gone.shipped):
        return [], []
    found = [
        Obstacle(one.code, f"Shipment {one.handle}: {one.problem}", f"Then `sfsync shipments retry {one.handle}`.")
        for one in gone.stuck
    ]
    if gone.over is not None:
        said = f"More was shipped than is ordered and not reduced. {gone.over}."
        found.append(Obstacle("over_shipped", said, "Void what was recorded wrongly: `sfsync shipments list --over`."))
    subject = f"shipped {order.handle}" if several else "shipped"
    return [Step(_state(gone, found), subject, _text(gone))], found


def _state(gone: Shipped, obstacles: list[Obstacle]) -> State:
    if obstacles:
        return State.BLOCKED
    if gone.in_doubt:
        return State.DOUBT
    if gone.waiting:
        return State.WAITING
    return State.DONE if gone.shipped >= gone.due else State.NONE


def _text(gone: Shipped) -> str:
    share = f" ({amount(gone.percent)} %)" if gone.percent is not None else ""
    text = f"{amount(gone.shipped)} of {amount(gone.due)} due{share}."
    if gone.confirmed != gone.shipped:
        text += f" The org has {amount(gone.confirmed)} of that."
    if gone.waiting:
        text += f" Not sent yet: {_names(gone.waiting)}."
    if gone.in_doubt:
        text += f" Sent and not answered: {_names(gone.in_doubt)}."
    return text


def _names(handles: tuple[str, ...], most: int = 5) -> str:
    more = f" and {len(handles) - most:,} more" if len(handles) > most else ""
    return ", ".join(handles[:most]) + more
