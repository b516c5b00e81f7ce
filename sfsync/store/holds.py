"""Draft orders on hold: their deal is not won any more, so nothing activates them from here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select, update

from sfsync.domain.judge import HELD
from sfsync.domain.statuses import DRAFT_CODE
from sfsync.store.journal import Entry
from sfsync.store.tables import orders

if TYPE_CHECKING:
    from datetime import datetime

    from sfsync.store.engine import Tx


def put(tx: Tx, org: str, deal: str, reason: str | None, now: datetime) -> list[Entry]:
    """Hold the deal's draft orders for this reason, release all others of it; return what to journal.

    A wish to activate stays as it is, and goes through once the order is released.
    """
    o = orders.c
    query = select(o.id, o.key, o.sf_id, o.order_number, o.held_for, o.status_code, o.origin, o.is_deleted).where(
        o.org == org, o.opportunity_id == deal, o.sf_id.is_not(None), ~o.is_reduction
    )
    entries: list[Entry] = []
    for row in tx.execute(query).all():
        draft = row.status_code == DRAFT_CODE and row.origin != "org" and not row.is_deleted
        wanted = reason if draft else None
        if wanted == row.held_for:
            continue
        since = now if wanted else None
        tx.execute(update(orders).where(o.id == row.id).values(held_for=wanted, held_since=since))
        if wanted:
            said = f"The order is on hold, because {HELD[wanted]}: it is not activated before the deal is won again."
        elif draft:
            said = "The deal is won again: the order is not on hold any more."
        else:
            said = "The order is no draft any more, so it is not on hold."
        entries.append(
            Entry(
                action="order.held" if wanted else "order.released",
                message=said,
                level="warning" if wanted else "info",
                opportunity_id=deal,
                order_key=row.key,
                sf_id=row.sf_id,
                details={"reason": wanted or row.held_for},
            )
        )
    return entries
