"""Answers as flat rows, as bulk queries give them [facts: api 4.1]."""

import tracemalloc
from decimal import Decimal

import pytest

from sfsync.emulator.errors import ApiError
from sfsync.emulator.soql import Flat, stream
from tests.emulator.rows import NOW, Rows


@pytest.fixture
def rows() -> Rows:
    return Rows()


def flat(rows: Rows, text: str, *, include_deleted: bool = False) -> Flat:
    return stream(text, schema=rows.schema, db=rows.db, now=NOW, include_deleted=include_deleted)


def test_columns_stand_in_the_order_of_the_query_and_parents_are_paths(rows: Rows) -> None:
    account = rows.add("Account", Name="Acme")
    order = rows.add("Order", AccountId=account, TotalAmount=Decimal("1.5"), IsReductionOrder=True)
    other = rows.add("Order")

    found = flat(rows, "SELECT account.name, Id, TotalAmount, IsReductionOrder, CreatedDate FROM Order ORDER BY Id")

    assert found.columns == ["Account.Name", "Id", "TotalAmount", "IsReductionOrder", "CreatedDate"]
    assert found.types == ["string", "id", "currency", "boolean", "datetime"]
    assert (found.sobject, found.size) == ("Order", 2)
    assert list(found.rows) == [
        ["Acme", order, 1.5, True, "2026-01-01T00:00:00.000+0000"],
        [None, other, None, False, "2026-01-01T00:00:00.000+0000"],
    ]


def test_the_order_of_the_query_is_kept_over_many_chunks(rows: Rows) -> None:
    for number in range(4_500):
        rows.add("Contact", LastName=f"{number:05}")

    found = flat(rows, "SELECT LastName FROM Contact ORDER BY LastName DESC")

    assert [name for (name,) in found.rows] == [f"{number:05}" for number in reversed(range(4_500))]


def test_ids_are_fixed_at_the_start_and_values_read_on_the_way(rows: Rows) -> None:
    ids = [rows.add("Contact", LastName=f"{number:05}") for number in range(4_100)]
    found = flat(rows, "SELECT Id, LastName FROM Contact ORDER BY Id")
    first = next(found.rows)

    rows.db.update_row("Contact", ids[4_050], {"LastName": "changed"})
    rows.db.delete_row("Contact", ids[4_060], "2026-02-01T00:00:00")
    rows.add("Contact", LastName="new")
    rest = list(found.rows)

    assert first == [ids[0], "00000"]
    assert found.size == 4_100
    assert [record_id for record_id, _ in rest] == [one for one in ids[1:] if one != ids[4_060]]
    assert [ids[4_050], "changed"] in rest


def test_the_recycle_bin_is_included_when_asked_for(rows: Rows) -> None:
    rows.db.delete_row("Account", rows.add("Account", Name="gone"), "2026-02-01T00:00:00")

    assert list(flat(rows, "SELECT Name FROM Account").rows) == []
    assert list(flat(rows, "SELECT Name FROM Account", include_deleted=True).rows) == [["gone"]]


def test_memory_does_not_grow_with_the_number_of_rows(rows: Rows) -> None:
    for number in range(10_000):
        rows.add("Contact", LastName=f"{number:05} with a name of some length")
    tracemalloc.start()
    try:
        found = flat(rows, "SELECT Id, LastName, CreatedDate, FirstName FROM Contact")
        count = sum(1 for _ in found.rows)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert count == 10_000
    assert peak < 2_600_000  # all rows at once take twice as much


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SELECT COUNT() FROM Account", "Aggregate Relationships not supported in Bulk V2 Query with CSV content type"),
        ("SELECT MAX(Name) FROM Account", "Aggregate Relationships not supported in Bulk V2 Query"),
        ("SELECT Name FROM Account GROUP BY Name", "Aggregate Relationships not supported in Bulk V2 Query"),
        ("SELECT Id, (SELECT Id FROM Orders) FROM Account", "Aggregate Relationships not supported in Bulk V2 Query"),
        ("SELECT Id, BillingAddress FROM Account", "Selecting compound data not supported in Bulk Query"),
        ("SELECT TYPEOF Owner WHEN User THEN Name END FROM Order", "TYPEOF clause not supported in Bulk V2 Query"),
        ("SELECT Id FROM Account OFFSET 5", "OFFSET clause not supported in Bulk V2 Query"),
        ("SELECT FIELDS(ALL) FROM Account LIMIT 5", "FIELDS(ALL) and FIELDS(CUSTOM) not supported"),
        ("SELECT FIELDS(CUSTOM) FROM Account LIMIT 5", "FIELDS(ALL) and FIELDS(CUSTOM) not supported"),
    ],
)
def test_what_bulk_queries_cannot_do_is_refused(rows: Rows, text: str, message: str) -> None:
    with pytest.raises(ApiError) as caught:
        flat(rows, text)

    assert (caught.value.status, caught.value.code) == (400, "API_ERROR")
    assert caught.value.message.startswith(message)


def test_labels_and_renamed_values_are_columns_too(rows: Rows) -> None:
    rows.add("Order", Status="Draft", TotalAmount=Decimal(5))

    found = flat(rows, "SELECT toLabel(Status), FORMAT(TotalAmount) shown FROM Order")

    assert found.columns == ["Status", "shown"]
    assert list(found.rows) == [["Draft", "$5.00"]]


def test_other_mistakes_are_refused_as_everywhere(rows: Rows) -> None:
    with pytest.raises(ApiError) as caught:
        flat(rows, "SELECT Nonsense FROM Account")

    assert caught.value.code == "INVALID_FIELD"
