"""Updates go out in packs. One whose answer is lost is settled by reading, and made smaller until it goes through."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from sfsync.domain.fields import STATUS, digest, plain
from sfsync.domain.retry import Trouble, retry_at
from sfsync.domain.statuses import Status
from sfsync.errors import OrgUnavailable, SfsyncError
from sfsync.salesforce import codes, order_fields
from sfsync.salesforce.outcomes import Locked, Refused, Stale, Updated
from sfsync.salesforce.push import UPDATES_PER_CALL, update_orders
from sfsync.salesforce.strict import UPDATES_PER_CALL as STRICT_UPDATES_PER_CALL
from sfsync.salesforce.strict import update_unchanged
from sfsync.store import schemas, sent, wishes
from sfsync.store.journal import Entry
from sfsync.store.life_columns import NO_DEACTIVATION
from sfsync.store.meeting import twins
from sfsync.sync.choose import Parcel, in_two, packed
from sfsync.sync.news import moved
from sfsync.sync.settle import settle_updates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sfsync.salesforce.outcomes import UpdateOutcome
    from sfsync.store.engine import Tx
    from sfsync.store.sent import WishFailure
    from sfsync.store.wishes import Wish
    from sfsync.sync.work import Work

TRIES_ALONE = 3
LOST_ANSWERS_IN_A_ROW = 12
"""More than it takes to come from 200 orders to the one that is not answered."""
_UNANSWERED = "The org did not answer when this order was to be updated, and others went through: it waits a little."


class Sending:
    """The updates of one push, and how the org answers to them."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._lost_in_a_row = 0
        self._last: OrgUnavailable | None = None
        self._answered = False
        self._given_up: list[Parcel] = []
        self._through: set[int] = set()
        self._stale: list[Wish] = []
        self._activations: list[Parcel] = []

    def send_fields(self, parcels: Sequence[Parcel]) -> list[Wish]:
        """Send all but the activations; return the wishes of orders that were changed in the org meanwhile."""
        first, activations = in_two(parcels)
        self._through.clear()
        stale = self.send(first)
        waited_for = {parcel.wish.id for parcel in first} - self._through
        self._activations = [parcel for parcel in activations if parcel.wish.id not in waited_for]
        return stale

    def activations(self) -> list[Parcel]:
        """Return the activations of orders whose other fields have gone through, or that have none."""
        return self._activations

    def send(self, parcels: Sequence[Parcel]) -> list[Wish]:
        """Send updates; return the wishes of orders that were changed in the org meanwhile.

        Raises:
            OrgUnavailable: the org takes no updates at all.
        """
        self._stale = []
        strict = self._work.app.settings.sync.strict
        for pack in packed(parcels, STRICT_UPDATES_PER_CALL if strict else UPDATES_PER_CALL):
            self._pack(pack, 1)
        return self._stale

    def end(self) -> None:
        """Let orders wait that were not answered while others were.

        Raises:
            OrgUnavailable: none was answered.
        """
        if self._given_up and self._last and not self._answered:
            raise self._last
        work = self._work
        failures = [
            (parcel.wish, _failure(work, parcel.wish, sent.UNANSWERED, _UNANSWERED, Trouble.UNAVAILABLE))
            for parcel in self._given_up
        ]
        if failures:
            with work.db.begin() as tx:
                record_failures(work, tx, failures, action="order.push_held")

    def _pack(self, pack: Sequence[Parcel], tries: int) -> None:
        try:
            outcomes = _send(self._work, pack)
        except OrgUnavailable as error:
            if not error.in_doubt:
                raise
            self._lost(pack, tries, error)
            return
        self._lost_in_a_row, self._answered = 0, True
        self._record(pack, outcomes)

    def _lost(self, pack: Sequence[Parcel], tries: int, error: OrgUnavailable) -> None:
        """Find out what became of a pack, then send the rest again: whole once, then in halves."""
        self._last = error
        self._lost_in_a_row += 1
        self._work.counts["answers_lost"] += 1
        if self._lost_in_a_row >= LOST_ANSWERS_IN_A_ROW:
            raise error
        if len(pack) == 1 and tries >= TRIES_ALONE:
            self._given_up += pack
            return
        settle_updates(self._work)
        left = self._left(pack)
        if len(left) <= 1 or tries == 1:
            if left:
                self._pack(left, tries + 1)
            return
        middle = len(left) // 2
        self._pack(left[:middle], tries)
        self._pack(left[middle:], tries)

    def _left(self, pack: Sequence[Parcel]) -> list[Parcel]:
        """Return what of a pack is still wanted and not in the org."""
        with self._work.db.read() as tx:
            still = {wish.id: wish for wish in wishes.of_orders(tx, self._work.org, [p.wish.id for p in pack])}
        left: list[Parcel] = []
        for parcel in pack:
            wish = still.get(parcel.wish.id)
            values = {name: wish.fields[name] for name in parcel.values if name in wish.fields} if wish else {}
            if wish and values:
                left.append(Parcel(wish, values, parcel.unchanged_since))
            else:
                self._through.add(parcel.wish.id)
        return left

    def _record(self, pack: Sequence[Parcel], outcomes: Sequence[UpdateOutcome]) -> None:
        work = self._work
        pushed: list[Parcel] = []
        failures: list[tuple[Wish, WishFailure]] = []
        stale: list[Wish] = []
        for parcel, outcome in zip(pack, outcomes, strict=True):
            # What the answer says nothing of stays in doubt, and is settled by reading.
            match outcome:
                case Updated():
                    pushed.append(parcel)
                case Stale():
                    stale.append(parcel.wish)
                case Refused() | Locked():
                    trouble = Trouble.LOCK if isinstance(outcome, Locked) else Trouble.REFUSED
                    message = codes.explain(outcome.code, outcome.message)
                    failures.append((parcel.wish, _failure(work, parcel.wish, outcome.code, message, trouble)))
        labels = {choice.api_name: choice.status_code for choice in work.schema.statuses}
        with work.db.begin() as tx:
            sent.release(tx, [wish.id for wish in stale])
            sent.record_pushed(tx, {parcel.wish.id: _columns(work, parcel, labels) for parcel in pushed})
            sent.record_done(tx, [parcel.wish.id for parcel in pushed if not _has_more(parcel)])
            work.announce(tx)
            work.write(tx, *(_entry(parcel) for parcel in pushed))
            record_failures(work, tx, failures, action="order.push_refused")
            if any(failure.code == codes.NO_SUCH_VALUE for _, failure in failures):
                schemas.forget(tx, work.org)
        self._stale += stale
        self._through |= {parcel.wish.id for parcel in pushed}
        work.counts["orders_pushed"] += len(pushed)
        work.counts["statuses_pushed"] += sum(STATUS in parcel.values for parcel in pushed)
        work.counts["fields_pushed"] += sum(bool(parcel.values.keys() - {STATUS}) for parcel in pushed)
        work.progress("push", work.counts["orders_pushed"], None)


def record_failures(work: Work, tx: Tx, failures: Sequence[tuple[Wish, WishFailure]], *, action: str) -> None:
    """Remember and journal why wishes were not carried out."""
    sent.record_failures(tx, [failure for _, failure in failures], work.now())
    work.write(
        tx,
        *(
            Entry(
                action=action,
                message=failure.message,
                level="warning",
                opportunity_id=wish.opportunity_id,
                order_key=wish.key,
                sf_id=wish.sf_id,
                details={"code": failure.code, "wanted": {name: plain(value) for name, value in wish.fields.items()}},
            )
            for wish, failure in failures
        ),
    )
    work.counts["pushes_held"] += len(failures)


def _send(work: Work, pack: Sequence[Parcel]) -> list[UpdateOutcome]:
    work.still_ours()
    api_names = order_fields.names(work.schema) | {STATUS: "Status"}
    bodies = []
    for parcel in pack:
        values = dict(parcel.values)
        if STATUS in values:
            values[STATUS] = work.app.status_map.to_org(Status(parcel.wish.status))
        bodies.append((parcel.wish.sf_id, order_fields.body(values, api_names)))
    with work.db.begin() as tx:
        sent.mark_sent(tx, {parcel.wish.id: parcel.values for parcel in pack}, work.now())
    stamps = [parcel.unchanged_since for parcel in pack if parcel.unchanged_since]
    try:
        if stamps:
            changes = [(*body, stamp) for body, stamp in zip(bodies, stamps, strict=True)]
            return update_unchanged(work.client, changes)
        return update_orders(work.client, bodies)
    except SfsyncError as error:
        # An error that nobody expects leaves them in doubt.
        if not getattr(error, "in_doubt", False):
            with work.db.begin() as tx:
                sent.release(tx, [parcel.wish.id for parcel in pack])
        raise


def _columns(work: Work, parcel: Parcel, codes_by_label: dict[str, str]) -> dict[str, object]:
    columns: dict[str, object] = twins(parcel.wish.org_custom, parcel.values)
    if STATUS in parcel.values:
        label = work.app.status_map.to_org(Status(parcel.wish.status))
        columns |= {"org_status_label": label, "status_code": codes_by_label[label]}
        if parcel.wish.deactivation:
            columns |= NO_DEACTIVATION
    return columns


def _has_more(parcel: Parcel) -> bool:
    """Whether something of the order is wanted that this update did not carry."""
    return parcel.wish.fields.keys() != parcel.values.keys()


def _entry(parcel: Parcel) -> Entry:
    wish = parcel.wish
    values = parcel.values.items()
    return Entry(
        action="order.status_pushed" if list(parcel.values) == [STATUS] else "order.fields_pushed",
        message="; ".join(moved(name, wish.seen[name], value) for name, value in values) + ".",
        actor=", ".join(sorted({wish.authors[name] for name in parcel.values})),
        opportunity_id=wish.opportunity_id,
        order_key=wish.key,
        sf_id=wish.sf_id,
        details={
            "fields": {
                name: {"before": plain(wish.seen[name]), "after": plain(value), "by": wish.authors[name]}
                for name, value in values
            }
        },
    )


def _failure(work: Work, wish: Wish, code: str, message: str, trouble: Trouble) -> WishFailure:
    when = retry_at(trouble, wish.attempts + 1, work.now(), jitter=random.random())  # noqa: S311 - spreads tries
    return sent.WishFailure(wish.id, code, message, digest(wish.fields), when)
