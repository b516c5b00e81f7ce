"""One pass of everything for one org: settle, pull, plan, review, generate, activate by rule, push, read back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from sfsync.store import lease, overview
from sfsync.sync.complete import complete
from sfsync.sync.generate import generate
from sfsync.sync.plan import plan
from sfsync.sync.pull import pull, pull_orders
from sfsync.sync.push import push
from sfsync.sync.review import review
from sfsync.sync.rule import activate_by_rule
from sfsync.sync.running import Report, known_schema, run
from sfsync.sync.settle import settle
from sfsync.sync.ship import ship
from sfsync.sync.ship_settle import settle_shipments
from sfsync.sync.work import Work, no_progress

if TYPE_CHECKING:
    from sfsync.app import App
    from sfsync.store.overview import Outlook
    from sfsync.sync.work import Progress


def run_cycle(app: App, *, command: str = "sync", only: str | None = None, progress: Progress = no_progress) -> Report:
    """Run one whole cycle and say what it did.

    Raises:
        LeaseHeld: if another process works on this org and does not finish in time.
        OrgUnavailable: when the org cannot be used; what was done is kept, and the next run goes on from there.
        OrgUnfit: if the org lacks what sfsync needs.
    """
    return run(app, command, cycle, only=only, progress=progress)


def cycle(work: Work) -> None:
    """Do all arrows in the order in which each needs the one before."""
    settle(work)
    settle_shipments(work)
    pull(work)
    plan(work)
    review(work)
    before = work.counts["orders_created"]
    generate(work)
    activate_by_rule(work)
    ship(work)
    push(work)
    written = ("orders_pushed", "orders_amended")
    if work.counts["orders_created"] > before or any(work.counts[name] for name in written):
        pull_orders(work)
        review(work)  # what was made or activated may have settled what differed
    complete(work)


def rehearse(app: App, *, only: str | None = None, progress: Progress = no_progress) -> tuple[Report, Outlook]:
    """Read the org, plan, and forget it all again: nothing is written, neither here nor there.

    Returns what a cycle would create and change, beside the report of the reading.

    Raises:
        LeaseHeld: if another process works on this org and does not finish in time.
        OrgUnavailable: when the org cannot be used.
        OrgUnfit: if the org lacks what sfsync needs.
    """
    started, before = app.clock(), app.client.calls.copy()
    wait = timedelta(seconds=app.settings.sync.lease_wait_seconds)
    # Under the lease: on PostgreSQL a rehearsal holds locks on rows that a cycle beside it would wait for.
    with lease.hold(app.db, app.org_name, wait=wait, who="plan"), app.db.rehearsal() as db:
        work = Work(app, db, app.client, known_schema(app, db), None, only, progress, calls_before=before)
        pull(work)
        plan(work)
        review(work)
        activate_by_rule(work)
        with db.read() as tx:
            outlook = overview.outlook(tx, app.org_name, app.clock(), only)
            outlook = replace(outlook, amend=work.counts["orders_to_amend"])
            attention = overview.attention(tx, app.org_name, only)
    return Report.of(work, "plan", started, attention), outlook
