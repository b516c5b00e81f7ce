"""The orders of deals as they stand, for the review of deals that were changed."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, or_, select

from sfsync.domain.standing import Header, LineValues, StandingLine, StandingOrder
from sfsync.domain.statuses import DRAFT_CODE, Status
from sfsync.store.own_columns import OF_DEAL
from sfsync.store.tables import order_items, orders
from sfsync.store.upserts import in_parts

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from sqlalchemy import Row

    from sfsync.store.engine import Tx


_LINE, _ORIGINAL = order_items.alias("line"), orders.alias("original")


def of_deals(
    tx: Tx, org: str, deals: Iterable[str], *, lock: bool = False, amended: Collection[str] | None = None
) -> dict[str, list[StandingOrder]]:
    """Return all orders of these deals that are there, or planned, with their lines; no reductions, but what they took.

    With `lock` nobody else changes the orders before the caller's transaction ends (PostgreSQL; SQLite has one writer).
    Activated reductions have taken something, and those by these keys, `amended`, as if they were activated already.
    """
    o = orders.c
    rows: list[Row[*tuple[Any, ...]]] = []
    for part in in_parts(deals):
        query = (
            select(orders)
            .where(o.org == org, o.opportunity_id.in_(part), ~o.is_deleted, ~o.is_reduction)
            .order_by(o.id)
        )
        rows += tx.execute(query.with_for_update() if lock else query).all()
    return with_lines(tx, org, rows, amended or ())


def with_lines(
    tx: Tx, org: str, rows: Sequence[Row[*tuple[Any, ...]]], amended: Collection[str] = ()
) -> dict[str, list[StandingOrder]]:
    """Return orders (rows of the mirror) with their lines, by deal."""
    lines = _lines(tx, org, [row.id for row in rows], amended)
    found: dict[str, list[StandingOrder]] = defaultdict(list)
    for row in rows:
        found[row.opportunity_id].append(_order(row, lines[row.id]))
    return found


def sequence_after(tx: Tx, org: str, deal: str) -> int:
    """Return the sequence of the deal's next order: one more than any order of it ever had."""
    query = select(orders.c.key).where(orders.c.org == org, orders.c.key.like(f"{deal}-%"))
    numbers = [key.rpartition("-")[2] for key in tx.scalars(query) if key]
    return max((int(number) for number in numbers if number.isdecimal()), default=0) + 1


def _lines(tx: Tx, org: str, ids: Sequence[int], amended: Collection[str]) -> Mapping[int, list[StandingLine]]:
    rows: list[Row[*tuple[Any, ...]]] = []
    for part in in_parts(ids):
        query = select(order_items).where(order_items.c.order_id.in_(part)).order_by(order_items.c.id)
        rows += tx.execute(query).all()
    reduced = _reduced(tx, org, [row.sf_id for row in rows if row.sf_id], amended)
    lines: dict[int, list[StandingLine]] = defaultdict(list)
    for row in rows:
        taken, money = reduced.get(row.sf_id or "", (Decimal(0), None))
        lines[row.order_id].append(
            StandingLine(
                id=row.id,
                key=row.key,
                sf_id=row.sf_id,
                deal_line_id=row.opportunity_line_id,
                pricebook_entry_id=row.pricebook_entry_id,
                product_id=row.product_id,
                now=LineValues(row.quantity, row.unit_price, row.service_date, row.description or None),
                planned=LineValues(
                    row.planned_quantity,
                    row.planned_unit_price,
                    row.planned_service_date,
                    row.planned_description or None,
                )
                if row.planned_quantity is not None
                else None,
                is_deleted=row.is_deleted,
                reduced=taken,
                reduced_total=money,
            )
        )
    return lines


def _reduced(
    tx: Tx, org: str, items: Sequence[str], amended: Collection[str]
) -> dict[str, tuple[Decimal, Decimal | None]]:
    """How much activated reduction orders, whoever made them, and these have taken of lines: number, money.

    What another deal takes back of them is that deal's.
    """
    i, o = order_items.c, orders.c
    line, original = _LINE, _ORIGINAL
    same_deal = or_(o.opportunity_id.is_(None), o.opportunity_id == original.c.opportunity_id, ~OF_DEAL)
    counts = and_(o.status_code != DRAFT_CODE, o.org_status != Status.CANCELLED)
    found: dict[str, tuple[Decimal, Decimal | None]] = {}
    for part in in_parts(items):
        query = (
            select(i.original_item_id, func.sum(i.quantity), func.sum(i.total_price))
            .join(orders, o.id == i.order_id)
            .join(line, and_(line.c.org == i.org, line.c.sf_id == i.original_item_id))
            .join(original, original.c.id == line.c.order_id)
            .where(i.org == org, i.original_item_id.in_(part), ~i.is_deleted, ~o.is_deleted, same_deal)
            .where(or_(counts, o.key.in_(amended)))
            .group_by(i.original_item_id)
        )
        for item, quantity, money in tx.execute(query):
            found[item] = (_positive(quantity), None if money is None else _positive(money))
    return found


def _positive(total: Any) -> Decimal:
    """A sum of what reductions have, which is negative; SQLite adds decimals as doubles."""
    return -Decimal(str(total)).quantize(Decimal("0.01"))


def _order(row: Row[*tuple[Any, ...]], lines: Sequence[StandingLine]) -> StandingOrder:
    return StandingOrder(
        id=row.id,
        key=row.key,
        sf_id=row.sf_id,
        number=row.order_number,
        origin=row.origin,
        status=row.org_status or Status.DRAFT,
        status_code=row.status_code or DRAFT_CODE,
        in_doubt=row.in_doubt,
        header=Header(row.account_id, row.contract_id, row.effective_date),
        planned=header_of(row.planned_header),
        pricebook_id=row.pricebook_id,
        currency=row.currency,
        stands_for=row.stands_for,
        asked=row.amend_by is not None,
        held_for=row.held_for,
        lines=tuple(lines),
    )


def header_of(stored: Mapping[str, Any] | None) -> Header | None:
    """Read a header back from the column it is stored in."""
    if stored is None:
        return None
    day = stored["effective_date"]
    return Header(stored["account_id"], stored["contract_id"], date.fromisoformat(day) if day else None)
