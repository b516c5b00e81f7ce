"""What was read goes into the mirror: one place that knows which feed fills which table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfsync.domain.keys import deal_of, reduction_number
from sfsync.salesforce.changes import ids_of
from sfsync.store import (
    changed,
    conflicts,
    mirrored,
    opportunities,
    order_items,
    orders,
    reduction_events,
    references,
)
from sfsync.store.journal import Entry
from sfsync.store.upserts import mark_deleted
from sfsync.sync import ship_pull
from sfsync.sync.news import DELETED, entries_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sfsync.salesforce.feeds import Feed
    from sfsync.store.engine import Tx
    from sfsync.sync.work import Work


def apply_rows(work: Work, tx: Tx, feed: Feed, rows: Sequence[Any], *, history: bool = False) -> None:
    """Write rows of a feed into its table. What is equal already is not written, and `history` not told to anybody."""
    if not rows:
        return
    match feed.name:
        case "deals":
            work.counts["deals_changed"] += opportunities.save_deals(tx, work.org, rows)
        case "reopened_deals":
            work.counts["deals_changed"] += opportunities.save_headers(tx, work.org, rows)
        case "deal_lines":
            lines = [(found.deal_id, found.line) for found in rows if not found.is_deleted]
            work.counts["deals_changed"] += opportunities.save_lines(tx, work.org, lines)
            apply_deletes(work, tx, feed, [found.line.sf_id for found in rows if found.is_deleted])
        case "orders":
            to_local, policies = work.app.status_map.to_local, work.app.policies
            changed.flag_orders(tx, work.org, rows)
            news = orders.save_orders(tx, work.org, rows, to_local, work.now(), policies)
            work.write(tx, *entries_of(news))
            if news:
                new = {one.sf_id for one in news if one.kind == "appeared"}
                # A deal's own reduction that we know nothing of: it was carried out late, or our database is a new one.
                own = [it for it in rows if it.sf_id in new and it.is_reduction and reduction_number(it.key) is None]
                changed.flag(tx, work.org, sorted({deal_of(it.key) or "" for it in own}))
                # Another order may stand for what one of the recycle bin did.
                back = [it for it in news if it.kind == "restored" and reduction_number(it.key) is None]
                changed.compare_anew(tx, work.org, {deal_of(it.key) or "" for it in back})
                if not history:
                    reduction_events.mark_new(tx, work.org, [one.sf_id for one in news if one.kind == "appeared"])
                work.announce(tx)
                work.write(tx, *conflicts.tidy(tx, work.org, work.now()))
            work.counts["orders_changed"] += len(news)
            ship_pull.review_orders(work, tx, rows)
        case "order_items":
            changed.flag_items(tx, work.org, {item.sf_id: item for item in rows})
            order_items.save_single_items(tx, work.org, rows)
            ship_pull.review_orders(work, tx, rows, "order_id")
        case "shipments" | "shipment_lines":
            ship_pull.apply_rows(work, tx, feed, rows)
        case kind:
            _PUT[kind](tx, work.org, rows)


def apply_deletes(work: Work, tx: Tx, feed: Feed, ids: Iterable[str]) -> None:
    """Mark rows as deleted that the org's delete log names."""
    ids = mirrored.living(tx, work.org, feed.name, ids)  # the log tells the same again for an hour
    if feed.name in _FLAG:
        _FLAG[feed.name](tx, work.org, ids)
    if feed.name in ship_pull.FEEDS:
        ship_pull.apply_deletes(work, tx, feed, ids)
    elif feed.name == "orders":
        gone = orders.mark_deleted(tx, work.org, ids, work.now())
        work.write(tx, *(Entry(action="order.deleted_in_org", message=DELETED, level="warning", sf_id=i) for i in gone))
    else:
        mark_deleted(tx, mirrored.TABLES[feed.name], work.org, ids)
    if feed.name in ("orders", "order_items"):
        ship_pull.review_deleted(work, tx, feed, ids)


def close_gap(work: Work, feed: Feed) -> None:
    """Compare all Ids: the org's delete log does not reach back to our last look (it keeps 15 days)."""
    there: set[str] = set()
    for ids in ids_of(work.client, feed):
        there.update(ids)
    with work.db.begin() as tx:
        gone = mirrored.ids(tx, work.org, feed.name) - there
        apply_deletes(work, tx, feed, sorted(gone))
        work.write(
            tx,
            Entry(
                action="pull.gap_closed",
                message=f"The org's delete log did not reach back far enough; all {len(there)} Ids of {feed.sobject} "
                f"were compared, {len(gone)} had been deleted.",
            ),
        )


_FLAG: dict[str, Callable[[Tx, str, Iterable[str]], None]] = {
    "deals": changed.flag,
    "deal_lines": changed.flag_lines,
    "orders": changed.flag_deals_of,
    "order_items": changed.flag_deals_of,
}
_PUT: dict[str, Callable[[Tx, str, Sequence[Any]], int]] = {
    "accounts": references.put_accounts,
    "contracts": references.put_contracts,
    "products": references.put_products,
}
