from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from sfsync.domain.recording import Item, choose, header_value, overs, quantity, read_file

HEAD = "shipment,order,line,quantity"
PUMP = Item(1, "K-1", "802000000000001AAA", "0001", "P", "Pump", physical=True, net=Decimal(10), shipped=Decimal(4))
HOSE = Item(2, "K-2", "802000000000002AAA", "0002", "H", "Hose", physical=True, net=Decimal(5), shipped=Decimal(0))
HELP = Item(3, "K-3", "802000000000003AAA", "0003", "S", "Support", physical=False, net=Decimal(0), shipped=Decimal(0))


def problems(text: str) -> list[tuple[int, str]]:
    return [(bad.at, bad.problem) for bad in read_file(text)[1]]


@pytest.mark.parametrize("name", ["P", "p", "pump", "0001", "K-1", "1", "802000000000001AAA", "802000000000001"])
def test_a_line_is_meant_by_any_of_its_names(name: str) -> None:
    assert choose([PUMP, HOSE, HELP], name) == PUMP


def test_a_name_that_fits_none_or_several_or_no_goods_is_refused_with_what_there_is() -> None:
    twin = Item(4, None, "802000000000004AAA", "0004", "P", "Pump", True, Decimal(1), Decimal(0))  # noqa: FBT003 - a row
    unsent = Item(5, "K-5", None, None, None, None, True, Decimal(1), Decimal(0))  # noqa: FBT003 - a row

    assert choose([PUMP, HELP], "x") == "the order has no line “x”; it has P"
    assert choose([HELP], "x") == "the order has no line “x”; it has none"
    assert choose([PUMP, twin], "P") == "“P” are 2 lines of the order: name one of 0001, 0004"
    assert "no physical good" in str(choose([HELP], "S"))
    assert "“K-5” is not in the org yet" in str(choose([unsent], "5"))


def test_quantities_are_above_zero_with_two_decimals_at_most() -> None:
    assert quantity(" 2.50 ") == Decimal("2.50")
    for text in ("0", "-1", "1.005", "many", "NaN", "inf", "1e30"):
        assert "is no quantity" in str(quantity(text))


def test_values_of_the_header_are_read_by_their_column() -> None:
    assert header_value("carrier", " ") is None
    assert header_value("status", "in transit") == "In Transit"
    assert header_value("shipped_on", "2026-03-02") == date(2026, 3, 2)
    assert header_value("carrier", "DHL") == "DHL"
    assert "no status" in str(header_value("status", "Lost"))
    assert "no day" in str(header_value("delivered_on", "2.3.2026"))


def test_more_than_is_due_is_said_of_each_line() -> None:
    assert overs([PUMP, HOSE], {1: Decimal(6), 2: Decimal(5)}) == []
    assert overs([PUMP, HOSE], {1: Decimal("6.5")}) == ["“Pump”: 10 due, 4 shipped already, 6.5 more"]


def test_a_file_with_semicolons_blank_lines_and_a_mark_of_its_encoding_is_read() -> None:
    rows, bad = read_file("\ufeffOrder; Shipment;line;quantity;Status\n\nO1;B1;P;2;shipped\nO1;B1;H;1;\n")

    assert bad == []
    assert [(row.at, row.shipment, row.order, row.line, row.quantity) for row in rows] == [
        (3, "B1", "O1", "P", Decimal(2)),
        (4, "B1", "O1", "H", Decimal(1)),
    ]
    assert rows[0].header == {"status": "Shipped"}


def test_every_line_that_is_wrong_is_named_with_all_that_is_wrong() -> None:
    text = (
        f"{HEAD},status,shipped_on\n"
        "B1,O1,P,0,Lost,\n"
        ",O1,P,,,\n"
        "B2,O1,P,1\n"
        "B3,O1,P,1,Shipped,2026-03-02\n"
        "B3,O2,P,1,Delivered,\n"
        f"{'x' * 201},O1,P,1,,\n"
    )

    assert problems(text) == [
        (2, "“0” is no quantity: give a number above 0, with two decimals at most"),
        (2, "“Lost” is no status of a shipment: there are Created, Shipped, In Transit, Delivered, Voided"),
        (3, "shipment is empty"),
        (3, "quantity is empty"),
        (4, "it has 4 values, and the first line names 6 columns"),
        (6, "order of shipment “B3” is O2, and O1 in line 5"),
        (6, "status of shipment “B3” is Delivered, and Shipped in line 5"),
        (7, "shipment is longer than 200 characters"),
    ]


def test_a_file_that_is_none_is_refused_by_its_first_line() -> None:
    assert problems("") == [(1, "the file is empty; its first line should be shipment,order,line,quantity")]
    assert problems(f"{HEAD}\n") == [(1, "the file has no shipments below its first line")]
    assert problems("shipment,order,order,weight\nB,O,O,1\n")[0] == (1, "the column order is there 2 times")
    assert problems("shipment,order,weight\n")[1] == (1, "the column line, quantity is missing")
    assert "is no CSV from here on" in problems(f"{HEAD}\nB1,O1,P,1\n{'y' * 200_000},O1,P,1\n")[0][1]
