"""Shipments and their lines, and the views of how much of each order was shipped."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sfsync.store.types import Exact, UtcDateTime

revision = "0004"
down_revision = "0003"

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_LAST = "what the org last showed"
_WANTING = (
    "sf_id IS NOT NULL AND (status <> org_status"
    " OR coalesce(carrier, '') <> coalesce(org_carrier, '')"
    " OR coalesce(tracking_number, '') <> coalesce(org_tracking_number, '')"
    " OR coalesce(tracking_url, '') <> coalesce(org_tracking_url, '')"
    " OR coalesce(shipped_on, '0001-01-01') <> coalesce(org_shipped_on, '0001-01-01')"
    " OR coalesce(delivered_on, '0001-01-01') <> coalesce(org_delivered_on, '0001-01-01'))"
)
_UNLINKED_LINES = (
    "(shipment_id IS NULL AND shipment_sf_id IS NOT NULL) OR (order_item_id IS NULL AND order_item_sf_id IS NOT NULL)"
)


def upgrade() -> None:
    flag = "the checkbox that says whether it is shipped, where one is set up"
    judged = "whether it is shipped, by that or by its family; null: it is"
    op.add_column("products", sa.Column("physical_flag", sa.Boolean(), comment=flag))
    op.add_column("products", sa.Column("is_physical", sa.Boolean(), comment=judged))
    _shipments()
    _shipment_lines()
    _states()
    kind = op.get_bind().dialect.name
    if kind == "sqlite":
        _refuse_unreadable()
    op.execute(_item_progress(kind))
    op.execute(_order_progress(kind))


def _shipments() -> None:
    twins = []
    for name, kind, what in (
        ("carrier", sa.Text(), "the carrier that we want: write this one"),
        ("tracking_number", sa.Text(), "the tracking number that we want: write this one"),
        ("tracking_url", sa.Text(), "the tracking URL that we want: write this one"),
        ("shipped_on", sa.Date(), "the day it was shipped, that we want: write this one"),
        ("delivered_on", sa.Date(), "the day it was delivered, that we want: write this one"),
    ):
        twins += [sa.Column(name, kind, comment=what), sa.Column(f"org_{name}", kind, comment=_LAST)]
    op.create_table(
        "shipments",
        sa.Column("id", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("org", sa.String(length=40), nullable=False),
        sa.Column("order_id", _SERIAL, comment="the order, by its row here"),
        sa.Column(
            "order_sf_id",
            sa.String(length=18),
            comment="the order by its Salesforce Id; either of the two will do in a new row",
        ),
        sa.Column("sf_id", sa.String(length=18), comment="null: not yet in the org"),
        sa.Column(
            "key",
            sa.String(length=255),
            comment="our external id: order key, '-S', number; the cycle gives it where it is null",
        ),
        sa.Column(
            "reference", sa.Text(), comment="what the warehouse calls it; a file imported again finds it by this"
        ),
        sa.Column("number", sa.Text(), comment="the Name of the org's record"),
        sa.Column(
            "status",
            sa.String(length=20),
            server_default="Created",
            nullable=False,
            comment="the status we want: write this one",
        ),
        sa.Column("org_status", sa.String(length=20), comment="the status the org last showed, in our words"),
        sa.Column("org_status_label", sa.Text(), comment="the status as the org spells it"),
        *twins,
        sa.Column(
            "recorded_by",
            sa.Text(),
            comment="who recorded or last changed it by command; null: by plain SQL, or the org",
        ),
        sa.Column("created_at", UtcDateTime(), comment="CreatedDate in the org"),
        sa.Column(
            "announced",
            sa.Boolean(),
            server_default=sa.false(),
            nullable=False,
            comment="whether an event has told of it",
        ),
        *_mirrored(),
        sa.Column(
            "in_doubt", sa.String(length=10), comment="create | update: a write was sent and its outcome is not known"
        ),
        sa.Column("sent_at", UtcDateTime(), comment="when the write in doubt was sent"),
        sa.Column("sent", sa.JSON(none_as_null=True), comment="the values of an update in doubt"),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("retry_at", UtcDateTime()),
        sa.Column(
            "problem_code", sa.Text(), comment="why the last write did not go through: Salesforce's code or ours"
        ),
        sa.Column("problem", sa.Text(), comment="the same in words"),
        sa.Column("problem_want", sa.Text(), comment="a digest of what was refused; anything else is tried again"),
        sa.Column("problem_at", UtcDateTime()),
        sa.CheckConstraint(
            "status IN ('Created', 'Shipped', 'In Transit', 'Delivered', 'Voided')",
            name=op.f("ck_shipments_status_word"),
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_shipments_order_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shipments")),
        sa.UniqueConstraint("org", "key", name=op.f("uq_shipments_org_key")),
        sa.UniqueConstraint("org", "sf_id", name=op.f("uq_shipments_org_sf_id")),
    )
    op.create_index(op.f("ix_shipments_order_id"), "shipments", ["order_id"], unique=False)
    op.create_index(op.f("ix_shipments_org_reference"), "shipments", ["org", "reference"], unique=False)
    _partial("ix_shipments_wanting", "shipments", ["org", "id"], _WANTING)
    _partial("ix_shipments_unannounced", "shipments", ["org"], "sf_id IS NOT NULL AND NOT announced")
    _partial("ix_shipments_unlinked", "shipments", ["org"], "order_id IS NULL AND order_sf_id IS NOT NULL")
    _partial("ix_shipments_problems", "shipments", ["org"], "problem_code IS NOT NULL OR in_doubt IS NOT NULL")


def _shipment_lines() -> None:
    op.create_table(
        "shipment_lines",
        sa.Column("id", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("org", sa.String(length=40), nullable=False),
        sa.Column("shipment_id", _SERIAL, comment="the shipment's row here"),
        sa.Column(
            "shipment_sf_id",
            sa.String(length=18),
            comment="the shipment by its Salesforce Id; either of the two will do",
        ),
        sa.Column("order_item_id", _SERIAL, comment="the order item's row"),
        sa.Column(
            "order_item_sf_id",
            sa.String(length=18),
            comment="the order item by its Salesforce Id; either of the two will do",
        ),
        sa.Column("sf_id", sa.String(length=18), comment="null: not yet in the org"),
        sa.Column(
            "key",
            sa.String(length=255),
            comment="our external id: shipment key, '-', number; the cycle gives it where it is null",
        ),
        sa.Column("quantity", Exact(), nullable=False, comment="how many were shipped; fixed once the row has a sf_id"),
        *_mirrored(),
        sa.ForeignKeyConstraint(
            ["shipment_id"], ["shipments.id"], name=op.f("fk_shipment_lines_shipment_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["order_item_id"], ["order_items.id"], name=op.f("fk_shipment_lines_order_item_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shipment_lines")),
        sa.UniqueConstraint("org", "key", name=op.f("uq_shipment_lines_org_key")),
        sa.UniqueConstraint("org", "sf_id", name=op.f("uq_shipment_lines_org_sf_id")),
    )
    for name in ("shipment_id", "order_item_id"):
        op.create_index(op.f(f"ix_shipment_lines_{name}"), "shipment_lines", [name])
    _partial("ix_shipment_lines_unsent", "shipment_lines", ["org", "shipment_id"], "sf_id IS NULL")
    _partial("ix_shipment_lines_unlinked", "shipment_lines", ["org"], _UNLINKED_LINES)


def _states() -> None:
    op.create_table(
        "shipping_states",
        sa.Column("order_id", _SERIAL, nullable=False),
        sa.Column("org", sa.String(length=40), nullable=False),
        sa.Column(
            "state",
            sa.String(length=10),
            nullable=False,
            comment="none | partial | shipped | n/a: what events have told of",
        ),
        sa.Column("over", sa.Text(), comment="which lines more was shipped of than is ordered; null: none"),
        sa.Column("over_since", UtcDateTime()),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_shipping_states_order_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_shipping_states")),
    )
    _partial("ix_shipping_states_over", "shipping_states", ["org"], "over IS NOT NULL")


def _mirrored() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("system_modstamp", UtcDateTime()),
        sa.Column("is_deleted", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("row_hash", sa.String(length=32), comment="hash of the values the org last showed"),
    )


def _partial(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def _refuse_unreadable() -> None:
    """SQLite takes any text for a date or number; PostgreSQL refuses what is none, and so do these triggers."""
    day = "date(NEW.{0}, '+0 days') IS NOT NEW.{0}"
    for table, column, wrong, what in (
        ("shipments", "shipped_on", day.format("shipped_on"), "a day, as in 2026-12-31"),
        ("shipments", "delivered_on", day.format("delivered_on"), "a day, as in 2026-12-31"),
        ("shipment_lines", "quantity", "typeof(NEW.quantity) NOT IN ('integer', 'real')", "a number"),
    ):
        for event in ("INSERT", f"UPDATE OF {column}"):
            op.execute(
                f"CREATE TRIGGER {table}_{column}_{event.split()[0].lower()} BEFORE {event} ON {table} "
                f"WHEN NEW.{column} IS NOT NULL AND {wrong} "
                f"BEGIN SELECT RAISE(ABORT, '{table}.{column} should be {what}'); END"
            )


def _exact(kind: str, value: str) -> str:
    """SQLite keeps decimals as doubles: there the views count in whole hundredths, so that no sum is bent."""
    return f"CAST(ROUND({value} * 100) AS INTEGER)" if kind == "sqlite" else value


def _shown(kind: str, value: str) -> str:
    return f"{value} / 100.0" if kind == "sqlite" else f"CAST({value} AS NUMERIC(18, 2))"


def _percent(kind: str, shipped: str, net: str) -> str:
    exact = f"ROUND(100 * {shipped} / NULLIF({net}, 0), 2)"
    if kind == "sqlite":
        exact = f"(({shipped} * 20000 + {net}) / (2 * NULLIF({net}, 0))) / 100.0"
    return f"CASE WHEN {net} > 0 THEN {exact} END"


def _item_progress(kind: str) -> str:
    lines = (
        "FROM shipment_lines l JOIN shipments s ON s.id = l.shipment_id"
        " WHERE l.order_item_id = i.id AND NOT l.is_deleted AND NOT s.is_deleted AND s.status <> 'Voided'"
    )
    confirmed = (
        "FROM shipment_lines l JOIN shipments s ON s.id = l.shipment_id"
        " WHERE l.order_item_id = i.id AND NOT l.is_deleted AND NOT s.is_deleted"
        " AND l.sf_id IS NOT NULL AND s.sf_id IS NOT NULL AND COALESCE(s.org_status, '') <> 'Voided'"
    )
    reduced = (
        "FROM order_items r JOIN orders t ON t.id = r.order_id"
        " WHERE r.org = i.org AND r.original_item_id = i.sf_id AND r.original_item_id IS NOT NULL"
        " AND NOT r.is_deleted AND NOT t.is_deleted AND t.is_reduction AND t.status_code = 'Activated'"
        " AND t.org_status <> 'Cancelled'"
    )
    net = "(q.ordered - q.reduced)"
    return f"""
        CREATE VIEW order_item_progress AS
        SELECT q.org, q.order_id, q.order_key, q.order_sf_id, q.order_number, q.account_id, q.status,
            q.order_item_id, q.item_key, q.item_sf_id, q.order_item_number, q.product_id, q.product_name,
            {_shown(kind, "q.ordered")} AS ordered, {_shown(kind, "q.reduced")} AS reduced,
            {_shown(kind, "q.shipped")} AS shipped, {_shown(kind, "q.confirmed")} AS confirmed,
            {_percent(kind, "q.shipped", net)} AS percent,
            CASE WHEN {net} <= 0 AND q.shipped <= 0 THEN 'n/a'
                WHEN q.shipped > {net} THEN 'over'
                WHEN q.shipped <= 0 THEN 'none'
                WHEN q.shipped >= {net} THEN 'shipped'
                ELSE 'partial' END AS state
        FROM (
            SELECT o.org, o.id AS order_id, o.key AS order_key, o.sf_id AS order_sf_id, o.order_number, o.account_id,
                o.org_status AS status, i.id AS order_item_id, i.key AS item_key, i.sf_id AS item_sf_id,
                i.order_item_number, i.product_id, p.name AS product_name,
                {_exact(kind, "i.quantity")} AS ordered,
                (SELECT COALESCE(-SUM({_exact(kind, "r.quantity")}), 0) {reduced}) AS reduced,
                (SELECT COALESCE(SUM({_exact(kind, "l.quantity")}), 0) {lines}) AS shipped,
                (SELECT COALESCE(SUM({_exact(kind, "l.quantity")}), 0) {confirmed}) AS confirmed
            FROM order_items i JOIN orders o ON o.id = i.order_id
            LEFT JOIN products p ON p.org = i.org AND p.sf_id = i.product_id
            WHERE NOT i.is_deleted AND NOT o.is_deleted AND NOT o.is_reduction AND i.quantity > 0
                AND COALESCE(p.is_physical, TRUE)
        ) q"""


def _order_progress(kind: str) -> str:
    net = "(q.ordered - q.reduced)"
    amounts = ("ordered", "reduced", "shipped", "confirmed")
    sums = ", ".join(f"SUM({_exact(kind, name)}) AS {name}" for name in amounts)
    shown = ", ".join(f"{_shown(kind, f'q.{name}')} AS {name}" for name in amounts)
    order = "org, order_id, order_key, order_sf_id, order_number, account_id, status"
    return f"""
        CREATE VIEW order_progress AS
        SELECT {", ".join(f"q.{name}" for name in order.split(", "))}, {shown},
            {_percent(kind, "q.shipped", net)} AS percent,
            CASE WHEN q.over > 0 THEN 'over'
                WHEN q.countable = 0 THEN 'n/a'
                WHEN q.begun = 0 THEN 'none'
                WHEN q.finished = q.countable THEN 'shipped'
                ELSE 'partial' END AS state
        FROM (
            SELECT {order}, {sums},
                SUM(CASE WHEN state = 'over' THEN 1 ELSE 0 END) AS over,
                SUM(CASE WHEN state <> 'n/a' THEN 1 ELSE 0 END) AS countable,
                SUM(CASE WHEN state IN ('partial', 'shipped') THEN 1 ELSE 0 END) AS begun,
                SUM(CASE WHEN state = 'shipped' THEN 1 ELSE 0 END) AS finished
            FROM order_item_progress GROUP BY {order}
        ) q"""
