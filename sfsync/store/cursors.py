"""How far each feed of an org has been read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, select

from sfsync.domain.position import Position
from sfsync.store.tables import cursors
from sfsync.store.upserts import upsert

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sfsync.store.engine import Tx

_ALL = select(cursors.c.feed, cursors.c.stamp, cursors.c.last_id).where(cursors.c.org == bindparam("org_"))


def get(tx: Tx, org: str, feed: str) -> Position | None:
    """Return the position of a feed, None if it was never read."""
    return get_all(tx, org).get(feed)


def get_all(tx: Tx, org: str) -> dict[str, Position]:
    """Return the positions of all feeds of an org, in one statement."""
    return {feed: Position(stamp, last_id) for feed, stamp, last_id in tx.execute(_ALL, {"org_": org})}


def put(tx: Tx, org: str, feed: str, position: Position) -> bool:
    """Keep the position, in the transaction that writes the rows read up to it.

    Writes nothing and returns False when it is the one that is kept already.
    """
    if get(tx, org, feed) == position:
        return False
    row = {"org": org, "feed": feed, "stamp": position.stamp, "last_id": position.last_id}
    upsert(tx, cursors, [row], ("org", "feed"))
    return True


def put_all(tx: Tx, org: str, positions: Mapping[str, Position]) -> None:
    """Keep the positions of several feeds, as `put` does each."""
    known = get_all(tx, org) if positions else {}
    rows = [
        {"org": org, "feed": feed, "stamp": position.stamp, "last_id": position.last_id}
        for feed, position in positions.items()
        if known.get(feed) != position
    ]
    upsert(tx, cursors, rows, ("org", "feed"))


def forget(tx: Tx, org: str, feed: str) -> None:
    """Drop the position of a feed, so that it is read from its beginning."""
    tx.execute(delete(cursors).where(cursors.c.org == org, cursors.c.feed == feed))
