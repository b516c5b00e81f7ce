"""Which records of each kind the mirror holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from sfsync.store import shipment_tables, tables
from sfsync.store.upserts import in_parts

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy import Table

    from sfsync.store.engine import Tx

TABLES: dict[str, Table] = {
    "deals": tables.opportunities,
    "deal_lines": tables.opportunity_lines,
    "orders": tables.orders,
    "order_items": tables.order_items,
    "accounts": tables.accounts,
    "contracts": tables.contracts,
    "products": tables.products,
    "shipments": shipment_tables.shipments,
    "shipment_lines": shipment_tables.shipment_lines,
}
"""The table that each feed of the org fills."""


def ids(tx: Tx, org: str, feed: str) -> set[str]:
    """Return the Ids of a feed's mirrored records that are not marked as deleted."""
    table = TABLES[feed]
    query = select(table.c.sf_id).where(table.c.org == org, ~table.c.is_deleted, table.c.sf_id.is_not(None))
    return set(tx.scalars(query))


def living(tx: Tx, org: str, feed: str, ids: Iterable[str]) -> list[str]:
    """Return those of the Ids that the mirror holds and that are not marked as deleted."""
    table = TABLES[feed]
    found: list[str] = []
    for part in in_parts(ids):
        query = select(table.c.sf_id).where(table.c.org == org, ~table.c.is_deleted, table.c.sf_id.in_(part))
        found += tx.scalars(query)
    return sorted(found)


def standing(tx: Tx, org: str, feed: str, ids: Iterable[str]) -> dict[str, tuple[datetime | None, bool]]:
    """Return the stamp of each of the Ids that the mirror holds, and whether it is marked as deleted.

    Those that we have written to since they were read are left out: a stamp has seconds, and both may be in one.
    """
    table = TABLES[feed]
    columns = (table.c.sf_id, table.c.system_modstamp, table.c.is_deleted)
    found: dict[str, tuple[datetime | None, bool]] = {}
    for part in in_parts(ids):
        # One with a problem waits for its turn: read again, it would look as if the org had changed it.
        whole = table.c.row_hash.is_not(None) | table.c.is_deleted
        if "problem_code" in table.c:
            whole |= table.c.problem_code.is_not(None)
        rows = tx.execute(select(*columns).where(table.c.org == org, table.c.sf_id.in_(part), whole))
        found.update((sf_id, (stamp, gone)) for sf_id, stamp, gone in rows)
    return found
