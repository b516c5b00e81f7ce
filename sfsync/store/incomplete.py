"""Orders of ours that the org holds without all their lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, or_, select

from sfsync.store.planned import lines_of
from sfsync.store.tables import order_items, orders

if TYPE_CHECKING:
    from datetime import datetime

    from sfsync.domain.model import PlannedLine
    from sfsync.store.engine import Tx

INCOMPLETE = "incomplete"
"""The problem code of an order whose missing lines the org refuses."""


@dataclass(frozen=True, slots=True)
class IncompleteOrder:
    """An order of ours that is in the org without all its lines."""

    key: str
    sf_id: str
    opportunity_id: str | None
    lines: tuple[PlannedLine, ...]


def missing_lines(tx: Tx, org: str, now: datetime, only: str | None = None) -> list[IncompleteOrder]:
    """Return draft orders of ours that were read back from the org and lack lines that were planned.

    Those whose lines the org refused are left out until their retry time has come, or the order changed in the org.
    """
    query = (
        select(orders.c.id, orders.c.key, orders.c.sf_id, orders.c.opportunity_id)
        .distinct()
        .join(order_items, order_items.c.order_id == orders.c.id)
        .where(
            orders.c.org == org,
            orders.c.origin == "sfsync",
            orders.c.status_code == "Draft",
            orders.c.row_hash.is_not(None),
            orders.c.amending.is_(None),
            ~orders.c.is_deleted,
            order_items.c.sf_id.is_(None),
            or_(func.coalesce(orders.c.problem_code, "") != INCOMPLETE, orders.c.retry_at <= now),
        )
    )
    if only is not None:
        query = query.where(orders.c.opportunity_id == only)
    found = tx.execute(query).all()
    lines = lines_of(tx, [row.id for row in found], unsent=True)
    return [IncompleteOrder(row.key, row.sf_id, row.opportunity_id, tuple(lines[row.id])) for row in found]
