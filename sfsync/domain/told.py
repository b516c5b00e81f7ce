"""What other systems were told of a record, and how far that has got, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

DELIVERED, DEAD = "delivered", "dead"


@dataclass(frozen=True, slots=True)
class Sent:
    """One event on its way to one sink."""

    sink: str
    state: str
    """pending, delivered or dead (given up)."""
    attempts: int
    next_at: datetime
    last_error: str | None
    delivered_at: datetime | None
    paused: bool = False
    """Whether nothing is sent to the sink at the moment."""


@dataclass(frozen=True, slots=True)
class Told:
    """One event, and where it went."""

    event_id: str
    type: str
    at: datetime
    record: str
    sent: tuple[Sent, ...]


def where_to(told: Told) -> str:
    """Say who was told, and who was not yet."""
    if not told.sent:
        return f"Nobody of {told.type}: no sink asks for it."
    return " ".join(f"{_how_far(one, told)}." for one in told.sent)


def hitch(told: Sequence[Told]) -> str | None:
    """Return what to do about the first event that has not reached everybody; None where all have."""
    open_ = [(event, one) for event in told for one in event.sent if one.state != DELIVERED]
    for event, one in open_:
        if one.state == DEAD:
            return (
                f"{one.sink} was not reached with {event.type}. See to it, then "
                f"`sfsync events replay --id {event.event_id}`."
            )
    for event, one in open_:
        if one.paused:
            return f"{one.sink} has not heard of {event.type}, for it is paused: `sfsync events resume {one.sink}`."
    for event, one in open_:
        if one.attempts:
            return (
                f"{one.sink} has not taken {event.type} yet, and is tried again{_at(one.next_at)}. "
                f"`sfsync events show {event.event_id}` says why."
            )
    if open_:
        event, one = open_[0]
        return f"{one.sink} is told of {event.type} by the daemon or the next `sfsync sync`; at once: `sfsync deliver`."
    return None


def reached(told: Sequence[Told], kind: str) -> list[str]:
    """Return the sinks that have taken the newest event of this type."""
    newest = [event for event in told if event.type == kind][-1:]
    return [one.sink for event in newest for one in event.sent if one.state == DELIVERED]


def _how_far(one: Sent, told: Told) -> str:
    tries = "1 try" if one.attempts == 1 else f"{one.attempts} tries"
    why = f" ({one.last_error})" if one.last_error else ""
    if one.state == DELIVERED:
        late = one.delivered_at is not None and one.delivered_at.date() != told.at.date()
        when = f" at {one.delivered_at:{'%Y-%m-%d ' if late else ''}%H:%M:%S}" if one.delivered_at else ""
        return f"{one.sink} took {told.type}{when}" + (f", after {tries}" if one.attempts > 1 else "")
    if one.state == DEAD:
        return f"{one.sink} did not take {told.type}: given up after {tries}{why}"
    if one.paused:
        return f"{one.sink} waits for {told.type}: it is paused"
    if one.attempts:
        return f"{one.sink} has not taken {told.type} in {tries}{why}; next{_at(one.next_at)}"
    return f"{one.sink} is to be told of {told.type}"


def _at(when: datetime) -> str:
    return f" at {when:%Y-%m-%d %H:%M:%S} UTC"
