"""The chain of a record in the order of time: the deal, its order, who moved it on, and who was told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sfsync.domain.fields import STATUS
from sfsync.domain.statuses import Status
from sfsync.domain.steps import State, money
from sfsync.domain.told import DELIVERED, where_to

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date, datetime

    from sfsync.domain.explain import Explanation, Story
    from sfsync.domain.facts import OrderFacts
    from sfsync.domain.model import Deal
    from sfsync.domain.told import Told


@dataclass(frozen=True, slots=True)
class Note:
    """An entry of the journal, as far as it is told."""

    at: datetime
    run_id: int | None
    action: str
    message: str
    level: str
    actor: str
    order_key: str | None
    sf_id: str | None
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Milestone:
    """One thing that happened, or that is to happen (no time)."""

    at: datetime | None
    day: date | None
    """Where only the day is known."""
    what: str
    """In a word: won, created, wanted, activated, told …"""
    text: str
    by: str | None = None
    """Who made it happen; None: sfsync itself."""
    run: int | None = None
    state: State = State.DONE
    order: str | None = None
    """Which order, where the deal has several."""


NOW, TOLD = "now", "told"
_LATE = timedelta(seconds=5)
"""An event is written a moment before the entry of the same transaction."""

_ENTERED = {
    Status.DRAFT.value: "deactivated",
    Status.ACTIVATED.value: "activated",
    Status.FULFILLED.value: "fulfilled",
    Status.CANCELLED.value: "cancelled",
}
_TOLD_OF = frozenset((*_ENTERED.values(), "created", "adopted", "rejected"))
_WHAT = {
    "opportunity.rejected": "rejected",
    "opportunity.accepted": "accepted",
    "order.settled": "created",
    "order.confirmed": "created",
    "order.not_there": "not made",
    "order.refused": "refused",
    "order.dropped": "dropped",
    "order.completed": "completed",
    "order.line_refused": "refused",
    "order.status_wanted": "wanted",
    "order.field_wanted": "wanted",
    "order.deactivation_wanted": "wanted",
    "order.fields_pushed": "updated",
    "order.changed_in_org": "changed",
    "order.push_refused": "refused",
    "order.push_held": "held",
    "order.move_not_sent": "not sent",
    "order.update_settled": "settled",
    "order.conflict": "conflict",
    "order.deleted_in_org": "deleted",
    "order.restored_in_org": "restored",
    "order.total_mismatch": "mismatch",
}
"""Entries in a word; others by the last word of their action."""
_CREATIONS = frozenset(("order.created", "order.settled", "order.confirmed"))
_BY = {"sfsync": None, "org": "in Salesforce", "sql": "plain SQL", "rule": "the rule of [activation]"}


def timeline(
    story: Story, explanation: Explanation, notes: Iterable[Note], told: Iterable[Told]
) -> tuple[Milestone, ...]:
    """Put together what happened to a deal and its orders, oldest first; last what is still to happen.

    Args:
        story: The deal and the orders as the mirror has them.
        explanation: How they stand, from `explain`.
        notes: The entries of the journal about them.
        told: The events about them.
    """
    written = list(notes)
    several = len(story.orders) > 1
    known = {name: order for order in story.orders for name in (order.key, order.sf_id) if name}
    dated = [
        *(found for order in story.orders for found in _unwritten(order, written)),
        *(_of_note(note, known) for note in written),
        *(_of_event(event, known) for event in told),
    ]
    first = [_won(story.deal)] if story.deal is not None and story.deal.is_won else []
    open_ = [
        Milestone(None, None, NOW, f"{step.subject.capitalize()}: {step.text}", state=step.state)
        for step in explanation.steps
        if step.subject != "deal" and step.state not in (State.DONE, State.NONE)
    ]
    found = (*first, *_in_time(dated), *open_)
    return found if several else tuple(replace(one, order=None) for one in found)


def who(actor: str) -> str | None:
    """Say who an actor of the journal is; None for sfsync itself."""
    return _BY.get(actor, actor)


def _won(deal: Deal) -> Milestone:
    amount = money(deal.amount, deal.currency) if deal.amount is not None else "no amount"
    whose = f", {deal.account_name}" if deal.account_name else ""
    lines = "1 line" if len(deal.lines) == 1 else f"{len(deal.lines):,} lines"
    return Milestone(None, deal.closed_on, "won", f"“{deal.name}”{whose}: {amount} over {lines}.", by="in Salesforce")


def _in_time(dated: Iterable[Milestone]) -> list[Milestone]:
    """Sort by time; an event comes right after what it tells of, before which it is written in one transaction."""
    pairs = [(one.at, one) for one in dated if one.at is not None]
    deeds = [(at, one.order) for at, one in pairs if one.what in _TOLD_OF]

    def place(pair: tuple[datetime, Milestone]) -> tuple[datetime, bool]:
        at, one = pair
        if one.what != TOLD:
            return at, False
        return min((deed for deed, order in deeds if order == one.order and at <= deed <= at + _LATE), default=at), True

    return [one for _, one in sorted(pairs, key=place)]


def _unwritten(order: OrderFacts, notes: Sequence[Note]) -> Iterator[Milestone]:
    """What the journal has no entry of: an order that others made, and what they did before sfsync saw it."""
    ids = {order.sf_id, order.key} - {None}
    mine = [note for note in notes if ids & {note.sf_id, note.order_key}]
    if order.created_at and not any(note.action in _CREATIONS for note in mine):
        by = "in Salesforce" if order.origin != "sfsync" else None
        kind = "reduction order" if order.is_reduction else "order"
        text = f"The {kind} {order.handle} was made" + (", not by sfsync." if by else f" under the key {order.key}.")
        yield Milestone(order.created_at, None, "created", text, by, order=order.handle)
    first = order.first_activated_at
    if first and not any(_entered(note) == Status.ACTIVATED for note in mine):
        text = "The order was activated before sfsync looked at it."
        yield Milestone(first, None, "activated", text, "in Salesforce", order=order.handle)


def _of_note(note: Note, known: Mapping[str, OrderFacts]) -> Milestone:
    order = known.get(note.order_key or "") or known.get(note.sf_id or "")
    what = _ENTERED.get(_entered(note) or "") or _WHAT.get(note.action)
    what = what or note.action.rsplit(".", 1)[-1].replace("_", " ")
    text = note.message
    if order and note.action in _CREATIONS:
        text += f" Planned as {order.key}, it is {order.handle}."
    state = State.DONE if note.level == "info" else State.BLOCKED
    return Milestone(note.at, None, what, text, who(note.actor), note.run_id, state, order.handle if order else None)


def _of_event(event: Told, known: Mapping[str, OrderFacts]) -> Milestone:
    waits = any(one.state != DELIVERED for one in event.sent)
    state = State.WAITING if waits else State.DONE if event.sent else State.NONE
    order = known.get(event.record)
    return Milestone(event.at, None, TOLD, where_to(event), state=state, order=order.handle if order else None)


def _entered(note: Note) -> str | None:
    """The status that an order got by what a note tells of; None for other notes."""
    details = note.details
    if note.action in ("order.status_pushed", "order.fields_pushed"):
        moved = details.get("fields", {details.get("field"): details}).get(STATUS)
        return moved["after"] if moved else None
    return details.get("after") if note.action == "order.status_in_org" else None
