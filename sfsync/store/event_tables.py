"""The tables of events and of their deliveries. Column comments are what other programs may rely on."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text

from sfsync.store.tables import metadata
from sfsync.store.types import UtcDateTime

__all__ = ["deliveries", "event_counts", "events", "metadata", "sinks"]

_Serial = BigInteger().with_variant(Integer, "sqlite")
_Org = String(40)
_Sink = String(40)
_Record = String(255)

events = Table(
    "events",
    metadata,
    Column("id", _Serial, primary_key=True, autoincrement=True),
    Column("event_id", String(60), nullable=False, unique=True, comment="what receivers see as webhook-id"),
    Column("org", _Org, nullable=False),
    Column("type", String(40), nullable=False),
    Column("at", UtcDateTime(), nullable=False, comment="when sfsync wrote it down, with the change itself"),
    Column("record", _Record, nullable=False, comment="events of one record are delivered in their order"),
    Column("opportunity_id", String(18)),
    Column("order_key", String(255)),
    Column("sf_id", String(18)),
    Column("data", JSON(none_as_null=True), nullable=False),
    Index(None, "org", "record"),
    Index(None, "org", "at"),
    Index(None, "org", "order_key"),
)

event_counts = Table(
    "event_counts",
    metadata,
    Column("org", _Org, primary_key=True),
    Column("record", _Record, primary_key=True),
    Column("type", String(40), primary_key=True),
    Column("pruned", Integer, nullable=False, comment="events removed for their age; ids of later ones go on from it"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("event", _Serial, ForeignKey("events.id", ondelete="CASCADE"), primary_key=True),
    Column("sink", _Sink, primary_key=True),
    Column("org", _Org, nullable=False),
    Column("record", _Record, nullable=False),
    Column("state", String(10), nullable=False, comment="pending | delivered | dead"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_at", UtcDateTime(), nullable=False, comment="not before then; counts while it is pending"),
    Column("last_status", Integer, comment="the HTTP status of the last answer"),
    Column("last_error", Text, comment="why the last try failed; never what the receiver sent"),
    Column("delivered_at", UtcDateTime()),
    Index(None, "org", "sink", "state", "next_at"),
    Index(None, "org", "sink", "record", "state"),
)

sinks = Table(
    "sinks",
    metadata,
    Column("org", _Org, primary_key=True),
    Column("sink", _Sink, primary_key=True),
    Column("paused_at", UtcDateTime(), comment="since when nothing is sent to it; null while it is served"),
    Column("paused_by", Text),
    Column("reason", Text),
    Column("failures", Integer, nullable=False, server_default="0", comment="failed tries in a row"),
    Column("resume_at", UtcDateTime(), comment="a sink that does not answer is left alone until then"),
)
