"""Shipments and their lines, written into the mirror as the org showed them, without losing what we want."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from sfsync.domain.fields import same, shown
from sfsync.domain.merge import merge
from sfsync.domain.shipments import FIELDS
from sfsync.store.shipment_links import claimed_keys, ids_of, known_rows, owners_of_items
from sfsync.store.shipment_tables import shipment_lines, shipments
from sfsync.store.tables import order_items, orders
from sfsync.store.upserts import in_parts, row_hash
from sfsync.store.writing import update_by_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Row

    from sfsync.domain.shipments import OrgShipment, OrgShipmentLine, ShipLabels
    from sfsync.store.engine import Tx

    AnyRow = Row[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that reading a shipment told us and that the journal should know."""

    kind: str
    """appeared | confirmed | changed | clash | deleted"""
    sf_id: str
    key: str | None
    order_id: int | None
    message: str


@dataclass(frozen=True, slots=True)
class Saved:
    """What writing shipments or lines did: what the journal should know, and which orders are concerned."""

    told: tuple[Told, ...] = ()
    orders: frozenset[int] = frozenset()


def save_shipments(
    tx: Tx, org: str, found: Sequence[OrgShipment], labels: ShipLabels, *, local_wins: bool, history: datetime | None
) -> Saved:
    """Make the mirror's shipments equal to what the org showed; keep wishes that the org does not know yet.

    Each field is merged three ways: what we want, what the org last said, what it says now. A shipment that we were
    creating when the answer got lost is recognised by its key. Those that were made before `history` are told to
    nobody: they were there before sfsync looked.
    """
    latest = {one.sf_id: one for one in found}
    known = known_rows(tx, shipments, org, latest.values())
    keys = claimed_keys(tx, shipments, org, latest.values(), known)
    owners = ids_of(tx, orders, org, [one.order_sf_id for one in latest.values()])
    inserts: list[dict[str, Any]] = []
    updates: list[dict[str, Any]] = []
    told: list[Told] = []
    touched: set[int] = set()
    for one in latest.values():
        row = known.get(one.sf_id) or (known.get(one.key) if one.key else None)
        values = _shipment_values(one, labels)
        order_id = owners.get(one.order_sf_id or "")
        if row is not None and row.row_hash == values["row_hash"] and row.order_id == order_id:
            continue
        touched |= {number for number in (order_id, row.order_id if row else None) if number is not None}
        if row is None:
            wishes = {name: values[f"org_{name}"] for name in FIELDS if f"org_{name}" in values}
            old = history is not None and one.created_at < history
            key = keys.get(one.sf_id)
            inserts.append({**values, **wishes, "org": org, "key": key, "order_id": order_id, "announced": old})
            if not old:
                told.append(Told("appeared", one.sf_id, one.key, order_id, "It was made in the org by somebody else."))
            continue
        merged, news = _merged(row, one, values, order_id, local_wins=local_wins)
        told += news
        key = keys.get(one.sf_id)
        updates.append({"id": row.id, **values, **merged, "order_id": order_id, **({"key": key} if key else {})})
    if inserts:
        tx.execute(insert(shipments), inserts)
    update_by_id(tx, shipments, updates)
    return Saved(tuple(told), frozenset(touched))


def save_lines(tx: Tx, org: str, found: Sequence[OrgShipmentLine]) -> Saved:
    """Make the mirror's shipment lines equal to what the org showed."""
    latest = {one.sf_id: one for one in found}
    known = known_rows(tx, shipment_lines, org, latest.values())
    keys = claimed_keys(tx, shipment_lines, org, latest.values(), known)
    parents = ids_of(tx, shipments, org, [one.shipment_sf_id for one in latest.values()])
    items = ids_of(tx, order_items, org, [one.order_item_sf_id for one in latest.values()])
    inserts: list[dict[str, Any]] = []
    updates: list[dict[str, Any]] = []
    concerned: set[int] = set()
    for one in latest.values():
        row = known.get(one.sf_id) or (known.get(one.key) if one.key else None)
        values: dict[str, Any] = {
            "sf_id": one.sf_id,
            "shipment_sf_id": one.shipment_sf_id,
            "order_item_sf_id": one.order_item_sf_id,
            "quantity": one.quantity,
            "is_deleted": one.is_deleted,
            "system_modstamp": one.system_modstamp,
        }
        values["row_hash"] = row_hash({**values, "key": one.key})
        parent, item = parents.get(one.shipment_sf_id or ""), items.get(one.order_item_sf_id or "")
        values |= {"shipment_id": parent, "order_item_id": item}
        if row is not None and row.row_hash == values["row_hash"] and row.order_item_id == item:
            continue
        concerned |= {number for number in (item, row.order_item_id if row else None) if number is not None}
        key = keys.get(one.sf_id)
        if row is None:
            inserts.append({**values, "org": org, "key": key})
        else:
            updates.append({"id": row.id, **values, **({"key": key} if key else {})})
    if inserts:
        tx.execute(insert(shipment_lines), inserts)
    update_by_id(tx, shipment_lines, updates)
    return Saved(orders=frozenset(owners_of_items(tx, concerned).values()))


def mark_deleted(tx: Tx, org: str, ids: Iterable[str]) -> Saved:
    """Mark shipments that the org says are gone; their orders are concerned."""
    told: list[Told] = []
    touched: set[int] = set()
    for part in in_parts(ids):
        gone = (shipments.c.org == org, shipments.c.sf_id.in_(part), ~shipments.c.is_deleted)
        query = select(shipments.c.sf_id, shipments.c.key, shipments.c.order_id).where(*gone)
        for row in tx.execute(query).all():
            told.append(Told("deleted", row.sf_id, row.key, row.order_id, _DELETED))
            touched |= {row.order_id} - {None}
        tx.execute(update(shipments).where(*gone).values(is_deleted=True, row_hash=None, **_CLEAR))
    return Saved(tuple(told), frozenset(touched))


def mark_lines_deleted(tx: Tx, org: str, ids: Iterable[str]) -> Saved:
    """Mark shipment lines that the org says are gone."""
    concerned: set[int] = set()
    for part in in_parts(ids):
        gone = (shipment_lines.c.org == org, shipment_lines.c.sf_id.in_(part), ~shipment_lines.c.is_deleted)
        concerned |= set(tx.scalars(select(shipment_lines.c.order_item_id).where(*gone))) - {None}
        tx.execute(update(shipment_lines).where(*gone).values(is_deleted=True, row_hash=None))
    return Saved(orders=frozenset(owners_of_items(tx, concerned).values()))


_DELETED = "The shipment was deleted in the org: it counts as never shipped."
_CLEAR: dict[str, Any] = {
    "attempts": 0, "retry_at": None, "problem_code": None, "problem": None, "problem_want": None, "problem_at": None,
}  # fmt: skip


def _shipment_values(one: OrgShipment, labels: ShipLabels) -> dict[str, Any]:
    values: dict[str, Any] = {
        "sf_id": one.sf_id,
        "order_sf_id": one.order_sf_id,
        "number": one.number,
        "org_status": labels.to_local(one.status_label).value,
        "org_status_label": one.status_label,
        **{f"org_{name}": value for name, value in one.fields.items()},
        "created_at": one.created_at,
        "is_deleted": one.is_deleted,
        "system_modstamp": one.system_modstamp,
    }
    values["row_hash"] = row_hash({**values, "key": one.key})
    return values


def _merged(
    row: AnyRow, one: OrgShipment, values: Mapping[str, Any], order_id: int | None, *, local_wins: bool
) -> tuple[dict[str, Any], list[Told]]:
    """Return what is wanted from now on, and what the journal should know."""
    changes: dict[str, Any] = {"in_doubt": None, "sent_at": None, "sent": None}
    told: list[Told] = []

    def tell(kind: str, message: str) -> None:
        told.append(Told(kind, one.sf_id, row.key or one.key, order_id, message))

    if row.sf_id is None:
        # What we created: the org has what was sent then; whatever was changed here meanwhile is a wish.
        tell("confirmed", "The shipment is in the org, read back by its key.")
        changes |= _CLEAR
        return changes, told
    sent = row.sent or {}
    for name in FIELDS:
        if f"org_{name}" not in values:
            continue
        want, seen, now = getattr(row, name), getattr(row, f"org_{name}"), values[f"org_{name}"]
        if same(want, seen) and same(now, seen):
            continue
        met = merge(want, seen, now, sent=(now,) if name in sent and same(sent[name], now) else ())
        if met.conflict and not same(want, now):
            winner = "ours is sent again" if local_wins else "what the org has stays"
            tell(
                "clash", f"{name}: “{shown(want)}” was wanted here, and the org changed it to “{shown(now)}”: {winner}."
            )
            changes[name] = want if local_wins else now
        else:
            changes[name] = met.want
            if same(want, seen):
                tell("changed", f"{name} became “{shown(now)}” in the org; it was “{shown(seen)}”.")
    if one.is_deleted and not row.is_deleted:
        tell("deleted", _DELETED)
        changes |= _CLEAR
    elif row.problem_code is not None:
        changes |= _CLEAR
    return changes, told
