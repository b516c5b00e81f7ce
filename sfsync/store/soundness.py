"""Looking whether the promises hold: few statements, each served by an index that holds next to nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Float, Text, and_, case, cast, exists, func, literal_column, select, text

from sfsync.domain.soundness import OrderState
from sfsync.domain.statuses import ACTIVATED_CODE, Status
from sfsync.store.alarm_tables import UNSENT, UNSOUND
from sfsync.store.shipment_tables import item_progress, shipping_states
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
_ORIGINAL = order_items.alias("original")


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


def over_reduced(tx: Tx, org: str) -> list[str]:
    """Return the lines of orders of which active reductions, whoever made them, take more than was ordered."""
    return _reduced_beyond(tx, org, _o.status_code == ACTIVATED_CODE)


def reserved_twice(tx: Tx, org: str) -> list[str]:
    """Return the lines of orders of which reductions that we made, together, are to take more than was ordered.

    What others reduce, change, or take out of the recycle bin in the org, and so may leave too little for what is
    planned, or is a draft, is no fault of ours: its making or its activation is refused, and it is held.
    """
    ours = and_(_o.key.is_not(None), _o.origin == "sfsync", _o.sf_id.is_not(None), _o.problem_code.is_(None))
    return _reduced_beyond(tx, org, and_(ours, _o.status != Status.DRAFT))


def over_untold(tx: Tx, org: str) -> list[str]:
    """Return the orders of which more was shipped than is due, by what the org has, without an alarm that says so."""
    p, state = item_progress.c, shipping_states.c
    due = case((p.ordered > p.reduced, p.ordered - p.reduced), else_=literal_column("0"))
    told = exists().where(state.order_id == p.order_id, state.over.is_not(None))
    query = (
        select(func.coalesce(p.order_number, p.order_key, p.order_sf_id))
        .distinct()
        .where(p.org == org, p.confirmed > due, ~told)
        .limit(MOST)
    )
    return sorted(tx.scalars(query))


def _reduced_beyond(tx: Tx, org: str, which: ColumnElement[bool]) -> list[str]:
    i, original = order_items.c, _ORIGINAL.c
    # SQLite sums doubles: a hundredth of a hundredth is no quantity.
    beyond = -func.sum(i.quantity, type_=Float) > original.quantity + literal_column("0.0001")
    query = (
        select(original.sf_id)
        .select_from(order_items)
        .join(orders, _o.id == i.order_id)
        .join(_ORIGINAL, and_(original.org == i.org, original.sf_id == i.original_item_id))
        .where(i.org == org, i.original_item_id.is_not(None), ~i.is_deleted, ~_o.is_deleted, _o.is_reduction, which)
        .where(func.coalesce(_o.org_status, "") != "Cancelled")
        .group_by(original.id, original.sf_id, original.quantity)
        .having(beyond)
        .order_by(original.sf_id)
        .limit(MOST)
    )
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
