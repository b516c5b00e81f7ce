"""Reductions in the mirror: what an order still holds, what takes of it, and planning more under the order's lock."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, insert, select, update

from sfsync.domain.holdings import Holding, Original
from sfsync.domain.keys import reduction_number
from sfsync.domain.statuses import DRAFT_CODE
from sfsync.errors import UsageError
from sfsync.store import changed, journal, planned
from sfsync.store.reduced import Taken, taken_of
from sfsync.store.reduction_tables import reductions
from sfsync.store.tables import contracts, opportunity_lines, order_items, orders, products
from sfsync.store.upserts import in_parts
from sfsync.store.wants import asked_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from decimal import Decimal

    from sqlalchemy import Row

    from sfsync.domain.facts import OrderFacts
    from sfsync.domain.model import OrderPlan
    from sfsync.domain.statuses import Status
    from sfsync.store.engine import Tx

    AnyRow = Row[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class DraftLine:
    """One line of a reduction that is a draft in the org; `quantity` is positive."""

    original_item_id: str
    quantity: Decimal
    original: str
    """What to call the original order."""
    place: int
    """Counts the original's lines from 1."""
    name: str


_REDUCED = order_items.alias("reduced")


def originals(tx: Tx, org: str, order_ids: Iterable[int], *, lock: bool = False) -> list[Original]:
    """Return orders (by row id) with all their lines in the org, and what reductions of anybody take of them.

    With `lock` nobody else can plan a reduction of them until the transaction ends: what is left stays left.
    """
    found: list[AnyRow] = []
    c = contracts.c
    for part in in_parts(sorted(order_ids)):
        if lock:
            # Counts on PostgreSQL, always in the same order; on SQLite the transaction itself holds the write lock.
            tx.execute(select(orders.c.id).where(orders.c.id.in_(part)).order_by(orders.c.id).with_for_update())
        query = (
            select(orders, c.starts_on.label("contract_starts_on"), c.ends_on.label("contract_ends_on"))
            .outerjoin_from(orders, contracts, and_(c.org == orders.c.org, c.sf_id == orders.c.contract_id))
            .where(orders.c.org == org, orders.c.id.in_(part))
            .order_by(orders.c.id)
        )
        found += tx.execute(query).all()
    lines = _lines(tx, org, [row.id for row in found])
    numbers = _next_numbers(tx, org, [row.sf_id for row in found if row.sf_id])
    return [_original(row, lines.get(row.id, ()), numbers.get(row.sf_id or "", 1)) for row in found]


def holders(tx: Tx, org: str, account_id: str, product_ids: Sequence[str]) -> list[int]:
    """Return the orders (row ids) of an account that have lines of these products and are no reductions."""
    o, i = orders.c, order_items.c
    query = (
        select(o.id)
        .distinct()
        .join_from(orders, order_items, i.order_id == o.id)
        .where(o.org == org, o.account_id == account_id, i.product_id.in_(product_ids))
        .where(~o.is_reduction, ~o.is_deleted, o.sf_id.is_not(None))
        .order_by(o.id)
    )
    return list(tx.scalars(query))


def any_planned(tx: Tx, org: str) -> bool:
    """Whether a reduction was ever asked for here, by a person or by a deal that takes back."""
    asked = select(reductions.c.number).where(reductions.c.org == org).limit(1)
    ours = select(orders.c.id).where(orders.c.org == org, orders.c.is_reduction, orders.c.origin == "sfsync").limit(1)
    return any(tx.execute(query).first() is not None for query in (asked, ours))


def save(tx: Tx, org: str, plans: Sequence[OrderPlan], *, status: Status, actor: str, now: datetime) -> None:
    """Store reductions to be made by the next cycle, in the transaction that has locked their originals.

    `status` is what they are to become: Draft to be looked at in the org first, Activated to count at once.
    """
    planned.save_plans(tx, org, plans, status=status.value)
    keys = [plan.key for plan in plans]
    asked_for(tx, org, keys, status, actor)
    rows = [
        {"org": org, "original_order_id": plan.original_order_id, "number": reduction_number(plan.key),
         "key": plan.key, "request": keys[0], "actor": actor, "at": now}
        for plan in plans
    ]  # fmt: skip
    tx.execute(insert(reductions), rows)
    entries = [
        journal.Entry(
            action="order.reduction_planned",
            message=f"A reduction of {len(plan.lines)} lines over {plan.total} is to be made, and left {status}.",
            actor=actor,
            opportunity_id=plan.deal_id,
            order_key=plan.key,
            sf_id=plan.original_order_id,
            details={"original_order_id": plan.original_order_id, "effective_date": plan.effective_date.isoformat()},
        )
        for plan in plans
    ]
    journal.write(tx, org, None, entries, now)


def withdraw(tx: Tx, org: str, order: OrderFacts, *, actor: str, now: datetime) -> None:
    """Take back a reduction that was not sent yet; its number is not used again. What it reserved is free.

    Raises:
        UsageError: if it is no planned reduction, was sent already, or would be planned again by its deal.
    """
    query = select(orders).where(orders.c.org == org, orders.c.id == order.id).with_for_update()
    row = tx.execute(query).one()
    if not row.is_reduction or row.key is None:
        raise UsageError(f"{order.handle} is no reduction that was planned here.")
    if row.sf_id is not None:
        raise UsageError(
            f"The reduction {order.handle} is in Salesforce already.",
            remedy="Delete it there while it is a draft; an activated one has to be deactivated first. sfsync follows.",
        )
    if row.in_doubt is not None:
        raise UsageError(
            f"The reduction {order.handle} was sent, and nobody knows yet what became of it.",
            remedy="Run `sfsync settle`, then look again.",
        )
    if reduction_number(row.key) is None:
        # A deal's own, which takes back: whoever does not want it changes the deal, or has to see that it differs.
        if not changed.unsettle(tx, org, row.opportunity_id):
            raise UsageError(
                f"The reduction {order.handle} is what its deal says, and would be planned again.",
                remedy="Change the deal in Salesforce: the next sync follows it.",
            )
        changed.flag(tx, org, [row.opportunity_id])
    drop_unsent(tx, org, [row.key], now)
    said = "The reduction is taken back before it was sent."
    entry = journal.Entry(
        action="order.reduction_withdrawn",
        message=said,
        actor=actor,
        opportunity_id=row.opportunity_id,
        order_key=row.key,
        sf_id=row.original_order_id,
    )
    journal.write(tx, org, None, [entry], now)


def drop_unsent(tx: Tx, org: str, keys: Sequence[str], now: datetime) -> None:
    """Forget reductions that were never sent; their numbers are not used again. What they reserved is free."""
    planned.drop_unsent(tx, org, keys)
    for part in in_parts(keys):
        mine = (reductions.c.org == org, reductions.c.key.in_(part))
        tx.execute(update(reductions).where(*mine).values(withdrawn_at=now))


def draft_lines(tx: Tx, org: str, order_ids: Sequence[int]) -> dict[int, list[DraftLine]]:
    """Return the lines of those of the orders (by row id) that are drafts of reductions; of others nothing."""
    o, i, reduced = orders.c, order_items.c, _REDUCED
    rows: list[AnyRow] = []
    for part in in_parts(order_ids):
        query = (
            select(i.order_id, i.original_item_id, i.quantity, reduced.c.order_id.label("original"))
            .join_from(order_items, orders, o.id == i.order_id)
            .join(reduced, and_(reduced.c.org == i.org, reduced.c.sf_id == i.original_item_id))
            .where(i.order_id.in_(part), i.original_item_id.is_not(None), ~i.is_deleted, o.status_code == DRAFT_CODE)
            .order_by(i.order_id, i.id)
        )
        rows += tx.execute(query).all()
    if not rows:
        return {}
    held = {
        line.sf_id: (original, line)
        for original in originals(tx, org, {row.original for row in rows})
        for line in original.lines
    }
    found: dict[int, list[DraftLine]] = defaultdict(list)
    for row in rows:
        if row.original_item_id in held:
            original, line = held[row.original_item_id]
            found[row.order_id].append(DraftLine(line.sf_id, -row.quantity, original.handle, line.place, line.name))
    return found


def _lines(tx: Tx, org: str, order_ids: Sequence[int]) -> dict[int, tuple[Holding, ...]]:
    rows: list[AnyRow] = []
    i, p, line = order_items.c, products.c, opportunity_lines.c
    for part in in_parts(order_ids):
        query = (
            select(
                order_items,
                func.coalesce(p.name, line.product_name).label("product_name"),
                func.coalesce(p.product_code, line.product_code).label("product_code"),
            )
            .outerjoin_from(order_items, products, and_(p.org == i.org, p.sf_id == i.product_id))
            .outerjoin(opportunity_lines, and_(line.org == i.org, line.sf_id == i.opportunity_line_id))
            .where(i.order_id.in_(part), i.sf_id.is_not(None), ~i.is_deleted)
            .order_by(i.order_id, i.id)
        )
        rows += tx.execute(query).all()
    taken = taken_of(tx, org, [row.sf_id for row in rows])
    found: dict[int, list[Holding]] = defaultdict(list)
    for row in rows:
        place = len(found[row.order_id]) + 1
        found[row.order_id].append(_holding(row, place, taken.get(row.sf_id)))
    return {order: tuple(held) for order, held in found.items()}


def _holding(row: AnyRow, place: int, taken: Taken | None) -> Holding:
    none = row.quantity - row.quantity
    return Holding(
        sf_id=row.sf_id,
        number=row.order_item_number,
        key=row.key,
        place=place,
        product_id=row.product_id,
        product_name=row.product_name,
        product_code=row.product_code,
        pricebook_entry_id=row.pricebook_entry_id,
        quantity=row.quantity,
        unit_price=none if row.unit_price is None else row.unit_price,
        available=row.available_quantity,
        reduced=taken.reduced if taken else none,
        open=taken.open if taken else (),
        starts_on=row.service_date,
        ends_on=row.end_date,
    )


def _original(row: AnyRow, lines: tuple[Holding, ...], next_number: int) -> Original:
    return Original(
        sf_id=row.sf_id,
        key=row.key,
        number=row.order_number,
        opportunity_id=row.opportunity_id,
        account_id=row.account_id,
        contract_id=row.contract_id,
        pricebook_id=row.pricebook_id,
        currency=row.currency,
        name=row.name,
        status=row.org_status,
        status_code=row.status_code,
        is_reduction=row.is_reduction,
        is_deleted=row.is_deleted,
        starts_on=row.effective_date,
        ends_on=row.org_end_date,
        contract_starts_on=row.contract_starts_on,
        contract_ends_on=row.contract_ends_on,
        lines=lines,
        next_number=next_number,
    )


def _next_numbers(tx: Tx, org: str, ids: Sequence[str]) -> Mapping[str, int]:
    """Return the next number for reductions of each original: also after those that only the org's keys tell of."""
    numbers: dict[str, int] = {}
    for part in in_parts(ids):
        asked = select(reductions.c.original_order_id, reductions.c.key).where(
            reductions.c.org == org, reductions.c.original_order_id.in_(part)
        )
        there = select(orders.c.original_order_id, func.coalesce(orders.c.key, orders.c.org_key)).where(
            orders.c.org == org, orders.c.original_order_id.in_(part)
        )
        for query in (asked, there):
            for original, key in tx.execute(query):
                numbers[original] = max(numbers.get(original, 1), (reduction_number(key) or 0) + 1)
    return numbers
