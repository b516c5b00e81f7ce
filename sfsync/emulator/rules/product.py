"""Rules of Product2 and Pricebook2: what is on an order or opportunity cannot be deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.emulator.errors import ApiError
from sfsync.emulator.rules.hooks import Rules

if TYPE_CHECKING:
    from sfsync.emulator.dml import Writer
    from sfsync.emulator.world import Row

_LINES = {"OpportunityLineItem": "opportunity products", "OrderItem": "order products"}


def refuse_if_sold(writer: Writer, field: str, record_id: str, what: str) -> None:
    """Refuse a delete while a line refers to the record."""
    for sobject, lines in _LINES.items():
        if writer.world.find(sobject, {field: record_id}):
            message = (
                f"Your attempt to delete this {what} could not be completed because it is associated "
                f"with the following {lines}."
            )
            raise ApiError(400, "DELETE_FAILED", message, [])


def _before_delete(writer: Writer, row: Row, *, cascaded: bool) -> None:  # noqa: ARG001 - lines keep it either way
    if row["Id"].startswith("01t"):
        refuse_if_sold(writer, "Product2Id", row["Id"], "product")
    for sobject in ("Order", "Opportunity"):
        if row["Id"].startswith("01s") and writer.world.find(sobject, {"Pricebook2Id": row["Id"]}):
            message = (
                "Your attempt to delete this price book could not be completed because it is associated "
                f"with the following {sobject}."
            )
            raise ApiError(400, "DELETE_FAILED", message, [])


RULES = Rules(before_delete=_before_delete)
