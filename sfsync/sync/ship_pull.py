"""Shipments as the org shows them go into the mirror, and whatever changes what is due or shipped is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfsync.domain.position import Position
from sfsync.salesforce import feeds
from sfsync.store import cursors, shipments, shipping
from sfsync.store.journal import Entry
from sfsync.store.shipment_links import order_names
from sfsync.sync.shipping import review

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sfsync.salesforce.feeds import Feed
    from sfsync.store.engine import Tx
    from sfsync.store.shipments import Saved
    from sfsync.sync.work import Work

HISTORY = "shipments.history"
"""The cursor that keeps when sfsync first looked at shipments: what is older is told to nobody."""
FEEDS = frozenset(("shipments", "shipment_lines"))
ACTIONS = {
    "appeared": "shipment.appeared",
    "confirmed": "shipment.settled",
    "changed": "shipment.changed_in_org",
    "clash": "shipment.conflict",
    "deleted": "shipment.deleted_in_org",
}


def ship_feeds(work: Work) -> list[Feed]:
    """Return what is read of shipments; nothing where they are not enabled."""
    names = work.schema.names.shipments
    if names is None:
        return []
    with work.db.begin() as tx:
        if cursors.get(tx, work.org, HISTORY) is None:
            cursors.put(tx, work.org, HISTORY, Position(work.client.now(), None))
    return [feeds.shipments(names), feeds.shipment_lines(names)]


def apply_rows(work: Work, tx: Tx, feed: Feed, rows: Sequence[Any]) -> None:
    """Write shipments or their lines, history first."""
    since = history(work, tx)
    for told in (False, True):
        of_time = [row for row in rows if is_news(row.system_modstamp, since) is told]
        if of_time:
            saved = _save(work, tx, feed, of_time, since)
            work.write(tx, *entries_of(tx, saved))
            review(work, tx, saved.orders, told=told, whole=feed.name == "shipment_lines")


def apply_deletes(work: Work, tx: Tx, feed: Feed, ids: Iterable[str]) -> None:
    """Mark shipments or lines as deleted that the org's delete log names."""
    mark = shipments.mark_deleted if feed.name == "shipments" else shipments.mark_lines_deleted
    saved = mark(tx, work.org, ids)
    work.write(tx, *entries_of(tx, saved))
    review(work, tx, saved.orders)


def review_orders(work: Work, tx: Tx, rows: Sequence[Any], name: str = "sf_id") -> None:
    """Look at the shipping of orders that were read, or whose items were (`name` is `order_id` then)."""
    if work.schema.names.shipments is None or not rows:
        return
    since = history(work, tx)
    # News first: an old order that was merely read again must not keep to itself what its new reduction changes.
    for told in (True, False):
        ids = {getattr(row, name) for row in rows if is_news(row.system_modstamp, since) is told}
        review(work, tx, shipping.concerned_by(tx, work.org, ids), told=told)


def review_deleted(work: Work, tx: Tx, feed: Feed, ids: Iterable[str]) -> None:
    """Look at the shipping of orders that lost items, or that deleted orders reduced."""
    if work.schema.names.shipments is not None:
        gone = set(ids)
        orders = shipping.orders_with_items(tx, work.org, gone) if feed.name == "order_items" else gone
        review(work, tx, shipping.concerned_by(tx, work.org, orders))


def history(work: Work, tx: Tx) -> datetime | None:
    """Return when sfsync first looked at shipments; None if it has not."""
    position = cursors.get(tx, work.org, HISTORY)
    return position.stamp if position else None


def is_news(stamp: datetime | None, since: datetime | None) -> bool:
    """Whether a change of this time is told to others."""
    return stamp is None or since is None or stamp >= since


def _save(work: Work, tx: Tx, feed: Feed, rows: Sequence[Any], since: datetime | None) -> Saved:
    if feed.name == "shipment_lines":
        return shipments.save_lines(tx, work.org, rows)
    local_wins = work.app.settings.shipments.conflict == "local_wins"
    return shipments.save_shipments(tx, work.org, rows, work.app.ship_labels, local_wins=local_wins, history=since)


def entries_of(tx: Tx, saved: Saved) -> list[Entry]:
    """Say for the journal what reading shipments told."""
    names = order_names(tx, [told.order_id for told in saved.told])
    entries = []
    for told in saved.told:
        order_key, deal = names.get(told.order_id or 0, (None, None))
        entries.append(
            Entry(
                action=ACTIONS[told.kind],
                message=f"Shipment {told.key or told.sf_id}: {told.message}",
                level="warning" if told.kind in ("clash", "deleted") else "info",
                opportunity_id=deal,
                order_key=order_key,
                sf_id=told.sf_id,
            )
        )
    return entries
