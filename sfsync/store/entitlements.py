"""The lines that customers' entitlements are summed up from; the view `entitlements` holds the same for today."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, select

from sfsync.domain.entitlement import Entitlement, HeldLine, HeldReduction, entitlements
from sfsync.domain.statuses import ACTIVATED_CODE, Status
from sfsync.store.tables import accounts, contracts, order_items, orders, products
from sfsync.store.upserts import in_parts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from sqlalchemy import ColumnElement

    from sfsync.store.engine import Tx


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose entitlement, and of what, by Salesforce Ids; everything that is set must hold."""

    account_id: str | None = None
    contract_id: str | None = None
    product_ids: tuple[str, ...] = ()


def as_of(tx: Tx, org: str, day: date, scope: Scope | None = None) -> tuple[Entitlement, ...]:
    """Return what customers have on a day, by account, contract, product and currency, with the orders behind it.

    Only what the org shows as activated counts (fulfilled, too), neither cancelled nor deleted. A line counts from its
    own start, else its order's, to its own end, else its order's, else its contract's.
    """
    return entitlements(held_lines(tx, org, scope or Scope()), day)


def held_lines(tx: Tx, org: str, scope: Scope) -> list[HeldLine]:
    """Return the lines of activated orders, of whatever day, with the activated reductions of each."""
    o, i, a, c, p = orders.c, order_items.c, accounts.c, contracts.c, products.c
    query = (
        select(
            o.account_id, a.name.label("account_name"), o.contract_id, c.contract_number, i.product_id,
            p.name.label("product_name"), p.product_code, o.currency, o.order_number, o.key, o.sf_id.label("order_id"),
            i.sf_id.label("line_id"), i.quantity, i.total_price,
            func.coalesce(i.service_date, o.effective_date).label("starts_on"),
            func.coalesce(i.end_date, o.org_end_date, c.ends_on).label("ends_on"),
        )
        .join_from(order_items, orders, o.id == i.order_id)
        .outerjoin(accounts, and_(a.org == o.org, a.sf_id == o.account_id))
        .outerjoin(contracts, and_(c.org == o.org, c.sf_id == o.contract_id))
        .outerjoin(products, and_(p.org == i.org, p.sf_id == i.product_id))
        .where(_counts(org), ~o.is_reduction, i.original_item_id.is_(None))
        .order_by(o.effective_date, i.id)
    )  # fmt: skip
    if scope.account_id is not None:
        query = query.where(o.account_id == scope.account_id)
    if scope.contract_id is not None:
        query = query.where(o.contract_id == scope.contract_id)
    if scope.product_ids:
        query = query.where(i.product_id.in_(scope.product_ids))
    rows = tx.execute(query).all()
    reductions = _reductions(tx, org, [row.line_id for row in rows])
    return [_line(row._mapping, tuple(reductions.get(row.line_id, ()))) for row in rows]  # noqa: SLF001 - its documented name


def _reductions(tx: Tx, org: str, line_ids: Sequence[str]) -> dict[str, list[HeldReduction]]:
    found: dict[str, list[HeldReduction]] = defaultdict(list)
    o, i = orders.c, order_items.c
    for part in in_parts(line_ids):
        query = (
            select(
                i.original_item_id, o.order_number, o.key, o.sf_id, i.quantity, i.total_price,
                func.coalesce(i.service_date, o.effective_date).label("starts_on"),
            )
            .join_from(order_items, orders, o.id == i.order_id)
            .where(_counts(org), i.original_item_id.in_(part))
            .order_by(o.effective_date, i.id)
        )  # fmt: skip
        for row in tx.execute(query):
            handle, amount = row.order_number or row.key or row.sf_id, row.total_price
            taken = HeldReduction(
                handle, row.sf_id, row.starts_on, -row.quantity, -amount if amount else row.quantity * 0
            )
            found[row.original_item_id].append(taken)
    return found


def _counts(org: str) -> ColumnElement[bool]:
    o, i = orders.c, order_items.c
    return and_(
        o.org == org,
        o.status_code == ACTIVATED_CODE,
        o.org_status != Status.CANCELLED.value,
        ~o.is_deleted,
        i.sf_id.is_not(None),
        ~i.is_deleted,
    )


def _line(row: Any, reductions: tuple[HeldReduction, ...]) -> HeldLine:
    values = dict(row)
    number, key, amount = values.pop("order_number"), values.pop("key"), values.pop("total_price")
    none = values["quantity"] - values["quantity"]
    order = number or key or values["order_id"]
    return HeldLine(**values, order=order, amount=none if amount is None else amount, reductions=reductions)
