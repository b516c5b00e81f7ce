"""What is wanted of shipments that are in the org, after one look at what the org has now."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from sfsync.domain.retry import Trouble, retry_at
from sfsync.domain.shipments import FIELDS, ShipStatus
from sfsync.errors import SfsyncError
from sfsync.salesforce import codes, feeds
from sfsync.salesforce.changes import read_by_ids
from sfsync.salesforce.outcomes import Locked, Refused, Updated
from sfsync.salesforce.push import UPDATES_PER_CALL
from sfsync.salesforce.ship import update_shipments
from sfsync.salesforce.shipment_fields import body
from sfsync.store import ship_wishes, to_ship
from sfsync.store.journal import Entry
from sfsync.store.shipment_links import order_names
from sfsync.store.to_ship import ShipFailure
from sfsync.sync.news import moved
from sfsync.sync.packs import Lane, send_packs
from sfsync.sync.ship_pull import apply_rows
from sfsync.sync.ship_settle import settle_shipments
from sfsync.sync.shipping import review

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sfsync.salesforce.outcomes import UpdateOutcome
    from sfsync.salesforce.shipment_fields import ShipmentNames
    from sfsync.store.engine import Tx
    from sfsync.store.ship_wishes import ShipWish
    from sfsync.sync.work import Work

SQL = "sql"
_GONE = "The shipment is not in the org any more, or cannot be seen."
_UNANSWERED = "The org did not answer when this shipment was to be updated, and others went through: it waits a little."


def push_wishes(work: Work, names: ShipmentNames) -> None:
    """Send wanted statuses, tracking and dates, 200 shipments a call, all fields of a shipment together.

    Raises:
        OrgUnavailable: when the org cannot be used; what was sent is in doubt until it is settled.
    """
    with work.db.begin() as tx:
        ship_wishes.forget_withdrawn(tx, work.org)
    after = 0
    while True:
        with work.db.read() as tx:
            batch = ship_wishes.pending(tx, work.org, work.now(), after=after, only=work.only)
        if not batch:
            return
        after = batch[-1].id
        updating = Updating(work, names)
        todo = updating.looked_at(batch)
        packs = [todo[start : start + UPDATES_PER_CALL] for start in range(0, len(todo), UPDATES_PER_CALL)]
        send_packs(packs, updating.lane())


class Updating:
    """Updates of shipments on their way."""

    def __init__(self, work: Work, names: ShipmentNames) -> None:
        self._work = work
        self._names = names

    def lane(self) -> Lane[ShipWish]:
        """Return how they are sent."""
        return Lane(self._send, lambda: settle_shipments(self._work), self._left, self._give_up, self._lost)

    def looked_at(self, batch: Sequence[ShipWish]) -> list[ShipWish]:
        """Read the shipments back, merge what the org has now, and return what is still wanted."""
        work, names = self._work, self._names
        unknown = set(FIELDS) - names.wanted.keys()
        feed = feeds.shipments(names)
        found = read_by_ids(work.client, feed, [wish.sf_id for wish in batch])
        there = {one.sf_id for one in found}
        with work.db.begin() as tx:
            ship_wishes.take_as_seen(tx, batch, unknown)
            apply_rows(work, tx, feed, found)
            self._fail(tx, [(wish, "NOT_FOUND", _GONE, Trouble.REFUSED) for wish in batch if wish.sf_id not in there])
            return ship_wishes.of_ids(tx, work.org, [wish.id for wish in batch if wish.sf_id in there])

    def _send(self, wishes: Sequence[ShipWish]) -> Iterable[Sequence[ShipWish]]:
        work = self._work
        work.still_ours()
        labels = work.app.ship_labels
        changes = []
        for wish in wishes:
            values = dict(wish.fields)
            if "status" in values:
                values["status"] = labels.to_org(ShipStatus(str(values["status"])))
            changes.append((wish.sf_id, body(values, self._names)))
        with work.db.begin() as tx:
            ship_wishes.mark_sent(tx, wishes, work.now())
        try:
            outcomes = update_shipments(work.client, changes, self._names)
        except SfsyncError as error:
            # An error that nobody expects leaves them in doubt.
            if not getattr(error, "in_doubt", False):
                with work.db.begin() as tx:
                    to_ship.release(tx, [wish.id for wish in wishes])
            raise
        self._record(wishes, outcomes)
        return ()

    def _record(self, wishes: Sequence[ShipWish], outcomes: Sequence[UpdateOutcome]) -> None:
        work = self._work
        pushed: list[ShipWish] = []
        failed: list[tuple[ShipWish, str, str, Trouble]] = []
        for wish, outcome in zip(wishes, outcomes, strict=True):
            # What the answer says nothing of stays in doubt, and is settled by reading.
            if isinstance(outcome, Updated):
                pushed.append(wish)
            elif isinstance(outcome, Refused | Locked):
                trouble = Trouble.LOCK if isinstance(outcome, Locked) else Trouble.REFUSED
                failed.append((wish, outcome.code, codes.explain(outcome.code, outcome.message), trouble))
        labels = {str(status): label for status, label in work.app.ship_labels.labels.items()}
        with work.db.begin() as tx:
            ship_wishes.record_pushed(tx, pushed, labels)
            self._fail(tx, failed)
            work.write(tx, *self._entries(tx, pushed))
            review(work, tx, {wish.order_id for wish in pushed if wish.order_id is not None})
        work.counts["shipments_pushed"] += len(pushed)
        work.progress("ship", work.counts["shipments_pushed"], None)

    def _entries(self, tx: Tx, pushed: Sequence[ShipWish]) -> list[Entry]:
        names = order_names(tx, [wish.order_id for wish in pushed])
        entries = []
        for wish in pushed:
            key, deal = names.get(wish.order_id or 0, (None, None))
            said = "; ".join(moved(name, wish.seen[name], value) for name, value in wish.fields.items())
            entries.append(
                Entry(
                    action="shipment.pushed",
                    message=f"Shipment {wish.key or wish.sf_id}: {said}.",
                    actor=wish.recorded_by or SQL,
                    opportunity_id=deal,
                    order_key=key,
                    sf_id=wish.sf_id,
                )
            )
        return entries

    def _fail(self, tx: Tx, failed: Sequence[tuple[ShipWish, str, str, Trouble]]) -> None:
        work = self._work
        names = order_names(tx, [wish.order_id for wish, *_ in failed])
        failures, entries = [], []
        for wish, code, message, trouble in failed:
            again = retry_at(trouble, wish.attempts + 1, work.now(), jitter=random.random())  # noqa: S311 - spreads tries
            failures.append(ShipFailure(wish.id, code, message, wish.want, again))
            key, deal = names.get(wish.order_id or 0, (None, None))
            said = f"Shipment {wish.key or wish.sf_id}: {message}"
            entries.append(
                Entry(
                    action="shipment.push_refused",
                    message=said,
                    level="warning",
                    opportunity_id=deal,
                    order_key=key,
                    sf_id=wish.sf_id,
                    details={"code": code},
                )
            )
        to_ship.record_failures(tx, failures, work.now())
        work.write(tx, *entries)
        work.counts["pushes_held"] += len(failed)

    def _left(self, wishes: Sequence[ShipWish]) -> list[ShipWish]:
        with self._work.db.read() as tx:
            return ship_wishes.of_ids(tx, self._work.org, [wish.id for wish in wishes])

    def _give_up(self, wish: ShipWish) -> None:
        with self._work.db.begin() as tx:
            self._fail(tx, [(wish, "not_answered", _UNANSWERED, Trouble.UNAVAILABLE)])

    def _lost(self) -> None:
        self._work.counts["answers_lost"] += 1
