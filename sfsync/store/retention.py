"""Events that everybody has heard of long ago are removed; that there were such is remembered for the ids of others."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, exists, func, select

from sfsync.domain.events import EventType
from sfsync.store.deliveries import DEAD, PENDING
from sfsync.store.event_tables import deliveries, event_counts, events
from sfsync.store.upserts import in_parts, upsert

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy import ColumnElement

    from sfsync.store.engine import Tx


@dataclass(frozen=True, slots=True)
class Kept:
    """How many events are older and stay all the same: somebody has not heard of them, or was given up."""

    pending: int
    given_up: int


def prune(tx: Tx, org: str, before: datetime, *, limit: int = 500, given_up: bool = False) -> int:
    """Remove the oldest events from `before` then and their deliveries, in the caller's transaction; return how many.

    Events that a sink has still to hear of stay, and so do those that a sink was given up on, unless `given_up`.
    """
    query = (
        select(events.c.id, events.c.record, events.c.type)
        .where(events.c.org == org, events.c.at < before, ~_open(PENDING), *(() if given_up else (~_open(DEAD),)))
        .order_by(events.c.at)
        .limit(limit)
    )
    rows = tx.execute(query).all()
    # The id of a creation says what was created, not how often.
    gone = Counter((row.record, row.type) for row in rows if row.type != EventType.ORDER_CREATED)
    known = pruned_before(tx, org, {record for record, _ in gone})
    counts = [
        {"org": org, "record": record, "type": kind, "pruned": many + known[record, kind]}
        for (record, kind), many in gone.items()
    ]
    upsert(tx, event_counts, counts, ["org", "record", "type"])
    for part in in_parts([row.id for row in rows]):
        tx.execute(delete(deliveries).where(deliveries.c.event.in_(part)))
        tx.execute(delete(events).where(events.c.id.in_(part)))
    return len(rows)


def pruned_before(tx: Tx, org: str, records: Iterable[str]) -> Counter[tuple[str, str]]:
    """Return how many events of these records were removed, by (record, type)."""
    found: Counter[tuple[str, str]] = Counter()
    c = event_counts.c
    for part in in_parts(sorted(records)):
        query = select(c.record, c.type, c.pruned).where(c.org == org, c.record.in_(part))
        found.update({(row.record, row.type): row.pruned for row in tx.execute(query)})
    return found


def kept(tx: Tx, org: str, before: datetime) -> Kept:
    """Count the events that are older than `before` and have not reached everybody."""
    old: tuple[Any, ...] = (events.c.org == org, events.c.at < before)
    pending = tx.scalar(select(func.count()).select_from(events).where(*old, _open(PENDING))) or 0
    dead = tx.scalar(select(func.count()).select_from(events).where(*old, ~_open(PENDING), _open(DEAD))) or 0
    return Kept(pending, dead)


def _open(state: str) -> ColumnElement[bool]:
    return exists().where(deliveries.c.event == events.c.id, deliveries.c.state == state)
