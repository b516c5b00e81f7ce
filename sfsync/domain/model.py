"""The values that everything else passes around: deals, orders and what was planned for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal  # noqa: TC003 - dataclass fields are read at run time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from sfsync.domain.fields import Value


@dataclass(frozen=True, slots=True)
class DealLine:
    """One OpportunityLineItem of a deal, with what its price book entry says of itself."""

    sf_id: str
    pricebook_entry_id: str | None
    product_id: str | None
    product_name: str | None
    product_code: str | None
    quantity: Decimal
    unit_price: Decimal | None
    list_price: Decimal | None
    total_price: Decimal | None
    service_date: date | None
    description: str | None
    sort_order: int | None
    entry_active: bool | None
    """PricebookEntry.IsActive; None where the entry cannot be seen."""
    entry_pricebook_id: str | None
    entry_currency: str | None
    product_active: bool | None
    system_modstamp: datetime


@dataclass(frozen=True, slots=True)
class DealContract:
    """What planning needs to know of the Contract that a deal names."""

    sf_id: str
    number: str | None
    account_id: str | None
    pricebook_id: str | None
    status_code: str | None
    starts_on: date | None
    ends_on: date | None


@dataclass(frozen=True, slots=True)
class Deal:
    """An Opportunity as the org last showed it, with all its lines."""

    sf_id: str
    name: str
    account_id: str | None
    account_name: str | None
    owner_id: str | None
    pricebook_id: str | None
    pricebook_active: bool | None
    contract: DealContract | None
    currency: str | None
    """ISO 4217 code; None in an org with one currency."""
    amount: Decimal | None
    stage_name: str
    type: str | None
    is_won: bool
    is_closed: bool
    is_deleted: bool
    closed_on: date
    created_at: datetime
    system_modstamp: datetime
    lines: tuple[DealLine, ...]


@dataclass(frozen=True, slots=True)
class OrgOrderItem:
    """An OrderItem as the org last showed it."""

    sf_id: str
    order_id: str
    key: str | None
    number: str | None
    pricebook_entry_id: str | None
    product_id: str | None
    quantity: Decimal
    unit_price: Decimal | None
    list_price: Decimal | None
    total_price: Decimal | None
    available_quantity: Decimal | None
    service_date: date | None
    end_date: date | None
    description: str | None
    original_item_id: str | None
    is_deleted: bool
    system_modstamp: datetime


@dataclass(frozen=True, slots=True)
class OrgOrder:
    """An Order as the org last showed it; `items` is None where they were not read with it."""

    sf_id: str
    key: str | None
    number: str | None
    opportunity_id: str | None
    account_id: str | None
    contract_id: str | None
    pricebook_id: str | None
    original_order_id: str | None
    is_reduction: bool
    name: str | None
    type: str | None
    currency: str | None
    effective_date: date | None
    status_label: str
    """Order.Status: the API name of the org's picklist value."""
    status_code: str
    """Order.StatusCode: the category, `Draft` or `Activated` (tolerate others)."""
    total_amount: Decimal
    activated_at: datetime | None
    is_deleted: bool
    system_modstamp: datetime
    items: tuple[OrgOrderItem, ...] | None
    created_at: datetime | None = None
    fields: Mapping[str, Value] = field(default_factory=dict)
    """What may be written from here, by its name in the mirror or its API name; only what our user can read."""


@dataclass(frozen=True, slots=True)
class PlannedLine:
    """One OrderItem to create. `quantity` × `unit_price`, rounded to the currency, is `total`.

    A line of a reduction has a negative quantity, and entry and price of the line that it reduces.
    """

    key: str
    deal_line_id: str | None
    pricebook_entry_id: str
    product_id: str | None
    quantity: Decimal
    unit_price: Decimal
    total: Decimal
    service_date: date | None
    description: str | None
    original_item_id: str | None = None
    """Of a reduction: the OrderItem that is reduced."""


@dataclass(frozen=True, slots=True)
class OrderPlan:
    """One Order to create, whole. The line totals add up to `total`, the deal's amount, to the cent."""

    key: str
    deal_id: str | None
    """None only for the reduction of an order that belongs to no deal."""
    account_id: str
    contract_id: str | None
    pricebook_id: str | None
    currency: str | None
    effective_date: date
    name: str
    total: Decimal
    lines: tuple[PlannedLine, ...]
    original_order_id: str | None = None
    """Of a reduction order: the Order that it reduces."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason why a deal gets no order: a stable code, and words that a sales rep can act on."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Rejection:
    """A won deal that gets no order until somebody fixes the record; all its problems at once."""

    deal_id: str
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class StatusChoice:
    """One value of the org's Order.Status picklist (a row of OrderStatus)."""

    api_name: str
    label: str
    status_code: str
    is_default: bool
