"""The table of alarms, and the indexes that make looking for a breach cheap: they hold next to nothing."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Index, Integer, String, Table, Text, text

from sfsync.store.tables import metadata, order_items, orders
from sfsync.store.types import UtcDateTime

UNSOUND = (
    "(announced_status IS NOT NULL AND org_status IS NULL)"
    " OR (org_status = 'Draft' AND status_code <> 'Draft')"
    " OR (org_status IN ('Activated', 'Fulfilled') AND status_code = 'Draft')"
    " OR (in_doubt = 'create' AND sf_id IS NOT NULL)"
    " OR (in_doubt = 'update' AND sf_id IS NULL)"
    " OR (in_doubt IS NOT NULL AND sent_at IS NULL)"
)
"""Orders that contradict themselves; where a query says exactly this, the index of them serves it."""
UNSENT = "sf_id IS NULL"
"""Lines that the org does not have yet; as UNSOUND."""

alarms = Table(
    "alarms",
    metadata,
    Column("org", String(40), primary_key=True),
    Column("code", String(40), primary_key=True, comment="what is wrong: drift, or a promise that is broken"),
    Column("lane", String(20), comment="generate | push | deliver: what stands still meanwhile; null: nothing does"),
    Column("message", Text, nullable=False, comment="the same in words"),
    Column("records", JSON(none_as_null=True), nullable=False, comment="the first records that it is about"),
    Column("many", Integer, nullable=False, comment="how many records it is about"),
    Column("since", UtcDateTime(), nullable=False),
    Column("accepted_at", UtcDateTime(), comment="since when a person lets the lane work in spite of these records"),
    Column("accepted_by", Text),
)

Index("ix_orders_unsound", orders.c.org, orders.c.id, sqlite_where=text(UNSOUND), postgresql_where=text(UNSOUND))
Index(None, orders.c.org, orders.c.org_key)
Index(
    "ix_order_items_unsent",
    order_items.c.org,
    order_items.c.order_id,
    sqlite_where=text(UNSENT),
    postgresql_where=text(UNSENT),
)
