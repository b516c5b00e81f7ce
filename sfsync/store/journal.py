"""What happened to which record, append-only."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import insert, or_, select

from sfsync.store.tables import journal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sfsync.store.engine import Tx

Level = Literal["info", "warning", "error"]
_FROM: Mapping[Level, tuple[Level, ...]] = {
    "info": ("info", "warning", "error"),
    "warning": ("warning", "error"),
    "error": ("error",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that happened: a stable action, a sentence for people, and the records it happened to."""

    action: str
    message: str
    level: Level = "info"
    actor: str = "sfsync"
    opportunity_id: str | None = None
    order_key: str | None = None
    sf_id: str | None = None
    details: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Written(Entry):
    """An entry as the journal holds it; ids grow with time."""

    id: int
    org: str
    run_id: int | None
    at: datetime


def write(tx: Tx, org: str, run_id: int | None, entries: Sequence[Entry], now: datetime) -> None:
    """Append the entries, in the transaction that makes them true."""
    if entries:
        same = {"org": org, "run_id": run_id, "at": now}
        tx.execute(insert(journal), [same | asdict(entry) for entry in entries])


def read(
    tx: Tx,
    org: str,
    *,
    run: int | None = None,
    opportunity_id: str | None = None,
    order_key: str | None = None,
    sf_ids: Sequence[str] = (),
    level: Level = "info",
    since: datetime | None = None,
    after_id: int | None = None,
    limit: int = 100,
) -> list[Written]:
    """Return entries in the order they were written.

    Args:
        tx: The caller's transaction.
        org: The org.
        run: Only entries of this run.
        opportunity_id: With `order_key` and `sf_ids`: entries that name any of these records.
        order_key: See `opportunity_id`.
        sf_ids: See `opportunity_id`.
        level: This level and graver ones.
        since: Only entries of this time and later.
        after_id: Only entries after this one, the oldest of them first in line: for following.
        limit: At most so many; without `after_id` the newest of those that fit.
    """
    table = journal.c
    records = [
        *([table.opportunity_id == opportunity_id] if opportunity_id is not None else []),
        *([table.order_key == order_key] if order_key is not None else []),
        *([table.sf_id.in_(sf_ids)] if sf_ids else []),
    ]
    query = select(journal).where(table.org == org, table.level.in_(_FROM[level]))
    if records:
        query = query.where(or_(*records))
    if run is not None:
        query = query.where(table.run_id == run)
    if since is not None:
        query = query.where(table.at >= since)
    if after_id is not None:
        query = query.where(table.id > after_id).order_by(table.id)
    else:
        query = query.order_by(table.id.desc())
    found = [Written(**row._mapping) for row in tx.execute(query.limit(limit))]  # noqa: SLF001 - its documented name
    return found if after_id is not None else found[::-1]
