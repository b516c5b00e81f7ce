from decimal import Decimal

import pytest

from tests.emulator.rows import Rows

LATER = "2026-02-01T00:00:00"


@pytest.fixture
def rows() -> Rows:
    return Rows()


def test_pages_follow_each_other_without_gap_or_repetition(rows: Rows) -> None:
    made = [rows.add("Account", Name=str(number)) for number in range(25)]
    cursor = rows.prepare("SELECT Id FROM Account ORDER BY Id")

    seen: list[str] = []
    sizes = []
    offset: int | None = 0
    while offset is not None:
        page = cursor.page(offset, 10)
        seen += [one["Id"] for one in page.records]
        sizes.append(len(page.records))
        offset = page.next_offset

    assert seen == made
    assert sizes == [10, 10, 5]
    assert cursor.total_size == 25


def test_values_are_read_when_the_page_is_asked_for_but_the_ids_are_fixed(rows: Rows) -> None:
    first, second, third, fourth = (rows.add("Account", Name=name) for name in "abcd")
    cursor = rows.prepare("SELECT Id, Name FROM Account WHERE Name < 'e' ORDER BY Name")

    rows.db.update_row("Account", second, {"Name": "zulu"})
    rows.db.delete_row("Account", third, LATER)
    rows.db.delete_row("Account", fourth, LATER, hard=True)
    rows.add("Account", Name="aa")

    page = cursor.page()
    assert [(one["Id"], one["Name"]) for one in page.records] == [(first, "a"), (second, "zulu")]
    assert (cursor.total_size, page.next_offset) == (4, None)


def test_a_cursor_over_deleted_records_keeps_them(rows: Rows) -> None:
    account = rows.add("Account", Name="a")
    cursor = rows.prepare("SELECT Id, IsDeleted FROM Account", include_deleted=True)

    rows.db.delete_row("Account", account, LATER)

    assert cursor.page().records[0]["IsDeleted"] is True


def test_children_count_towards_the_size_of_a_page(rows: Rows) -> None:
    for items in (3, 3, 0, 3):
        order = rows.add("Order")
        for _ in range(items):
            rows.add("OrderItem", OrderId=order, Quantity=Decimal(1))
    cursor = rows.prepare("SELECT Id, (SELECT Id FROM OrderItems) FROM Order ORDER BY Id")

    first = cursor.page(0, 9)
    rest = cursor.page(first.next_offset or 0, 9)

    assert [one["OrderItems"] and one["OrderItems"]["totalSize"] for one in first.records] == [3, 3, None]
    assert first.next_offset == 3
    assert [one["OrderItems"]["totalSize"] for one in rest.records] == [3]
    assert rest.next_offset is None


def test_a_page_has_at_least_one_record_however_many_children_it_has(rows: Rows) -> None:
    for _ in range(2):
        order = rows.add("Order")
        for _ in range(20):
            rows.add("OrderItem", OrderId=order)
    cursor = rows.prepare("SELECT Id, (SELECT Id FROM OrderItems) FROM Order ORDER BY Id")

    page = cursor.page(0, 10)

    assert len(page.records) == 1
    assert page.next_offset == 1


def test_many_parents_with_children_are_all_delivered_once(rows: Rows) -> None:
    made = []
    for number in range(700):
        order = rows.add("Order")
        made.append(order)
        for _ in range(number % 4):
            rows.add("OrderItem", OrderId=order)

    found = rows.query("SELECT Id, (SELECT Id FROM OrderItems) FROM Order ORDER BY Id")

    assert [row["Id"] for row in found] == made
    assert [(row["OrderItems"] or {"totalSize": 0})["totalSize"] for row in found] == [n % 4 for n in range(700)]


def test_children_are_read_with_one_statement_for_all_parents_of_a_page(rows: Rows) -> None:
    for _ in range(50):
        rows.add("OrderItem", OrderId=rows.add("Order"))
    cursor = rows.prepare("SELECT Id, (SELECT Id FROM OrderItems) FROM Order")
    statements: list[str] = []
    rows.db.connection.set_trace_callback(statements.append)

    cursor.page()

    rows.db.connection.set_trace_callback(None)
    assert len(statements) == 2
