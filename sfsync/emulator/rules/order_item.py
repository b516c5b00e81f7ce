"""Rules of OrderItem: the parent's lock, price book, price, quantity, dates, and the order's total."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from sfsync.emulator.errors import ApiError
from sfsync.emulator.rules import reductions
from sfsync.emulator.rules.hooks import Rules, cents, integrity, read_only, required
from sfsync.emulator.rules.order import DRAFT, add_to_total

if TYPE_CHECKING:
    from sfsync.emulator.dml import Writer
    from sfsync.emulator.world import Row

# Two blanks after the colon, as observed [facts: orders 4.2].
LOCKED = "Unable to modify activated or superseded Order:  cannot delete Order, or add or remove Order Products"
_OTHER_BOOK = (
    "Order Products must have a Price Book Entry that belongs to the Price Book related to the parent Order.: "
    "Price Book Entry ID"
)


def _before_insert(writer: Writer, new: Row) -> None:
    order = writer.row("Order", new["OrderId"])
    if order is None:
        raise ApiError(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", [])
    if order["StatusCode"] != DRAFT:
        raise ApiError(400, "ENTITY_IS_LOCKED", LOCKED, [])
    is_reduction = bool(order.get("IsReductionOrder"))
    if is_reduction:
        reductions.fill_line(writer, order, new)
    entry = _price_book_entry(writer, order, new, is_reduction=is_reduction)
    _check_price_and_quantity(writer, new, is_reduction=is_reduction)
    _check_dates(order, new)
    new["Product2Id"] = entry["Product2Id"]
    new["ListPrice"] = entry["UnitPrice"]
    new["TotalPrice"] = cents(new["UnitPrice"] * new["Quantity"], "Total Price")
    new["AvailableQuantity"] = Decimal("0.00") if is_reduction else max(new["Quantity"], Decimal("0.00"))


def _price_book_entry(writer: Writer, order: Row, new: Row, *, is_reduction: bool) -> Row:
    book = order.get("Pricebook2Id")
    entry = writer.row("PricebookEntry", new.get("PricebookEntryId"))
    if is_reduction and book is None and entry is not None:
        return entry  # a reduction without an original order of its own has no book either [facts: orders 5.1]
    if book is None:
        raise integrity("The order is missing a price book")
    if entry is None:
        raise required("PricebookEntryId")
    if entry["Pricebook2Id"] != book:
        raise integrity(_OTHER_BOOK, "PricebookEntryId")
    if not is_reduction and writer.settings.inactive_entry_refused and not is_usable(writer, entry):
        raise integrity("The price book entry or its product is inactive.: Price Book Entry ID", "PricebookEntryId")
    return entry


def is_usable(writer: Writer, entry: Row) -> bool:
    """Whether entry, product and price book are all active."""
    product = writer.row("Product2", entry["Product2Id"])
    book = writer.row("Pricebook2", entry["Pricebook2Id"])
    return bool(entry["IsActive"] and product and product["IsActive"] and book and book["IsActive"])


def _check_price_and_quantity(writer: Writer, new: Row, *, is_reduction: bool) -> None:
    settings = writer.settings
    if new.get("UnitPrice") is None:
        raise ApiError(400, settings.missing_unit_price_code, "Order Products must have a Unit Price.", [])
    if new["Quantity"] == 0 and not settings.zero_quantity:
        message = "Can't save order products with quantities of zero"
        raise ApiError(400, settings.zero_quantity_code, message, [])
    if new["Quantity"] < 0 and not is_reduction and not settings.negative_quantity:
        message = "Can't save order products with negative quantities"
        raise ApiError(400, settings.zero_quantity_code, message, [])


def _check_dates(order: Row, new: Row) -> None:
    start, end = new.get("ServiceDate"), new.get("EndDate")
    if start is not None and start < order["EffectiveDate"]:
        raise integrity("Start Date can't be earlier than the order's start date.: Start Date", "ServiceDate")
    if end is not None and order.get("EndDate") is not None and end > order["EndDate"]:
        raise integrity("End Date can't be later than the order's end date.: End Date", "EndDate")
    if start is not None and end is not None and end < start:
        raise integrity("End Date can't be earlier than Start Date.: End Date", "EndDate")


def _after_insert(writer: Writer, row: Row) -> None:
    add_to_total(writer, row["OrderId"], row["TotalPrice"])


def _before_update(writer: Writer, old: Row, new: Row, sent: frozenset[str]) -> bool | None:
    order = writer.row("Order", old["OrderId"])
    if order is None:
        raise ApiError(404, "ENTITY_IS_DELETED", "entity is deleted", [])
    activated = order["StatusCode"] != DRAFT
    if activated and not writer.may("edit_activated_orders"):
        raise read_only(writer)
    is_reduction = bool(order.get("IsReductionOrder"))
    if "Quantity" in sent and new["Quantity"] != old["Quantity"]:
        _check_new_quantity(writer, old, new, is_reduction=is_reduction, activated=activated)
    _check_frozen(writer, old, new, sent)
    if is_reduction and "UnitPrice" in sent:
        reductions.check_price(writer, new)
    if sent & {"UnitPrice", "Quantity"}:
        _check_price_and_quantity(writer, new, is_reduction=is_reduction)
    if sent & {"ServiceDate", "EndDate"}:
        _check_dates(order, new)
    new["TotalPrice"] = cents(new["UnitPrice"] * new["Quantity"], "Total Price")
    return None


def _check_frozen(writer: Writer, old: Row, new: Row, sent: frozenset[str]) -> None:
    """Refuse an edit of a line that has been reduced [facts: orders 4.4]; custom fields are the admin's affair."""
    changed = sorted(field for field in sent if not field.endswith("__c") and new.get(field) != old.get(field))
    if changed and writer.settings.reduced_lines_frozen and reductions.is_reduced(writer, old["Id"]):
        raise integrity(f"You can't update {changed[0]} because the order product has been reduced.", changed[0])


def _check_new_quantity(writer: Writer, old: Row, new: Row, *, is_reduction: bool, activated: bool) -> None:
    if is_reduction:
        if activated:
            raise integrity("The quantity of an activated reduction order can't be changed.: Quantity", "Quantity")
        original = writer.row("OrderItem", old["OriginalOrderItemId"])
        if original is not None:
            reductions.check_quantity(original, new["Quantity"])
        return
    if reductions.is_reduced(writer, old["Id"]):
        raise integrity("You can't update Quantity because the order product has been reduced.", "Quantity")
    new["AvailableQuantity"] = max(new["Quantity"], Decimal("0.00"))  # never negative [facts: orders 5.3]


def _after_update(writer: Writer, old: Row, new: Row) -> None:
    add_to_total(writer, old["OrderId"], new["TotalPrice"] - old["TotalPrice"])


def _before_delete(writer: Writer, row: Row, *, cascaded: bool) -> None:
    order = writer.row("Order", row["OrderId"])
    if cascaded or order is None:
        return
    if order["StatusCode"] != DRAFT:
        raise ApiError(400, writer.settings.item_delete_code, LOCKED, [])
    if reductions.is_reduced(writer, row["Id"]):
        raise ApiError(400, "DELETE_FAILED", "An order product that has been reduced can't be deleted", [])


def _after_delete(writer: Writer, row: Row) -> None:
    add_to_total(writer, row["OrderId"], -row["TotalPrice"])


RULES = Rules(
    before_insert=_before_insert,
    after_insert=_after_insert,
    before_update=_before_update,
    after_update=_after_update,
    before_delete=_before_delete,
    after_delete=_after_delete,
    hard_delete=True,  # such lines never see the recycle bin [facts: orders 1]
)
