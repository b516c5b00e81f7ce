from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from sqlalchemy import text

from sfsync.store.engine import open_database
from sfsync.store.health import troubles

if TYPE_CHECKING:
    from sfsync.store.engine import Database


def test_a_sound_database_has_no_troubles(db: Database) -> None:
    assert troubles(db) == []


def test_tables_that_somebody_changed_are_named_and_other_programs_tables_are_not(new_database_url: str) -> None:
    db = open_database(new_database_url)
    with db.begin() as tx:
        tx.execute(text("CREATE TABLE customers (id integer)"))
        tx.execute(text("DROP TABLE sinks"))
        tx.execute(text("DROP INDEX ix_orders_unsound"))
        tx.execute(text("ALTER TABLE products ADD COLUMN mine text"))

    found = troubles(db)
    db.close()

    assert sorted(found) == [
        "The table orders lacks the index ix_orders_unsound.",
        "The table products has a column of somebody else: mine.",
        "The table sinks is missing.",
    ]


def test_a_file_whose_rows_break_its_own_rules_is_damaged(sqlite_url: str) -> None:
    db = open_database(sqlite_url)
    with sqlite3.connect(str(db.url.database)) as other:
        other.execute("PRAGMA ignore_check_constraints = ON")
        other.execute("INSERT INTO orders (org, status, origin) VALUES ('x', 'Nonsense', 'org')")
    other.close()

    [found] = troubles(db)
    db.close()

    assert "The file is damaged (CHECK constraint failed in orders)" in found
