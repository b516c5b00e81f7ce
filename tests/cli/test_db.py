"""db, reconcile: what they print, and what they end with."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from sfsync.store import lease
from tests.mirror import mirrored

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfsync.store.engine import Database
    from tests.cli.conftest import Ended
    from tests.world import World

    Program = Callable[..., Ended]


def write(mirror: Database, statement: str) -> None:
    with mirror.begin() as tx:
        tx.execute(text(statement))


def said(ended: Ended) -> str:
    """What it wrote to stderr, with its lines joined."""
    return " ".join(ended.err.split())


def file_of(mirror: Database) -> Path:
    return Path(str(mirror.url.database))


def test_a_backup_is_made_and_restored_and_a_sync_goes_on_from_it(
    org: World, mirror: Database, sfsync: Program
) -> None:
    org.deals(2)
    sfsync("sync")

    made = sfsync("db", "backup", "sfsync.backup", "--json")
    again = sfsync("db", "backup", "sfsync.backup")
    refused = sfsync("db", "restore", "sfsync.backup")
    restored = sfsync("db", "restore", "sfsync.backup", "--replace")
    with lease.hold(mirror, "default", wait=timedelta(0), who="a daemon"):
        held = sfsync("db", "restore", "sfsync.backup", "--replace")
    write(mirror, "DELETE FROM order_items")
    sfsync("db", "restore", "sfsync.backup", "--replace", "--json")

    assert (made.code, made.json["rows"]["orders"], made.json["orgs"]) == (0, 2, ["default"])
    assert (again.code, "is there already" in said(again)) == (2, True)
    assert (refused.code, "is not empty" in said(refused)) == (2, True)
    assert restored.code == 0
    assert "now holds" in restored.text
    assert (held.code, "is being worked on" in said(held)) == (75, True)
    assert len(mirrored(mirror, "order_items")) == 2
    assert sfsync("sync").code == 0
    assert len(org.orders()) == 2


def test_checking_a_sound_database_says_so_and_a_stopped_lane_is_told_of_until_it_is_accepted(
    org: World, mirror: Database, sfsync: Program
) -> None:
    org.deal()
    sfsync("sync")

    sound = sfsync("db", "check")
    write(mirror, "UPDATE orders SET org_status = 'Activated', announced_status = 'Activated'")
    write(mirror, "UPDATE orders SET status = 'Activated'")
    found = sfsync("db", "check")
    synced = sfsync("sync")
    stopped = sfsync("db", "check", "--json")
    doctor = sfsync("doctor")
    key = mirrored(mirror, "orders")[0].key
    why = sfsync("why", key)
    status = sfsync("status")
    accepted = sfsync("db", "check", "--accept")

    assert (sound.code, "It is whole, and all promises hold." in sound.out) == (0, True)
    assert (found.code, "An order's status is not the one that its category" in found.text) == (1, True)
    assert synced.code == 1
    assert "The push lane stands still" in synced.text
    assert stopped.json["stopped"][0]["lane"] == "push"
    assert stopped.json["broken"] == [{"org": "default", "code": "wrong_status", "lane": "push", "records": [key]}]
    for said in (doctor, why, status):
        assert "The push lane stands still" in said.text
    assert (doctor.code, accepted.code) == (1, 0)
    assert "the push lane goes on with the next sync" in accepted.text
    assert "stands still" not in sfsync("status").text
    known = sfsync("db", "check")
    assert (known.code, "the push lane works" in known.text) == (0, True)
    assert mirrored(mirror, "journal", action="alarm.accepted") != []


def test_a_database_whose_rows_or_tables_are_not_right_is_told_of(mirror: Database, sfsync: Program) -> None:
    with sqlite3.connect(file_of(mirror)) as other:
        other.execute("INSERT INTO order_items (org, order_id, quantity) VALUES ('default', 99, 1)")
    orphans = sfsync("db", "check")
    with sqlite3.connect(file_of(mirror)) as other:
        other.execute("DELETE FROM order_items")
        other.execute("DROP INDEX ix_orders_unsound")
        other.execute("ALTER TABLE products ADD COLUMN mine text")
    tables = sfsync("db", "check", "--json")

    assert (orphans.code, "1 rows refer to rows that are not there" in orphans.text) == (2, True)
    assert tables.code == 2
    assert not tables.json["ok"]
    assert any("ix_orders_unsound" in one for one in tables.json["troubles"])
    assert any("mine" in one for one in tables.json["troubles"])


def test_a_damaged_file_is_refused_by_every_command_and_a_backup_brings_it_back(
    org: World, mirror: Database, sfsync: Program
) -> None:
    org.deals(2)
    sfsync("sync")
    sfsync("db", "backup", "sfsync.backup")
    mirror.close()
    path = file_of(mirror)
    data = bytearray(path.read_bytes())
    data[4096 * 3 : 4096 * 40] = b"\xff" * (4096 * 37)
    path.write_bytes(data)

    for command in (("sync",), ("db", "check")):
        ended = sfsync(*command)
        assert ended.code == 2, command
        assert "damaged" in said(ended) + ended.text
    path.unlink()

    assert sfsync("db", "restore", "sfsync.backup").code == 0
    assert sfsync("sync").code == 0
    assert len(org.orders()) == 2


@pytest.mark.parametrize("data", [b"not a database at all" * 300, b""])
def test_what_is_no_database_is_said_to_be_none_or_is_set_up(
    data: bytes, tmp_path: Path, sfsync: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "some.db").write_bytes(data)
    monkeypatch.setenv("SFSYNC_DATABASE_URL", "sqlite:///some.db")

    ended = sfsync("db", "check")

    assert ended.code == 2
    assert ("is not an SQLite database" in said(ended)) == bool(data)


def test_an_older_schema_is_brought_up_only_while_nobody_works_on_it(mirror: Database, sfsync: Program) -> None:
    write(mirror, "UPDATE sfsync_version SET version_num = '0005'")
    write(mirror, "DROP TABLE alarms")
    for index in ("ix_orders_unsound", "ix_orders_org_org_key", "ix_order_items_unsent"):
        write(mirror, f"DROP INDEX {index}")

    with lease.hold(mirror, "default", wait=timedelta(0), who="a daemon"):
        held = sfsync("db", "upgrade")
    upgraded = sfsync("db", "upgrade")

    assert (held.code, "is being worked on" in said(held)) == (75, True)
    assert (upgraded.code, "it was 0005" in upgraded.out) == (0, True)
    assert sfsync("db", "check").code == 0


def test_reconcile_says_what_differs_and_why_and_repairs_it(org: World, mirror: Database, sfsync: Program) -> None:
    org.deals(3)
    sfsync("sync")
    same = sfsync("reconcile")
    write(mirror, "UPDATE orders SET total_amount = 1 WHERE id = 2")

    found = sfsync("reconcile", "--object", "Order")
    as_json = sfsync("reconcile", "--json", "--since", "2025-01-01")
    repaired = sfsync("reconcile", "--repair")
    unknown = sfsync("reconcile", "--object", "Invoice")

    assert (same.code, "the mirror is what the org shows." in same.text) == (0, True)
    assert (found.code, "1 record differs from the org." in found.text) == (1, True)
    assert "Changed here Somebody wrote it in the mirror" in " ".join(found.text.split())
    assert "sfsync reconcile --repair" in found.text
    assert as_json.code == as_json.json["exit_code"] == 1
    assert as_json.json["differences"][0]["kind"] == "tampered"
    assert (repaired.code, "1 record differs from the org, all repaired." in repaired.text) == (0, True)
    assert (unknown.code, "is no object that is mirrored" in said(unknown)) == (2, True)
    assert all(len(line) <= 100 for line in found.out.splitlines())
