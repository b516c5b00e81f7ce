"""push: what somebody here wants of orders goes to the org, after one look at what the org has now."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

from sfsync.domain.fields import STATUS, digest
from sfsync.domain.retry import Trouble, retry_at
from sfsync.store import changed, conflicts, reduced, sent, wishes
from sfsync.sync.choose import choose
from sfsync.sync.news import entries_of
from sfsync.sync.readback import read_shown_and_available
from sfsync.sync.reducing import lines_reduced, refusals, tell_losers
from sfsync.sync.sending import Sending, record_failures

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from decimal import Decimal

    from sfsync.store.wishes import Wish
    from sfsync.sync.choose import Parcel
    from sfsync.sync.work import Work

BATCH = 2000
LOOKS = 3
"""How often an order that changes in the org while it is pushed is looked at in one run."""
_GONE = "The order is not in the org any more, or cannot be seen."
_RESTLESS = "The order was changed in the org again and again while it was to be updated."


def push(work: Work) -> None:
    """Send everything that is wanted and whose turn it is, 200 orders a call, all fields of an order together.

    Moves that the table of moves or the org's categories forbid are not sent, nor fields that our user may not
    write, nor reductions activated that take more than is left. A field that the org shows differently than we last
    saw it is a conflict, and its policy decides. An order is activated by its status alone, after its other fields.

    Raises:
        OrgUnavailable: when the org cannot be used; what was sent is in doubt until it is settled.
    """
    with work.db.begin() as tx:
        sent.forget_withdrawn(tx, work.org)
        sent.forget_requests(tx, work.org)
        work.write(tx, *conflicts.tidy(tx, work.org, work.now()))
    sending = Sending(work)
    after = 0
    while True:
        with work.db.read() as tx:
            batch = wishes.pending(tx, work.org, work.now(), after=after, limit=BATCH, only=work.only)
        if not batch:
            break
        after = batch[-1].id
        # Judged before a call is spent, and again by what the org shows.
        todo = [parcel.wish for parcel in _chosen(work, batch)]
        for _ in range(LOOKS):
            todo = _send(work, sending, todo)
        _put_off(work, todo)
    sending.end()


def _send(work: Work, sending: Sending, todo: Sequence[Wish]) -> list[Wish]:
    """Look at the orders and send what is wanted; return those that the org changed between the two."""
    if not todo:
        return []
    stale = sending.send_fields(_looked_at(work, todo))
    activations = sending.activations()
    if work.app.settings.sync.strict:
        # Our own update of the other fields has moved the stamp that the org compares with.
        activations = _looked_at(work, [parcel.wish for parcel in activations])
    stale += sending.send(activations)
    if moved := [wish.sf_id for wish in todo if STATUS in wish.fields]:
        with work.db.read() as tx:
            work.reduced |= reduced.originals_of(tx, work.org, moved)
    if activations:
        tell_losers(work, [parcel.wish for parcel in activations])
        with work.db.begin() as tx:
            # Here, because the stamp tells nothing of a reduction that is made, read and activated within a second.
            changed.flag_deals_of(tx, work.org, [parcel.wish.sf_id for parcel in activations])
    return stale


def _looked_at(work: Work, todo: Sequence[Wish]) -> list[Parcel]:
    """Read the orders back, merge what the org has now, and judge anew what is to be sent."""
    if not todo:
        return []
    lines = lines_reduced(work, todo)
    shown, stamps, available = read_shown_and_available(work, [wish.sf_id for wish in todo], lines)
    gone = [(wish, sent.WishFailure(wish.id, "NOT_FOUND", _GONE, digest(wish.fields))) for wish in todo
            if wish.sf_id not in shown]  # fmt: skip
    with work.db.begin() as tx:
        news = sent.meet_shown(tx, work.org, shown, work.app.policies, work.now())
        reduced.remember_available(tx, work.org, available)
        work.announce(tx)
        work.write(tx, *entries_of(news), *conflicts.tidy(tx, work.org, work.now()))
        record_failures(work, tx, gone, action="order.push_held")
        still = wishes.of_orders(tx, work.org, [wish.id for wish in todo if wish.sf_id in shown])
        settled = {wish.id for wish in todo if wish.sf_id in shown} - {wish.id for wish in still}
        sent.record_done(tx, sorted(settled))
    parcels = _chosen(work, still, available)
    if work.app.settings.sync.strict:
        return [replace(parcel, unchanged_since=stamps[parcel.wish.sf_id]) for parcel in parcels]
    return parcels


def _chosen(work: Work, batch: Sequence[Wish], available: Mapping[str, Decimal] | None = None) -> list[Parcel]:
    parcels, failures = choose(work, batch, refusals(work, batch, available))
    if failures:
        with work.db.begin() as tx:
            record_failures(work, tx, failures, action="order.move_not_sent")
    return parcels


def _put_off(work: Work, restless: Sequence[Wish]) -> None:
    if restless:
        failures = [
            (
                wish,
                sent.WishFailure(
                    wish.id,
                    "PRECONDITION_FAILED",
                    _RESTLESS,
                    digest(wish.fields),
                    retry_at(Trouble.LOCK, wish.attempts + 1, work.now(), jitter=random.random()),  # noqa: S311 - spreads tries
                ),
            )
            for wish in restless
        ]
        with work.db.begin() as tx:
            record_failures(work, tx, failures, action="order.push_held")
