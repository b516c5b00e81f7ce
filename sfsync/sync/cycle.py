"""One pass of everything for one org: settle, pull, plan, generate, push, read back, and look whether all is well."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sfsync.domain.soundness import Lane
from sfsync.store import lease, overview
from sfsync.sync.complete import complete
from sfsync.sync.generate import generate
from sfsync.sync.guard import Guard
from sfsync.sync.plan import plan
from sfsync.sync.pull import pull, pull_orders
from sfsync.sync.push import push
from sfsync.sync.running import Report, known_schema, run
from sfsync.sync.settle import settle
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
    guard = Guard(work)
    settle(work)
    pull(work)
    plan(work)
    before = work.counts["orders_created"]
    guard.let(Lane.GENERATE, generate)
    guard.let(Lane.PUSH, push)
    if work.counts["orders_created"] > before or work.counts["orders_pushed"]:
        pull_orders(work)
    guard.let(Lane.GENERATE, complete)
    guard.look()


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
        with db.read() as tx:
            outlook = overview.outlook(tx, app.org_name, app.clock(), only)
            attention = overview.attention(tx, app.org_name, only)
    return Report.of(work, "plan", started, attention), outlook
