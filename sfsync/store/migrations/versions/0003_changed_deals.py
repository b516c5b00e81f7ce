"""Deals that change after they were ordered: what their orders stand for, holds, updates of drafts, discrepancies."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from sfsync.store.types import Exact, UtcDateTime

revision = "0003"
down_revision = "0002"

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_OPEN = sa.text("resolved_at IS NULL")


def upgrade() -> None:
    json = sa.JSON(none_as_null=True)
    op.add_column(
        "opportunities",
        sa.Column(
            "unreviewed",
            sa.Boolean(),
            server_default=sa.false(),
            nullable=False,
            comment="changed since it was compared with its orders",
        ),
    )
    for column in (
        sa.Column(
            "stands_for", sa.String(32), comment="digest of what the deal said when its orders last agreed with it"
        ),
        sa.Column("planned_header", json, comment="account_id, contract_id, effective_date as sfsync last wrote them"),
        sa.Column(
            "held_since", UtcDateTime(), comment="since when the order is on hold: it is not activated from here"
        ),
        sa.Column(
            "held_for", sa.String(20), comment="why: deal_reopened | deal_lost | deal_deleted; null: not on hold"
        ),
        sa.Column(
            "amending", json, comment="the update to the changed deal that was sent last and is not confirmed yet"
        ),
        sa.Column("amend_by", sa.Text(), comment="who asked to have the draft brought to its deal; null: nobody"),
    ):
        op.add_column("orders", column)
    line: tuple[sa.Column[Any], ...] = (
        sa.Column("planned_quantity", Exact(), comment="as sfsync last wrote it; null: a line of somebody else's"),
        sa.Column("planned_unit_price", Exact(), comment="as sfsync last wrote it"),
        sa.Column("planned_service_date", sa.Date(), comment="as sfsync last wrote it"),
        sa.Column("planned_description", sa.Text(), comment="as sfsync last wrote it"),
    )
    for part in line:
        op.add_column("order_items", part)
    # Orders whose total is still the planned one count as untouched; of others nobody knows, so a person is asked.
    op.execute(
        sa.text(
            "UPDATE order_items SET planned_quantity = quantity, planned_unit_price = unit_price,"
            " planned_service_date = service_date, planned_description = description"
            " WHERE NOT is_deleted AND order_id IN (SELECT id FROM orders WHERE origin = 'sfsync'"
            " AND (sf_id IS NULL OR planned_total = total_amount))"
        )
    )
    for name, table, columns, condition in (
        ("ix_opportunities_unreviewed", "opportunities", ["org"], "unreviewed"),
        ("ix_orders_on_hold", "orders", ["org"], "held_since IS NOT NULL"),
        ("ix_order_items_reduces", "order_items", ["org", "original_item_id"], "original_item_id IS NOT NULL"),
    ):
        op.create_index(name, table, columns, sqlite_where=sa.text(condition), postgresql_where=sa.text(condition))
    op.create_table(
        "discrepancies",
        sa.Column("id", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("org", sa.String(length=40), nullable=False),
        sa.Column("opportunity_id", sa.String(length=18), nullable=False),
        sa.Column("order_id", _SERIAL, nullable=False),
        sa.Column("order_key", sa.String(length=255)),
        sa.Column(
            "kind",
            sa.String(length=20),
            nullable=False,
            comment="ordered | deal_lost | deal_deleted | deal_reopened | edited_in_org | adopted | rejected | fixed | "
            "too_large | refused",
        ),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("lines", json, comment="what differs: [{product, unit_price, ordered, deal, difference, amount}]"),
        sa.Column("amount", Exact(), comment="the deal's total minus what is ordered"),
        sa.Column("amendment", json, comment="what would settle it: {more: [...], less: [...]}"),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("resolved_at", UtcDateTime(), comment="null: deal and orders differ"),
        sa.Column("code", sa.Text(), comment="why the org refused the update"),
        sa.Column(
            "refused", sa.String(length=32), comment="digest of the update that the org refused; another one is tried"
        ),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("retry_at", UtcDateTime(), comment="when the refused update is tried again"),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_discrepancies_order_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_discrepancies")),
    )
    op.create_index(
        "uq_discrepancies_open",
        "discrepancies",
        ["org", "opportunity_id"],
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
    op.create_index(op.f("ix_discrepancies_order_id"), "discrepancies", ["order_id"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        doubt = "create | update | amend: a write was sent and its outcome is not known"
        op.alter_column("orders", "in_doubt", existing_type=sa.String(10), comment=doubt)
