"""The first schema: deals, orders, what they refer to, runs and the journal."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sfsync.store.types import Exact, UtcDateTime

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("org", sa.String(length=40), nullable=False),
        sa.Column("sf_id", sa.String(length=18), nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("system_modstamp", UtcDateTime()),
        sa.Column("is_deleted", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("row_hash", sa.String(length=32), comment="hash of the values the org last showed"),
        sa.PrimaryKeyConstraint("org", "sf_id", name=op.f("pk_accounts")),
    )
    op.create_table(
        "contracts",
        sa.Column("org", sa.String(length=40), nullable=False),
        sa.Column("sf_id", sa.String(length=18), nullable=False),
        sa.Column("contract_number", sa.String(length=30)),
        sa.Column("account_id", sa.String(length=18)),
        sa.Column("status", sa.Text()),
        sa.Column("status_code", sa.String(length=40)),
        sa.Column("starts_on", sa.Date()),
        sa.Column("ends_on", sa.Date()),
        sa.Column("system_modstamp", UtcDateTime()),
        sa.Column("is_deleted", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("row_hash", sa.String(length=32), comment="hash of the values the org last showed"),
        sa.PrimaryKeyConstraint("org", "sf_id", name=op.f("pk_contracts")),
    )
    op.create_table(
        "cursors",
        sa.Column("org", sa.String(length=40), nullable=False),
        sa.Column("feed", sa.String(length=40), nullable=False),
        sa.Column("stamp", UtcDateTime(), nullable=False, comment="SystemModstamp of the last row read"),
        sa.Column("last_id", sa.String(length=18), comment="Id of the last row read among those of that stamp"),
        sa.PrimaryKeyConstraint("org", "feed", name=op.f("pk_cursors")),
    )
    op.create_table(
        "journal",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("org", sa.String(length=40), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite")),
        sa.Column("level", sa.String(length=10), nullable=False, comment="info | warning | error"),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column(
            "actor",
            sa.Text(),
            nullable=False,
            comment="who made it happen: sfsync, a user of the command line, sql, the org",
        ),
        sa.Column("opportunity_id", sa.String(length=18)),
        sa.Column("order_key", sa.String(length=255)),
        sa.Column("sf_id", sa.String(length=18)),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("details", sa.JSON(none_as_null=True)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal")),
    )
    op.create_index(op.f("ix_journal_org_at"), "journal", ["org", "at"], unique=False)
    op.create_index(op.f("ix_journal_org_opportunity_id"), "journal", ["org", "opportunity_id"], unique=False)
    op.create_index(op.f("ix_journal_org_order_key"), "journal", ["org", "order_key"], unique=False)
    op.create_index(op.f("ix_journal_org_sf_id"), "journal", ["org", "sf_id"], unique=False)
    op.create_index(op.f("ix_journal_run_id"), "journal", ["run_id"], unique=False)
    op.create_table(
        "opportunities",
        sa.Column("org", sa.String(length=40), nullable=False),
        sa.Column("sf_id", sa.String(length=18), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("account_id", sa.String(length=18)),
        sa.Column("account_name", sa.Text()),
        sa.Column("owner_id", sa.String(length=18)),
        sa.Column("pricebook_id", sa.String(length=18)),
        sa.Column("pricebook_active", sa.Boolean()),
        sa.Column("contract_id", sa.String(length=18)),
        sa.Column("contract_number", sa.String(length=30)),
        sa.Column("contract_account_id", sa.String(length=18)),
        sa.Column("contract_pricebook_id", sa.String(length=18)),
        sa.Column("contract_status_code", sa.String(length=40)),
        sa.Column("contract_starts_on", sa.Date()),
        sa.Column("contract_ends_on", sa.Date()),
        sa.Column("currency", sa.String(length=3)),
        sa.Column("amount", Exact()),
        sa.Column("stage_name", sa.Text(), nullable=False),
        sa.Column("type", sa.Text()),
        sa.Column("is_won", sa.Boolean(), nullable=False),
        sa.Column("is_closed", sa.Boolean(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("system_modstamp", UtcDateTime()),
        sa.Column("is_deleted", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("row_hash", sa.String(length=32), comment="hash of the values the org last showed"),
        sa.Column(
            "problems",
            sa.JSON(none_as_null=True),
            comment="why this won deal gets no order: [{code, message}]; null when nothing is wrong",
        ),
        sa.Column("rejected_at", UtcDateTime(), comment="since when the deal is rejected for these problems"),
        sa.PrimaryKeyConstraint("org", "sf_id", name=op.f("pk_opportunities")),
    )
    op.create_index(
        op.f("ix_opportunities_org_is_won_sf_id"), "opportunities", ["org", "is_won", "sf_id"], unique=False
    )
    op.create_index(
        op.f("ix_opportunities_org_system_modstamp"), "opportunities", ["org", "system_modstamp"], unique=False
    )
    op.create_table(
        "opportunity_lines",
        sa.Column("org", sa.String(length=40), nullable=False),
        sa.Column("sf_id", sa.String(length=18), nullable=False),
        sa.Column("opportunity_id", sa.String(length=18), nullable=False),
        sa.Column("pricebook_entry_id", sa.String(length=18)),
        sa.Column("product_id", sa.String(length=18)),
        sa.Column("product_name", sa.Text()),
        sa.Column("product_code", sa.Text()),
        sa.Column("quantity", Exact(), nullable=False),
        sa.Column("unit_price", Exact()),
        sa.Column("list_price", Exact()),
        sa.Column("total_price", Exact()),
        sa.Column("service_date", sa.Date()),
        sa.Column("description", sa.Text()),
        sa.Column("sort_order", sa.Integer()),
        sa.Column("entry_active", sa.Boolean()),
        sa.Column("entry_pricebook_id", sa.String(length=18)),
        sa.Column("entry_currency", sa.String(length=3)),
        sa.Column("product_active", sa.Boolean()),
        sa.Column("system_modstamp", UtcDateTime()),
        sa.Column("is_deleted", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("row_hash", sa.String(length=32), comment="hash of the values the org last showed"),
        sa.PrimaryKeyConstraint("org", "sf_id", name=op.f("pk_opportunity_lines")),
    )
    op.create_index(
        op.f("ix_opportunity_lines_org_opportunity_id"), "opportunity_lines", ["org", "opportunity_id"], unique=False
    )
    op.create_table(
        "orders",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("org", sa.String(length=40), nullable=False),
        sa.Column("sf_id", sa.String(length=18), comment="null: not yet created in the org"),
        sa.Column(
            "key",
            sa.String(length=255),
            comment="our external id: Opportunity Id, '-', sequence; null for orders that are not ours",
        ),
        sa.Column("org_key", sa.String(length=255), comment="the key the org's row carries"),
        sa.Column("order_number", sa.String(length=30)),
        sa.Column("opportunity_id", sa.String(length=18)),
        sa.Column("account_id", sa.String(length=18)),
        sa.Column("contract_id", sa.String(length=18)),
        sa.Column("pricebook_id", sa.String(length=18)),
        sa.Column("original_order_id", sa.String(length=18)),
        sa.Column("is_reduction", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("type", sa.Text()),
        sa.Column("currency", sa.String(length=3)),
        sa.Column("effective_date", sa.Date()),
        sa.Column("end_date", sa.Date()),
        sa.Column("planned_total", Exact(), comment="the deal's total when the order was planned"),
        sa.Column("total_amount", Exact(), comment="Order.TotalAmount, what the org makes of the lines"),
        sa.Column("status", sa.String(length=20), nullable=False, comment="the status we want: write this one"),
        sa.Column("org_status", sa.String(length=20), comment="the status the org last showed, in our words"),
        sa.Column("org_status_label", sa.Text(), comment="Order.Status as the org spells it"),
        sa.Column("status_code", sa.String(length=40), comment="Order.StatusCode, the category"),
        sa.Column("activated_at", UtcDateTime()),
        sa.Column("origin", sa.String(length=10), nullable=False, comment="sfsync | adopted | org: who made the order"),
        sa.Column("system_modstamp", UtcDateTime()),
        sa.Column("is_deleted", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("row_hash", sa.String(length=32), comment="hash of the values the org last showed"),
        sa.Column("planned_hash", sa.String(length=32), comment="row_hash of the deal when the order was planned"),
        sa.Column(
            "in_doubt", sa.String(length=10), comment="create | update: a write was sent and its outcome is not known"
        ),
        sa.Column("sent_at", UtcDateTime(), comment="when the write in doubt was sent"),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("retry_at", UtcDateTime()),
        sa.Column(
            "problem_code", sa.Text(), comment="why the last write did not go through: Salesforce's code or ours"
        ),
        sa.Column("problem", sa.Text(), comment="the same in words"),
        sa.Column("problem_want", sa.Text(), comment="the wanted value that was refused; another one is tried again"),
        sa.Column("problem_at", UtcDateTime()),
        sa.CheckConstraint(
            "status IN ('Draft', 'Activated', 'Fulfilled', 'Cancelled')", name=op.f("ck_orders_status_word")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint("org", "key", name=op.f("uq_orders_org_key")),
        sa.UniqueConstraint("org", "sf_id", name=op.f("uq_orders_org_sf_id")),
    )
    op.create_index(op.f("ix_orders_org_in_doubt"), "orders", ["org", "in_doubt"], unique=False)
    op.create_index(op.f("ix_orders_org_opportunity_id"), "orders", ["org", "opportunity_id"], unique=False)
    op.create_index(op.f("ix_orders_org_status_org_status"), "orders", ["org", "status", "org_status"], unique=False)
    op.create_index(op.f("ix_orders_org_system_modstamp"), "orders", ["org", "system_modstamp"], unique=False)
    op.create_table(
        "products",
        sa.Column("org", sa.String(length=40), nullable=False),
        sa.Column("sf_id", sa.String(length=18), nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("product_code", sa.Text()),
        sa.Column("family", sa.Text()),
        sa.Column("is_active", sa.Boolean()),
        sa.Column("system_modstamp", UtcDateTime()),
        sa.Column("is_deleted", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("row_hash", sa.String(length=32), comment="hash of the values the org last showed"),
        sa.PrimaryKeyConstraint("org", "sf_id", name=op.f("pk_products")),
    )
    op.create_table(
        "runs",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("org", sa.String(length=40), nullable=False),
        sa.Column("command", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime()),
        sa.Column(
            "outcome", sa.String(length=20), comment="done | attention | failed | interrupted; null while it runs"
        ),
        sa.Column("counts", sa.JSON(none_as_null=True), comment="what was done, by kind"),
        sa.Column("api_calls", sa.Integer()),
        sa.Column("api_used", sa.Integer(), comment="calls of the last 24 hours that the org counts, ours and others'"),
        sa.Column("api_limit", sa.Integer()),
        sa.Column("error", sa.Text()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
    )
    op.create_index(op.f("ix_runs_org_started_at"), "runs", ["org", "started_at"], unique=False)
    op.create_table(
        "schema_cache",
        sa.Column("org", sa.String(length=40), nullable=False),
        sa.Column(
            "content",
            sa.JSON(none_as_null=True),
            nullable=False,
            comment="the fields and statuses that the org showed us",
        ),
        sa.Column("read_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("org", name=op.f("pk_schema_cache")),
    )
    op.create_table(
        "order_items",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("org", sa.String(length=40), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sf_id", sa.String(length=18)),
        sa.Column("key", sa.String(length=255)),
        sa.Column("opportunity_line_id", sa.String(length=18)),
        sa.Column("order_item_number", sa.String(length=30)),
        sa.Column("pricebook_entry_id", sa.String(length=18)),
        sa.Column("product_id", sa.String(length=18)),
        sa.Column("quantity", Exact(), nullable=False),
        sa.Column("unit_price", Exact()),
        sa.Column("list_price", Exact()),
        sa.Column("total_price", Exact()),
        sa.Column("available_quantity", Exact()),
        sa.Column("service_date", sa.Date()),
        sa.Column("end_date", sa.Date()),
        sa.Column("description", sa.Text()),
        sa.Column("original_item_id", sa.String(length=18)),
        sa.Column("system_modstamp", UtcDateTime()),
        sa.Column("is_deleted", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("row_hash", sa.String(length=32), comment="hash of the values the org last showed"),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_items_order_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_items")),
        sa.UniqueConstraint("org", "key", name=op.f("uq_order_items_org_key")),
        sa.UniqueConstraint("org", "sf_id", name=op.f("uq_order_items_org_sf_id")),
    )
    op.create_index(op.f("ix_order_items_order_id"), "order_items", ["order_id"], unique=False)
