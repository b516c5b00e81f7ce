"""Why a deal cannot take back what it says, in words that a sales rep or an admin can act on."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from sfsync.domain.case import product_words, reduce_command
from sfsync.domain.model import Problem
from sfsync.domain.reduction_rules import header_problems, shown
from sfsync.domain.steps import money

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sfsync.domain.holdings import Cut, Holding, Original
    from sfsync.domain.model import Deal, DealLine, OrderPlan
    from sfsync.domain.taking_back import Units

ZERO = Decimal(0)
_NAMED = 5
"""How many orders a problem names."""
_WORDS = {
    "deleted": "was deleted",
    "is_reduction": "is a reduction itself",
    "cancelled": "is cancelled",
    "not_activated": "is not activated",
    "before_start": "only starts on {0.starts_on}",
    "after_end": "ended on {0.ends_on}",
    "before_contract": "is under a contract that only starts on {0.contract_starts_on}",
    "after_contract": "is under a contract that ended on {0.contract_ends_on}",
}


def obstacle(original: Original, asked: OrderPlan) -> str | None:
    """Return why an order gives nothing to a deal that asks for this, in parts of a sentence; None if it does."""
    if original.currency != asked.currency:
        return f"is in {original.currency}"
    if asked.contract_id and original.contract_id and original.contract_id != asked.contract_id:
        return "is under another contract than the deal"
    found = header_problems(original, asked.effective_date)
    return _WORDS[found[0].code].format(original) if found else None


def not_held_problem(
    deal: Deal,
    wanted: Units,
    fit: Sequence[tuple[Original, Holding]],
    others: Sequence[tuple[Original, Holding, str]],
) -> Problem:
    """Say that not enough is held at the price at which it is taken back; `others` hold it, and why they do not give.

    Of those that hold it at another price it is said at which.
    """
    line, price = _line(deal, wanted), money(wanted.unit_price, deal.currency)
    held = sum((one.left for _, one in fit), ZERO)
    whose = deal.account_name or deal.account_id
    where = f" ({_named([_left(order, one) for order, one in fit])})" if fit else ""
    there = f"only {shown(held)}{where}" if fit else "none"
    said = (
        f"Product {product_words(line)}: the deal takes back {shown(wanted.quantity)} at {price}, and activated orders "
        f"of {whose} hold {there} at that price."
    )
    if priced := [f"{shown(one.left)} at {money(one.unit_price, deal.currency)} ({order.handle})"
                  for order, one, why in others if not why]:  # fmt: skip
        said += f" They hold {_named(priced)}."
    if waiting := [f"{order.handle} holds {shown(one.left)} at {money(one.unit_price, order.currency)} and {why}"
                   for order, one, why in others if why]:  # fmt: skip
        said += f" {_named(waiting)}."
    return Problem("not_held", f"{said} {_remedy(deal, line)}")


def cents_problem(deal: Deal, wanted: Units, cuts: Sequence[Cut], total: Decimal) -> Problem:
    """Say that the units are there, and that taken from those orders they come to another amount than the deal's."""
    line = _line(deal, wanted)
    from_ = _named([f"{shown(cut.by)} of {cut.original.handle}" for cut in cuts])
    said = (
        f"Product {product_words(line)}: the deal takes back {shown(wanted.quantity)} for "
        f"{money(wanted.total, deal.currency)}, and Salesforce would make {money(total, deal.currency)} of it, because "
        f"it rounds on each order ({from_})."
    )
    return Problem("taken_back_cents", f"{said} {_remedy(deal, line)}")


def _left(order: Original, line: Holding) -> str:
    taken = f", and {shown(line.reserved)} reserved by open reductions" if line.open else ""
    return f"{order.handle}: {shown(line.left)}{taken}"


def _remedy(deal: Deal, line: DealLine) -> str:
    return (
        "Enter the price at which it was sold (each sync looks again), or take the line off the deal and take back by "
        f"hand: {reduce_command(deal, line)}."
    )


def _line(deal: Deal, wanted: Units) -> DealLine:
    return next(line for line in deal.lines if line.sf_id == wanted.deal_lines[0])


def _named(parts: Sequence[str]) -> str:
    return ", ".join(parts[:_NAMED]) + (f" and {len(parts) - _NAMED} more" if len(parts) > _NAMED else "")
