"""Which orders the org has for a deal, whoever made them: an order of somebody else's is adopted, not doubled."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from sfsync.store.tables import orders
from sfsync.store.upserts import in_parts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sfsync.store.engine import Tx


@dataclass(frozen=True, slots=True)
class Existing:
    """An order that the org has for a deal, as far as adopting it needs."""

    sf_id: str
    key: str | None
    number: str | None
    status_code: str
    is_reduction: bool
    is_deleted: bool


def of_deals(tx: Tx, org: str, deal_ids: Sequence[str]) -> dict[str, list[Existing]]:
    """Return the orders that the org has for these deals, whoever made them."""
    found: dict[str, list[Existing]] = defaultdict(list)
    o = orders.c
    for part in in_parts(deal_ids):
        query = select(
            o.opportunity_id, o.sf_id, o.key, o.order_number, o.status_code, o.is_reduction, o.is_deleted
        ).where(o.org == org, o.opportunity_id.in_(part), o.sf_id.is_not(None))
        for deal, *values in tx.execute(query):
            found[deal].append(Existing(*values))
    return found
