"""Draft orders that the rule of activation may look at, and its wish: once per order, whatever becomes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, exists, func, select, update

from sfsync.domain.activation import ACTOR, Draft, reason
from sfsync.domain.fields import STATUS
from sfsync.domain.statuses import Status
from sfsync.store import journal
from sfsync.store.conflict_tables import conflicts
from sfsync.store.tables import contracts, opportunities, order_items, orders

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Select

    from sfsync.store.engine import Tx


@dataclass(frozen=True, slots=True)
class Candidate:
    """A draft of ours, and what the rule looks at."""

    id: int
    draft: Draft


def candidates(
    tx: Tx, org: str, before: datetime, *, after: int = 0, limit: int = 1000, only: str | None = None
) -> list[Candidate]:
    """Return drafts that sfsync made `before` (the org's clock), with nothing against them, by row id from `after` on.

    Never activated, nothing else wanted, no problem, no open conflict, nothing in doubt; and the rule has not wanted
    any of them activated before.
    """
    query = _query(org).where(orders.c.id > after, orders.c.created_at <= before).order_by(orders.c.id).limit(limit)
    if only is not None:
        query = query.where(orders.c.opportunity_id == only)
    return [_candidate(row) for row in tx.execute(query)]


def activate(tx: Tx, org: str, run_id: int | None, wanted: Sequence[Candidate], now: datetime) -> int:
    """Want these orders activated, and journal why, in the caller's transaction; return how many.

    One that somebody has changed since it was looked at is left alone.
    """
    done = 0
    for one in wanted:
        # FOR UPDATE counts on PostgreSQL: a status that another program wants meanwhile stays.
        row = tx.execute(_query(org).where(orders.c.id == one.id).with_for_update(of=orders)).one_or_none()
        if row is None or _candidate(row) != one:
            continue
        by = {STATUS: {"value": Status.ACTIVATED.value, "actor": ACTOR}}
        values = {"status": Status.ACTIVATED.value, "rule_activated_at": now}
        values["wanted_by"] = {**(row.wanted_by or {}), **by}
        tx.execute(update(orders).where(orders.c.id == one.id).values(**values))
        details = {"wanted": Status.ACTIVATED.value, "before": row.status, "in_org": row.org_status}
        entry = journal.Entry(
            action="order.status_wanted", message=reason(one.draft), actor=ACTOR, details=details,
            opportunity_id=row.opportunity_id, order_key=row.key, sf_id=row.sf_id,
        )  # fmt: skip
        if run_id is not None:
            journal.write(tx, org, run_id, [entry], now)
        done += 1
    return done


def _query(org: str) -> Select[*tuple[Any, ...]]:
    o, deal, i = orders.c, opportunities.c, order_items.c
    of_order = and_(i.order_id == o.id, ~i.is_deleted)
    lines = select(func.count()).where(of_order, i.sf_id.is_not(None)).scalar_subquery()
    lacking = select(func.count()).where(of_order, i.sf_id.is_(None)).scalar_subquery()
    return (
        select(
            *(o.id, o.key, o.sf_id, o.opportunity_id, o.status, o.org_status, o.wanted_by, o.created_at),
            *(o.total_amount, o.planned_total, o.currency, o.contract_id),
            contracts.c.status_code.label("contract_code"),
            deal.type.label("deal_type"),
            lines.label("lines"),
            lacking.label("lacking"),
        )
        .outerjoin_from(orders, opportunities, and_(deal.org == o.org, deal.sf_id == o.opportunity_id))
        .outerjoin(contracts, and_(contracts.c.org == o.org, contracts.c.sf_id == o.contract_id))
        .where(*_untouched(org))
    )


def _untouched(org: str) -> tuple[ColumnElement[bool], ...]:
    o = orders.c
    draft = Status.DRAFT.value
    disputed = exists().where(conflicts.c.order_id == o.id, conflicts.c.resolved_at.is_(None))
    return (
        *(o.org == org, o.status == draft, o.org_status == draft, o.status_code == draft, o.origin == "sfsync"),
        *(o.sf_id.is_not(None), ~o.is_deleted, ~o.is_reduction, o.problem_code.is_(None), o.in_doubt.is_(None)),
        *(
            o.rule_activated_at.is_(None),
            o.first_activated_at.is_(None),
            o.deactivate_at.is_(None),
            o.held_for.is_(None),
            ~disputed,
        ),
    )


def _candidate(row: Any) -> Candidate:
    draft = Draft(
        total=row.total_amount,
        planned_total=row.planned_total,
        currency=row.currency,
        lines=row.lines,
        lacking=row.lacking,
        contract_id=row.contract_id,
        contract_code=row.contract_code,
        deal_type=row.deal_type,
        created_at=row.created_at,
    )
    return Candidate(row.id, draft)
