"""Which orders are a deal's own: what it ordered, and, where it takes back earlier sales, its reductions of those."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import or_

from sfsync.store.tables import orders

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement


def of_deal(columns: Any) -> ColumnElement[bool]:
    """Say of orders with a key: all but reductions of the deal's own orders, whose keys end with -R and a number."""
    return or_(~columns.is_reduction, columns.key.not_like("%-R%"))


OF_DEAL = of_deal(orders.c)
