"""Finding the record that somebody means, and orders as people look at them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy import text as sql

from sfsync.domain.explain_reductions import Reduced
from sfsync.domain.facts import ConflictFacts, ItemFacts, OrderFacts
from sfsync.domain.keys import deal_of
from sfsync.domain.sfid import full_id
from sfsync.errors import RecordNotFound, UsageError
from sfsync.store.conflict_tables import conflicts
from sfsync.store.conflicts import facts as open_conflicts
from sfsync.store.deals import as_problems
from sfsync.store.discrepancies import facts as open_discrepancies
from sfsync.store.discrepancy_tables import discrepancies
from sfsync.store.reductions import originals
from sfsync.store.shipment_list import orders_in
from sfsync.store.shipment_tables import item_progress
from sfsync.store.tables import accounts, contracts, opportunities, opportunity_lines, order_items, orders, products
from sfsync.store.wish_columns import WANTING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from sfsync.domain.model import Problem
    from sfsync.store.engine import Tx

_NUMBER_DIGITS = 8
"""Order.OrderNumber is an autonumber of eight digits; people leave the zeros out."""


@dataclass(frozen=True, slots=True)
class Found:
    """The record that somebody means: a deal, with all its orders, or one order, with its deal."""

    opportunity_id: str | None
    orders: tuple[OrderFacts, ...]


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """Which orders to list; everything that is set must hold."""

    status: str | None = None
    opportunity_id: str | None = None
    waiting: bool = False
    """Not in the org yet, in doubt, or something is wanted that the org does not have."""
    held: bool = False
    """With a problem, a conflict, or a deal that was changed and differs."""
    changed: bool = False
    """Of a deal that was changed: it differs from its orders, or the order is on hold."""
    reductions: bool = False
    deleted: bool = False
    since: date | None = None
    partially_shipped: bool = False


def find(tx: Tx, org: str, record: str) -> Found:
    """Find a record by order key, order number, Salesforce Id (15 or 18 characters) or Opportunity Id.

    Keys and Ids of order lines find their order.

    Raises:
        RecordNotFound: if the mirror holds nothing of that name.
    """
    text = record.strip()
    sf_id = full_id(text)
    if found := _orders(tx, org, _names(org, text, sf_id)):
        return Found(found[0].opportunity_id, tuple(found))
    deal = sf_id or deal_of(text)
    if deal is not None:
        found = of_deal(tx, org, deal)
        if found or _is_mirrored(tx, org, deal):
            return Found(deal, tuple(found))
    raise RecordNotFound(
        f"The mirror of {org} holds nothing named “{text}”.",
        remedy="Give an order key, an order number, or the Id of an order or opportunity. If that is what it is, run "
        "`sfsync pull`: it may be newer than the last one. A deal that is not won, or that sfsync's user may not see, "
        "is not mirrored.",
    )


def rejection(tx: Tx, org: str, deal: str) -> tuple[tuple[Problem, ...], datetime | None]:
    """Return why a deal gets no order, and since when; ((), None) for one that is not rejected."""
    query = select(opportunities.c.problems, opportunities.c.rejected_at).where(
        opportunities.c.org == org, opportunities.c.sf_id == deal, opportunities.c.rejected_at.is_not(None)
    )
    row = tx.execute(query).one_or_none()
    return (as_problems(row.problems), row.rejected_at) if row else ((), None)


def find_order(tx: Tx, org: str, record: str) -> OrderFacts:
    """Find one order; by an Opportunity Id the only one that the deal has, its reductions left aside.

    Raises:
        RecordNotFound: if there is no such order.
        UsageError: if the deal has several.
    """
    found = find(tx, org, record)
    standing = [order for order in found.orders if not order.is_deleted] or list(found.orders)
    standing = [order for order in standing if not order.is_reduction] or standing
    if not standing:
        raise RecordNotFound(
            f"The deal {found.opportunity_id} has no order.", remedy=f"`sfsync why {found.opportunity_id}` says why."
        )
    if len(standing) > 1:
        names = ", ".join(order.handle for order in standing)
        raise UsageError(f"{record} has {len(standing)} orders: {names}.", remedy="Name one of them.")
    return standing[0]


def of_deal(tx: Tx, org: str, deal: str) -> list[OrderFacts]:
    """Return all orders of a deal, deleted ones too."""
    return _orders(tx, org, orders.c.opportunity_id == deal)


def list_orders(tx: Tx, org: str, wanted: OrderFilter, *, limit: int) -> tuple[list[OrderFacts], int]:
    """Return the newest orders that fit, newest first, and how many fit in all."""
    o = orders.c
    conditions: list[ColumnElement[bool]] = [o.org == org]
    if not wanted.deleted:
        conditions.append(~o.is_deleted)
    if wanted.status is not None:
        conditions.append(o.status == wanted.status)
    if wanted.opportunity_id is not None:
        conditions.append(o.opportunity_id == wanted.opportunity_id)
    if wanted.waiting:
        wanting = orders.alias("wanting")  # the condition names bare columns: it needs a FROM of its own
        differing = select(wanting.c.id).where(wanting.c.org == org, sql(f"({WANTING})"))
        conditions.append(or_(o.sf_id.is_(None), o.in_doubt.is_not(None), o.id.in_(differing)))
    if wanted.held:
        disputed = select(conflicts.c.order_id).where(conflicts.c.org == org, conflicts.c.resolved_at.is_(None))
        conditions.append(or_(o.problem_code.is_not(None), o.id.in_(disputed), o.id.in_(_differing(org))))
    if wanted.changed:
        conditions.append(or_(o.held_since.is_not(None), o.id.in_(_differing(org))))
    if wanted.reductions:
        conditions.append(o.is_reduction)
    if wanted.since is not None:
        conditions.append(o.effective_date >= wanted.since)
    if wanted.partially_shipped:
        conditions.append(o.id.in_(orders_in(org, "partial")))
    number = tx.scalar(select(func.count()).select_from(orders).where(*conditions)) or 0
    query = _query().where(*conditions).order_by(o.id.desc()).limit(limit)
    return _facts(tx, org, tx.execute(query).all()), number


def around(tx: Tx, org: str, order: OrderFacts) -> Reduced:
    """Return what reductions have to do with an order: those of it that are not deleted, or its original."""
    if order.sf_id is None and order.original_order_id is None:
        return Reduced()
    if order.is_reduction:
        found = _orders(tx, org, orders.c.sf_id == order.original_order_id)
        return Reduced(original=found[0] if found else None)
    lines = select(order_items.c.sf_id).where(order_items.c.order_id == order.id)
    taking = select(order_items.c.order_id).where(order_items.c.org == org, order_items.c.original_item_id.in_(lines))
    reducing = or_(orders.c.original_order_id == order.sf_id, orders.c.id.in_(taking))
    found = _orders(tx, org, and_(reducing, ~orders.c.is_deleted))
    held = originals(tx, org, [order.id])[0].lines if found else ()
    return Reduced(reductions=tuple(found), lines=held)


def items_of(tx: Tx, order: OrderFacts) -> list[ItemFacts]:
    """Return the lines of an order, in the order in which they were planned or read."""
    i, p, line, shipping = order_items.c, products.c, opportunity_lines.c, item_progress.c
    query = (
        select(
            i.key,
            i.sf_id,
            i.order_item_number.label("number"),
            func.coalesce(p.name, line.product_name).label("product_name"),
            func.coalesce(p.product_code, line.product_code).label("product_code"),
            i.quantity,
            i.unit_price,
            i.total_price,
            i.service_date,
            i.description,
            shipping.shipped,
            shipping.percent.label("percent_shipped"),
            shipping.state.label("shipping"),
        )
        .outerjoin_from(order_items, products, and_(p.org == i.org, p.sf_id == i.product_id))
        .outerjoin(opportunity_lines, and_(line.org == i.org, line.sf_id == i.opportunity_line_id))
        .outerjoin(item_progress, shipping.order_item_id == i.id)
        .where(i.order_id == order.id, ~i.is_deleted)
        .order_by(i.id)
    )
    return [ItemFacts(**row._mapping) for row in tx.execute(query)]  # noqa: SLF001 - its documented name


def _differing(org: str) -> Select[tuple[int]]:
    """Orders of which the deal says something else by now."""
    d = discrepancies.c
    return select(d.order_id).where(d.org == org, d.resolved_at.is_(None))


def _names(org: str, text: str, sf_id: str | None) -> ColumnElement[bool]:
    o, i = orders.c, order_items.c
    names: list[ColumnElement[bool]] = [o.key == text]
    if text.isdecimal():
        names.append(o.order_number.in_([text, text.zfill(_NUMBER_DIGITS)]))
    else:
        names.append(o.order_number == text)
    of_line = select(i.order_id).where(i.org == org, i.sf_id == sf_id if sf_id else i.key == text)
    names.append(o.id.in_(of_line))
    if sf_id is not None:
        names.append(o.sf_id == sf_id)
    return or_(*names)


def _is_mirrored(tx: Tx, org: str, deal: str) -> bool:
    query = select(opportunities.c.sf_id).where(opportunities.c.org == org, opportunities.c.sf_id == deal)
    return tx.execute(query).first() is not None


def _orders(tx: Tx, org: str, condition: ColumnElement[bool]) -> list[OrderFacts]:
    query = _query().where(orders.c.org == org, condition).order_by(orders.c.id)
    return _facts(tx, org, tx.execute(query).all())


def _query() -> Select[*tuple[Any, ...]]:
    o, deal = orders.c, opportunities.c
    lines = (
        select(func.count())
        .where(order_items.c.order_id == o.id, ~order_items.c.is_deleted)
        .scalar_subquery()
        .label("lines")
    )
    return (
        select(
            *(o[name] for name in _OWN),
            deal.name.label("opportunity_name"),
            func.coalesce(accounts.c.name, deal.account_name).label("account_name"),
            contracts.c.contract_number,
            lines,
        )
        .outerjoin_from(orders, opportunities, and_(deal.org == o.org, deal.sf_id == o.opportunity_id))
        .outerjoin(accounts, and_(accounts.c.org == o.org, accounts.c.sf_id == o.account_id))
        .outerjoin(contracts, and_(contracts.c.org == o.org, contracts.c.sf_id == o.contract_id))
    )


_OWN: Sequence[str] = [f.name for f in fields(OrderFacts) if f.name in orders.c]


def _facts(tx: Tx, org: str, rows: Sequence[Any]) -> list[OrderFacts]:
    disputed: dict[int, list[ConflictFacts]] = defaultdict(list)
    for one in open_conflicts(tx, org, order_ids=[row.id for row in rows]):
        disputed[one.order_id].append(one)
    differing = {one.order_id: one for one in open_discrepancies(tx, org, order_ids=[row.id for row in rows])}
    return [
        OrderFacts(  # the mapping is public, whatever its name
            **row._mapping,  # noqa: SLF001 - its documented name
            conflicts=tuple(disputed[row.id]),
            discrepancy=differing.get(row.id),
        )
        for row in rows
    ]
