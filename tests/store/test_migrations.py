from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from sfsync.errors import DatabaseRefused
from sfsync.store import migrations
from sfsync.store.connect import make_engine, parse
from sfsync.store.engine import open_database
from sfsync.store.tables import metadata
from tests.store.processes import all_at_once, python, says

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

    from sfsync.store.engine import Database

OPENS_WITH_OTHERS = """
import sys
import alembic.command, psycopg
from sfsync.store.engine import open_database
print("ready", flush=True)
input()
open_database(sys.argv[1]).close()
print("open", flush=True)
"""
DIES_HALF_WAY = """
import os, signal, sys
from sqlalchemy import Engine, event
from sfsync.store.engine import open_database

@event.listens_for(Engine, "after_cursor_execute")
def die(connection, cursor, statement, *rest):
    if "CREATE TABLE orders" in statement:
        print("half made", flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

open_database(sys.argv[1])
"""


def tables(url: str) -> set[str]:
    engine = make_engine(parse(url))
    try:
        return set(inspect(engine).get_table_names())
    finally:
        engine.dispose()


def names(connection: Connection) -> set[tuple[str, str | None]]:
    seen = inspect(connection)
    found: set[tuple[str, str | None]] = set()
    for table in metadata.tables:
        found |= {(table, index["name"]) for index in seen.get_indexes(table)}
        found |= {(table, unique["name"]) for unique in seen.get_unique_constraints(table)}
        found |= {(f"{table} {check['sqltext']}", check["name"]) for check in seen.get_check_constraints(table)}
        found |= {(table, foreign["name"]) for foreign in seen.get_foreign_keys(table)}
        found |= {(table, seen.get_pk_constraint(table)["name"])}
    return found


def test_the_tables_and_the_migrations_agree(db: Database) -> None:
    with db.read() as tx:
        options = {"version_table": migrations.VERSION_TABLE, "compare_type": True, "compare_server_default": True}
        context = MigrationContext.configure(tx, opts=options)

        assert compare_metadata(context, metadata) == []


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_indexes_and_constraints_have_the_names_of_the_tables_module(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    migrated = make_engine(parse(request.getfixturevalue(f"{kind}_url")))
    new = f"sqlite:///{tmp_path}/new.db" if kind == "sqlite" else request.getfixturevalue("new_postgres_url")
    created = make_engine(parse(new))
    with created.connect().execution_options(sfsync_writes=True) as connection, connection.begin():
        metadata.create_all(connection)

    with migrated.connect() as one, created.connect() as other:
        assert names(one) == names(other)

    migrated.dispose()
    created.dispose()


def test_the_head_is_the_newest_migration() -> None:
    script = ScriptDirectory.from_config(migrations.alembic_config())

    assert script.get_heads() == [migrations.HEAD]


def test_opening_an_empty_database_sets_it_up(new_database_url: str) -> None:
    open_database(new_database_url).close()

    assert tables(new_database_url) == {*metadata.tables, "sfsync_version"}
    assert migrations.check(new_database_url).ok


def test_opening_it_again_changes_nothing(database_url: str) -> None:
    db = open_database(database_url)

    assert db.rows_written == 0
    db.close()


def test_an_empty_database_is_refused_by_those_who_must_not_set_it_up(new_database_url: str) -> None:
    with pytest.raises(DatabaseRefused, match=r"is empty.*sfsync db upgrade"):
        open_database(new_database_url, migrate=False)

    assert migrations.check(new_database_url).current is None


def test_checking_creates_nothing(tmp_path: Path) -> None:
    state = migrations.check(f"sqlite:///{tmp_path}/sfsync.db")

    assert (state.current, state.head, state.ok) == (None, migrations.HEAD, False)
    assert list(tmp_path.iterdir()) == []


def test_upgrading_an_empty_database_sets_it_up(new_database_url: str) -> None:
    before = migrations.upgrade(new_database_url)

    assert before.current is None
    assert migrations.check(new_database_url).ok


def test_upgrading_a_database_of_the_newest_schema_changes_nothing(database_url: str) -> None:
    assert migrations.upgrade(database_url).ok


def test_an_older_schema_is_refused_with_the_command_that_upgrades_it(
    db: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "HEAD", "9990")

    with pytest.raises(DatabaseRefused, match=r"older schema \d{4};.*sfsync db upgrade"):
        open_database(database_url)


@pytest.mark.parametrize("act", [open_database, migrations.upgrade])
def test_a_schema_of_a_newer_sfsync_is_refused(act: type, new_database_url: str) -> None:
    db = open_database(new_database_url)
    with db.begin() as tx:
        tx.execute(text("UPDATE sfsync_version SET version_num = '9999'"))
    db.close()

    with pytest.raises(DatabaseRefused, match=r"written by a newer sfsync.*9999"):
        act(new_database_url)


def test_a_shared_postgresql_database_with_tables_of_our_names_is_refused(new_postgres_url: str) -> None:
    engine = make_engine(parse(new_postgres_url))
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE orders (id int)"))
        connection.execute(text("CREATE TABLE customers (id int)"))
    engine.dispose()

    with pytest.raises(DatabaseRefused, match=r"tables of another program: orders[.]"):
        open_database(new_postgres_url)

    assert tables(new_postgres_url) == {"orders", "customers"}


def test_a_shared_postgresql_database_keeps_its_other_tables(new_postgres_url: str) -> None:
    engine = make_engine(parse(new_postgres_url))
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE customers (id int)"))
        connection.execute(text("CREATE TABLE alembic_version (version_num text)"))
    engine.dispose()

    open_database(new_postgres_url).close()

    assert tables(new_postgres_url) > {"customers", "alembic_version", "orders"}


@pytest.mark.process
def test_processes_that_open_an_empty_database_at_once_all_find_it_set_up(new_database_url: str) -> None:
    assert all_at_once(4, OPENS_WITH_OTHERS, new_database_url) == ["open"] * 4


@pytest.mark.process
def test_a_killed_migration_leaves_nothing_and_the_next_one_succeeds(new_database_url: str) -> None:
    with python(DIES_HALF_WAY, new_database_url) as process:
        assert says(process) == "half made"
        process.wait()

    assert tables(new_database_url) == set()
    open_database(new_database_url).close()
    assert migrations.check(new_database_url).ok


def test_setting_up_says_nothing_in_our_log(new_database_url: str, caplog: pytest.LogCaptureFixture) -> None:
    handlers, level = list(logging.getLogger().handlers), logging.getLogger().level
    with caplog.at_level(logging.INFO):
        open_database(new_database_url).close()

    assert caplog.records == []
    assert (list(logging.getLogger().handlers), logging.getLogger().level) == (handlers, level)
