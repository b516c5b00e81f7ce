"""Before a reduction is activated: does it still fit, by what the org has left of the lines that it reduces?

In Salesforce a draft reduction reserves nothing, so two of them may each fit and both together not. Whoever is
activated first has it; the other is told so, and what can still be reduced.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING

from sfsync.domain.fields import STATUS, digest
from sfsync.domain.reduction_rules import shown
from sfsync.domain.reductions import still_fits
from sfsync.domain.statuses import DRAFT_CODE, Refusal, Status
from sfsync.store import reduced, reductions, sent, wishes
from sfsync.store.sent import WishFailure
from sfsync.sync.readback import read_left

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sfsync.store.reductions import DraftLine
    from sfsync.store.wishes import Wish
    from sfsync.sync.work import Work

OVER_REDUCED = "over_reduced"


def lines_reduced(work: Work, asked: Sequence[Wish]) -> list[str]:
    """Return the lines (Salesforce Ids) that those of the orders reduce which are to be activated."""
    return sorted({line.original_item_id for lines in _drafts(work, asked).values() for line in lines})


def refusals(work: Work, asked: Sequence[Wish], available: Mapping[str, Decimal] | None = None) -> dict[int, Refusal]:
    """Return which reductions must not be activated, by row id, and why: together they would take too much.

    `available` is what the org has just shown; without it the mirror's figures decide.
    """
    drafts = _drafts(work, asked)
    if not drafts:
        return {}
    if available is None:
        with work.db.read() as tx:
            ids = {line.original_item_id for lines in drafts.values() for line in lines}
            available = reduced.available_of(tx, work.org, ids)
    left = dict(available)
    found: dict[int, Refusal] = {}
    for number, lines in sorted(drafts.items()):
        needed: dict[str, Decimal] = defaultdict(Decimal)
        for line in lines:
            needed[line.original_item_id] += line.quantity
        if over := still_fits(needed, left):
            found[number] = Refusal(OVER_REDUCED, _words(lines, over))
            continue
        for sf_id, quantity in needed.items():
            if sf_id in left:
                left[sf_id] -= quantity
    return found


def tell_losers(work: Work, asked: Sequence[Wish]) -> None:
    """Say in words why the org refused to activate reductions, where another one was faster by a moment."""
    with work.db.read() as tx:
        refused = [
            wish
            for wish in wishes.of_orders(tx, work.org, [wish.id for wish in asked])
            if wish.problem_code == _REFUSED
        ]
    if not (lines := lines_reduced(work, refused)):
        return
    available = read_left(work, lines)
    told = refusals(work, refused, available)
    with work.db.begin() as tx:
        reduced.remember_available(tx, work.org, available)
        failures = [
            WishFailure(wish.id, told[wish.id].code, told[wish.id].message, digest({STATUS: wish.status}))
            for wish in refused
            if wish.id in told
        ]
        sent.record_failures(tx, failures, work.now())


_REFUSED = "FAILED_ACTIVATION"


def _drafts(work: Work, asked: Sequence[Wish]) -> dict[int, list[DraftLine]]:
    ids = [wish.id for wish in asked if wish.fields.get(STATUS) == Status.ACTIVATED and wish.status_code == DRAFT_CODE]
    if not ids:
        return {}
    with work.db.read() as tx:
        return reductions.draft_lines(tx, work.org, ids)


def _words(lines: Sequence[DraftLine], over: Mapping[str, Decimal]) -> str:
    said: list[str] = []
    for line in lines:
        if line.original_item_id in over:
            left = over[line.original_item_id]
            fits = (
                f"what still fits is `sfsync orders reduce {line.original} --line {line.place} --by {shown(left)}`."
                if left > 0
                else "nothing is left to reduce."
            )
            said.append(
                f"{line.name} of order {line.original}: this reduction takes {shown(line.quantity)}, and only "
                f"{shown(left)} are left, because another reduction was activated first; {fits}"
            )
    return " ".join([*said, "Delete this draft in Salesforce first."])
