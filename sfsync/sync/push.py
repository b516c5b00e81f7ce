"""push: statuses that somebody here wants go to the org, after one look at what the org has now."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from sfsync.domain.retry import Trouble, retry_at
from sfsync.domain.statuses import Status, judge_move
from sfsync.errors import SfsyncError
from sfsync.salesforce import codes
from sfsync.salesforce.outcomes import Locked, Refused, Updated
from sfsync.salesforce.push import UPDATES_PER_CALL, read_states, update_orders
from sfsync.store import wishes
from sfsync.store.journal import Entry
from sfsync.store.orders import CONFLICT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sfsync.salesforce.outcomes import UpdateOutcome
    from sfsync.salesforce.push import OrderState
    from sfsync.store.engine import Tx
    from sfsync.store.wishes import Wish, WishFailure
    from sfsync.sync.work import Work

BATCH = 2000


def push(work: Work) -> None:
    """Send every wanted status whose turn it is, 200 orders a call, each order's Status alone.

    Moves that the table of moves or the org's categories forbid are not sent. An order that the org
    shows differently than we last saw it is a conflict and is left to a person.

    Raises:
        OrgUnavailable: when the org cannot be used; what was sent is in doubt until it is settled.
    """
    with work.db.begin() as tx:
        wishes.forget_withdrawn(tx, work.org)
    after = 0
    while True:
        with work.db.read() as tx:
            batch = wishes.pending(tx, work.org, work.now(), after=after, limit=BATCH, only=work.only)
        if not batch:
            return
        after = batch[-1].id
        legal = _refuse_illegal(work, batch)
        if not legal:
            continue
        states = read_states(work.client, [wish.sf_id for wish in legal], work.app.field_names)
        ready = _compare(work, legal, states)
        for start in range(0, len(ready), UPDATES_PER_CALL):
            _send(work, ready[start : start + UPDATES_PER_CALL])


def _refuse_illegal(work: Work, batch: Sequence[Wish]) -> list[Wish]:
    refused: list[WishFailure] = []
    legal: list[Wish] = []
    for wish in batch:
        refusal = judge_move(
            Status(wish.org_status),
            Status(wish.status),
            status_code=wish.status_code,
            statuses=work.app.status_map,
            choices=work.schema.statuses,
            item_count=wish.item_count,
            contract_status_code=wish.contract_status_code,
        )
        if refusal is None:
            legal.append(wish)
        elif refusal.code != wish.held_for:
            refused.append(wishes.WishFailure(wish.id, refusal.code, refusal.message, wish.status))
    if refused:
        with work.db.begin() as tx:
            _record_failures(work, tx, batch, refused, action="order.move_not_sent")
    return legal


def _compare(work: Work, batch: Sequence[Wish], states: dict[str, OrderState | None]) -> list[Wish]:
    """Look at what the org has now: settled already, gone, changed by somebody else, or as we last saw it."""
    ready: list[Wish] = []
    seen: dict[int, dict[str, Any]] = {}
    failures: list[WishFailure] = []
    done: list[Wish] = []
    for wish in batch:
        state = states.get(wish.sf_id)
        if state is None:
            failures.append(
                wishes.WishFailure(
                    wish.id, "NOT_FOUND", "The order is not in the org any more, or cannot be seen.", wish.status
                )
            )
            continue
        status = work.app.status_map.to_local(state.status_label, state.status_code)
        if status == wish.org_status:
            ready.append(wish)
            continue
        seen[wish.id] = {
            "org_status": status.value,
            "org_status_label": state.status_label,
            "status_code": state.status_code,
        }
        if status == wish.status:
            done.append(wish)
        else:
            message = (
                f"The order was to become {wish.status}, but somebody made it {status} in the org at the same time. "
                "Look at it in Salesforce, then set the status again to have your way."
            )
            failures.append(wishes.WishFailure(wish.id, CONFLICT, message, wish.status))
    if seen or failures:
        with work.db.begin() as tx:
            wishes.record_states(tx, seen)
            wishes.record_done(tx, [wish.id for wish in done])
            _record_failures(work, tx, batch, failures, action="order.push_held")
    return ready


def _send(work: Work, batch: Sequence[Wish]) -> None:
    work.still_ours()
    with work.db.begin() as tx:
        wishes.mark_sent(tx, [wish.id for wish in batch], work.now())
    labels = {wish.id: work.app.status_map.to_org(Status(wish.status)) for wish in batch}
    try:
        outcomes = update_orders(work.client, [(wish.sf_id, {"Status": labels[wish.id]}) for wish in batch])
    except SfsyncError as error:
        # An error that nobody expects leaves them in doubt.
        if not getattr(error, "in_doubt", False):
            with work.db.begin() as tx:
                wishes.release(tx, [wish.id for wish in batch])
        raise
    _record(work, batch, outcomes, labels)


def _record(work: Work, batch: Sequence[Wish], outcomes: Sequence[UpdateOutcome], labels: dict[int, str]) -> None:
    codes_by_label = {choice.api_name: choice.status_code for choice in work.schema.statuses}
    pushed: list[Wish] = []
    failures: list[WishFailure] = []
    for wish, outcome in zip(batch, outcomes, strict=True):
        # What the answer says nothing of stays in doubt, and is settled by reading.
        if isinstance(outcome, Updated):
            pushed.append(wish)
        elif isinstance(outcome, (Refused, Locked)):
            trouble = Trouble.LOCK if isinstance(outcome, Locked) else Trouble.REFUSED
            when = retry_at(trouble, wish.attempts + 1, work.now(), jitter=random.random())  # noqa: S311 - spreads tries
            message = codes.explain(outcome.code, outcome.message)
            failures.append(wishes.WishFailure(wish.id, outcome.code, message, wish.status, when))
    states = {
        wish.id: {
            "org_status": wish.status,
            "org_status_label": labels[wish.id],
            "status_code": codes_by_label[labels[wish.id]],
        }
        for wish in pushed
    }
    with work.db.begin() as tx:
        wishes.record_states(tx, states)
        wishes.record_done(tx, list(states))
        work.write(
            tx,
            *(
                Entry(
                    action="order.status_pushed",
                    message=f"Status {wish.org_status} → {wish.status} is in the org.",
                    opportunity_id=wish.opportunity_id,
                    order_key=wish.key,
                    sf_id=wish.sf_id,
                )
                for wish in pushed
            ),
        )
        _record_failures(work, tx, batch, failures, action="order.push_refused")
    work.counts["statuses_pushed"] += len(pushed)
    work.progress("push", work.counts["statuses_pushed"], None)


def _record_failures(
    work: Work, tx: Tx, batch: Sequence[Wish], failures: Sequence[WishFailure], *, action: str
) -> None:
    by_id = {wish.id: wish for wish in batch}
    wishes.record_failures(tx, failures, work.now())
    work.write(
        tx,
        *(
            Entry(
                action=action,
                message=f.message,
                level="warning",
                opportunity_id=by_id[f.id].opportunity_id,
                order_key=by_id[f.id].key,
                sf_id=by_id[f.id].sf_id,
                details={"code": f.code, "wanted": f.want},
            )
            for f in failures
        ),
    )
    work.counts["pushes_held"] += len(failures)
