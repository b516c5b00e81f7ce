"""The columns of orders that remember who may bring one back to Draft, and what the rule of activation has done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Index, Text, text

from sfsync.store.types import UtcDateTime

if TYPE_CHECKING:
    from sqlalchemy.schema import SchemaItem

ASKED = "deactivate_at IS NOT NULL"
"""Orders that somebody asked to have deactivated; where a query says exactly this, the index of them serves it."""
NO_DEACTIVATION: dict[str, Any] = {"deactivate_by": None, "deactivate_at": None}
"""What a request is when it has been carried out, dropped or taken back."""


def life_columns() -> tuple[SchemaItem, ...]:
    """The columns, and the index of open requests: a handful at most."""
    return (
        Column("created_at", UtcDateTime(), comment="Order.CreatedDate, by the org's clock"),
        Column("deactivate_by", Text, comment="who asked by command for the order to be deactivated; null: nobody"),
        Column("deactivate_at", UtcDateTime(), comment="when; without it no order goes back to Draft from here"),
        Column("rule_activated_at", UtcDateTime(), comment="when the rule of [activation] wanted it so; it does once"),
        Index("ix_orders_deactivating", "org", sqlite_where=text(ASKED), postgresql_where=text(ASKED)),
    )
