"""Whether the org's API allowance will last, as far as what it told us allows to say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

WINDOW = timedelta(hours=6)
SHORTEST = timedelta(minutes=30)
FULL = timedelta(hours=24)
"""The org counts the calls of the last 24 hours (API Request Limits and Allocations): what is older drops out."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What the org said once: calls of the last 24 hours by everybody, and how many it allows."""

    at: datetime
    used: int
    limit: int


def used_up_at(samples: Sequence[Sample], now: datetime) -> datetime | None:
    """Return when the allowance is used up if the last hours go on as they did; None where nothing can be said.

    The trend is that of the org's own count, in which old calls drop out as new ones come, over the
    last six hours. Nothing is said from less than half an hour, from a count that falls or stands
    still, or of a time more than a day away, when all of today's calls have dropped out again.
    """
    recent = sorted((sample for sample in samples if now - sample.at <= WINDOW), key=lambda sample: sample.at)
    if not recent or recent[-1].at - recent[0].at < SHORTEST:
        return None
    first, last = recent[0], recent[-1]
    if last.used >= last.limit:
        return last.at
    grown = last.used - first.used
    if grown <= 0:
        return None
    left = (last.at - first.at) * ((last.limit - last.used) / grown)
    return last.at + left if left <= FULL else None
