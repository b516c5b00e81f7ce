"""What every arrow of a cycle works with, and where it says what it did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sfsync.errors import EXIT_DONE, SfsyncError
from sfsync.store import events, journal

if TYPE_CHECKING:
    from datetime import datetime

    from sfsync.app import App
    from sfsync.domain.events import Event
    from sfsync.salesforce.client import OrgClient
    from sfsync.salesforce.schema import OrgSchema
    from sfsync.store.alarms import Alarm
    from sfsync.store.engine import Database, Tx

Progress = Callable[[str, int, int | None], None]
"""Called with (arrow, how many are done, how many there are or None while nobody knows).

It is called between two calls to the org, when all that was done is written down: so it may also raise
`Stopped` to end the run there.
"""


class Stopped(SfsyncError):
    """Somebody asked this run to end early. Nothing is lost: the next one goes on from the rows."""

    exit_code = EXIT_DONE


def no_progress(arrow: str, done: int, total: int | None) -> None:
    """Show nothing."""
    del arrow, done, total


@dataclass
class Work:
    """One run over one org: its connections, its scope and its counts.

    `db` may be a rehearsal, in which nothing lasts; `run_id` is None then. `only` limits the run to
    one Opportunity.
    """

    app: App
    db: Database
    client: OrgClient
    schema: OrgSchema
    run_id: int | None
    only: str | None = None
    progress: Progress = no_progress
    counts: Counter[str] = field(default_factory=Counter)
    still_ours: Callable[[], None] = lambda: None
    """Makes sure, before a write to the org, that no other process can have taken over; raises DatabaseUnavailable if
    the lease was lost with its connection. A rehearsal has no lease, and writes nothing."""
    calls_before: Counter[str] = field(default_factory=Counter)
    """Calls that the connection had made before this run: a daemon keeps its connection."""
    alarms: list[Alarm] | None = None
    """The org's alarms as this run knows them; None: to be read."""
    reduced: set[str] = field(default_factory=set)
    """Orders (Salesforce Ids) of which this run has made reductions count, or count no more: to be read back."""
    reductions: set[str] = field(default_factory=set)
    """The reductions (Salesforce Ids) that this run has read."""

    @property
    def org(self) -> str:
        """The name of the org in the settings and in the mirror."""
        return self.app.org_name

    def now(self) -> datetime:
        """Return the time of our own clock, for what we write down; never compared with the org's stamps."""
        return self.app.clock()

    def write(self, tx: Tx, *entries: journal.Entry) -> None:
        """Append to the journal in the transaction of the change itself."""
        if self.run_id is not None and entries:
            journal.write(tx, self.org, self.run_id, entries, self.now())

    def announce(self, tx: Tx, *also: Event) -> None:
        """Write the events of what the transaction changed: orders' statuses by themselves, others as given."""
        if self.run_id is None:
            return
        self.counts["events"] += events.announce(tx, self.org, self.app.sinks, self.now()) + len(also)
        events.write(tx, self.org, also, self.app.sinks, self.now())
