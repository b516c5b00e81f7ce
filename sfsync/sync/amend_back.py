"""amend on request, for deals that take back earlier sales: what their reductions lack is planned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.domain.holdings import NotReducible
from sfsync.domain.judge_back import balance, stale
from sfsync.domain.reduction_rules import shown
from sfsync.domain.reductions import notes
from sfsync.domain.standing import fingerprint
from sfsync.domain.taking_back import plan_reductions, released, takes_back
from sfsync.errors import ReductionRefused, UsageError
from sfsync.store import changed, journal, planned, wants
from sfsync.sync.reduce import Preview, check_rights
from sfsync.sync.taking_back import originals_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sfsync.app import App
    from sfsync.domain.model import Deal, OrderPlan
    from sfsync.domain.standing import StandingOrder
    from sfsync.domain.statuses import Status
    from sfsync.store.engine import Tx

_REMEDY = "Correct the deal in Salesforce, then run `sfsync pull` and try again."


def amend_back(
    app: App,
    tx: Tx,
    deal: Deal,
    asked: OrderPlan,
    back: Sequence[StandingOrder],
    *,
    first: int,
    actor: str | None,
    status: Status,
) -> Preview | None:
    """Plan the reductions that a deal asks for and does not have; None if it has all, or takes nothing back.

    Args:
        app: The service.
        tx: The caller's transaction.
        deal: The deal.
        asked: All that it asks for.
        back: Its own reductions. Those that were planned for what it says no longer, and never sent, are forgotten.
        first: The number that the next of them gets among the deal's orders.
        actor: Who asks; None only wants to know: then nothing is written.
        status: What they are to become.

    Raises:
        UsageError: if its reductions take more than it says: that no reduction settles.
        ReductionRefused: if what is missing cannot be taken back, for all the reasons at once.
        OrgUnfit: if our user may not write what reductions need.
    """
    if not back and not takes_back(deal, app.plan_policy):
        return None
    mark = fingerprint(deal, app.plan_policy)
    outdated = stale(back, mark)
    if actor is not None:
        planned.drop_unsent(tx, app.org_name, outdated)
    back = [one for one in back if one.counts and one.key not in outdated]
    found = balance(asked, back)
    if found.excess:
        products = {one.product_id for one in found.excess}
        taking = [one.handle for one in back if any(line.product_id in products for line in one.living)]
        much = ", ".join(f"{shown(one.quantity)} at {one.unit_price:,.2f}" for one in found.excess)
        raise UsageError(
            f"The deal's reductions take more back than the deal says: {much} too many, in {', '.join(taking)}.",
            remedy="Delete such a reduction in Salesforce (an activated one has to be deactivated first), "
            "run `sfsync pull`, and try again: what the deal still takes "
            "back is planned anew.",
        )
    if not found.missing:
        return None
    check_rights(app, tx)
    originals = [
        one
        for one in originals_for(tx, app.org_name, [deal], lock=actor is not None)
        if one.opportunity_id != deal.sf_id
    ]
    made = plan_reductions(deal, asked, found.missing, released(originals, outdated), first=first)
    if isinstance(made, NotReducible):
        raise ReductionRefused(tuple((one.code, one.message) for one in made.problems), remedy=_REMEDY)
    if actor is not None:
        _save(app, tx, made.plans, mark, actor=actor, status=status)
        changed.flag(tx, app.org_name, [deal.sf_id])
    return Preview(made.cuts, made.plans, notes(made.cuts), asked.effective_date)


def _save(app: App, tx: Tx, plans: Sequence[OrderPlan], mark: str, *, actor: str, status: Status) -> None:
    org, keys = app.org_name, [plan.key for plan in plans]
    planned.save_plans(tx, org, plans, status=status.value)
    wants.asked_for(tx, org, keys, status, actor)
    changed.stands_for(tx, org, dict.fromkeys(keys, mark))
    entries = [
        journal.Entry(
            action="order.reduction_planned",
            message=f"The deal takes back more than its reductions: one over {plan.total} is to be made.",
            actor=actor,
            opportunity_id=plan.deal_id,
            order_key=plan.key,
            sf_id=plan.original_order_id,
        )
        for plan in plans
    ]
    journal.write(tx, org, None, entries, app.clock())


def together(less: Preview | None, missing: Preview | None) -> Preview | None:
    """Return two plans of reductions as one: of what the deal sold, and of what it takes back."""
    if less is None or missing is None:
        return less or missing
    return Preview(
        (*less.cuts, *missing.cuts),
        (*less.plans, *missing.plans),
        (*less.notes, *missing.notes),
        max(less.effective, missing.effective),
    )
