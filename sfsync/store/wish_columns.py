"""The columns of orders that hold what is wanted, and beside them what the org last said."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Date, Index, Text, text

from sfsync.store.types import UtcDateTime

# An absent value is NULL, as plain SQL expects it, not the JSON word null.
_Json = JSON(none_as_null=True)
WANTING = (
    "sf_id IS NOT NULL AND (status <> org_status"
    " OR coalesce(description, '') <> coalesce(org_description, '')"
    " OR coalesce(po_number, '') <> coalesce(org_po_number, '')"
    " OR coalesce(end_date, '0001-01-01') <> coalesce(org_end_date, '0001-01-01')"
    " OR (custom IS NOT NULL AND CAST(custom AS TEXT) <> coalesce(CAST(org_custom AS TEXT), '')))"
)
"""Orders of which something is wanted that the org does not have; where a query says exactly this, the index of them
serves it. JSON is compared as text, so a few may be found that differ in spelling only."""


def wish_columns() -> tuple[Column[object], ...]:
    """The writable fields besides the status, their twins, and what became of the last wish."""
    return (
        Column("description", Text, comment="Order.Description that we want: write this one"),
        Column("org_description", Text, comment="what the org last showed"),
        Column("po_number", Text, comment="Order.PoNumber that we want: write this one"),
        Column("org_po_number", Text, comment="what the org last showed"),
        Column("end_date", Date, comment="Order.EndDate that we want: write this one"),
        Column("org_end_date", Date, comment="what the org last showed"),
        Column("custom", _Json, comment="the custom fields that we want, by API name: write this one"),
        Column("org_custom", _Json, comment="what the org last showed"),
        Column("wanted_by", _Json, comment="who wanted what by command: {field: {value, actor}}"),
        Column("sent", _Json, comment="the values of the last update, as long as it is not known what became of it"),
        Column("first_activated_at", UtcDateTime(), comment="when the order was first activated; never moved again"),
    )


def wanting_index() -> Index:
    """Small: it holds only the orders that something is wanted of."""
    return Index("ix_orders_wanting", "org", "id", sqlite_where=text(WANTING), postgresql_where=text(WANTING))
