"""What local users and programs want of shipments that are in the org: status, tracking and dates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, or_, select, text, update

from sfsync.domain.fields import digest, plain, same
from sfsync.domain.shipments import FIELDS, ShipStatus
from sfsync.store.shipment_tables import WANTING, shipments
from sfsync.store.tables import orders
from sfsync.store.to_ship import NO_PROBLEM
from sfsync.store.upserts import in_parts
from sfsync.store.writing import update_by_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime

    from sqlalchemy import Select

    from sfsync.store.engine import Tx

_s = shipments.c


@dataclass(frozen=True, slots=True)
class ShipWish:
    """A shipment of which other values are wanted than the org has."""

    id: int
    sf_id: str
    key: str | None
    order_id: int | None
    fields: Mapping[str, str | date | None]
    """The wanted values of those fields that differ."""
    seen: Mapping[str, str | date | None]
    recorded_by: str | None
    attempts: int
    problem_code: str | None
    problem_want: str | None
    retry_at: datetime | None

    @property
    def want(self) -> str:
        """What it is remembered by when it is refused."""
        return digest(self.fields)

    def is_held(self, now: datetime) -> bool:
        """Whether just this was refused, and its time to be tried again has not come."""
        if self.problem_code is None or self.problem_want != self.want:
            return False
        return self.retry_at is None or self.retry_at > now


def pending(
    tx: Tx, org: str, now: datetime, *, after: int = 0, limit: int = 1000, only: str | None = None
) -> list[ShipWish]:
    """Return shipments whose wishes the org does not know yet and whose turn it is, by row."""
    while True:
        query = _wanting(org).where(_s.id > after).order_by(_s.id).limit(limit)
        if only is not None:
            query = query.where(_s.order_id.in_(select(orders.c.id).where(orders.c.opportunity_id == only)))
        rows = tx.execute(query).all()
        found = [wish for wish in _wishes(rows) if not wish.is_held(now)]
        if found or len(rows) < limit:
            return found
        after = rows[-1].id


def of_ids(tx: Tx, org: str, ids: Iterable[int]) -> list[ShipWish]:
    """Return what is wanted of these shipments by now, held or not."""
    return _wishes([row for part in in_parts(ids) for row in tx.execute(_wanting(org).where(_s.id.in_(part)))])


def take_as_seen(tx: Tx, wishes: Sequence[ShipWish], names: Iterable[str]) -> None:
    """Take wanted values as they are of fields that the org has not: they live here only."""
    gone = set(names)
    rows = [
        {"id": wish.id, **{f"org_{name}": value for name, value in wish.fields.items() if name in gone}}
        for wish in wishes
    ]
    update_by_id(tx, shipments, [row for row in rows if len(row) > 1])


def mark_sent(tx: Tx, wishes: Sequence[ShipWish], now: datetime) -> None:
    """Note, before sending, that these may have these values from now on without our hearing of it."""
    update_by_id(
        tx,
        shipments,
        [
            {"id": w.id, "in_doubt": "update", "sent_at": now, "sent": {k: plain(v) for k, v in w.fields.items()}}
            for w in wishes
        ],
    )


def record_pushed(tx: Tx, pushed: Sequence[ShipWish], labels: Mapping[str, str]) -> None:
    """Write what the org has by its own word now; the hash is dropped, so that the next pull writes the whole row."""
    rows = []
    for wish in pushed:
        row: dict[str, Any] = {"id": wish.id, "in_doubt": None, "sent_at": None, "sent": None, "row_hash": None}
        row |= {f"org_{name}": value for name, value in wish.fields.items()} | NO_PROBLEM
        if "status" in wish.fields:
            row["org_status_label"] = labels[str(wish.fields["status"])]
        rows.append(row)
    update_by_id(tx, shipments, rows)


def forget_withdrawn(tx: Tx, org: str) -> None:
    """Forget why shipments were refused of which nothing is wanted any more, or that were voided before they went."""
    held = (_s.org == org, _s.problem_code.is_not(None), _s.in_doubt.is_(None))
    unsent = "id IN (SELECT shipment_id FROM shipment_lines WHERE sf_id IS NULL AND NOT is_deleted)"
    done = text(f"(sf_id IS NOT NULL AND NOT ({WANTING}) AND (status = 'Voided' OR NOT {unsent}))")
    called_off = and_(_s.sf_id.is_(None), _s.status == ShipStatus.VOIDED.value)
    for part in in_parts(tx.scalars(select(_s.id).where(*held, or_(done, called_off))).all()):
        tx.execute(update(shipments).where(_s.id.in_(part)).values(**NO_PROBLEM))


def _wanting(org: str) -> Select[*tuple[Any, ...]]:
    return select(shipments).where(_s.org == org, text(f"({WANTING})"), ~_s.is_deleted, _s.in_doubt.is_(None))


def _wishes(rows: Sequence[Any]) -> list[ShipWish]:
    found = []
    for row in rows:
        both = {name: (getattr(row, name), getattr(row, f"org_{name}")) for name in FIELDS}
        differing = {name: pair for name, pair in both.items() if not same(*pair)}
        found.append(
            ShipWish(
                id=row.id,
                sf_id=row.sf_id,
                key=row.key,
                order_id=row.order_id,
                fields={name: want for name, (want, _) in differing.items()},
                seen={name: seen for name, (_, seen) in differing.items()},
                recorded_by=row.recorded_by,
                attempts=row.attempts,
                problem_code=row.problem_code,
                problem_want=row.problem_want,
                retry_at=row.retry_at,
            )
        )
    return found
