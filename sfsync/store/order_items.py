"""Order items in the mirror. The item set of an order that was read whole is compared: items skip the recycle bin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from sfsync.store.tables import order_items, orders
from sfsync.store.upserts import in_parts, row_hash
from sfsync.store.writing import update_by_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Row

    from sfsync.domain.model import OrgOrder, OrgOrderItem
    from sfsync.store.engine import Tx


def save_items(tx: Tx, org: str, found: Sequence[OrgOrder]) -> int:
    """Make the item sets of these orders equal to what the org showed; return how many items changed."""
    owners = _owners(tx, org, [order.sf_id for order in found])
    items = [item for order in found for item in order.items or ()]
    changed, known = _write(tx, org, items, owners)
    whole = {owners[order.sf_id] for order in found if order.sf_id in owners and not order.is_deleted}
    shown = {item.sf_id for item in items}
    gone = [
        sf_id for sf_id, row in known.items() if row.order_id in whole and sf_id not in shown and not row.is_deleted
    ]
    return changed + mark_items_deleted(tx, org, gone)


def save_single_items(tx: Tx, org: str, items: Sequence[OrgOrderItem]) -> int:
    """Update items that were read without their order; items of orders that are not mirrored are left out."""
    owners = _owners(tx, org, list({item.order_id for item in items}))
    return _write(tx, org, [item for item in items if item.order_id in owners], owners)[0]


def mark_items_deleted(tx: Tx, org: str, ids: Iterable[str]) -> int:
    """Mark items as deleted in the org; return how many were not marked before."""
    changed = 0
    for part in in_parts(ids):
        changed += tx.execute(
            update(order_items)
            .where(order_items.c.org == org, order_items.c.sf_id.in_(part), ~order_items.c.is_deleted)
            .values(is_deleted=True, row_hash=None)
        ).rowcount
    return changed


def _owners(tx: Tx, org: str, ids: Sequence[str]) -> dict[str, int]:
    owners: dict[str, int] = {}
    for part in in_parts(ids):
        query = select(orders.c.sf_id, orders.c.id).where(orders.c.org == org, orders.c.sf_id.in_(part))
        owners.update((sf_id, number) for sf_id, number in tx.execute(query))
    return owners


def _write(
    tx: Tx, org: str, items: Sequence[OrgOrderItem], owners: dict[str, int]
) -> tuple[int, dict[str, Row[*tuple[Any, ...]]]]:
    known = _known(tx, org, sorted(set(owners.values())))
    unsent = {row.key: row for row in known.values() if row.sf_id is None}
    inserts: list[dict[str, Any]] = []
    updates: list[dict[str, Any]] = []
    for item in {item.sf_id: item for item in sorted(items, key=lambda one: not one.is_deleted)}.values():
        values = _values(item, owners[item.order_id])
        row = known.get(item.sf_id) or (unsent.get(item.key) if item.key else None)
        if row is None:
            inserts.append({**values, "org": org, "key": item.key})
        elif row.row_hash != values["row_hash"]:
            # Which line is reduced is set at creation only: empty, it is merely hidden from us.
            kept = {name: value for name, value in values.items() if value is not None or name != "original_item_id"}
            updates.append({"id": row.id, **kept})
    if inserts:
        _make_way(tx, org, inserts)
        tx.execute(insert(order_items), inserts)
    update_by_id(tx, order_items, updates)
    return len(inserts) + len(updates), known


def _make_way(tx: Tx, org: str, inserts: Sequence[dict[str, Any]]) -> None:
    """Take keys off rows whose item was deleted and loaded again: the org keeps them unique among the living only."""
    newest = {row["key"]: row for row in inserts if row["key"]}
    for part in in_parts(newest):
        held = (order_items.c.org == org, order_items.c.key.in_(part))
        tx.execute(update(order_items).where(*held, order_items.c.sf_id.is_not(None)).values(key=None))
        for planned in tx.scalars(select(order_items.c.key).where(*held)).all():
            del newest[planned]
    for row in inserts:
        if newest.get(row["key"]) is not row:
            row["key"] = None


def _known(tx: Tx, org: str, owners: Sequence[int]) -> dict[str, Row[*tuple[Any, ...]]]:
    known: dict[str, Row[*tuple[Any, ...]]] = {}
    for part in in_parts(owners):
        query = select(
            order_items.c.id, order_items.c.sf_id, order_items.c.key, order_items.c.row_hash, order_items.c.order_id,
            order_items.c.is_deleted,
        ).where(order_items.c.org == org, order_items.c.order_id.in_(part))  # fmt: skip
        known.update((row.sf_id or f"#{row.id}", row) for row in tx.execute(query))
    return known


def _values(item: OrgOrderItem, order_id: int) -> dict[str, Any]:
    values: dict[str, Any] = {
        "sf_id": item.sf_id,
        "order_item_number": item.number,
        "pricebook_entry_id": item.pricebook_entry_id,
        "product_id": item.product_id,
        "quantity": item.quantity,
        "unit_price": item.unit_price,
        "list_price": item.list_price,
        "total_price": item.total_price,
        "available_quantity": item.available_quantity,
        "service_date": item.service_date,
        "end_date": item.end_date,
        "description": item.description,
        "original_item_id": item.original_item_id,
        "is_deleted": item.is_deleted,
        "system_modstamp": item.system_modstamp,
    }
    values["row_hash"] = row_hash(values)
    return {**values, "order_id": order_id}
