"""Why a record stands where it stands: the chain from the deal to its order, what blocks it, what to do next."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from sfsync.domain.events import EventType
from sfsync.domain.explain_changes import changes_step
from sfsync.domain.explain_order import order_steps
from sfsync.domain.explain_reductions import reduction_steps
from sfsync.domain.explain_shipments import shipment_steps
from sfsync.domain.statuses import Status
from sfsync.domain.steps import Obstacle, State, Step, money
from sfsync.domain.told import hitch, reached

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date, datetime

    from sfsync.domain.explain_reductions import Reduced
    from sfsync.domain.explain_shipments import Shipped
    from sfsync.domain.facts import OrderFacts
    from sfsync.domain.model import Deal, Problem
    from sfsync.domain.told import Told


class Wanted(StrEnum):
    """Whether the settings let a deal become an order."""

    YES = "yes"
    BEFORE_SINCE = "before_since"
    OTHER_TYPE = "other_type"


@dataclass(frozen=True, slots=True)
class Story:
    """All that the mirror and the settings know of one record."""

    deal: Deal | None
    orders: tuple[OrderFacts, ...]
    problems: tuple[Problem, ...] = ()
    rejected_at: datetime | None = None
    since: date | None = None
    """Setting orders.since."""
    types: tuple[str, ...] = ()
    """Setting orders.opportunity_types."""
    told: tuple[Told, ...] = ()
    """The events about it, oldest first."""
    reduced: Mapping[int, Reduced] = field(default_factory=dict)
    """What reductions have to do with each order, by its row id."""
    shipped: Mapping[int, Shipped | None] = field(default_factory=dict)
    """How the shipping of each order stands, by its row id, where shipments are enabled."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """The chain as far as it goes, everything that blocks it, and the one thing to do next."""

    steps: tuple[Step, ...]
    obstacles: tuple[Obstacle, ...]
    next_step: str


@dataclass
class _Chain:
    steps: list[Step] = field(default_factory=list)
    obstacles: list[Obstacle] = field(default_factory=list)

    def add(self, steps: Iterable[Step], obstacles: Iterable[Obstacle] = ()) -> None:
        self.steps += steps
        self.obstacles += obstacles


def explain(story: Story, *, remedy: Callable[[str], str | None]) -> Explanation:
    """Explain a record.

    Args:
        story: What is known of it.
        remedy: What helps against an error code of Salesforce, if anybody knows.
    """
    chain = _Chain()
    if story.deal is not None:
        chain.add([_deal_step(story.deal)])
    if not story.orders:
        chain.add(*_no_order(story))
    for order in sorted(story.orders, key=lambda one: (one.is_deleted, one.is_reduction, one.id)):
        several = len(story.orders) > 1
        chain.add(*order_steps(order, deal=story.deal, several=several, remedy=remedy))
        chain.add(*changes_step(order))
        chain.add(reduction_steps(order, story.reduced.get(order.id), several=several))
        chain.add(*shipment_steps(order, story.shipped.get(order.id), several=several))
    return Explanation(tuple(chain.steps), tuple(chain.obstacles), _next(story, chain))


def wanted(deal: Deal, since: date | None, types: Sequence[str]) -> Wanted:
    """Say whether the settings let this deal become an order."""
    if since is not None and deal.closed_on < since:
        return Wanted.BEFORE_SINCE
    if types and (deal.type or "") not in types:
        return Wanted.OTHER_TYPE
    return Wanted.YES


def _deal_step(deal: Deal) -> Step:
    what = f"{_amount(deal)} over {_count(len(deal.lines), 'line')}" if deal.lines else _amount(deal)
    whose = f", {deal.account_name}" if deal.account_name else ""
    about = f"“{deal.name}”{whose}: {what}"
    if deal.is_deleted:
        return Step(State.BLOCKED, "deal", f"{about}; deleted in Salesforce.")
    if not deal.is_won:
        return Step(State.BLOCKED, "deal", f"{about}; not won, its stage is {deal.stage_name}.")
    return Step(State.DONE, "deal", f"{about}; won, closed on {deal.closed_on}.")


def _amount(deal: Deal) -> str:
    return money(deal.amount, deal.currency) if deal.amount is not None else "no amount"


def _no_order(story: Story) -> tuple[list[Step], list[Obstacle]]:
    deal = story.deal
    if deal is None or deal.is_deleted or not deal.is_won:
        return [Step(State.NONE, "order", "There is none, and none is planned: only won deals become orders.")], []
    match wanted(deal, story.since, story.types):
        case Wanted.BEFORE_SINCE:
            return [Step(State.BLOCKED, "order", "There is none: the settings leave this deal out.")], [
                Obstacle(
                    "before_since",
                    f"The deal was closed on {deal.closed_on}, and only deals from {story.since} on become orders.",
                    "Change the setting orders.since if this deal should become one.",
                )
            ]
        case Wanted.OTHER_TYPE:
            return [Step(State.BLOCKED, "order", "There is none: the settings leave this deal out.")], [
                Obstacle(
                    "other_type",
                    f"The deal is of type {deal.type or '(none)'}, "
                    f"and only deals of type {', '.join(story.types)} become orders.",
                    "Change the setting orders.opportunity_types if this deal should become one.",
                )
            ]
        case _:
            return _unplanned(story)


def _unplanned(story: Story) -> tuple[list[Step], list[Obstacle]]:
    if not story.problems:
        return [Step(State.WAITING, "order", "Not planned yet: the deal is new here, or has just been changed.")], []
    since = f" since {story.rejected_at:%Y-%m-%d %H:%M} UTC" if story.rejected_at else ""
    what = _count(len(story.problems), "problem")
    return [Step(State.BLOCKED, "order", f"There is none: the deal is rejected{since} for {what}.")], [
        Obstacle(problem.code, problem.message) for problem in story.problems
    ]


def _next(story: Story, chain: _Chain) -> str:
    states = {step.state for step in chain.steps}
    if chain.obstacles and story.problems and not story.orders:
        return "Fix this in Salesforce. The next sync looks at the deal again and orders it by itself."
    if chain.obstacles:
        return "See to what blocks it, then run `sfsync sync`."
    if State.DOUBT in states:
        return "Run `sfsync sync`: it reads in the org what became of the write before anything is sent again."
    if State.WAITING in states:
        return "Run `sfsync sync`, or wait for the daemon's next cycle."
    live = sorted(
        (order for order in story.orders if order.sf_id and not order.is_deleted), key=lambda one: one.is_reduction
    )
    if not live:
        return "Nothing to do here. Once the deal is won in Salesforce, the next sync plans its order."
    waiting = [one for one in live if one.is_reduction and one.org_status == Status.DRAFT]
    if waiting and live[0].org_status != Status.DRAFT and not live[0].is_reduction:
        return f"Review the reduction, then `sfsync orders activate {waiting[0].handle}`."
    return _after(live[0], [event for event in story.told if event.record in (live[0].key, live[0].sf_id)])


def _after(order: OrderFacts, told: Sequence[Told]) -> str:
    if order.org_status != Status.DRAFT and (trouble := hitch(told)):
        return trouble
    if order.is_reduction and order.org_status != Status.DRAFT:
        return "Nothing: the reduction counts from its day on."
    match order.org_status:
        case "Draft":
            what = "reduction" if order.is_reduction else "order"
            return f"Review the {what}, then `sfsync orders activate {order.handle}`."
        case "Activated" if heard := reached(told, EventType.ORDER_ACTIVATED):
            waits = " and ".join(heard)
            return f"Waiting for {waits} to confirm that all is delivered: `sfsync orders fulfil {order.handle}`."
        case "Activated":
            return f"When everything is delivered: `sfsync orders fulfil {order.handle}`."
        case _:
            return "Nothing: everything has crossed and the order is closed."


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}" + ("" if number == 1 else "s")
