"""The promises that each cycle checks on itself: what must never be, and which lane could do more harm if it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


class Lane(StrEnum):
    """What stands still while a promise is broken; everything else goes on."""

    GENERATE = "generate"
    """Creating orders and lines."""
    PUSH = "push"
    """Sending wanted values."""
    DELIVER = "deliver"
    """Telling other systems."""


_READ_AGAIN = "`sfsync reconcile --repair` reads it again from the org."


@dataclass(frozen=True, slots=True)
class Promise:
    """Something that always holds: the lane that stops if it does not, the breach in words, and what mends it."""

    code: str
    lane: Lane
    broken: str
    remedy: str = _READ_AGAIN


_LOOK = "Compare the orders of the last runs (`sfsync logs`) with Salesforce, and report it as a fault of sfsync."

DOUBLED = Promise(
    "doubled",
    Lane.GENERATE,
    "Two living orders in the org carry the same key",
    "Delete one of them in Salesforce, or take the key off it; or, if there is one only, `sfsync reconcile --repair`.",
)
LINES_MISSING = Promise("lines_missing", Lane.GENERATE, "An order of ours was activated without all its lines")
WRONG_TOTAL = Promise(
    "wrong_total", Lane.GENERATE, "An order was created over another total than its deal's", "Correct it in Salesforce."
)
NOT_WRITTEN_DOWN = Promise(
    "not_written_down", Lane.GENERATE, "More orders were created than the journal tells of", _LOOK
)
DOUBT_UNMARKED = Promise("doubt_unmarked", Lane.GENERATE, "A creation is in doubt in a way that cannot be", _LOOK)
UPDATE_UNMARKED = Promise("update_unmarked", Lane.PUSH, "An update is in doubt in a way that cannot be", _LOOK)
WRONG_STATUS = Promise("wrong_status", Lane.PUSH, "An order's status is not the one that its category in the org gives")
TOLD_TOO_EARLY = Promise("told_too_early", Lane.DELIVER, "Events told of a status that the org never showed")
OVER_REDUCED = Promise("over_reduced", Lane.PUSH, "More was taken back of a line than was ordered")
RESERVED_TWICE = Promise(
    "reserved_twice",
    Lane.GENERATE,
    "Reductions of ours take more of a line than was ordered",
    "Withdraw one that was not sent (`sfsync orders withdraw`), or delete its draft in Salesforce.",
)
OVER_UNTOLD = Promise("over_untold", Lane.PUSH, "More was shipped than is due, and no alarm tells of it")

PROMISES: Mapping[str, Promise] = {
    promise.code: promise
    for promise in (
        DOUBLED,
        LINES_MISSING,
        WRONG_TOTAL,
        NOT_WRITTEN_DOWN,
        DOUBT_UNMARKED,
        UPDATE_UNMARKED,
        WRONG_STATUS,
        TOLD_TOO_EARLY,
        OVER_REDUCED,
        RESERVED_TWICE,
        OVER_UNTOLD,
    )
}
_FEW = 5


@dataclass(frozen=True, slots=True)
class Breach:
    """A broken promise, and the records that it is broken for."""

    promise: Promise
    records: tuple[str, ...]

    @property
    def what(self) -> str:
        """The breach in words, and for which records."""
        more = f" and {len(self.records) - _FEW:,} more" if len(self.records) > _FEW else ""
        named = f": {', '.join(self.records[:_FEW])}{more}" if self.records else ""
        return f"{self.promise.broken}{named}."

    @property
    def message(self) -> str:
        """The breach in words: what, what stands still, and what to do."""
        lane = f"The {self.promise.lane} lane stands still until that is repaired."
        return f"{self.what} {lane} {self.promise.remedy}"


@dataclass(frozen=True, slots=True)
class OrderState:
    """Of an order, what contradicts itself if anything does."""

    record: str
    sf_id: str | None
    org_status: str | None
    label: str | None
    status_code: str | None
    announced_status: str | None
    in_doubt: str | None
    marked: bool
    """It bears the time at which the write in doubt was sent."""


def contradictions(orders: Iterable[OrderState], to_local: Callable[[str, str], str]) -> list[Breach]:
    """Return what orders that looked unsound really break; `to_local` turns (label, category) into our word."""
    found: dict[str, list[str]] = {}
    for order in orders:
        for promise in _broken_by(order, to_local):
            found.setdefault(promise.code, []).append(order.record)
    return [Breach(PROMISES[code], tuple(records)) for code, records in found.items()]


def _broken_by(order: OrderState, to_local: Callable[[str, str], str]) -> Iterable[Promise]:
    if order.announced_status is not None and order.org_status is None:
        yield TOLD_TOO_EARLY
    if order.org_status is not None and order.org_status != to_local(order.label or "", order.status_code or ""):
        yield WRONG_STATUS
    if order.in_doubt == "create" and (order.sf_id is not None or not order.marked):
        yield DOUBT_UNMARKED
    if order.in_doubt == "update" and (order.sf_id is None or not order.marked):
        yield UPDATE_UNMARKED
