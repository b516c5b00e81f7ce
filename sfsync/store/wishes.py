"""What local users and programs want of orders that are in the org, and what became of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, exists, func, or_, select, update

from sfsync.domain.statuses import JUDGED, MOVES, Status
from sfsync.errors import RecordNotFound, UsageError
from sfsync.store import journal
from sfsync.store.orders import TOTAL_MISMATCH
from sfsync.store.tables import contracts, order_items, orders
from sfsync.store.upserts import in_parts
from sfsync.store.writing import update_by_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from decimal import Decimal

    from sqlalchemy import Row

    from sfsync.store.engine import Tx


@dataclass(frozen=True, slots=True)
class Wish:
    """An order whose row wants another status than the org has."""

    id: int
    sf_id: str
    key: str | None
    order_number: str | None
    opportunity_id: str | None
    account_id: str | None
    status: str
    org_status: str
    status_code: str
    contract_id: str | None
    contract_status_code: str | None
    item_count: int
    attempts: int
    held_for: str | None = None
    """The code for which this very wish was not sent before."""


@dataclass(frozen=True, slots=True)
class WishFailure:
    """Why a wish was not carried out; `want` is the value it is not tried again for."""

    id: int
    code: str
    message: str
    want: str
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Adoption:
    """An order of somebody else's, and the deal whose order it is from now on."""

    sf_id: str
    key: str
    opportunity_id: str
    planned_total: Decimal | None


def pending(
    tx: Tx, org: str, now: datetime, *, after: int = 0, limit: int = 2000, only: str | None = None
) -> list[Wish]:
    """Return orders whose wishes the org does not know yet and whose turn it is.

    A wish that was refused is left out until another value is wanted, its retry time has come, or
    the order changed in the org (which clears the problem). One that we ourselves judged is judged anew
    each time: its contract or the org's statuses may have changed. An order that lacks lines waits for them:
    once it is activated none can be added.
    """
    lacks_lines = exists().where(order_items.c.order_id == orders.c.id, order_items.c.sf_id.is_(None))
    query = (
        select(orders)
        .where(
            orders.c.org == org,
            orders.c.id > after,
            orders.c.sf_id.is_not(None),
            ~orders.c.is_deleted,
            orders.c.in_doubt.is_(None),
            orders.c.status != orders.c.org_status,
            or_(
                orders.c.problem_want.is_(None),
                orders.c.problem_want != orders.c.status,
                orders.c.retry_at <= now,
                orders.c.problem_code.in_(JUDGED),
            ),
            or_(orders.c.status == Status.CANCELLED.value, orders.c.status_code != "Draft", ~lacks_lines),
        )
        .order_by(orders.c.id)
        .limit(limit)
    )
    if only is not None:
        query = query.where(orders.c.opportunity_id == only)
    rows = tx.execute(query).all()
    counts = _item_counts(tx, [row.id for row in rows])
    contracts = _contract_codes(tx, org, sorted({row.contract_id for row in rows if row.contract_id}))
    return [
        Wish(
            id=row.id,
            sf_id=row.sf_id,
            key=row.key,
            order_number=row.order_number,
            opportunity_id=row.opportunity_id,
            account_id=row.account_id,
            status=row.status,
            org_status=row.org_status,
            status_code=row.status_code or "",
            contract_id=row.contract_id,
            contract_status_code=contracts.get(row.contract_id or ""),
            item_count=counts.get(row.id, 0),
            attempts=row.attempts,
            held_for=row.problem_code if row.problem_want == row.status else None,
        )
        for row in rows
    ]


def mark_sent(tx: Tx, ids: Sequence[int], now: datetime) -> None:
    """Note, before sending, that these orders may be changed from now on without our hearing of it."""
    for part in in_parts(ids):
        tx.execute(update(orders).where(orders.c.id.in_(part)).values(in_doubt="update", sent_at=now))


def in_doubt(tx: Tx, org: str, only: str | None = None) -> dict[str, int]:
    """Return orders whose update was sent and whose outcome is not known: Salesforce Id → row id."""
    query = select(orders.c.sf_id, orders.c.id).where(orders.c.org == org, orders.c.in_doubt == "update")
    if only is not None:
        query = query.where(orders.c.opportunity_id == only)
    return {row.sf_id: row.id for row in tx.execute(query)}


def record_states(tx: Tx, states: Mapping[int, Mapping[str, Any]]) -> None:
    """Write what the org says now (columns `org_…`, `status_code`) and take the orders out of doubt.

    The hash is dropped, so that the next pull writes the whole row again.
    """
    done = {"in_doubt": None, "sent_at": None, "row_hash": None}
    update_by_id(tx, orders, [{"id": number, **values, **done} for number, values in states.items()])


def record_done(tx: Tx, ids: Sequence[int]) -> None:
    """Forget why wishes were not carried out that are carried out now; a wrong total stays until somebody looks."""
    for part in in_parts(ids):
        tx.execute(
            update(orders)
            .where(orders.c.id.in_(part), func.coalesce(orders.c.problem_code, "") != TOTAL_MISMATCH)
            .values(attempts=0, retry_at=None, problem_code=None, problem=None, problem_want=None, problem_at=None)
        )


def forget_withdrawn(tx: Tx, org: str) -> None:
    """Forget why wishes were not carried out that somebody has taken back, by plain SQL for example."""
    o = orders.c
    withdrawn = (o.org == org, o.sf_id.is_not(None), o.problem_want.is_not(None), o.problem_want != o.status)
    tx.execute(update(orders).where(*withdrawn, o.status == o.org_status).values(**_NO_PROBLEM))


def record_failures(tx: Tx, failures: Sequence[WishFailure], now: datetime) -> None:
    """Remember why wishes were not carried out; the wishes themselves stay."""
    update_by_id(
        tx,
        orders,
        [
            {"id": f.id, "in_doubt": None, "sent_at": None, "problem_code": f.code, "problem": f.message,
             "problem_want": f.want, "problem_at": now, "retry_at": f.retry_at}
            for f in failures
        ],
    )  # fmt: skip
    for part in in_parts([f.id for f in failures]):
        tx.execute(update(orders).where(orders.c.id.in_(part)).values(attempts=orders.c.attempts + 1))


def adopt(tx: Tx, org: str, adoptions: Sequence[Adoption]) -> None:
    """Make orders that somebody else created for deals ours, under the deals' keys."""
    if adoptions:
        values: dict[str, Any] = {name: bindparam(f"b_{name}") for name in ("key", "opportunity_id", "planned_total")}
        tx.execute(
            update(orders)
            .where(orders.c.org == org, orders.c.sf_id == bindparam("b_sf_id"))
            .values(origin="adopted", **values),
            [{f"b_{name}": value for name, value in asdict(adoption).items()} for adoption in adoptions],
        )


def _item_counts(tx: Tx, ids: Sequence[int]) -> dict[int, int]:
    counts: dict[int, int] = {}
    for part in in_parts(ids):
        query = (
            select(order_items.c.order_id, func.count())
            .where(order_items.c.order_id.in_(part), ~order_items.c.is_deleted, order_items.c.sf_id.is_not(None))
            .group_by(order_items.c.order_id)
        )
        counts.update((number, count) for number, count in tx.execute(query))
    return counts


def _contract_codes(tx: Tx, org: str, ids: Sequence[str]) -> dict[str, str | None]:
    codes: dict[str, str | None] = {}
    for part in in_parts(ids):
        query = select(contracts.c.sf_id, contracts.c.status_code).where(
            contracts.c.org == org, contracts.c.sf_id.in_(part)
        )
        codes.update((sf_id, code) for sf_id, code in tx.execute(query))
    return codes


def release(tx: Tx, ids: Sequence[int]) -> None:
    """Take orders out of doubt whose update was certainly not carried out."""
    for part in in_parts(ids):
        tx.execute(update(orders).where(orders.c.id.in_(part)).values(in_doubt=None, sent_at=None))


_NO_PROBLEM = {
    "attempts": 0, "retry_at": None, "problem_code": None, "problem": None, "problem_want": None, "problem_at": None,
}  # fmt: skip


def want(tx: Tx, org: str, order_id: int, to: Status, *, actor: str, now: datetime) -> bool:
    """Set the status that an order is to have, and journal who wanted it, both in the caller's transaction.

    A refusal or conflict that is remembered is forgotten: the next push tries. Returns False, and
    writes nothing, when that status is wanted already and nothing stands in its way.

    Raises:
        RecordNotFound: if there is no such order.
        UsageError: if the order is not in the org, or the table of moves forbids the move.
    """
    row = _locked(tx, org, order_id)
    name = row.order_number or row.key or row.sf_id
    if row.sf_id is None or row.org_status is None:
        raise UsageError(
            f"Order {name} is not in the org yet, so it has no status to change.", remedy="Run `sfsync sync` first."
        )
    if row.is_deleted:
        raise UsageError(f"Order {name} was deleted in Salesforce.", remedy="Restore it there, then run `sfsync pull`.")
    if reason := MOVES[Status(row.org_status), to]:
        raise UsageError(f"Order {name} cannot go from {row.org_status} to {to}.", remedy=reason)
    held = row.problem_code not in (None, TOTAL_MISMATCH)
    if row.status == to and not held:
        return False
    tx.execute(update(orders).where(orders.c.id == order_id).values(status=to.value, **(_NO_PROBLEM if held else {})))
    if to == row.org_status:
        said = f"{to} is wanted, as the org has it."
    else:
        said = f"{to} is wanted; the org has {row.org_status}."
    details = {"wanted": to.value, "before": row.status, "in_org": row.org_status}
    journal.write(tx, org, None, [_entry(row, "order.status_wanted", said, actor, details)], now)
    return True


def retry(tx: Tx, org: str, order_id: int, *, actor: str, now: datetime) -> bool:
    """Forget why an order was refused or held, so that the next cycle tries it; journal who asked for it.

    Returns False, and writes nothing, when nothing is held against the order.

    Raises:
        RecordNotFound: if there is no such order.
    """
    row = _locked(tx, org, order_id)
    if row.problem_code is None and row.retry_at is None:
        return False
    tx.execute(update(orders).where(orders.c.id == order_id).values(**_NO_PROBLEM))
    details = {"code": row.problem_code, "attempts": row.attempts}
    said = "The order is to be tried again; what was held against it is forgotten."
    journal.write(tx, org, None, [_entry(row, "order.retry", said, actor, details)], now)
    return True


def _locked(tx: Tx, org: str, order_id: int) -> Row[*tuple[Any, ...]]:
    # FOR UPDATE counts on PostgreSQL; on SQLite the transaction itself holds the write lock.
    query = select(orders).where(orders.c.org == org, orders.c.id == order_id).with_for_update()
    row = tx.execute(query).one_or_none()
    if row is None:
        raise RecordNotFound("There is no such order in the mirror.", remedy="`sfsync orders list` shows them.")
    return row


def _entry(row: Row[*tuple[Any, ...]], action: str, message: str, actor: str, details: dict[str, Any]) -> journal.Entry:
    return journal.Entry(
        action=action,
        message=message,
        actor=actor,
        opportunity_id=row.opportunity_id,
        order_key=row.key,
        sf_id=row.sf_id,
        details=details,
    )
