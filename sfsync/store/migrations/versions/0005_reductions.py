"""Reductions that were asked for here, how an order's are found, and the view of what customers are entitled to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sfsync.store.types import UtcDateTime

revision = "0005"
down_revision = "0004"

_TODAY = {"sqlite": "date('now')", "postgresql": "(now() AT TIME ZONE 'UTC')::date"}
_ENTITLEMENTS = """
CREATE VIEW entitlements AS
SELECT line.org, line.account_id, accounts.name AS account_name, line.contract_id, contracts.contract_number,
       line.product_id, products.name AS product_name, products.product_code, line.currency,
       round(sum(line.quantity), 2) AS ordered,
       round(sum(line.reduced), 2) AS reduced,
       round(sum(line.quantity - line.reduced), 2) AS net,
       round(sum(line.amount), 2) AS ordered_amount,
       round(sum(line.reduced_amount), 2) AS reduced_amount,
       round(sum(line.amount - line.reduced_amount), 2) AS net_amount,
       count(DISTINCT line.order_id) AS orders
FROM (
    SELECT i.org, o.id AS order_id, o.account_id, o.contract_id, i.product_id, o.currency, i.quantity,
           coalesce(i.total_price, 0) AS amount,
           coalesce(r.quantity, 0) AS reduced,
           coalesce(r.amount, 0) AS reduced_amount
    FROM order_items i
    JOIN orders o ON o.id = i.order_id
    LEFT JOIN contracts c ON c.org = o.org AND c.sf_id = o.contract_id
    LEFT JOIN (
        SELECT ri.org, ri.original_item_id, -sum(ri.quantity) AS quantity, -sum(coalesce(ri.total_price, 0)) AS amount
        FROM order_items ri
        JOIN orders ro ON ro.id = ri.order_id
        WHERE ri.original_item_id IS NOT NULL AND NOT ri.is_deleted AND NOT ro.is_deleted
          AND ro.status_code = 'Activated' AND ro.org_status <> 'Cancelled'
          AND coalesce(ri.service_date, ro.effective_date) <= {today}
        GROUP BY ri.org, ri.original_item_id
    ) r ON r.org = i.org AND r.original_item_id = i.sf_id
    WHERE i.sf_id IS NOT NULL AND i.original_item_id IS NULL AND NOT i.is_deleted AND NOT o.is_deleted
      AND NOT o.is_reduction AND o.status_code = 'Activated' AND o.org_status <> 'Cancelled'
      AND coalesce(i.service_date, o.effective_date) <= {today}
      AND coalesce(i.end_date, o.org_end_date, c.ends_on, {today}) >= {today}
) line
LEFT JOIN accounts ON accounts.org = line.org AND accounts.sf_id = line.account_id
LEFT JOIN contracts ON contracts.org = line.org AND contracts.sf_id = line.contract_id
LEFT JOIN products ON products.org = line.org AND products.sf_id = line.product_id
GROUP BY line.org, line.account_id, accounts.name, line.contract_id, contracts.contract_number, line.product_id,
         products.name, products.product_code, line.currency
"""


def upgrade() -> None:
    op.create_table(
        "reductions",
        sa.Column("org", sa.String(length=40), nullable=False),
        sa.Column(
            "original_order_id",
            sa.String(length=18),
            nullable=False,
            comment="the Salesforce Id of the order that is reduced",
        ),
        sa.Column(
            "number",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="counts the reductions of an original; never used again",
        ),
        sa.Column("key", sa.String(length=255), nullable=False, comment="the key of the reduction order"),
        sa.Column(
            "request",
            sa.String(length=255),
            nullable=False,
            comment="the key of the first reduction order of the same request",
        ),
        sa.Column("actor", sa.Text(), nullable=False, comment="who asked for it"),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column(
            "withdrawn_at",
            UtcDateTime(),
            comment="when it was taken back before it was sent; its number stays used",
        ),
        sa.PrimaryKeyConstraint("org", "original_order_id", "number", name=op.f("pk_reductions")),
    )
    op.create_index(op.f("ix_orders_org_original_order_id"), "orders", ["org", "original_order_id"])
    op.execute(sa.text(_ENTITLEMENTS.format(today=_TODAY[op.get_bind().dialect.name])))
