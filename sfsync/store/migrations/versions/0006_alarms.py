"""Alarms, and the indexes by which each cycle looks whether a promise is broken."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sfsync.store.types import UtcDateTime

revision = "0006"
down_revision = "0005"

_UNSOUND = sa.text(
    "(announced_status IS NOT NULL AND org_status IS NULL)"
    " OR (org_status = 'Draft' AND status_code <> 'Draft')"
    " OR (org_status IN ('Activated', 'Fulfilled') AND status_code = 'Draft')"
    " OR (in_doubt = 'create' AND sf_id IS NOT NULL)"
    " OR (in_doubt = 'update' AND sf_id IS NULL)"
    " OR (in_doubt IS NOT NULL AND sent_at IS NULL)"
)
_UNSENT = sa.text("sf_id IS NULL")


def upgrade() -> None:
    op.create_table(
        "alarms",
        sa.Column("org", sa.String(length=40), nullable=False),
        sa.Column(
            "code", sa.String(length=40), nullable=False, comment="what is wrong: drift, or a promise that is broken"
        ),
        sa.Column(
            "lane",
            sa.String(length=20),
            comment="generate | push | deliver: what stands still meanwhile; null: nothing does",
        ),
        sa.Column("message", sa.Text(), nullable=False, comment="the same in words"),
        sa.Column("records", sa.JSON(none_as_null=True), nullable=False, comment="the first records that it is about"),
        sa.Column("many", sa.Integer(), nullable=False, comment="how many records it is about"),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column(
            "accepted_at",
            UtcDateTime(),
            comment="since when a person lets the lane work in spite of these records",
        ),
        sa.Column("accepted_by", sa.Text()),
        sa.PrimaryKeyConstraint("org", "code", name=op.f("pk_alarms")),
    )
    op.create_index("ix_orders_unsound", "orders", ["org", "id"], sqlite_where=_UNSOUND, postgresql_where=_UNSOUND)
    op.create_index(op.f("ix_orders_org_org_key"), "orders", ["org", "org_key"], unique=False)
    op.create_index(
        "ix_order_items_unsent",
        "order_items",
        ["org", "order_id"],
        sqlite_where=_UNSENT,
        postgresql_where=_UNSENT,
    )
