"""Which orders have been reduced: by reduction orders that name them, or of which a line names one of theirs."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from sqlalchemy import func, select, union

from sfsync.store.tables import order_items, orders
from sfsync.store.upserts import in_parts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sfsync.store.engine import Tx


def reductions_of(tx: Tx, org: str, ids: Iterable[int]) -> dict[int, list[str]]:
    """Return the reduction orders, drafts included, of orders (by row id) that have any: their numbers or Ids."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    original, line = orders.alias("original"), order_items.alias("line")
    name = func.coalesce(orders.c.order_number, orders.c.sf_id)
    for part in in_parts(ids):
        by_header = (
            select(original.c.id, name)
            .join_from(original, orders, (orders.c.org == org) & (orders.c.original_order_id == original.c.sf_id))
            .where(original.c.id.in_(part), ~orders.c.is_deleted)
        )
        by_line = (
            select(line.c.order_id, name)
            .join_from(line, order_items, (order_items.c.org == org) & (order_items.c.original_item_id == line.c.sf_id))
            .join(orders, orders.c.id == order_items.c.order_id)
            .where(line.c.order_id.in_(part), ~order_items.c.is_deleted, ~orders.c.is_deleted)
        )
        for number, reduction in tx.execute(union(by_header, by_line)):
            found[number].append(reduction)
    return {number: sorted(names) for number, names in found.items()}
