"""When a write that did not go through is tried again."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class Trouble(StrEnum):
    """Why a write did not go through, as far as waiting can help."""

    LOCK = "lock"
    """Somebody else held the account's lock: gone in seconds."""
    UNAVAILABLE = "unavailable"
    """The org did not answer, or not in time: gone in minutes."""
    REFUSED = "refused"
    """The org's own rules said no: a person has to change something, or the same is said again."""


_DELAYS: dict[Trouble, tuple[timedelta, ...]] = {
    Trouble.LOCK: tuple(timedelta(seconds=s) for s in (2, 4, 8, 15, 30, 60)),
    Trouble.UNAVAILABLE: tuple(timedelta(minutes=m) for m in (1, 2, 5, 10, 15, 30)),
    Trouble.REFUSED: tuple(timedelta(hours=h) for h in (1, 4, 12, 24)),
}
_SPREAD = 0.25


def retry_at(trouble: Trouble, attempts: int, now: datetime, *, jitter: float) -> datetime | None:
    """Return when to try again after `attempts` failed tries, None for "not before something changes".

    Locks and unavailability are tried for ever, at the last delay of the table. A refusal is tried
    only as often as the table is long: an admin may have changed a rule, which no record shows.

    Args:
        trouble: Why the last try failed.
        attempts: How many tries have failed in a row, the last one included.
        now: The time of the failure.
        jitter: A random number from 0 to 1, which spreads the tries so that they do not meet again.

    Raises:
        ValueError: if nothing has failed yet.
    """
    if attempts < 1:
        raise ValueError("a retry follows at least one failed try")
    delays = _DELAYS[trouble]
    if trouble is Trouble.REFUSED and attempts > len(delays):
        return None
    return now + _spread(delays[min(attempts, len(delays)) - 1], jitter)


def _spread(delay: timedelta, jitter: float) -> timedelta:
    """Lengthen `delay` by up to a quarter; never shorten it."""
    return delay * (1 + _SPREAD * jitter)
