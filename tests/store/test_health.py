from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from sqlalchemy import text

from sfsync.store.engine import open_database
from sfsync.store.health import troubles
from sfsync.store.tables import metadata
from tests.store.rows import fill

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


def test_values_that_nobody_can_read_are_named_and_readable_ones_are_not(db: Database) -> None:
    with db.begin() as tx:
        fill(tx, metadata)
    assert troubles(db) == []
    with db.begin() as tx:
        if db.kind == "sqlite":
            tx.execute(text("UPDATE runs SET started_at = 'long ago' WHERE id = 1"))
            tx.execute(text("UPDATE orders SET effective_date = 'never', planned_total = 'much'"))
        else:
            tx.execute(text("UPDATE runs SET started_at = '-infinity' WHERE id = 1"))
            tx.execute(text("UPDATE orders SET effective_date = 'infinity', planned_total = 'NaN'"))

    found = sorted(troubles(db))

    assert [one.split(". ")[0] for one in found] == [
        "1 row of runs cannot be read (started_at)",
        "3 rows of orders cannot be read (effective_date, planned_total)",
    ]
