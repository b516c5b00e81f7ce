"""Large tables are read through indexes, and pages are quick."""

from __future__ import annotations

import time

import pytest

from sfsync.emulator.soql import plans
from sfsync.emulator.soql.compiler import RowsPlan
from sfsync.emulator.soql.moments import Calendar, Moment
from sfsync.emulator.soql.text import prepare_functions
from tests.emulator.rows import NOW, Rows

MANY = 200_000


@pytest.fixture(scope="module")
def rows() -> Rows:
    """200,000 contacts, put in by one statement: equal stamps in groups of fifty."""
    made = Rows()
    prepare_functions(made.db)
    for name in ("ReportsToId", "OwnerId"):  # not asked for below: the rows get in faster
        made.db.connection.execute(f'DROP INDEX IF EXISTS "Contact.{name}"')
    made.db.connection.execute(
        'INSERT INTO "Contact" ("Id", "LastName", "AccountId", "CreatedDate", "LastModifiedDate", "SystemModstamp") '
        "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
        "SELECT printf('0035e%010dAAA', i), printf('Name %d', i % 1000), printf('0015e%010dAAA', i / 10), "
        "'2026-01-01T00:00:00', '2026-01-01T00:00:00', strftime('%Y-%m-%dT%H:%M:%S', 1767225600 + i / 50, 'unixepoch') "
        "FROM n",
        [MANY - 1],
    )
    return made


def steps(rows: Rows, text: str) -> str:
    """What SQLite says of how it finds the ids of a query."""
    plan = plans.plan_of(rows.schema, text, Calendar(), "", include_deleted=False)
    assert isinstance(plan, RowsPlan)
    bound = Moment(NOW, None, Calendar()).bind(plan.parameters)
    found = rows.db.connection.execute(f"EXPLAIN QUERY PLAN {plan.ids_sql}", bound)
    return "\n".join(str(row[-1]) for row in found)


KEYSET = (
    "SELECT Id FROM Contact WHERE (SystemModstamp > {0}) OR (SystemModstamp = {0} AND Id > '0035e0000100025') "
    "ORDER BY SystemModstamp ASC, Id ASC LIMIT 2000"
)


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("SELECT Id FROM Contact WHERE Id = '0035e0000000001'", "PRIMARY KEY (Id=?)"),
        ("SELECT Id FROM Contact WHERE Id > '0035e0000100000' ORDER BY Id LIMIT 2000", "PRIMARY KEY (Id>?)"),
        ("SELECT Id FROM Contact WHERE AccountId = '0015e0000000001'", "Contact.AccountId (AccountId=?)"),
        (KEYSET.format("2026-01-01T00:33:20Z"), "Contact.SystemModstamp (SystemModstamp>?)"),
        (
            "SELECT Id FROM Contact WHERE SystemModstamp >= 2026-01-01T00:33:20Z AND SystemModstamp < TODAY",
            "Contact.SystemModstamp (SystemModstamp>? AND SystemModstamp<?)",
        ),
    ],
)
def test_ids_stamps_and_references_are_looked_up(rows: Rows, text: str, step: str) -> None:
    found = steps(rows, text)

    assert step in found
    assert "SCAN" not in found
    assert "LIMIT" not in text or "TEMP B-TREE" not in found  # a page is read in order, and no further


@pytest.mark.parametrize(
    ("name", "prefix", "step", "count"),
    [("Id", "003", "PRIMARY KEY (Id=?)", 800), ("AccountId", "001", "Contact.AccountId (AccountId=?)", 8_000)],
)
def test_lists_of_800_ids_are_looked_up(rows: Rows, name: str, prefix: str, step: str, count: int) -> None:
    listed = ",".join(f"'{prefix}5e{number * 20:010}'" for number in range(800))
    text = f"SELECT Id FROM Contact WHERE {name} IN ({listed})"

    found = steps(rows, text)

    assert step in found
    assert "SCAN q1_0" not in found
    assert len(rows.query(text)) == count


def test_paging_by_keyset_meets_every_row_once(rows: Rows) -> None:
    seen = 0
    text = "SELECT Id, SystemModstamp FROM Contact WHERE SystemModstamp >= 2026-01-01T01:00:00Z"
    while seen < 8_000:
        page = rows.query(f"{text} ORDER BY SystemModstamp ASC, Id ASC LIMIT 2000")
        assert [row["Id"][5:15] for row in page] == [f"{180_000 + seen + n:010}" for n in range(2000)]
        seen += len(page)
        stamp, last = page[-1]["SystemModstamp"], page[-1]["Id"]
        after = f"(SystemModstamp > {stamp}) OR (SystemModstamp = {stamp} AND Id > '{last}')"
        text = f"SELECT Id, SystemModstamp FROM Contact WHERE {after}"


def test_a_page_of_2000_rows_and_ten_columns_takes_less_than_100_ms(rows: Rows) -> None:
    columns = "Id, LastName, FirstName, Email, AccountId, Phone, Title, CreatedDate, SystemModstamp, IsDeleted"
    cursor = rows.prepare(f"SELECT {columns} FROM Contact WHERE Id > '0035e0000050000' ORDER BY Id LIMIT 4000")
    spent = []
    for _ in range(5):
        begun = time.process_time()
        page = cursor.page(2000)
        spent.append(time.process_time() - begun)

    assert len(page.records) == 2000
    assert min(spent) < 0.1


def test_a_query_is_compiled_once_until_the_schema_changes(rows: Rows) -> None:
    text = "SELECT Id FROM Contact WHERE CreatedDate = TODAY"

    def plan() -> object:
        return plans.plan_of(rows.schema, text, Calendar(), "", include_deleted=False)

    first = plan()
    assert plan() is first

    rows.schema.hide_field("Contact", "Fax")
    rows.schema.show_field("Contact", "Fax")
    assert plan() is not first


def test_no_more_plans_are_kept_than_fit(rows: Rows) -> None:
    for number in range(plans.MAX_KEPT + 10):
        plans.plan_of(rows.schema, f"SELECT Id FROM Contact LIMIT {number}", Calendar(), "", include_deleted=False)

    assert len(plans._KEPT[rows.schema][1]) == plans.MAX_KEPT
