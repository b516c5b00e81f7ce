"""prune: old events that reached everybody are removed, a few hundred at a time, so that nobody has to wait for it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sfsync.store import journal, retention

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sfsync.app import App

BATCH = 500


def prune(
    app: App,
    *,
    before: datetime | None = None,
    given_up: bool = False,
    actor: str = "sfsync",
    stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Remove events older than the setting events.keep_days says, or than `before`; return how many.

    Those that a sink has still to hear of stay; those that a sink was given up on, too, unless `given_up`.
    `stopping` is asked between two transactions.
    """
    before = before or app.clock() - timedelta(days=app.settings.events.keep_days)
    removed = 0
    while not stopping():
        with app.db.begin() as tx:
            many = retention.prune(tx, app.org_name, before, limit=BATCH, given_up=given_up)
        removed += many
        if many < BATCH:
            break
    if removed:
        said = f"{removed:,} events from before {before:%Y-%m-%d %H:%M} UTC were removed."
        entry = journal.Entry(action="events.pruned", message=said, actor=actor, details={"given_up_too": given_up})
        with app.db.begin() as tx:
            journal.write(tx, app.org_name, None, [entry], app.clock())
    return removed
