"""From a won deal to the Order it deserves, or to the reasons why it gets none."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from sfsync.domain import keys, money, rules
from sfsync.domain.case import Case
from sfsync.domain.model import OrderPlan, PlannedLine, Rejection

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from sfsync.domain.model import Deal, DealLine

NAME_LENGTH = 80
"""Order.Name is a string of 80 (an Opportunity's name may have 120)."""

DESCRIPTION_LENGTH = 255
"""OrderItem.Description is a string of 255."""

MOST_LINES = 1999
"""Place Order takes 2,000 records in one request: the order and its lines (Place Order guide)."""

ZERO = Decimal(0)

DatePolicy = Literal["close_date", "today", "contract_start"]
NegativeLines = Literal["reduce", "reject"]


@dataclass(frozen=True, slots=True)
class PlanPolicy:
    """What the settings decide about planning; the quantity switches mirror the org's order settings."""

    effective_date: DatePolicy = "close_date"
    zero_quantity: bool = False
    negative_quantity: bool = False
    negative_lines: NegativeLines = "reduce"
    max_lines: int = MOST_LINES

    @property
    def takes_back(self) -> bool:
        """Whether lines of negative quantity stand for reductions of earlier orders, and are no order lines."""
        return self.negative_lines == "reduce" and not self.negative_quantity


def plan_order(deal: Deal, *, policy: PlanPolicy, today: date, sequence: int = 1) -> OrderPlan | Rejection:
    """Plan the Order that a won deal deserves, or say why it gets none, all problems at once.

    The same deal, policy and day always give the same plan, keys included. The line totals add up
    to the deal's to the cent; `today` matters only to the policy of that name. What the deal takes back is among
    the lines, negative: see `taking_back`.

    Raises:
        ValueError: if the deal is not won or is deleted: such deals are not planned.
    """
    if not deal.is_won or deal.is_deleted:
        raise ValueError(f"deal {deal.sf_id} is not won, or is deleted: it is not planned")
    deal = replace(deal, lines=tuple(sorted(deal.lines, key=_place)))
    starts_on = effective_date(deal, policy, today)
    if problems := rules.problems(Case(deal, policy, starts_on)):
        return Rejection(deal.sf_id, problems)
    return _plan(deal, starts_on, keys.order_key(deal.sf_id, sequence))


def effective_date(deal: Deal, policy: PlanPolicy, today: date) -> date:
    """Return the day on which the deal's order starts.

    By the policy contract_start, a deal without a contract, or whose contract shows no start, starts
    on its close date.
    """
    if policy.effective_date == "today":
        return today
    if policy.effective_date == "contract_start" and deal.contract and deal.contract.starts_on:
        return deal.contract.starts_on
    return deal.closed_on


def _plan(deal: Deal, starts_on: date, key: str) -> OrderPlan:
    # The rules have seen to it that account, price book, entries and totals are there.
    lines = tuple(_planned_lines(deal, starts_on, key))
    total = sum((line.total_price or ZERO for line in deal.lines), ZERO)
    assert sum((line.total for line in lines), ZERO) == total, f"the plan of {deal.sf_id} does not add up"  # noqa: S101
    return OrderPlan(
        key=key,
        deal_id=deal.sf_id,
        account_id=deal.account_id or "",
        contract_id=deal.contract.sf_id if deal.contract else None,
        pricebook_id=deal.pricebook_id or "",
        currency=deal.currency,
        effective_date=starts_on,
        name=deal.name[:NAME_LENGTH].rstrip(),
        total=total,
        lines=lines,
    )


def _planned_lines(deal: Deal, starts_on: date, key: str) -> Iterator[PlannedLine]:
    parts = ((line, *part) for line in deal.lines for part in _parts(line, deal.currency))
    for number, (line, quantity, unit_price, total) in enumerate(parts, start=1):
        yield PlannedLine(
            key=keys.line_key(key, number),
            deal_line_id=line.sf_id,
            pricebook_entry_id=line.pricebook_entry_id or "",
            product_id=line.product_id,
            quantity=quantity,
            unit_price=unit_price,
            total=total,
            service_date=line.service_date and max(line.service_date, starts_on),
            description=line.description and line.description[:DESCRIPTION_LENGTH],
        )


def _parts(line: DealLine, deal_currency: str | None) -> Iterator[tuple[Decimal, Decimal, Decimal]]:
    """Yield quantity, unit price and total of each order product that the line becomes."""
    wanted = line.total_price or ZERO
    currency = money.currency_of(wanted, deal_currency)
    if line.quantity == 0:  # any price gives 0: keep the one that was agreed
        yield line.quantity, money.round_money(line.unit_price or ZERO, currency), ZERO
        return
    for quantity, unit_price in money.split_line(line.quantity, wanted, currency):
        yield quantity, unit_price, money.line_total(quantity, unit_price, currency)


def _place(line: DealLine) -> tuple[bool, int, str]:
    return line.sort_order is None, line.sort_order or 0, line.sf_id
