"""Alembic's entry: runs the migrations in the transaction that the caller opened."""

from __future__ import annotations

from alembic import context

from sfsync.store import (  # noqa: F401 - they add their tables
    conflict_tables,
    discrepancy_tables,
    event_tables,
    reduction_tables,
    shipment_tables,
)
from sfsync.store.migrations import VERSION_TABLE
from sfsync.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,
)
context.run_migrations()
