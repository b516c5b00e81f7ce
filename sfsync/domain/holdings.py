"""What orders hold and reductions take: the values that reducing is reckoned with."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from sfsync.domain import money

if TYPE_CHECKING:
    from datetime import date

    from sfsync.domain.model import Problem

ZERO = Decimal(0)


class SpreadPolicy(StrEnum):
    """Which of several orders a downgrade is taken from first."""

    NEWEST = "newest"
    OLDEST = "oldest"


@dataclass(frozen=True, slots=True)
class OpenReduction:
    """A reduction of a line that is not activated yet, and takes its quantity all the same."""

    handle: str
    quantity: Decimal
    in_org: bool
    """False before it is sent."""
    by_others: bool
    """Made in Salesforce: there it reserves nothing, and whoever is activated first has it."""


@dataclass(frozen=True, slots=True)
class Holding:
    """One line of an original order; quantities are positive."""

    sf_id: str
    number: str | None
    key: str | None
    place: int
    """Counts the order's lines from 1."""
    product_id: str | None
    product_name: str | None
    product_code: str | None
    pricebook_entry_id: str | None
    quantity: Decimal
    unit_price: Decimal
    available: Decimal | None
    """OrderItem.AvailableQuantity; None where the org does not show it."""
    reduced: Decimal
    """What activated reductions take."""
    open: tuple[OpenReduction, ...] = ()
    starts_on: date | None = None
    """OrderItem.ServiceDate."""
    ends_on: date | None = None
    """OrderItem.EndDate."""

    @property
    def reserved(self) -> Decimal:
        """What reductions take that are not activated yet."""
        return sum((one.quantity for one in self.open), ZERO)

    @property
    def left(self) -> Decimal:
        """What can still be taken: never more than the org says, nor than our own sums."""
        own = self.quantity - self.reduced
        there = own if self.available is None else min(own, self.available)
        return max(there - self.reserved, ZERO)

    @property
    def name(self) -> str:
        """What people call it."""
        return self.product_name or self.product_code or self.number or self.sf_id


@dataclass(frozen=True, slots=True)
class Original:
    """An order that may be reduced, with all its lines."""

    sf_id: str | None
    key: str | None
    number: str | None
    opportunity_id: str | None
    account_id: str | None
    contract_id: str | None
    pricebook_id: str | None
    currency: str | None
    name: str | None
    status: str | None
    """The status that the org shows, in our words."""
    status_code: str | None
    is_reduction: bool
    is_deleted: bool
    starts_on: date | None
    ends_on: date | None
    contract_starts_on: date | None
    contract_ends_on: date | None
    lines: tuple[Holding, ...]
    next_number: int = 1
    """The number of its next reduction."""

    @property
    def handle(self) -> str:
        """What to call it on the command line."""
        return self.number or self.key or self.sf_id or ""


@dataclass(frozen=True, slots=True)
class Demand:
    """How much of what is to go: `by` so much, or down `to` so much; neither: all that is left.

    `line` is a line's number, Id, key or place, or a product's name, code or Id (all its lines together); None is
    every line of the order.
    """

    line: str | None
    by: Decimal | None = None
    to: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Cut:
    """So much is taken from one line of one order."""

    original: Original
    line: Holding
    by: Decimal

    @property
    def left(self) -> Decimal:
        """What the line has afterwards."""
        return self.line.left - self.by

    @property
    def amount(self) -> Decimal:
        """The money that goes with it, as the org will reckon it: negative for a positive price."""
        currency = money.currency_of(self.line.unit_price, self.original.currency)
        return money.line_total(-self.by, self.line.unit_price, currency)


@dataclass(frozen=True, slots=True)
class NotReducible:
    """Why nothing is reduced: all problems at once, in words."""

    problems: tuple[Problem, ...]
