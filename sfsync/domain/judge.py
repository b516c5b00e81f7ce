"""What becomes of the orders of a deal that was changed after it was ordered. Decides; others act."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from sfsync.domain.amendment import NOTHING, Amendment, amend, differences
from sfsync.domain.bring_up import plan_update
from sfsync.domain.keys import order_key
from sfsync.domain.model import Rejection
from sfsync.domain.planning import plan_order
from sfsync.domain.standing import fingerprint
from sfsync.domain.statuses import Refusal, Status

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sfsync.domain.amendment import Difference
    from sfsync.domain.bring_up import Update
    from sfsync.domain.model import Deal, OrderPlan
    from sfsync.domain.planning import PlanPolicy
    from sfsync.domain.standing import StandingOrder

MOST_RECORDS = 500
"""A composite graph takes 500 nodes, and only as one graph is an update done as a whole or not at all."""
HELD = {
    "deal_reopened": "the deal was reopened and is not won any more",
    "deal_lost": "the deal was closed as lost",
    "deal_deleted": "the deal was deleted",
}
_AMEND = "`sfsync orders amend {0}`"
_WORDS = {
    "ordered": f"The deal was changed after its order was activated, and its orders differ from it. {_AMEND} says what "
    "settles it.",
    "edited_in_org": "The deal was changed after it was ordered, and somebody changed the draft order in Salesforce "
    f"too: nothing is overwritten. {_AMEND} brings the order to the deal.",
    "adopted": "The deal was changed after it was ordered, and its draft order is one that somebody else made: it is "
    f"not changed unasked. {_AMEND} brings it to the deal.",
    "fixed": "The deal has another price book or currency than its draft order, and Salesforce lets neither be changed "
    "on an order with products: give the deal back its price book, or cancel the order and order by hand.",
    "too_large": f"The deal was changed after it was ordered, and bringing its draft order up to date takes more than "
    f"{MOST_RECORDS} changed lines, too many to do as a whole or not at all: change the order in Salesforce, or put "
    "what is new into a deal of its own.",
}


@dataclass(frozen=True, slots=True)
class Found:
    """Deal and orders differ, and sfsync does not settle it unasked."""

    kind: str
    message: str
    order: StandingOrder
    lines: tuple[Difference, ...] = ()
    amendment: Amendment = NOTHING


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is to be done about one deal and its orders."""

    stands_for: str
    hold: str | None = None
    """Why its draft orders are put on hold; None: they are not, or no longer."""
    update: Update | None = None
    found: Found | None = None
    agrees: bool = False
    """Whether the orders are what the deal says now."""
    drop: tuple[str, ...] = ()
    """Keys of planned supplementary orders that were never sent and that the deal, as it is now, does not ask for."""


def judge(
    deal: Deal, orders: Sequence[StandingOrder], *, policy: PlanPolicy, writable: Collection[str]
) -> Judgement | None:
    """Judge a deal by what its orders stand for; None as long as a write to one of them is in doubt.

    Args:
        deal: The deal as the org last showed it.
        orders: All its orders that are there, or planned, without reductions.
        policy: What the settings decide about planning.
        writable: The fields of an order and its lines that our user may change.
    """
    if any(order.in_doubt for order in orders):
        return None
    mark = fingerprint(deal, policy)
    main = main_order(deal, orders)
    if main is None or main.status == Status.CANCELLED:
        return Judgement(mark)
    if reason := not_won(deal):
        return _no_longer_won(mark, reason, main, orders)
    drop = tuple(order.key or "" for order in orders if order.sf_id is None and order.stands_for != mark)
    counted = [order for order in orders if order.counts and order.key not in drop]
    if main.stands_for == mark and not main.asked:
        return Judgement(mark, agrees=True, drop=drop)
    plan = plan_order(deal, policy=policy, today=planned_start(main))
    if isinstance(plan, Rejection):
        words = " ".join(problem.message for problem in plan.problems)
        said = f"The deal was changed after it was ordered, and cannot be ordered like this. {words}"
        return Judgement(mark, found=Found("rejected", said, main), drop=drop)
    if main.is_draft and counted == [main]:
        return _draft(mark, main, plan, writable, drop)
    amendment = amend(plan, counted)
    moved = main.header.account_id != plan.account_id
    if amendment.agrees and not moved:
        return Judgement(mark, agrees=True, drop=drop)
    found = Found("ordered", _said("ordered", main), main, differences(plan, counted), amendment)
    return Judgement(mark, found=found, drop=drop)


def judge_hold(held_for: str | None) -> Refusal | None:
    """Return why an order on hold is not activated; None for one that is not on hold."""
    if held_for is None:
        return None
    return Refusal(
        "deal_not_won",
        f"The order is on hold, because {HELD[held_for]}: it is not activated before the deal is won again.",
    )


def supplementary(plan: OrderPlan, amendment: Amendment, name: str | None) -> OrderPlan:
    """Return the order that an amendment adds: the plan's header, and only what is more."""
    total = sum((line.total for line in amendment.more), Decimal(0))
    return replace(plan, total=total, lines=amendment.more, name=name or plan.name)


def _draft(
    mark: str, main: StandingOrder, plan: OrderPlan, writable: Collection[str], drop: tuple[str, ...]
) -> Judgement:
    update = plan_update(main, plan, force=main.asked, writable=writable)
    if not update.size and not update.drop:
        return Judgement(mark, agrees=True, drop=drop)
    kind = _impossible(main, update)
    if kind is None and main.origin != "sfsync" and not main.asked:
        kind = "adopted"
    elif kind is None and update.edited and not main.asked:
        kind = "edited_in_org"
    if kind is None:
        return Judgement(mark, update=update, drop=drop)
    return Judgement(
        mark, found=Found(kind, _said(kind, main), main, differences(plan, [main]), amend(plan, [main])), drop=drop
    )


def main_order(deal: Deal, orders: Sequence[StandingOrder]) -> StandingOrder | None:
    """Return the deal's first order, ours or an adopted one; None if the org has none."""
    return next((order for order in orders if order.sf_id and order.key == order_key(deal.sf_id)), None)


def judge_draft(main: StandingOrder, update: Update) -> str | None:
    """Return why a draft cannot be brought to its deal by any update, in words; None where it can."""
    kind = _impossible(main, update)
    return kind and _said(kind, main)


def _impossible(main: StandingOrder, update: Update) -> str | None:
    if (main.pricebook_id, main.currency) != (update.plan.pricebook_id, update.plan.currency):
        return "fixed"
    return "too_large" if update.size > MOST_RECORDS else None


def _no_longer_won(mark: str, reason: str, main: StandingOrder, orders: Sequence[StandingOrder]) -> Judgement:
    drop = tuple(order.key or "" for order in orders if order.sf_id is None)
    live = [order for order in orders if order.counts and not order.is_draft]
    amendment = amend(None, live) if live else NOTHING
    if amendment.agrees:
        return Judgement(mark, hold=reason, drop=drop)
    names = ", ".join(order.handle for order in live)
    said = (
        f"Order {names} is activated, and {HELD[reason]}. If that is meant, reduce or cancel the order; otherwise "
        "win the deal again in Salesforce."
    )
    found = Found(reason, said, next((o for o in live if o is main), live[0]), differences(None, live), amendment)
    return Judgement(mark, hold=reason, found=found, drop=drop)


def not_won(deal: Deal) -> str | None:
    """Return in which way a deal is not won any more; None for one that is won."""
    if deal.is_deleted:
        return "deal_deleted"
    if deal.is_won:
        return None
    return "deal_lost" if deal.is_closed else "deal_reopened"


def planned_start(order: StandingOrder) -> date:
    """Return the day on which an order starts: by the policy of today, the deal's plan keeps it."""
    return (order.planned and order.planned.effective_date) or order.header.effective_date or date.min


def _said(kind: str, order: StandingOrder) -> str:
    return _WORDS[kind].format(order.handle)
