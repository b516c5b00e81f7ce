"""A deal before its judges, and the words in which they speak of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal

    from sfsync.domain.model import Deal, DealContract, DealLine
    from sfsync.domain.planning import PlanPolicy


@dataclass(frozen=True, slots=True)
class Case:
    """A deal, with what the settings say about planning."""

    deal: Deal
    policy: PlanPolicy
    starts_on: date
    """The effective date that its order would have."""


def product_words(line: DealLine) -> str:
    """Return how people find the line on the deal: the product's name, its code, or the line's Id."""
    return f"“{line.product_name or line.product_code or line.sf_id}”"


def reduce_command(deal: Deal, line: DealLine) -> str:
    """Return the command that takes back by hand what a line of negative quantity takes back."""
    whose, what = deal.account_name or deal.account_id, line.product_code or line.product_name
    by = f"{-line.quantity.normalize():f}"
    return f'`sfsync orders reduce --account "{whose}" --product "{what}" --by {by}`'


def contract_words(contract: DealContract) -> str:
    """Return how people find the contract: by its number, or its Id."""
    return f"contract {contract.number or contract.sf_id}"


def amount_words(amount: Decimal, case: Case) -> str:
    """Return an amount as people write it, with the deal's currency where the org has several."""
    return f"{amount:,.2f} {case.deal.currency or ''}".rstrip()
