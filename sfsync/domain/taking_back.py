"""Deals that take back earlier sales: their lines of negative quantity are reductions of what the account has.

What such a deal sells becomes its order, as ever. What it takes back becomes reductions of activated orders of the
same account, at the price at which it was sold, so that all of it together is the deal to the cent; or nothing is done.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from sfsync.domain.holdings import NotReducible, OpenReduction
from sfsync.domain.keys import line_key, order_key
from sfsync.domain.model import OrderPlan, PlannedLine, Problem
from sfsync.domain.reduction_rules import shown
from sfsync.domain.reductions import order_plans, runs, take_in_turn
from sfsync.domain.taking_back_words import cents_problem, not_held_problem, obstacle

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from sfsync.domain.holdings import Cut, Holding, Original
    from sfsync.domain.model import Deal
    from sfsync.domain.planning import PlanPolicy

ZERO = Decimal(0)
FIRST = 2
"""The number of a deal's first reduction: number 1 is the order of what it sells, whether it sells anything or not."""


@dataclass(frozen=True, slots=True)
class Units:
    """So many units of one product at one price that are taken back; quantity and total are positive."""

    product_id: str | None
    unit_price: Decimal
    quantity: Decimal
    total: Decimal
    deal_lines: tuple[str, ...]
    """The lines of the deal that say so, by their Ids."""


@dataclass(frozen=True, slots=True)
class TakenBack:
    """By which reductions a deal takes back what it says: the lines that give, and one order for each original."""

    cuts: tuple[Cut, ...]
    plans: tuple[OrderPlan, ...]


def takes_back(deal: Deal, policy: PlanPolicy) -> bool:
    """Whether reductions are to come of a deal."""
    return policy.takes_back and any(line.quantity < 0 for line in deal.lines)


def sold(plan: OrderPlan) -> OrderPlan | None:
    """Return the part of a deal's plan that it sells, its lines numbered anew; None if it only takes back."""
    lines = [line for line in plan.lines if line.quantity >= 0]
    if not lines:
        return None
    numbered = tuple(replace(line, key=line_key(plan.key, number)) for number, line in enumerate(lines, start=1))
    return replace(plan, lines=numbered, total=sum((line.total for line in lines), ZERO))


def taken_back(lines: Iterable[PlannedLine]) -> tuple[Units, ...]:
    """Return what lines of negative quantity take back, in their order; what is sold is left out."""
    found: dict[tuple[str | None, Decimal], Units] = {}
    for line in lines:
        if line.quantity < 0:
            kind = line.product_id, line.unit_price
            before = found.get(kind) or Units(*kind, ZERO, ZERO, ())
            found[kind] = replace(
                before,
                quantity=before.quantity - line.quantity,
                total=before.total - line.total,
                deal_lines=tuple(dict.fromkeys((*before.deal_lines, line.deal_line_id or ""))),
            )
    return tuple(found.values())


def plan_reductions(
    deal: Deal, asked: OrderPlan, units: Sequence[Units], originals: Sequence[Original], *, first: int = FIRST
) -> TakenBack | NotReducible:
    """Plan the reduction orders by which a deal takes units back, or say why it cannot: one problem for each line.

    The newest orders that hold the product at just this price give first. What the reductions take off is what the
    deal says, to the cent.

    Args:
        deal: The deal.
        asked: All that it asks for; the reductions start when its order does.
        units: What is to be taken back.
        originals: Orders of its account, of whatever status.
        first: The number of the first reduction among the deal's orders.
    """
    cuts: list[Cut] = []
    problems: dict[str, list[Problem]] = {}
    lines_of: dict[str, str] = {}
    for wanted in units:
        taken, problem = _take(deal, asked, wanted, originals)
        cuts += taken
        if problem is not None:
            for line in wanted.deal_lines:
                problems.setdefault(line, []).append(problem)
        lines_of |= {cut.line.sf_id: wanted.deal_lines[0] for cut in taken}
    if problems:
        return NotReducible(tuple(dict.fromkeys(_joined(found) for found in problems.values())))
    plans = tuple(
        replace(
            plan,
            key=(key := order_key(deal.sf_id, number)),
            deal_id=deal.sf_id,
            lines=tuple(
                replace(line, key=line_key(key, place), deal_line_id=lines_of[line.original_item_id or ""])
                for place, line in enumerate(plan.lines, start=1)
            ),
        )
        for number, plan in enumerate(order_plans(cuts, asked.effective_date), start=first)
    )
    return TakenBack(tuple(cuts), plans)


def released(originals: Sequence[Original], keys: Collection[str]) -> list[Original]:
    """Return orders as they are without what these reductions, which were never sent, have reserved of them."""
    return [
        replace(
            one,
            lines=tuple(
                replace(line, open=tuple(it for it in line.open if it.in_org or it.handle not in keys))
                for line in one.lines
            ),
        )
        for one in originals
    ]


def reserved(originals: Sequence[Original], plans: Sequence[OrderPlan]) -> list[Original]:
    """Return orders as they are once these reductions are planned: what those take is left to nobody else."""
    takers: defaultdict[str | None, list[OpenReduction]] = defaultdict(list)
    for plan in plans:
        for line in plan.lines:
            takers[line.original_item_id].append(OpenReduction(plan.key, -line.quantity, in_org=False, by_others=False))
    return [
        replace(one, lines=tuple(replace(line, open=(*line.open, *takers[line.sf_id])) for line in one.lines))
        for one in originals
    ]


def _take(
    deal: Deal, asked: OrderPlan, wanted: Units, originals: Sequence[Original]
) -> tuple[tuple[Cut, ...], Problem | None]:
    holding = [
        (original, line)
        for original in originals
        for line in original.lines
        if wanted.product_id is not None and line.product_id == wanted.product_id and (line.left > 0 or line.open)
    ]
    fit: list[tuple[Original, Holding]] = []
    others: list[tuple[Original, Holding, str]] = []
    for original, line in holding:
        why = obstacle(original, asked)
        if why is None and not runs(original, line, asked.effective_date):
            why = f"is not in force on {asked.effective_date}"
        elif why is None and line.left == 0:
            why = f"has {shown(line.reserved)} reserved by {', '.join(one.handle for one in line.open)}"
        if why is not None:
            others.append((original, line, why))
        elif line.unit_price == wanted.unit_price:
            fit.append((original, line))
        else:
            others.append((original, line, ""))
    if sum((line.left for _, line in fit), ZERO) < wanted.quantity:
        return (), not_held_problem(deal, wanted, fit, others)
    cuts = take_in_turn(fit, wanted.quantity)
    total = -sum((cut.amount for cut in cuts), ZERO)
    if total != wanted.total:
        return (), cents_problem(deal, wanted, cuts, total)
    return cuts, None


def _joined(found: Sequence[Problem]) -> Problem:
    """Make one problem of those of one line, which was split in two prices."""
    return Problem(found[0].code, " ".join(dict.fromkeys(one.message for one in found)))
