"""Old events go when everybody has heard of them, and the ids of later ones are still new."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sfsync.domain.events import Event, EventType, Sink
from sfsync.store import deliveries, events
from sfsync.store.retention import Kept, kept, prune
from tests.builders import NOW
from tests.mirror import mirrored

if TYPE_CHECKING:
    from sfsync.store.engine import Database

BILLING = Sink("billing")
LATER = NOW + timedelta(days=90)


def tell(db: Database, *records: str, kind: EventType = EventType.ORDER_ACTIVATED, days: int = 0) -> None:
    with db.begin() as tx:
        told = [Event(kind, record, {}, sf_id=record) for record in records]
        events.write(tx, "default", told, [BILLING], NOW + timedelta(days=days))


def settle(db: Database, record: str, state: str) -> None:
    with db.begin() as tx:
        tx.exec_driver_sql(f"UPDATE deliveries SET state = '{state}' WHERE record = '{record}'")


def removed(db: Database, *, limit: int = 500, given_up: bool = False) -> int:
    with db.begin() as tx:
        return prune(tx, "default", LATER, limit=limit, given_up=given_up)


def records(db: Database) -> list[str]:
    assert {row.event for row in mirrored(db, "deliveries")} <= {row.id for row in mirrored(db, "events")}
    return [row.record for row in mirrored(db, "events")]


def test_old_events_go_unless_somebody_has_still_to_hear_of_them_or_was_given_up(db: Database) -> None:
    tell(db, "heard", "waits", "dead")
    tell(db, "new", days=90)
    for record, state in {"heard": deliveries.DELIVERED, "dead": deliveries.DEAD, "new": deliveries.DELIVERED}.items():
        settle(db, record, state)
    with db.begin() as tx:
        events.write(tx, "other", [Event(EventType.ORDER_ACTIVATED, "elsewhere", {})], [], NOW)
        events.write(tx, "default", [Event(EventType.ORDER_ACTIVATED, "to nobody", {})], [], NOW)

    assert removed(db) == 2
    assert records(db) == ["waits", "dead", "new", "elsewhere"]
    with db.read() as tx:
        assert kept(tx, "default", LATER) == Kept(pending=1, given_up=1)
    assert (removed(db, given_up=True), records(db)) == (1, ["waits", "new", "elsewhere"])


def test_the_oldest_go_first_so_many_at_a_time(db: Database) -> None:
    tell(db, "b", days=1)
    tell(db, "a", "c")
    for record in "abc":
        settle(db, record, deliveries.DELIVERED)

    assert (removed(db, limit=2), records(db)) == (2, ["b"])
    assert (removed(db, limit=2), removed(db, limit=2)) == (1, 0)


def test_an_event_after_those_that_were_removed_has_an_id_that_nobody_has_seen(db: Database) -> None:
    seen: list[str] = []
    for _ in range(3):
        tell(db, "order", "order")
        tell(db, "order", kind=EventType.ORDER_CREATED)
        seen += [row.event_id for row in mirrored(db, "events")]
        settle(db, "order", deliveries.DELIVERED)
        assert removed(db) == 3

    activations = [event_id for event_id in seen if seen.count(event_id) == 1]
    assert len(activations) == 6
    # A creation is the same one however often it is told.
    assert len(set(seen)) == 7
    assert [(row.record, row.type, row.pruned) for row in mirrored(db, "event_counts")] == [
        ("order", "order.activated", 6)
    ]
