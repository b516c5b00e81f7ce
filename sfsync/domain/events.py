"""What other systems are told of: the kinds of event, who hears which, and when a delivery is tried again."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sfsync.domain.statuses import Status

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


class EventType(StrEnum):
    """What happened, in the past tense; the names are part of the public face."""

    ORDER_CREATED = "order.created"
    """The order of a won deal is in the org: made by sfsync, or by somebody else and adopted."""
    ORDER_ACTIVATED = "order.activated"
    """The org shows the order as Activated: provisioning may start."""
    ORDER_FULFILLED = "order.fulfilled"
    """The org shows the order as Fulfilled: billing may close it."""
    ORDER_CANCELLED = "order.cancelled"
    """The org shows the order as Cancelled: nothing more is to be delivered."""
    ORDER_DEACTIVATED = "order.deactivated"
    """The org shows as Draft an order that was none before: what was started waits."""
    ORDER_REDUCED = "order.reduced"
    """A reduction order was activated: told of the order that it reduces, with what that order comes to by now."""
    SHIPMENT_CREATED = "shipment.created"
    """A shipment of the order is in the org: recorded here and pushed, or made there by somebody else."""
    ORDER_PARTIALLY_SHIPPED = "order.partially_shipped"
    """The org has confirmed that some of the order was shipped, and not all of it."""
    ORDER_SHIPPED = "order.shipped"
    """The org has confirmed that all of the order was shipped: what was ordered, less active reductions."""
    OPPORTUNITY_REJECTED = "opportunity.rejected"
    """A won deal gets no order until somebody mends it; the problems are in words a sales rep can act on."""
    SYNC_FAILING = "sync.failing"
    """A run failed, after one that did not: nothing moves between the org and the mirror."""
    SYNC_RECOVERED = "sync.recovered"
    """A run went through, after one that failed."""


RUNNING = frozenset((Status.ACTIVATED, Status.FULFILLED))
"""The statuses in which an order counts: what it orders is owed, what it reduces is taken back."""


def of_reduction(before: str | None, after: str) -> EventType | None:
    """Return what the original of a reduction is told of, when the reduction goes from one status to another.

    Once it counts, that it does; when it counts no longer, that it was deactivated or cancelled. None: nothing of
    what the original comes to has changed.
    """
    counted, counts = before in RUNNING, after in RUNNING
    if counted == counts:
        return None
    return EventType.ORDER_REDUCED if counts else ENTERED[Status(after)]


ENTERED: dict[Status, EventType] = {
    Status.DRAFT: EventType.ORDER_DEACTIVATED,
    Status.ACTIVATED: EventType.ORDER_ACTIVATED,
    Status.FULFILLED: EventType.ORDER_FULFILLED,
    Status.CANCELLED: EventType.ORDER_CANCELLED,
}
"""The event that tells of an order's entering a status."""


ONCE = frozenset((EventType.ORDER_CREATED, EventType.SHIPMENT_CREATED))
"""Events that a record in the org, by its Salesforce Id, has only one of."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to one record; events of one `record` reach every sink in their order."""

    type: EventType
    record: str
    data: Mapping[str, Any]
    opportunity_id: str | None = None
    order_key: str | None = None
    sf_id: str | None = None
    occasion: str | None = None
    """What makes it another event than others of its type and record; None: how many there were before."""


@dataclass(frozen=True, slots=True)
class Sink:
    """Somebody who is told of events: a name, and the types it wants (none named: all)."""

    name: str
    types: frozenset[EventType] = field(default_factory=frozenset)

    def wants(self, kind: EventType) -> bool:
        """Whether the sink is told of events of this type."""
        return not self.types or kind in self.types


TRIES: tuple[timedelta, ...] = (
    timedelta(seconds=5),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    *(timedelta(hours=hours) for hours in (2, 5, 10, 14, 20, 24)),
)
"""The waits between one try and the next; after more than three days a delivery is given up (a dead letter)."""
_SPREAD = 0.2
LONGEST_ASKED = timedelta(days=1)
"""The longest wait that a receiver can ask for with Retry-After."""


def next_try(attempts: int, now: datetime, *, jitter: float, asked: timedelta | None = None) -> datetime | None:
    """Return when a delivery is tried again after `attempts` failed tries; None when it is given up.

    Args:
        attempts: How many tries have failed, the last one included.
        now: The time of the failure.
        jitter: A random number from 0 to 1; spreads the tries, never makes them earlier.
        asked: How long the receiver asked to be left alone; counts when it is longer than our own wait.

    Raises:
        ValueError: if nothing has failed yet.
    """
    if attempts < 1:
        raise ValueError("a retry follows at least one failed try")
    if attempts > len(TRIES):
        return None
    wait = TRIES[attempts - 1] * (1 + _SPREAD * jitter)
    return now + max(wait, min(asked or timedelta(0), LONGEST_ASKED))
