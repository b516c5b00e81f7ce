"""complete: an order of ours that the org holds without all its lines gets the missing ones.

Orders are created whole, so this is for what should not be: a Place Order request that the org cut
off, or a line that was lost with its answer. Each line is inserted under its own unique key.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from sfsync.domain.retry import Trouble, retry_at
from sfsync.errors import OrgUnavailable
from sfsync.salesforce import codes
from sfsync.salesforce.create import create_items
from sfsync.salesforce.outcomes import ItemCreated, Refused
from sfsync.store import planned
from sfsync.store.incomplete import INCOMPLETE, missing_lines
from sfsync.store.journal import Entry
from sfsync.store.planned import Failure
from sfsync.sync.pull import pull_orders

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sfsync.store.engine import Tx
    from sfsync.store.incomplete import IncompleteOrder
    from sfsync.sync.work import Work


def complete(work: Work) -> None:
    """Create the missing lines of draft orders of ours, then read those orders back."""
    with work.db.read() as tx:
        incomplete = missing_lines(tx, work.org, work.now(), work.only)
    for order in incomplete:
        work.still_ours()
        try:
            outcomes = create_items(work.client, order.sf_id, order.lines, work.app.field_names, work.schema)
        except OrgUnavailable as error:
            if not error.in_doubt:
                raise
            # The next pull finds by its key whatever was made.
            work.counts["answers_lost"] += 1
            continue
        made = {o.key: o.item_id for o in outcomes if isinstance(o, ItemCreated)}
        refused = [o for o in outcomes if isinstance(o, Refused)]
        with work.db.begin() as tx:
            planned.record_items_created(tx, work.org, made)
            _hold(work, tx, order, refused)
            work.write(tx, *_entries(order, made, refused))
        work.counts["lines_created"] += len(made)
        work.counts["lines_refused"] += len(refused)
    if incomplete:
        pull_orders(work)


def _hold(work: Work, tx: Tx, order: IncompleteOrder, refused: Sequence[Refused]) -> None:
    """Put the order before a person: what the org refused it refuses again until something is changed."""
    if not refused:
        return
    message = f"The order is in the org without all its lines, and cannot be completed. {_refusal(refused[0])}"
    attempts = planned.attempts_of(tx, work.org, [order.key])[order.key] + 1
    when = retry_at(Trouble.REFUSED, attempts, work.now(), jitter=random.random())  # noqa: S311 - spreads tries
    planned.record_failures(tx, work.org, [Failure(order.key, INCOMPLETE, message, when)], work.now())


def _refusal(refused: Refused) -> str:
    return f"Line {refused.key.rsplit('-', 1)[1]}: {codes.explain(refused.code, refused.message)}"


def _entries(order: IncompleteOrder, made: Mapping[str, str], refused: Sequence[Refused]) -> list[Entry]:
    entries = [
        Entry(
            action="order.line_refused",
            message=_refusal(o),
            level="error",
            opportunity_id=order.opportunity_id,
            order_key=order.key,
            sf_id=order.sf_id,
        )
        for o in refused
    ]
    if made:
        entries.append(
            Entry(
                action="order.completed",
                message=f"{len(made)} missing lines were added.",
                opportunity_id=order.opportunity_id,
                order_key=order.key,
                sf_id=order.sf_id,
            )
        )
    return entries
