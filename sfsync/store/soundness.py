"""Looking whether the promises hold: few statements, each served by an index that holds next to nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Text, cast, exists, func, select, text

from sfsync.domain.soundness import OrderState
from sfsync.store.alarm_tables import UNSENT, UNSOUND
from sfsync.store.tables import journal, order_items, orders
from sfsync.store.upserts import in_parts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import ColumnElement

    from sfsync.store.engine import Tx

MOST = 1000
"""So many breaches of one promise are enough to know of."""
_MADE = ("order.created", "order.settled")
_o = orders.c


def contradictory(tx: Tx, org: str) -> list[OrderState]:
    """Return the orders that contradict themselves, as far as SQL can tell."""
    query = (
        select(
            _record(), _o.sf_id, _o.org_status, _o.org_status_label, _o.status_code, _o.announced_status, _o.in_doubt,
            _o.sent_at.is_not(None),
        )
        .where(_o.org == org, text(f"({UNSOUND})"))
        .order_by(_o.id)
        .limit(MOST)
    )  # fmt: skip
    return [OrderState(*row) for row in tx.execute(query)]


def doubled(tx: Tx, org: str) -> list[str]:
    """Return the keys that two living orders in the org carry."""
    query = (
        select(_o.org_key)
        .where(_o.org == org, _o.org_key.is_not(None), _o.sf_id.is_not(None), ~_o.is_deleted)
        .group_by(_o.org_key)
        .having(func.count() > 1)
        .order_by(_o.org_key)
        .limit(MOST)
    )
    return list(tx.scalars(query))


def lines_missing(tx: Tx, org: str) -> list[str]:
    """Return orders of ours that left Draft without all their planned lines."""
    i = order_items.c
    unsent = exists().where(i.order_id == _o.id, i.org == org, text(f"order_items.{UNSENT}"))
    some = select(i.order_id).where(i.org == org, text(f"order_items.{UNSENT}"))
    query = (
        select(_record())
        .where(
            _o.id.in_(some), unsent, _o.origin == "sfsync", _o.sf_id.is_not(None), _o.row_hash.is_not(None),
            _o.status_code != "Draft", ~_o.is_deleted,
        )
        .order_by(_o.id)
        .limit(MOST)
    )  # fmt: skip
    return list(tx.scalars(query))


def made_in(tx: Tx, org: str, run_id: int) -> list[str]:
    """Return the keys of the orders that the journal says a run created, or found to have been created."""
    j = journal.c
    query = select(j.order_key).where(j.org == org, j.run_id == run_id, j.action.in_(_MADE))
    return [key for key in tx.scalars(query) if key is not None]


def wrong_totals(tx: Tx, org: str, records: Iterable[str]) -> list[str]:
    """Return those of the orders (by key) whose total in the org is not the deal's, and that no problem tells of."""
    found: list[str] = []
    for part in in_parts(records):
        query = select(_o.key).where(
            _o.org == org, _o.key.in_(part), _o.planned_total != _o.total_amount, _o.problem_code.is_(None),
            ~_o.is_deleted,
        )  # fmt: skip
        found += tx.scalars(query)
    return found


def _record() -> ColumnElement[str]:
    return func.coalesce(_o.key, _o.sf_id, cast(_o.id, Text))
