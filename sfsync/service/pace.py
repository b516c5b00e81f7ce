"""How long to wait until the next cycle, by how the last one ended."""

from __future__ import annotations

from datetime import timedelta
from enum import Enum

LONGEST = timedelta(minutes=15)
"""The longest wait between two tries while the org or the database is away."""
PROBE = timedelta(minutes=5)
"""The shortest wait before the org is asked again after it sent us away: every failed login counts towards a lock."""
_DOUBLINGS = 16


class Ending(Enum):
    """How a cycle ended, as far as the next one is concerned."""

    DONE = "done"
    """It ran; what single records got is in the mirror."""
    HELD = "held"
    """Another sfsync was at work on the org."""
    AWAY = "away"
    """The org or the database could not be used; it may be back at any time."""
    REFUSED = "refused"
    """The org sent us away: a person must change something first."""


def wait_after(ending: Ending, failures: int, interval: timedelta) -> timedelta:
    """Return the wait until the next cycle.

    Args:
        ending: How the last cycle ended.
        failures: How many cycles in a row have failed, the last one included; 0 if it did not.
        interval: The wait that the settings ask for; no wait is shorter.
    """
    if ending is Ending.REFUSED:
        return max(PROBE, interval)
    if ending is Ending.AWAY:
        return max(interval, min(LONGEST, interval * (1 << min(failures, _DOUBLINGS))))
    return interval
