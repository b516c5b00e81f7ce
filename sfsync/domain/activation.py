"""Activation by rule: which reviewed-by-nobody drafts are good enough to be activated, and why the others are not."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from sfsync.domain.statuses import ACTIVATED_CODE
from sfsync.domain.steps import money

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

ACTOR = "rule"
"""Who wants the activation, in the journal."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What the settings ask of an order that is activated without a person."""

    after: timedelta = timedelta(0)
    """How long it has stood in the org."""
    max_amount: Decimal | None = None
    """No order over more, in its own currency."""
    types: frozenset[str] = field(default_factory=frozenset)
    """Only orders of opportunities of these types; of all where none is named."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft order that sfsync made and nobody has touched, as far as the rule looks at it."""

    total: Decimal | None
    planned_total: Decimal | None
    currency: str | None
    lines: int
    """How many lines it has in the org."""
    lacking: int
    """How many of its lines are not there yet."""
    contract_id: str | None
    contract_code: str | None
    deal_type: str | None
    created_at: datetime | None


def why_not(draft: Draft, rule: Rule, now: datetime) -> str | None:
    """Return why the rule leaves an order to a person, in a few words; None where it activates it.

    `now` is the time by the org's clock, as the order's own time is.
    """
    if draft.created_at is None or now - draft.created_at < rule.after:
        return "it has not stood in the org for long enough"
    if draft.total is None or draft.total != draft.planned_total:
        return "its total is not the deal's to the cent"
    if draft.lines == 0 or draft.lacking:
        return "its lines are not all there"
    if draft.contract_id and draft.contract_code != ACTIVATED_CODE:
        return "its contract is not activated"
    if rule.max_amount is not None and draft.total > rule.max_amount:
        return "its amount is above the limit"
    if rule.types and (draft.deal_type or "") not in rule.types:
        return "its opportunity is of another type"
    return None


def reason(draft: Draft) -> str:
    """Say why the rule wants an order activated, for the journal."""
    lines = "1 line" if draft.lines == 1 else f"{draft.lines:,} lines"
    total = money(draft.total, draft.currency) if draft.total is not None else "no total"
    contract = ", the contract is activated" if draft.contract_id else ""
    return (
        f"Activated is wanted by the rule of [activation]: {lines} over {total}, the deal's amount to the cent, "
        f"in the org since {draft.created_at:%Y-%m-%d %H:%M} UTC{contract}."
    )
