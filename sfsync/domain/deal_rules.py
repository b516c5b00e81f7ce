"""What a won deal itself must meet to become an Order: one rule, one function."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from sfsync.domain import money
from sfsync.domain.case import amount_words, contract_words
from sfsync.domain.model import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfsync.domain.case import Case
    from sfsync.domain.model import DealContract, DealLine

ZERO = Decimal(0)


def has_account(case: Case) -> Problem | None:
    """Order.AccountId is required; Opportunity.AccountId is not."""
    if case.deal.account_id is None:
        return Problem("no_account", "The deal has no account: fill in Account Name on the opportunity.")
    return None


def has_price_book(case: Case) -> Problem | None:
    """An order without a price book takes no products."""
    if case.deal.pricebook_id is None:
        return Problem("no_price_book", "The deal has no price book: choose one under Products on the opportunity.")
    return None


def price_book_is_active(case: Case) -> Problem | None:
    """A deal can be won after its price book was switched off."""
    if case.deal.pricebook_active is False:
        return Problem(
            "price_book_inactive",
            "The deal's price book is inactive: activate the price book, or move the deal's products to an active one.",
        )
    return None


def has_lines(case: Case) -> Problem | None:
    """An order without products can never be activated."""
    if not case.deal.lines:
        return Problem("no_lines", "The deal has no products: add at least one under Products on the opportunity.")
    return None


def contract_is_of_the_account(case: Case) -> Problem | None:
    """Order and contract must have one account."""
    contract = case.deal.contract
    if contract and contract.account_id and case.deal.account_id and contract.account_id != case.deal.account_id:
        return Problem(
            "contract_other_account",
            f"{_the(contract)} belongs to another account than the deal: choose a contract of "
            f"{case.deal.account_name or 'its account'}, or take the contract off the deal.",
        )
    return None


def contract_is_activated(case: Case) -> Problem | None:
    """An order is activated only under an activated contract."""
    contract = case.deal.contract
    if contract and contract.status_code not in (None, "Activated"):
        return Problem(
            "contract_not_activated",
            f"{_the(contract)} is not activated (it is {contract.status_code}): activate the contract, "
            "or take it off the deal.",
        )
    return None


def contract_has_the_price_book(case: Case) -> Problem | None:
    """A contract that names a price book allows no other."""
    contract, book = case.deal.contract, case.deal.pricebook_id
    if contract and contract.pricebook_id and book and contract.pricebook_id != book:
        return Problem(
            "contract_other_price_book",
            f"{_the(contract)} has another price book than the deal: give both the same price book, "
            "or take the contract off the deal.",
        )
    return None


def contract_has_started(case: Case) -> Problem | None:
    """Order.EffectiveDate must not be before Contract.StartDate."""
    contract = case.deal.contract
    if contract and contract.starts_on and case.starts_on < contract.starts_on:
        return Problem(
            "contract_not_started",
            f"The order would start on {case.starts_on}, and {contract_words(contract)} only starts on "
            f"{contract.starts_on}: move the deal's close date to then, or correct the contract's start.",
        )
    return None


def contract_has_not_ended(case: Case) -> Problem | None:
    """Order.EffectiveDate must not be after Contract.EndDate; renewals run into this."""
    contract = case.deal.contract
    if contract and contract.ends_on and case.starts_on > contract.ends_on:
        return Problem(
            "contract_ended",
            f"The order would start on {case.starts_on}, and {contract_words(contract)} ended on "
            f"{contract.ends_on}: extend or renew the contract, or take it off the deal.",
        )
    return None


def amount_is_of_the_lines(case: Case) -> Problem | None:
    """Opportunity.Amount is the sum of the lines; where it is not, one of the two is not what was sold."""
    amount, totals = case.deal.amount, [line.total_price for line in case.deal.lines]
    if amount is None or not totals or None in totals:
        return None
    total = sum((total for total in totals if total is not None), ZERO)
    if total != amount:
        return Problem(
            "amount_mismatch",
            f"The deal's amount is {amount_words(amount, case)}, but its products add up to "
            f"{amount_words(total, case)}: correct the prices of the products, so that both agree.",
        )
    return None


def lines_fit_one_order(case: Case) -> Problem | None:
    """An order is created whole or not at all, in one request, which takes so many records."""
    deal, most = case.deal, case.policy.max_lines
    if 2 * len(deal.lines) <= most:  # a line becomes two order products at most
        return None
    count = sum(_order_products(line, deal.currency) for line in deal.lines)
    if count > most:
        return Problem(
            "too_many_lines",
            f"The deal needs {count:,} order products, and one order can be created with {most:,} at most: "
            "spread the products over several deals.",
        )
    return None


def amount_fits(case: Case) -> Problem | None:
    """Order.TotalAmount is a currency of 18 digits, 2 of them decimals."""
    total = sum((line.total_price or ZERO for line in case.deal.lines), ZERO)
    if abs(total) > money.LARGEST:
        return Problem(
            "amount_too_large",
            f"The deal's products add up to {amount_words(total, case)}, "
            "more than an order can hold: correct the prices.",
        )
    return None


def _the(contract: DealContract) -> str:
    return f"The {contract_words(contract)}"


def _order_products(line: DealLine, currency: str | None) -> int:
    """Return how many order products the line becomes; 1 for one that another rule stops."""
    if line.total_price is None or line.quantity == 0:
        return 1
    return len(money.split_line(line.quantity, line.total_price, money.currency_of(line.total_price, currency)))


DEAL_RULES: tuple[Callable[[Case], Problem | None], ...] = (
    has_account,
    has_price_book,
    price_book_is_active,
    has_lines,
    contract_is_of_the_account,
    contract_is_activated,
    contract_has_the_price_book,
    contract_has_started,
    contract_has_not_ended,
    amount_is_of_the_lines,
    lines_fit_one_order,
    amount_fits,
)
