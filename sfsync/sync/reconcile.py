"""reconcile: the org and the mirror are compared record by record; what differs is told, and repaired if wanted.

What differs because it is on its way is no drift: wishes that the org does not have yet, and changes in the
org that no pull has read. Repairing is reading again: by the same feeds, and through the same code, as pull.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sfsync.domain.drift import Drift, Kind, Tally, summary
from sfsync.domain.events import Event, EventType
from sfsync.errors import EXIT_ATTENTION, EXIT_DONE
from sfsync.salesforce.census import slices
from sfsync.salesforce.changes import read_by_ids
from sfsync.store import alarms, census, cursors
from sfsync.store.journal import Entry
from sfsync.sync.comparison import Comparison
from sfsync.sync.counted import counted
from sfsync.sync.mend import make_readable, relink
from sfsync.sync.pull import pull
from sfsync.sync.running import run
from sfsync.sync.settle import settle
from sfsync.sync.work import no_progress

if TYPE_CHECKING:
    from datetime import datetime

    from sfsync.app import App
    from sfsync.sync.running import Report
    from sfsync.sync.work import Progress, Work


_ALARM = "Not what the org shows: {open:,} of the mirror's records ({said}). `sfsync reconcile --repair` mends them. "


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be compared (all objects if none is named; what changed since then, or all), and whether to repair."""

    objects: tuple[str, ...] = ()
    since: datetime | None = None
    repair: bool = False
    tell: bool = False
    """Also raise an alarm, and tell other systems, as the daemon does; repairing always does."""


@dataclass
class Reconciled:
    """What was compared, and what was found."""

    tallies: list[Tally] = field(default_factory=list)
    drifts: list[Drift] = field(default_factory=list)
    """The first so many; the tallies count them all."""

    @property
    def found(self) -> int:
        """How many records differed."""
        return sum(tally.found.total() for tally in self.tallies)

    @property
    def open(self) -> int:
        """How many of them still do."""
        return sum(tally.open for tally in self.tallies)

    @property
    def exit_code(self) -> int:
        """0 if nothing differs, or not any more; 1 if something does, or could not be compared."""
        return EXIT_ATTENTION if self.open or any(tally.failed for tally in self.tallies) else EXIT_DONE


def run_reconcile(
    app: App, wanted: Wanted, *, command: str = "reconcile", progress: Progress = no_progress
) -> tuple[Report, Reconciled]:
    """Compare the whole org with the mirror, and say what differs and why; with `repair`, mend it.

    Without `repair` nothing is written but the run itself.

    Raises:
        LeaseHeld: if another process works on this org and does not finish in time.
        OrgUnavailable: when the org cannot be used; what was repaired stays so.
        OrgUnfit: if the org lacks what sfsync needs.
        UsageError: for an object that is not mirrored.
        Stopped: `progress` asked for it.
    """
    found = Reconciled()

    def is_well() -> bool:
        return found.exit_code == EXIT_DONE

    report = run(app, command, lambda work: reconcile(work, wanted, found), progress=progress, is_well=is_well)
    return report, found


def reconcile(work: Work, wanted: Wanted, found: Reconciled) -> None:
    """Compare, and write what is found into `found` as it is found."""
    objects = counted(work.schema, work.client.user_id, wanted.objects)
    spoilt: dict[str, dict[str, tuple[str, ...]]] = {}
    if wanted.repair:
        spoilt = {one.name: make_readable(work, one) for one in objects}
        # What is only late is read in the usual way first: then all that differs is drift.
        settle(work)
        pull(work)
    with work.db.read() as tx, ExitStack() as open_:
        read_to = cursors.get_all(tx, work.org)
        spoilt = spoilt or {one.name: census.unreadable(tx, work.org, one.name) for one in objects}
        comparisons = [Comparison(work, tx, one, wanted, read_to, found, spoilt[one.name]) for one in objects]
        for one in comparisons:
            open_.callback(one.close)
        by_name = {one.counted.name: one for one in comparisons}
        for group in slices(work.client, work.schema, [one.counted.alone for one in comparisons], since=wanted.since):
            for part in group:
                by_name[part.feed.name].take(part)
            work.progress("reconcile", sum(tally.in_org for tally in found.tallies), None)
        for one in comparisons:
            one.finish()
            work.progress("reconcile", sum(tally.in_org for tally in found.tallies), None)
    if wanted.repair:
        relink(work)
    if wanted.since is None and {"orders", "order_items"} <= by_name.keys():
        _lineless(work, by_name["orders"], by_name["order_items"].empty_orders | by_name["orders"].noted)
    work.counts["drift_found"] += found.found
    work.counts["drift_repaired"] += found.found - found.open
    if wanted.repair or wanted.tell:
        _tell(work, wanted, found)


def _tell(work: Work, wanted: Wanted, found: Reconciled) -> None:
    """Raise or lift the alarm, and tell the sinks; of the same difference, left as it is, not again and again."""
    said = summary(found.tallies)
    left = [drift.sf_id for drift in found.drifts if not drift.repaired]
    with work.db.begin() as tx:
        news = bool(found.found)
        if found.exit_code:
            failed = " ".join(f"{tally.sobject}: {tally.failed}" for tally in found.tallies if tally.failed)
            message = _ALARM.format(open=found.open, said=said or "nothing that could be compared") + failed
            news = alarms.put(
                tx, work.org, alarms.DRIFT, lane=None, message=message.strip(), records=left, now=work.now()
            )
        elif not wanted.objects and wanted.since is None:
            alarms.lift(tx, work.org, [alarms.DRIFT])
        if news:
            work.write(tx, Entry(action="sync.drifted", message=f"The mirror had drifted: {said}.", level="warning"))
            kinds = {tally.sobject: dict(tally.found) for tally in found.tallies if tally.found}
            data = {"org": work.org, "run": work.run_id, "found": found.found, "open": found.open, "kinds": kinds}
            work.announce(tx, Event(EventType.SYNC_DRIFTED, work.org, {"sync": data}))


def _lineless(work: Work, orders: Comparison, told: set[str]) -> None:
    """Orders of ours that have no line left, neither in the mirror nor in the org: no reading again mends that."""
    with work.db.read() as tx:
        empty = sorted(set(census.lineless(tx, work.org)) - told)
    for order in read_by_ids(work.client, orders.counted.feed, empty):
        # One that has lines in the org has them on their way: otherwise they were found one by one.
        if not order.is_deleted and not order.items:
            orders.add(Drift("Order", order.sf_id, Kind.ORDER_WITHOUT_LINES))
