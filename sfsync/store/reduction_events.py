"""What other systems are told when a reduction counts, or counts no longer: of the order that is reduced."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, update

from sfsync.domain.events import RUNNING, Event, of_reduction
from sfsync.domain.statuses import ACTIVATED_CODE, Status
from sfsync.store.event_documents import amount, lines_of, order_document
from sfsync.store.event_tables import events
from sfsync.store.tables import order_items, orders
from sfsync.store.upserts import in_parts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Row

    from sfsync.domain.events import EventType
    from sfsync.store.engine import Tx

    AnyRow = Row[*tuple[Any, ...]]
    Lines = Mapping[int, list[dict[str, Any]]]

ZERO = Decimal(0)


def mark_new(tx: Tx, org: str, ids: Sequence[str]) -> None:
    """Have reductions told that somebody made and activated in Salesforce between two looks of ours."""
    for part in in_parts(ids):
        new = (orders.c.org == org, orders.c.sf_id.in_(part), orders.c.is_reduction)
        tx.execute(update(orders).where(*new).values(announced_status=Status.DRAFT.value))


def of(tx: Tx, org: str, rows: Sequence[AnyRow], lines: Lines) -> dict[int, list[Event]]:
    """Return the events of reduction orders whose status in the org no event has told of yet, by their row ids.

    An event is about the original (its record): the original as it stands, never changed by a reduction; the
    reduction with its lines; and the net of each line of the original, over all activated reductions.
    """
    told = {row.id: kind for row in rows if (kind := of_reduction(row.announced_status, row.org_status))}
    if not told:
        return {}
    reduced = _originals(tx, org, [row for row in rows if row.id in told])
    originals = {one.id: one for found in reduced.values() for one in found}
    own_lines, taken = lines_of(tx, list(originals)), _taken(tx, org, list(originals))
    found: dict[int, list[Event]] = {}
    for row in rows:
        if row.id in told:
            reduction = order_document(row, list(lines.get(row.id, ())), row.announced_status)
            plain = [
                _event(told[row.id], original, reduction, own_lines[original.id], taken) for original in reduced[row.id]
            ] or [_orphan(told[row.id], row, reduction)]
            found[row.id] = [replace(event, occasion=_occasion(tx, org, event, row.sf_id)) for event in plain]
    return found


def _event(
    kind: EventType,
    original: AnyRow,
    reduction: dict[str, Any],
    lines: list[dict[str, Any]],
    taken: Mapping[str, tuple[Decimal, Decimal]],
) -> Event:
    data: dict[str, Any] = {
        "order": order_document(original, lines, original.org_status),
        "reduction": reduction,
        "net": [_net(line, *taken.get(line["sf_id"], (ZERO, ZERO))) for line in lines],
    }
    record = original.key or original.sf_id
    return Event(kind, record, data, original.opportunity_id, original.key, original.sf_id)


def _orphan(kind: EventType, row: AnyRow, reduction: dict[str, Any]) -> Event:
    """The original is not mirrored: it is told by its Id alone."""
    data: dict[str, Any] = {"order": None, "reduction": reduction, "net": []}
    return Event(kind, row.original_order_id or row.sf_id, data, sf_id=row.original_order_id)


def _net(line: dict[str, Any], quantity: Decimal, money: Decimal) -> dict[str, Any]:
    ordered, total = Decimal(line["quantity"]), Decimal(line["total_price"] or 0)
    return {
        "key": line["key"],
        "sf_id": line["sf_id"],
        "product_id": line["product_id"],
        "ordered": amount(ordered),
        "reduced": amount(quantity),
        "net_quantity": amount(ordered - quantity),
        "net_amount": amount(total - money),
    }


def _originals(tx: Tx, org: str, rows: Sequence[AnyRow]) -> dict[int, list[AnyRow]]:
    """Return the orders that reductions name: in their header, or in their lines."""
    i, of_line = order_items.c, order_items.alias("of_line")
    pairs: set[tuple[int, int]] = set()
    for part in in_parts([row.id for row in rows]):
        by_line = (
            select(i.order_id, of_line.c.order_id)
            .join_from(order_items, of_line, (of_line.c.org == i.org) & (of_line.c.sf_id == i.original_item_id))
            .where(i.order_id.in_(part))
        )
        named = orders.alias("named")
        by_header = select(orders.c.id, named.c.id).join_from(
            orders, named, (named.c.org == orders.c.org) & (named.c.sf_id == orders.c.original_order_id)
        )
        for query in (by_line, by_header.where(orders.c.org == org, orders.c.id.in_(part))):
            pairs |= {(reduction, original) for reduction, original in tx.execute(query)}
    known: dict[int, AnyRow] = {}
    for part in in_parts([original for _, original in pairs]):
        known |= {row.id: row for row in tx.execute(select(orders).where(orders.c.id.in_(part)))}
    found: dict[int, list[AnyRow]] = defaultdict(list)
    for reduction, original in sorted(pairs):
        found[reduction].append(known[original])
    return found


def _taken(tx: Tx, org: str, order_ids: Sequence[int]) -> dict[str, tuple[Decimal, Decimal]]:
    """Return what activated reductions take of the lines of these orders: quantity and money, both positive."""
    i, o, line = order_items.c, orders.c, order_items.alias("line")
    found: dict[str, tuple[Decimal, Decimal]] = {}
    for part in in_parts(order_ids):
        query = (
            select(line.c.sf_id, i.quantity, func.coalesce(i.total_price, i.quantity * i.unit_price))
            .join_from(order_items, orders, o.id == i.order_id)
            .join(line, (line.c.org == i.org) & (line.c.sf_id == i.original_item_id))
            .where(line.c.order_id.in_(part), o.org == org, ~o.is_deleted, ~i.is_deleted)
            .where(o.status_code == ACTIVATED_CODE, o.org_status.in_(sorted(RUNNING)))
        )
        for sf_id, quantity, money in tx.execute(query):
            so_far, so_much = found.get(sf_id, (ZERO, ZERO))
            found[sf_id] = so_far - quantity, so_much - (money or ZERO)
    return found


def _occasion(tx: Tx, org: str, event: Event, reduction: str) -> str:
    """Return which reduction it is, and the how many-eth time: it may be deactivated, and activated again."""
    of_it = events.c.data["reduction"]["sf_id"].as_string() == reduction
    query = select(func.count()).where(
        events.c.org == org, events.c.record == event.record, events.c.type == event.type, of_it
    )
    return f"{reduction}|{1 + (tx.scalar(query) or 0)}"
