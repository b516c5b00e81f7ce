from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from sfsync.errors import DatabaseUnavailable
from sfsync.store.engine import open_database
from sfsync.store.tables import accounts, journal, order_items, schema_cache

if TYPE_CHECKING:
    from sfsync.store.engine import Database, Tx

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ACME = "001000000000001AAA"


def add(tx: Tx, sf_id: str = ACME, name: str = "Acme") -> None:
    tx.execute(insert(accounts).values(org="main", sf_id=sf_id, name=name))


def add_and_fail(tx: Tx) -> None:
    add(tx)
    raise RuntimeError


def add_twice(tx: Tx, name: str = "Acme") -> None:
    add(tx, name=name)
    add(tx, name=name)


def names(db: Database) -> list[str]:
    with db.read() as tx:
        return list(tx.scalars(select(accounts.c.name).order_by(accounts.c.sf_id)))


def test_what_is_written_in_a_transaction_is_there_afterwards(db: Database) -> None:
    with db.begin() as tx:
        add(tx)

    assert names(db) == ["Acme"]


def test_a_transaction_that_fails_writes_nothing(db: Database) -> None:
    with pytest.raises(RuntimeError), db.begin() as tx:
        add_and_fail(tx)

    assert names(db) == []


def test_a_read_transaction_refuses_to_write(db: Database) -> None:
    with pytest.raises(Exception, match=r"read-?only|may not be written"), db.read() as tx:
        add(tx)

    assert names(db) == []


def test_writing_works_after_a_read_transaction_used_the_connection(db: Database) -> None:
    names(db)

    with db.begin() as tx:
        add(tx)

    assert names(db) == ["Acme"]


def test_a_read_transaction_sees_one_moment(db: Database) -> None:
    with db.read() as reader:
        before = reader.scalar(select(func.count()).select_from(accounts))
        with db.begin() as writer:
            add(writer)
        after = reader.scalar(select(func.count()).select_from(accounts))

    assert (before, after) == (0, 0)


def test_writers_that_first_read_never_fail_or_overwrite_each_other(sqlite_url: str) -> None:
    db = open_database(sqlite_url)
    with db.begin() as tx:
        add(tx, name="0")

    def count_up(_: int) -> None:
        for _ in range(10):
            with db.begin() as tx:
                seen = tx.scalar(select(accounts.c.name))
                tx.execute(update(accounts).values(name=str(int(str(seen)) + 1)))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(count_up, range(8)))

    assert names(db) == ["80"]
    db.close()


def test_foreign_keys_are_enforced(db: Database) -> None:
    with pytest.raises(IntegrityError), db.begin() as tx:
        tx.execute(insert(order_items).values(org="main", order_id=7, quantity=Decimal(1)))


def test_sqlite_files_can_be_read_while_they_are_written(sqlite_url: str) -> None:
    db = open_database(sqlite_url)

    with db.read() as tx:
        mode = tx.scalar(text("PRAGMA journal_mode"))
        synchronous = tx.scalar(text("PRAGMA synchronous"))

    assert (mode, synchronous) == ("wal", 2)
    db.close()


def test_an_absent_json_value_is_null_to_other_programs(db: Database) -> None:
    with db.begin() as tx:
        tx.execute(
            insert(journal).values(
                org="main", at=NOW, level="info", action="x", actor="sfsync", message="m", details=None
            )
        )

        assert tx.scalar(text("SELECT count(*) FROM journal WHERE details IS NULL")) == 1


def test_json_may_hold_amounts_and_dates(db: Database) -> None:
    content = {"amount": Decimal("12.30"), "on": NOW.date(), "at": NOW, "name": "Señor"}
    with db.begin() as tx:
        tx.execute(insert(schema_cache).values(org="main", content=content, read_at=NOW))

        assert tx.scalar(select(schema_cache.c.content)) == {
            "amount": "12.30",
            "on": "2026-03-01",
            "at": "2026-03-01T12:00:00+00:00",
            "name": "Señor",
        }


def test_json_refuses_what_it_would_not_give_back(db: Database) -> None:
    with pytest.raises(Exception, match="set cannot be stored as JSON"), db.begin() as tx:
        tx.execute(insert(schema_cache).values(org="main", content={1, 2}, read_at=NOW))


def test_a_rehearsal_shows_what_was_written_and_forgets_it(db: Database) -> None:
    with db.begin() as tx:
        add(tx)

    with db.rehearsal() as stage:
        with stage.begin() as tx:
            add(tx, "001000000000002AAA", "Blue")
        seen = names(stage)

    assert seen == ["Acme", "Blue"]
    assert names(db) == ["Acme"]


def test_a_transaction_that_fails_in_a_rehearsal_takes_only_itself_back(db: Database) -> None:
    with db.rehearsal() as stage:
        with stage.begin() as tx:
            add(tx)
        with pytest.raises(IntegrityError), stage.begin() as tx:
            add(tx)

        assert names(stage) == ["Acme"]


def test_a_rehearsal_that_fails_is_forgotten_too(db: Database) -> None:
    with pytest.raises(RuntimeError), db.rehearsal() as stage, stage.read() as tx:
        add_and_fail(tx)

    assert names(db) == []


def test_a_rehearsal_keeps_nobody_from_writing(db: Database) -> None:
    with db.rehearsal() as stage:
        with stage.begin() as tx:
            add(tx)
        with db.begin() as tx:
            add(tx, "001000000000002AAA", "Blue")

    assert names(db) == ["Blue"]


def test_a_rehearsal_counts_for_itself(db: Database) -> None:
    with db.rehearsal() as stage:
        with stage.begin() as tx:
            add(tx)
        counted = stage.rows_written

    assert counted == 1
    assert db.rows_written == 0


def test_statements_and_rows_are_counted(db: Database) -> None:
    before = db.statements
    with db.begin() as tx:
        tx.execute(insert(accounts), [{"org": "main", "sf_id": f"00100000000000{n}AAA"} for n in range(3)])
        tx.execute(update(accounts).values(name="Acme"))
        tx.execute(select(accounts))

    assert db.statements - before == 3
    assert db.rows_written == 6


def test_a_locked_sqlite_file_is_unavailable_not_refused(sqlite_url: str) -> None:
    db = open_database(sqlite_url, lock_wait=timedelta(milliseconds=20))
    other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(DatabaseUnavailable, match="locked by another program"), db.begin():
        pass

    other.close()
    db.close()


def test_a_locked_postgresql_row_is_unavailable(postgres_url: str) -> None:
    db = open_database(postgres_url, lock_wait=timedelta(milliseconds=20))
    with db.begin() as tx:
        add(tx)

    with db.begin() as holder:
        holder.execute(update(accounts).values(name="Held"))
        with pytest.raises(DatabaseUnavailable, match="locked by another program"), db.begin() as tx:
            tx.execute(update(accounts).values(name="Late"))

    assert names(db) == ["Held"]
    db.close()


def test_a_full_disk_is_unavailable_and_loses_nothing(sqlite_url: str) -> None:
    db = open_database(sqlite_url)

    def fill_up(tx: Tx) -> None:
        pages = tx.scalar(text("PRAGMA page_count"))
        tx.execute(text(f"PRAGMA max_page_count = {pages}"))
        add(tx, name="x" * 100_000)

    with pytest.raises(DatabaseUnavailable, match="disk is full"), db.begin() as tx:
        fill_up(tx)

    assert names(db) == []
    db.close()


def test_a_lost_connection_is_unavailable_and_the_next_transaction_connects_again(postgres_url: str) -> None:
    db = open_database(postgres_url)

    def lose(tx: Tx) -> None:
        own = tx.scalar(text("SELECT pg_backend_pid()"))
        with db.begin() as other:
            other.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": own})
        add(tx)

    with pytest.raises(DatabaseUnavailable, match="shut down"), db.begin() as tx:
        lose(tx)

    assert names(db) == []
    db.close()


def test_wrong_sql_stays_what_it_is(db: Database) -> None:
    with pytest.raises(DBAPIError, match="no_such_table"), db.read() as tx:
        tx.execute(text("SELECT * FROM no_such_table"))


def test_errors_do_not_carry_the_values_of_rows(db: Database) -> None:
    with pytest.raises(IntegrityError) as raised, db.begin() as tx:
        add_twice(tx, "Very Secret Ltd")

    assert "Very Secret" not in str(raised.value)


def test_closing_leaves_one_file(sqlite_url: str) -> None:
    file = Path(sqlite_url.removeprefix("sqlite:///"))
    db = open_database(sqlite_url)
    with db.begin() as tx:
        add(tx)

    db.close()

    assert [path.name for path in file.parent.iterdir() if path.name.startswith(file.name)] == [file.name]
