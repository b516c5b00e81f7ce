"""amend: draft orders are brought to their changed deals, each as a whole or not at all, exactly once."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from sfsync.domain.retry import Trouble, retry_at
from sfsync.errors import OrgUnavailable, SfsyncError
from sfsync.salesforce import codes, feeds
from sfsync.salesforce.amend import amend_orders, pack_updates
from sfsync.salesforce.changes import read_by_ids
from sfsync.salesforce.outcomes import AlreadyThere, Halted, Locked, Refused, Updated
from sfsync.store import amending, changed, discrepancies, orders
from sfsync.store.journal import Entry
from sfsync.sync.news import entries_of as news_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from sfsync.domain.bring_up import Update
    from sfsync.salesforce.amend import AmendOutcome
    from sfsync.store.amending import Confirmed
    from sfsync.store.engine import Tx
    from sfsync.sync.work import Work

    Sent = tuple[Update, str]

ROUNDS = 5
"""How often updates that were halted by others are sent again in one cycle before they wait for the next."""
LOST_ANSWERS_IN_A_ROW = 3
NO_ANSWER = "no_answer"
_UNANSWERED = "The org did not answer when this draft order was to be brought to its changed deal: it waits a little."
_STUCK = (
    "The draft order cannot be brought to its changed deal: the org says that a line is there already, or gone, and "
    "shows something else. Give the integration user View All on Order, then retry."
)


def send_updates(work: Work, updates: Sequence[Sent]) -> None:
    """Send updates of draft orders, and write down what becomes of each.

    One whose answer is lost is settled by reading, then sent once more, alone; so it holds up no other.

    Raises:
        OrgUnavailable: the org cannot be used, or answered none of them.
    """
    todo = list(updates)
    lost: list[Sent] = []
    for _ in range(ROUNDS):
        again: list[Sent] = []
        for pack in _packed(todo):
            try:
                again += _send(work, pack)
            except OrgUnavailable as error:
                if not error.in_doubt:
                    raise
                lost += _left(work, pack)
        todo = again
        if not todo:
            break
    _send_alone(work, lost, answered=len(lost) < len(updates))


def settle_amendments(work: Work, answered: Collection[str] = ()) -> None:
    """Read the draft orders whose update is in doubt; write down what was carried out. `answered` ones have been."""
    with work.db.read() as tx:
        ids = amending.in_doubt(tx, work.org, work.only)
    if not ids:
        return
    found = read_by_ids(work.client, feeds.orders(work.schema), ids)
    with work.db.begin() as tx:
        to_local, policies = work.app.status_map.to_local, work.app.policies
        news = orders.save_orders(tx, work.org, found, to_local, work.now(), policies)
        gone = orders.mark_deleted(tx, work.org, set(ids) - {order.sf_id for order in found}, work.now())
        confirmed = amending.settle(tx, work.org, ids, work.now(), answered)
        done = [one.order.opportunity_id for one in confirmed]
        for deal in done:
            work.write(tx, *discrepancies.resolve(tx, work.org, deal, work.now(), _AGREE))
        changed.reviewed(tx, work.org, done)
        work.announce(tx)
        work.write(tx, *news_of(news), *entries_of(confirmed), *_unseen(ids, confirmed, answered))
    work.counts["orders_amended"] += len(confirmed)
    work.counts["updates_settled"] += len(set(ids) - set(answered) - set(gone))


def entries_of(confirmed: Sequence[Confirmed]) -> Iterator[Entry]:
    """Yield what the journal is told of updates that were carried out."""
    for one in confirmed:
        row = one.order
        same = {"opportunity_id": row.opportunity_id, "order_key": row.key, "sf_id": row.sf_id}
        said = f"The deal was changed, and the draft order brought up to date: {one.said}."
        yield Entry(action="order.amended", message=said, actor=row.amend_by or "sfsync", **same)
        if one.mismatch:
            yield Entry(action="order.total_mismatch", message=one.mismatch, level="error", **same)


_AGREE = "The draft order was brought to the deal: they agree again."


def _unseen(ids: Sequence[str], confirmed: Sequence[Confirmed], answered: Collection[str]) -> Iterator[Entry]:
    landed = {one.order.sf_id for one in confirmed}
    for sf_id in ids:
        if sf_id not in answered:
            said = "it was carried out" if sf_id in landed else "it was not carried out"
            message = f"The answer to the update of the draft order was lost; the order was read back, and {said}."
            yield Entry(action="order.update_settled", message=message, sf_id=sf_id)


def _packed(updates: Sequence[Sent]) -> Iterator[list[Sent]]:
    marks = {update.order.id: mark for update, mark in updates}
    for pack in pack_updates([update for update, _ in updates]):
        yield [(update, marks[update.order.id]) for update in pack]


def _send(work: Work, pack: Sequence[Sent]) -> list[Sent]:
    """Send one call and record what it answers; return the updates that are to be sent again at once."""
    work.still_ours()
    with work.db.begin() as tx:
        amending.mark_sent(tx, work.org, pack, work.now())
    ids = [update.order.id for update, _ in pack]
    try:
        outcomes = amend_orders(work.client, [update for update, _ in pack], work.app.field_names, work.schema)
    except SfsyncError as error:
        # Refused as a whole: the org did nothing. An error that nobody expects leaves them in doubt.
        if not getattr(error, "in_doubt", False):
            with work.db.begin() as tx:
                amending.release(tx, ids)
        raise
    by_id = {outcome.key: outcome for outcome in outcomes}
    _record(work, pack, by_id)
    again = {sf_id for sf_id, outcome in by_id.items() if isinstance(outcome, Halted)}
    settle_amendments(work, {sf_id for sf_id, outcome in by_id.items() if isinstance(outcome, Updated)})
    _give_up_stuck(work, [one for one in pack if isinstance(by_id[one[0].order.sf_id or ""], AlreadyThere)])
    return [one for one in pack if one[0].order.sf_id in again]


def _record(work: Work, pack: Sequence[Sent], outcomes: dict[str, AmendOutcome]) -> None:
    """Take those out of doubt that the org did not carry out, and remember why; the others are read back."""
    nothing_done: list[int] = []
    with work.db.begin() as tx:
        for update, _ in pack:
            outcome = outcomes[update.order.sf_id or ""]
            if isinstance(outcome, Refused | Locked | Halted):
                nothing_done.append(update.order.id)
            if isinstance(outcome, Refused):
                said = codes.explain(outcome.code, outcome.message)
                if outcome.line_key:
                    said = f"Line {outcome.line_key.rsplit('-', 1)[1]}: {said}"
                message = f"The deal was changed, and the org refuses to bring its draft order up to date. {said}"
                _refuse(work, tx, update, outcome.code, message, Trouble.REFUSED)
        amending.release(tx, nothing_done)


def _left(work: Work, pack: Sequence[Sent]) -> list[Sent]:
    """Find out what became of a pack whose answer was lost; return what was not carried out."""
    work.counts["answers_lost"] += 1
    settle_amendments(work)
    with work.db.read() as tx:
        deals = [update.deal_id for update, _ in pack]
        pending = set(amending.pending(tx, work.org, deals))
    return [one for one in pack if one[0].order.sf_id in pending]


def _send_alone(work: Work, updates: Sequence[Sent], *, answered: bool) -> None:
    """Send updates that were lost once more, each in a call of its own; what is lost again waits.

    Raises:
        OrgUnavailable: the org takes no updates at all.
    """
    for number, one in enumerate(updates, start=1):
        try:
            _send(work, [one])
            answered = True
        except OrgUnavailable as error:
            if not error.in_doubt:
                raise
            for update, _ in _left(work, [one]):
                with work.db.begin() as tx:
                    _refuse(work, tx, update, NO_ANSWER, _UNANSWERED, Trouble.UNAVAILABLE)
            if not answered and number in (len(updates), LOST_ANSWERS_IN_A_ROW):
                raise


def _give_up_stuck(work: Work, pack: Sequence[Sent]) -> None:
    """An update that meets what the org does not show: another one is tried if the order shows more by now."""
    if not pack:
        return
    with work.db.begin() as tx:
        pending = set(amending.pending(tx, work.org, [update.deal_id for update, _ in pack]))
        for update, _ in pack:
            if update.order.sf_id in pending:
                _refuse(work, tx, update, "DUPLICATE_VALUE", _STUCK, Trouble.REFUSED, again=True)


def _refuse(
    work: Work, tx: Tx, update: Update, code: str, message: str, trouble: Trouble, *, again: bool = False
) -> None:
    """Remember why an update was not carried out; with `again` the deal is looked at once more by the next review."""
    deal, now = update.deal_id, work.now()
    before, attempts, _ = discrepancies.refusal_of(tx, work.org, deal)
    attempts = attempts + 1 if before == update.digest else 1
    when = retry_at(trouble, attempts, now, jitter=random.random())  # noqa: S311 - spreads tries, guards nothing
    said = {"message": message, "code": code, "refused": update.digest, "attempts": attempts, "retry_at": when}
    work.write(tx, *discrepancies.refuse(tx, work.org, deal, update.order, said, now))
    if not again:
        changed.reviewed(tx, work.org, [deal])
    work.counts["amendments_refused"] += 1
