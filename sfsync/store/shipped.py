"""How the shipping of one order stands, for an explanation of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from sfsync.domain.explain_shipments import Shipped, Stuck
from sfsync.store.shipment_list import list_shipments, progress_of
from sfsync.store.shipment_tables import shipping_states

if TYPE_CHECKING:
    from sfsync.store.engine import Tx

_MOST = 1000
"""So many shipments of one order are looked at, the newest ones."""


def shipped_of(tx: Tx, org: str, order: int) -> Shipped | None:
    """Return how the shipping of an order stands; None if it has no goods and no shipments."""
    progress = progress_of(tx, [order]).get(order)
    if progress is None or (progress.state == "n/a" and not progress.shipped):
        return None
    state = shipping_states.c
    over = tx.scalar(select(state.over).where(state.org == org, state.order_id == order))
    held, _ = list_shipments(tx, org, order=order, held=True, limit=_MOST)
    waiting, _ = list_shipments(tx, org, order=order, waiting=True, limit=_MOST)
    stuck = {one.handle for one in held}
    return Shipped(
        due=progress.ordered - progress.reduced,
        shipped=progress.shipped,
        confirmed=progress.confirmed,
        percent=progress.percent,
        over=over,
        waiting=tuple(one.handle for one in waiting if one.handle not in stuck),
        in_doubt=tuple(one.handle for one in held if one.in_doubt and not one.problem_code),
        stuck=tuple(
            Stuck(one.handle, one.problem_code, one.problem or "The org has refused it.")
            for one in held
            if one.problem_code
        ),
    )
