"""What receivers hear of orders: amounts as text, so that no reader bends them; days as ISO 8601 writes them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from sfsync.store.tables import order_items
from sfsync.store.upserts import in_parts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Row

    from sfsync.store.engine import Tx


def order_document(row: Row[*tuple[Any, ...]], lines: list[dict[str, Any]], before: str | None) -> dict[str, Any]:
    """What a receiver hears of an order: amounts as text, so that no reader bends them."""
    return {
        "key": row.key,
        "sf_id": row.sf_id,
        "order_number": row.order_number,
        "opportunity_id": row.opportunity_id,
        "account_id": row.account_id,
        "contract_id": row.contract_id,
        "status": row.org_status,
        "previous_status": before,
        "is_reduction": row.is_reduction,
        "original_order_id": row.original_order_id,
        "currency": row.currency,
        "total_amount": amount(row.total_amount if row.total_amount is not None else row.planned_total),
        "effective_date": row.effective_date and row.effective_date.isoformat(),
        "end_date": row.org_end_date and row.org_end_date.isoformat(),
        "origin": row.origin,
        "lines": lines,
    }


def lines_of(tx: Tx, ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """Return the lines of orders by row id; an order without any has none."""
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    i = order_items.c
    columns = (
        i.order_id,
        i.key,
        i.sf_id,
        i.product_id,
        i.quantity,
        i.unit_price,
        i.total_price,
        i.service_date,
        i.end_date,
        i.original_item_id,
    )
    for part in in_parts(ids):
        query = select(*columns).where(i.order_id.in_(part), ~i.is_deleted).order_by(i.order_id, i.id)
        for row in tx.execute(query):
            found[row.order_id].append(
                {
                    "key": row.key,
                    "sf_id": row.sf_id,
                    "product_id": row.product_id,
                    "original_item_id": row.original_item_id,
                    "quantity": amount(row.quantity),
                    "unit_price": amount(row.unit_price),
                    "total_price": amount(row.total_price),
                    "service_date": row.service_date and row.service_date.isoformat(),
                    "end_date": row.end_date and row.end_date.isoformat(),
                }
            )
    return found


def amount(value: Any) -> str | None:
    """Return a number as text; None for none."""
    return None if value is None else format(value, "f")
