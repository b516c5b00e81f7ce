"""Wishes by command: which values an order is to have, who said so, and what was held against it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update

from sfsync.domain.fields import STATUS, api_name, is_custom, plain, same, shown
from sfsync.domain.statuses import HAS_REDUCTIONS, MOVES, Status
from sfsync.errors import RecordNotFound, UsageError
from sfsync.store import conflicts, discrepancies, journal
from sfsync.store.life_columns import NO_DEACTIVATION
from sfsync.store.meeting import wishes_of
from sfsync.store.orders import TOTAL_MISMATCH
from sfsync.store.reduced import reductions_of
from sfsync.store.sent import NO_PROBLEM
from sfsync.store.tables import orders

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Row

    from sfsync.domain.fields import Value
    from sfsync.store.engine import Tx

    OrderRow = Row[*tuple[Any, ...]]


def want(tx: Tx, org: str, order_id: int, to: Status, *, actor: str, now: datetime) -> bool:
    """Set the status that an order is to have, and journal it, as `want_fields`; False if nothing was written.

    Raises:
        RecordNotFound: if there is no such order.
        UsageError: if the order is not in the org, or the table of moves forbids the move.
    """
    return bool(want_fields(tx, org, order_id, {STATUS: to.value}, actor=actor, now=now))


def want_fields(
    tx: Tx, org: str, order_id: int, values: Mapping[str, Value], *, actor: str, now: datetime
) -> list[str]:
    """Set the values that an order's fields are to have, and journal who wanted them, in the caller's transaction.

    A refusal that is remembered is forgotten: the next push tries. So is a conflict of a field that is set: whoever
    sets it again has decided. Returns the fields that were written; none, and nothing is written, when all of it is
    wanted already and nothing stands in its way.

    Args:
        tx: The caller's transaction.
        org: The org's name in the mirror.
        order_id: The order's row.
        values: By the names of the columns (`status`, `description`, `po_number`, `end_date`) or the API names of
            custom fields. None empties a field.
        actor: Who wants it.
        now: When.

    Raises:
        RecordNotFound: if there is no such order.
        UsageError: if the order is not in the org, or the table of moves forbids the move.
    """
    row = _locked(tx, org, order_id)
    _check(row, values)
    held = row.problem_code not in (None, TOTAL_MISMATCH)
    disputed = conflicts.open_ids(tx, org, order_id, values)
    changed = {name: value for name, value in values.items() if not same(value, _wanted(row, name))}
    if not changed and not held and not disputed:
        return []
    columns: dict[str, Any] = {name: value for name, value in values.items() if not is_custom(name)}
    custom = {name: plain(value) for name, value in values.items() if is_custom(name)}
    if custom:
        columns["custom"] = {**wishes_of(row.custom), **custom}
    said_by = {name: {"value": plain(value), "actor": actor} for name, value in values.items()}
    columns["wanted_by"] = {**(row.wanted_by or {}), **said_by}
    if STATUS in values:
        columns |= NO_DEACTIVATION
    tx.execute(update(orders).where(orders.c.id == order_id).values(**columns, **(NO_PROBLEM if held else {})))
    for name, number in disputed.items():
        taken = conflicts.TAKE_ORG if same(values[name], _in_org(row, name)) else conflicts.TAKE_LOCAL
        conflicts.close(tx, [number], taken, actor, now)
    entries = [_wish_entry(row, name, value, actor, settles=name in disputed) for name, value in values.items()]
    journal.write(tx, org, None, entries, now)
    return list(values)


def deactivate(tx: Tx, org: str, order_id: int, *, actor: str, reason: str | None = None, now: datetime) -> bool:
    """Ask for an activated order to go back to Draft: nothing else makes sfsync send a Draft-category value to one.

    The request is carried out once, by the next push, and only if the org shows no other status by then; whatever
    sets another status takes it back. Journalled with who, when and why, in the caller's transaction.
    Returns False, and writes nothing, when it is asked for already and nothing stands in its way.

    Raises:
        RecordNotFound: if there is no such order.
        UsageError: if it is not in the org, not activated there, or has reduction orders (drafts count).
    """
    row = _locked(tx, org, order_id)
    _check(row, {})
    name = row.order_number or row.key or row.sf_id
    if row.org_status != Status.ACTIVATED:
        remedy = MOVES[Status(row.org_status), Status.DRAFT] or "`sfsync pull` reads what the org has now."
        raise UsageError(f"Order {name} is not activated: in the org it is {row.org_status}.", remedy=remedy)
    if reductions := reductions_of(tx, org, [order_id]).get(order_id):
        raise UsageError(f"Order {name} is reduced by {', '.join(reductions)}.", remedy=HAS_REDUCTIONS)
    held = row.problem_code not in (None, TOTAL_MISMATCH)
    if row.deactivate_at is not None and row.status == Status.DRAFT and not held:
        return False
    said_by = {STATUS: {"value": Status.DRAFT.value, "actor": actor}}
    columns = {"status": Status.DRAFT.value, "deactivate_by": actor, "deactivate_at": now}
    columns |= {"wanted_by": {**(row.wanted_by or {}), **said_by}} | (NO_PROBLEM if held else {})
    tx.execute(update(orders).where(orders.c.id == order_id).values(**columns))
    disputed = conflicts.open_ids(tx, org, order_id, [STATUS])
    conflicts.close(tx, list(disputed.values()), conflicts.TAKE_LOCAL, actor, now)
    said = f"The order is to be deactivated; the org has {row.org_status}." + (f" Why: {reason}" if reason else "")
    details = {"wanted": Status.DRAFT.value, "before": row.status, "in_org": row.org_status, "reason": reason}
    journal.write(tx, org, None, [_entry(row, "order.deactivation_wanted", said, actor, details)], now)
    return True


def asked_for(tx: Tx, org: str, keys: Sequence[str], status: Status, actor: str) -> None:
    """Note who wants the status that orders are planned with."""
    said_by = {STATUS: {"value": status.value, "actor": actor}}
    tx.execute(update(orders).where(orders.c.org == org, orders.c.key.in_(keys)).values(wanted_by=said_by))


def retry(tx: Tx, org: str, order_id: int, *, actor: str, now: datetime) -> bool:
    """Forget why an order was refused or held, so that the next cycle tries it; journal who asked for it.

    Returns False, and writes nothing, when nothing is held against the order.

    Raises:
        RecordNotFound: if there is no such order.
    """
    row = _locked(tx, org, order_id)
    update_refused = discrepancies.try_again(tx, org, order_id)
    if row.problem_code is None and row.retry_at is None and not update_refused:
        return False
    tx.execute(update(orders).where(orders.c.id == order_id).values(**NO_PROBLEM))
    details = {"code": row.problem_code, "attempts": row.attempts}
    said = "The order is to be tried again; what was held against it is forgotten."
    journal.write(tx, org, None, [_entry(row, "order.retry", said, actor, details)], now)
    return True


def _check(row: OrderRow, values: Mapping[str, Value]) -> None:
    name = row.order_number or row.key or row.sf_id
    if row.sf_id is None or row.org_status is None:
        raise UsageError(
            f"Order {name} is not in the org yet, so it has no status or fields to change.",
            remedy="Run `sfsync sync` first.",
        )
    if row.is_deleted:
        raise UsageError(f"Order {name} was deleted in Salesforce.", remedy="Restore it there, then run `sfsync pull`.")
    to = values.get(STATUS)
    if isinstance(to, str) and (reason := MOVES[Status(row.org_status), Status(to)]):
        raise UsageError(f"Order {name} cannot go from {row.org_status} to {to}.", remedy=reason)


def _wanted(row: OrderRow, field: str) -> Value:
    value: Value = wishes_of(row.custom).get(field) if is_custom(field) else getattr(row, field)
    return value


def _in_org(row: OrderRow, field: str) -> Value:
    value: Value = (row.org_custom or {}).get(field) if is_custom(field) else getattr(row, f"org_{field}")
    return value


def _wish_entry(row: OrderRow, field: str, value: Value, actor: str, *, settles: bool) -> journal.Entry:
    seen = _in_org(row, field)
    details: dict[str, Any] = {"wanted": plain(value), "before": plain(_wanted(row, field)), "in_org": plain(seen)}
    if settles:
        details["settles_conflict"] = True
    if field == STATUS:
        there = f"{value} is wanted, as the org has it." if value == seen else f"{value} is wanted; the org has {seen}."
        return _entry(row, "order.status_wanted", there, actor, details)
    said = f"{api_name(field)} “{shown(value)}” is wanted; the org has “{shown(seen)}”."
    return _entry(row, "order.field_wanted", said, actor, {"field": field, **details})


def _locked(tx: Tx, org: str, order_id: int) -> OrderRow:
    # FOR UPDATE counts on PostgreSQL; on SQLite the transaction itself holds the write lock.
    query = select(orders).where(orders.c.org == org, orders.c.id == order_id).with_for_update()
    row = tx.execute(query).one_or_none()
    if row is None:
        raise RecordNotFound("There is no such order in the mirror.", remedy="`sfsync orders list` shows them.")
    return row


def _entry(row: OrderRow, action: str, message: str, actor: str, details: dict[str, Any]) -> journal.Entry:
    return journal.Entry(
        action=action,
        message=message,
        actor=actor,
        opportunity_id=row.opportunity_id,
        order_key=row.key,
        sf_id=row.sf_id,
        details=details,
    )
