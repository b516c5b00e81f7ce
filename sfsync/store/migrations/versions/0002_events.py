"""Events and deliveries to sinks; more writable fields of orders; conflicts of fields; activation by rule and back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sfsync.store.types import UtcDateTime

revision = "0002"
down_revision = "0001"

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_UNANNOUNCED = sa.text("sf_id IS NOT NULL AND (announced_status IS NULL OR announced_status <> org_status)")


_WANTING = sa.text(
    "sf_id IS NOT NULL AND (status <> org_status"
    " OR coalesce(description, '') <> coalesce(org_description, '')"
    " OR coalesce(po_number, '') <> coalesce(org_po_number, '')"
    " OR coalesce(end_date, '0001-01-01') <> coalesce(org_end_date, '0001-01-01')"
    " OR (custom IS NOT NULL AND CAST(custom AS TEXT) <> coalesce(CAST(org_custom AS TEXT), '')))"
)
_OPEN = sa.text("resolved_at IS NULL")


def upgrade() -> None:
    _events()
    _fields()
    _conflicts()
    _life()
    if op.get_bind().dialect.name == "sqlite":
        _refuse_unreadable()


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("id", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("event_id", sa.String(length=60), nullable=False, comment="what receivers see as webhook-id"),
        sa.Column("org", sa.String(length=40), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False, comment="when sfsync wrote it down, with the change itself"),
        sa.Column(
            "record",
            sa.String(length=255),
            nullable=False,
            comment="events of one record are delivered in their order",
        ),
        sa.Column("opportunity_id", sa.String(length=18)),
        sa.Column("order_key", sa.String(length=255)),
        sa.Column("sf_id", sa.String(length=18)),
        sa.Column("data", sa.JSON(none_as_null=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        sa.UniqueConstraint("event_id", name=op.f("uq_events_event_id")),
    )
    for columns in (["org", "record"], ["org", "at"], ["org", "order_key"]):
        op.create_index(op.f(f"ix_events_{'_'.join(columns)}"), "events", columns, unique=False)
    op.create_table(
        "deliveries",
        sa.Column("event", _SERIAL, nullable=False),
        sa.Column("sink", sa.String(length=40), nullable=False),
        sa.Column("org", sa.String(length=40), nullable=False),
        sa.Column("record", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False, comment="pending | delivered | dead"),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_at", UtcDateTime(), nullable=False, comment="not before then; counts while it is pending"),
        sa.Column("last_status", sa.Integer(), comment="the HTTP status of the last answer"),
        sa.Column("last_error", sa.Text(), comment="why the last try failed; never what the receiver sent"),
        sa.Column("delivered_at", UtcDateTime()),
        sa.ForeignKeyConstraint(["event"], ["events.id"], name=op.f("fk_deliveries_event"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("event", "sink", name=op.f("pk_deliveries")),
    )
    for columns in (["org", "sink", "state", "next_at"], ["org", "sink", "record", "state"]):
        op.create_index(op.f(f"ix_deliveries_{'_'.join(columns)}"), "deliveries", columns, unique=False)
    op.create_table(
        "sinks",
        sa.Column("org", sa.String(length=40), nullable=False),
        sa.Column("sink", sa.String(length=40), nullable=False),
        sa.Column("paused_at", UtcDateTime(), comment="since when nothing is sent to it; null while it is served"),
        sa.Column("paused_by", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False, comment="failed tries in a row"),
        sa.Column("resume_at", UtcDateTime(), comment="a sink that does not answer is left alone until then"),
        sa.PrimaryKeyConstraint("org", "sink", name=op.f("pk_sinks")),
    )
    op.add_column(
        "orders",
        sa.Column(
            "announced_status",
            sa.String(length=20),
            comment="the org_status that events have told of; null: of none yet",
        ),
    )
    # What happened before there were events is told to nobody.
    op.execute(sa.text("UPDATE orders SET announced_status = org_status WHERE sf_id IS NOT NULL"))
    op.create_index(
        "ix_orders_unannounced", "orders", ["org"], sqlite_where=_UNANNOUNCED, postgresql_where=_UNANNOUNCED
    )


def _fields() -> None:
    json = sa.JSON(none_as_null=True)
    for column in (
        sa.Column("description", sa.Text(), comment="Order.Description that we want: write this one"),
        sa.Column("org_description", sa.Text(), comment="what the org last showed"),
        sa.Column("po_number", sa.Text(), comment="Order.PoNumber that we want: write this one"),
        sa.Column("org_po_number", sa.Text(), comment="what the org last showed"),
        sa.Column("org_end_date", sa.Date(), comment="what the org last showed"),
        sa.Column("custom", json, comment="the custom fields that we want, by API name: write this one"),
        sa.Column("org_custom", json, comment="what the org last showed"),
        sa.Column("wanted_by", json, comment="who wanted what by command: {field: {value, actor}}"),
        sa.Column("sent", json, comment="the values of the last update, as long as it is not known what became of it"),
        sa.Column("first_activated_at", UtcDateTime(), comment="when the order was first activated; never moved again"),
    ):
        op.add_column("orders", column)
    # What the fields hold is read with the next pull, all orders once: their cursor has another name from now on.
    op.execute(sa.text("UPDATE orders SET org_end_date = end_date, first_activated_at = activated_at"))
    op.create_index("ix_orders_wanting", "orders", ["org", "id"], sqlite_where=_WANTING, postgresql_where=_WANTING)
    if op.get_bind().dialect.name == "postgresql":
        end_date = "Order.EndDate that we want: write this one"
        op.alter_column("orders", "end_date", existing_type=sa.Date(), comment=end_date)
        moves = "Order.ActivatedDate; moves with each activation"
        op.alter_column("orders", "activated_at", existing_type=UtcDateTime(), comment=moves)
        refused = "the wanted values that were refused, or a digest; others are tried again"
        op.alter_column("orders", "problem_want", existing_type=sa.Text(), comment=refused)


def _conflicts() -> None:
    op.create_table(
        "conflicts",
        sa.Column("id", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("org", sa.String(length=40), nullable=False),
        sa.Column("order_id", _SERIAL, nullable=False),
        sa.Column(
            "field",
            sa.String(length=80),
            nullable=False,
            comment="the column of orders, or the API name of a custom field",
        ),
        sa.Column("wanted", sa.Text(), comment="what was wanted here"),
        sa.Column("org_value", sa.Text(), comment="what the org had by then"),
        sa.Column("base", sa.Text(), comment="what both had before"),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column(
            "resolved_at",
            UtcDateTime(),
            comment="null: a person has to decide, and nothing is sent of this field",
        ),
        sa.Column("resolution", sa.String(length=12), comment="take_org | take_local | policy | agreed"),
        sa.Column("resolved_by", sa.Text(), comment="who decided: a user of the command line, sql, a policy, the org"),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_conflicts_order_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conflicts")),
    )
    op.create_index(
        "uq_conflicts_open", "conflicts", ["order_id", "field"], unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN
    )
    op.create_index(op.f("ix_conflicts_org_resolved_at"), "conflicts", ["org", "resolved_at"], unique=False)


def _life() -> None:
    for column in (
        sa.Column("created_at", UtcDateTime(), comment="Order.CreatedDate, by the org's clock"),
        sa.Column(
            "deactivate_by", sa.Text(), comment="who asked by command for the order to be deactivated; null: nobody"
        ),
        sa.Column("deactivate_at", UtcDateTime(), comment="when; without it no order goes back to Draft from here"),
        sa.Column(
            "rule_activated_at", UtcDateTime(), comment="when the rule of [activation] wanted it so; it does once"
        ),
    ):
        op.add_column("orders", column)
    op.create_table(
        "event_counts",
        sa.Column("org", sa.String(length=40), nullable=False),
        sa.Column("record", sa.String(length=255), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column(
            "pruned",
            sa.Integer(),
            nullable=False,
            comment="events removed for their age; ids of later ones go on from it",
        ),
        sa.PrimaryKeyConstraint("org", "record", "type", name=op.f("pk_event_counts")),
    )
    asked = sa.text("deactivate_at IS NOT NULL")
    op.create_index("ix_orders_deactivating", "orders", ["org"], sqlite_where=asked, postgresql_where=asked)


def _refuse_unreadable() -> None:
    """SQLite takes any text for a date or JSON; PostgreSQL refuses what is none, and so do these triggers."""
    for column, wrong, what in (
        ("end_date", "date(NEW.end_date, '+0 days') IS NOT NEW.end_date", "a day, as in 2026-12-31"),
        ("custom", "NOT json_valid(NEW.custom)", "a JSON object"),
    ):
        for event in ("INSERT", f"UPDATE OF {column}"):
            op.execute(
                f"CREATE TRIGGER orders_{column}_{event.split()[0].lower()} BEFORE {event} ON orders "
                f"WHEN NEW.{column} IS NOT NULL AND {wrong} "
                f"BEGIN SELECT RAISE(ABORT, 'orders.{column} should be {what}'); END"
            )
