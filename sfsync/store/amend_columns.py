"""The columns that tell what an order was made of, so that a deal that changed afterwards is noticed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, Boolean, Column, Date, Index, String, Text, false, text

from sfsync.store.types import Exact, UtcDateTime

if TYPE_CHECKING:
    from sfsync.domain.model import OrderPlan, PlannedLine

# An absent value is NULL, as plain SQL expects it, not the JSON word null.
_Json = JSON(none_as_null=True)
_UNREVIEWED, _ON_HOLD, _REDUCES = (
    text("unreviewed"),
    text("held_since IS NOT NULL"),
    text("original_item_id IS NOT NULL"),
)


def deal_columns() -> tuple[Column[object] | Index, ...]:
    """Whether a deal that has orders was changed since they were compared with it; the index holds only those."""
    return (
        Column(
            "unreviewed",
            Boolean,
            nullable=False,
            server_default=false(),
            comment="changed since it was compared with its orders",
        ),
        Index("ix_opportunities_unreviewed", "org", sqlite_where=_UNREVIEWED, postgresql_where=_UNREVIEWED),
    )


def order_columns() -> tuple[Column[object] | Index, ...]:
    """What the order stands for, why it is on hold, and the update of it that is on its way."""
    return (
        Column("stands_for", String(32), comment="digest of what the deal said when its orders last agreed with it"),
        Column("planned_header", _Json, comment="account_id, contract_id, effective_date as sfsync last wrote them"),
        Column("held_since", UtcDateTime(), comment="since when the order is on hold: it is not activated from here"),
        Column("held_for", String(20), comment="why: deal_reopened | deal_lost | deal_deleted; null: not on hold"),
        Column("amending", _Json, comment="the update to the changed deal that was sent last and is not confirmed yet"),
        Column("amend_by", Text, comment="who asked to have the draft brought to its deal; null: nobody"),
        Index("ix_orders_on_hold", "org", sqlite_where=_ON_HOLD, postgresql_where=_ON_HOLD),
    )


def item_columns() -> tuple[Column[object] | Index, ...]:
    """The line as sfsync last wrote it; null in what others made. What differs was changed by others."""
    return (
        Column("planned_quantity", Exact(), comment="as sfsync last wrote it; null: a line of somebody else's"),
        Column("planned_unit_price", Exact(), comment="as sfsync last wrote it"),
        Column("planned_service_date", Date, comment="as sfsync last wrote it"),
        Column("planned_description", Text, comment="as sfsync last wrote it"),
        Index("ix_order_items_reduces", "org", "original_item_id", sqlite_where=_REDUCES, postgresql_where=_REDUCES),
    )


def planned_header(plan: OrderPlan) -> dict[str, Any]:
    """Return the header of a plan as its column holds it."""
    return {
        "account_id": plan.account_id,
        "contract_id": plan.contract_id,
        "effective_date": plan.effective_date.isoformat(),
    }


def planned_line(line: PlannedLine) -> dict[str, Any]:
    """Return a planned line as its columns hold it."""
    return {
        "planned_quantity": line.quantity,
        "planned_unit_price": line.unit_price,
        "planned_service_date": line.service_date,
        "planned_description": line.description,
    }
