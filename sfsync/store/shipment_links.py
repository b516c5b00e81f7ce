"""Which rows of ours the org's shipments and lines are, and which orders and items they name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select, text, update

from sfsync.store.shipment_tables import UNLINKED, UNLINKED_LINES, shipment_lines, shipments
from sfsync.store.tables import order_items, orders
from sfsync.store.upserts import in_parts
from sfsync.store.writing import update_by_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from sqlalchemy import Row, Table

    from sfsync.domain.shipments import OrgShipment, OrgShipmentLine
    from sfsync.store.engine import Tx

    AnyRow = Row[*tuple[Any, ...]]


def owners_of_items(tx: Tx, items: Iterable[int]) -> dict[int, int]:
    """Return the orders that these order items are of: row of the item → row of the order."""
    found: dict[int, int] = {}
    for part in in_parts(items):
        query = select(order_items.c.id, order_items.c.order_id).where(order_items.c.id.in_(part))
        found.update((item, order) for item, order in tx.execute(query))
    return found


def order_names(tx: Tx, ids: Iterable[int | None]) -> dict[int, tuple[str | None, str | None]]:
    """Return the key and the deal of orders, by row: what the journal finds their entries by."""
    found: dict[int, tuple[str | None, str | None]] = {}
    for part in in_parts([number for number in ids if number is not None]):
        query = select(orders.c.id, orders.c.key, orders.c.opportunity_id).where(orders.c.id.in_(part))
        found.update((number, (key, deal)) for number, key, deal in tx.execute(query))
    return found


def known_rows(tx: Tx, table: Table, org: str, found: Iterable[OrgShipment | OrgShipmentLine]) -> dict[str, AnyRow]:
    """Map the Ids, and the keys of rows that have no Id yet, to our rows."""
    known: dict[str, AnyRow] = {}
    found = list(found)
    for part in in_parts([one.sf_id for one in found]):
        # FOR UPDATE counts on PostgreSQL: what another program wants meanwhile is written after ours, and stays.
        query = select(table).where(table.c.org == org, table.c.sf_id.in_(part)).with_for_update()
        known.update((row.sf_id, row) for row in tx.execute(query))
    for part in in_parts([one.key for one in found if one.key and one.sf_id not in known]):
        query = select(table).where(table.c.org == org, table.c.key.in_(part), table.c.sf_id.is_(None))
        known.update((row.key, row) for row in tx.execute(query.with_for_update()))
    return known


def claimed_keys(
    tx: Tx, table: Table, org: str, found: Iterable[OrgShipment | OrgShipmentLine], known: Mapping[str, AnyRow]
) -> dict[str, str]:
    """Return which rows take the key that they show, by Id; another row that has it gives it up.

    The org keeps a key unique among the living only.
    """
    claims: dict[str, OrgShipment | OrgShipmentLine] = {}
    for one in sorted(found, key=lambda each: not each.is_deleted):
        row = known.get(one.sf_id)
        if one.key and (row is None or row.key is None):
            claims[one.key] = one
    for part in in_parts(claims):
        query = select(table.c.id, table.c.sf_id, table.c.key).where(table.c.org == org, table.c.key.in_(part))
        for holder in tx.execute(query).all():
            if holder.sf_id is None and claims[holder.key].sf_id not in known:
                continue  # what we created ourselves, found by its key
            if claims[holder.key].is_deleted:
                del claims[holder.key]
            else:
                tx.execute(update(table).where(table.c.id == holder.id).values(key=None))
    return {one.sf_id: key for key, one in claims.items()}


def ids_of(tx: Tx, table: Table, org: str, sf_ids: Iterable[str | None]) -> dict[str, int]:
    """Map Salesforce Ids to our rows."""
    found: dict[str, int] = {}
    for part in in_parts([sf_id for sf_id in sf_ids if sf_id is not None]):
        query = select(table.c.sf_id, table.c.id).where(table.c.org == org, table.c.sf_id.in_(part))
        found.update((sf_id, number) for sf_id, number in tx.execute(query))
    return found


def link(tx: Tx, org: str) -> dict[int, datetime | None]:
    """Find the orders, items and shipments that rows name only by Salesforce Id.

    Rows are read, and recorded by others, before what they refer to is mirrored. Returns the orders concerned, each
    with the newest SystemModstamp of what was found for it; None where that is not in the org yet.
    """
    touched: dict[int, datetime | None] = {}
    s, lines = shipments.c, shipment_lines.c
    waiting = select(s.id, s.order_sf_id, s.system_modstamp).where(s.org == org, text(UNLINKED))
    rows = tx.execute(waiting).all()
    owners = ids_of(tx, orders, org, [row.order_sf_id for row in rows])
    known = [row for row in rows if row.order_sf_id in owners]
    update_by_id(tx, shipments, [{"id": row.id, "order_id": owners[row.order_sf_id]} for row in known])
    for row in known:
        _touch(touched, owners[row.order_sf_id], row.system_modstamp)
    open_ = tx.execute(select(shipment_lines).where(lines.org == org, text(f"({UNLINKED_LINES})"))).all()
    parents = ids_of(tx, shipments, org, [row.shipment_sf_id for row in open_])
    items = ids_of(tx, order_items, org, [row.order_item_sf_id for row in open_])
    fresh: dict[int, dict[str, Any]] = {}
    for row in open_:
        parent = row.shipment_id or parents.get(row.shipment_sf_id)
        item = row.order_item_id or items.get(row.order_item_sf_id)
        if (parent, item) != (row.shipment_id, row.order_item_id):
            fresh[row.id] = {"id": row.id, "shipment_id": parent, "order_item_id": item}
    update_by_id(tx, shipment_lines, list(fresh.values()))
    of_item = owners_of_items(tx, [row["order_item_id"] for row in fresh.values() if row["order_item_id"]])
    for row in open_:
        if row.id in fresh and (order := of_item.get(fresh[row.id]["order_item_id"])):
            _touch(touched, order, row.system_modstamp)
    return touched


def _touch(touched: dict[int, datetime | None], order: int, stamp: datetime | None) -> None:
    before = touched.get(order, stamp)
    touched[order] = None if before is None or stamp is None else max(before, stamp)
