"""What people ask the mirror: what needs attention, what would happen next, how an org stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, or_, select

from sfsync.domain.disputes import conflict_words
from sfsync.store import conflicts, deals, discrepancies, planned, shipment_list, wishes
from sfsync.store.tables import order_items, orders

if TYPE_CHECKING:
    from datetime import datetime

    from sfsync.domain.model import OrderPlan
    from sfsync.store.engine import Tx
    from sfsync.store.wishes import Wish


@dataclass(frozen=True, slots=True)
class Attention:
    """One record that a person has to look at.

    `kind`: deal (rejected), order (refused or held), doubt (unsettled), conflict (a field changed on both sides),
    discrepancy (a deal that was changed differs from its orders), shipment (refused or held),
    over (an order of which more was shipped than is ordered).
    """

    kind: str
    record: str
    name: str | None
    code: str
    message: str
    since: datetime | None
    retry_at: datetime | None = None


def attention(tx: Tx, org: str, only: str | None = None) -> tuple[Attention, ...]:
    """Return everything that a person has to look at, of all deals or one: rejected deals, orders, conflicts."""
    rejected = [
        Attention("deal", deal.sf_id, deal.name, problem.code, problem.message, deal.rejected_at)
        for deal in deals.rejected(tx, org)
        if only in (None, deal.sf_id)
        for problem in deal.problems
    ]
    o = orders.c
    query = (
        select(
            o.key,
            o.sf_id,
            o.order_number,
            o.name,
            o.problem_code,
            o.problem,
            o.problem_at,
            o.retry_at,
            o.in_doubt,
            o.sent_at,
        )
        .where(o.org == org, or_(o.problem_code.is_not(None), o.in_doubt.is_not(None)))
        .order_by(o.id)
    )
    if only is not None:
        query = query.where(o.opportunity_id == only)
    held = [
        Attention(
            "order" if row.problem_code else "doubt",
            row.order_number or row.key or row.sf_id,
            row.name,
            row.problem_code or "in_doubt",
            row.problem or "A write was sent and its answer was lost; the next run settles it.",
            row.problem_at or row.sent_at,
            row.retry_at,
        )
        for row in tx.execute(query)
    ]
    disputed = [
        Attention("conflict", one.record, one.name, "conflict", conflict_words(one), one.since)
        for one in conflicts.facts(tx, org)
        if only in (None, one.opportunity_id)
    ]
    differing = [
        Attention("discrepancy", one.record, one.name, one.kind, one.message, one.since, one.retry_at)
        for one in discrepancies.facts(tx, org, only=only)
    ]
    shipped = [Attention(*one) for one in shipment_list.attention(tx, org, only)]
    return (*rejected, *held, *disputed, *differing, *shipped)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the next cycle would send to the org."""

    create: tuple[OrderPlan, ...]
    push: tuple[Wish, ...]
    amend: int = 0
    """How many draft orders it would bring to their changed deals."""
    shipments: int = 0
    """How many shipments it would make or change."""


def outlook(tx: Tx, org: str, now: datetime, only: str | None = None) -> Outlook:
    """Return what is planned and what is wanted, as the next cycle would send it."""
    plans: list[OrderPlan] = []
    after = 0
    while True:
        batch, after = planned.to_create(tx, org, now, after=after, only=only)
        if not batch:
            break
        plans += batch
    pushes: list[Wish] = []
    last = 0
    while part := wishes.pending(tx, org, now, after=last, only=only):
        pushes += [wish for wish in part if not wish.held]
        last = part[-1].id
    return Outlook(tuple(plans), tuple(pushes), shipments=shipment_list.waiting(tx, org))


@dataclass(frozen=True, slots=True)
class Standing:
    """How much the mirror holds of an org."""

    deals_won: int
    deals_rejected: int
    orders: int
    lines: int


def standing(tx: Tx, org: str) -> Standing:
    """Count what the mirror holds of an org; only what is in the org counts, and is not deleted there."""
    o, i = orders.c, order_items.c
    return Standing(
        deals_won=deals.count_won(tx, org),
        deals_rejected=len(deals.rejected(tx, org)),
        orders=tx.scalar(select(func.count()).where(o.org == org, ~o.is_deleted, o.sf_id.is_not(None))) or 0,
        lines=tx.scalar(select(func.count()).where(i.org == org, ~i.is_deleted, i.sf_id.is_not(None))) or 0,
    )
