"""The table of deals that no longer say what their orders do."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text, text

from sfsync.store.tables import metadata
from sfsync.store.types import Exact, UtcDateTime

_Serial = BigInteger().with_variant(Integer, "sqlite")
_Json = JSON(none_as_null=True)
_OPEN = text("resolved_at IS NULL")

discrepancies = Table(
    "discrepancies",
    metadata,
    Column("id", _Serial, primary_key=True, autoincrement=True),
    Column("org", String(40), nullable=False),
    Column("opportunity_id", String(18), nullable=False),
    Column("order_id", _Serial, ForeignKey("orders.id", ondelete="CASCADE"), nullable=False),
    Column("order_key", String(255)),
    Column(
        "kind",
        String(20),
        nullable=False,
        comment="ordered | deal_lost | deal_deleted | deal_reopened | edited_in_org | adopted | rejected | fixed | "
        "too_large | refused",
    ),
    Column("message", Text, nullable=False),
    Column("lines", _Json, comment="what differs: [{product, unit_price, ordered, deal, difference, amount}]"),
    Column("amount", Exact(), comment="the deal's total minus what is ordered"),
    Column("amendment", _Json, comment="what would settle it: {more: [...], less: [...]}"),
    Column("since", UtcDateTime(), nullable=False),
    Column("resolved_at", UtcDateTime(), comment="null: deal and orders differ"),
    Column("code", Text, comment="why the org refused the update"),
    Column("refused", String(32), comment="digest of the update that the org refused; another one is tried"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("retry_at", UtcDateTime(), comment="when the refused update is tried again"),
    Index("uq_discrepancies_open", "org", "opportunity_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
    Index(None, "order_id"),
)
