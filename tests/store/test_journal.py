from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from sfsync.store import journal
from sfsync.store.journal import Entry

if TYPE_CHECKING:
    from sfsync.store.engine import Database

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DEAL, ORDER, KEY = "006000000000001AAA", "801000000000001AAA", "006000000000001AAA-1"
CREATED = Entry(action="order.created", message="Order 100 made", order_key=KEY, sf_id=ORDER)
REJECTED = Entry(action="deal.rejected", message="No account", level="warning", opportunity_id=DEAL)
FAILED = Entry(action="sync.failed", message="The org is down", level="error", actor="org")


@pytest.fixture
def written(db: Database) -> Database:
    with db.begin() as tx:
        journal.write(tx, "main", 1, [CREATED, REJECTED], NOW)
        journal.write(tx, "main", 2, [FAILED], NOW + timedelta(hours=1))
        journal.write(tx, "other", 3, [CREATED], NOW)
    return db


def actions(db: Database, **which: object) -> list[str]:
    with db.read() as tx:
        return [entry.action for entry in journal.read(tx, "main", **which)]  # type: ignore[arg-type]


def test_an_entry_comes_back_as_it_was_written(db: Database) -> None:
    entry = Entry(
        action="order.created",
        message="Order 100 made",
        actor="maria",
        opportunity_id=DEAL,
        order_key=KEY,
        sf_id=ORDER,
        details={"total": Decimal("12.30")},
    )
    with db.begin() as tx:
        journal.write(tx, "main", 7, [entry], NOW)
        (read,) = journal.read(tx, "main")

    assert (read.org, read.run_id, read.at, read.level) == ("main", 7, NOW, "info")
    assert (read.action, read.message, read.actor) == ("order.created", "Order 100 made", "maria")
    assert (read.opportunity_id, read.order_key, read.sf_id) == (DEAL, KEY, ORDER)
    assert read.details == {"total": "12.30"}


def test_entries_come_in_the_order_they_were_written(written: Database) -> None:
    assert actions(written) == ["order.created", "deal.rejected", "sync.failed"]


def test_writing_no_entries_asks_nothing_of_the_database(db: Database) -> None:
    with db.begin() as tx:
        before = db.statements
        journal.write(tx, "main", 1, [], NOW)

        assert db.statements == before


def test_many_entries_are_one_statement(db: Database) -> None:
    with db.begin() as tx:
        before = db.statements
        journal.write(tx, "main", 1, [CREATED] * 100, NOW)

        assert db.statements == before + 1


def test_a_limit_keeps_the_newest(written: Database) -> None:
    assert actions(written, limit=2) == ["deal.rejected", "sync.failed"]


def test_following_starts_after_the_last_entry_seen(written: Database) -> None:
    with written.read() as tx:
        first, second, third = (entry.id for entry in journal.read(tx, "main"))

        assert [entry.id for entry in journal.read(tx, "main", after_id=first, limit=1)] == [second]
        assert journal.read(tx, "main", after_id=third) == []


@pytest.mark.parametrize(
    ("which", "found"),
    [
        ({"run": 1}, ["order.created", "deal.rejected"]),
        ({"level": "warning"}, ["deal.rejected", "sync.failed"]),
        ({"level": "error"}, ["sync.failed"]),
        ({"since": NOW + timedelta(hours=1)}, ["sync.failed"]),
        ({"opportunity_id": DEAL}, ["deal.rejected"]),
        ({"order_key": KEY}, ["order.created"]),
        ({"sf_ids": [ORDER]}, ["order.created"]),
        ({"order_key": KEY, "opportunity_id": DEAL}, ["order.created", "deal.rejected"]),
        ({"order_key": KEY, "run": 2}, []),
    ],
)
def test_entries_are_found_by(written: Database, which: dict[str, object], found: list[str]) -> None:
    assert actions(written, **which) == found
