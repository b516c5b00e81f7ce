"""Orders and their items, written into the mirror as the org showed them, without losing what we want."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, update

from sfsync.domain.fields import STATUS, Policies, is_custom, plain
from sfsync.domain.keys import deal_of, reduction_number
from sfsync.domain.statuses import JUDGED
from sfsync.store import conflicts
from sfsync.store.meeting import COLUMNS, Change, Clash, meet
from sfsync.store.order_items import save_items
from sfsync.store.own_columns import OF_DEAL
from sfsync.store.tables import orders
from sfsync.store.upserts import in_parts, row_hash
from sfsync.store.writing import update_by_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Row

    from sfsync.domain.model import OrgOrder
    from sfsync.domain.statuses import Status
    from sfsync.store.engine import Tx

TOTAL_MISMATCH, DELETED = "total_mismatch", "deleted_in_org"
_DELETED = (
    "The order of this deal was deleted in the org, and is not made again by itself. Undelete it there, or, if it was "
    "meant, take it off this list: sfsync orders retry."
)

_ASK = Policies()
_TWINS = frozenset(("org_status", "org_description", "org_po_number", "org_end_date", "org_custom"))


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing that reading an order told us and that the journal should know."""

    kind: str
    """appeared | changed | deleted | restored | total_mismatch | confirmed"""
    sf_id: str
    key: str | None
    opportunity_id: str | None
    number: str | None
    change: Change | None = None


def save_orders(
    tx: Tx,
    org: str,
    found: Sequence[OrgOrder],
    to_local: Callable[[str, str], Status],
    now: datetime,
    policies: Policies = _ASK,
) -> list[Seen]:
    """Make the mirror's orders equal to what the org showed; keep wishes that the org does not know yet.

    Each writable field is merged three ways: what we want, what the org last said, what it says now. An
    order that we were creating when the answer got lost is recognised by its key. Rows that are
    equal already are not written. `to_local` turns (label, category) into our word.
    """
    if not found:
        return []
    found = list({order.sf_id: order for order in found}.values())
    known = _known(tx, org, found)
    keys = _keys(tx, org, found, known)
    news: list[Seen] = []
    inserts: list[dict[str, Any]] = []
    updates: list[dict[str, Any]] = []
    clashes: list[tuple[int, Clash]] = []
    for order in found:
        row = known.get(order.sf_id) or (known.get(order.key) if order.key else None)
        values = values_of(order, to_local(order.status_label, order.status_code))
        key = keys.get(order.sf_id)
        if row is None:
            gone = _gone(now if key and order.is_deleted and _is_of_deal(order, key) else None)
            inserts.append(
                {
                    **values,
                    **gone,
                    **_first_wishes(values),
                    "org": org,
                    "key": key,
                    "origin": "org",
                    "announced_status": values["org_status"],
                }
            )  # history is told to nobody
            news.append(_seen("appeared", order))
        elif row.row_hash != values["row_hash"]:
            before = len(news)
            updates.append(
                {"id": row.id, **_merged(row, order, values, policies, now, news), **({"key": key} if key else {})}
            )
            clashes += [(row.id, seen.change) for seen in news[before:] if isinstance(seen.change, Clash)]
    for columns in _by_columns(inserts):
        tx.execute(insert(orders), columns)
    update_by_id(tx, orders, updates)
    conflicts.record(tx, org, clashes, now)
    save_items(tx, org, [order for order in found if order.items is not None])
    return news


def mark_deleted(tx: Tx, org: str, ids: Iterable[str], now: datetime) -> list[str]:
    """Mark orders that the org says are gone, those of deals as a problem; return the Ids that are newly marked."""
    fresh: list[str] = []
    for part in in_parts(ids):
        condition = (orders.c.org == org, orders.c.sf_id.in_(part), ~orders.c.is_deleted)
        gone = list(tx.scalars(select(orders.c.sf_id).where(*condition)))
        if gone:
            tx.execute(update(orders).where(*condition).values(is_deleted=True, row_hash=None))
            # People delete drafts of reductions that they do not want; nothing is to be settled then.
            for of_deal, since in ((OF_DEAL, now), (~OF_DEAL, None)):
                ours = (orders.c.sf_id.in_(gone), orders.c.key.is_not(None), of_deal)
                ended = update(orders).values(**_gone(since), retry_at=None, in_doubt=None, sent_at=None)
                tx.execute(ended.where(orders.c.org == org, *ours))
            fresh += gone
    return fresh


def _known(tx: Tx, org: str, found: Sequence[OrgOrder]) -> dict[str, Row[*tuple[Any, ...]]]:
    """Map the Ids, and the keys of rows that have no Id yet, to our rows."""
    known: dict[str, Row[*tuple[Any, ...]]] = {}
    others = ("row_hash", "is_deleted", "planned_total", "total_amount", "problem_code", "origin")
    columns = [orders.c[name] for name in (*COLUMNS, *others)]
    # FOR UPDATE counts on PostgreSQL: a status that another program wants meanwhile is written after ours, and stays.
    for part in in_parts([order.sf_id for order in found]):
        query = select(*columns).where(orders.c.org == org, orders.c.sf_id.in_(part)).with_for_update()
        for row in tx.execute(query):
            known[row.sf_id] = row
    keys = [order.key for order in found if order.key and order.sf_id not in known]
    for part in in_parts(keys):
        query = select(*columns).where(orders.c.org == org, orders.c.key.in_(part), orders.c.sf_id.is_(None))
        for row in tx.execute(query.with_for_update()):
            known[row.key] = row
    return known


def _keys(tx: Tx, org: str, found: Sequence[OrgOrder], known: Mapping[str, Row[*tuple[Any, ...]]]) -> dict[str, str]:
    """Return which orders take the key that they show, by Id; another row that has it gives it up.

    The org keeps a key unique among the living only: an order is deleted and loaded again, or somebody
    types the key into an order of theirs. A planned order whose key such an order has is not made.
    """
    claims: dict[str, OrgOrder] = {}
    for order in sorted(found, key=lambda one: not one.is_deleted):
        row = known.get(order.sf_id)
        if order.key and (row is None or row.key is None):
            claims[order.key] = order
    for part in in_parts(claims):
        query = select(orders.c.id, orders.c.sf_id, orders.c.key, orders.c.is_deleted).where(
            orders.c.org == org, orders.c.key.in_(part)
        )
        for holder in tx.execute(query).all():
            claim = claims[holder.key]
            if holder.sf_id is None and claim.sf_id not in known:
                continue  # what we created ourselves, found by its key
            if holder.sf_id is None:
                tx.execute(delete(orders).where(orders.c.id == holder.id))
            elif claim.is_deleted:
                del claims[holder.key]
            else:
                tx.execute(update(orders).where(orders.c.id == holder.id).values(key=None))
    return {order.sf_id: key for key, order in claims.items()}


def values_of(order: OrgOrder, status: Status) -> dict[str, Any]:
    """What the org shows of an order, by column, with the hash of it."""
    values: dict[str, Any] = {
        "sf_id": order.sf_id,
        "org_key": order.key,
        "order_number": order.number,
        "opportunity_id": deal_of(order.key) or order.opportunity_id,
        "account_id": order.account_id,
        "contract_id": order.contract_id,
        "pricebook_id": order.pricebook_id,
        "original_order_id": order.original_order_id,
        "is_reduction": order.is_reduction,
        "name": order.name,
        "type": order.type,
        "currency": order.currency,
        "effective_date": order.effective_date,
        "total_amount": order.total_amount,
        "org_status": status.value,
        "org_status_label": order.status_label,
        "status_code": order.status_code,
        "activated_at": order.activated_at,
        "created_at": order.created_at,
        "is_deleted": order.is_deleted,
        "system_modstamp": order.system_modstamp,
        **{f"org_{field}": value for field, value in order.fields.items() if not is_custom(field)},
    }
    if custom := {field: plain(order.fields[field]) for field in sorted(order.fields) if is_custom(field)}:
        values["org_custom"] = custom
    values["row_hash"] = row_hash(values)
    return values


def _first_wishes(values: Mapping[str, Any]) -> dict[str, Any]:
    """What is wanted of an order that is new here: what the org has."""
    wishes = {name.removeprefix("org_"): values[name] for name in values if name in _TWINS}
    return {**wishes, "first_activated_at": values["activated_at"]}


def _by_columns(rows: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Group rows that name the same columns: one statement takes no others."""
    groups: dict[frozenset[str], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[frozenset(row)].append(row)
    return list(groups.values())


def _merged(
    row: Row[*tuple[Any, ...]],
    order: OrgOrder,
    values: dict[str, Any],
    policies: Policies,
    now: datetime,
    news: list[Seen],
) -> dict[str, Any]:
    """Return the columns to write for an order that we know and that the org shows differently now."""
    # A reduction is one for ever (both are set at creation only); empty, they are merely hidden from us.
    changes = {name: it for name, it in values.items() if it or name not in ("is_reduction", "original_order_id")}
    if row.key is not None or changes["opportunity_id"] is None:
        # Its key tells the deal of an order of ours, whatever the org's Opportunity field says, where there is one.
        del changes["opportunity_id"]
    if row.sf_id is None:
        # In doubt, or out of it again because the org did not have it then: the request was still running.
        changes |= {"in_doubt": None, "sent_at": None, "attempts": 0, "retry_at": None}
        news.append(_seen("confirmed", order))
    met = meet(row, {STATUS: values["org_status"], **order.fields}, policies)
    changes |= met.columns
    if row.first_activated_at is None:
        changes["first_activated_at"] = order.activated_at
    news += [_seen("changed", order, change) for change in met.changes]
    if order.is_deleted:
        if not row.is_deleted:
            news.append(_seen("deleted", order))
            if row.key is not None:
                changes |= _gone(now if _is_of_deal(order, row.key) else None)
        return changes
    if row.is_deleted:
        news.append(_seen("restored", order))
    changes |= _problem_after(row, order, now)
    if changes.get("problem_code") == TOTAL_MISMATCH != row.problem_code:
        news.append(_seen(TOTAL_MISMATCH, order))
    return changes


def _problem_after(row: Row[*tuple[Any, ...]], order: OrgOrder, now: datetime) -> dict[str, Any]:
    """What becomes of a remembered problem when the org's row changed: tried again, unless a person must decide."""
    clear = {"problem_code": None, "problem": None, "problem_want": None, "problem_at": None, "retry_at": None}
    first_total = row.total_amount is None and row.planned_total is not None
    if first_total and row.planned_total != order.total_amount:
        message = (
            f"The org makes {order.total_amount} of the lines, the deal says {row.planned_total}. "
            "Compare the lines before the order is activated."
        )
        return clear | {"problem_code": TOTAL_MISMATCH, "problem": message, "problem_at": now}
    still_wrong = row.problem_code == TOTAL_MISMATCH and row.planned_total != order.total_amount
    # What we judged ourselves is judged anew by every push, and our own updates change the order too.
    if row.problem_code is None or row.problem_code in JUDGED or still_wrong:
        return {}
    return clear


def _is_of_deal(order: OrgOrder, key: str) -> bool:
    """Whether an order of ours is a deal's own, and no reduction of such a one."""
    return not order.is_reduction or reduction_number(key) is None


def _gone(since: datetime | None) -> dict[str, Any]:
    """Return the problem of an order of ours that is deleted in the org `since` then; None for one that is not."""
    code, text = (DELETED, _DELETED) if since else (None, None)
    return {"problem_code": code, "problem": text, "problem_want": None, "problem_at": since}


def _seen(kind: str, order: OrgOrder, change: Change | None = None) -> Seen:
    return Seen(kind, order.sf_id, order.key, order.opportunity_id, order.number, change)
