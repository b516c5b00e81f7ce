"""generate: planned orders become Orders in the org, each exactly once.

Every order is marked in doubt before it is sent and taken out of doubt by the org's answer. When an
answer is lost, the org is asked what became of those orders before any of them is sent again; the
unique key makes even that second try safe.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from sfsync.domain.retry import Trouble, retry_at
from sfsync.errors import OrgUnavailable, SfsyncError
from sfsync.salesforce import codes
from sfsync.salesforce.create import create_big_order, create_orders, pack
from sfsync.salesforce.outcomes import AlreadyThere, Created, Halted, InDoubt, Locked, Refused
from sfsync.store import planned, schemas
from sfsync.store.journal import Entry
from sfsync.store.planned import Confirmed, Failure
from sfsync.sync.settle import settle_creations

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from sfsync.domain.model import OrderPlan
    from sfsync.salesforce.outcomes import CreateOutcome
    from sfsync.sync.work import Work

BATCH = 600
GRAPH_LINES = 499
"""A graph takes 500 nodes: the order and 499 lines (composite graph limits)."""
LOST_ANSWERS_IN_A_ROW = 3
ROUNDS = 5
"""How often halted orders are sent again in one cycle before they wait for the next."""
_HIDDEN = (
    "The org says that an order with this key exists already, but does not show it to the integration user. "
    "Give the user View All on Order, or look for the key in the org."
)

_RIGHTS = (
    "If it is no matter of quantities: reduction orders have to be enabled (Setup, Order Settings), and the "
    "integration user needs the permission “Create Reduction Orders”."
)


def generate(work: Work) -> None:
    """Create every planned order whose turn it is.

    Raises:
        OrgUnavailable: when the org cannot be used; what was sent is in doubt or settled, nothing is lost.
    """
    with work.db.read() as tx:
        total = planned.count_to_create(tx, work.org, work.now(), work.only)
    lost = done = 0
    for batch in _batches(work):
        todo: list[OrderPlan] = list(batch)
        for _ in range(ROUNDS):
            try:
                todo = _send(work, todo)
                lost = 0
            except OrgUnavailable as error:
                lost += 1
                if not error.in_doubt:
                    raise
                work.counts["answers_lost"] += 1
                absent = set(settle_creations(work))
                todo = [plan for plan in todo if plan.key in absent]
                if lost >= LOST_ANSWERS_IN_A_ROW:
                    _back_off(work, todo)
                    raise
            if not todo:
                break
        done += len(batch)
        work.progress("generate", done, total)


def _batches(work: Work) -> Iterator[Sequence[OrderPlan]]:
    """Yield what goes into one call each: packs of graphs, and big orders alone."""
    after = 0
    while True:
        with work.db.read() as tx:
            plans, after = planned.to_create(tx, work.org, work.now(), after=after, limit=BATCH, only=work.only)
            alone = planned.unanswered(tx, work.org, [plan.key for plan in plans])
        if not plans:
            return
        alone |= {plan.key for plan in plans if len(plan.lines) > GRAPH_LINES}
        yield from pack([plan for plan in plans if plan.key not in alone])
        yield from ([plan] for plan in plans if plan.key in alone)


def _send(work: Work, plans: Sequence[OrderPlan]) -> list[OrderPlan]:
    """Send one call and record what it answers; return the plans that are to be sent again at once."""
    work.still_ours()
    with work.db.begin() as tx:
        planned.mark_sent(tx, work.org, [plan.key for plan in plans], work.now())
    try:
        outcomes = _create(work, plans)
    except SfsyncError as error:
        # Refused as a whole: the org did nothing. An error that nobody expects leaves them in doubt.
        if not getattr(error, "in_doubt", False):
            _release(work, plans)
        raise
    _record(work, plans, outcomes)
    again = {outcome.key for outcome in outcomes if isinstance(outcome, Halted)}
    taken = {outcome.key for outcome in outcomes if isinstance(outcome, AlreadyThere)}
    if taken or any(isinstance(outcome, InDoubt) for outcome in outcomes):
        absent = set(settle_creations(work))
        _report_hidden(work, sorted(absent & taken))
        again |= absent - taken
    return [plan for plan in plans if plan.key in again]


def _report_hidden(work: Work, keys: Sequence[str]) -> None:
    """The org says that a key is taken and does not show the order that has it: a person has to look."""
    if not keys:
        return
    now = work.now()
    with work.db.begin() as tx:
        attempts = planned.attempts_of(tx, work.org, keys)
        failures = [
            Failure(key, "DUPLICATE_VALUE", _HIDDEN, _when(work, Trouble.REFUSED, attempts.get(key, 0) + 1))
            for key in keys
        ]
        planned.record_failures(tx, work.org, failures, now)
        work.write(
            tx, *(Entry(action="order.refused", message=_HIDDEN, level="warning", order_key=key) for key in keys)
        )
    work.counts["orders_refused"] += len(keys)


def _create(work: Work, plans: Sequence[OrderPlan]) -> list[CreateOutcome]:
    names, status = work.app.field_names, work.app.draft_label
    if len(plans) == 1 and len(plans[0].lines) > GRAPH_LINES:
        return [create_big_order(work.client, plans[0], names, work.schema, status=status)]
    return create_orders(work.client, plans, names, work.schema, status=status)


def _record(work: Work, plans: Sequence[OrderPlan], outcomes: Sequence[CreateOutcome]) -> None:
    by_key = {plan.key: plan for plan in plans}
    now = work.now()
    with work.db.begin() as tx:
        made = [Confirmed(o.key, o.order_id, o.item_ids) for o in outcomes if isinstance(o, Created)]
        planned.record_created(tx, work.org, made, work.app.draft_label)
        refused = [o for o in outcomes if isinstance(o, (Refused, Locked))]
        attempts = planned.attempts_of(tx, work.org, [o.key for o in refused])
        failures = [_failure(work, o, attempts.get(o.key, 0) + 1, by_key[o.key]) for o in refused]
        planned.record_failures(tx, work.org, failures, now)
        if any(failure.code == codes.NO_SUCH_VALUE for failure in failures):
            schemas.forget(tx, work.org)
        planned.settle_absent(tx, work.org, [o.key for o in outcomes if isinstance(o, Halted)])
        work.announce(tx)
        work.write(
            tx,
            *(
                Entry(
                    action="order.created",
                    message=_created(by_key[m.key]),
                    opportunity_id=by_key[m.key].deal_id,
                    order_key=m.key,
                    sf_id=m.order_id,
                )
                for m in made
            ),
            *(
                Entry(
                    action="order.refused",
                    message=f.message,
                    level="warning",
                    opportunity_id=by_key[f.key].deal_id,
                    order_key=f.key,
                    details={"code": f.code},
                )
                for f in failures
            ),
        )
    work.counts["orders_created"] += len(made)
    work.counts["lines_created"] += sum(len(by_key[m.key].lines) for m in made)
    work.counts["orders_refused"] += len(failures)


def _created(plan: OrderPlan) -> str:
    what = f"reduces {plan.original_order_id}" if plan.original_order_id else "created"
    return f"Order {what} with {len(plan.lines)} lines over {plan.total}."


def _failure(work: Work, outcome: Refused | Locked, attempts: int, plan: OrderPlan) -> Failure:
    trouble = Trouble.LOCK if isinstance(outcome, Locked) else Trouble.REFUSED
    message = codes.explain(outcome.code, outcome.message)
    if isinstance(outcome, Refused) and outcome.line_key:
        message = f"Line {outcome.line_key.rsplit('-', 1)[1]}: {message}"
    if plan.original_order_id and trouble is Trouble.REFUSED:
        message = f"{message} {_RIGHTS}"
    return Failure(outcome.key, outcome.code, message, _when(work, trouble, attempts))


def _back_off(work: Work, plans: Sequence[OrderPlan]) -> None:
    """Let others go first: an order over which the org breaks down each time must not hold up all that follow."""
    message = f"The org gave no answer to it {LOST_ANSWERS_IN_A_ROW} times in a row, and does not have the order."
    with work.db.begin() as tx:
        attempts = planned.attempts_of(tx, work.org, [plan.key for plan in plans])
        failures = [
            Failure(key, planned.NO_ANSWER, message, _when(work, Trouble.UNAVAILABLE, tries + 1))
            for key, tries in attempts.items()
        ]
        planned.record_failures(tx, work.org, failures, work.now())


def _when(work: Work, trouble: Trouble, attempts: int) -> datetime | None:
    return retry_at(trouble, attempts, work.now(), jitter=random.random())  # noqa: S311 - spreads tries, guards nothing


def _release(work: Work, plans: Sequence[OrderPlan]) -> None:
    """Take orders out of doubt that were certainly not made."""
    with work.db.begin() as tx:
        planned.settle_absent(tx, work.org, [plan.key for plan in plans])
