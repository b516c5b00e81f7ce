"""How far the shipping of orders has come, by what the org has confirmed, and what was told of it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, func, or_, select, text, update

from sfsync.domain.events import EventType
from sfsync.domain.shipping import LineProgress
from sfsync.store.event_tables import events
from sfsync.store.shipment_tables import item_progress, shipment_lines, shipments, shipping_states
from sfsync.store.tables import order_items, orders, products
from sfsync.store.upserts import in_parts, upsert
from sfsync.store.writing import update_by_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sfsync.domain.shipments import PhysicalRule
    from sfsync.store.engine import Tx


_ORIGINAL = order_items.alias("original")
_s, _o = shipments.c, orders.c
_UNANNOUNCED = (
    select(
        shipments, _o.key.label("order_key"), _o.sf_id.label("owner"), _o.order_number, _o.opportunity_id, _o.account_id
    )
    .outerjoin_from(shipments, orders, _o.id == _s.order_id)
    .where(_s.org == bindparam("org_"), text("shipments.sf_id IS NOT NULL AND NOT shipments.announced"), ~_s.is_deleted)
    .order_by(_s.id)
)


@dataclass(frozen=True, slots=True)
class OrderToReview:
    """An order with shipments: what was told of it, and what the mirror knows now."""

    id: int
    key: str | None
    sf_id: str
    number: str | None
    opportunity_id: str | None
    account_id: str | None
    status: str
    org_status: str | None
    custom: Mapping[str, Any]
    state: str | None
    """What events have told of; None for nothing yet."""
    over: str | None
    lines: tuple[LineProgress, ...]


def to_review(tx: Tx, org: str, ids: Iterable[int]) -> list[OrderToReview]:
    """Return those of the orders that have shipments, or had some when they were last looked at."""
    found: list[OrderToReview] = []
    o, state = orders.c, shipping_states.c
    shipped = (select(shipment_lines.c.id).join(order_items, order_items.c.id == shipment_lines.c.order_item_id)).where(
        order_items.c.order_id == o.id
    )
    for part in in_parts(sorted(ids)):
        query = (
            select(
                o.id, o.key, o.sf_id, o.order_number.label("number"), o.opportunity_id, o.account_id, o.status,
                o.org_status, o.custom, state.state, state.over,
            )
            .outerjoin_from(orders, shipping_states, state.order_id == o.id)
            .where(o.org == org, o.id.in_(part), o.sf_id.is_not(None), ~o.is_deleted)
            .where(or_(state.order_id.is_not(None), shipped.exists()))
            .order_by(o.id)
        )  # fmt: skip
        rows = tx.execute(query).all()
        lines = confirmed_lines(tx, [row.id for row in rows])
        for row in rows:
            values = dict(row._mapping)  # noqa: SLF001 - its documented name
            found.append(OrderToReview(**{**values, "custom": row.custom or {}, "lines": tuple(lines[row.id])}))
    return found


def confirmed_lines(tx: Tx, ids: Iterable[int]) -> dict[int, list[LineProgress]]:
    """Return the lines of physical goods of orders, and how many the org says were shipped of each."""
    lines: dict[int, list[LineProgress]] = defaultdict(list)
    p = item_progress.c
    for part in in_parts(ids):
        query = select(
            p.order_id, func.coalesce(p.product_name, p.order_item_number, p.item_key, p.item_sf_id),
            p.ordered, p.reduced, p.confirmed,
        ).where(p.order_id.in_(part)).order_by(p.order_item_id)  # fmt: skip
        for order, name, ordered, reduced, shipped in tx.execute(query):
            lines[order].append(LineProgress(name, ordered, reduced, shipped))
    return lines


def put_states(tx: Tx, org: str, states: Mapping[int, tuple[str, str | None]], now: datetime) -> None:
    """Remember what was told: (state, which lines are over) by order."""
    rows = [{"order_id": number, "org": org, "state": state, "over": over} for number, (state, over) in states.items()]
    upsert(tx, shipping_states, rows, ("order_id",))
    for part in in_parts(states):
        since = shipping_states.c.over_since
        here = shipping_states.c.order_id.in_(part)
        tx.execute(update(shipping_states).where(here, shipping_states.c.over.is_(None)).values(over_since=None))
        fresh = (here, shipping_states.c.over.is_not(None), since.is_(None))
        tx.execute(update(shipping_states).where(*fresh).values(over_since=now))


def concerned_by(tx: Tx, org: str, order_ids: Iterable[str]) -> set[int]:
    """Return the orders of these Salesforce Ids, and those whose lines they reduce, by row."""
    found: set[int] = set()
    o, i, original = orders.c, order_items.c, _ORIGINAL
    for part in in_parts(order_ids):
        rows = tx.execute(select(o.id, o.is_reduction).where(o.org == org, o.sf_id.in_(part))).all()
        found |= {row.id for row in rows}
        reducing = [row.id for row in rows if row.is_reduction]
        query = (
            select(original.c.order_id)
            .select_from(order_items)
            .join(original, (original.c.org == i.org) & (original.c.sf_id == i.original_item_id))
        )
        if reducing:
            found |= set(tx.scalars(query.where(i.order_id.in_(reducing))))
    return found


def orders_with_items(tx: Tx, org: str, item_ids: Iterable[str]) -> set[str]:
    """Return the orders that these order items are of; items and orders by their Salesforce Ids."""
    found: set[str] = set()
    for part in in_parts(item_ids):
        query = select(orders.c.sf_id).join(order_items, order_items.c.order_id == orders.c.id)
        rows = tx.scalars(query.where(order_items.c.org == org, order_items.c.sf_id.in_(part)))
        found |= {sf_id for sf_id in rows if sf_id}
    return found


def unannounced(tx: Tx, org: str) -> Sequence[Any]:
    """Return the shipments in the org that no event has told of, with their orders."""
    return tx.execute(_UNANNOUNCED, {"org_": org}).all()


def mark_announced(tx: Tx, ids: Iterable[int]) -> None:
    """Note that events have told of these shipments."""
    update_by_id(tx, shipments, [{"id": number, "announced": True} for number in ids])


def mark_told(tx: Tx, org: str, ids: Iterable[str]) -> None:
    """Note of shipments (by Salesforce Id), whose rows were lost and read again, which ones an event has told of."""
    s, e = shipments.c, events.c
    for part in in_parts(ids):
        told = select(e.sf_id).where(e.org == org, e.type == EventType.SHIPMENT_CREATED.value, e.sf_id.in_(part))
        tx.execute(update(shipments).where(s.org == org, s.sf_id.in_(told)).values(announced=True))


def lines_of(tx: Tx, ids: Iterable[int]) -> dict[int, list[Any]]:
    """Return the lines of shipments that are in the org, with the items they are of."""
    lines: dict[int, list[Any]] = defaultdict(list)
    line, i = shipment_lines.c, order_items.c
    for part in in_parts(ids):
        query = (
            select(
                line.shipment_id, line.key, line.sf_id, line.quantity, i.key.label("item_key"), i.sf_id.label("item"),
                i.product_id,
            )
            .outerjoin_from(shipment_lines, order_items, i.id == line.order_item_id)
            .where(line.shipment_id.in_(part), line.sf_id.is_not(None), ~line.is_deleted)
            .order_by(line.id)
        )  # fmt: skip
        for row in tx.execute(query):
            lines[row.shipment_id].append(row)
    return lines


def judge_products(tx: Tx, org: str, rule: PhysicalRule) -> set[int]:
    """Bring up to date which products are shipped at all; return the orders with shipments whose lines it concerns."""
    p = products.c
    rows = tx.execute(select(p.sf_id, p.family, p.physical_flag, p.is_physical).where(p.org == org)).all()
    judged = {row.sf_id: rule.holds(flag=row.physical_flag, family=row.family) for row in rows}
    changed = [row.sf_id for row in rows if row.is_physical is not judged[row.sf_id]]
    found: set[int] = set()
    for part in in_parts(changed):
        for holds in (True, False):
            ids = [sf_id for sf_id in part if judged[sf_id] is holds]
            tx.execute(update(products).where(p.org == org, p.sf_id.in_(ids)).values(is_physical=holds))
        query = (
            select(order_items.c.order_id)
            .distinct()
            .join(shipping_states, shipping_states.c.order_id == order_items.c.order_id)
            .where(order_items.c.org == org, order_items.c.product_id.in_(part))
        )
        found |= set(tx.scalars(query))
    return found
