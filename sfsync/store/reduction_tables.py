"""What is kept of the reductions that were asked for here, and the index by which reductions find their originals."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, String, Table, Text

from sfsync.store.tables import metadata, orders
from sfsync.store.types import UtcDateTime

__all__ = ["metadata", "reductions"]

reductions = Table(
    "reductions",
    metadata,
    Column("org", String(40), primary_key=True),
    Column("original_order_id", String(18), primary_key=True, comment="the Salesforce Id of the order that is reduced"),
    Column("number", Integer, primary_key=True, comment="counts the reductions of an original; never used again"),
    Column("key", String(255), nullable=False, comment="the key of the reduction order"),
    Column("request", String(255), nullable=False, comment="the key of the first reduction order of the same request"),
    Column("actor", Text, nullable=False, comment="who asked for it"),
    Column("at", UtcDateTime(), nullable=False),
    Column("withdrawn_at", UtcDateTime(), comment="when it was taken back before it was sent; its number stays used"),
)

Index("ix_orders_org_original_order_id", orders.c.org, orders.c.original_order_id)
