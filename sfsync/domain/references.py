"""What orders refer to: accounts, contracts and products, as far as the mirror keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Account:
    """An Account that an order belongs to."""

    sf_id: str
    name: str | None
    is_deleted: bool
    system_modstamp: datetime


@dataclass(frozen=True, slots=True)
class Contract:
    """A Contract that an order is placed under."""

    sf_id: str
    contract_number: str | None
    account_id: str | None
    status: str | None
    status_code: str | None
    starts_on: date | None
    ends_on: date | None
    is_deleted: bool
    system_modstamp: datetime


@dataclass(frozen=True, slots=True)
class Product:
    """A Product2 that an order line sells."""

    sf_id: str
    name: str | None
    product_code: str | None
    family: str | None
    is_active: bool | None
    is_deleted: bool
    system_modstamp: datetime
    physical_flag: bool | None = None
    """The checkbox that says whether it is shipped; None where none is set up."""
