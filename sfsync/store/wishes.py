"""What local users and programs want of orders that are in the org, and what stands in its way."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, func, select, text, update

from sfsync.domain.fields import STATUS, digest
from sfsync.domain.statuses import DRAFT_CODE, JUDGED, Status
from sfsync.store import conflicts
from sfsync.store.meeting import author, differences
from sfsync.store.reduced import reductions_of
from sfsync.store.tables import contracts, order_items, orders
from sfsync.store.upserts import in_parts
from sfsync.store.wish_columns import WANTING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from decimal import Decimal

    from sqlalchemy import Row, Select

    from sfsync.domain.fields import Value
    from sfsync.store.engine import Tx


@dataclass(frozen=True, slots=True)
class Wish:
    """An order of which other values are wanted than the org has, and that no conflict holds."""

    id: int
    sf_id: str
    key: str | None
    order_number: str | None
    opportunity_id: str | None
    account_id: str | None
    fields: Mapping[str, Value]
    """The wanted values of those fields that differ."""
    seen: Mapping[str, Value]
    """What the org last said of them."""
    authors: Mapping[str, str]
    """Who wanted each: a user of the command line, or somebody by plain SQL."""
    status: str
    org_status: str
    status_code: str
    contract_id: str | None
    contract_status_code: str | None
    item_count: int
    attempts: int
    problem_code: str | None = None
    problem_want: str | None = None
    org_custom: Mapping[str, Value] = field(default_factory=dict)
    deactivation: bool = False
    """Whether somebody asked by command for the order to go back to Draft."""
    reduced: bool = False
    """Whether it has reduction orders; asked only where it is to go back to Draft."""
    held_for: str | None = None
    """Why the order is on hold (see `HELD`); None: it is not."""

    @property
    def held(self) -> bool:
        """Whether it is remembered that all of it is not sent."""
        return self.problem_code is not None and self.problem_want == digest(self.fields)

    def is_held(self, code: str, wanted: Mapping[str, Value]) -> bool:
        """Whether it is remembered that just these values are not sent, for this reason."""
        return self.problem_code == code and self.problem_want == digest(wanted)


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

    Wishes that were refused are left out until other values are wanted, their retry time has come, or
    the order changed in the org (which clears the problem). What we ourselves judged is judged anew
    each time: its contract or the org's statuses may have changed. A field in conflict waits for a person, and an
    order that lacks lines for those, before it is activated: afterwards none could be added.
    """
    while True:
        query = _wanting(org).where(orders.c.id > after).order_by(orders.c.id).limit(limit)
        if only is not None:
            query = query.where(orders.c.opportunity_id == only)
        rows = tx.execute(query).all()
        waiting = {row.id for row in rows if row.retry_at is None or row.retry_at > now}
        found = [
            wish
            for wish in _wishes(tx, org, rows)
            if wish.id not in waiting or wish.problem_code in JUDGED or wish.problem_want != digest(wish.fields)
        ]
        if found or len(rows) < limit:
            return found
        after = rows[-1].id


def of_orders(tx: Tx, org: str, ids: Iterable[int]) -> list[Wish]:
    """Return what is wanted of these orders by now, whether they were refused or not."""
    rows = [row for part in in_parts(ids) for row in tx.execute(_wanting(org).where(orders.c.id.in_(part)))]
    return _wishes(tx, org, rows)


def adopt(tx: Tx, org: str, adoptions: Sequence[Adoption]) -> None:
    """Make orders that somebody else created for deals ours, under the deals' keys."""
    if adoptions:
        values: dict[str, Any] = {name: bindparam(f"b_{name}") for name in ("key", "opportunity_id", "planned_total")}
        tx.execute(
            update(orders)
            .where(orders.c.org == org, orders.c.sf_id == bindparam("b_sf_id"))
            .values(origin="adopted", announced_status=None, **values),
            [{f"b_{name}": value for name, value in asdict(adoption).items()} for adoption in adoptions],
        )


def _wanting(org: str) -> Select[*tuple[Any, ...]]:
    return select(orders).where(
        orders.c.org == org, text(f"({WANTING})"), ~orders.c.is_deleted, orders.c.in_doubt.is_(None)
    )


def _wishes(tx: Tx, org: str, rows: Sequence[Row[*tuple[Any, ...]]]) -> list[Wish]:
    ids = [row.id for row in rows]
    held = conflicts.open_fields(tx, org, ids)
    counts, missing = _item_counts(tx, ids, there=True), _item_counts(tx, ids, there=False)
    codes = _contract_codes(tx, org, sorted({row.contract_id for row in rows if row.contract_id}))
    asked = [row.id for row in rows if row.deactivate_at is not None and row.status == Status.DRAFT]
    reduced = reductions_of(tx, org, asked)
    found: list[Wish] = []
    for row in rows:
        differing = {name: pair for name, pair in differences(row).items() if (row.id, name) not in held}
        lacks_lines = row.status_code == DRAFT_CODE and row.id in missing
        if lacks_lines and row.status != Status.CANCELLED:
            differing.pop(STATUS, None)
        if not differing:
            continue
        fields = {name: want for name, (want, _) in differing.items()}
        found.append(
            Wish(
                id=row.id,
                sf_id=row.sf_id,
                key=row.key,
                order_number=row.order_number,
                opportunity_id=row.opportunity_id,
                account_id=row.account_id,
                fields=fields,
                seen={name: seen for name, (_, seen) in differing.items()},
                authors={name: author(row.wanted_by, name, value) for name, value in fields.items()},
                status=row.status,
                org_status=row.org_status,
                status_code=row.status_code or "",
                contract_id=row.contract_id,
                contract_status_code=codes.get(row.contract_id or ""),
                item_count=counts.get(row.id, 0),
                attempts=row.attempts,
                problem_code=row.problem_code,
                problem_want=row.problem_want,
                org_custom=row.org_custom or {},
                deactivation=row.id in asked,
                reduced=row.id in reduced,
                held_for=row.held_for,
            )
        )
    return found


def _item_counts(tx: Tx, ids: Sequence[int], *, there: bool) -> dict[int, int]:
    """Count the orders' lines that are in the org, or those that are not; orders without any are left out."""
    counts: dict[int, int] = {}
    i = order_items.c
    for part in in_parts(ids):
        query = (
            select(i.order_id, func.count())
            .where(i.order_id.in_(part), ~i.is_deleted, i.sf_id.is_not(None) if there else i.sf_id.is_(None))
            .group_by(i.order_id)
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
