"""plan: which won deals deserve which orders. Decides in the domain, writes rows that `generate` sends."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sfsync.domain.adoption import choose
from sfsync.domain.events import Event, EventType
from sfsync.domain.keys import order_key
from sfsync.domain.model import OrderPlan
from sfsync.domain.planning import plan_order
from sfsync.domain.standing import fingerprint
from sfsync.store import deals, planned, wishes
from sfsync.store.changed import stands_for
from sfsync.store.existing import Existing, of_deals
from sfsync.store.journal import Entry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sfsync.domain.model import Deal, Problem
    from sfsync.store.engine import Tx
    from sfsync.sync.work import Work

BATCH = 500


@dataclass
class Verdicts:
    """What planning found in one batch of deals."""

    plans: list[OrderPlan] = field(default_factory=list)
    adopted: list[tuple[Deal, Existing]] = field(default_factory=list)
    marks: dict[str, str] = field(default_factory=dict)
    """What the deals say, by the keys of their orders: so that a later change is noticed."""
    problems: dict[str, tuple[Problem, ...]] = field(default_factory=dict)


def plan(work: Work) -> None:
    """Look at every won deal without an order, and store what is to become of it. The org is not asked.

    Rejected deals are looked at again each time, so a deal that was fixed is ordered at once; a planned
    order whose deal changed before it was sent is planned anew. Nothing that is equal is written.
    """
    wanted = deals.DueFilter(
        work.app.settings.orders.since, tuple(work.app.settings.orders.opportunity_types), work.only
    )
    seen: set[str] = set()
    after = ""
    with work.db.begin() as tx:
        while batch := deals.due(tx, work.org, wanted, after=after, limit=BATCH):
            verdicts = _judge(work, tx, batch)
            _store(work, tx, verdicts)
            seen.update(plan.key for plan in verdicts.plans)
            after = batch[-1].sf_id
            work.counts["deals_looked_at"] += len(batch)
            work.progress("plan", work.counts["deals_looked_at"], None)
        _forget_stale(work, tx, wanted, seen)


def _judge(work: Work, tx: Tx, batch: Sequence[Deal]) -> Verdicts:
    verdicts = Verdicts()
    existing = of_deals(tx, work.org, [deal.sf_id for deal in batch])
    today = work.now().date()
    for deal in batch:
        key = order_key(deal.sf_id)
        standing = choose(existing.get(deal.sf_id, ()), key)
        verdicts.marks[key] = fingerprint(deal, work.app.plan_policy)
        if standing is not None:
            verdicts.adopted.append((deal, standing))
            continue
        verdict = plan_order(deal, policy=work.app.plan_policy, today=today)
        if isinstance(verdict, OrderPlan):
            verdicts.plans.append(verdict)
        else:
            verdicts.problems[deal.sf_id] = verdict.problems
    return verdicts


def _store(work: Work, tx: Tx, verdicts: Verdicts) -> None:
    now = work.now()
    before = deals.problems_of(
        tx,
        work.org,
        [
            *verdicts.problems,
            *(p.deal_id for p in verdicts.plans if p.deal_id),
            *(deal.sf_id for deal, _ in verdicts.adopted),
        ],
    )
    changed = {deal: problems for deal, problems in verdicts.problems.items() if before.get(deal) != problems}
    cleared: dict[str, tuple[Problem, ...]] = {deal: () for deal in before if deal not in verdicts.problems}
    deals.set_problems(tx, work.org, changed | cleared, now)
    planned.drop_unsent(tx, work.org, map(order_key, [*changed, *(deal.sf_id for deal, _ in verdicts.adopted)]))
    keys = planned.save_plans(tx, work.org, verdicts.plans)
    wishes.adopt(
        tx,
        work.org,
        [
            wishes.Adoption(order.sf_id, order_key(deal.sf_id), deal.sf_id, deal.amount)
            for deal, order in verdicts.adopted
        ],
    )
    new = (*keys, *(order_key(deal.sf_id) for deal, _ in verdicts.adopted))
    stands_for(tx, work.org, {key: verdicts.marks[key] for key in new})
    work.counts["deals_rejected"] += len(verdicts.problems)
    work.counts["orders_planned"] += len(keys)
    work.counts["orders_adopted"] += len(verdicts.adopted)
    work.write(tx, *_entries(verdicts, changed, cleared))
    if verdicts.adopted or changed:
        work.announce(tx, *(_rejected(deal, problems) for deal, problems in changed.items()))


def _rejected(deal: str, problems: tuple[Problem, ...]) -> Event:
    data = {"opportunity_id": deal, "problems": [{"code": p.code, "message": p.message} for p in problems]}
    return Event(EventType.OPPORTUNITY_REJECTED, deal, {"opportunity": data}, opportunity_id=deal)


def _entries(
    verdicts: Verdicts, changed: dict[str, tuple[Problem, ...]], cleared: dict[str, tuple[Problem, ...]]
) -> list[Entry]:
    rejected = [
        Entry(
            action="opportunity.rejected",
            message=" ".join(p.message for p in problems),
            level="warning",
            opportunity_id=deal,
        )
        for deal, problems in changed.items()
    ]
    accepted = [
        Entry(
            action="opportunity.accepted",
            message="Nothing stands in the way of this deal's order any more.",
            opportunity_id=deal,
        )
        for deal in cleared
    ]
    adopted = [
        Entry(
            action="order.adopted",
            message=f"Order {order.number or order.sf_id} was made for this deal by somebody else; it is used as is.",
            opportunity_id=deal.sf_id,
            order_key=order_key(deal.sf_id),
            sf_id=order.sf_id,
        )
        for deal, order in verdicts.adopted
    ]
    return rejected + accepted + adopted


def _forget_stale(work: Work, tx: Tx, wanted: deals.DueFilter, seen: set[str]) -> None:
    """Drop planned orders whose deals are no longer won, wanted or there, and take such deals off the rejected list."""
    stale = {
        key: deal
        for key, deal in planned.unsent_keys(tx, work.org, work.only).items()
        if key not in seen and key == order_key(deal)  # the review sees to supplementary orders
    }
    planned.drop_unsent(tx, work.org, stale)
    gone = [] if work.only else deals.no_longer_due(tx, work.org, wanted)
    deals.set_problems(tx, work.org, dict.fromkeys(gone, ()), work.now())
    work.write(
        tx,
        *(
            Entry(
                action="order.dropped",
                message="The deal is no longer won, so its order, which was never sent, is not made.",
                opportunity_id=deal,
                order_key=key,
            )
            for key, deal in stale.items()
        ),
    )
