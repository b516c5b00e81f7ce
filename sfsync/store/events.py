"""Writing events down, in the transaction of the change that they tell of."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select, text

from sfsync.domain.events import ENTERED, ONCE, Event, EventType, Sink
from sfsync.domain.statuses import Status
from sfsync.store import reduction_events
from sfsync.store.event_documents import lines_of, order_document
from sfsync.store.event_tables import deliveries, events
from sfsync.store.retention import pruned_before
from sfsync.store.tables import UNANNOUNCED, orders
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
    created first. What a first pull brings has been marked as told: it is history. A reduction is told of its original.
    """
    query = (
        select(orders)
        .where(orders.c.org == org, text(UNANNOUNCED), orders.c.org_status.is_not(None), ~orders.c.is_deleted)
        .order_by(orders.c.id)
    )
    rows = tx.execute(query).all()
    if not rows:
        return 0
    lines = lines_of(tx, [row.id for row in rows])
    entered = _last_entered(tx, org, [row.sf_id for row in rows if row.announced_status is None])
    reductions = reduction_events.of(tx, org, [row for row in rows if row.is_reduction], lines)
    told = [
        event
        for row in rows
        for event in reductions.get(row.id, ()) or _events_of(row, lines[row.id], entered.get(row.sf_id))
    ]
    write(tx, org, told, sinks, now)
    update_by_id(tx, orders, [{"id": row.id, "announced_status": row.org_status} for row in rows])
    return len(told)


def write(tx: Tx, org: str, told: Sequence[Event], sinks: Iterable[Sink], now: datetime) -> None:
    """Write events down, and a delivery of each for every sink that wants it.

    An event's id follows from the org, the record, the type and how many such there were before (of a creation:
    what was created; of a reduction: which, and the how many-eth time): the same story told again from the beginning
    has the same ids.
    """
    if not told:
        return
    before = _counts(tx, org, told)
    rows: list[dict[str, Any]] = []
    for event in told:
        before[event.record, event.type] += 1
        digest = blake2b(digest_size=8)
        created = event.sf_id if event.type in ONCE else None
        occurrence = event.occasion or created or before[event.record, event.type]
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
    if row.is_reduction:
        return []  # what a reduction means is told of its original; itself it would pass for a sale
    kinds: list[tuple[EventType, str | None]] = []
    if row.announced_status is None:
        kinds.append((EventType.ORDER_CREATED, None))
    now = ENTERED[Status(row.org_status)]
    # An order that becomes ours may have been told of before it was: what it entered then is not told again.
    if row.announced_status is not None or (row.org_status != Status.DRAFT and entered != now):
        kinds.append((now, row.announced_status or Status.DRAFT.value))
    record = row.key or row.sf_id
    return [
        Event(kind, record, {"order": order_document(row, lines, before)}, row.opportunity_id, row.key, row.sf_id)
        for kind, before in kinds
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


def _counts(tx: Tx, org: str, told: Sequence[Event]) -> defaultdict[tuple[str, str], int]:
    counts: defaultdict[tuple[str, str], int] = defaultdict(int)
    records = sorted({event.record for event in told if event.type not in ONCE})
    counts.update(pruned_before(tx, org, records))
    for part in in_parts(records):
        query = (
            select(events.c.record, events.c.type, func.count())
            .where(events.c.org == org, events.c.record.in_(part))
            .group_by(events.c.record, events.c.type)
        )
        for record, kind, many in tx.execute(query):
            counts[record, kind] += many
    return counts


def _numbers(tx: Tx, ids: Sequence[str]) -> dict[str, int]:
    numbers: dict[str, int] = {}
    for part in in_parts(ids):
        query = select(events.c.event_id, events.c.id).where(events.c.event_id.in_(part))
        numbers.update((row.event_id, row.id) for row in tx.execute(query))
    return numbers
