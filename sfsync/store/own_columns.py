"""Which orders are a deal's own: what it ordered, and, where it takes back earlier sales, its reductions of those."""

from __future__ import annotations

from sqlalchemy import or_

from sfsync.store.tables import orders

OF_DEAL = or_(~orders.c.is_reduction, orders.c.key.not_like("%-R%"))
"""Of orders with a key: all but the reductions of the deal's own orders, whose keys end with -R and a number."""
