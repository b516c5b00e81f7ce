"""The org's own clock: every stamp, Date header and token age comes from it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """Now, by the machine, in UTC."""
    return datetime.now(tz=UTC)


class VirtualClock:
    """A clock that stands still until somebody advances it."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)

    def __call__(self) -> datetime:
        """The moment it stands at."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move forward by so many seconds."""
        self._now += timedelta(seconds=seconds)

    def move_to(self, moment: datetime) -> None:
        """Jump to a moment, also backwards."""
        self._now = moment.astimezone(UTC)


def stored(moment: datetime) -> str:
    """The form in which the database keeps a datetime: UTC, whole seconds, so string order is time order."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def from_stored(text: str) -> datetime:
    """The moment behind a stored datetime."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def as_json(stored_text: str) -> str:
    """A stored datetime as the REST API writes it [facts: api 9.2]."""
    return f"{stored_text}.000+0000"


def http_date(moment: datetime) -> str:
    """A moment as headers of HTTP have it, to the second."""
    return format_datetime(moment.astimezone(UTC).replace(microsecond=0), usegmt=True)
