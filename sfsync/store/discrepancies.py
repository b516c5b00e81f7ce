"""Deals that no longer say what their orders do: kept until they agree again, and listed for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, insert, select, update

from sfsync.domain.facts import DiscrepancyFacts
from sfsync.store.discrepancy_tables import discrepancies
from sfsync.store.journal import Entry
from sfsync.store.tables import opportunities, opportunity_lines, orders, products
from sfsync.store.upserts import in_parts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Row

    from sfsync.domain.amendment import Amendment
    from sfsync.domain.judge import Found
    from sfsync.domain.standing import StandingOrder
    from sfsync.store.engine import Tx

REFUSED = "refused"


def record(tx: Tx, org: str, deal: str, found: Found, now: datetime) -> list[Entry]:
    """Keep what was found, once per deal as long as it lasts; return what to journal: nothing if it is known."""
    values: dict[str, Any] = {
        "order_id": found.order.id,
        "order_key": found.order.key,
        "kind": found.kind,
        "message": found.message,
        "lines": _lines(tx, org, found),
        "amount": found.amendment.amount,
        "amendment": _amendment(found.amendment),
        "code": None,
        "refused": None,
        "retry_at": None,
        "attempts": 0,
    }
    if not _keep(tx, org, deal, values, now):
        return []
    return [_entry("deal.differs", found.message, deal, found.order.key, found.order.sf_id, "warning")]


def refuse(tx: Tx, org: str, deal: str, order: StandingOrder, said: Mapping[str, Any], now: datetime) -> list[Entry]:
    """Keep why the org refused to bring an order up to date: `message`, `code`, `refused`, `attempts`, `retry_at`."""
    values = {"order_id": order.id, "order_key": order.key, "kind": REFUSED, "lines": [], "amount": None,
              "amendment": {}, **said}  # fmt: skip
    _keep(tx, org, deal, values, now)
    return [_entry("order.amend_refused", values["message"], deal, order.key, order.sf_id, "warning")]


def refusal_of(tx: Tx, org: str, deal: str) -> tuple[str | None, int, datetime | None]:
    """Return what update of the deal's order the org refused last, how often, and when it is tried again."""
    row = _open_row(tx, org, deal)
    return (row.refused, row.attempts, row.retry_at) if row and row.kind == REFUSED else (None, 0, None)


def resolve(tx: Tx, org: str, deal: str, now: datetime, said: str) -> list[Entry]:
    """Close what is open of a deal; return what to journal."""
    row = _open_row(tx, org, deal)
    if row is None:
        return []
    closed = {"resolved_at": now, "retry_at": None}
    tx.execute(update(discrepancies).where(discrepancies.c.id == row.id).values(**closed))
    return [_entry("deal.agrees", said, deal, row.order_key, None, "info")]


def try_again(tx: Tx, org: str, order_id: int) -> bool:
    """Forget that the org refused to bring an order up to date; False if there was nothing to forget."""
    d = discrepancies.c
    forgotten = tx.execute(
        update(discrepancies)
        .where(d.org == org, d.order_id == order_id, d.resolved_at.is_(None), d.kind == REFUSED)
        .values(refused=None, attempts=0, retry_at=d.since)
    )
    return bool(forgotten.rowcount)


def facts(
    tx: Tx, org: str, *, order_ids: Iterable[int] | None = None, only: str | None = None
) -> list[DiscrepancyFacts]:
    """Return what is open, oldest first: of all deals, of one, or of those whose orders have these row ids."""
    d, o = discrepancies.c, orders.c
    query = (
        select(discrepancies, o.order_number, o.key, o.sf_id, o.currency, opportunities.c.name)
        .join_from(discrepancies, orders, o.id == d.order_id)
        .outerjoin(opportunities, and_(opportunities.c.org == d.org, opportunities.c.sf_id == d.opportunity_id))
        .where(d.org == org, d.resolved_at.is_(None))
        .order_by(d.since, d.id)
    )
    if only is not None:
        query = query.where(d.opportunity_id == only)
    rows = tx.execute(query).all()
    wanted = None if order_ids is None else set(order_ids)
    return [
        DiscrepancyFacts(
            opportunity_id=row.opportunity_id,
            order_id=row.order_id,
            record=row.order_number or row.key or row.sf_id,
            name=row.name,
            currency=row.currency,
            kind=row.kind,
            message=row.message,
            lines=row.lines or (),
            amount=row.amount,
            amendment=row.amendment or {},
            since=row.since,
            code=row.code,
            retry_at=row.retry_at,
        )
        for row in rows
        if wanted is None or row.order_id in wanted
    ]


def plain_amendment(amendment: Amendment) -> dict[str, Any]:
    """Write what would settle a difference as JSON holds it."""
    return _amendment(amendment)


def _keep(tx: Tx, org: str, deal: str, values: Mapping[str, Any], now: datetime) -> bool:
    """Write a finding; False if just this is known already."""
    row = _open_row(tx, org, deal)
    if row is None:
        tx.execute(insert(discrepancies).values(org=org, opportunity_id=deal, since=now, **values))
        return True
    if all(getattr(row, name) == value for name, value in values.items()):
        return False
    tx.execute(update(discrepancies).where(discrepancies.c.id == row.id).values(**values))
    return (row.kind, row.message, row.lines) != (values["kind"], values["message"], values["lines"])


def _open_row(tx: Tx, org: str, deal: str) -> Row[*tuple[Any, ...]] | None:
    d = discrepancies.c
    query = select(discrepancies).where(d.org == org, d.opportunity_id == deal, d.resolved_at.is_(None))
    return tx.execute(query).one_or_none()


def _lines(tx: Tx, org: str, found: Found) -> list[dict[str, Any]]:
    names = _names(tx, org, sorted({line.product_id for line in found.lines if line.product_id}))
    return [
        {
            "product": names.get(line.product_id or ""),
            "product_id": line.product_id,
            "pricebook_entry_id": line.pricebook_entry_id,
            "unit_price": str(line.unit_price),
            "ordered": str(line.ordered),
            "deal": str(line.deal),
            "difference": str(line.difference),
        }
        for line in found.lines
    ]


def _names(tx: Tx, org: str, ids: Sequence[str]) -> dict[str, str]:
    p, line = products.c, opportunity_lines.c
    names: dict[str, str] = {}
    for part in in_parts(ids):
        sold = select(line.product_id, func.max(line.product_name)).where(line.org == org, line.product_id.in_(part))
        names.update((sf_id, name) for sf_id, name in tx.execute(sold.group_by(line.product_id)) if name)
        known = select(p.sf_id, p.name).where(p.org == org, p.sf_id.in_(part))
        names.update((sf_id, name) for sf_id, name in tx.execute(known) if name)
    return names


def _amendment(amendment: Amendment) -> dict[str, Any]:
    return {
        "more": [
            {"product_id": line.product_id, "pricebook_entry_id": line.pricebook_entry_id,
             "quantity": str(line.quantity), "unit_price": str(line.unit_price), "total": str(line.total)}
            for line in amendment.more
        ],
        "less": [
            {"order": one.order, "line": one.line_key or one.line_sf_id, "product_id": one.product_id,
             "quantity": str(one.quantity), "unit_price": str(one.unit_price), "total": str(one.total)}
            for one in amendment.less
        ],
    }  # fmt: skip


def _entry(action: str, message: str, deal: str, key: str | None, sf_id: str | None, level: Any) -> Entry:
    return Entry(action=action, message=message, level=level, opportunity_id=deal, order_key=key, sf_id=sf_id)
