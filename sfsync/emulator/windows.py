"""How often something happened lately: what limits over a rolling time count."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime, timedelta


class Window:
    """The moments of the last so long. Each comes back to the second: it counts until the period is over.

    Moments must be given in order, as a clock does.
    """

    def __init__(self, period: timedelta) -> None:
        self._period = period
        self._moments: deque[datetime] = deque()

    def add(self, now: datetime, times: int = 1) -> None:
        """Count something that happened now, or several such things."""
        self._moments.extend([now] * times)

    def count(self, now: datetime) -> int:
        """How many there were in the period that ends now."""
        before = now - self._period
        while self._moments and self._moments[0] <= before:
            self._moments.popleft()
        return len(self._moments)

    def clear(self) -> None:
        """Forget them."""
        self._moments.clear()
