"""One sfsync process: it can be killed at any call or commit, its disk can fail, and its clock can be wrong."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from typing import TYPE_CHECKING

from scripts.simulation.engines import own
from sfsync.app import App
from sfsync.store.engine import open_database

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from requests.adapters import BaseAdapter

    from sfsync.config import Settings

FAILURES = {
    "busy": (sqlite3.SQLITE_BUSY, "database is locked"),
    "full": (sqlite3.SQLITE_FULL, "database or disk is full"),
    "lost": (sqlite3.SQLITE_IOERR, "disk I/O error"),
}
"""What a database says when it cannot: by the names of the simulator."""
LOCK_WAIT = timedelta(milliseconds=20)
"""Nobody holds a lock here while somebody else waits: one thread acts at a time."""


class Killed(BaseException):
    """The process dies here; nothing catches it."""


class Process:
    """A process with its own connection to the database and to the org; `restart` is a new one in its place.

    Call and commits are the moments at which something becomes lasting. `moments` counts them; killed before the
    n-th, a process leaves the same behind as one that was killed just after the one before.
    """

    def __init__(self, settings: Settings, url: str, clock: Callable[[], datetime], wire: BaseAdapter) -> None:
        self.settings = settings
        self.skew = timedelta(0)
        self.on_commit: Callable[[Process], None] = lambda _process: None
        self.moments: list[str] = []
        self._url, self._clock, self._wire = url, clock, wire
        self._dead = False
        self._die_before: int | None = None
        self._failure: tuple[str, str, int] | None = None
        self._start()

    def _start(self) -> None:
        db = open_database(self._url, lock_wait=LOCK_WAIT)
        # The engine is where the statements of one process can be told from another's.
        own(db._engine, self)  # noqa: SLF001 - there is no public way to a single engine, and the service needs none
        self.app = App(self.settings, "default", db, self.now, self._wire, lambda _seconds: None)

    def now(self) -> datetime:
        """What the clock of this machine says."""
        return self._clock() + self.skew

    def restart(self) -> None:
        """Let another process take its place."""
        self.close()
        self._dead, self._die_before, self._failure = False, None, None
        self._start()

    def close(self) -> None:
        """End it."""
        self.app.db.close()

    @property
    def dead(self) -> bool:
        """Whether it was killed."""
        return self._dead

    def die_before(self, moment: int) -> None:
        """Kill it just before its n-th call or commit from now on, counted from 1."""
        self.moments.clear()
        self._die_before = moment

    def fail(self, kind: str, what: str, nth: int) -> None:
        """Have the database fail at the n-th statement, before the n-th commit, or after it ("committed")."""
        self._failure = (kind, what, nth)

    def calm(self) -> None:
        """Call off what was to happen to it."""
        self._die_before = self._failure = None

    def moment(self, what: str) -> None:
        """Something is about to become lasting."""
        self._breathe()
        self.moments.append(what)
        if self._die_before is not None and len(self.moments) >= self._die_before:
            self._dead = True
            raise Killed

    def committing(self) -> None:
        """A commit is about to be made."""
        self.moment("commit")
        self._fail("commit")

    def committed(self) -> None:
        """A commit was made."""
        self._fail("committed")
        self.on_commit(self)

    def stating(self, *_: object) -> None:
        """A statement is about to be sent."""
        self._breathe()
        self._fail("statement")

    def _breathe(self) -> None:
        if self._dead:
            raise Killed

    def _fail(self, where: str) -> None:
        if self._failure is None or self._failure[1] != where:
            return
        kind, _, left = self._failure
        self._failure = (kind, where, left - 1)
        if left == 1:
            self._failure = None
            code, words = FAILURES[kind]
            error = sqlite3.OperationalError(words)
            error.sqlite_errorcode = code
            raise error
