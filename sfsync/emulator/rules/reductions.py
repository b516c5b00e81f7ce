"""Reduction orders: what they inherit, how much they may take, and when they take it [facts: orders 5]."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING

from sfsync.emulator.rules.hooks import failed_activation, integrity, read_only, required

if TYPE_CHECKING:
    from sfsync.emulator.dml import Writer
    from sfsync.emulator.world import Row


_HEADER = {"AccountId": "Account ID", "ContractId": "Contract ID", "Pricebook2Id": "Price Book ID"}


def inherit_header(writer: Writer, new: Row) -> None:
    """Check a new reduction order, and take account, contract and price book from the original where not sent."""
    if not writer.settings.reduction_orders:
        raise integrity("Reduction orders aren't enabled.: Reduction Order", "IsReductionOrder")
    if not writer.may("create_reduction_orders"):
        raise read_only(writer)
    original = writer.row("Order", new.get("OriginalOrderId"))
    if original is None:
        return  # lines may name their originals instead [facts: orders 5.1]
    if original.get("IsReductionOrder"):
        raise integrity("A reduction order can't be reduced.: Original Order", "OriginalOrderId")
    if original["StatusCode"] != "Activated":
        raise integrity("Only an activated order can be reduced.: Original Order", "OriginalOrderId")
    for field in _HEADER:
        if new.get(field) is None:
            new[field] = original.get(field)
    keep_header(writer, new)


def keep_header(writer: Writer, new: Row) -> None:
    """Refuse another account, contract or price book than the original order's [facts: orders 5.1]."""
    original = writer.row("Order", new.get("OriginalOrderId"))
    if original is None:
        return
    for field, label in _HEADER.items():
        if new.get(field) != original.get(field):
            raise integrity(f"A reduction order has the {label} of its original order.: {label}", field)


def fill_line(writer: Writer, order: Row, new: Row) -> None:
    """Check a new reduction line against the line it reduces, and take entry and price from that."""
    if new.get("OriginalOrderItemId") is None:
        raise required("OriginalOrderItemId")
    original = writer.row("OrderItem", new["OriginalOrderItemId"])
    parent = writer.row("Order", original["OrderId"]) if original else None
    if original is None or parent is None or parent.get("IsReductionOrder"):
        raise integrity("A line of a reduction order can't be reduced.: Original Order Product", "OriginalOrderItemId")
    if parent["StatusCode"] != "Activated" or order.get("OriginalOrderId") not in {None, parent["Id"]}:
        raise integrity(
            "The original order product must be on the original, activated order.: Original Order Product",
            "OriginalOrderItemId",
        )
    for field in ("PricebookEntryId", "UnitPrice"):
        if new.get(field) is None:
            new[field] = original[field]
        elif new[field] != original[field] and writer.settings.reduction_price_must_match:
            raise integrity(f"{field} must be the one of the original order product.", field)
    check_quantity(original, new["Quantity"])


def check_price(writer: Writer, line: Row) -> None:
    """Refuse another price than the original's [facts: orders 5.2]."""
    original = writer.row("OrderItem", line["OriginalOrderItemId"])
    if original is None or not writer.settings.reduction_price_must_match:
        return
    if line["UnitPrice"] not in {None, original["UnitPrice"]}:
        raise integrity("UnitPrice must be the one of the original order product.", "UnitPrice")


def check_quantity(original: Row, quantity: Decimal) -> None:
    """Refuse a reduction that is not negative, or takes more than is available."""
    if quantity >= 0:
        raise integrity("The quantity of a reduction order product must be negative.: Quantity", "Quantity")
    if -quantity > (original.get("AvailableQuantity") or 0):
        raise integrity("You can't reduce more than the available quantity.: Quantity", "Quantity")


def take(writer: Writer, items: list[Row]) -> None:
    """On activation: lower the originals' available quantity, or refuse if another reduction was faster."""
    if not writer.settings.reduction_orders:
        raise failed_activation("Reduction orders aren't enabled.")  # none is created or activated [facts: orders 5.4]
    for original, quantity in _by_original(writer, items):
        parent = writer.row("Order", original["OrderId"])
        if parent is None or parent["StatusCode"] != "Activated":
            raise failed_activation("Only an activated order can be reduced.")
        left = (original.get("AvailableQuantity") or Decimal(0)) + quantity
        if left < 0:
            raise failed_activation("The available quantity of an original order product is not sufficient.")
        writer.write("OrderItem", original["Id"], {"AvailableQuantity": left})


def give_back(writer: Writer, items: list[Row]) -> None:
    """On deactivation: restore the originals' available quantity [facts: orders 5.3]."""
    for original, quantity in _by_original(writer, items):
        writer.write("OrderItem", original["Id"], {"AvailableQuantity": original["AvailableQuantity"] - quantity})


def _by_original(writer: Writer, items: list[Row]) -> list[tuple[Row, Decimal]]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for item in items:
        if item.get("OriginalOrderItemId"):
            sums[item["OriginalOrderItemId"]] += item["Quantity"]
    rows = ((writer.row("OrderItem", line), total) for line, total in sums.items())
    return [(row, total) for row, total in rows if row is not None]


def is_reduced(writer: Writer, line_id: str) -> bool:
    """Whether any reduction line refers to this line."""
    return bool(writer.world.find("OrderItem", {"OriginalOrderItemId": line_id}))


def block_deactivation(writer: Writer, items: list[Row]) -> bool:
    """Whether reductions of these lines keep their order from going back to Draft."""
    for item in items:
        for line in writer.world.find("OrderItem", {"OriginalOrderItemId": item["Id"]}):
            order = writer.row("Order", line["OrderId"])
            drafts_block = writer.settings.draft_reductions_block_deactivation
            if order is not None and (drafts_block or order["StatusCode"] != "Draft"):
                return True
    return False
