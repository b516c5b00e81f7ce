"""Alarms: what is wrong as a whole, since when, and which lane stands still because of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, select, update

from sfsync.store.alarm_tables import alarms
from sfsync.store.upserts import upsert

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sfsync.store.engine import Tx

DRIFT = "drift"
_KEPT = 1000


@dataclass(frozen=True, slots=True)
class Alarm:
    """One thing that is wrong."""

    code: str
    lane: str | None
    message: str
    records: tuple[str, ...]
    many: int
    since: datetime
    accepted_at: datetime | None = None
    accepted_by: str | None = None

    @property
    def stops(self) -> bool:
        """Whether its lane stands still because of it."""
        return self.lane is not None and self.accepted_at is None


_OF_ORG = select(alarms).where(alarms.c.org == bindparam("org_")).order_by(alarms.c.code)


def of_org(tx: Tx, org: str) -> list[Alarm]:
    """Return the alarms of an org, by code."""
    return [
        Alarm(r.code, r.lane, r.message, tuple(r.records), r.many, r.since, r.accepted_at, r.accepted_by)
        for r in tx.execute(_OF_ORG, {"org_": org})
    ]


def stopped(tx: Tx, org: str) -> set[str]:
    """Return the lanes that stand still."""
    query = select(alarms.c.lane).where(alarms.c.org == org, alarms.c.lane.is_not(None), alarms.c.accepted_at.is_(None))
    return set(tx.scalars(query))


def put(tx: Tx, org: str, code: str, *, lane: str | None, message: str, records: Sequence[str], now: datetime) -> bool:
    """Raise an alarm, or bring the one of that code up to date; return whether that is news.

    No news is the same over again, and what a person accepted, as long as no other record is added to it.
    """
    before = next((alarm for alarm in of_org(tx, org) if alarm.code == code), None)
    kept = list(records[:_KEPT])
    if before is not None and before.accepted_at is not None and set(kept) <= set(before.records):
        return False
    if before is not None and (before.message, list(before.records)) == (message, kept):
        return False
    row = {
        "org": org, "code": code, "lane": lane, "message": message, "records": kept, "many": len(records),
        "since": before.since if before else now, "accepted_at": None, "accepted_by": None,
    }  # fmt: skip
    upsert(tx, alarms, [row], ("org", "code"))
    return True


def lift(tx: Tx, org: str, codes: Iterable[str]) -> list[str]:
    """Take alarms back; return the codes of those that there were."""
    there = [alarm.code for alarm in of_org(tx, org) if alarm.code in set(codes)]
    tx.execute(delete(alarms).where(alarms.c.org == org, alarms.c.code.in_(there)))
    return there


def accept(tx: Tx, org: str, actor: str, now: datetime) -> list[Alarm]:
    """Let the lanes work in spite of what is known to be wrong; return the alarms that stopped them."""
    open_ = [alarm for alarm in of_org(tx, org) if alarm.stops]
    codes = [alarm.code for alarm in open_]
    here = (alarms.c.org == org, alarms.c.code.in_(codes))
    tx.execute(update(alarms).where(*here).values(accepted_at=now, accepted_by=actor))
    return open_
