"""settle: find out what became of writes whose answers were lost, before anything is written again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.salesforce.settle import find_orders
from sfsync.store import orders, planned, sent
from sfsync.store.journal import Entry
from sfsync.store.planned import Confirmed
from sfsync.sync.amend import settle_amendments
from sfsync.sync.news import entries_of
from sfsync.sync.readback import read_shown

if TYPE_CHECKING:
    from sfsync.sync.work import Work

BATCH = 1000


def settle(work: Work) -> None:
    """Settle every write that is in doubt: creations by their keys, updates by reading the orders."""
    settle_creations(work)
    settle_updates(work)
    settle_amendments(work)


def settle_creations(work: Work) -> list[str]:
    """Ask the org for all orders in doubt, by their keys; return the keys that the org does not have.

    Those are free to be sent again: even if an early request should still be running, the unique key
    lets only one of the two through.
    """
    with work.db.read() as tx:
        keys = planned.keys_in_doubt(tx, work.org, work.only)
    absent: list[str] = []
    for start in range(0, len(keys), BATCH):
        part = keys[start : start + BATCH]
        found = find_orders(work.client, work.schema, part)
        missing = [key for key in part if key not in found]
        with work.db.begin() as tx:
            made = [
                Confirmed(key, order.sf_id, {item.key: item.sf_id for item in order.items or () if item.key})
                for key, order in found.items()
            ]
            to_local, policies = work.app.status_map.to_local, work.app.policies
            orders.save_orders(tx, work.org, list(found.values()), to_local, work.now(), policies)
            planned.settle_absent(tx, work.org, missing)
            work.announce(tx)
            work.write(
                tx,
                *(
                    Entry(
                        action="order.settled",
                        message="The answer to the creation was lost; the order is there, read back by its key.",
                        order_key=m.key,
                        opportunity_id=found[m.key].opportunity_id,
                        sf_id=m.order_id,
                    )
                    for m in made
                ),
                *(
                    Entry(
                        action="order.not_there",
                        message="The answer to the creation was lost; the order is not there, so it is sent again.",
                        order_key=key,
                    )
                    for key in missing
                ),
            )
        absent += missing
        work.counts["orders_created"] += len(made)
        work.counts["lines_created"] += sum(len(m.item_ids) for m in made)
        work.counts["orders_settled"] += len(made)
    return absent


def settle_updates(work: Work) -> None:
    """Read the orders whose update is in doubt, and write down what the org says of them now."""
    with work.db.read() as tx:
        doubtful = sent.in_doubt(tx, work.org, work.only)
    if not doubtful:
        return
    shown, _ = read_shown(work, list(doubtful))
    with work.db.begin() as tx:
        news = sent.meet_shown(tx, work.org, shown, work.app.policies, work.now(), settled=True)
        sent.settle_gone(tx, work.org, [sf_id for sf_id in doubtful if sf_id not in shown])
        work.write(tx, *entries_of(news))
        work.announce(tx)
        work.write(
            tx,
            *(
                Entry(
                    action="order.update_settled",
                    message="The answer to an update was lost; the order was read back.",
                    sf_id=sf_id,
                )
                for sf_id in doubtful
            ),
        )
    work.counts["updates_settled"] += len(doubtful)
