"""The daemon: one cycle at once, then one after every interval, until somebody asks it to stop."""

from __future__ import annotations

import logging
import signal
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, timedelta
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from apscheduler.schedulers.background import BackgroundScheduler
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from sfsync.errors import DatabaseUnavailable, LeaseHeld, OrgRefused, OrgUnavailable, UsageError
from sfsync.log import get_logger
from sfsync.service import systemd
from sfsync.service.pace import Ending, wait_after
from sfsync.sync.cycle import run_cycle
from sfsync.sync.deliver import serve
from sfsync.sync.prune import prune
from sfsync.sync.work import Stopped

if TYPE_CHECKING:
    from collections.abc import Generator
    from types import FrameType

    from sfsync.app import App
    from sfsync.config import Settings
    from sfsync.config.sinks import CompleteSink
    from sfsync.sync.running import Report

_JOB = "cycle"
_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_DELIVERY_SECONDS = 5
_PRUNE_HOURS = 24
_LOOK_AROUND = timedelta(seconds=1)
_LEASE_POLL = timedelta(seconds=1)
_STUCK = timedelta(minutes=30)
"""A call with all its tries and waits takes ten minutes at most; a cycle that is silent for so long hangs."""

_Event = int | timedelta | Exception
"""What the main thread hears of: a signal, the wait after a cycle that has ended, or why it cannot go on."""


class Daemon:
    """Keeps one org in step. The main thread waits and decides; cycles run in the scheduler's.

    Args:
        app: The org, the mirror and the settings; used by one cycle at a time.
    """

    def __init__(self, app: App) -> None:
        # A stop must end every wait: those between tries, and those for the lease, which are ours to make then.
        self._app = replace(app, sleep=self._rest, settings=_without_lease_wait(app.settings))
        self._when_free = Retrying(
            stop=stop_after_delay(app.settings.sync.lease_wait_seconds),
            wait=wait_fixed(_LEASE_POLL),
            retry=retry_if_exception_type(LeaseHeld),
            sleep=self._rest,
            reraise=True,
        )
        self._interval = timedelta(seconds=app.settings.daemon.interval_seconds)
        self._wait = self._interval
        self._failures = 0
        self._told = ""
        self._log = get_logger(__name__).bind(org=app.org_name)
        # SimpleQueue.put may be called in a signal handler; threading.Event.set may not: it can lock itself out.
        self._events: SimpleQueue[_Event] = SimpleQueue()
        self._stopping = threading.Event()
        self._busy = threading.Event()
        self._moved = time.monotonic()
        # We tell of every cycle ourselves; that a long one leaves out a turn is no event.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        self._sinks = app.settings.complete_sinks()
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            # One thread for the cycle, one for each sink, and one to tidy up: a slow one holds up nobody.
            executors={"default": {"type": "threadpool", "max_workers": 2 + len(self._sinks)}},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def serve(self) -> None:
        """Run until SIGTERM or SIGINT; the write in hand is finished and written down first. A second signal kills.

        Raises:
            SettingsError: at once, if something that the org needs is not set or wrong.
            UsageError: if the settings or the database turn out unusable; only a restart can help then.
        """
        _ = self._app.client
        with _delivered_to(self._events):
            seconds = self._interval.total_seconds()
            self._scheduler.add_job(
                self._turn, "interval", seconds=seconds, id=_JOB, next_run_time=self._app.clock(), timezone=UTC
            )
            for sink in self._sinks:
                self._scheduler.add_job(
                    self._deliver,
                    "interval",
                    seconds=_DELIVERY_SECONDS,
                    args=[sink],
                    id=f"deliver {sink.name}",
                    next_run_time=self._app.clock(),
                    timezone=UTC,
                )
            self._scheduler.add_job(
                self._prune, "interval", hours=_PRUNE_HOURS, id="prune", next_run_time=self._app.clock(), timezone=UTC
            )
            self._scheduler.start()
            systemd.notify("READY=1")
            self._log.info("The daemon has started.", action="daemon.started", interval_seconds=seconds)
            try:
                self._watch()
            finally:
                self._finish()
        self._log.info("The daemon has stopped.", action="daemon.stopped")

    # -- in the main thread

    def _watch(self) -> None:
        while not isinstance(event := self._next_event(), int):
            if isinstance(event, Exception):
                raise event
            if event != self._wait:
                self._wait = event
                # Only here: inside a job it could wait for a lock that a shutdown holds until the job ends.
                self._scheduler.reschedule_job(_JOB, trigger="interval", seconds=event.total_seconds(), timezone=UTC)
        name = signal.Signals(event).name
        self._log.info(f"{name}: stopping after the write in hand.", action="daemon.stopping", signal=name)

    def _finish(self) -> None:
        self._stopping.set()
        systemd.notify("STOPPING=1")
        self._scheduler.pause()
        while self._busy.is_set():
            self._next_event()
        self._scheduler.shutdown(wait=True)

    def _next_event(self) -> _Event:
        watched = systemd.watchdog()
        while True:
            if watched and self._is_alive():
                systemd.notify("WATCHDOG=1")
            try:
                # Not longer: a signal that comes just before Python begins to wait does not end the wait.
                return self._events.get(
                    timeout=min(watched / 2 if watched else _LOOK_AROUND, _LOOK_AROUND).total_seconds()
                )
            except Empty:
                continue

    def _is_alive(self) -> bool:
        """Whether the work goes on, not only this thread: else the service manager had better start us again."""
        return not self._busy.is_set() or time.monotonic() - self._moved < _STUCK.total_seconds()

    # -- in the scheduler's thread

    def _turn(self) -> None:
        if self._stopping.is_set():
            return
        self._moved = time.monotonic()
        self._busy.set()
        try:
            event = self._cycle()
        finally:
            self._busy.clear()
        self._events.put(event)

    def _cycle(self) -> timedelta | Exception:
        """Run one cycle. Whatever goes wrong with it ends here: logged, and turned into the wait for the next."""
        try:
            report = self._when_free(run_cycle, self._app, command="daemon", progress=self._between_calls)
        except Stopped:
            return self._interval
        except LeaseHeld as held:
            self._log.info(held.message, action="daemon.skipped", remedy=held.remedy)
            return self._after(Ending.HELD)
        except OrgRefused as refusal:
            return self._refused(refusal)
        except (OrgUnavailable, DatabaseUnavailable) as error:
            wait = self._after(Ending.AWAY)
            self._log.warning(
                error.message, action="daemon.away", remedy=error.remedy, next_try_seconds=wait.total_seconds()
            )
            return wait
        except UsageError as error:
            return error
        except Exception:  # noqa: BLE001 - one bad cycle must not end the service; the next may find it gone
            wait = self._after(Ending.AWAY)
            self._log.exception(
                "The cycle ended in an error that sfsync did not expect.",
                action="daemon.failed",
                next_try_seconds=wait.total_seconds(),
            )
            return wait
        self._done(report)
        return self._after(Ending.DONE)

    def _deliver(self, sink: CompleteSink) -> None:
        """Send one sink what is due. Whatever goes wrong ends here: the next turn tries again."""
        if self._stopping.is_set():
            return
        try:
            done = serve(self._app, sink, stopping=self._stopping.is_set)
        except (DatabaseUnavailable, UsageError) as error:
            self._log.warning(error.message, action="daemon.not_delivered", sink=sink.name, remedy=error.remedy)
            return
        except Exception:  # noqa: BLE001 - one bad turn must not end the service
            self._log.exception("A delivery ended in an error that sfsync did not expect.", action="daemon.failed")
            return
        if done.delivered or done.failed:
            counts = {"delivered": done.delivered, "not_taken": done.failed, "given_up": done.dead}
            self._log.info("Events delivered.", action="daemon.delivered", sink=sink.name, **counts)

    def _prune(self) -> None:
        """Remove old events. Whatever goes wrong ends here: tomorrow is another day."""
        try:
            removed = prune(self._app, stopping=self._stopping.is_set)
        except (DatabaseUnavailable, UsageError) as error:
            self._log.warning(error.message, action="daemon.not_pruned", remedy=error.remedy)
            return
        if removed:
            self._log.info("Old events removed.", action="daemon.pruned", events=removed)

    def _between_calls(self, _arrow: str, _done: int, _total: int | None) -> None:
        self._moved = time.monotonic()
        self._rest(0)

    def _rest(self, seconds: float) -> None:
        """Sleep, unless and until somebody asks to stop: then raise Stopped."""
        if self._stopping.wait(seconds):
            raise Stopped("sfsync was asked to stop.", remedy="The next run goes on from here.")

    def _done(self, report: Report) -> None:
        if self._failures:
            self._log.info("The org is being worked on again.", action="daemon.recovered", failures=self._failures)
        self._told = ""
        self._log.info(
            "Cycle done.",
            action="daemon.cycle",
            run=report.run_id,
            counts=dict(report.counts),
            calls=dict(report.calls),
            seconds=round(report.seconds, 3),
            attention=len(report.attention),
        )

    def _refused(self, refusal: OrgRefused) -> timedelta:
        """Say it loudly once, then in passing as long as nothing changes."""
        wait = self._after(Ending.REFUSED)
        say = self._log.info if refusal.message == self._told else self._log.error
        self._told = refusal.message
        say(
            refusal.message,
            action="daemon.refused",
            remedy=refusal.remedy,
            code=refusal.code,
            next_try_seconds=wait.total_seconds(),
        )
        return wait

    def _after(self, ending: Ending) -> timedelta:
        if ending is Ending.DONE:
            self._failures = 0
        elif ending is not Ending.HELD:
            self._failures += 1
        return wait_after(ending, self._failures, self._interval)


def _without_lease_wait(settings: Settings) -> Settings:
    return settings.model_copy(update={"sync": settings.sync.model_copy(update={"lease_wait_seconds": 0})})


@contextmanager
def _delivered_to(events: SimpleQueue[_Event]) -> Generator[None]:
    """Put the first signal to stop into the queue; leave the second to the system, which ends the process at once."""

    def deliver(number: int, _frame: FrameType | None) -> None:
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_DFL)
        events.put(number)

    before = {number: signal.signal(number, deliver) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
