"""What stands in the way of a reduction, one rule after the other, in words that an operator can act on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.domain.model import Problem
from sfsync.domain.statuses import ACTIVATED_CODE, Status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from decimal import Decimal

    from sfsync.domain.holdings import Demand, Holding, OpenReduction, Original

_DIGITS, _LARGEST = 2, 16
"""Quantity is a number of 18 digits, 2 of them decimals."""
_LINES_NAMED = 8


def header_problems(original: Original, effective: date) -> list[Problem]:
    """Return why an order cannot be reduced from the day `effective` on, whatever is to go; empty when it can."""
    name = original.handle
    if original.is_deleted:
        return [Problem("deleted", f"Order {name} was deleted in Salesforce.")]
    found = [
        Problem(code, f"Order {name} {said}")
        for code, wrong, said in (
            (
                "is_reduction",
                original.is_reduction,
                "is a reduction order itself: reduce its original, or deactivate this one in Salesforce.",
            ),
            (
                "cancelled",
                original.status == Status.CANCELLED,
                "is cancelled: there is nothing left to take back.",
            ),
            (
                "not_activated",
                original.status_code != ACTIVATED_CODE,
                "is not activated: a draft is changed in its deal, or in Salesforce, and needs no reduction.",
            ),
        )
        if wrong
    ]
    return found + list(_date_problems(original, effective))


def line_problem(
    original: Original,
    demand: Demand,
    lines: Sequence[Holding],
    taken: Mapping[str, Decimal],
    effective: date,
) -> Problem | None:
    """Return what is wrong with the lines that a demand names; None when it can be reckoned."""
    if not lines:
        there = [f"{line.place} {line.name}" for line in original.lines[:_LINES_NAMED]]
        more = ", …" if len(original.lines) > _LINES_NAMED else ""
        said = f"Order {original.handle} has no line or product “{demand.line}”; it has: {', '.join(there)}{more}."
        return Problem("unknown_line", said)
    if any(line.sf_id in taken for line in lines):
        return Problem("line_named_twice", f"“{demand.line}” names a line that another --line names, too.")
    ended = [line for line in lines if line.ends_on is not None and line.ends_on < effective]
    if demand.line is not None and len(ended) == len(lines):
        return Problem("line_ended", f"{lines[0].name} ended on {ended[-1].ends_on}: a reduction would do nothing.")
    return None


def amount_problem(
    demand: Demand, by: Decimal, left: Decimal, what: str, reserved: Sequence[OpenReduction]
) -> Problem | None:
    """Return why `by` cannot be taken of `left`; None when it can."""
    given = demand.by if demand.by is not None else demand.to
    if given is not None and given.normalize().as_tuple().exponent not in range(-_DIGITS, _LARGEST):
        return Problem("fraction", f"{what}: {given} is no quantity: it has at most two decimals.")
    takers = "; ".join(f"{one.handle} takes {shown(one.quantity)}" for one in reserved)
    open_ones = f" Open reductions count: {takers}." if takers else ""
    if left == 0:
        return Problem("nothing_left", f"{what}: nothing is left to reduce.{open_ones}")
    if demand.by is not None and by <= 0:
        return Problem("not_positive", f"{what}: a reduction takes more than 0, not {shown(by)}.")
    if demand.to is not None and not 0 <= demand.to < left:
        return Problem(
            "not_less", f"{what}: it is {shown(left)}, which {shown(demand.to)} would not reduce.{open_ones}"
        )
    if by > left:
        return Problem(
            "more_than_left", f"{what}: {shown(by)} are to go, and only {shown(left)} are left to reduce.{open_ones}"
        )
    return None


def shown(quantity: Decimal) -> str:
    """Return a quantity without decimals that say nothing."""
    return f"{quantity:,.2f}".rstrip("0").rstrip(".")


def _date_problems(original: Original, effective: date) -> list[Problem]:
    bounds = (
        ("before_start", original.starts_on, "the order starts", False),
        ("after_end", original.ends_on, "the order ends", True),
        ("before_contract", original.contract_starts_on, "its contract starts", False),
        ("after_contract", original.contract_ends_on, "its contract ends", True),
    )
    return [
        Problem(
            code, f"Order {original.handle}: a reduction from {effective} is {side} {what} on {day}: give another day."
        )
        for code, day, what, is_end in bounds
        if day is not None and (effective > day if is_end else effective < day)
        for side in ("after" if is_end else "before",)
    ]
