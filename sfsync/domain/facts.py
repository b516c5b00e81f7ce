"""What the mirror knows of an order, as people ask for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfsync.domain.fields import same

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime
    from decimal import Decimal

    from sfsync.domain.fields import Value


@dataclass(frozen=True, slots=True)
class ConflictFacts:
    """A field that was changed here and in the org at the same time."""

    order_id: int
    record: str
    name: str | None
    opportunity_id: str | None
    field: str
    wanted: str | None
    org_value: str | None
    base: str | None
    since: datetime
    resolved_at: datetime | None = None
    resolution: str | None = None
    """take_org, take_local, policy or agreed; None while it is open."""
    resolved_by: str | None = None


@dataclass(frozen=True, slots=True)
class DiscrepancyFacts:
    """A deal that no longer says what its orders do, as people ask for it."""

    opportunity_id: str
    order_id: int
    record: str
    name: str | None
    currency: str | None
    kind: str
    message: str
    lines: Sequence[Mapping[str, Any]]
    amount: Decimal | None
    """The deal's total minus what is ordered."""
    amendment: Mapping[str, Any]
    since: datetime
    code: str | None = None
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """An order: what the org last said of it, what is wanted of it, and what stands between the two."""

    id: int
    key: str | None
    sf_id: str | None
    order_number: str | None
    name: str | None
    opportunity_id: str | None
    opportunity_name: str | None
    account_id: str | None
    account_name: str | None
    contract_id: str | None
    contract_number: str | None
    currency: str | None
    effective_date: date | None
    end_date: date | None
    planned_total: Decimal | None
    total_amount: Decimal | None
    status: str
    """The status that is wanted."""
    org_status: str | None
    """The status that the org last showed; None before the order is there."""
    org_status_label: str | None
    activated_at: datetime | None
    origin: str
    """sfsync, adopted or org: who made the order."""
    is_reduction: bool
    is_deleted: bool
    in_doubt: str | None
    sent_at: datetime | None
    attempts: int
    retry_at: datetime | None
    problem_code: str | None
    problem: str | None
    problem_want: str | None
    problem_at: datetime | None
    system_modstamp: datetime | None
    lines: int
    """How many lines it has, planned ones included."""
    status_code: str | None = None
    """The category of the status in the org."""
    original_order_id: str | None = None
    """Of a reduction: the Salesforce Id of the order that it reduces."""
    org_end_date: date | None = None
    description: str | None = None
    org_description: str | None = None
    po_number: str | None = None
    org_po_number: str | None = None
    custom: Mapping[str, Value] | None = None
    org_custom: Mapping[str, Value] | None = None
    first_activated_at: datetime | None = None
    created_at: datetime | None = None
    """When it was made in the org, by the org's clock."""
    deactivate_by: str | None = None
    deactivate_at: datetime | None = None
    """Who asked for it to go back to Draft, and when; None: nobody."""
    rule_activated_at: datetime | None = None
    """When the rule of [activation] wanted it activated."""
    conflicts: tuple[ConflictFacts, ...] = ()
    """Fields that were changed here and in the org at the same time, and wait for a person."""
    held_since: datetime | None = None
    held_for: str | None = None
    """Why it is on hold (deal_reopened, deal_lost, deal_deleted), so that nothing activates it; None: it is not."""
    discrepancy: DiscrepancyFacts | None = None
    """In what its deal, which was changed, differs from it."""

    @property
    def handle(self) -> str:
        """What to call it on the command line: its number, before it has one its key, else its Id."""
        return self.order_number or self.key or self.sf_id or ""

    @property
    def total(self) -> Decimal | None:
        """What the org makes of the lines; before it has said so, the plan."""
        return self.planned_total if self.total_amount is None else self.total_amount

    @property
    def waits(self) -> bool:
        """Whether another status is wanted than the org has."""
        return self.sf_id is not None and self.status != self.org_status

    @property
    def wanted_fields(self) -> dict[str, tuple[Value, Value]]:
        """Fields besides the status of which another value is wanted than the org has: (wanted, in the org)."""
        if self.sf_id is None:
            return {}
        both: dict[str, tuple[Value, Value]] = {
            "description": (self.description, self.org_description),
            "po_number": (self.po_number, self.org_po_number),
            "end_date": (self.end_date, self.org_end_date),
        }
        there = self.org_custom or {}
        custom = self.custom if isinstance(self.custom, dict) else {}
        both |= {field: (value, there.get(field)) for field, value in custom.items()}
        return {field: pair for field, pair in both.items() if not same(*pair)}

    @property
    def disputed(self) -> frozenset[str]:
        """The fields that wait for a person to settle a conflict."""
        return frozenset(one.field for one in self.conflicts)


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """One line of an order; `sf_id` is None before it is in the org."""

    key: str | None
    sf_id: str | None
    number: str | None
    product_name: str | None
    product_code: str | None
    quantity: Decimal
    unit_price: Decimal | None
    total_price: Decimal | None
    service_date: date | None
    description: str | None
    shipped: Decimal | None = None
    """Recorded and not voided, here or in the org; None for what is not shipped at all."""
    percent_shipped: Decimal | None = None
    """Of what was ordered, less active reductions; None where nothing is due."""
    shipping: str | None = None
    """none, partial, shipped, over or n/a."""
