"""Updates on their way to the org: what was sent, what the org showed and answered, and what stands in the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, text, update

from sfsync.domain.fields import STATUS, plain
from sfsync.domain.statuses import Status
from sfsync.store import conflicts
from sfsync.store.life_columns import ASKED, NO_DEACTIVATION
from sfsync.store.meeting import COLUMNS, Clash, differences, meet
from sfsync.store.orders import TOTAL_MISMATCH, Seen
from sfsync.store.tables import orders
from sfsync.store.upserts import in_parts
from sfsync.store.writing import update_by_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Update

    from sfsync.domain.fields import Policies, Value
    from sfsync.store.engine import Tx

UNANSWERED = "not_answered"


@dataclass(frozen=True, slots=True)
class WishFailure:
    """Why a wish was not carried out; `want` is what it is not tried again for (see `digest`)."""

    id: int
    code: str
    message: str
    want: str
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """What the org shows of an order's writable fields at this moment."""

    status: Status
    label: str
    code: str
    fields: Mapping[str, Value]
    stamp: datetime
    """When the order was last changed, by the org's clock."""
    by_others: bool
    """Whether that was somebody else than our user."""


def meet_shown(
    tx: Tx, org: str, shown: Mapping[str, Shown], policies: Policies, now: datetime, *, settled: bool = False
) -> list[Seen]:
    """Merge what the org shows (by Salesforce Id) into the mirror; return what the journal should know.

    With `settled` the orders are out of doubt: what was sent has landed, or not yet. Rows that are changed lose their
    hash, so that the next pull writes them whole.
    """
    news: list[Seen] = []
    updates: list[dict[str, Any]] = []
    clashes: list[tuple[int, Clash]] = []
    columns = [orders.c[name] for name in (*COLUMNS, "org_status_label", "status_code", "system_modstamp")]
    for part in in_parts(shown):
        # FOR UPDATE counts on PostgreSQL: what another program wants meanwhile is written after ours, and stays.
        query = select(*columns).where(orders.c.org == org, orders.c.sf_id.in_(part)).with_for_update()
        for row in tx.execute(query):
            found = shown[row.sf_id]
            touched = found.by_others and (row.system_modstamp is None or found.stamp > row.system_modstamp)
            met = meet(row, {STATUS: found.status.value, **found.fields}, policies, touched=touched)
            values = {**met.columns, "org_status_label": found.label, "status_code": found.code}
            changes = {name: value for name, value in values.items() if value != getattr(row, name)}
            if changes:
                updates.append({"id": row.id, **changes, "row_hash": None})
            clashes += [(row.id, change) for change in met.changes if isinstance(change, Clash)]
            news += [
                Seen("changed", row.sf_id, row.key, row.opportunity_id, row.order_number, change)
                for change in met.changes
            ]
        if settled:
            tx.execute(_of(org, part).values(in_doubt=None, sent_at=None, row_hash=None))
    update_by_id(tx, orders, updates)
    conflicts.record(tx, org, clashes, now)
    return news


def mark_sent(tx: Tx, sent: Mapping[int, Mapping[str, Value]], now: datetime) -> None:
    """Note, before sending, that these orders may have these values from now on without our hearing of it."""
    rows = [
        {"id": number, "in_doubt": "update", "sent_at": now, "sent": {name: plain(it) for name, it in values.items()}}
        for number, values in sent.items()
    ]
    update_by_id(tx, orders, rows)


def in_doubt(tx: Tx, org: str, only: str | None = None) -> dict[str, int]:
    """Return orders whose update was sent and whose outcome is not known: Salesforce Id → row id."""
    query = select(orders.c.sf_id, orders.c.id).where(orders.c.org == org, orders.c.in_doubt == "update")
    if only is not None:
        query = query.where(orders.c.opportunity_id == only)
    return {row.sf_id: row.id for row in tx.execute(query)}


def settle_gone(tx: Tx, org: str, ids: Sequence[str]) -> None:
    """Take orders out of doubt (by Salesforce Id) that the org does not show any more."""
    for part in in_parts(ids):
        tx.execute(_of(org, part).values(**_SETTLED))


def release(tx: Tx, ids: Sequence[int]) -> None:
    """Take orders out of doubt whose update was certainly not carried out."""
    for part in in_parts(ids):
        tx.execute(update(orders).where(orders.c.id.in_(part)).values(in_doubt=None, sent_at=None, sent=None))


def record_pushed(tx: Tx, states: Mapping[int, Mapping[str, Any]]) -> None:
    """Write what the org has by its own word now (columns `org_…`, `status_code`) and take the orders out of doubt.

    The hash is dropped, so that the next pull writes the whole row again.
    """
    update_by_id(tx, orders, [{"id": number, **values, **_SETTLED} for number, values in states.items()])


def record_done(tx: Tx, ids: Sequence[int]) -> None:
    """Forget why wishes were not carried out that are carried out now; a wrong total stays until somebody looks."""
    for part in in_parts(ids):
        tx.execute(
            update(orders)
            .where(orders.c.id.in_(part), func.coalesce(orders.c.problem_code, "") != TOTAL_MISMATCH)
            .values(**NO_PROBLEM)
        )


def forget_withdrawn(tx: Tx, org: str) -> None:
    """Forget why wishes were not carried out that somebody has taken back, by plain SQL for example."""
    o = orders.c
    query = select(orders).where(o.org == org, o.sf_id.is_not(None), o.problem_want.is_not(None), o.in_doubt.is_(None))
    withdrawn = [row.id for row in tx.execute(query) if not differences(row)]
    for part in in_parts(withdrawn):
        tx.execute(update(orders).where(o.id.in_(part)).values(**NO_PROBLEM))


def forget_requests(tx: Tx, org: str) -> None:
    """Forget who asked for orders to be deactivated that are to have another status by now, or were deleted.

    A status that is written by plain SQL takes such a request back; it must not be there when Draft is written next.
    """
    o = orders.c
    over = (o.status != Status.DRAFT.value) | o.is_deleted
    tx.execute(update(orders).where(o.org == org, text(ASKED), over, o.in_doubt.is_(None)).values(**NO_DEACTIVATION))


def record_failures(tx: Tx, failures: Sequence[WishFailure], now: datetime) -> None:
    """Remember why wishes were not carried out; the wishes themselves stay."""
    known = {"in_doubt": None, "sent_at": None, "sent": None}
    rows = [
        {"id": f.id, "problem_code": f.code, "problem": f.message, "problem_want": f.want, "problem_at": now,
         "retry_at": f.retry_at, **({} if f.code == UNANSWERED else known)}
        for f in failures
    ]  # fmt: skip
    update_by_id(tx, orders, rows)
    for part in in_parts([f.id for f in failures]):
        tx.execute(update(orders).where(orders.c.id.in_(part)).values(attempts=orders.c.attempts + 1))


def _of(org: str, ids: Sequence[str]) -> Update:
    return update(orders).where(orders.c.org == org, orders.c.sf_id.in_(ids))


NO_PROBLEM: dict[str, Any] = {
    "attempts": 0, "retry_at": None, "problem_code": None, "problem": None, "problem_want": None, "problem_at": None,
}  # fmt: skip
_SETTLED: dict[str, Any] = {"in_doubt": None, "sent_at": None, "sent": None, "row_hash": None}
