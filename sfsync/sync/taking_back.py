"""plan, for deals that take back earlier sales: an order of what they sell, and reductions of what the account has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.domain.adoption import choose
from sfsync.domain.holdings import NotReducible
from sfsync.domain.keys import order_key
from sfsync.domain.model import OrderPlan, Problem, Rejection
from sfsync.domain.planning import plan_order
from sfsync.domain.standing import fingerprint
from sfsync.domain.statuses import Status
from sfsync.domain.taking_back import FIRST, plan_reductions, released, reserved, sold, taken_back
from sfsync.salesforce.fitness import reduction_problems
from sfsync.store import reductions, taking_back
from sfsync.store.existing import of_deals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sfsync.domain.holdings import Original
    from sfsync.domain.model import Deal
    from sfsync.store.engine import Tx
    from sfsync.sync.plan import Verdicts
    from sfsync.sync.work import Work


def plan_back(work: Work, tx: Tx, found: Sequence[Deal], verdicts: Verdicts) -> None:
    """Judge won deals that take back, or did when their orders were planned, and add what is to become of each.

    A deal is planned whole, or rejected whole. Under the lock of the orders that give: what one deal is to take,
    planned before or just now, is left to no other, nor to an operator. What somebody else made for the deal is
    adopted, as with every deal, and the review compares it with what the deal says; nothing is doubled.
    """
    ids = [deal.sf_id for deal in found]
    existing, own = of_deals(tx, work.org, ids), taking_back.of_deals(tx, work.org, ids)
    planned = {deal: {one.key or "" for one in orders if one.sf_id is None} for deal, orders in own.items()}
    pool = originals_for(tx, work.org, found, lock=True)
    for deal in found:
        key, keys = order_key(deal.sf_id), planned.get(deal.sf_id, set())
        standing = choose(existing.get(deal.sf_id, ()), key)
        theirs = [one for one in own.get(deal.sf_id, ()) if one.sf_id and one.status != Status.CANCELLED]
        pool = released(pool, keys)
        verdict = _verdict(work, deal, pool, adopted=bool(theirs))
        plans: tuple[OrderPlan, ...] = ()
        if standing is not None:
            verdicts.adopted.append((deal, standing))
        elif isinstance(verdict, Rejection):
            verdicts.problems[deal.sf_id] = verdict.problems
        else:
            plans = verdict
        if standing is not None or not isinstance(verdict, Rejection):
            numbered = enumerate(theirs, start=FIRST)
            verdicts.reductions_adopted |= {one.sf_id or "": order_key(deal.sf_id, number) for number, one in numbered}
            if standing is not None or theirs:
                verdicts.compare.append(deal.sf_id)
        mark = fingerprint(deal, work.app.plan_policy)
        verdicts.marks |= {plan.key: mark for plan in plans}
        if any(one.stands_for != mark for one in own.get(deal.sf_id, ()) if one.key in keys):
            verdicts.marked_anew += [plan.key for plan in plans]
        pool = reserved(pool, [plan for plan in plans if plan.original_order_id])
        verdicts.plans += plans
        verdicts.drop += sorted((keys | {key}) - {plan.key for plan in plans})


def originals_for(tx: Tx, org: str, found: Sequence[Deal], *, lock: bool) -> list[Original]:
    """Return the orders of the deals' accounts that hold what the deals take back; none of the deals' own."""
    ids: set[int] = set()
    for deal in found:
        products = sorted({line.product_id for line in deal.lines if line.quantity < 0 and line.product_id})
        if deal.account_id and products:
            ids.update(reductions.holders(tx, org, deal.account_id, products))
    return reductions.originals(tx, org, ids, lock=lock)


def _verdict(work: Work, deal: Deal, pool: Sequence[Original], *, adopted: bool) -> tuple[OrderPlan, ...] | Rejection:
    asked = plan_order(deal, policy=work.app.plan_policy, today=work.now().date())
    if isinstance(asked, Rejection):
        return asked
    part = sold(asked)
    first = () if part is None else (part,)
    units = taken_back(asked.lines)
    if adopted or not units:
        return first
    if hidden := reduction_problems(work.schema):
        said = " ".join(dict.fromkeys(f"{one.message} {one.remedy}" for one in hidden))
        return Rejection(deal.sf_id, (Problem("no_reductions", f"The deal takes back what was sold before. {said}"),))
    mine = [one for one in pool if one.account_id == deal.account_id and one.opportunity_id != deal.sf_id]
    back = plan_reductions(deal, asked, units, mine)
    if isinstance(back, NotReducible):
        return Rejection(deal.sf_id, back.problems)
    return (*first, *back.plans)
