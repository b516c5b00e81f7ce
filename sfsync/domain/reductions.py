"""Reductions: how much of an order may be taken back, what is taken from which line, or why it cannot be.

An original order is never edited. What is taken back stands on a reduction order of its own, one for each
original, with negative quantities; it counts once it is activated.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING

from sfsync.domain import keys
from sfsync.domain.holdings import Cut, NotReducible, SpreadPolicy
from sfsync.domain.model import OrderPlan, PlannedLine, Problem
from sfsync.domain.reduction_rules import amount_problem, header_problems, line_problem, shown
from sfsync.domain.sfid import full_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from sfsync.domain.holdings import Demand, Holding, OpenReduction, Original

_SUFFIX = " - reduction"
_NAME_LENGTH = 80
"""Order.Name is a string of 80."""
ZERO = Decimal(0)


def plan_cuts(original: Original, demands: Sequence[Demand], effective: date) -> tuple[Cut, ...] | NotReducible:
    """Decide what is taken from the lines of one order from the day `effective` on, or say why nothing is.

    A product that stands on several lines is taken from the last of them first. The same order, demands and day
    give the same cuts, the lines in their order.
    """
    problems = header_problems(original, effective)
    taken: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for demand in demands:
        lines = _matching(original, demand.line)
        if found := line_problem(original, demand, lines, taken, effective):
            problems.append(found)
            continue
        problems += _take(demand, lines, taken)
    if problems:
        return NotReducible(tuple(problems))
    return tuple(Cut(original, line, taken[line.sf_id]) for line in original.lines if taken[line.sf_id])


def spread(
    originals: Iterable[Original], demand: Demand, effective: date, policy: SpreadPolicy, *, who: str
) -> tuple[Cut, ...] | NotReducible:
    """Decide which of an account's orders give how much of a product, or say why none does.

    Orders that hold nothing on the day `effective` (not activated, not begun, ended) are passed over; `to` is what
    the others together keep. `who` is the account, for the words.
    """
    held = [
        (original, line)
        for original in originals
        if not header_problems(original, effective)
        for line in _matching(original, demand.line)
        if line.left > 0 and _runs(original, line, effective)
    ]
    what = f"{demand.line} of {who}"
    if not held:
        said = f"No activated order of {who} holds any {demand.line} on {effective}."
        return NotReducible((Problem("nothing_left", said),))
    amount, problem = _amount(demand, sum((line.left for _, line in held), ZERO), what, ())
    if problem is not None:
        return NotReducible((problem,))
    cuts: list[Cut] = []
    held.sort(key=lambda pair: _age(*pair), reverse=policy is SpreadPolicy.NEWEST)
    for original, line in held:
        part = min(line.left, amount)
        amount -= part
        if part:
            cuts.append(Cut(original, line, part))
    return tuple(cuts)


def order_plans(cuts: Sequence[Cut], effective: date) -> tuple[OrderPlan, ...]:
    """Return the reduction orders of these cuts, one for each original, each under its next key."""
    plans: list[OrderPlan] = []
    by_original: dict[str | None, list[Cut]] = defaultdict(list)
    for cut in cuts:
        by_original[cut.original.sf_id].append(cut)
    for own in by_original.values():
        original = own[0].original
        key = keys.reduction_key(original.key or original.sf_id or "", original.next_number)
        lines = tuple(
            PlannedLine(
                key=keys.line_key(key, number),
                deal_line_id=None,
                pricebook_entry_id=cut.line.pricebook_entry_id or "",
                product_id=cut.line.product_id,
                quantity=-cut.by,
                unit_price=cut.line.unit_price,
                total=cut.amount,
                service_date=None,
                description=None,
                original_item_id=cut.line.sf_id,
            )
            for number, cut in enumerate(own, start=1)
        )
        plans.append(
            OrderPlan(
                key=key,
                deal_id=original.opportunity_id,
                account_id=original.account_id or "",
                contract_id=original.contract_id,
                pricebook_id=original.pricebook_id,
                currency=original.currency,
                effective_date=effective,
                name=(original.name or original.handle)[: _NAME_LENGTH - len(_SUFFIX)].rstrip() + _SUFFIX,
                total=sum((line.total for line in lines), ZERO),
                lines=lines,
                original_order_id=original.sf_id,
            )
        )
    return tuple(plans)


def notes(cuts: Sequence[Cut]) -> tuple[str, ...]:
    """Return what is worth knowing before the cuts are made: open reductions of the same lines."""
    return tuple(
        f"{cut.original.handle}, {cut.line.name}: {one.handle} takes {shown(one.quantity)} already, "
        + (
            "a draft made in Salesforce, where it reserves nothing."
            if one.by_others
            else "and is not activated yet."
            if one.in_org
            else "and is not sent yet."
        )
        for cut in cuts
        for one in cut.line.open
    )


def still_fits(needed: Mapping[str, Decimal], available: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Return what of `needed` (by line Id) exceeds `available`, with what is left there; empty when all fits."""
    return {
        line: available[line] for line, quantity in needed.items() if line in available and quantity > available[line]
    }


def _take(demand: Demand, lines: Sequence[Holding], taken: dict[str, Decimal]) -> list[Problem]:
    left = sum((line.left for line in lines), ZERO)
    what = demand.line or "The order"
    amount, problem = _amount(demand, left, what, tuple(one for line in lines for one in line.open))
    if problem is not None:
        return [problem]
    for line in reversed(lines):
        part = min(line.left, amount)
        taken[line.sf_id] += part
        amount -= part
    return []


def _amount(
    demand: Demand, left: Decimal, what: str, reserved: Sequence[OpenReduction]
) -> tuple[Decimal, Problem | None]:
    by = left if demand.by is None else demand.by
    if demand.to is not None:
        by = left - demand.to
    return by, amount_problem(demand, by, left, what, reserved)


def _matching(original: Original, text: str | None) -> list[Holding]:
    """Return the lines that a name stands for: one by its own names, otherwise all of the product."""
    if text is None:
        return list(original.lines)
    named, sf_id = text.strip(), full_id(text.strip())
    own = [
        line
        for line in original.lines
        if named in (line.sf_id, line.number, line.key, str(line.place))
        or sf_id == line.sf_id
        or (named.isdecimal() and (line.number or "").lstrip("0") == named.lstrip("0"))
    ]
    if own:
        return own[:1]
    folded = named.casefold()
    return [
        line
        for line in original.lines
        if folded in ((line.product_name or "").casefold(), (line.product_code or "").casefold())
        or (sf_id is not None and sf_id == line.product_id)
    ]


def _runs(original: Original, line: Holding, day: date) -> bool:
    start = line.starts_on or original.starts_on
    end = line.ends_on or original.ends_on
    return (start is None or start <= day) and (end is None or day <= end)


def _age(original: Original, line: Holding) -> tuple[str, int, str, int]:
    number = original.handle
    return str(line.starts_on or original.starts_on), len(number), number, line.place
