"""The parts of an explanation: the steps of a chain, and what stands in its way."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from decimal import Decimal


class State(StrEnum):
    """How far a step of the chain is."""

    DONE = "done"
    """It has happened, and the org has confirmed it."""
    WAITING = "waiting"
    """It happens in the next cycle."""
    DOUBT = "doubt"
    """It was sent, and the answer was lost."""
    BLOCKED = "blocked"
    """It does not happen before somebody does something."""
    NONE = "none"
    """There is nothing to happen."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the chain: what it is about (deal, order, total, status), and how it stands in words."""

    state: State
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What blocks a record: a stable code, what is wrong, and what to do where that does not say so already."""

    code: str
    what: str
    remedy: str | None = None


def money(amount: Decimal, currency: str | None) -> str:
    """Return an amount as people write it."""
    return f"{amount:,.2f} {currency or ''}".rstrip()
