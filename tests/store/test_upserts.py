from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from sfsync.store.tables import accounts, cursors
from sfsync.store.upserts import changed, in_parts, mark_deleted, row_hash, upsert
from tests.store.processes import ROOT

if TYPE_CHECKING:
    from sfsync.store.engine import Database, Tx

KEYS = ("org", "sf_id")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def row(number: int, name: str = "Acme", **more: Any) -> dict[str, Any]:
    return {"org": "main", "sf_id": f"001{number:012}AAA", "name": name, "row_hash": row_hash([name]), **more}


def names(tx: Tx) -> list[str]:
    return list(tx.scalars(select(accounts.c.name).order_by(accounts.c.sf_id)))


def test_new_rows_are_inserted_and_known_ones_updated(db: Database) -> None:
    with db.begin() as tx:
        upsert(tx, accounts, [row(1), row(2)], KEYS)
        count = upsert(tx, accounts, [row(2, "Blue"), row(3, "Cobalt")], KEYS)

        assert count == 2
        assert names(tx) == ["Acme", "Blue", "Cobalt"]


def test_columns_that_the_rows_do_not_name_stay_as_they_are(db: Database) -> None:
    with db.begin() as tx:
        upsert(tx, accounts, [row(1, is_deleted=True)], KEYS)
        upsert(tx, accounts, [row(1, "Blue")], KEYS)

        assert tx.execute(select(accounts.c.name, accounts.c.is_deleted)).one() == ("Blue", True)


def test_rows_of_nothing_but_keys_are_inserted_once(db: Database) -> None:
    with db.begin() as tx:
        upsert(tx, accounts, [row(1)], KEYS)
        for _ in range(2):
            upsert(tx, accounts, [{"org": "main", "sf_id": row(1)["sf_id"]}], KEYS)

        assert names(tx) == ["Acme"]


def test_many_rows_are_one_statement(db: Database) -> None:
    with db.begin() as tx:
        before = db.statements
        upsert(tx, accounts, [row(number) for number in range(2_000)], KEYS)

        assert db.statements == before + 1
        assert len(names(tx)) == 2_000


def test_no_rows_are_no_statement(db: Database) -> None:
    with db.begin() as tx:
        before = db.statements

        assert upsert(tx, accounts, [], KEYS) == 0
        assert db.statements == before


def test_rows_with_different_columns_are_a_mistake(db: Database) -> None:
    with db.begin() as tx, pytest.raises(ValueError, match="accounts name different columns"):
        upsert(tx, accounts, [row(1), row(2, is_deleted=True)], KEYS)


def test_only_new_and_different_rows_count_as_changed(db: Database) -> None:
    with db.begin() as tx:
        upsert(tx, accounts, [row(number) for number in range(1_200)], KEYS)
        rows = [row(number, "Blue" if number == 700 else "Acme") for number in range(1_201)]

        assert changed(tx, accounts, "main", rows) == [row(700, "Blue"), row(1_200)]


def test_the_rows_of_another_org_do_not_count(db: Database) -> None:
    with db.begin() as tx:
        upsert(tx, accounts, [row(1)], KEYS)
        elsewhere = row(1) | {"org": "other"}

        assert changed(tx, accounts, "other", [elsewhere]) == [elsewhere]


def test_of_a_row_that_was_read_twice_the_last_reading_counts(db: Database) -> None:
    with db.begin() as tx:
        upsert(tx, accounts, [row(1, "Blue")], KEYS)

        assert changed(tx, accounts, "main", [row(1, "Acme"), row(1, "Blue")]) == []
        assert changed(tx, accounts, "main", [row(1, "Blue"), row(1, "Acme")]) == [row(1, "Acme")]


def test_deleted_rows_are_marked_once_and_count_as_changed_when_they_come_back(db: Database) -> None:
    ids = [row(number)["sf_id"] for number in (1, 2)]
    with db.begin() as tx:
        upsert(tx, accounts, [row(1), row(2), row(3), row(1) | {"org": "other"}], KEYS)

        assert mark_deleted(tx, accounts, "main", [*ids, "001000000000999AAA"]) == 2
        assert mark_deleted(tx, accounts, "main", ids) == 0
        assert list(tx.scalars(select(accounts.c.is_deleted).order_by(accounts.c.org, accounts.c.sf_id))) == [
            True,
            True,
            False,
            False,
        ]
        assert changed(tx, accounts, "main", [row(1)]) == [row(1)]


def test_ids_are_cut_into_parts_without_repeating_any() -> None:
    assert list(in_parts(["a", "b", "a", "c", "b"], 2)) == [["a", "b"], ["c"]]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ([Decimal("1.5")], [Decimal("1.50")]),
        ([Decimal(100)], [Decimal("1E+2")]),
        ([Decimal("-0.00")], [Decimal(0)]),
        ([NOON], [NOON.astimezone(timezone(timedelta(hours=5)))]),
        (["a"], ("a",)),
    ],
)
def test_the_same_values_have_the_same_hash(one: Any, other: Any) -> None:
    assert row_hash(one) == row_hash(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([1], [2]),
        ([None], ["None"]),
        ([None], [""]),
        ([1], [True]),
        ([1], ["1"]),
        (["ab", "c"], ["a", "bc"]),
        ([Decimal("1.5")], ["1.5"]),
        ([date(2026, 3, 1)], ["2026-03-01"]),
        ([NOON], [NOON + timedelta(milliseconds=1)]),
        ({"a": None}, {}),
    ],
)
def test_different_values_have_different_hashes(one: Any, other: Any) -> None:
    assert row_hash(one) != row_hash(other)


def test_a_hash_is_32_hex_digits_and_the_same_in_every_process() -> None:
    values = {"name": "Señor", "amount": Decimal("1.10"), "on": date(2026, 3, 1), "tags": ["b", "a"]}
    imports = "import datetime; from decimal import Decimal; from sfsync.store.upserts import row_hash"
    code = f"{imports}; print(row_hash({values!r}))"

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == row_hash(values)
    assert len(row_hash(values)) == 32
    int(row_hash(values), 16)


@pytest.mark.parametrize("value", [{1, 2}, datetime(2026, 3, 1)])  # noqa: DTZ001 - the mistake itself
def test_values_without_a_stable_form_have_no_hash(value: object) -> None:
    with pytest.raises(TypeError, match="no stable form"):
        row_hash([value])


def test_tables_with_other_keys_are_served_too(db: Database) -> None:
    with db.begin() as tx:
        for stamp in (NOON, NOON + timedelta(1)):
            upsert(tx, cursors, [{"org": "main", "feed": "x", "stamp": stamp}], ("org", "feed"))

        assert tx.scalars(select(cursors.c.stamp)).all() == [NOON + timedelta(1)]
