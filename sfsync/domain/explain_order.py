"""The part of an explanation that is about one order: how it came about, its total, its status."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.domain.explain_fields import disputes, fields_step, is_refused
from sfsync.domain.fields import STATUS
from sfsync.domain.statuses import DEACTIVATION, MOVES, Status
from sfsync.domain.steps import Obstacle, State, Step, money

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sfsync.domain.facts import OrderFacts
    from sfsync.domain.model import Deal

    Part = tuple[list[Step], list[Obstacle]]

_CREATE, _UPDATE = "create", "update"
_RECORDED = frozenset(
    (
        *("total_mismatch", "illegal_move", "would_deactivate", "would_activate", "no_items", "has_reductions"),
        *("not_writable", "bad_value", "deal_not_won", "over_reduced"),
    )
)
"""Problems whose words say already what to do."""


def order_steps(order: OrderFacts, *, deal: Deal | None, several: bool, remedy: Callable[[str], str | None]) -> Part:
    """Return the steps of one order and what blocks them; `several` names the order in each step."""
    subject = "reduction" if order.is_reduction else "order"
    named = f" {order.handle}" if several else ""
    if order.sf_id is None:
        step, refusals = _unsent(order, remedy)
        return [Step(step.state, f"{subject}{named}", step.text)], refusals
    steps = [Step(State.DONE, f"{subject}{named}", _origin(order))]
    if order.is_deleted:
        steps[0] = Step(State.BLOCKED, f"{subject}{named}", f"{_origin(order)} It was deleted in Salesforce.")
        return steps, _deleted(order)
    obstacles: list[Obstacle] = []
    for name, (step, found) in {"total": _total(order, deal), "status": _status(order, remedy)}.items():
        steps.append(Step(step.state, f"{name}{named}", step.text))
        obstacles += found
    if fields := fields_step(order):
        steps.append(Step(fields.state, f"fields{named}", fields.text))
        if fields.state is State.BLOCKED and is_refused(order) and not obstacles:
            obstacles.append(_problem(order, remedy))
    return steps, obstacles + disputes(order)


def _unsent(order: OrderFacts, remedy: Callable[[str], str | None]) -> tuple[Step, list[Obstacle]]:
    plan = f"Planned as {order.key}: {order.lines:,} lines" if order.lines != 1 else f"Planned as {order.key}: 1 line"
    if order.planned_total is not None:
        plan += f" over {money(order.planned_total, order.currency)}"
    if order.in_doubt == _CREATE:
        text = f"{plan}; sent{_at(order.sent_at)}, and the answer was lost: the org may have it or not."
        return Step(State.DOUBT, "order", text), []
    if order.problem_code:
        tries = "once" if order.attempts == 1 else f"{order.attempts} times"
        return Step(State.BLOCKED, "order", f"{plan}; the org has refused it {tries}."), [_refused(order, remedy)]
    return Step(State.WAITING, "order", f"{plan}; not sent yet."), []


def _origin(order: OrderFacts) -> str:
    name = f"{order.order_number or 'Order'} ({order.sf_id})"
    match order.origin:
        case "sfsync":
            return f"{name}, created by sfsync under the key {order.key}."
        case "adopted":
            return f"{name}, made by somebody else for this deal and adopted: no second one is created."
        case _ if order.is_reduction:
            return f"{name}, a reduction made in Salesforce; mirrored."
        case _:
            return f"{name}, made in Salesforce and not by sfsync; mirrored, and its status can be set from here."


def _deleted(order: OrderFacts) -> list[Obstacle]:
    if order.origin == "org" or order.is_reduction:
        return []
    return [
        Obstacle(
            "order_deleted",
            "The deal's order was deleted in Salesforce, and sfsync makes no second one by itself.",
            "Restore it from the Recycle Bin in Salesforce if it was deleted by mistake.",
        )
    ]


def _total(order: OrderFacts, deal: Deal | None) -> tuple[Step, list[Obstacle]]:
    if order.total_amount is None:
        return Step(State.WAITING, "total", "Not read back from the org yet."), []
    shown = money(order.total_amount, order.currency)
    lines = "1 line" if order.lines == 1 else f"{order.lines:,} lines"
    found: list[Obstacle] = []
    if order.problem_code == "total_mismatch":
        found.append(_problem(order, lambda _: None))
    promised = order.planned_total
    if promised is None and deal is not None:
        promised = deal.amount
    if promised is None or order.is_reduction:
        return Step(State.DONE, "total", f"{shown} over {lines}."), found
    if promised == order.total_amount:
        return Step(State.DONE, "total", f"{shown} over {lines}: the deal's amount to the cent."), found
    text = f"{shown} over {lines}, and the deal says {money(promised, order.currency)}."
    return Step(State.BLOCKED if found else State.NONE, "total", text), found


def _status(order: OrderFacts, remedy: Callable[[str], str | None]) -> tuple[Step, list[Obstacle]]:
    org, label = order.org_status or "unknown", order.org_status_label
    spelt = f" (“{label}”)" if label and label != org else ""
    if order.in_doubt == _UPDATE:
        text = f"{order.status} was sent{_at(order.sent_at)}, and the answer was lost; before, it was {org}{spelt}."
        return Step(State.DOUBT, "status", text), []
    own_problem = order.problem_code is not None and order.problem_code != "total_mismatch"
    if not order.waits:
        since = f", activated{_at(order.activated_at)}" if order.activated_at else ""
        text = f"{order.status}{spelt}, here and in the org{since}."
        told = own_problem and not order.wanted_fields
        return Step(State.DONE, "status", text), [_problem(order, remedy)] if told else []
    asked = f" ({order.deactivate_by} asked{_at(order.deactivate_at)} for it to be deactivated)"
    text = f"{order.status} is wanted{asked if order.deactivate_at else ''}; the org has {org}{spelt}."
    if STATUS in order.disputed:
        return Step(State.BLOCKED, "status", text), []
    if own_problem and is_refused(order):
        return Step(State.BLOCKED, "status", text), [_problem(order, remedy)]
    if refusal := _forbidden(order):
        return Step(State.BLOCKED, "status", text), [refusal]
    return Step(State.WAITING, "status", f"{text} The next cycle sends it."), []


def _forbidden(order: OrderFacts) -> Obstacle | None:
    move = (Status(order.org_status), Status(order.status)) if order.org_status else None
    reason = MOVES[move] if move and not (order.deactivate_at and move == DEACTIVATION) else None
    return Obstacle("illegal_move", f"It will not be sent. {reason}", _take_back(order)) if reason else None


def _problem(order: OrderFacts, remedy: Callable[[str], str | None]) -> Obstacle:
    code, what = order.problem_code or "", order.problem or "It did not go through."
    if code == "total_mismatch":
        return Obstacle(code, what, f"When it is settled, `sfsync orders retry {order.handle}` takes it off the list.")
    if code in _RECORDED:
        return Obstacle(code, what, _take_back(order) if order.waits else None)
    return _refused(order, remedy)


def _refused(order: OrderFacts, remedy: Callable[[str], str | None]) -> Obstacle:
    code = order.problem_code or ""
    again = f"at once with `sfsync orders retry {order.handle}`"
    when = f"It is tried again{_at(order.retry_at)}, or {again}." if order.retry_at else f"Then try it again {again}."
    return Obstacle(code, order.problem or "The org refused it.", " ".join(filter(None, (remedy(code), when))))


def _take_back(order: OrderFacts) -> str:
    return f"To leave it as the org has it: `sfsync orders set-status {order.handle} {order.org_status}`."


def _at(when: datetime | None) -> str:
    return f" at {when:%Y-%m-%d %H:%M:%S} UTC" if when else ""
