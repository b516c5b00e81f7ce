from __future__ import annotations

import gzip
import json
import resource
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event, insert, text

from sfsync.errors import DatabaseRefused, DatabaseUnavailable, LeaseHeld, UsageError
from sfsync.store import lease, migrations
from sfsync.store.backup import back_up, examine, restore
from sfsync.store.engine import open_database
from sfsync.store.tables import accounts, journal, metadata, products
from tests.store.rows import PER_TABLE, content, fill

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sfsync.store.engine import Database

NOW = datetime(2026, 3, 2, tzinfo=UTC)
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what is about the file."""


@pytest.fixture
def filled(db: Database) -> Database:
    with db.begin() as tx:
        fill(tx, metadata)
    return db


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "sfsync.backup"


def held(db: Database) -> dict[str, list[dict[str, Any]]]:
    with db.read() as tx:
        return content(tx, metadata)


def clear(db: Database) -> None:
    with db.begin() as tx:
        for table in reversed(metadata.sorted_tables):
            tx.execute(table.delete())


def rewritten(file: Path, change: Callable[[list[Any]], None]) -> None:
    """Change the lines of a backup, and make its tail fit them."""
    lines = [json.loads(line) for line in gzip.decompress(file.read_bytes()).splitlines()][:-1]
    change(lines)
    digest, data = blake2b(digest_size=16), b""
    for line in lines:
        part = (json.dumps(line) + "\n").encode()
        digest.update(part)
        data += part
    tail = {"rows": Counter(line[0] for line in lines[1:]), "digest": digest.hexdigest()}
    file.write_bytes(gzip.compress(data + (json.dumps(tail) + "\n").encode()))


def test_a_restored_backup_holds_every_row_as_it_was_and_ids_go_on_behind(filled: Database, file: Path) -> None:
    before = held(filled)
    made = back_up(filled, file, NOW)
    clear(filled)

    restored = restore(filled, file, replace=False)

    assert held(filled) == before
    assert restored == examine(file) == made
    assert made.rows == dict.fromkeys(metadata.tables, PER_TABLE)
    assert file.stat().st_mode & 0o777 == 0o600
    with filled.begin() as tx:
        entry = {"org": "x", "at": NOW, "level": "info", "action": "a", "actor": "b", "message": "c"}
        assert tx.scalar(insert(journal).values(**entry).returning(journal.c.id)) == PER_TABLE + 1


@pytest.mark.postgres
@pytest.mark.parametrize("way", ["to PostgreSQL", "to SQLite"])
def test_one_kind_of_database_takes_what_the_other_wrote(
    sqlite_url: str, postgres_url: str, way: str, file: Path
) -> None:
    lite, post = open_database(sqlite_url), open_database(postgres_url)
    source, target = (lite, post) if way == "to PostgreSQL" else (post, lite)
    with source.begin() as tx:
        fill(tx, metadata)
    back_up(source, file, NOW)

    restore(target, file, replace=False)

    assert held(target) == held(source)
    lite.close()
    post.close()


@on_sqlite
def test_a_database_that_holds_rows_is_replaced_only_if_that_is_wanted(filled: Database, file: Path) -> None:
    before = held(filled)
    back_up(filled, file, NOW)
    with filled.begin() as tx:
        tx.execute(insert(accounts).values(org="x", sf_id="y"))

    with pytest.raises(UsageError, match=r"is not empty.*--replace"):
        restore(filled, file, replace=False)
    restore(filled, file, replace=True)

    assert held(filled) == before


@on_sqlite
def test_a_backup_that_is_not_whole_or_not_ours_or_of_another_schema_is_refused_and_changes_nothing(
    filled: Database, file: Path, tmp_path: Path
) -> None:
    back_up(filled, file, NOW)
    whole, before = file.read_bytes(), held(filled)
    lines = gzip.decompress(whole).splitlines(keepends=True)
    damaged = {
        "cut off": whole[: len(whole) // 2],
        "without its tail": gzip.compress(b"".join(lines[:-1])),
        "changed": gzip.compress(b"".join(lines).replace(b"003name", b"004name")),
        "a row less": gzip.compress(b"".join(lines[:3] + lines[4:])),
        "longer": gzip.compress(b"".join([*lines, lines[3]])),
        "no gzip": b"hello",
        "nothing": b"",
        "of another program": gzip.compress(b'{"format": "tar"}\n'),
        "no JSON": gzip.compress(b"hello\n"),
    }

    for name, data in damaged.items():
        file.write_bytes(data)
        with pytest.raises(UsageError, match="cannot be restored"):
            restore(filled, file, replace=True)
        assert held(filled) == before, name
    with pytest.raises(UsageError, match="cannot be restored: No such file"):
        restore(filled, tmp_path / "none", replace=True)
    file.write_bytes(whole)
    rewritten(file, lambda lines: lines[0].update(schema="9999"))
    with pytest.raises(DatabaseRefused, match=r"of schema 9999; this sfsync has .*sfsync db upgrade"):
        restore(filled, file, replace=True)
    assert held(filled) == before


def test_a_restore_that_fails_half_way_leaves_the_database_as_it_was(filled: Database, file: Path) -> None:
    back_up(filled, file, NOW)
    before = held(filled)
    rewritten(file, lambda lines: lines.append(lines[-1]))
    assert examine(file).schema == migrations.HEAD

    with pytest.raises(Exception, match=r"UNIQUE|unique"):
        restore(filled, file, replace=True)

    assert held(filled) == before


@on_sqlite
def test_a_backup_is_never_written_over_another_file_nor_left_half_written(
    filled: Database, file: Path, tmp_path: Path
) -> None:
    back_up(filled, file, NOW)
    whole = file.read_bytes()

    with pytest.raises(UsageError, match="is there already"):
        back_up(filled, file, NOW)
    with pytest.raises(UsageError, match="cannot be written"):
        back_up(filled, tmp_path / "no folder" / "file", NOW)

    assert file.read_bytes() == whole
    assert not list(tmp_path.glob("*.part"))


def test_a_backup_to_a_full_disk_says_so_and_leaves_nothing(sqlite_url: str, tmp_path: Path) -> None:
    db = open_database(sqlite_url)
    with db.begin() as tx:
        fill(tx, metadata)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, before[1]))
    try:
        with pytest.raises(DatabaseUnavailable, match=r"cannot be written .*Nothing was left"):
            back_up(db, tmp_path / "file", NOW)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    assert not list(tmp_path.glob("file*"))
    db.close()


def test_a_backup_taken_while_others_write_shows_one_moment(db: Database, file: Path) -> None:
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            with db.begin() as tx:
                tx.execute(insert(accounts).values(org="x", sf_id=f"{number:018}"))
                tx.execute(insert(products).values(org="x", sf_id=f"{number:018}"))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        counts = [back_up(db, file.with_name(f"{turn}"), NOW).rows for turn in range(5)]
    finally:
        stop.set()
        writer.join()

    assert all(rows.get("accounts") == rows.get("products") for rows in counts)


def test_all_leases_are_held_or_none(db: Database) -> None:
    with lease.hold(db, "second", wait=timedelta(0), who="a daemon"):
        with (
            pytest.raises(LeaseHeld, match="second is being worked on"),
            lease.hold_all(db, ["first", "second"], who="x"),
        ):
            pass
        with (
            lease.hold_all(db, ["first", "third"], who="x"),
            pytest.raises(LeaseHeld),
            lease.hold(db, "first", wait=timedelta(0), who="y"),
        ):
            pass


def test_a_run_is_refused_once_another_version_has_brought_the_database_up(db: Database) -> None:
    with db.begin() as tx:
        tx.execute(text("UPDATE sfsync_version SET version_num = '9999'"))
        with pytest.raises(DatabaseRefused, match=r"Another sfsync has brought the database .* to schema 9999"):
            migrations.confirm(tx, db.url)
        tx.execute(text(f"UPDATE sfsync_version SET version_num = '{migrations.HEAD}'"))
        migrations.confirm(tx, db.url)


def test_a_restore_to_a_full_disk_leaves_what_there_was(sqlite_url: str, file: Path, tmp_path: Path) -> None:
    source, target = open_database(f"sqlite:///{tmp_path}/source.db"), open_database(sqlite_url)
    with source.begin() as tx:
        rows = [{"org": "x", "sf_id": f"{number:018}", "name": "x" * 2000} for number in range(200)]
        tx.execute(insert(accounts), rows)
    back_up(source, file, NOW)
    with target.begin() as tx:
        tx.execute(insert(products).values(org="x", sf_id="kept"))
    before = held(target)
    target.close()
    event.listen(target._engine, "connect", lambda connection, _: connection.execute("PRAGMA max_page_count = 100"))

    with pytest.raises(DatabaseUnavailable, match="disk is full"):
        restore(target, file, replace=True)

    assert held(target) == before
    source.close()
    target.close()
