"""Rules of PricebookEntry: one per product, book and currency, the standard price first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.emulator.errors import ApiError
from sfsync.emulator.rules.hooks import Rules
from sfsync.emulator.rules.product import refuse_if_sold

if TYPE_CHECKING:
    from sfsync.emulator.dml import Writer
    from sfsync.emulator.world import Row


def _before_insert(writer: Writer, new: Row) -> None:
    product, book = writer.row("Product2", new["Product2Id"]), writer.row("Pricebook2", new["Pricebook2Id"])
    every = writer.world.find("PricebookEntry", {"Product2Id": new["Product2Id"]})
    of_product = [entry for entry in every if entry.get("CurrencyIsoCode") == new.get("CurrencyIsoCode")]
    if any(entry["Pricebook2Id"] == new["Pricebook2Id"] for entry in of_product):
        raise ApiError(400, "DUPLICATE_VALUE", "This price definition already exists in this price book", [])
    if book is not None and not book["IsStandard"] and not any(_is_standard(writer, entry) for entry in of_product):
        message = "Before creating a custom price, create a standard price."
        raise ApiError(400, "STANDARD_PRICE_NOT_DEFINED", message, [])
    if product is not None:
        new["Name"], new["ProductCode"] = product["Name"], product.get("ProductCode")


def _is_standard(writer: Writer, entry: Row) -> bool:
    book = writer.row("Pricebook2", entry["Pricebook2Id"])
    return bool(book and book["IsStandard"])


def _before_delete(writer: Writer, row: Row, *, cascaded: bool) -> None:  # noqa: ARG001 - lines keep it either way
    refuse_if_sold(writer, "PricebookEntryId", row["Id"], "price book entry")


RULES = Rules(before_insert=_before_insert, before_delete=_before_delete)
