"""What has still to be delivered to which sink, and what became of each try."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Integer, and_, bindparam, exists, func, select, update

from sfsync.errors import RecordNotFound, UsageError
from sfsync.store.event_tables import deliveries, events, sinks
from sfsync.store.upserts import upsert

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sfsync.domain.events import Sink
    from sfsync.store.engine import Tx

PENDING, DELIVERED, DEAD = "pending", "delivered", "dead"
_earlier = deliveries.alias("earlier")
_WAITS_FOR_ANOTHER = exists().where(
    _earlier.c.org == deliveries.c.org,
    _earlier.c.sink == deliveries.c.sink,
    _earlier.c.record == deliveries.c.record,
    _earlier.c.state == PENDING,
    _earlier.c.event < deliveries.c.event,
)
_DUE = (
    select(events.c.id, events.c.event_id, events.c.type, events.c.at, events.c.data, deliveries.c.attempts)
    .join_from(deliveries, events, events.c.id == deliveries.c.event)
    .where(
        deliveries.c.org == bindparam("org_"),
        deliveries.c.sink == bindparam("sink_"),
        deliveries.c.state == PENDING,
        deliveries.c.next_at <= bindparam("now"),
        ~_WAITS_FOR_ANOTHER,
    )
    .order_by(deliveries.c.event)
    .limit(bindparam("most", type_=Integer))
)


@dataclass(frozen=True, slots=True)
class Due:
    """One delivery whose turn it is."""

    event: int
    event_id: str
    type: str
    at: datetime
    data: dict[str, Any]
    attempts: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How a sink is doing."""

    sink: str
    pending: int
    dead: int
    oldest_pending: datetime | None
    paused_at: datetime | None
    paused_by: str | None
    reason: str | None
    failures: int
    resume_at: datetime | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one event at one sink."""

    sink: str
    state: str
    attempts: int
    next_at: datetime
    last_status: int | None
    last_error: str | None
    delivered_at: datetime | None


def due(tx: Tx, org: str, sink: str, now: datetime, *, limit: int = 100) -> list[Due]:
    """Return deliveries whose turn it is, oldest event first: at most one per record, the first that is not done.

    A sink that is paused, or left alone for a while, has none.
    """
    standing = tx.execute(
        select(sinks.c.paused_at, sinks.c.resume_at).where(sinks.c.org == org, sinks.c.sink == sink)
    ).one_or_none()
    if standing is not None and (standing.paused_at or (standing.resume_at and standing.resume_at > now)):
        return []
    wanted = {"org_": org, "sink_": sink, "now": now, "most": limit}
    return [Due(row.id, row.event_id, row.type, row.at, row.data, row.attempts) for row in tx.execute(_DUE, wanted)]


def delivered(tx: Tx, org: str, sink: str, event: int, status: int, now: datetime) -> None:
    """Note that the receiver has taken an event, and that the sink answers."""
    values = {"state": DELIVERED, "delivered_at": now, "last_status": status, "last_error": None}
    tx.execute(_one(event, sink).values(attempts=deliveries.c.attempts + 1, **values))
    tx.execute(
        update(sinks)
        .where(sinks.c.org == org, sinks.c.sink == sink, sinks.c.failures > 0)
        .values(failures=0, resume_at=None)
    )


def failed(tx: Tx, event: int, sink: str, *, status: int | None, error: str, next_at: datetime | None) -> None:
    """Note that a try failed; without a next one the delivery is dead, and the record's later events go on."""
    values: dict[str, Any] = {"last_status": status, "last_error": error}
    values |= {"state": DEAD} if next_at is None else {"next_at": next_at}
    tx.execute(_one(event, sink).values(attempts=deliveries.c.attempts + 1, **values))


def leave_alone(tx: Tx, org: str, sink: str, until: datetime, *, failures: int) -> None:
    """Send nothing to a sink that does not answer before `until`; its deliveries keep their counts."""
    upsert(tx, sinks, [{"org": org, "sink": sink, "failures": failures, "resume_at": until}], ["org", "sink"])


def failures_in_a_row(tx: Tx, org: str, sink: str) -> int:
    """How often in a row the sink did not answer."""
    found = tx.execute(select(sinks.c.failures).where(sinks.c.org == org, sinks.c.sink == sink)).scalar()
    return found or 0


def pause(tx: Tx, org: str, sink: str, *, actor: str, reason: str | None, now: datetime) -> bool:
    """Stop serving a sink; events go on being kept for it. False if it is paused already."""
    paused = select(sinks.c.paused_at).where(sinks.c.org == org, sinks.c.sink == sink)
    if tx.execute(paused).scalar() is not None:
        return False
    row = {"org": org, "sink": sink, "paused_at": now, "paused_by": actor, "reason": reason}
    upsert(tx, sinks, [row], ["org", "sink"])
    return True


def resume(tx: Tx, org: str, sink: str) -> bool:
    """Serve a sink again, at once. False if it was neither paused nor left alone."""
    cleared = {"paused_at": None, "paused_by": None, "reason": None, "failures": 0, "resume_at": None}
    mine = (sinks.c.org == org, sinks.c.sink == sink, (sinks.c.paused_at.is_not(None) | sinks.c.resume_at.is_not(None)))
    return tx.execute(update(sinks).where(*mine).values(**cleared)).rowcount > 0


def replay(
    tx: Tx,
    org: str,
    served: Sequence[Sink],
    now: datetime,
    *,
    event_id: str | None = None,
    since: datetime | None = None,
) -> int:
    """Have events delivered again, under their old ids, to the sinks that want them; returns how many deliveries.

    Raises:
        UsageError: if neither an event nor a time is named.
        RecordNotFound: if there is no event of that id.
    """
    if (event_id is None) == (since is None):
        raise UsageError("Name either an event or a time to replay from.", remedy="--id EVENT, or --since TIME.")
    query = select(events.c.id, events.c.type, events.c.record).where(events.c.org == org)
    query = query.where(events.c.event_id == event_id) if event_id else query.where(events.c.at >= since)
    found = tx.execute(query.order_by(events.c.id)).all()
    if event_id and not found:
        raise RecordNotFound(f"There is no event {event_id}.", remedy="`sfsync events list` shows them.")
    rows = [
        {"event": row.id, "sink": sink.name, "org": org, "record": row.record, "state": PENDING, "attempts": 0,
         "next_at": now, "last_status": None, "last_error": None, "delivered_at": None}
        for row in found for sink in served if sink.wants(row.type)
    ]  # fmt: skip
    upsert(tx, deliveries, rows, ["event", "sink"])
    return len(rows)


def standings(tx: Tx, org: str, names: Iterable[str]) -> list[Standing]:
    """How each of these sinks is doing, and every other one that has something pending or dead."""
    counts: dict[str, dict[str, Any]] = {}
    query = (
        select(deliveries.c.sink, deliveries.c.state, func.count().label("many"), func.min(events.c.at).label("oldest"))
        .join_from(deliveries, events, events.c.id == deliveries.c.event)
        .where(deliveries.c.org == org, deliveries.c.state.in_((PENDING, DEAD)))
        .group_by(deliveries.c.sink, deliveries.c.state)
    )
    for row in tx.execute(query):
        counts.setdefault(row.sink, {})[row.state] = row
    states = {row.sink: row for row in tx.execute(select(sinks).where(sinks.c.org == org))}
    found = []
    for name in dict.fromkeys([*names, *sorted(counts)]):
        state, many = states.get(name), counts.get(name, {})
        waiting, dead = many.get(PENDING), many.get(DEAD)
        found.append(
            Standing(
                sink=name,
                pending=waiting.many if waiting else 0,
                dead=dead.many if dead else 0,
                oldest_pending=waiting.oldest if waiting else None,
                paused_at=state.paused_at if state else None,
                paused_by=state.paused_by if state else None,
                reason=state.reason if state else None,
                failures=state.failures if state else 0,
                resume_at=state.resume_at if state else None,
            )
        )
    return found


def of_events(tx: Tx, numbers: Sequence[int]) -> dict[int, list[Delivery]]:
    """What became of these events at each sink."""
    found: defaultdict[int, list[Delivery]] = defaultdict(list)
    d = deliveries.c
    columns = (d.event, d.sink, d.state, d.attempts, d.next_at, d.last_status, d.last_error, d.delivered_at)
    for row in tx.execute(select(*columns).where(d.event.in_(numbers)).order_by(d.event, d.sink)):
        found[row.event].append(Delivery(*row[1:]))
    return found


def _one(event: int, sink: str) -> Any:
    return update(deliveries).where(and_(deliveries.c.event == event, deliveries.c.sink == sink))
