"""Shipments on their way to the org: which are to be made, and what became of those that were sent."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, or_, select, text, update

from sfsync.domain.shipments import FIELDS, LineToShip, ShipStatus, ToShip, line_key, next_number, shipment_key
from sfsync.store.shipment_tables import UNSENT, shipment_lines, shipments
from sfsync.store.tables import order_items, orders
from sfsync.store.upserts import in_parts
from sfsync.store.writing import update_by_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Select

    from sfsync.store.engine import Tx


@dataclass(frozen=True, slots=True)
class ShipFailure:
    """Why a shipment did not go through; `want` is what it is not tried again for."""

    id: int
    code: str
    message: str
    want: str
    retry_at: datetime | None = None


LINES_AT_ONCE = 499
"""A graph takes 500 nodes: the shipment and 499 lines (composite graph limits)."""
_s, _l = shipments.c, shipment_lines.c
NO_PROBLEM: dict[str, Any] = {
    "attempts": 0, "retry_at": None, "problem_code": None, "problem": None, "problem_want": None, "problem_at": None,
}  # fmt: skip
_KNOWN: dict[str, Any] = {"in_doubt": None, "sent_at": None, "sent": None}


def give_keys(tx: Tx, org: str) -> int:
    """Give keys to shipments and lines that were recorded without; returns how many were given.

    A shipment is named after its order, so one whose order is not known yet has to wait for its key.
    """
    unsent = select(_s.id, _s.order_id).where(_s.org == org, _s.key.is_(None), _s.sf_id.is_(None), ~_s.is_deleted)
    rows = tx.execute(unsent.where(_s.order_id.is_not(None)).order_by(_s.id)).all()
    named: dict[int, str] = {}
    numbers: dict[int, int] = {}
    for part in in_parts({row.order_id for row in rows}):
        query = select(orders.c.id, func.coalesce(orders.c.key, orders.c.sf_id).label("name"))
        named.update((row.id, row.name) for row in tx.execute(query.where(orders.c.id.in_(part))) if row.name)
        taken: dict[int, list[str | None]] = defaultdict(list)
        for order, key in tx.execute(select(_s.order_id, _s.key).where(_s.order_id.in_(part))):
            taken[order].append(key)
        numbers |= {order: next_number(taken[order], f"{named[order]}-S") for order in part if order in named}
    updates = []
    for row in rows:
        if row.order_id in named:
            updates.append({"id": row.id, "key": shipment_key(named[row.order_id], numbers[row.order_id])})
            numbers[row.order_id] += 1
    update_by_id(tx, shipments, updates)
    return len(updates) + _give_line_keys(tx, org)


def _give_line_keys(tx: Tx, org: str) -> int:
    query = (
        select(_l.id, _l.shipment_id, _s.key)
        .join(shipments, _s.id == _l.shipment_id)
        .where(_l.org == org, text(f"shipment_lines.{UNSENT}"), _l.key.is_(None), _s.key.is_not(None))
        .order_by(_l.id)
    )
    rows = tx.execute(query).all()
    taken: dict[int, list[str | None]] = defaultdict(list)
    for part in in_parts({row.shipment_id for row in rows}):
        for parent, key in tx.execute(select(_l.shipment_id, _l.key).where(_l.shipment_id.in_(part))):
            taken[parent].append(key)
    numbers = {row.shipment_id: next_number(taken[row.shipment_id], f"{row.key}-") for row in rows}
    updates = []
    for row in rows:
        updates.append({"id": row.id, "key": line_key(row.key, numbers[row.shipment_id])})
        numbers[row.shipment_id] += 1
    update_by_id(tx, shipment_lines, updates)
    return len(updates)


def to_ship(
    tx: Tx, org: str, now: datetime, *, after: int = 0, limit: int = 500, only: str | None = None
) -> list[ToShip]:
    """Return shipments of which something is to be made in the org, and whose turn it is, by row.

    Those that were refused are left out until something of them is changed or their retry time has come. One without
    lines waits for them, and one that was voided before it was sent is never sent.
    """
    while True:
        query = _waiting(org).where(_s.id > after).order_by(_s.id).limit(limit)
        if only is not None:
            query = query.where(orders.c.opportunity_id == only)
        rows = tx.execute(query).all()
        found = [one for one in _complete(tx, rows) if not one.is_held(now)]
        if found or len(rows) < limit:
            return found
        after = rows[-1].id


def of_ids(tx: Tx, org: str, ids: Iterable[int]) -> list[ToShip]:
    """Return what of these shipments is still to be made, held or not."""
    rows = [row for part in in_parts(ids) for row in tx.execute(_waiting(org).where(_s.id.in_(part)).order_by(_s.id))]
    return _complete(tx, rows)


def _waiting(org: str) -> Select[*tuple[Any, ...]]:
    unsent = select(_l.shipment_id).where(_l.org == org, text(UNSENT), ~_l.is_deleted)
    o = orders.c
    return (
        select(
            shipments, o.sf_id.label("owner"), o.key.label("order_key"), o.is_deleted.label("order_deleted"),
            o.opportunity_id,
        )
        .outerjoin_from(shipments, orders, o.id == _s.order_id)
        .where(
            _s.org == org, _s.in_doubt.is_(None), ~_s.is_deleted, _s.status != ShipStatus.VOIDED.value,
            _s.id.in_(unsent), or_(_s.key.is_not(None), _s.order_id.is_(None)),
        )
    )  # fmt: skip


def _complete(tx: Tx, rows: Sequence[Any]) -> list[ToShip]:
    lines: dict[int, list[LineToShip]] = defaultdict(list)
    for part in in_parts([row.id for row in rows]):
        i = order_items.c
        query = (
            select(_l.shipment_id, _l.id, _l.key, _l.quantity, i.sf_id, i.order_id, i.is_deleted)
            .outerjoin_from(shipment_lines, order_items, i.id == _l.order_item_id)
            .where(_l.shipment_id.in_(part), text(f"shipment_lines.{UNSENT}"), ~_l.is_deleted)
            .order_by(_l.id)
        )
        for parent, number, key, quantity, sf_id, order_id, gone in tx.execute(query):
            lines[parent].append(LineToShip(number, key or f"#{number}", quantity, sf_id, order_id, bool(gone)))
    return [
        ToShip(
            id=row.id,
            key=row.key or f"#{row.id}",
            sf_id=row.sf_id,
            order_id=row.order_id,
            order_sf_id=row.owner,
            order_deleted=bool(row.order_deleted),
            order_key=row.order_key,
            opportunity_id=row.opportunity_id,
            fields={name: getattr(row, name) for name in FIELDS},
            lines=tuple(lines[row.id][:LINES_AT_ONCE]),
            attempts=row.attempts,
            problem_code=row.problem_code,
            problem_want=row.problem_want,
            retry_at=row.retry_at,
            has_more=len(lines[row.id]) > LINES_AT_ONCE,
        )
        for row in rows
    ]


def mark_sent(tx: Tx, ids: Iterable[int], now: datetime) -> None:
    """Note, before sending, that the org may have these from now on without our hearing of it."""
    for part in in_parts(ids):
        tx.execute(update(shipments).where(_s.id.in_(part)).values(in_doubt="create", sent_at=now))


def release(tx: Tx, ids: Iterable[int]) -> None:
    """Take shipments out of doubt of which certainly nothing was done, or all of it was settled."""
    for part in in_parts(ids):
        tx.execute(update(shipments).where(_s.id.in_(part)).values(**_KNOWN))


def in_doubt(tx: Tx, org: str) -> dict[str, list[Any]]:
    """Return the shipments in doubt, by what was sent: rows of id, key, sf_id."""
    found: dict[str, list[Any]] = {"create": [], "update": []}
    query = select(_s.id, _s.key, _s.sf_id, _s.in_doubt).where(_s.org == org, _s.in_doubt.is_not(None)).order_by(_s.id)
    for row in tx.execute(query):
        found[row.in_doubt].append(row)
    return found


def line_keys(tx: Tx, ids: Iterable[int]) -> list[str]:
    """Return the keys of lines of these shipments that are not in the org, as far as we know."""
    found: list[str] = []
    for part in in_parts(ids):
        query = select(_l.key).where(_l.shipment_id.in_(part), text(UNSENT), _l.key.is_not(None))
        found += tx.scalars(query)
    return found


def record_made(tx: Tx, made: Sequence[tuple[ToShip, str, Mapping[str, str]]], labels: Mapping[str, str]) -> None:
    """Fill in what the org has by its own word: (what was sent, its Salesforce Id, the Ids of its lines by key).

    The hashes stay empty, so that the next pull writes the whole rows. What was wanted meanwhile stays a wish.
    """
    rows = []
    for one, sf_id, _ in made:
        row: dict[str, Any] = {"id": one.id, "sf_id": sf_id, "order_sf_id": one.order_sf_id, **_KNOWN, **NO_PROBLEM}
        if one.sf_id is None:
            row |= {f"org_{name}": value for name, value in one.fields.items()}
            row["org_status_label"] = labels[str(one.fields["status"])]
        rows.append(row)
    update_by_id(tx, shipments, rows)
    update_by_id(
        tx,
        shipment_lines,
        [
            {"id": line.id, "sf_id": ids[line.key], "shipment_sf_id": sf_id, "order_item_sf_id": line.item_sf_id}
            for one, sf_id, ids in made
            for line in one.lines
        ],
    )


def record_failures(tx: Tx, failures: Sequence[ShipFailure], now: datetime, *, doubtful: bool = False) -> None:
    """Remember why shipments did not go through; with `doubtful` they stay in doubt, for nobody answered."""
    rows = [
        {"id": f.id, "problem_code": f.code, "problem": f.message, "problem_want": f.want, "problem_at": now,
         "retry_at": f.retry_at, **({} if doubtful else _KNOWN)}
        for f in failures
    ]  # fmt: skip
    update_by_id(tx, shipments, rows)
    for part in in_parts([f.id for f in failures]):
        tx.execute(update(shipments).where(_s.id.in_(part)).values(attempts=_s.attempts + 1))


def retry(tx: Tx, org: str, number: int) -> bool:
    """Forget why a shipment was refused, so that the next cycle tries it; False if nothing was held against it."""
    held = (_s.org == org, _s.id == number, _s.problem_code.is_not(None))
    return bool(tx.execute(update(shipments).where(*held).values(**NO_PROBLEM)).rowcount)
