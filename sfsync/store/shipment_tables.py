"""The tables of shipments. Column comments are what other programs may rely on.

Other programs record a shipment by plain SQL: a row of `shipments` and its rows of `shipment_lines`, all with a
null `sf_id`, in one transaction. The next cycle gives them keys and pushes them.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    column,
    false,
    table,
    text,
)

from sfsync.store.tables import metadata
from sfsync.store.types import Exact, UtcDateTime

__all__ = ["item_progress", "metadata", "order_progress", "shipment_lines", "shipments", "shipping_states"]

_Id = String(18)
_Key = String(255)
_Org = String(40)
_Serial = BigInteger().with_variant(Integer, "sqlite")
_STATUSES = "status IN ('Created', 'Shipped', 'In Transit', 'Delivered', 'Voided')"
_LAST = "what the org last showed"
WANTING = (
    "sf_id IS NOT NULL AND (status <> org_status"
    " OR coalesce(carrier, '') <> coalesce(org_carrier, '')"
    " OR coalesce(tracking_number, '') <> coalesce(org_tracking_number, '')"
    " OR coalesce(tracking_url, '') <> coalesce(org_tracking_url, '')"
    " OR coalesce(shipped_on, '0001-01-01') <> coalesce(org_shipped_on, '0001-01-01')"
    " OR coalesce(delivered_on, '0001-01-01') <> coalesce(org_delivered_on, '0001-01-01'))"
)
"""Shipments of which something is wanted that the org does not have; the index of them serves a query that says so."""
UNANNOUNCED = "sf_id IS NOT NULL AND NOT announced"
UNSENT = "sf_id IS NULL"
UNLINKED = "order_id IS NULL AND order_sf_id IS NOT NULL"
UNLINKED_LINES = (
    "(shipment_id IS NULL AND shipment_sf_id IS NOT NULL) OR (order_item_id IS NULL AND order_item_sf_id IS NOT NULL)"
)
PROBLEMS = "problem_code IS NOT NULL OR in_doubt IS NOT NULL"


def _partial(name: str, *columns: str, where: str) -> Index:
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


shipments = Table(
    "shipments",
    metadata,
    Column("id", _Serial, primary_key=True, autoincrement=True),
    Column("org", _Org, nullable=False),
    Column("order_id", _Serial, ForeignKey("orders.id", ondelete="SET NULL"), comment="the order, by its row here"),
    Column("order_sf_id", _Id, comment="the order by its Salesforce Id; either of the two will do in a new row"),
    Column("sf_id", _Id, comment="null: not yet in the org"),
    Column("key", _Key, comment="our external id: order key, '-S', number; the cycle gives it where it is null"),
    Column("reference", Text, comment="what the warehouse calls it; a file imported again finds it by this"),
    Column("number", Text, comment="the Name of the org's record"),
    Column(
        "status", String(20), nullable=False, server_default="Created", comment="the status we want: write this one"
    ),
    Column("org_status", String(20), comment="the status the org last showed, in our words"),
    Column("org_status_label", Text, comment="the status as the org spells it"),
    Column("carrier", Text, comment="the carrier that we want: write this one"),
    Column("org_carrier", Text, comment=_LAST),
    Column("tracking_number", Text, comment="the tracking number that we want: write this one"),
    Column("org_tracking_number", Text, comment=_LAST),
    Column("tracking_url", Text, comment="the tracking URL that we want: write this one"),
    Column("org_tracking_url", Text, comment=_LAST),
    Column("shipped_on", Date, comment="the day it was shipped, that we want: write this one"),
    Column("org_shipped_on", Date, comment=_LAST),
    Column("delivered_on", Date, comment="the day it was delivered, that we want: write this one"),
    Column("org_delivered_on", Date, comment=_LAST),
    Column("recorded_by", Text, comment="who recorded or last changed it by command; null: by plain SQL, or the org"),
    Column("created_at", UtcDateTime(), comment="CreatedDate in the org"),
    Column("announced", Boolean, nullable=False, server_default=false(), comment="whether an event has told of it"),
    Column("system_modstamp", UtcDateTime()),
    Column("is_deleted", Boolean, nullable=False, server_default=false()),
    Column("row_hash", String(32), comment="hash of the values the org last showed"),
    Column("in_doubt", String(10), comment="create | update: a write was sent and its outcome is not known"),
    Column("sent_at", UtcDateTime(), comment="when the write in doubt was sent"),
    Column("sent", JSON(none_as_null=True), comment="the values of an update in doubt"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("retry_at", UtcDateTime()),
    Column("problem_code", Text, comment="why the last write did not go through: Salesforce's code or ours"),
    Column("problem", Text, comment="the same in words"),
    Column("problem_want", Text, comment="a digest of what was refused; anything else is tried again"),
    Column("problem_at", UtcDateTime()),
    UniqueConstraint("org", "key"),
    UniqueConstraint("org", "sf_id"),
    CheckConstraint(_STATUSES, name="status_word"),
    Index(None, "order_id"),
    Index(None, "org", "reference"),
    _partial("ix_shipments_wanting", "org", "id", where=WANTING),
    _partial("ix_shipments_unannounced", "org", where=UNANNOUNCED),
    _partial("ix_shipments_unlinked", "org", where=UNLINKED),
    _partial("ix_shipments_problems", "org", where=PROBLEMS),
)

shipment_lines = Table(
    "shipment_lines",
    metadata,
    Column("id", _Serial, primary_key=True, autoincrement=True),
    Column("org", _Org, nullable=False),
    Column("shipment_id", _Serial, ForeignKey("shipments.id", ondelete="CASCADE"), comment="the shipment's row here"),
    Column("shipment_sf_id", _Id, comment="the shipment by its Salesforce Id; either of the two will do"),
    Column("order_item_id", _Serial, ForeignKey("order_items.id", ondelete="SET NULL"), comment="the order item's row"),
    Column("order_item_sf_id", _Id, comment="the order item by its Salesforce Id; either of the two will do"),
    Column("sf_id", _Id, comment="null: not yet in the org"),
    Column("key", _Key, comment="our external id: shipment key, '-', number; the cycle gives it where it is null"),
    Column("quantity", Exact(), nullable=False, comment="how many were shipped; fixed once the row has a sf_id"),
    Column("system_modstamp", UtcDateTime()),
    Column("is_deleted", Boolean, nullable=False, server_default=false()),
    Column("row_hash", String(32), comment="hash of the values the org last showed"),
    UniqueConstraint("org", "key"),
    UniqueConstraint("org", "sf_id"),
    Index(None, "shipment_id"),
    Index(None, "order_item_id"),
    _partial("ix_shipment_lines_unsent", "org", "shipment_id", where=UNSENT),
    _partial("ix_shipment_lines_unlinked", "org", where=UNLINKED_LINES),
)

shipping_states = Table(
    "shipping_states",
    metadata,
    Column("order_id", _Serial, ForeignKey("orders.id", ondelete="CASCADE"), primary_key=True),
    Column("org", _Org, nullable=False),
    Column("state", String(10), nullable=False, comment="none | partial | shipped | n/a: what events have told of"),
    Column("over", Text, comment="which lines more was shipped of than is ordered; null: none"),
    Column("over_since", UtcDateTime()),
    _partial("ix_shipping_states_over", "org", where="over IS NOT NULL"),
)
"""How the shipping of an order stands by what the org has confirmed, as it was last told."""

_ORDER = ("org", "order_id", "order_key", "order_sf_id", "order_number", "account_id", "status")
_AMOUNTS = ("ordered", "reduced", "shipped", "confirmed", "percent")
item_progress = table(
    "order_item_progress",
    *(column(name) for name in (*_ORDER, "order_item_id", "item_key", "item_sf_id", "order_item_number")),
    *(column(name) for name in ("product_id", "product_name", "state")),
    *(column(name, Exact()) for name in _AMOUNTS),
)
"""The view of how much of each order line was shipped."""
order_progress = table(
    "order_progress",
    *(column(name) for name in (*_ORDER, "state")),
    *(column(name, Exact()) for name in _AMOUNTS),
)
"""The view of how much of each order was shipped."""
