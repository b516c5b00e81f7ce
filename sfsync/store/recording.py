"""Recording shipments here, by command or file: they are rows like those that other programs write."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, insert, or_, select, update

from sfsync.domain.fields import same, shown
from sfsync.domain.recording import Item
from sfsync.domain.sfid import full_id
from sfsync.domain.shipments import ShipStatus, line_key, next_number, reference_key, shipment_key
from sfsync.errors import RecordNotFound, UsageError
from sfsync.store import journal
from sfsync.store.shipment_tables import item_progress, shipment_lines, shipments
from sfsync.store.tables import order_items, orders, products
from sfsync.store.to_ship import NO_PROBLEM
from sfsync.store.upserts import in_parts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime

    from sfsync.store.engine import Tx

_s = shipments.c


@dataclass(frozen=True, slots=True)
class Owner:
    """An order that somebody ships."""

    id: int
    key: str | None
    sf_id: str | None
    number: str | None
    opportunity_id: str | None
    org_status: str | None
    is_reduction: bool
    is_deleted: bool

    @property
    def handle(self) -> str:
        """What to call it."""
        return self.number or self.key or self.sf_id or ""

    @property
    def refusal(self) -> str | None:
        """Why nothing of it is shipped; None if it may be."""
        if self.is_deleted:
            return f"order {self.handle} was deleted in Salesforce"
        if self.is_reduction:
            return f"order {self.handle} is a reduction order: nothing is shipped of those"
        if self.sf_id is None:
            return f"order {self.handle} is not in the org yet: run `sfsync sync` first"
        if self.org_status in ("Draft", "Cancelled"):
            return f"order {self.handle} is {self.org_status}: only activated orders are shipped"
        return None


@dataclass(frozen=True, slots=True)
class NewShipment:
    """A shipment to record: of an order, (row of the order item, quantity) each, and what is said of it."""

    owner: Owner
    lines: tuple[tuple[int, Decimal], ...]
    values: Mapping[str, str | date | None]
    reference: str | None = None


def owners(tx: Tx, org: str, names: Iterable[str]) -> dict[str, list[Owner]]:
    """Find orders by key, number or Salesforce Id, many at a time; a name that fits several orders has them all."""
    found: dict[str, dict[int, Owner]] = defaultdict(dict)
    o = orders.c
    columns = [o.id, o.key, o.sf_id, o.order_number.label("number"), o.opportunity_id, o.org_status, o.is_reduction]
    wanted: dict[str, list[str]] = defaultdict(list)
    for name in dict.fromkeys(names):
        for form in {name, name.zfill(8) if name.isdecimal() else name, full_id(name) or name}:
            wanted[form].append(name)
    for part in in_parts(wanted):
        fits = or_(o.key.in_(part), o.order_number.in_(part), o.sf_id.in_(part))
        for row in tx.execute(select(*columns, o.is_deleted).where(o.org == org, fits)):
            one = Owner(**row._mapping)  # noqa: SLF001 - its documented name
            for handle in (one.key, one.sf_id, one.number):
                for name in wanted.get(handle or "", ()):
                    found[name][one.id] = one
    return {name: list(several.values()) for name, several in found.items()}


def items(tx: Tx, order_ids: Iterable[int]) -> dict[int, list[Item]]:
    """Return the lines of orders, with what is due and shipped of each, by the order's row."""
    found: dict[int, list[Item]] = defaultdict(list)
    i, p, view = order_items.c, products.c, item_progress.c
    zero = Decimal(0)
    for part in in_parts(order_ids):
        query = (
            select(i.order_id, i.id, i.key, i.sf_id, i.order_item_number, p.product_code, p.name,
                   view.ordered, view.reduced, view.shipped)
            .outerjoin_from(order_items, products, and_(p.org == i.org, p.sf_id == i.product_id))
            .outerjoin(item_progress, view.order_item_id == i.id)
            .where(i.order_id.in_(part), ~i.is_deleted)
            .order_by(i.id)
        )  # fmt: skip
        for order, number, key, sf_id, called, code, name, ordered, reduced, shipped in tx.execute(query):
            net = zero if ordered is None else ordered - reduced
            item = Item(number, key, sf_id, called, code, name, ordered is not None, net, shipped or zero)
            found[order].append(item)
    return found


def known(tx: Tx, org: str, wanted: Mapping[str, Owner]) -> dict[str, tuple[int, dict[int, Decimal]]]:
    """Return which references were recorded before: the row of the shipment, and the quantities of its lines."""
    by_key = {reference_key(owner.key or owner.sf_id or "", name): name for name, owner in wanted.items()}
    numbers: dict[int, str] = {}
    for part in in_parts(wanted):
        query = select(_s.id, _s.reference).where(_s.org == org, _s.reference.in_(part))
        numbers.update((number, name) for number, name in tx.execute(query))
    for part in in_parts(by_key):
        query = select(_s.id, _s.key).where(_s.org == org, _s.key.in_(part))
        numbers.update((number, by_key[key]) for number, key in tx.execute(query))
    lines: dict[int, dict[int, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    line = shipment_lines.c
    for ids in in_parts(numbers):
        of_them = select(line.shipment_id, line.order_item_id, line.quantity).where(line.shipment_id.in_(ids))
        for row in tx.execute(of_them.where(~line.is_deleted)):
            lines[row.shipment_id][row.order_item_id] += row.quantity
    return {name: (number, dict(lines[number])) for number, name in numbers.items()}


def add(tx: Tx, org: str, new: Sequence[NewShipment], *, actor: str, now: datetime) -> list[str]:
    """Record shipments, and journal who did; returns their keys, in order."""
    numbers = _next_numbers(tx, {one.owner.id: one.owner for one in new if one.reference is None}.values())
    keys: list[str] = []
    rows: list[dict[str, Any]] = []
    for one in new:
        name = one.owner.key or one.owner.sf_id or ""
        if one.reference is None:
            key = shipment_key(name, numbers[one.owner.id])
            numbers[one.owner.id] += 1
        else:
            key = reference_key(name, one.reference)
        keys.append(key)
        values = {"status": ShipStatus.CREATED.value, **{name: value for name, value in one.values.items() if value}}
        rows.append(
            {**dict.fromkeys(_HEADER), **values, "org": org, "order_id": one.owner.id, "key": key,
             "reference": one.reference, "recorded_by": actor}
        )  # fmt: skip
    if not rows:
        return []
    tx.execute(insert(shipments), rows)
    ids: dict[str, int] = {}
    for part in in_parts(keys):
        query = select(_s.key, _s.id).where(_s.org == org, _s.key.in_(part))
        ids.update((key, number) for key, number in tx.execute(query))
    tx.execute(
        insert(shipment_lines),
        [
            {"org": org, "shipment_id": ids[key], "order_item_id": item, "quantity": many, "key": line_key(key, at)}
            for key, one in zip(keys, new, strict=True)
            for at, (item, many) in enumerate(one.lines, 1)
        ],
    )
    entries = [_recorded(key, one, actor) for key, one in zip(keys, new, strict=True)]
    journal.write(tx, org, None, entries, now)
    return keys


def want(
    tx: Tx, org: str, number: int, values: Mapping[str, str | date | None], *, actor: str, now: datetime
) -> list[str]:
    """Set what a shipment is to have, and journal who wanted it; returns the fields that were changed.

    Raises:
        RecordNotFound: if there is no such shipment.
        UsageError: if it was deleted in the org, or is voided and is to be something else again.
    """
    row = tx.execute(select(shipments).where(_s.org == org, _s.id == number).with_for_update()).one_or_none()
    if row is None:
        raise RecordNotFound("There is no such shipment in the mirror.", remedy="`sfsync shipments list` shows them.")
    name = row.key or row.number or f"#{row.id}"
    if row.is_deleted:
        raise UsageError(f"Shipment {name} was deleted in Salesforce.", remedy="Record it again, or restore it there.")
    if row.status == ShipStatus.VOIDED and values.get("status") not in (None, ShipStatus.VOIDED):
        raise UsageError(
            f"Shipment {name} is voided, and stays so.", remedy="Record another one: sfsync shipments add."
        )
    changed = {field: value for field, value in values.items() if not same(value, getattr(row, field))}
    if not changed and row.problem_code is None:
        return []
    tx.execute(update(shipments).where(_s.id == number).values(**changed, recorded_by=actor, **NO_PROBLEM))
    if changed:
        said = "; ".join(
            f"{field} “{shown(value)}”, was “{shown(getattr(row, field))}”" for field, value in changed.items()
        )
        owner = tx.execute(
            select(orders.c.key, orders.c.opportunity_id).where(orders.c.id == row.order_id)
        ).one_or_none()
        entry = journal.Entry(
            action="shipment.wanted",
            message=f"Shipment {name} is to have {said}.",
            actor=actor,
            order_key=owner.key if owner else None,
            opportunity_id=owner.opportunity_id if owner else None,
            sf_id=row.sf_id,
        )
        journal.write(tx, org, None, [entry], now)
    return list(changed)


def is_voided(tx: Tx, number: int) -> bool:
    """Whether a shipment is to count as never shipped, or is gone: what a file says of it later changes nothing."""
    row = tx.execute(select(_s.status, _s.is_deleted).where(_s.id == number)).one()
    return bool(row.status == ShipStatus.VOIDED or row.is_deleted)


_HEADER = ("carrier", "tracking_number", "tracking_url", "shipped_on", "delivered_on")


def _next_numbers(tx: Tx, several: Iterable[Owner]) -> dict[int, int]:
    found: dict[int, int] = {}
    for owner in several:
        name = owner.key or owner.sf_id or ""
        keys = tx.scalars(select(_s.key).where(_s.order_id == owner.id)).all()
        found[owner.id] = next_number(keys, f"{name}-S")
    return found


def _recorded(key: str, one: NewShipment, actor: str) -> journal.Entry:
    lines = f"{len(one.lines)} line" + ("" if len(one.lines) == 1 else "s")
    called = f" (“{one.reference}”)" if one.reference else ""
    return journal.Entry(
        action="shipment.recorded",
        message=f"Shipment {key}{called} was recorded with {lines}.",
        actor=actor,
        opportunity_id=one.owner.opportunity_id,
        order_key=one.owner.key,
        sf_id=one.owner.sf_id,
    )
