"""Entitlement: what a customer has of a product on a day, and the orders and reductions behind the number."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class HeldReduction:
    """What one activated reduction takes of a line for good, from a day on; quantity and amount are positive."""

    order: str
    """What to call the reduction order."""
    order_id: str
    starts_on: date | None
    quantity: Decimal
    amount: Decimal

    def counts_on(self, day: date) -> bool:
        """Whether it has begun; it has no end, for what is taken back does not come again by itself."""
        return self.starts_on is None or self.starts_on <= day


@dataclass(frozen=True, slots=True)
class HeldLine:
    """A line of an activated order, with the reductions of it that are activated."""

    account_id: str | None
    account_name: str | None
    contract_id: str | None
    contract_number: str | None
    product_id: str | None
    product_name: str | None
    product_code: str | None
    currency: str | None
    order: str
    """What to call the order."""
    order_id: str
    line_id: str
    quantity: Decimal
    amount: Decimal
    starts_on: date | None
    ends_on: date | None
    """The last day on which it counts; None for no end."""
    reductions: tuple[HeldReduction, ...] = ()

    @property
    def subject(self) -> tuple[str, ...]:
        """What numbers are summed up by: account, contract, product and currency."""
        return tuple(text or "" for text in (self.account_id, self.contract_id, self.product_id, self.currency))

    @property
    def sort(self) -> tuple[str, ...]:
        """Where it stands in a list: by what people call account, product and contract."""
        names = (self.account_name, self.product_name, self.contract_number)
        return (*(text or "" for text in names), *self.subject)

    def counts_on(self, day: date) -> bool:
        """Whether the line has begun, and is not over."""
        return (self.starts_on is None or self.starts_on <= day) and (self.ends_on is None or day <= self.ends_on)


@dataclass(frozen=True, slots=True)
class Entitlement:
    """What one account has of one product, under one contract and in one currency, on a day; lines say whence."""

    account_id: str | None
    account_name: str | None
    contract_id: str | None
    contract_number: str | None
    product_id: str | None
    product_name: str | None
    product_code: str | None
    currency: str | None
    ordered: Decimal
    reduced: Decimal
    net: Decimal
    ordered_amount: Decimal
    reduced_amount: Decimal
    net_amount: Decimal
    lines: tuple[HeldLine, ...]
    """The lines that count on the day, each with those of its reductions that do."""


def entitlements(held: Iterable[HeldLine], day: date) -> tuple[Entitlement, ...]:
    """Sum up what counts on a day, by account, contract, product and currency; orders that overlap add up.

    A reduction counts from its own start on, and only as long as the line that it reduces does.
    """
    lines = sorted((_on(line, day) for line in held if line.counts_on(day)), key=lambda line: line.sort)
    return tuple(_summed(list(group)) for _, group in groupby(lines, key=lambda line: line.subject))


def _on(line: HeldLine, day: date) -> HeldLine:
    return replace(line, reductions=tuple(one for one in line.reductions if one.counts_on(day)))


def _summed(lines: list[HeldLine]) -> Entitlement:
    first = lines[0]
    taken = [one for line in lines for one in line.reductions]
    ordered, amount = sum((line.quantity for line in lines), ZERO), sum((line.amount for line in lines), ZERO)
    reduced, reduced_amount = sum((one.quantity for one in taken), ZERO), sum((one.amount for one in taken), ZERO)
    return Entitlement(
        account_id=first.account_id,
        account_name=first.account_name,
        contract_id=first.contract_id,
        contract_number=first.contract_number,
        product_id=first.product_id,
        product_name=first.product_name,
        product_code=first.product_code,
        currency=first.currency,
        ordered=ordered,
        reduced=reduced,
        net=ordered - reduced,
        ordered_amount=amount,
        reduced_amount=reduced_amount,
        net_amount=amount - reduced_amount,
        lines=tuple(lines),
    )
