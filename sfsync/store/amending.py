"""Draft orders that are brought to their changed deals: what was sent, what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, update

from sfsync.domain.bring_up import summary, values_of
from sfsync.domain.standing import LineValues, plain_line
from sfsync.store.amend_columns import planned_header, planned_line
from sfsync.store.orders import TOTAL_MISMATCH
from sfsync.store.tables import order_items, orders
from sfsync.store.upserts import in_parts
from sfsync.store.writing import update_by_id

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Row

    from sfsync.domain.bring_up import Update
    from sfsync.store.engine import Tx

IN_DOUBT = "amend"


@dataclass(frozen=True, slots=True)
class Confirmed:
    """An order that has what its deal says now."""

    order: Row[*tuple[Any, ...]]
    said: str
    mismatch: str | None
    """What is wrong with its total, if the org makes another one of the lines."""


def mark_sent(tx: Tx, org: str, updates: Sequence[tuple[Update, str]], now: datetime) -> None:
    """Note, before sending, what these orders may have from now on; new lines get rows, so that their keys are taken.

    Each update comes with what its order stands for afterwards.
    """
    for sent, mark in updates:
        known = _unmade(tx, sent.order.id)
        rows = [_new_line(org, sent, line) for line in sent.add if line.key not in known]
        if rows:
            tx.execute(insert(order_items), rows)
        again = [{"id": known[line.key], **_line(line)} for line in sent.add if line.key in known]
        update_by_id(tx, order_items, again)
        for part in in_parts([line.id for line in sent.drop]):
            tx.execute(delete(order_items).where(order_items.c.id.in_(part)))
        lines = {str(one.line.id): plain_line(one.planned) for one in (*sent.change, *sent.kept)}
        amending = {
            "mark": mark,
            "digest": sent.digest,
            "said": ", ".join(summary(sent)),
            "total": str(sent.plan.total),
            "header": planned_header(sent.plan),
            "sent_header": sorted(sent.header),
            "lines": lines,
            "new": {line.key: plain_line(values_of(line)) for line in sent.add},
            "removed": [line.id for line in sent.remove],
        }
        values = {"in_doubt": IN_DOUBT, "sent_at": now, "amending": amending}
        tx.execute(update(orders).where(orders.c.id == sent.order.id).values(**values))


def ask(tx: Tx, order_id: int, actor: str) -> None:
    """Have a draft brought to its deal by the next review, whatever others changed in it."""
    tx.execute(update(orders).where(orders.c.id == order_id).values(amend_by=actor))


def release(tx: Tx, ids: Iterable[int]) -> None:
    """Take orders out of doubt whose update was certainly not carried out: what was planned of it is forgotten."""
    for part in in_parts(ids):
        for row in tx.execute(select(orders.c.id, orders.c.amending).where(orders.c.id.in_(part))).all():
            new = (row.amending or {}).get("new", {})
            i = order_items.c
            tx.execute(delete(order_items).where(i.order_id == row.id, i.sf_id.is_(None), i.key.in_(list(new))))
        tx.execute(update(orders).where(orders.c.id.in_(part)).values(in_doubt=None, sent_at=None, amending=None))


def in_doubt(tx: Tx, org: str, only: str | None = None) -> list[str]:
    """Return the Salesforce Ids of orders whose update was sent and whose outcome is not known."""
    query = select(orders.c.sf_id).where(orders.c.org == org, orders.c.in_doubt == IN_DOUBT)
    if only is not None:
        query = query.where(orders.c.opportunity_id == only)
    return list(tx.scalars(query.order_by(orders.c.id)))


def settle(tx: Tx, org: str, ids: Sequence[str], now: datetime, answered: Collection[str] = ()) -> list[Confirmed]:
    """Take orders (by Salesforce Id) out of doubt that were just read; return those whose update has been carried out.

    Those in `answered` have been, by the org's own word; of others their lines tell. What has not been carried out
    keeps its keys: if the first request should still be running, the unique keys let only one of the two through.
    """
    confirmed: list[Confirmed] = []
    for part in in_parts(ids):
        query = select(orders).where(orders.c.org == org, orders.c.sf_id.in_(part), orders.c.amending.is_not(None))
        for row in tx.execute(query.with_for_update()).all():
            items = tx.execute(select(order_items).where(order_items.c.order_id == row.id)).all()
            if row.sf_id in answered or landed(row, items):
                confirmed.append(_confirm(tx, row, items, now))
    for part in in_parts(ids):
        tx.execute(
            update(orders)
            .where(orders.c.org == org, orders.c.sf_id.in_(part), orders.c.in_doubt == IN_DOUBT)
            .values(in_doubt=None, sent_at=None)
        )
    return confirmed


def pending(tx: Tx, org: str, deals: Sequence[str]) -> list[str]:
    """Return the Salesforce Ids of these deals' orders whose last update is not known to have been carried out."""
    found: list[str] = []
    for part in in_parts(deals):
        query = select(orders.c.sf_id).where(
            orders.c.org == org, orders.c.opportunity_id.in_(part), orders.c.amending.is_not(None)
        )
        found += tx.scalars(query)
    return found


def landed(order: Row[*tuple[Any, ...]], items: Sequence[Row[*tuple[Any, ...]]]) -> bool:
    """Whether an order, as it was read, has everything that was sent last."""
    sent = order.amending
    header = {"account_id": order.account_id, "contract_id": order.contract_id,
              "effective_date": order.effective_date and order.effective_date.isoformat()}  # fmt: skip
    if any(header[name] != sent["header"][name] for name in sent["sent_header"]):
        return False
    there = {str(item.id): item for item in items if item.sf_id and not item.is_deleted}
    keys = {item.key: item for item in there.values()}
    if any(str(number) in there for number in sent["removed"]) or any(key not in keys for key in sent["new"]):
        return False
    wanted = [(there.get(number), values) for number, values in sent["lines"].items()]
    wanted += [(keys[key], values) for key, values in sent["new"].items()]
    return all(item is not None and _amounts(item) == values[:2] for item, values in wanted)


def _confirm(tx: Tx, row: Row[*tuple[Any, ...]], items: Sequence[Row[*tuple[Any, ...]]], now: datetime) -> Confirmed:
    sent = row.amending
    by_id, by_key = {str(item.id): item.id for item in items}, {item.key: item.id for item in items}
    planned = {by_id[number]: values for number, values in sent["lines"].items() if number in by_id}
    planned |= {by_key[key]: values for key, values in sent["new"].items() if key in by_key}
    update_by_id(tx, order_items, [{"id": number, **_planned(values)} for number, values in planned.items()])
    removed = {*sent["removed"], *(item.id for item in items if item.is_deleted and item.planned_quantity is not None)}
    gone = dict.fromkeys(("planned_quantity", "planned_unit_price", "planned_service_date", "planned_description"))
    update_by_id(tx, order_items, [{"id": number, **gone} for number in sorted(removed)])
    total = Decimal(sent["total"])
    values: dict[str, Any] = {
        "in_doubt": None, "sent_at": None, "amending": None, "amend_by": None, "stands_for": sent["mark"],
        "planned_total": total, "planned_header": sent["header"],
    }  # fmt: skip
    mismatch = None
    if row.total_amount != total:
        mismatch = (
            f"The org makes {row.total_amount} of the lines, the deal says {total}. "
            "Compare the lines before the order is activated."
        )
        values |= {"problem_code": TOTAL_MISMATCH, "problem": mismatch, "problem_at": now, "retry_at": None}
    elif row.problem_code == TOTAL_MISMATCH:
        values |= {"problem_code": None, "problem": None, "problem_at": None}
    tx.execute(update(orders).where(orders.c.id == row.id).values(**values))
    return Confirmed(row, sent["said"], mismatch)


def _unmade(tx: Tx, order: int) -> dict[str, int]:
    """Lines of an order that have a key and are not in the org yet: an earlier try may still make them."""
    i = order_items.c
    query = select(i.key, i.id).where(i.order_id == order, i.sf_id.is_(None), i.key.is_not(None))
    return {key: number for key, number in tx.execute(query)}  # noqa: C416 - rows are not pairs to mypy


def _amounts(item: Row[*tuple[Any, ...]]) -> list[str | None]:
    return plain_line(LineValues(item.quantity, item.unit_price))[:2]


def _planned(values: Sequence[str | None]) -> dict[str, Any]:
    quantity, price, day, description = values
    return {
        "planned_quantity": Decimal(quantity or 0),
        "planned_unit_price": Decimal(price or 0),
        "planned_service_date": date.fromisoformat(day) if day else None,
        "planned_description": description,
    }


def _line(line: Any) -> dict[str, Any]:
    return {
        "opportunity_line_id": line.deal_line_id,
        "product_id": line.product_id,
        "quantity": line.quantity,
        "unit_price": line.unit_price,
        "total_price": line.total,
        "service_date": line.service_date,
        "description": line.description,
        **planned_line(line),
    }


def _new_line(org: str, sent: Update, line: Any) -> Mapping[str, Any]:
    return {
        "org": org,
        "order_id": sent.order.id,
        "key": line.key,
        "pricebook_entry_id": line.pricebook_entry_id,
        **_line(line),
    }
