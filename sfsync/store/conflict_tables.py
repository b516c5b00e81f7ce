"""The table of fields that were changed here and in the org at the same time."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text, text

from sfsync.store.tables import metadata
from sfsync.store.types import UtcDateTime

_Serial = BigInteger().with_variant(Integer, "sqlite")
_OPEN = text("resolved_at IS NULL")

conflicts = Table(
    "conflicts",
    metadata,
    Column("id", _Serial, primary_key=True, autoincrement=True),
    Column("org", String(40), nullable=False),
    Column("order_id", _Serial, ForeignKey("orders.id", ondelete="CASCADE"), nullable=False),
    Column("field", String(80), nullable=False, comment="the column of orders, or the API name of a custom field"),
    Column("wanted", Text, comment="what was wanted here"),
    Column("org_value", Text, comment="what the org had by then"),
    Column("base", Text, comment="what both had before"),
    Column("since", UtcDateTime(), nullable=False),
    Column("resolved_at", UtcDateTime(), comment="null: a person has to decide, and nothing is sent of this field"),
    Column("resolution", String(12), comment="take_org | take_local | policy | agreed"),
    Column("resolved_by", Text, comment="who decided: a user of the command line, sql, a policy, the org"),
    Index("uq_conflicts_open", "order_id", "field", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
    Index(None, "org", "resolved_at"),
)
