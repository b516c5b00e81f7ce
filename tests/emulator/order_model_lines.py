"""The rules of order products in the naive model, each with its section of the facts."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from tests.emulator.order_model_words import FREE, Breach, Row, UnknownError, broken, category, is_reduced, taken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.emulator.order_model import Model

_INTEGRITY = "FIELD_INTEGRITY_EXCEPTION"
_MISSING = "REQUIRED_FIELD_MISSING"


def new_line(model: Model, row: Row) -> Iterator[Breach]:
    """What is wrong with a new line; it gets entry, price and product from elsewhere."""
    settings = model.settings
    order = model.live("Order", row["OrderId"])
    if order is None:
        return
    if category(model, order) != "Draft":
        yield broken("no lines are added to activated orders", "ENTITY_IS_LOCKED")  # [orders 4.2]
    if order["IsReductionOrder"]:
        yield from _new_reduction(model, order, row)
    elif row["OriginalOrderItemId"]:
        raise UnknownError("whether other lines than those of reductions may have an original")
    entry = model.live("PricebookEntry", row["PricebookEntryId"])
    if entry is None:
        yield broken("a line needs an entry", _MISSING)  # [orders 4.2]
    elif order["Pricebook2Id"] and entry["Pricebook2Id"] != order["Pricebook2Id"]:
        yield broken("the entry is of the order's price book", _INTEGRITY)  # [orders 4.2]
    if order["Pricebook2Id"] is None and not order["IsReductionOrder"]:
        yield broken("a line needs a price book", _INTEGRITY)  # [orders 4.2]
    if entry is not None:
        of_line = (entry, model.rows[entry["Product2Id"]], model.rows[entry["Pricebook2Id"]])
        if settings.inactive_entry_refused and not all(one["IsActive"] for one in of_line):
            if order["IsReductionOrder"]:
                raise UnknownError("whether what is not sold any more can be reduced")
            yield Breach("only what is active is sold", FREE)  # [orders 4.2]
        row["ListPrice"], row["Product2Id"] = entry["UnitPrice"], entry["Product2Id"]  # [orders 3]
    yield from _line(model, order, row)


def _new_reduction(model: Model, order: Row, row: Row) -> Iterator[Breach]:
    original = model.live("OrderItem", row["OriginalOrderItemId"])
    if original is None:
        yield broken("a reduction line names its original", _MISSING)  # [orders 5.2]
        return
    parent = model.rows[original["OrderId"]]
    if parent["IsReductionOrder"] or category(model, parent) != "Activated":
        yield Breach("only lines of activated orders are reduced", FREE)  # [orders 5.1]
    if order["OriginalOrderId"] not in {None, parent["name"]}:
        yield Breach("the original line is on the original order", FREE)  # [orders 5.1]
    for name in ("PricebookEntryId", "UnitPrice"):  # inherited when absent [orders 5.2]
        row[name] = original[name] if row[name] is None else row[name]


def _line(model: Model, order: Row, row: Row) -> Iterator[Breach]:
    """What holds for a line whenever it is saved."""
    settings = model.settings
    if row["UnitPrice"] is None:
        yield broken("a line needs a price", settings.missing_unit_price_code)  # [orders 4.2]
    quantity = row["Quantity"]
    if quantity is None:
        pass
    elif order["IsReductionOrder"]:
        yield from _reduction(model, order, row)
    elif (quantity == 0 and not settings.zero_quantity) or (quantity < 0 and not settings.negative_quantity):
        yield broken("quantities are positive", settings.zero_quantity_code)  # [orders 4.2]
    if row["ServiceDate"] and row["ServiceDate"] < order["EffectiveDate"]:
        yield broken("a line starts with its order", _INTEGRITY)  # [orders 4.2]
    if row["ServiceDate"] and row["EndDate"] and row["EndDate"] < row["ServiceDate"]:
        raise UnknownError("whether a line may end before its start")
    if row["EndDate"] and order["EndDate"] and row["EndDate"] > order["EndDate"]:
        yield broken("a line ends with its order", _INTEGRITY)  # [orders 4.2]


def _reduction(model: Model, order: Row, row: Row) -> Iterator[Breach]:
    """Quantity and price of a reduction line [orders 5.2]."""
    original = model.live("OrderItem", row["OriginalOrderItemId"])
    if row["Quantity"] >= 0:
        yield Breach("reductions are negative", FREE)
    if original is None:
        return
    if -row["Quantity"] > max(original["Quantity"] - taken(model, original, but=order), Decimal(0)):
        yield Breach("a reduction takes what is available", FREE)
    if model.settings.reduction_price_must_match and any(
        row[name] not in {None, original[name]} for name in ("PricebookEntryId", "UnitPrice")
    ):
        yield Breach("price and entry are the original's", FREE)


def changed_line(model: Model, old: Row, new: Row) -> Iterator[Breach]:
    """What is wrong with a change of a line."""
    settings = model.settings
    order = model.rows[old["OrderId"]]
    if category(model, order) == "Activated" and not settings.edit_activated_orders:
        yield Breach("activated orders need a permission", FREE)  # [orders 4.4]
    standard = any(new[name] != old[name] for name in new if not name.endswith("__c"))
    if standard and is_reduced(model, old) and (settings.reduced_lines_frozen or new["Quantity"] != old["Quantity"]):
        yield Breach("reduced lines are frozen", FREE)  # [orders 4.4]
    if order["IsReductionOrder"] and category(model, order) == "Activated" and new["Quantity"] != old["Quantity"]:
        raise UnknownError("whether an activated reduction can be corrected")  # [orders 5.2, doubt]
    yield from _line(model, order, new)
