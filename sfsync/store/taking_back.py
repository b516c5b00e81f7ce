"""Deals that take back earlier sales: their own reductions, which are of other deals' orders."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, exists, or_, select, update

from sfsync.store import standings
from sfsync.store.own_columns import OF_DEAL
from sfsync.store.tables import orders
from sfsync.store.upserts import in_parts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Row

    from sfsync.domain.standing import StandingOrder
    from sfsync.store.engine import Tx

_original = orders.alias("original")
_OF_THE_SAME_DEAL = exists().where(
    _original.c.org == orders.c.org,
    _original.c.sf_id == orders.c.original_order_id,
    _original.c.opportunity_id == orders.c.opportunity_id,
)


def of_deals(
    tx: Tx, org: str, deals: Iterable[str], *, lock: bool = False, gone: bool = False
) -> dict[str, list[StandingOrder]]:
    """Return the reductions that are these deals' own, there or planned, whoever made them, with negative quantities.

    With `gone` those that are deleted in the org. Somebody else's is a deal's own if its Opportunity is the deal, and
    the order that it reduces is another deal's.
    """
    o = orders.c
    rows: list[Row[*tuple[Any, ...]]] = []
    for part in in_parts(deals):
        query = (
            select(orders)
            .where(o.org == org, o.opportunity_id.in_(part), o.is_deleted == gone, o.is_reduction)
            .where(or_(and_(o.key.is_not(None), OF_DEAL), and_(o.key.is_(None), ~_OF_THE_SAME_DEAL)))
            .order_by(o.id)
        )
        rows += tx.execute(query.with_for_update() if lock else query).all()
    return standings.with_lines(tx, org, rows)


def planned(tx: Tx, org: str) -> dict[str, list[str]]:
    """Return the keys of all own reductions of deals that were not sent yet, by deal."""
    o = orders.c
    query = select(o.opportunity_id, o.key).where(
        o.org == org, o.is_reduction, o.sf_id.is_(None), o.in_doubt.is_(None), o.key.is_not(None), OF_DEAL
    )
    found: defaultdict[str, list[str]] = defaultdict(list)
    for deal, key in tx.execute(query.order_by(o.id)):
        found[deal].append(key)
    return found


def adopt(tx: Tx, org: str, keys: Mapping[str, str]) -> None:
    """Make reductions (by Salesforce Id) that somebody else made for deals the deals' own, under these keys.

    What they stand for stays open, so that the next review compares them with their deal. Events told of them already.
    """
    o = orders.c
    for sf_id, key in keys.items():
        tx.execute(update(orders).where(o.org == org, o.sf_id == sf_id).values(key=key, origin="adopted"))
