"""Events and what became of each at every sink, as several commands show them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfsync.cli.render import table, when
from sfsync.store import deliveries, events

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from sfsync.store.deliveries import Delivery
    from sfsync.store.engine import Tx
    from sfsync.store.events import Written
    from sfsync.store.find import Found


@dataclass(frozen=True, slots=True)
class Told:
    """One event, and its deliveries."""

    event: Written
    deliveries: Sequence[Delivery]

    def document(self) -> dict[str, Any]:
        """All of it, as JSON shows it."""
        one = self.event
        return {
            "id": one.event_id,
            "type": one.type,
            "at": one.at,
            "record": one.record,
            "opportunity_id": one.opportunity_id,
            "order_key": one.order_key,
            "sf_id": one.sf_id,
            "data": one.data,
            "deliveries": list(self.deliveries),
        }


def with_deliveries(tx: Tx, found: Sequence[Written]) -> list[Told]:
    """Add to events what became of them."""
    became = deliveries.of_events(tx, [event.id for event in found])
    return [Told(event, became.get(event.id, [])) for event in found]


def told_of(tx: Tx, org: str, found: Found, *, limit: int, originals: Sequence[str] = ()) -> list[Told]:
    """The newest events of a deal and its orders, oldest first.

    Of its reductions the events tell under the orders that they reduce: `originals`, by key or Id.
    """
    own = events.read(tx, org, records=records_of(found), limit=limit)
    if originals:
        ids, known = {order.sf_id for order in found.orders}, {event.id for event in own}
        others = events.read(tx, org, records=originals, limit=limit)
        own += [it for it in others if (it.data.get("reduction") or {}).get("sf_id") in ids and it.id not in known]
        own = sorted(own, key=lambda event: event.id)[-limit:]
    return with_deliveries(tx, own)


def records_of(found: Found) -> list[str]:
    """The records whose events belong to a deal or order: the order under its key or Id, and the deal."""
    names = [found.opportunity_id, *(name for order in found.orders for name in (order.key, order.sf_id))]
    return [name for name in names if name]


def told_table(told: Sequence[Told]) -> Table:
    """Events as a table."""
    head = ("At (UTC)", "Event", "Record", "Id")
    rows = [(when(t.event.at), t.event.type, t.event.record, t.event.event_id, states(t.deliveries)) for t in told]
    return table(*head, "Delivered", rows=rows, whole=head)


def states(became: Sequence[Delivery]) -> str:
    """What became of an event, in a few words."""
    return ", ".join(f"{one.sink}: {one.state}" for one in became) or "to no sink"
