"""The nightly reconcile of the daemon: once a day after a set time, behind a cycle and never instead of one."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sfsync.errors import DatabaseUnavailable, LeaseHeld, OrgRefused, OrgUnavailable, UsageError
from sfsync.sync.reconcile import Wanted, run_reconcile
from sfsync.sync.work import Stopped

if TYPE_CHECKING:
    from datetime import datetime

    from structlog.stdlib import BoundLogger

    from sfsync.app import App
    from sfsync.sync.work import Progress

MOST_USED = 0.7
"""Above this part of the org's API allowance reconcile waits for the next night: all else comes first."""


def next_after(at: str, now: datetime) -> datetime | None:
    """Return the next moment after `now` at which that time of day (HH:MM, UTC) comes; None for no time."""
    if not at:
        return None
    hour, minute = at.split(":")
    today = now.replace(hour=int(hour), minute=int(minute), second=0, microsecond=0)
    return today if today > now else today + timedelta(days=1)


class Nightly:
    """Knows when the next reconcile is due, and runs it."""

    def __init__(self, app: App, log: BoundLogger) -> None:
        self._app, self._log = app, log
        self._settings = app.settings.reconcile
        self.due = next_after(self._settings.at, app.clock())

    def run_if_due(self, progress: Progress) -> None:
        """Reconcile if it is time. What goes wrong with it is logged: the next night tries again.

        Raises:
            Stopped: `progress` asked for it; then it is due again at the next turn.
        """
        now = self._app.clock()
        if self.due is None or now < self.due:
            return
        usage = self._app.client.usage
        if usage is not None and usage.used > MOST_USED * usage.limit:
            said = "Reconcile is left out: too much of the org's API allowance is used."
            self._log.warning(said, action="daemon.not_reconciled", used=usage.used, limit=usage.limit)
        else:
            self._run(progress)
        self.due = next_after(self._settings.at, now)

    def _run(self, progress: Progress) -> None:
        wanted = Wanted(repair=self._settings.repair, tell=True)
        try:
            report, found = run_reconcile(self._app, wanted, command="reconcile", progress=progress)
        except Stopped:
            raise
        except (LeaseHeld, OrgUnavailable, OrgRefused, DatabaseUnavailable, UsageError) as error:
            self._log.warning(error.message, action="daemon.not_reconciled", remedy=error.remedy)
            return
        except Exception:  # noqa: BLE001 - the cycles go on; the next night may find it gone
            said = "Reconcile ended in an error that sfsync did not expect."
            self._log.exception(said, action="daemon.not_reconciled")
            return
        say = self._log.error if found.exit_code else self._log.info
        say(
            "Reconciled.",
            action="daemon.reconciled",
            run=report.run_id,
            found=found.found,
            open=found.open,
            calls=dict(report.calls),
            seconds=round(report.seconds, 3),
        )
