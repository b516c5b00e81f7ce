"""Shipments and the progress of orders, as people look at them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, and_, func, or_, select, text

from sfsync.domain.fields import same
from sfsync.domain.sfid import full_id
from sfsync.domain.shipments import FIELDS, ShipStatus
from sfsync.errors import RecordNotFound, UsageError
from sfsync.store.shipment_tables import (
    UNSENT,
    WANTING,
    item_progress,
    order_progress,
    shipment_lines,
    shipments,
    shipping_states,
)
from sfsync.store.tables import accounts, order_items, orders, products
from sfsync.store.upserts import in_parts

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime
    from decimal import Decimal

    from sqlalchemy import Select

    from sfsync.store.engine import Tx

_s, _l = shipments.c, shipment_lines.c
_HELD = or_(_s.problem_code.is_not(None), _s.in_doubt.is_not(None))


@dataclass(frozen=True, slots=True)
class ShipmentFacts:
    """A shipment: what is wanted of it, what the org last said, and what stands between the two."""

    id: int
    key: str | None
    sf_id: str | None
    reference: str | None
    number: str | None
    order_id: int | None
    order_key: str | None
    order_sf_id: str | None
    order_number: str | None
    account_name: str | None
    status: str
    org_status: str | None
    carrier: str | None
    org_carrier: str | None
    tracking_number: str | None
    org_tracking_number: str | None
    tracking_url: str | None
    org_tracking_url: str | None
    shipped_on: date | None
    org_shipped_on: date | None
    delivered_on: date | None
    org_delivered_on: date | None
    recorded_by: str | None
    is_deleted: bool
    in_doubt: str | None
    problem_code: str | None
    problem: str | None
    problem_at: datetime | None
    retry_at: datetime | None
    lines: int
    quantity: Decimal | None

    @property
    def handle(self) -> str:
        """What to call it on the command line."""
        return self.reference or self.key or self.number or self.sf_id or f"#{self.id}"

    @property
    def waiting(self) -> dict[str, tuple[Any, Any]]:
        """Fields of which another value is wanted than the org has: (wanted, in the org)."""
        both = {name: (getattr(self, name), getattr(self, f"org_{name}")) for name in FIELDS}
        return {name: pair for name, pair in both.items() if self.sf_id is not None and not same(*pair)}


@dataclass(frozen=True, slots=True)
class LineFacts:
    """One line of a shipment."""

    key: str | None
    sf_id: str | None
    order_item_key: str | None
    order_item_sf_id: str | None
    order_item_number: str | None
    product_name: str | None
    product_code: str | None
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Progress:
    """How much of an order was shipped: recorded here or in the org, and confirmed by the org."""

    order_id: int
    ordered: Decimal
    reduced: Decimal
    shipped: Decimal
    confirmed: Decimal
    percent: Decimal | None
    state: str


def find(tx: Tx, org: str, name: str) -> ShipmentFacts:
    """Find one shipment by its reference, key, number in the org, Salesforce Id, or # and its row.

    Raises:
        RecordNotFound: if there is none of that name.
        UsageError: if there are several.
    """
    text_ = name.strip()
    row = int(text_[1:]) if text_[:1] == "#" and text_[1:].isdecimal() else -1
    sf_id = full_id(text_) or text_
    fits = or_(_s.reference == text_, _s.key == text_, _s.number == text_, _s.sf_id == sf_id, _s.id == row)
    found = tx.execute(_query(org).where(fits)).all()
    if not found:
        raise RecordNotFound(
            f"The mirror of {org} holds no shipment “{text_}”.", remedy="`sfsync shipments list` shows them."
        )
    if len(found) > 1:
        keys = ", ".join(one.key or f"#{one.id}" for one in found)
        raise UsageError(f"{len(found)} shipments are called “{text_}”: {keys}.", remedy="Name one by its key.")
    return ShipmentFacts(**found[0]._mapping)  # noqa: SLF001 - its documented name


def list_shipments(
    tx: Tx,
    org: str,
    *,
    order: int | None = None,
    status: str | None = None,
    progress: str | None = None,
    held: bool = False,
    waiting: bool = False,
    limit: int = 50,
) -> tuple[list[ShipmentFacts], int]:
    """Return the newest shipments that fit, newest first, and how many fit in all.

    `progress`: only those of orders of this state (partial, over).
    """
    conditions: list[ColumnElement[bool]] = [_s.org == org, ~_s.is_deleted]
    if order is not None:
        conditions.append(_s.order_id == order)
    if status is not None:
        conditions.append(_s.status == status)
    if progress is not None:
        conditions.append(_s.order_id.in_(orders_in(org, progress)))
    if held:
        conditions.append(_HELD)
    if waiting:
        conditions.append(or_(*(_s.id.in_(some) for some in _to_send(org))))
    number = tx.scalar(select(func.count()).select_from(shipments).where(*conditions)) or 0
    rows = tx.execute(_query(org).where(*conditions).order_by(_s.id.desc()).limit(limit)).all()
    return [ShipmentFacts(**row._mapping) for row in rows], number  # noqa: SLF001 - its documented name


def waiting(tx: Tx, org: str) -> int:
    """Count the shipments that the next cycle sends: new ones with lines, and those of which something is wanted."""
    free = (_s.problem_code.is_(None), _s.in_doubt.is_(None))
    return len({number for some in _to_send(org) for number in tx.scalars(some.where(*free))})


def lines_of(tx: Tx, shipment: int) -> list[LineFacts]:
    """Return the lines of a shipment."""
    i, p = order_items.c, products.c
    query = (
        select(
            _l.key, _l.sf_id, i.key.label("order_item_key"),
            func.coalesce(i.sf_id, _l.order_item_sf_id).label("order_item_sf_id"),
            i.order_item_number, p.name.label("product_name"), p.product_code, _l.quantity,
        )
        .outerjoin_from(shipment_lines, order_items, i.id == _l.order_item_id)
        .outerjoin(products, and_(p.org == i.org, p.sf_id == i.product_id))
        .where(_l.shipment_id == shipment, ~_l.is_deleted)
        .order_by(_l.id)
    )  # fmt: skip
    return [LineFacts(**row._mapping) for row in tx.execute(query)]  # noqa: SLF001 - its documented name


def orders_in(org: str, state: str) -> Select[tuple[int]]:
    """Select the orders whose shipping is in this state; only those that have shipments are looked at."""
    begun = select(item.c.order_id).join(shipment_lines, _l.order_item_id == item.c.id).where(_l.org == org)
    view = order_progress.c
    return select(view.order_id).where(view.org == org, view.state == state, view.order_id.in_(begun))


item = order_items.alias("item")


def progress_of(tx: Tx, ids: Iterable[int]) -> dict[int, Progress]:
    """Return how much of these orders was shipped, by row; orders without goods are left out."""
    found: dict[int, Progress] = {}
    view = order_progress.c
    for part in in_parts(ids):
        columns = (view.order_id, view.ordered, view.reduced, view.shipped, view.confirmed, view.percent, view.state)
        for row in tx.execute(select(*columns).where(view.order_id.in_(part))):
            found[row.order_id] = Progress(**row._mapping)  # noqa: SLF001 - its documented name
    return found


def progress_by_line(tx: Tx, order: int) -> dict[str, Any]:
    """Return how much of each line of an order was shipped, by the line's key or Salesforce Id."""
    view = item_progress.c
    columns = (view.item_key, view.item_sf_id, view.ordered, view.reduced, view.shipped, view.percent, view.state)
    rows = tx.execute(select(*columns).where(view.order_id == order)).all()
    return {row.item_key or row.item_sf_id: row for row in rows}


def attention(tx: Tx, org: str, only: str | None) -> list[tuple[str, str, str | None, str, str, datetime | None, Any]]:
    """Return what a person has to look at: shipments with a problem or in doubt, and orders that are over-shipped.

    Each as (kind, record, name, code, message, since, tried again at).
    """
    o, state = orders.c, shipping_states.c
    held = (
        select(_s.id, _s.key, _s.reference, _s.problem_code, _s.problem, _s.problem_at, _s.retry_at, _s.sent_at,
               o.order_number)
        .outerjoin_from(shipments, orders, o.id == _s.order_id)
        .where(_s.org == org, ~_s.is_deleted, _HELD)
        .order_by(_s.id)
    )  # fmt: skip
    over = (
        select(func.coalesce(o.order_number, o.key, o.sf_id).label("handle"), o.name, state.over, state.over_since)
        .join_from(shipping_states, orders, o.id == state.order_id)
        .where(state.org == org, state.over.is_not(None), ~o.is_deleted)
        .order_by(o.id)
    )
    if only is not None:
        held, over = held.where(o.opportunity_id == only), over.where(o.opportunity_id == only)
    found: list[tuple[str, str, str | None, str, str, datetime | None, Any]] = []
    for row in tx.execute(held):
        name = row.reference or row.key or f"#{row.id}"
        of = f"of order {row.order_number}" if row.order_number else None
        said = row.problem or "A write was sent and its answer was lost; the next run settles it."
        since = row.problem_at or row.sent_at
        found.append(("shipment", name, of, row.problem_code or "in_doubt", said, since, row.retry_at))
    for alarm in tx.execute(over):
        said = f"More was shipped than is ordered and not reduced. {alarm.over}. Void what was recorded wrongly."
        found.append(("over", alarm.handle, alarm.name, "over_shipped", said, alarm.over_since, None))
    return found


def _to_send(org: str) -> tuple[Select[tuple[int]], Select[tuple[int]]]:
    """Select the shipments with lines that the org does not have, and those of which something is wanted."""
    unsent = select(_l.shipment_id).where(_l.org == org, text(UNSENT), ~_l.is_deleted)
    here = select(_s.id).where(_s.org == org, ~_s.is_deleted)
    return (
        here.where(_s.status != ShipStatus.VOIDED.value, _s.id.in_(unsent)),
        here.where(text(f"({WANTING})")),
    )


def _query(org: str) -> Select[*tuple[Any, ...]]:
    o, a = orders.c, accounts.c
    own = [_s[name] for name in ShipmentFacts.__dataclass_fields__ if name in _s and name != "order_sf_id"]
    counted = select(func.count()).where(_l.shipment_id == _s.id, ~_l.is_deleted).scalar_subquery()
    summed = select(func.sum(_l.quantity, type_=_l.quantity.type)).where(_l.shipment_id == _s.id, ~_l.is_deleted)
    return (
        select(
            *own, o.key.label("order_key"), func.coalesce(o.sf_id, _s.order_sf_id).label("order_sf_id"), o.order_number,
            a.name.label("account_name"), counted.label("lines"), summed.scalar_subquery().label("quantity"),
        )
        .outerjoin_from(shipments, orders, o.id == _s.order_id)
        .outerjoin(accounts, and_(a.org == o.org, a.sf_id == o.account_id))
        .where(_s.org == org)
    )  # fmt: skip
