"""What people ask the mirror: what needs attention, what would happen next, how an org stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import and_, func, or_, select

from sfsync.store import deals, planned, wishes
from sfsync.store.tables import opportunities, order_items, orders

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from sfsync.domain.model import OrderPlan
    from sfsync.store.engine import Tx
    from sfsync.store.wishes import Wish


@dataclass(frozen=True, slots=True)
class Attention:
    """One record that a person has to look at. `kind`: deal (rejected), order (refused or held), doubt (unsettled)."""

    kind: str
    record: str
    name: str | None
    code: str
    message: str
    since: datetime | None
    retry_at: datetime | None = None


def attention(tx: Tx, org: str) -> tuple[Attention, ...]:
    """Return everything that a person has to look at: rejected deals first, then orders."""
    rejected = [
        Attention("deal", deal.sf_id, deal.name, problem.code, problem.message, deal.rejected_at)
        for deal in deals.rejected(tx, org)
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
        .where(o.org == org, ~o.is_deleted, or_(o.problem_code.is_not(None), o.in_doubt.is_not(None)))
        .order_by(o.id)
    )
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
    return (*rejected, *held)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the next cycle would send to the org."""

    create: tuple[OrderPlan, ...]
    push: tuple[Wish, ...]


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
        pushes += part
        last = part[-1].id
    return Outlook(tuple(plans), tuple(pushes))


@dataclass(frozen=True, slots=True)
class Standing:
    """How an org stands in the mirror: how much there is, and how long the oldest change has been waiting."""

    deals_won: int
    deals_rejected: int
    orders: int
    orders_by_status: dict[str, int]
    lines: int
    to_create: int
    to_push: int
    in_doubt: int
    held: int
    oldest_unsent: datetime | None
    """Stamp of the oldest won deal whose order is planned and not yet in the org."""
    oldest_doubt: datetime | None


def standing(tx: Tx, org: str) -> Standing:
    """Count what the mirror holds of an org."""
    o = orders.c
    here = (o.org == org, ~o.is_deleted)
    by_status: dict[str, int] = dict(
        tx.execute(select(o.status, func.count()).where(*here, o.sf_id.is_not(None)).group_by(o.status)).tuples().all()
    )
    unsent = and_(*here, o.sf_id.is_(None), o.in_doubt.is_(None))
    wanted = and_(*here, o.sf_id.is_not(None), o.status != o.org_status)
    doubt = and_(*here, o.in_doubt.is_not(None))
    waiting = (
        select(func.min(opportunities.c.system_modstamp))
        .join(orders, and_(o.opportunity_id == opportunities.c.sf_id, o.org == opportunities.c.org))
        .where(unsent)
    )
    return Standing(
        deals_won=deals.count_won(tx, org),
        deals_rejected=len(deals.rejected(tx, org)),
        orders=sum(by_status.values()),
        orders_by_status=by_status,
        lines=tx.scalar(
            select(func.count()).where(
                order_items.c.org == org, ~order_items.c.is_deleted, order_items.c.sf_id.is_not(None)
            )
        )
        or 0,
        to_create=tx.scalar(select(func.count()).where(unsent)) or 0,
        to_push=tx.scalar(select(func.count()).where(wanted)) or 0,
        in_doubt=tx.scalar(select(func.count()).where(doubt)) or 0,
        held=tx.scalar(select(func.count()).where(*here, o.problem_code.is_not(None))) or 0,
        oldest_unsent=tx.scalar(waiting),
        oldest_doubt=tx.scalar(select(func.min(o.sent_at)).where(doubt)),
    )


def totals_differ(tx: Tx, org: str) -> list[tuple[str, Decimal, Decimal]]:
    """Return draft orders of ours whose total in the org is not the deal's: (key, planned, in the org)."""
    o = orders.c
    query = select(o.key, o.planned_total, o.total_amount).where(
        o.org == org, ~o.is_deleted, o.origin == "sfsync", o.status_code == "Draft", o.planned_total != o.total_amount
    )
    return list(tx.execute(query).tuples().all())
