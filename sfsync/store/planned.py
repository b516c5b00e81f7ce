"""Orders that are planned and not yet in the org: rows with a key and without an Id."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, delete, func, insert, or_, select, update

from sfsync.domain.model import OrderPlan, PlannedLine
from sfsync.store.amend_columns import planned_header, planned_line
from sfsync.store.tables import order_items, orders
from sfsync.store.upserts import in_parts, row_hash
from sfsync.store.writing import update_by_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement

    from sfsync.store.engine import Tx


NO_ANSWER = "no_answer"
"""The problem code of an order whose creation the org never answered, and did not carry out."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """An order that the org has made: its Id and the Ids of its items by their keys."""

    key: str
    order_id: str
    item_ids: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an order could not be made, in the org's code and in words; tried again at `retry_at`, if ever."""

    key: str
    code: str
    message: str
    retry_at: datetime | None


def plan_hash(plan: OrderPlan) -> str:
    """Return a digest of everything in a plan, so that an unchanged plan is recognised."""
    own = {f.name: getattr(plan, f.name) for f in fields(plan) if f.name != "lines"}
    for line in plan.lines:
        own[f"line {line.key}"] = "|".join(str(getattr(line, f.name)) for f in fields(line))
    return row_hash(own)


def save_plans(tx: Tx, org: str, plans: Sequence[OrderPlan], *, status: str = "Draft") -> list[str]:
    """Store plans as orders to be made; return the keys of those that are new or changed.

    A changed plan replaces the unsent order and clears its problem: the deal was changed, so it is tried
    again. A status that somebody wants already is kept; `status` is what is wanted of a new one.
    """
    known: dict[str, str | None] = {}
    wanted: dict[str, str] = {}
    for part in in_parts([plan.key for plan in plans]):
        query = select(orders.c.key, orders.c.planned_hash, orders.c.status).where(
            orders.c.org == org, orders.c.key.in_(part)
        )
        for key, digest, wish in tx.execute(query.with_for_update()):
            known[key] = digest
            wanted[key] = wish
    hashed = [(plan, plan_hash(plan)) for plan in plans]
    fresh = [(plan, digest) for plan, digest in hashed if known.get(plan.key) != digest]
    if not fresh:
        return []
    drop_unsent(tx, org, [plan.key for plan, _ in fresh if plan.key in known])
    tx.execute(insert(orders), [_order_row(org, plan, digest, wanted.get(plan.key, status)) for plan, digest in fresh])
    numbers: dict[str, int] = {}
    for part in in_parts([plan.key for plan, _ in fresh]):
        query = select(orders.c.key, orders.c.id).where(orders.c.org == org, orders.c.key.in_(part))
        numbers.update((row.key, row.id) for row in tx.execute(query))
    lines = [_line_row(org, numbers[plan.key], line) for plan, _ in fresh for line in plan.lines]
    tx.execute(insert(order_items), lines)
    return [plan.key for plan, _ in fresh]


def drop_unsent(tx: Tx, org: str, keys: Iterable[str]) -> None:
    """Forget planned orders that were never sent. One that is in the org, or in doubt, is never touched."""
    for part in in_parts(keys):
        # The items go with their order (ON DELETE CASCADE).
        tx.execute(delete(orders).where(_unsent(org), orders.c.key.in_(part)))


def unsent_keys(tx: Tx, org: str, only: str | None = None) -> dict[str, str]:
    """Return all planned, unsent orders of deals as key → opportunity id. Reductions come of no won deal."""
    query = select(orders.c.key, orders.c.opportunity_id).where(_unsent(org), ~orders.c.is_reduction)
    if only is not None:
        query = query.where(orders.c.opportunity_id == only)
    return {key: opportunity for key, opportunity in tx.execute(query)}  # noqa: C416 - rows are not pairs to mypy


def to_create(
    tx: Tx, org: str, now: datetime, *, after: int = 0, limit: int = 500, only: str | None = None
) -> tuple[list[OrderPlan], int]:
    """Return the next planned orders whose turn it is, and where to go on after them."""
    query = select(orders).where(_is_its_turn(org, now, only), orders.c.id > after).order_by(orders.c.id).limit(limit)
    rows = tx.execute(query).all()
    lines = lines_of(tx, [row.id for row in rows])
    plans = [
        OrderPlan(
            key=row.key,
            deal_id=row.opportunity_id,
            account_id=row.account_id,
            contract_id=row.contract_id,
            pricebook_id=row.pricebook_id,
            currency=row.currency,
            effective_date=row.effective_date,
            name=row.name,
            total=row.planned_total,
            lines=tuple(lines[row.id]),
            original_order_id=row.original_order_id,
        )
        for row in rows
    ]
    return plans, rows[-1].id if rows else after


def count_to_create(tx: Tx, org: str, now: datetime, only: str | None = None) -> int:
    """Return how many planned orders have their turn now."""
    return tx.execute(select(func.count()).where(_is_its_turn(org, now, only))).scalar_one()


def mark_sent(tx: Tx, org: str, keys: Sequence[str], now: datetime) -> None:
    """Note, before sending, that these orders may be made from now on without our hearing of it."""
    for part in in_parts(keys):
        tx.execute(
            update(orders).where(orders.c.org == org, orders.c.key.in_(part)).values(in_doubt="create", sent_at=now)
        )


def keys_in_doubt(tx: Tx, org: str, only: str | None = None) -> list[str]:
    """Return the keys of orders that were sent and whose outcome is not known."""
    query = select(orders.c.key).where(orders.c.org == org, orders.c.in_doubt == "create").order_by(orders.c.id)
    if only is not None:
        query = query.where(orders.c.opportunity_id == only)
    return list(tx.execute(query).scalars())


def settle_absent(tx: Tx, org: str, keys: Sequence[str]) -> None:
    """Take orders out of doubt that the org does not have, so that they are sent again under the same key."""
    for part in in_parts(keys):
        tx.execute(
            update(orders)
            .where(orders.c.org == org, orders.c.key.in_(part), orders.c.sf_id.is_(None))
            .values(in_doubt=None, sent_at=None)
        )


def record_created(tx: Tx, org: str, made: Sequence[Confirmed], status_label: str) -> None:
    """Fill in the Ids of orders and items that the org has made."""
    ids = _row_ids(tx, org, [m.key for m in made])
    done = {"in_doubt": None, "sent_at": None, "attempts": 0, "retry_at": None, "problem_code": None, "problem": None,
            "problem_want": None, "problem_at": None, "org_status": "Draft", "org_status_label": status_label,
            "status_code": "Draft"}  # fmt: skip
    update_by_id(
        tx, orders, [{"id": ids[m.key], "sf_id": m.order_id, "org_key": m.key, **done} for m in made if m.key in ids]
    )
    items = {key: sf_id for m in made for key, sf_id in m.item_ids.items()}
    record_items_created(tx, org, items)


def record_items_created(tx: Tx, org: str, ids_by_key: Mapping[str, str]) -> None:
    """Fill in the Ids of items that the org has made."""
    rows: dict[str, int] = {}
    for part in in_parts(ids_by_key):
        query = select(order_items.c.key, order_items.c.id).where(order_items.c.org == org, order_items.c.key.in_(part))
        rows.update((key, number) for key, number in tx.execute(query))
    update_by_id(tx, order_items, [{"id": number, "sf_id": ids_by_key[key]} for key, number in rows.items()])


def record_failures(tx: Tx, org: str, failures: Sequence[Failure], now: datetime) -> None:
    """Remember why orders could not be made. They are out of doubt: the org said no, so nothing was made."""
    ids = _row_ids(tx, org, [f.key for f in failures])
    update_by_id(
        tx,
        orders,
        [
            {"id": ids[f.key], "in_doubt": None, "sent_at": None, "problem_code": f.code, "problem": f.message,
             "problem_want": None, "problem_at": now, "retry_at": f.retry_at}
            for f in failures
        ],
    )  # fmt: skip
    for part in in_parts(list(ids.values())):
        tx.execute(update(orders).where(orders.c.id.in_(part)).values(attempts=orders.c.attempts + 1))


def unanswered(tx: Tx, org: str, keys: Sequence[str]) -> set[str]:
    """Return those orders to which the org gave no answer time and again: they are sent alone."""
    found: set[str] = set()
    for part in in_parts(keys):
        query = select(orders.c.key).where(
            orders.c.org == org, orders.c.key.in_(part), orders.c.problem_code == NO_ANSWER
        )
        found.update(tx.scalars(query))
    return found


def attempts_of(tx: Tx, org: str, keys: Sequence[str]) -> dict[str, int]:
    """Return how often these orders were refused so far."""
    found: dict[str, int] = {}
    for part in in_parts(keys):
        query = select(orders.c.key, orders.c.attempts).where(orders.c.org == org, orders.c.key.in_(part))
        found.update((key, attempts) for key, attempts in tx.execute(query))
    return found


def _is_its_turn(org: str, now: datetime, only: str | None) -> ColumnElement[bool]:
    never_tried = and_(orders.c.problem_code.is_(None), orders.c.retry_at.is_(None))
    turn = and_(_unsent(org), or_(never_tried, orders.c.retry_at <= now))
    return turn if only is None else and_(turn, orders.c.opportunity_id == only)


def _unsent(org: str) -> ColumnElement[bool]:
    return and_(orders.c.org == org, orders.c.sf_id.is_(None), orders.c.key.is_not(None), orders.c.in_doubt.is_(None))


def _row_ids(tx: Tx, org: str, keys: Sequence[str]) -> dict[str, int]:
    ids: dict[str, int] = {}
    for part in in_parts(keys):
        query = select(orders.c.key, orders.c.id).where(orders.c.org == org, orders.c.key.in_(part))
        ids.update((key, number) for key, number in tx.execute(query))
    return ids


def _order_row(org: str, plan: OrderPlan, digest: str, status: str) -> dict[str, Any]:
    return {
        "org": org,
        "key": plan.key,
        "opportunity_id": plan.deal_id,
        "account_id": plan.account_id,
        "contract_id": plan.contract_id,
        "pricebook_id": plan.pricebook_id,
        "original_order_id": plan.original_order_id,
        "is_reduction": plan.original_order_id is not None,
        "name": plan.name,
        "currency": plan.currency,
        "effective_date": plan.effective_date,
        "planned_total": plan.total,
        "planned_hash": digest,
        "planned_header": planned_header(plan),
        "status": status,
        "origin": "sfsync",
    }


def _line_row(org: str, order_id: int, line: PlannedLine) -> dict[str, Any]:
    return {
        "org": org,
        "order_id": order_id,
        "key": line.key,
        "opportunity_line_id": line.deal_line_id,
        "pricebook_entry_id": line.pricebook_entry_id,
        "product_id": line.product_id,
        "quantity": line.quantity,
        "unit_price": line.unit_price,
        "total_price": line.total,
        "service_date": line.service_date,
        "description": line.description,
        "original_item_id": line.original_item_id,
        **planned_line(line),
    }


def lines_of(tx: Tx, order_ids: Sequence[int], *, unsent: bool = False) -> dict[int, list[PlannedLine]]:
    """Return the planned lines of orders by row id, in their order; with `unsent` only those that have no Id yet."""
    lines: dict[int, list[PlannedLine]] = defaultdict(list)
    for part in in_parts(order_ids):
        query = select(order_items).where(order_items.c.order_id.in_(part)).order_by(order_items.c.id)
        if unsent:
            query = query.where(order_items.c.sf_id.is_(None))
        for row in tx.execute(query):
            lines[row.order_id].append(
                PlannedLine(
                    key=row.key,
                    deal_line_id=row.opportunity_line_id,
                    pricebook_entry_id=row.pricebook_entry_id,
                    product_id=row.product_id,
                    quantity=row.quantity,
                    unit_price=row.unit_price,
                    total=row.total_price,
                    service_date=row.service_date,
                    description=row.description,
                    original_item_id=row.original_item_id,
                )
            )
    return lines
