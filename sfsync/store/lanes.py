"""What has not crossed yet, lane by lane: how much waits, and since when the oldest of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, and_, exists, false, func, or_, select, text

from sfsync.domain.usage import Sample
from sfsync.store.conflict_tables import conflicts
from sfsync.store.discrepancy_tables import discrepancies
from sfsync.store.tables import STATUS_WORDS, journal, opportunities, orders, runs
from sfsync.store.wish_columns import WANTING

if TYPE_CHECKING:
    from datetime import datetime

    from sfsync.store.deals import DueFilter
    from sfsync.store.engine import Tx

DAY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Lane:
    """One kind of change that is on its way: what it is, how much waits, and since when the oldest."""

    name: str
    """plan | rejected | create | refused | doubt | push | held | conflict | on_hold | changed"""
    waiting: int
    oldest: datetime | None
    """None when nothing waits, or when nobody knows (a status that was set by SQL bears no time)."""


def lanes(tx: Tx, org: str, wanted: DueFilter) -> tuple[Lane, ...]:
    """Return all lanes, in the order of the work; those in which nothing waits are among them."""
    o = orders.c
    here = (o.org == org, ~o.is_deleted)
    unsent = and_(*here, o.sf_id.is_(None), o.in_doubt.is_(None))
    disputed = o.id.in_(select(conflicts.c.order_id).where(conflicts.c.org == org, conflicts.c.resolved_at.is_(None)))
    pushes = and_(*here, o.in_doubt.is_(None), text(f"({WANTING})"), ~disputed)
    refused = o.problem_code.is_not(None)
    # Another value than the refused one is wanted now: that one is tried.
    superseded = and_(pushes, o.problem_want.in_(STATUS_WORDS), o.problem_want != o.status)
    return (
        _deals(tx, "plan", _unplanned(org, wanted), opportunities.c.system_modstamp),
        _deals(
            tx,
            "rejected",
            and_(opportunities.c.org == org, opportunities.c.rejected_at.is_not(None)),
            opportunities.c.rejected_at,
        ),
        _to_create(tx, and_(unsent, ~refused)),
        _orders(tx, "refused", and_(unsent, refused), o.problem_at),
        _orders(tx, "doubt", and_(*here, o.in_doubt.is_not(None)), o.sent_at),
        _to_push(tx, and_(pushes, or_(o.problem_want.is_(None), superseded))),
        _orders(
            tx, "held", and_(*here, o.sf_id.is_not(None), refused, ~func.coalesce(superseded, false())), o.problem_at
        ),
        _disputed(tx, org),
        _orders(tx, "on_hold", and_(*here, o.held_since.is_not(None)), o.held_since),
        _differing(tx, org),
    )


def statuses(tx: Tx, org: str) -> dict[str, int]:
    """Count the orders in the org by the status that the org last showed."""
    o = orders.c
    query = (
        select(o.org_status, func.count())
        .where(o.org == org, ~o.is_deleted, o.sf_id.is_not(None), o.org_status.is_not(None))
        .group_by(o.org_status)
    )
    return {status: number for status, number in tx.execute(query)}  # noqa: C416 - rows are not pairs to mypy


def usage(tx: Tx, org: str, now: datetime) -> tuple[list[Sample], int]:
    """Return what the org told of its API usage in the last 24 hours, and how many calls our own runs made in them."""
    query = (
        select(runs.c.finished_at, runs.c.api_used, runs.c.api_limit, runs.c.api_calls)
        .where(runs.c.org == org, runs.c.finished_at >= now - DAY)
        .order_by(runs.c.finished_at)
    )
    rows = tx.execute(query).all()
    samples = [Sample(row.finished_at, row.api_used, row.api_limit) for row in rows if row.api_limit]
    return samples, sum(row.api_calls or 0 for row in rows)


def _unplanned(org: str, wanted: DueFilter) -> ColumnElement[bool]:
    deal = opportunities.c
    ordered = exists().where(
        orders.c.org == deal.org,
        orders.c.opportunity_id == deal.sf_id,
        orders.c.key.is_not(None),
        ~orders.c.is_reduction,
    )
    conditions = [deal.org == org, deal.is_won, ~deal.is_deleted, deal.rejected_at.is_(None), ~ordered]
    if wanted.since is not None:
        conditions.append(deal.closed_on >= wanted.since)
    if wanted.types:
        conditions.append(func.coalesce(deal.type, "").in_(wanted.types))
    return and_(*conditions)


def _deals(tx: Tx, name: str, condition: ColumnElement[bool], since: ColumnElement[datetime | None]) -> Lane:
    count, oldest = tx.execute(select(func.count(), func.min(since)).select_from(opportunities).where(condition)).one()
    return Lane(name, count, oldest)


def _orders(tx: Tx, name: str, condition: ColumnElement[bool], since: ColumnElement[datetime | None]) -> Lane:
    count, oldest = tx.execute(select(func.count(), func.min(since)).select_from(orders).where(condition)).one()
    return Lane(name, count, oldest)


def _to_create(tx: Tx, condition: ColumnElement[bool]) -> Lane:
    """Planned orders wait since their deal was last changed."""
    deal = opportunities.c
    query = (
        select(func.count(), func.min(deal.system_modstamp))
        .select_from(orders)
        .outerjoin(opportunities, and_(deal.org == orders.c.org, deal.sf_id == orders.c.opportunity_id))
        .where(condition)
    )
    return Lane("create", *tx.execute(query).one())


def _disputed(tx: Tx, org: str) -> Lane:
    c = conflicts.c
    query = select(func.count(), func.min(c.since)).where(c.org == org, c.resolved_at.is_(None))
    return Lane("conflict", *tx.execute(query).one())


def _differing(tx: Tx, org: str) -> Lane:
    d = discrepancies.c
    query = select(func.count(), func.min(d.since)).where(d.org == org, d.resolved_at.is_(None))
    return Lane("changed", *tx.execute(query).one())


def _to_push(tx: Tx, condition: ColumnElement[bool]) -> Lane:
    """What was set by command waits since its last journal entry."""
    said = (
        select(func.max(journal.c.at))
        .where(
            journal.c.org == orders.c.org,
            journal.c.sf_id == orders.c.sf_id,
            journal.c.action.in_(("order.status_wanted", "order.field_wanted")),
        )
        .scalar_subquery()
    )
    since = select(said.label("at")).select_from(orders).where(condition).subquery()
    return Lane("push", *tx.execute(select(func.count(), func.min(since.c.at)).select_from(since)).one())
