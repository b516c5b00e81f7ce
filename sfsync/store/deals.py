"""What the mirror knows of deals: which still need an order, and which are rejected and why."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, exists, func, or_, select, update

from sfsync.domain.model import Deal, DealContract, DealLine, Problem
from sfsync.store.opportunities import LINE_FIELDS
from sfsync.store.own_columns import OF_DEAL, of_deal
from sfsync.store.tables import opportunities, opportunity_lines, orders
from sfsync.store.upserts import in_parts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from sqlalchemy import ColumnElement, Row

    from sfsync.store.engine import Tx


@dataclass(frozen=True, slots=True)
class DueFilter:
    """Which won deals are to be ordered at all; None stands for no restriction."""

    since: date | None = None
    types: tuple[str, ...] = ()
    only: str | None = None


_PLANNED = orders.alias("planned")


def due(tx: Tx, org: str, wanted: DueFilter, *, after: str = "", limit: int = 500) -> list[Deal]:
    """Return the next won deals that have no order in the org yet and none on its way, in order of Id.

    Deals whose order is planned but not sent are among them: the deal may have changed since.
    """
    on_its_way = _on_its_way(opportunities.c.org, opportunities.c.sf_id)
    query = (
        select(opportunities)
        .where(_orderable(org, wanted), opportunities.c.sf_id > after, ~on_its_way)
        .order_by(opportunities.c.sf_id)
        .limit(limit)
    )
    return _deals(tx, org, tx.execute(query).all())


def unsent_keys(tx: Tx, org: str, only: str | None = None) -> dict[str, str]:
    """Return the planned orders, not sent yet, of deals that have none in the org or on its way: key → opportunity id.

    Reductions are among them only where a deal takes back: others come of no won deal.
    """
    o = _PLANNED.c
    unsent = (o.org == org, o.sf_id.is_(None), o.in_doubt.is_(None), o.key.is_not(None), of_deal(o))
    query = select(o.key, o.opportunity_id).where(*unsent, ~_on_its_way(o.org, o.opportunity_id))
    if only is not None:
        query = query.where(o.opportunity_id == only)
    return {key: opportunity for key, opportunity in tx.execute(query)}  # noqa: C416 - rows are not pairs to mypy


def _on_its_way(org: Any, deal: Any) -> ColumnElement[bool]:
    """Whether an order of a deal is in the org, or may be."""
    return exists().where(
        orders.c.org == org,
        orders.c.opportunity_id == deal,
        orders.c.key.is_not(None),
        OF_DEAL,
        or_(orders.c.sf_id.is_not(None), orders.c.in_doubt.is_not(None)),
    )


def load(tx: Tx, org: str, sf_id: str) -> Deal | None:
    """Return one mirrored deal with its lines."""
    rows = tx.execute(select(opportunities).where(opportunities.c.org == org, opportunities.c.sf_id == sf_id)).all()
    return next(iter(_deals(tx, org, rows)), None)


def load_all(tx: Tx, org: str, ids: Sequence[str]) -> list[Deal]:
    """Return these mirrored deals with their lines."""
    deal = opportunities.c
    rows = [
        row
        for part in in_parts(ids)
        for row in tx.execute(select(opportunities).where(deal.org == org, deal.sf_id.in_(part)))
    ]
    return _deals(tx, org, rows)


def problems_of(tx: Tx, org: str, ids: Sequence[str]) -> dict[str, tuple[Problem, ...]]:
    """Return the recorded problems of those deals that have any."""
    query = select(opportunities.c.sf_id, opportunities.c.problems).where(
        opportunities.c.org == org, opportunities.c.sf_id.in_(ids), opportunities.c.rejected_at.is_not(None)
    )
    return {sf_id: as_problems(found) for sf_id, found in tx.execute(query)}


def set_problems(tx: Tx, org: str, found: Mapping[str, tuple[Problem, ...]], now: datetime) -> None:
    """Record why deals get no order, `rejected_at` from the first time on; an empty tuple takes a deal off the list."""
    deal = opportunities.c
    rejected = [
        {"b_id": sf_id, "b_problems": [{"code": p.code, "message": p.message} for p in problems]}
        for sf_id, problems in found.items()
        if problems
    ]
    if rejected:
        values = {"problems": bindparam("b_problems", type_=deal.problems.type)}
        condition = (deal.org == org, deal.sf_id == bindparam("b_id"))
        tx.execute(
            update(opportunities).where(*condition).values(**values, rejected_at=func.coalesce(deal.rejected_at, now)),
            rejected,
        )
    for part in in_parts(sf_id for sf_id, problems in found.items() if not problems):
        tx.execute(
            update(opportunities).where(deal.org == org, deal.sf_id.in_(part)).values(problems=None, rejected_at=None)
        )


def no_longer_due(tx: Tx, org: str, wanted: DueFilter) -> list[str]:
    """Return deals on the list of rejected ones that are no longer won, wanted or there."""
    query = select(opportunities.c.sf_id).where(
        opportunities.c.org == org,
        opportunities.c.rejected_at.is_not(None),
        ~_orderable(org, DueFilter(wanted.since, wanted.types)),
    )
    return list(tx.execute(query).scalars())


def waiting(tx: Tx, org: str) -> list[str]:
    """Return deals that wait for their order: rejected ones, and those whose order is planned and not sent."""
    planned = select(orders.c.opportunity_id).where(
        orders.c.org == org, orders.c.sf_id.is_(None), orders.c.in_doubt.is_(None), OF_DEAL
    )
    query = (
        select(opportunities.c.sf_id)
        .where(
            opportunities.c.org == org,
            or_(opportunities.c.rejected_at.is_not(None), opportunities.c.sf_id.in_(planned)),
        )
        .order_by(opportunities.c.sf_id)
    )
    return list(tx.execute(query).scalars())


@dataclass(frozen=True, slots=True)
class RejectedDeal:
    """A won deal that gets no order, as `status` and `why` show it."""

    sf_id: str
    name: str
    account_name: str | None
    amount: Any
    currency: str | None
    problems: tuple[Problem, ...]
    rejected_at: datetime


def rejected(tx: Tx, org: str) -> list[RejectedDeal]:
    """Return all rejected deals, longest waiting first."""
    o = opportunities.c
    query = (
        select(o.sf_id, o.name, o.account_name, o.amount, o.currency, o.problems, o.rejected_at)
        .where(o.org == org, o.rejected_at.is_not(None))
        .order_by(o.rejected_at, o.sf_id)
    )
    return [
        RejectedDeal(r.sf_id, r.name, r.account_name, r.amount, r.currency, as_problems(r.problems), r.rejected_at)
        for r in tx.execute(query)
    ]


def count_won(tx: Tx, org: str) -> int:
    """Return how many won deals the mirror holds."""
    query = select(func.count()).where(opportunities.c.org == org, opportunities.c.is_won, ~opportunities.c.is_deleted)
    return tx.execute(query).scalar_one()


def as_problems(stored: list[dict[str, str]] | None) -> tuple[Problem, ...]:
    """Read problems back from the column they are stored in."""
    return tuple(Problem(p["code"], p["message"]) for p in stored or ())


def _orderable(org: str, wanted: DueFilter) -> ColumnElement[bool]:
    o = opportunities.c
    conditions = [o.org == org, o.is_won, ~o.is_deleted]
    if wanted.since is not None:
        conditions.append(o.closed_on >= wanted.since)
    if wanted.types:
        conditions.append(func.coalesce(o.type, "").in_(wanted.types))
    if wanted.only is not None:
        conditions.append(o.sf_id == wanted.only)
    return and_(*conditions)


def _deals(tx: Tx, org: str, rows: Sequence[Row[*tuple[Any, ...]]]) -> list[Deal]:
    lines: dict[str, list[DealLine]] = defaultdict(list)
    for part in in_parts([row.sf_id for row in rows]):
        query = select(opportunity_lines).where(
            opportunity_lines.c.org == org,
            opportunity_lines.c.opportunity_id.in_(part),
            ~opportunity_lines.c.is_deleted,
        )
        for line in tx.execute(query):
            values = {name: getattr(line, name) for name in LINE_FIELDS}
            lines[line.opportunity_id].append(
                DealLine(sf_id=line.sf_id, system_modstamp=line.system_modstamp, **values)
            )
    return [_deal(row, tuple(lines[row.sf_id])) for row in rows]


def _deal(row: Row[*tuple[Any, ...]], lines: tuple[DealLine, ...]) -> Deal:
    contract = row.contract_id and DealContract(
        sf_id=row.contract_id,
        number=row.contract_number,
        account_id=row.contract_account_id,
        pricebook_id=row.contract_pricebook_id,
        status_code=row.contract_status_code,
        starts_on=row.contract_starts_on,
        ends_on=row.contract_ends_on,
    )
    same = {name: getattr(row, name) for name in Deal.__dataclass_fields__ if name not in ("contract", "lines")}
    return Deal(**same, contract=contract or None, lines=lines)
