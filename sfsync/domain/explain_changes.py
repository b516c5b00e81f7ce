"""The part of an explanation that is about a deal that was changed after its order was made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.domain.judge import HELD
from sfsync.domain.steps import Obstacle, State, Step

if TYPE_CHECKING:
    from sfsync.domain.facts import OrderFacts


def changes_step(order: OrderFacts) -> tuple[list[Step], list[Obstacle]]:
    """Return how the order stands to its deal if that was changed, and what is to be done; nothing if they agree."""
    if order.in_doubt == "amend":
        text = "The draft was sent to be brought to its changed deal, and the answer was lost."
        return [Step(State.DOUBT, "deal change", text)], []
    found = order.discrepancy
    if found is not None:
        again = f"`sfsync orders retry {order.handle}` has it tried again at once." if found.kind == "refused" else None
        step = Step(State.BLOCKED, "deal change", f"Deal and orders differ since {found.since:%Y-%m-%d %H:%M} UTC.")
        return [step], [Obstacle(found.kind, found.message, again)]
    if order.held_for is not None:
        text = f"The order is on hold, because {HELD[order.held_for]}."
        waits = "Win the deal again in Salesforce, or cancel the order."
        return [Step(State.BLOCKED, "deal change", text)], [Obstacle("deal_not_won", text, waits)]
    return [], []
