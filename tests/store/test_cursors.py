from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sfsync.domain.position import Position
from sfsync.store import cursors

if TYPE_CHECKING:
    from sfsync.store.engine import Database

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HERE = Position(NOON, "801000000000001AAA")


def test_a_feed_that_was_never_read_has_no_position(db: Database) -> None:
    with db.read() as tx:
        assert cursors.get(tx, "main", "orders") is None


def test_a_position_comes_back_as_it_was_put(db: Database) -> None:
    with db.begin() as tx:
        written = cursors.put(tx, "main", "orders", HERE)

    assert written
    with db.read() as tx:
        assert cursors.get(tx, "main", "orders") == HERE


def test_a_position_without_an_id_replaces_one_with_an_id(db: Database) -> None:
    with db.begin() as tx:
        cursors.put(tx, "main", "orders", HERE)
        cursors.put(tx, "main", "orders", Position(NOON, None))

        assert cursors.get(tx, "main", "orders") == Position(NOON, None)


def test_putting_the_same_position_again_writes_nothing(db: Database) -> None:
    with db.begin() as tx:
        cursors.put(tx, "main", "orders", HERE)
    before = db.rows_written

    with db.begin() as tx:
        written = cursors.put(tx, "main", "orders", HERE)

    assert not written
    assert db.rows_written == before


def test_feeds_and_orgs_have_their_own_positions(db: Database) -> None:
    with db.begin() as tx:
        cursors.put(tx, "main", "orders", HERE)
        cursors.put(tx, "main", "deals", Position(NOON, None))
        cursors.put(tx, "other", "orders", Position(NOON, None))

        assert cursors.get_all(tx, "main") == {"orders": HERE, "deals": Position(NOON, None)}


def test_a_forgotten_feed_is_read_from_its_beginning(db: Database) -> None:
    with db.begin() as tx:
        cursors.put(tx, "main", "orders", HERE)
        cursors.put(tx, "main", "deals", HERE)
        cursors.forget(tx, "main", "orders")

        assert cursors.get_all(tx, "main") == {"deals": HERE}
