"""deliver: events go to their sinks, each sink by itself, each record's events in their order, at least once."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sfsync.domain.events import next_try
from sfsync.domain.soundness import Lane
from sfsync.errors import LeaseHeld
from sfsync.store import alarms, deliveries, journal, lease
from sfsync.webhooks.post import Client, Message, Receiver, Taken

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sfsync.app import App
    from sfsync.config.sinks import CompleteSink
    from sfsync.store.deliveries import Due
    from sfsync.store.engine import Tx
    from sfsync.webhooks.post import NotTaken

BATCH = 200
SILENT_IN_A_ROW = 3
"""After so many tries without any answer the sink is left alone: the next event would fare no better."""
_LONGEST_ABSENCE = 4
"""A sink that stays away is looked at after the fourth wait of the table, half an hour, again and again."""
_NO_WAIT = timedelta(0)


@dataclass
class Delivered:
    """What came of one sink's turn."""

    sink: str
    delivered: int = 0
    failed: int = 0
    dead: int = 0
    busy: bool = False
    """Another process serves this sink at the moment."""


def deliver(app: App, *, stopping: Callable[[], bool] = lambda: False) -> list[Delivered]:
    """Send everything whose turn it is, to all sinks at once, each in a thread of its own; until nothing is due.

    `stopping` is asked between two sends.

    Raises:
        SettingsError: if a sink's settings are incomplete; then nothing is sent to anybody.
        DatabaseUnavailable: if the database is gone; what was taken and not written down is sent again, same id.
    """
    sinks = app.settings.complete_sinks()
    if not sinks:
        return []
    with ThreadPoolExecutor(len(sinks), thread_name_prefix="deliver") as threads:
        return list(threads.map(lambda sink: serve(app, sink, stopping=stopping), sinks))


def serve(app: App, sink: CompleteSink, *, stopping: Callable[[], bool] = lambda: False) -> Delivered:
    """Send one sink what is due; see `deliver`."""
    done = Delivered(sink.name)
    with app.db.read() as tx:
        if not deliveries.due(tx, app.org_name, sink.name, app.clock(), limit=1):
            return done
        if Lane.DELIVER.value in alarms.stopped(tx, app.org_name):
            return done
    try:
        with (
            lease.hold(app.db, f"{app.org_name}.{sink.name}.sink", wait=_NO_WAIT, who=f"deliver {sink.name}") as held,
            Client(_receiver(sink)) as client,
        ):
            _Turn(app, sink.name, client, done, held.confirm, stopping).run()
    except LeaseHeld:
        done.busy = True
    return done


def _receiver(sink: CompleteSink) -> Receiver:
    return Receiver(
        url=sink.url,
        secrets=tuple(secret.get_secret_value() for secret in sink.secrets),
        timeout_seconds=sink.timeout_seconds,
        allow_private=sink.allow_private,
        ca_file=str(sink.ca_file) if sink.ca_file else None,
    )


@dataclass
class _Turn:
    """One sink's turn: nobody else serves it meanwhile."""

    app: App
    sink: str
    client: Client
    done: Delivered
    still_ours: Callable[[], None]
    stopping: Callable[[], bool]
    silent: int = 0

    def run(self) -> None:
        """Send until nothing is due, the sink does not answer, or somebody asks to stop."""
        while batch := self._due():
            for due in batch:
                if self.stopping() or not self._send(due):
                    return

    def _due(self) -> Sequence[Due]:
        with self.app.db.read() as tx:
            return deliveries.due(tx, self.app.org_name, self.sink, self.app.clock(), limit=BATCH)

    def _send(self, due: Due) -> bool:
        """Send one event and write down what came of it; False when this sink's turn is over."""
        self.still_ours()
        outcome = self.client.post(Message(due.event_id, due.type, due.at, due.data), self.app.clock())
        if isinstance(outcome, Taken):
            with self.app.db.begin() as tx:
                deliveries.delivered(tx, self.app.org_name, self.sink, due.event, outcome.status, self.app.clock())
            self.done.delivered += 1
            self.silent = 0
            return True
        self.silent = self.silent + 1 if outcome.silent else 0
        return self._not_taken(due, outcome)

    def _not_taken(self, due: Due, outcome: NotTaken) -> bool:
        app, now = self.app, self.app.clock()
        again = next_try(due.attempts + 1, now, jitter=random.random(), asked=outcome.wait)  # noqa: S311 - spreads tries
        self.done.failed += 1
        self.done.dead += again is None
        with app.db.begin() as tx:
            deliveries.failed(tx, due.event, self.sink, status=outcome.status, error=outcome.error, next_at=again)
            if again is None:
                _write(
                    app, tx, "delivery.given_up", f"Event {due.event_id} was not taken by {self.sink}: {outcome.error}"
                )
            if outcome.gone:
                reason = "It answered that it wants no more events (HTTP 410)."
                deliveries.pause(tx, app.org_name, self.sink, actor="sfsync", reason=reason, now=now)
                _write(app, tx, "sink.paused", f"Sink {self.sink} is paused. {reason}")
                return False
            if self.silent >= SILENT_IN_A_ROW:
                failures = deliveries.failures_in_a_row(tx, app.org_name, self.sink) + 1
                until = next_try(min(failures, _LONGEST_ABSENCE), now, jitter=random.random()) or now  # noqa: S311
                deliveries.leave_alone(tx, app.org_name, self.sink, until, failures=failures)
                return False
        return True


def _write(app: App, tx: Tx, action: str, message: str) -> None:
    entry = journal.Entry(action=action, message=message, level="warning")
    journal.write(tx, app.org_name, None, [entry], app.clock())
