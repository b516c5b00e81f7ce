"""The tables of the mirror. Column comments are what other programs may rely on.

Mirrored tables carry `org, sf_id, system_modstamp, is_deleted` and the hash of the org's values;
rows that sfsync creates carry `key`; a field that may be written has an `org_…` twin, which holds
what the org last said. Work is whatever differs between the two.
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
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from sfsync.store.amend_columns import deal_columns, item_columns, order_columns
from sfsync.store.life_columns import life_columns
from sfsync.store.types import Exact, UtcDateTime
from sfsync.store.wish_columns import wanting_index, wish_columns

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_Id = String(18)
_Key = String(255)
"""The most that an external id field of type Text can hold; ours are far shorter, but others may write there too."""
_Org = String(40)
# An absent value is NULL, as plain SQL expects it, not the JSON word null.
_Json = JSON(none_as_null=True)
_Serial = BigInteger().with_variant(Integer, "sqlite")
UNANNOUNCED = "sf_id IS NOT NULL AND (announced_status IS NULL OR announced_status <> org_status)"
"""Orders whose events are still to be written; where a query says exactly this, the index of them serves it."""
STATUS_WORDS = ("Draft", "Activated", "Fulfilled", "Cancelled")


def _mirrored() -> tuple[Column[object], ...]:
    return (
        Column("system_modstamp", UtcDateTime()),
        Column("is_deleted", Boolean, nullable=False, server_default=false()),
        Column("row_hash", String(32), comment="hash of the values the org last showed"),
    )


opportunities = Table(
    "opportunities",
    metadata,
    Column("org", _Org, primary_key=True),
    Column("sf_id", _Id, primary_key=True),
    Column("name", Text, nullable=False),
    Column("account_id", _Id),
    Column("account_name", Text),
    Column("owner_id", _Id),
    Column("pricebook_id", _Id),
    Column("pricebook_active", Boolean),
    Column("contract_id", _Id),
    Column("contract_number", String(30)),
    Column("contract_account_id", _Id),
    Column("contract_pricebook_id", _Id),
    Column("contract_status_code", String(40)),
    Column("contract_starts_on", Date),
    Column("contract_ends_on", Date),
    Column("currency", String(3)),
    Column("amount", Exact()),
    Column("stage_name", Text, nullable=False),
    Column("type", Text),
    Column("is_won", Boolean, nullable=False),
    Column("is_closed", Boolean, nullable=False),
    Column("closed_on", Date, nullable=False),
    Column("created_at", UtcDateTime(), nullable=False),
    *_mirrored(),
    Column("problems", _Json, comment="why this won deal gets no order: [{code, message}]; null when nothing is wrong"),
    Column("rejected_at", UtcDateTime(), comment="since when the deal is rejected for these problems"),
    *deal_columns(),
    Index(None, "org", "is_won", "sf_id"),
    Index(None, "org", "system_modstamp"),
)

opportunity_lines = Table(
    "opportunity_lines",
    metadata,
    Column("org", _Org, primary_key=True),
    Column("sf_id", _Id, primary_key=True),
    Column("opportunity_id", _Id, nullable=False),
    Column("pricebook_entry_id", _Id),
    Column("product_id", _Id),
    Column("product_name", Text),
    Column("product_code", Text),
    Column("quantity", Exact(), nullable=False),
    Column("unit_price", Exact()),
    Column("list_price", Exact()),
    Column("total_price", Exact()),
    Column("service_date", Date),
    Column("description", Text),
    Column("sort_order", Integer),
    Column("entry_active", Boolean),
    Column("entry_pricebook_id", _Id),
    Column("entry_currency", String(3)),
    Column("product_active", Boolean),
    *_mirrored(),
    Index(None, "org", "opportunity_id"),
)

orders = Table(
    "orders",
    metadata,
    Column("id", _Serial, primary_key=True, autoincrement=True),
    Column("org", _Org, nullable=False),
    Column("sf_id", _Id, comment="null: not yet created in the org"),
    Column("key", _Key, comment="our external id: Opportunity Id, '-', sequence; null for orders that are not ours"),
    Column("org_key", _Key, comment="the key the org's row carries"),
    Column("order_number", String(30)),
    Column("opportunity_id", _Id),
    Column("account_id", _Id),
    Column("contract_id", _Id),
    Column("pricebook_id", _Id),
    Column("original_order_id", _Id),
    Column("is_reduction", Boolean, nullable=False, server_default=false()),
    Column("name", Text),
    Column("type", Text),
    Column("currency", String(3)),
    Column("effective_date", Date),
    Column("planned_total", Exact(), comment="the deal's total when the order was planned"),
    Column("total_amount", Exact(), comment="Order.TotalAmount, what the org makes of the lines"),
    Column("status", String(20), nullable=False, comment="the status we want: write this one"),
    Column("org_status", String(20), comment="the status the org last showed, in our words"),
    Column("org_status_label", Text, comment="Order.Status as the org spells it"),
    Column("status_code", String(40), comment="Order.StatusCode, the category"),
    Column("activated_at", UtcDateTime(), comment="Order.ActivatedDate; moves with each activation"),
    *wish_columns(),
    *life_columns(),
    Column("announced_status", String(20), comment="the org_status that events have told of; null: of none yet"),
    Column("origin", String(10), nullable=False, comment="sfsync | adopted | org: who made the order"),
    *_mirrored(),
    Column("planned_hash", String(32), comment="row_hash of the deal when the order was planned"),
    *order_columns(),
    Column("in_doubt", String(10), comment="create | update | amend: a write was sent and its outcome is not known"),
    Column("sent_at", UtcDateTime(), comment="when the write in doubt was sent"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("retry_at", UtcDateTime()),
    Column("problem_code", Text, comment="why the last write did not go through: Salesforce's code or ours"),
    Column("problem", Text, comment="the same in words"),
    Column("problem_want", Text, comment="the wanted values that were refused, or a digest; others are tried again"),
    Column("problem_at", UtcDateTime()),
    UniqueConstraint("org", "key"),
    UniqueConstraint("org", "sf_id"),
    CheckConstraint("status IN ('Draft', 'Activated', 'Fulfilled', 'Cancelled')", name="status_word"),
    Index(None, "org", "opportunity_id"),
    Index(None, "org", "in_doubt"),
    Index(None, "org", "status", "org_status"),
    wanting_index(),
    # Small: it holds only what events have still to tell.
    Index("ix_orders_unannounced", "org", sqlite_where=text(UNANNOUNCED), postgresql_where=text(UNANNOUNCED)),
    Index(None, "org", "system_modstamp"),
)

order_items = Table(
    "order_items",
    metadata,
    Column("id", _Serial, primary_key=True, autoincrement=True),
    Column("org", _Org, nullable=False),
    Column("order_id", _Serial, ForeignKey("orders.id", ondelete="CASCADE"), nullable=False),
    Column("sf_id", _Id),
    Column("key", _Key),
    Column("opportunity_line_id", _Id),
    Column("order_item_number", String(30)),
    Column("pricebook_entry_id", _Id),
    Column("product_id", _Id),
    Column("quantity", Exact(), nullable=False),
    Column("unit_price", Exact()),
    Column("list_price", Exact()),
    Column("total_price", Exact()),
    Column("available_quantity", Exact()),
    Column("service_date", Date),
    Column("end_date", Date),
    Column("description", Text),
    Column("original_item_id", _Id),
    *item_columns(),
    *_mirrored(),
    UniqueConstraint("org", "key"),
    UniqueConstraint("org", "sf_id"),
    Index(None, "order_id"),
)

accounts = Table(
    "accounts",
    metadata,
    Column("org", _Org, primary_key=True),
    Column("sf_id", _Id, primary_key=True),
    Column("name", Text),
    *_mirrored(),
)

contracts = Table(
    "contracts",
    metadata,
    Column("org", _Org, primary_key=True),
    Column("sf_id", _Id, primary_key=True),
    Column("contract_number", String(30)),
    Column("account_id", _Id),
    Column("status", Text),
    Column("status_code", String(40)),
    Column("starts_on", Date),
    Column("ends_on", Date),
    *_mirrored(),
)

products = Table(
    "products",
    metadata,
    Column("org", _Org, primary_key=True),
    Column("sf_id", _Id, primary_key=True),
    Column("name", Text),
    Column("product_code", Text),
    Column("family", Text),
    Column("is_active", Boolean),
    Column("physical_flag", Boolean, comment="the checkbox that says whether it is shipped, where one is set up"),
    Column("is_physical", Boolean, comment="whether it is shipped, by that or by its family; null: it is"),
    *_mirrored(),
)

cursors = Table(
    "cursors",
    metadata,
    Column("org", _Org, primary_key=True),
    Column("feed", String(40), primary_key=True),
    Column("stamp", UtcDateTime(), nullable=False, comment="SystemModstamp of the last row read"),
    Column("last_id", _Id, comment="Id of the last row read among those of that stamp"),
)

schema_cache = Table(
    "schema_cache",
    metadata,
    Column("org", _Org, primary_key=True),
    Column("content", _Json, nullable=False, comment="the fields and statuses that the org showed us"),
    Column("read_at", UtcDateTime(), nullable=False),
)

runs = Table(
    "runs",
    metadata,
    Column("id", _Serial, primary_key=True, autoincrement=True),
    Column("org", _Org, nullable=False),
    Column("command", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("started_at", UtcDateTime(), nullable=False),
    Column("finished_at", UtcDateTime()),
    Column("outcome", String(20), comment="done | attention | failed | interrupted; null while it runs"),
    Column("counts", _Json, comment="what was done, by kind"),
    Column("api_calls", Integer),
    Column("api_used", Integer, comment="calls of the last 24 hours that the org counts, ours and others'"),
    Column("api_limit", Integer),
    Column("error", Text),
    Index(None, "org", "started_at"),
)

journal = Table(
    "journal",
    metadata,
    Column("id", _Serial, primary_key=True, autoincrement=True),
    Column("org", _Org, nullable=False),
    Column("at", UtcDateTime(), nullable=False),
    Column("run_id", _Serial),
    Column("level", String(10), nullable=False, comment="info | warning | error"),
    Column("action", String(40), nullable=False),
    Column(
        "actor", Text, nullable=False, comment="who made it happen: sfsync, a user of the command line, sql, the org"
    ),
    Column("opportunity_id", _Id),
    Column("order_key", _Key),
    Column("sf_id", _Id),
    Column("message", Text, nullable=False),
    Column("details", _Json),
    Index(None, "org", "at"),
    Index(None, "org", "opportunity_id"),
    Index(None, "org", "order_key"),
    Index(None, "org", "sf_id"),
    Index(None, "run_id"),
)
