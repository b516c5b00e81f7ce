"""The part of an explanation that is about an order's other fields, and about conflicts of any of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.domain.disputes import settle, sides
from sfsync.domain.fields import STATUS, api_name, digest, shown
from sfsync.domain.steps import Obstacle, State, Step

if TYPE_CHECKING:
    from sfsync.domain.facts import OrderFacts
    from sfsync.domain.fields import Value


def fields_step(order: OrderFacts) -> Step | None:
    """Return how the wishes for fields besides the status stand; None where nothing is wanted of them."""
    wanted = order.wanted_fields
    if not wanted:
        return None
    parts = (
        f"{api_name(field)} “{shown(want)}” is wanted; the org has “{shown(seen)}”."
        for field, (want, seen) in wanted.items()
    )
    text = " ".join(parts)
    if order.in_doubt:
        return Step(State.DOUBT, "fields", f"{text} The answer to an update was lost.")
    if wanted.keys() <= order.disputed or is_refused(order):
        return Step(State.BLOCKED, "fields", text)
    return Step(State.WAITING, "fields", f"{text} The next cycle sends it.")


def disputes(order: OrderFacts) -> list[Obstacle]:
    """Return the conflicts that wait for a person, as what blocks the order."""
    return [Obstacle("conflict", sides(one), settle(one)) for one in order.conflicts]


def is_refused(order: OrderFacts) -> bool:
    """Whether just what is wanted now is remembered as refused, or as not to be sent."""
    if order.problem_code in (None, "total_mismatch"):
        return False
    found: dict[str, Value] = {field: want for field, (want, _) in order.wanted_fields.items()}
    if order.waits:
        found[STATUS] = order.status
    sendable = {field: want for field, want in found.items() if field not in order.disputed}
    return order.problem_want in (None, digest(found), digest(sendable), *([order.status] if order.waits else []))
