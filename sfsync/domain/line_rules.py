"""What a line of a won deal must meet to become an order product: one rule, one function."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from sfsync.domain import money
from sfsync.domain.case import amount_words, product_words
from sfsync.domain.model import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfsync.domain.case import Case
    from sfsync.domain.model import DealLine

ZERO, ONE = Decimal(0), Decimal(1)


def entry_is_there(line: DealLine, case: Case) -> Problem | None:
    """An order product needs the price book entry of the deal's line; it is never guessed from the product."""
    del case
    if line.pricebook_entry_id is None:
        return Problem(
            "entry_missing",
            f"Product {product_words(line)} has no price book entry: take it off the deal and add it again "
            "from the deal's price book.",
        )
    return None


def entry_is_active(line: DealLine, case: Case) -> Problem | None:
    """Entries are switched off while deals that use them are still open."""
    if line.entry_active is False:
        return Problem(
            "entry_inactive",
            f"Product {product_words(line)} is inactive in price book {case.deal.pricebook_id or '(none)'}: "
            "activate the price book entry, or take the line off the deal.",
        )
    return None


def product_is_active(line: DealLine, case: Case) -> Problem | None:
    """A product can be switched off whatever its entries say."""
    del case
    if line.product_active is False:
        return Problem(
            "product_inactive",
            f"Product {product_words(line)} is inactive: activate the product, or take the line off the deal.",
        )
    return None


def entry_is_of_the_price_book(line: DealLine, case: Case) -> Problem | None:
    """All order products come from the order's one price book."""
    book = case.deal.pricebook_id
    if line.entry_pricebook_id and book and line.entry_pricebook_id != book:
        return Problem(
            "entry_other_price_book",
            f"Product {product_words(line)} is priced in price book {line.entry_pricebook_id}, and the deal "
            f"has {book}: take the line off the deal and add it again from the deal's price book.",
        )
    return None


def entry_has_the_currency(line: DealLine, case: Case) -> Problem | None:
    """Entries are per currency, and the org does not convert."""
    currency = case.deal.currency
    if line.entry_currency and currency and line.entry_currency != currency:
        return Problem(
            "currency_mismatch",
            f"Product {product_words(line)} is priced in {line.entry_currency}, and the deal is in {currency}: "
            f"add the product again with its {currency} price.",
        )
    return None


def quantity_is_not_zero(line: DealLine, case: Case) -> Problem | None:
    """Orders take quantities of zero only where the org's order settings say so."""
    if line.quantity == 0 and not case.policy.zero_quantity:
        return Problem(
            "zero_quantity",
            f"Product {product_words(line)} has quantity 0, which orders here do not take: enter a quantity, "
            "or take the line off the deal.",
        )
    return None


def zero_quantity_is_free(line: DealLine, case: Case) -> Problem | None:
    """No unit price makes an amount out of nothing."""
    if line.quantity == 0 and line.total_price:
        return Problem(
            "zero_quantity_with_amount",
            f"Product {product_words(line)} has quantity 0 but a total of {amount_words(line.total_price, case)}: "
            "enter the quantity that was sold.",
        )
    return None


def quantity_is_not_negative(line: DealLine, case: Case) -> Problem | None:
    """Orders take negative quantities only where the org's order settings say so."""
    if line.quantity < 0 and not case.policy.negative_quantity:
        whose, what = case.deal.account_name or case.deal.account_id, line.product_code or line.product_name
        return Problem(
            "negative_quantity",
            f"Product {product_words(line)} has the negative quantity {line.quantity:f}, which orders here do not "
            "take: enter what was sold. What takes back earlier sales of this account: "
            f'`sfsync orders reduce --account "{whose}" --product "{what}" --by {-line.quantity.normalize():f}`.',
        )
    return None


def has_total(line: DealLine, case: Case) -> Problem | None:
    """The order's price is made from the line's total, discounts included."""
    del case
    if line.total_price is None:
        return Problem(
            "no_total",
            f"The total price of product {product_words(line)} is empty or hidden: enter its sales price again, "
            "or have an admin give sfsync's user read access to Total Price.",
        )
    return None


def price_fits(line: DealLine, case: Case) -> Problem | None:
    """OrderItem.UnitPrice is a currency of 18 digits; a quantity below 1 makes it larger than the total."""
    del case
    if line.quantity and abs(line.total_price or ZERO) > money.LARGEST * min(abs(line.quantity), ONE):
        return Problem(
            "amount_too_large",
            f"The price of product {product_words(line)} is more than an order product can hold: "
            "correct its quantity or its price.",
        )
    return None


LINE_RULES: tuple[Callable[[DealLine, Case], Problem | None], ...] = (
    entry_is_there,
    entry_is_active,
    product_is_active,
    entry_is_of_the_price_book,
    entry_has_the_currency,
    quantity_is_not_zero,
    zero_quantity_is_free,
    quantity_is_not_negative,
    has_total,
    price_fits,
)
