"""The arrows of a cycle one by one, each with what it needs to leave the mirror whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.store import deals
from sfsync.sync.complete import complete
from sfsync.sync.generate import generate
from sfsync.sync.plan import plan
from sfsync.sync.pull import pull, pull_orders
from sfsync.sync.push import push
from sfsync.sync.settle import settle, settle_creations, settle_updates
from sfsync.sync.ship import ship
from sfsync.sync.ship_settle import settle_shipments

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sfsync.sync.work import Work


def only_generate(work: Work) -> None:
    """Plan the won deals that the mirror knows, and create their orders; deals are not read again."""
    settle_creations(work)
    with work.db.read() as tx:
        due = deals.due(tx, work.org, deals.DueFilter(only=work.only), limit=1)
    if due:
        # Somebody may have made the order of a deal since the last pull: it is adopted, not doubled.
        pull_orders(work)
    plan(work)
    generate(work)
    if work.counts["orders_created"]:
        pull_orders(work)
        complete(work)


def only_push(work: Work) -> None:
    """Send shipments and wanted values, and read back the orders that got some."""
    settle_updates(work)
    settle_shipments(work)
    ship(work)
    push(work)
    if work.counts["orders_pushed"]:
        pull_orders(work)


def only_settle(work: Work) -> None:
    """Find out what became of everything that is in doubt."""
    settle(work)
    settle_shipments(work)


ARROWS: Mapping[str, Callable[[Work], None]] = {
    "pull": pull,
    "generate": only_generate,
    "push": only_push,
    "settle": only_settle,
}
"""By the names of their commands."""
