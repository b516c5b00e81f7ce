"""Fields that were changed here and in the org at the same time: kept, listed, and settled by a policy or a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select, update

from sfsync.domain.facts import ConflictFacts
from sfsync.domain.fields import STATUS, Policy, Value, api_name, is_custom, plain, same, shown
from sfsync.domain.statuses import MOVES, Status
from sfsync.errors import RecordNotFound, UsageError
from sfsync.store import journal
from sfsync.store.conflict_tables import conflicts
from sfsync.store.meeting import COLUMNS, wishes_of
from sfsync.store.tables import orders
from sfsync.store.upserts import in_parts
from sfsync.store.writing import update_by_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import Row

    from sfsync.store.engine import Tx
    from sfsync.store.meeting import Clash

    OrderRow = Row[*tuple[Any, ...]]

TAKE_ORG, TAKE_LOCAL, POLICY, AGREED = "take_org", "take_local", "policy", "agreed"


def record(tx: Tx, org: str, clashes: Iterable[tuple[int, Clash]], now: datetime) -> None:
    """Keep clashes of orders (by row id): open where a person is asked, settled where the policy decides.

    One that is open already is the same conflict: it learns what the org has by now.
    """
    found = list(clashes)
    if not found:
        return
    known = {(row.order_id, row.field): row.id for row in tx.execute(_open(org))}
    fresh: list[dict[str, Any]] = []
    again: list[dict[str, Any]] = []
    for number, clash in found:
        if clash.policy is Policy.ASK and (number, clash.field) in known:
            again.append(
                {"id": known[number, clash.field], "wanted": _text(clash.wanted), "org_value": _text(clash.org)}
            )
            continue
        asked = clash.policy is Policy.ASK
        fresh.append(
            {"org": org, "order_id": number, "field": clash.field, "wanted": _text(clash.wanted),
             "org_value": _text(clash.org), "base": _text(clash.base), "since": now,
             "resolved_at": None if asked else now, "resolution": None if asked else POLICY,
             "resolved_by": None if asked else clash.policy.value}
        )  # fmt: skip
    if fresh:
        tx.execute(insert(conflicts), fresh)
    update_by_id(tx, conflicts, again)


def open_fields(tx: Tx, org: str, ids: Iterable[int]) -> set[tuple[int, str]]:
    """Return (row id, field) of these orders' fields that wait for a person."""
    found: set[tuple[int, str]] = set()
    for part in in_parts(ids):
        query = _open(org).where(conflicts.c.order_id.in_(part))
        found.update((row.order_id, row.field) for row in tx.execute(query))
    return found


def tidy(tx: Tx, org: str, now: datetime) -> list[journal.Entry]:
    """Close conflicts over which both sides agree by now, and follow wishes that were changed; return what to journal.

    Somebody here took the org's value (by plain SQL), or somebody in the org took ours.
    """
    query = (
        select(conflicts, *(orders.c[name] for name in COLUMNS if name != "id"), orders.c.is_deleted)
        .join_from(conflicts, orders, orders.c.id == conflicts.c.order_id)
        .where(conflicts.c.org == org, conflicts.c.resolved_at.is_(None))
    )
    changes: list[dict[str, Any]] = []
    entries: list[journal.Entry] = []
    for row in tx.execute(query).all():
        want, seen = _both(row, row.field)
        if same(want, seen) or row.is_deleted:
            by_org = row.is_deleted or _text(want) == row.wanted
            how, who = (AGREED, "org") if by_org else (TAKE_ORG, "sql")
            changes.append({"id": row.id, "resolved_at": now, "resolution": how, "resolved_by": who})
            said = f"Both sides have {api_name(row.field)} “{shown(want)}” by now: the conflict is over."
            if row.is_deleted:
                said = f"The order was deleted: there is no conflict over {api_name(row.field)} any more."
            entries.append(_entry(row, "conflict.settled", said, who, _details(row, want, seen)))
        elif (_text(want), _text(seen)) != (row.wanted, row.org_value):
            changes.append({"id": row.id, "wanted": _text(want), "org_value": _text(seen)})
    update_by_id(tx, conflicts, changes)
    return entries


def decide(
    tx: Tx, org: str, order_id: int, resolution: str, *, field: str | None = None, actor: str, now: datetime
) -> list[str]:
    """Settle the open conflicts of an order, or of one of its fields, as a person says; return the fields.

    TAKE_ORG drops the wish; TAKE_LOCAL has the next push send it over what the org has now. Both sides' values are
    journalled with who decided, in the caller's transaction.

    Raises:
        RecordNotFound: if there is no such conflict.
        UsageError: if the wish is a move that the table of moves forbids from where the org is now.
    """
    row = tx.execute(select(orders).where(orders.c.org == org, orders.c.id == order_id).with_for_update()).one_or_none()
    query = _open(org).where(conflicts.c.order_id == order_id).order_by(conflicts.c.field)
    found = [one for one in tx.execute(query).all() if field in (None, one.field)]
    if row is None or not found:
        raise RecordNotFound(
            "There is no open conflict" + (f" of the field {field}" if field else "") + " of this order.",
            remedy="`sfsync conflicts list` shows them.",
        )
    columns: dict[str, Any] = {}
    custom = dict(wishes_of(row.custom))
    for one in found:
        _, seen = _both(row, one.field)
        if resolution == TAKE_ORG:
            if is_custom(one.field):
                custom[one.field] = seen
                columns["custom"] = custom
            else:
                columns[one.field] = seen
        elif one.field == STATUS and (reason := MOVES[Status(row.org_status), Status(row.status)]):
            raise UsageError(f"The order cannot go from {row.org_status} to {row.status}.", remedy=reason)
    close(tx, [one.id for one in found], resolution, actor, now)
    if columns:
        tx.execute(update(orders).where(orders.c.id == order_id).values(**columns))
    entries = [_entry(row, f"conflict.{resolution}", *_decision(row, one.field, resolution, actor)) for one in found]
    journal.write(tx, org, None, entries, now)
    return [one.field for one in found]


def close(tx: Tx, ids: Sequence[int], resolution: str, by: str, now: datetime) -> None:
    """Note how conflicts were settled, and by whom."""
    for part in in_parts(ids):
        tx.execute(
            update(conflicts)
            .where(conflicts.c.id.in_(part))
            .values(resolved_at=now, resolution=resolution, resolved_by=by)
        )


def open_ids(tx: Tx, org: str, order_id: int, fields: Iterable[str]) -> dict[str, int]:
    """Return the open conflicts of these fields of an order: field → id."""
    query = _open(org).where(conflicts.c.order_id == order_id, conflicts.c.field.in_(list(fields)))
    return {row.field: row.id for row in tx.execute(query)}


def facts(tx: Tx, org: str, *, order_ids: Iterable[int] | None = None, everything: bool = False) -> list[ConflictFacts]:
    """Return conflicts, oldest first: the open ones, or all that ever were; of all orders, or of these."""
    c, o = conflicts.c, orders.c
    query = (
        select(
            *(c[name] for name in ("order_id", "field", "wanted", "org_value", "base", "since", "resolved_at")),
            c.resolution,
            c.resolved_by,
            func.coalesce(o.order_number, o.key, o.sf_id).label("record"),
            o.name,
            o.opportunity_id,
        )
        .join_from(conflicts, orders, o.id == c.order_id)
        .where(c.org == org)
        .order_by(c.id)
    )
    if not everything:
        query = query.where(c.resolved_at.is_(None))
    if order_ids is None:
        return [ConflictFacts(**row._mapping) for row in tx.execute(query)]  # noqa: SLF001 - its documented name
    return [
        ConflictFacts(**row._mapping)  # noqa: SLF001 - its documented name
        for part in in_parts(order_ids)
        for row in tx.execute(query.where(c.order_id.in_(part)))
    ]


def _open(org: str) -> Any:
    c = conflicts.c
    return select(c.id, c.order_id, c.field).where(c.org == org, c.resolved_at.is_(None))


def _both(row: OrderRow, field: str) -> tuple[Value, Value]:
    if is_custom(field):
        seen = (row.org_custom or {}).get(field)
        return wishes_of(row.custom).get(field, seen), seen
    return getattr(row, field), getattr(row, f"org_{field}")


def _decision(row: OrderRow, field: str, resolution: str, actor: str) -> tuple[str, str, dict[str, Any]]:
    want, seen = _both(row, field)
    name = api_name(field)
    if resolution == TAKE_ORG:
        said = f"{name} stays “{shown(seen)}”, as the org has it; “{shown(want)}” is wanted no more."
    else:
        said = f"{name} “{shown(want)}” is to be sent over “{shown(seen)}”, which the org has."
    return said, actor, {"field": field, "wanted": plain(want), "in_org": plain(seen)}


def _details(row: OrderRow, want: Value, seen: Value) -> dict[str, Any]:
    return {"field": row.field, "wanted": plain(want), "in_org": plain(seen), "base": row.base}


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


def _text(value: Value) -> str | None:
    return None if plain(value) is None else shown(value)
