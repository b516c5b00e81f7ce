"""Which orders reductions of anybody have to do with, what they take of lines, and what that leaves."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import and_, func, or_, select, union

from sfsync.domain.holdings import OpenReduction
from sfsync.domain.statuses import ACTIVATED_CODE, DRAFT_CODE
from sfsync.store.tables import order_items, orders
from sfsync.store.upserts import in_parts
from sfsync.store.writing import update_by_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from decimal import Decimal

    from sfsync.store.engine import Tx


@dataclass(frozen=True, slots=True)
class Taken:
    """What reductions take of one line."""

    reduced: Decimal
    open: tuple[OpenReduction, ...]


def taken_of(tx: Tx, org: str, item_ids: Iterable[str]) -> dict[str, Taken]:
    """Return what reductions take of lines, by the lines' Salesforce Ids; lines without any are left out."""
    reduced: dict[str, Decimal] = {}
    opened: dict[str, list[OpenReduction]] = defaultdict(list)
    o, i = orders.c, order_items.c
    columns = (i.original_item_id, i.quantity, o.key, o.order_number, o.sf_id, o.status_code, o.origin)
    for part in in_parts(item_ids):
        query = (
            select(*columns)
            .join_from(order_items, orders, o.id == i.order_id)
            .where(i.org == org, i.original_item_id.in_(part), ~i.is_deleted, ~o.is_deleted)
            .where(or_(o.sf_id.is_(None), o.status_code.in_([DRAFT_CODE, ACTIVATED_CODE])))
            .order_by(i.id)
        )
        for row in tx.execute(query):
            line, quantity = row.original_item_id, -row.quantity
            reduced.setdefault(line, quantity - quantity)
            if row.status_code == ACTIVATED_CODE:
                reduced[line] += quantity
            else:
                handle = row.order_number or row.key or row.sf_id
                by_others = row.origin == "org"
                opened[line].append(OpenReduction(handle, quantity, row.sf_id is not None, by_others))
    return {line: Taken(quantity, tuple(opened[line])) for line, quantity in reduced.items()}


@dataclass(frozen=True, slots=True)
class OpenOfDeal:
    """A reduction that is not activated, of a deal's order."""

    key: str | None
    handle: str
    stands_for: str | None
    """What the deal said when an amendment planned it; None for any other reduction."""
    is_sent: bool

    def is_stale(self, mark: str | None) -> bool:
        """Whether an amendment planned it for what the deal (`mark`: now; None: it is not won) says no longer."""
        return self.stands_for is not None and self.stands_for != mark and not self.is_sent


def open_of_deals(tx: Tx, org: str, deals: Iterable[str]) -> dict[str, list[OpenOfDeal]]:
    """Return the reductions of deals' orders that are planned or drafts, whoever made them."""
    o, original = orders.c, orders.alias("original")
    found: defaultdict[str, list[OpenOfDeal]] = defaultdict(list)
    for part in in_parts(deals):
        query = (
            select(original.c.opportunity_id, o.key, o.order_number, o.sf_id, o.stands_for, o.in_doubt)
            .join_from(original, orders, (o.org == org) & (o.original_order_id == original.c.sf_id))
            .where(original.c.org == org, original.c.opportunity_id.in_(part), ~o.is_deleted)
            .where(or_(o.sf_id.is_(None), o.status_code == DRAFT_CODE))
            # What another deal takes back is that deal's.
            .where(or_(o.opportunity_id.is_(None), o.opportunity_id == original.c.opportunity_id))
            .order_by(o.id)
        )
        for row in tx.execute(query):
            is_sent = row.sf_id is not None or row.in_doubt is not None
            handle = row.order_number or row.key or row.sf_id
            found[row.opportunity_id].append(OpenOfDeal(row.key, handle, row.stands_for, is_sent))
    return found


def available_of(tx: Tx, org: str, item_ids: Iterable[str]) -> dict[str, Decimal]:
    """Return what the mirror knows to be left of lines, drafts not counted: by the org's figure and by our own sum."""
    wanted = list(item_ids)
    taken = taken_of(tx, org, wanted)
    found: dict[str, Decimal] = {}
    i = order_items.c
    for part in in_parts(wanted):
        query = select(i.sf_id, i.quantity, i.available_quantity).where(i.org == org, i.sf_id.in_(part))
        for sf_id, quantity, available in tx.execute(query):
            own = quantity - taken[sf_id].reduced if sf_id in taken else quantity
            found[sf_id] = own if available is None else min(own, available)
    return found


def remember_available(tx: Tx, org: str, available: Mapping[str, Decimal]) -> None:
    """Write down what the org has just shown to be left of lines; they lose their hash, as they were not read whole."""
    i = order_items.c
    for part in in_parts(available):
        query = select(i.id, i.sf_id, i.available_quantity).where(i.org == org, i.sf_id.in_(part))
        changed = [
            {"id": number, "available_quantity": available[sf_id], "row_hash": None}
            for number, sf_id, known in tx.execute(query)
            if known != available[sf_id]
        ]
        update_by_id(tx, order_items, changed)


_LINE = order_items.alias("line")


def outdated(tx: Tx, org: str, ids: Iterable[str]) -> set[str]:
    """Return the orders whose lines were read before one of these reductions counted, or did no more.

    Orders are named by their Salesforce Ids. What is left of a line changes then without a trace on its order, and by
    whoever activated the reduction, which is mostly us.
    """
    o, i, stamp = orders.c, order_items.c, _LINE.c.system_modstamp
    ended = and_(o.status_code == DRAFT_CODE, o.first_activated_at.is_not(None), stamp < o.system_modstamp)
    found: set[str | None] = set()
    for part in in_parts(ids):
        query = (
            select(o.original_order_id)
            .join_from(orders, order_items, i.order_id == o.id)
            .join(_LINE, and_(_LINE.c.org == i.org, _LINE.c.sf_id == i.original_item_id))
            .where(o.org == org, o.sf_id.in_(part), ~o.is_deleted, ~_LINE.c.is_deleted)
            .where(or_(stamp < o.activated_at, ended))
        )
        found |= set(tx.scalars(query))
    return {sf_id for sf_id in found if sf_id}


def originals_of(tx: Tx, org: str, ids: Iterable[str]) -> set[str]:
    """Return the orders that those of these orders reduce which are reductions; all by their Salesforce Ids."""
    o, found = orders.c, set[str | None]()
    for part in in_parts(ids):
        found |= set(tx.scalars(select(o.original_order_id).where(o.org == org, o.sf_id.in_(part), o.is_reduction)))
    return {sf_id for sf_id in found if sf_id}


def reductions_of(tx: Tx, org: str, ids: Iterable[int]) -> dict[int, list[str]]:
    """Return the reduction orders, drafts included, of orders (by row id) that have any: their numbers, Ids or keys."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    original, line = orders.alias("original"), order_items.alias("line")
    name = func.coalesce(orders.c.order_number, orders.c.sf_id, orders.c.key)
    for part in in_parts(ids):
        by_header = (
            select(original.c.id, name)
            .join_from(original, orders, (orders.c.org == org) & (orders.c.original_order_id == original.c.sf_id))
            .where(original.c.id.in_(part), ~orders.c.is_deleted)
        )
        by_line = (
            select(line.c.order_id, name)
            .join_from(line, order_items, (order_items.c.org == org) & (order_items.c.original_item_id == line.c.sf_id))
            .join(orders, orders.c.id == order_items.c.order_id)
            .where(line.c.order_id.in_(part), ~order_items.c.is_deleted, ~orders.c.is_deleted)
        )
        for number, reduction in tx.execute(union(by_header, by_line)):
            found[number].append(reduction)
    return {number: sorted(names) for number, names in found.items()}
