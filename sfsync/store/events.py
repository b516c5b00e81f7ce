"""Writing events down, in the transaction of the change that they tell of."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select, text

from sfsync.domain.events import ENTERED, Event, EventType, Sink
from sfsync.domain.statuses import Status
from sfsync.store.event_tables import deliveries, events
from sfsync.store.tables import UNANNOUNCED, order_items, orders
from sfsync.store.upserts import in_parts
from sfsync.store.writing import update_by_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import Row

    from sfsync.store.engine import Tx


@dataclass(frozen=True, slots=True)
class Written:
    """An event as it was written down."""

    id: int
    event_id: str
    org: str
    type: str
    at: datetime
    record: str
    opportunity_id: str | None
    order_key: str | None
    sf_id: str | None
    data: dict[str, Any]


def announce(tx: Tx, org: str, sinks: Sequence[Sink], now: datetime) -> int:
    """Write the events of all orders whose status in the org no event has told of yet; returns how many.

    To be called in every transaction that changes `org_status` or makes an order ours: whatever differs is
    told, so a path that forgot to call it is made up for by the next one that does. An order of ours is told as
    created first. What a first pull brings has been marked as told: it is history.
    """
    query = (
        select(orders)
        .where(orders.c.org == org, text(UNANNOUNCED), orders.c.org_status.is_not(None), ~orders.c.is_deleted)
        .order_by(orders.c.id)
    )
    rows = tx.execute(query).all()
    if not rows:
        return 0
    lines = _lines(tx, [row.id for row in rows])
    entered = _last_entered(tx, org, [row.sf_id for row in rows if row.announced_status is None])
    told = [event for row in rows for event in _events_of(row, lines[row.id], entered.get(row.sf_id))]
    write(tx, org, told, sinks, now)
    update_by_id(tx, orders, [{"id": row.id, "announced_status": row.org_status} for row in rows])
    return len(told)


def write(tx: Tx, org: str, told: Sequence[Event], sinks: Iterable[Sink], now: datetime) -> None:
    """Write events down, and a delivery of each for every sink that wants it.

    An event's id follows from the org, the record, the type and how many such there were before (of a creation:
    what was created): the same story told again from the beginning has the same ids.
    """
    if not told:
        return
    before = _counts(tx, org, told)
    rows: list[dict[str, Any]] = []
    for event in told:
        before[event.record, event.type] += 1
        digest = blake2b(digest_size=8)
        occurrence = event.sf_id if event.type is EventType.ORDER_CREATED else before[event.record, event.type]
        digest.update(f"{org}|{event.record}|{event.type}|{occurrence}".encode())
        rows.append(
            {"event_id": f"evt_{digest.hexdigest()}", "org": org, "type": event.type.value, "at": now,
             "record": event.record, "opportunity_id": event.opportunity_id, "order_key": event.order_key,
             "sf_id": event.sf_id, "data": dict(event.data)}
        )  # fmt: skip
    tx.execute(insert(events), rows)
    wanted = {row["event_id"]: [sink.name for sink in sinks if sink.wants(EventType(row["type"]))] for row in rows}
    numbers = _numbers(tx, [event_id for event_id, names in wanted.items() if names])
    planned = [
        {"event": numbers[row["event_id"]], "sink": name, "org": org, "record": row["record"], "state": "pending",
         "next_at": now}
        for row in rows for name in wanted[row["event_id"]]
    ]  # fmt: skip
    if planned:
        tx.execute(insert(deliveries), planned)


def read(
    tx: Tx,
    org: str,
    *,
    event_id: str | None = None,
    kind: str | None = None,
    records: Sequence[str] | None = None,
    since: datetime | None = None,
    limit: int = 100,
) -> list[Written]:
    """Return the newest events that fit, oldest first."""
    query = select(events).where(events.c.org == org)
    if event_id is not None:
        query = query.where(events.c.event_id == event_id)
    if kind is not None:
        query = query.where(events.c.type == kind)
    if records is not None:
        query = query.where(events.c.record.in_(records))
    if since is not None:
        query = query.where(events.c.at >= since)
    found = tx.execute(query.order_by(events.c.id.desc()).limit(limit)).all()
    return [Written(**row._mapping) for row in found][::-1]  # noqa: SLF001 - its documented name


def _events_of(row: Row[*tuple[Any, ...]], lines: list[dict[str, Any]], entered: str | None) -> list[Event]:
    kinds: list[tuple[EventType, str | None]] = []
    if row.announced_status is None:
        kinds.append((EventType.ORDER_CREATED, None))
    now = ENTERED[Status(row.org_status)]
    # An order that becomes ours may have been told of before it was: what it entered then is not told again.
    if row.announced_status is not None or (row.org_status != Status.DRAFT and entered != now):
        kinds.append((now, row.announced_status or Status.DRAFT.value))
    record = row.key or row.sf_id
    return [
        Event(kind, record, _data(row, lines, before), row.opportunity_id, row.key, row.sf_id) for kind, before in kinds
    ]


def _last_entered(tx: Tx, org: str, ids: Sequence[str]) -> dict[str, str]:
    """Return the last status that each order (by Salesforce Id) was told to have entered, as the type of its event."""
    found: dict[str, str] = {}
    for part in in_parts(ids):
        query = (
            select(events.c.sf_id, events.c.type)
            .where(events.c.org == org, events.c.record.in_(part), events.c.type.in_(list(ENTERED.values())))
            .order_by(events.c.id)
        )
        found.update((sf_id, kind) for sf_id, kind in tx.execute(query))
    return found


def _data(row: Row[*tuple[Any, ...]], lines: list[dict[str, Any]], before: str | None) -> dict[str, Any]:
    """What a receiver hears of an order: amounts as text, so that no reader bends them."""
    return {
        "order": {
            "key": row.key,
            "sf_id": row.sf_id,
            "order_number": row.order_number,
            "opportunity_id": row.opportunity_id,
            "account_id": row.account_id,
            "contract_id": row.contract_id,
            "status": row.org_status,
            "previous_status": before,
            "is_reduction": row.is_reduction,
            "currency": row.currency,
            "total_amount": _amount(row.total_amount if row.total_amount is not None else row.planned_total),
            "effective_date": row.effective_date and row.effective_date.isoformat(),
            "end_date": row.org_end_date and row.org_end_date.isoformat(),
            "origin": row.origin,
            "lines": lines,
        }
    }


def _lines(tx: Tx, ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    i = order_items.c
    columns = (
        i.order_id,
        i.key,
        i.sf_id,
        i.product_id,
        i.quantity,
        i.unit_price,
        i.total_price,
        i.service_date,
        i.end_date,
    )
    for part in in_parts(ids):
        query = select(*columns).where(i.order_id.in_(part), ~i.is_deleted).order_by(i.order_id, i.id)
        for row in tx.execute(query):
            found[row.order_id].append(
                {
                    "key": row.key,
                    "sf_id": row.sf_id,
                    "product_id": row.product_id,
                    "quantity": _amount(row.quantity),
                    "unit_price": _amount(row.unit_price),
                    "total_price": _amount(row.total_price),
                    "service_date": row.service_date and row.service_date.isoformat(),
                    "end_date": row.end_date and row.end_date.isoformat(),
                }
            )
    return found


def _amount(value: Any) -> str | None:
    return None if value is None else format(value, "f")


def _counts(tx: Tx, org: str, told: Sequence[Event]) -> defaultdict[tuple[str, str], int]:
    counts: defaultdict[tuple[str, str], int] = defaultdict(int)
    for part in in_parts(sorted({event.record for event in told if event.type is not EventType.ORDER_CREATED})):
        query = (
            select(events.c.record, events.c.type, func.count())
            .where(events.c.org == org, events.c.record.in_(part))
            .group_by(events.c.record, events.c.type)
        )
        counts.update({(record, kind): many for record, kind, many in tx.execute(query)})
    return counts


def _numbers(tx: Tx, ids: Sequence[str]) -> dict[str, int]:
    numbers: dict[str, int] = {}
    for part in in_parts(ids):
        query = select(events.c.event_id, events.c.id).where(events.c.event_id.in_(part))
        numbers.update((row.event_id, row.id) for row in tx.execute(query))
    return numbers
