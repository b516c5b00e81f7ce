"""Rules of OpportunityLineItem: either price or total, discount, and what each change does [facts: orders 6.2]."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from sfsync.emulator.rules.hooks import Rules, cents, integrity
from sfsync.emulator.rules.opportunity import roll_up
from sfsync.emulator.rules.order_item import is_usable

if TYPE_CHECKING:
    from sfsync.emulator.dml import Writer
    from sfsync.emulator.world import Row

_HUNDRED = Decimal(100)
_NO_ENTRY = (
    "field integrity exception: PricebookEntryId, unknown "
    "(versions 3.0 and higher must specify pricebook entry id; others must specify product id)"
)
_OTHER_BOOK = (
    "field integrity exception: PricebookEntryId "
    "(pricebook entry is in a different pricebook than the one assigned to the opportunity)"
)
_NAME_LENGTH = 376


def _before_insert(writer: Writer, new: Row) -> None:
    opportunity = writer.row("Opportunity", new["OpportunityId"])
    entry = writer.row("PricebookEntry", new.get("PricebookEntryId"))
    if entry is None or opportunity is None:
        raise integrity(_NO_ENTRY, "PricebookEntryId")
    if opportunity.get("Pricebook2Id") not in {None, entry["Pricebook2Id"]}:
        raise integrity(_OTHER_BOOK, "PricebookEntryId")
    if writer.settings.inactive_entry_refused and not is_usable(writer, entry):
        raise integrity("The price book entry or its product is inactive.: Price Book Entry ID", "PricebookEntryId")
    if new["Quantity"] == 0:
        raise integrity("Quantity can't be zero.: Quantity", "Quantity")
    if (new.get("UnitPrice") is None) == (new.get("TotalPrice") is None):
        raise integrity("Specify either the sales price or the total price.: Sales Price", "UnitPrice", "TotalPrice")
    product = writer.row("Product2", entry["Product2Id"])
    new["Product2Id"], new["ListPrice"] = entry["Product2Id"], entry["UnitPrice"]
    new["ProductCode"] = product and product.get("ProductCode")
    new["Name"] = f"{opportunity['Name']} {product['Name'] if product else ''}"[:_NAME_LENGTH]
    _price(new, keep_total=new.get("UnitPrice") is None)
    if opportunity.get("Pricebook2Id") is None:
        writer.write("Opportunity", opportunity["Id"], {"Pricebook2Id": entry["Pricebook2Id"]})


def _price(new: Row, *, keep_total: bool) -> None:
    """Compute the one of UnitPrice and TotalPrice that follows, and Subtotal where the org has it."""
    share = 1 - (new.get("Discount") or Decimal(0)) / _HUNDRED
    if keep_total:
        if share == 0:
            raise integrity("A line with a discount of 100% needs a sales price.: Sales Price", "UnitPrice")
        new["UnitPrice"] = cents(new["TotalPrice"] / new["Quantity"] / share, "Sales Price")
    else:
        new["TotalPrice"] = cents(new["Quantity"] * new["UnitPrice"] * share, "Total Price")
    if "Subtotal" in new or "Discount" in new:
        new["Subtotal"] = cents(new["Quantity"] * new["UnitPrice"], "Subtotal")


def _before_update(writer: Writer, old: Row, new: Row, sent: frozenset[str]) -> None:  # noqa: ARG001 - the shape of a rule
    if {"UnitPrice", "TotalPrice"} <= sent:
        raise integrity("Specify either the sales price or the total price.: Sales Price", "UnitPrice", "TotalPrice")
    if new.get("UnitPrice") is None or new.get("TotalPrice") is None:
        raise integrity("Sales price and total price can't both be empty.: Sales Price", "UnitPrice", "TotalPrice")
    if new["Quantity"] == 0:
        raise integrity("Quantity can't be zero.: Quantity", "Quantity")
    if {"Quantity", "Discount"} <= sent and not sent & {"UnitPrice", "TotalPrice"}:
        raise integrity("Discount and quantity together need a price.: Sales Price", "UnitPrice")
    if sent & {"UnitPrice", "TotalPrice", "Quantity", "Discount"}:
        only_quantity = "Quantity" in sent and not sent & {"UnitPrice", "Discount"}
        _price(new, keep_total="TotalPrice" in sent or only_quantity)


def _after_insert(writer: Writer, row: Row) -> None:
    roll_up(writer, row["OpportunityId"])


def _after_update(writer: Writer, old: Row, new: Row) -> None:  # noqa: ARG001 - the shape of a rule
    roll_up(writer, new["OpportunityId"])


RULES = Rules(
    before_insert=_before_insert,
    after_insert=_after_insert,
    before_update=_before_update,
    after_update=_after_update,
    after_delete=_after_insert,
    hard_delete=True,  # no recycle bin for opportunity products [facts: orders 6.2]
)
