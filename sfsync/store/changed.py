"""Deals that were changed after they were ordered: which are to be looked at, and which are done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, exists, func, or_, select, text, update

from sfsync.domain.keys import deal_of
from sfsync.store.discrepancy_tables import discrepancies
from sfsync.store.own_columns import OF_DEAL
from sfsync.store.tables import opportunities, opportunity_lines, order_items, orders
from sfsync.store.upserts import in_parts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import CompoundSelect

    from sfsync.domain.model import OrgOrder, OrgOrderItem
    from sfsync.store.engine import Tx


def flag(tx: Tx, org: str, deals: Iterable[str]) -> None:
    """Have these deals compared with their orders by the next review; a deal without an order needs none."""
    deal = opportunities.c
    ordered = exists().where(orders.c.org == deal.org, orders.c.opportunity_id == deal.sf_id, orders.c.key.is_not(None))
    for part in in_parts(deals):
        tx.execute(
            update(opportunities)
            .where(deal.org == org, deal.sf_id.in_(part), ~deal.unreviewed, ordered)
            .values(unreviewed=True)
        )


def flag_lines(tx: Tx, org: str, lines: Iterable[str]) -> None:
    """Have the deals of these lines, which are deleted, compared with their orders."""
    found: set[str] = set()
    for part in in_parts(lines):
        query = select(opportunity_lines.c.opportunity_id).where(
            opportunity_lines.c.org == org, opportunity_lines.c.sf_id.in_(part)
        )
        found.update(tx.scalars(query))
    flag(tx, org, found)


def flag_orders(tx: Tx, org: str, shown: Sequence[OrgOrder]) -> None:
    """Have deals compared again that differ from their orders, or whose orders are on hold, when an order changes.

    Called before the orders are saved: what is read again unchanged is recognised by its stamp. Of deals that agree
    with their orders nothing is asked: what people do to an order afterwards is not the deal's doing.
    """
    watched = set(tx.scalars(_watched(org)))
    if not watched or not shown:
        return
    known: dict[str, tuple[str | None, datetime | None]] = {}
    for part in in_parts(
        [order.sf_id for order in shown] + [o.original_order_id for o in shown if o.original_order_id]
    ):
        query = select(orders.c.sf_id, orders.c.opportunity_id, orders.c.system_modstamp).where(
            orders.c.org == org, orders.c.sf_id.in_(part)
        )
        known.update((row.sf_id, (row.opportunity_id, row.system_modstamp)) for row in tx.execute(query))
    moved: set[Any] = set()
    for order in shown:
        deal, stamp = known.get(order.sf_id, (None, None))
        if stamp != order.system_modstamp:
            moved |= {
                deal,
                deal_of(order.key) or order.opportunity_id,
                known.get(order.original_order_id or "", (None,))[0],
            }
    flag(tx, org, sorted(watched & moved))


def flag_items(tx: Tx, org: str, shown: Mapping[str, OrgOrderItem]) -> None:
    """Have deals compared again of which an order's line was changed, as `flag_orders`."""
    stamps: dict[str, datetime | None] = {}
    for part in in_parts(shown):
        query = select(order_items.c.sf_id, order_items.c.system_modstamp).where(
            order_items.c.org == org, order_items.c.sf_id.in_(part)
        )
        stamps.update((row.sf_id, row.system_modstamp) for row in tx.execute(query))
    flag_deals_of(tx, org, [one.order_id for sf_id, one in shown.items() if stamps.get(sf_id) != one.system_modstamp])


def flag_deals_of(tx: Tx, org: str, ids: Iterable[str]) -> None:
    """Have deals compared again whose orders (by Salesforce Id) or order lines (by theirs) were changed or deleted."""
    o, i = orders.c, order_items.c
    for part in in_parts(ids):
        touched = or_(o.sf_id.in_(part), o.id.in_(select(i.order_id).where(i.org == org, i.sf_id.in_(part))))
        mine = select(o.opportunity_id).where(o.org == org, touched)
        originals = select(o.original_order_id).where(o.org == org, touched)
        reduced = select(o.opportunity_id).where(o.org == org, o.sf_id.in_(originals))
        found = set(tx.scalars(mine)) | set(tx.scalars(reduced))
        if found - {None}:
            flag(tx, org, sorted(found & set(tx.scalars(_watched(org)))))


def unreviewed(tx: Tx, org: str, now: datetime, only: str | None = None) -> list[str]:
    """Return the deals to be compared with their orders: changed ones, and those whose update is to be tried again."""
    changed = select(opportunities.c.sf_id).where(opportunities.c.org == org, text("unreviewed"))
    d = discrepancies.c
    again = select(d.opportunity_id).where(d.org == org, d.resolved_at.is_(None), d.retry_at <= now)
    found = sorted(set(tx.scalars(changed.union(again))))
    return [deal for deal in found if only in (None, deal)]


def reviewed(tx: Tx, org: str, deals: Iterable[str]) -> None:
    """Take deals off the list of those to be compared."""
    for part in in_parts(deals):
        tx.execute(
            update(opportunities)
            .where(opportunities.c.org == org, opportunities.c.sf_id.in_(part), opportunities.c.unreviewed)
            .values(unreviewed=False)
        )


def stands_for(tx: Tx, org: str, marks: Mapping[str, str]) -> None:
    """Note what the deals said when these orders (by key) were planned, adopted, or last agreed with them."""
    if marks:
        statement = update(orders).where(orders.c.org == org, orders.c.key == bindparam("b_key"))
        rows = [{"b_key": key, "b_mark": mark} for key, mark in marks.items()]
        tx.execute(statement.values(stands_for=bindparam("b_mark")), rows)


def agree(tx: Tx, org: str, deal: str, mark: str) -> None:
    """Note that the deal's orders are what it says now; nobody's request to bring them to it is open any more."""
    o = orders.c
    ours = (o.org == org, o.opportunity_id == deal, o.key.is_not(None), o.sf_id.is_not(None), OF_DEAL)
    moved = or_(func.coalesce(o.stands_for, "") != mark, o.amend_by.is_not(None))
    tx.execute(update(orders).where(*ours, moved).values(stands_for=mark, amend_by=None))


def unsettle(tx: Tx, org: str, deal: str) -> bool:
    """Note that the deal's orders in the org are not all that it said when they were made: they are compared anew.

    False if it has none there.
    """
    o = orders.c
    ours = (o.org == org, o.opportunity_id == deal, o.key.is_not(None), o.sf_id.is_not(None), OF_DEAL)
    return bool(tx.execute(update(orders).where(*ours).values(stands_for=None)).rowcount)


def compare_anew(tx: Tx, org: str, deals: Iterable[str]) -> None:
    """Have deals compared with their orders by what those hold, not by what they once stood for."""
    for deal in sorted(deals):
        unsettle(tx, org, deal)
    flag(tx, org, deals)


def _watched(org: str) -> CompoundSelect[Any]:
    """Deals that differ from their orders, or whose orders are on hold."""
    d = discrepancies.c
    differing = select(d.opportunity_id).where(d.org == org, d.resolved_at.is_(None))
    return differing.union_all(
        select(orders.c.opportunity_id).where(orders.c.org == org, text("held_since IS NOT NULL"))
    )
