"""The calls that are being answered: since when, which are long, and which are held at their end [facts: api 5.1]."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from sfsync.emulator.settings import Settings


class InFlight:
    """All of it is used under the org's lock, which is let go while a call is held or somebody waits for that."""

    def __init__(self, lock: threading.RLock, settings: Settings) -> None:
        self._settings = settings
        self._changed = threading.Condition(lock)
        self._started: dict[int, datetime] = {}
        self._held: set[int] = set()

    def enter(self, number: int, now: datetime) -> None:
        """A call that counts begins, by the org's clock."""
        self._started[number] = now

    def leave(self, number: int) -> None:
        """A call has been answered."""
        self._started.pop(number, None)

    def too_many(self, now: datetime) -> bool:
        """Whether so many calls have been running for long that the org takes no more."""
        if len(self._started) <= self._settings.concurrent_long_requests:
            return False
        begun = now - timedelta(seconds=self._settings.long_request_seconds)
        long = sum(start <= begun for start in tuple(self._started.values()))  # others leave without the lock
        return long >= self._settings.concurrent_long_requests

    def hold(self, number: int, seconds: float | None) -> None:
        """Keep a call from ending for so many real seconds, or without a number until `release`."""
        self._held.add(number)
        self._changed.notify_all()
        try:
            self._changed.wait_for(lambda: number not in self._held, seconds)
        finally:
            self._held.discard(number)

    def release(self, number: int | None = None) -> int:
        """Let one held call end, or all of them, and return how many did. For any thread."""
        with self._changed:
            ending = self._held & (self._held if number is None else {number})
            self._held -= ending
            self._changed.notify_all()
            return len(ending)

    def held(self, count: int = 1, *, timeout: float = 30) -> list[int]:
        """Wait until at least so many calls are held, and return their numbers. For any thread.

        Raises:
            TimeoutError: if it takes longer than so many real seconds.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._held) >= count, timeout):
                raise TimeoutError(f"{len(self._held)} of {count} calls are held")
            return sorted(self._held)
