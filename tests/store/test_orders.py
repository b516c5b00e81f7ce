"""Orders as the org shows them, written into the mirror."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sfsync.domain.statuses import Status
from sfsync.store.orders import save_orders
from tests.builders import order
from tests.mirror import mirrored

if TYPE_CHECKING:
    from sfsync.store.engine import Database


def test_an_order_that_comes_twice_in_one_reading_is_one_row_of_what_was_read_last(db: Database) -> None:
    first = order()
    last = replace(first, name="read last")

    with db.begin() as tx:
        save_orders(tx, "default", [first, last], lambda _label, _code: Status.DRAFT, datetime(2026, 3, 2, tzinfo=UTC))

    assert [row.name for row in mirrored(db, "orders")] == ["read last"]
    assert len(mirrored(db, "order_items")) == 1
