from decimal import Decimal

import pytest

from sfsync.emulator.fields import Field
from tests.emulator.rows import Rows


@pytest.fixture
def rows() -> Rows:
    return Rows()


def test_a_record_has_attributes_first_and_fields_in_the_order_and_case_of_the_platform(rows: Rows) -> None:
    account = rows.add("Account", Name="Acme")

    (row,) = rows.query("select site, NAME, iD from ACCOUNT")

    assert list(row.items()) == [
        ("attributes", {"type": "Account", "url": f"/services/data/v66.0/sobjects/Account/{account}"}),
        ("Site", None),
        ("Name", "Acme"),
        ("Id", account),
    ]


def test_values_are_given_as_json_wants_them(rows: Rows) -> None:
    rows.add(
        "Opportunity",
        Name="x",
        Amount=Decimal("33.33"),
        Probability=Decimal(90),
        IsWon=True,
        CloseDate="2026-01-31",
        FiscalYear=2026,
        CreatedDate="2026-01-01T10:20:30",
    )

    (row,) = rows.query(
        "SELECT Amount, Probability, IsWon, IsClosed, CloseDate, FiscalYear, CreatedDate, ExpectedRevenue "
        "FROM Opportunity"
    )

    row.pop("attributes")
    assert row == {
        "Amount": 33.33,
        "Probability": 90.0,
        "IsWon": True,
        "IsClosed": False,
        "CloseDate": "2026-01-31",
        "FiscalYear": 2026,
        "CreatedDate": "2026-01-01T10:20:30.000+0000",
        "ExpectedRevenue": None,
    }
    assert row["IsWon"] is True
    assert isinstance(row["Probability"], float)


def test_an_address_is_one_value_or_null(rows: Rows) -> None:
    rows.add("Account", Name="a", BillingCity="Bonn", BillingLatitude=Decimal("50.7"))
    rows.add("Account", Name="b")

    first, second = rows.column("SELECT BillingAddress FROM Account ORDER BY Name")

    assert list(first) == sorted(first)
    assert (first["city"], first["latitude"], first["street"]) == ("Bonn", 50.7, None)
    assert second is None


def test_parents_are_nested_with_attributes_of_their_own_or_null(rows: Rows) -> None:
    user = rows.add("User", Name="Ann")
    account = rows.add("Account", Name="Acme", OwnerId=user)
    rows.add("Order", OrderNumber="1", AccountId=account, OwnerId=user)
    rows.add("Order", OrderNumber="2")

    with_account, without = rows.query(
        "SELECT account.name, OrderNumber, Account.Owner.Name, Account.Id, Owner.Type FROM Order ORDER BY OrderNumber"
    )

    url = "/services/data/v66.0/sobjects"
    assert with_account["Account"] == {
        "attributes": {"type": "Account", "url": f"{url}/Account/{account}"},
        "Name": "Acme",
        "Owner": {"attributes": {"type": "User", "url": f"{url}/User/{user}"}, "Name": "Ann"},
        "Id": account,
    }
    assert list(with_account) == ["attributes", "Account", "OrderNumber", "Owner"]
    assert with_account["Owner"]["Type"] == "User"
    assert without["Account"] is None


def test_the_alias_and_the_own_name_qualify_fields(rows: Rows) -> None:
    rows.add("Account", Name="Acme")
    rows.add("OrderItem", OrderId=rows.add("Order", Name="mine"))

    assert rows.column("SELECT a.Name FROM Account a WHERE a.Name = 'Acme' ORDER BY a.Id") == ["Acme"]
    assert rows.query("SELECT Account.Name FROM Account")[0]["Name"] == "Acme"
    assert rows.column("SELECT Order.Name FROM OrderItem")[0]["Name"] == "mine"


def test_children_come_as_a_result_of_their_own_or_null(rows: Rows) -> None:
    full, empty = rows.add("Order", Name="full"), rows.add("Order", Name="empty")
    for quantity in (3, 1, 2):
        rows.add("OrderItem", OrderId=full, Quantity=Decimal(quantity))
    gone = rows.add("OrderItem", OrderId=empty, Quantity=Decimal(9))
    rows.db.delete_row("OrderItem", gone, "2026-02-01T00:00:00")
    text = (
        "SELECT Id, (SELECT Quantity, Order.Name FROM orderitems ORDER BY Quantity DESC), Name FROM Order ORDER BY Id"
    )

    with_items, without = rows.query(text)
    with_deleted = rows.query(text, include_deleted=True)[1]

    assert list(with_items) == ["attributes", "Id", "OrderItems", "Name"]
    assert with_items["OrderItems"]["totalSize"] == 3
    assert with_items["OrderItems"]["done"] is True
    assert [one["Quantity"] for one in with_items["OrderItems"]["records"]] == [3.0, 2.0, 1.0]
    assert with_items["OrderItems"]["records"][0]["Order"]["Name"] == "full"
    assert without["OrderItems"] is None
    assert with_deleted["OrderItems"]["totalSize"] == 1


def test_limit_and_offset_of_children_count_for_each_parent(rows: Rows) -> None:
    orders = [rows.add("Order"), rows.add("Order")]
    for order in orders:
        for quantity in range(5):
            rows.add("OrderItem", OrderId=order, Quantity=Decimal(quantity))

    found = rows.query(
        "SELECT Id, (SELECT Quantity FROM OrderItems WHERE Quantity > 0 ORDER BY Quantity LIMIT 2 OFFSET 1) FROM Order"
    )

    for row in found:
        assert [one["Quantity"] for one in row["OrderItems"]["records"]] == [2.0, 3.0]


def test_children_may_have_children(rows: Rows) -> None:
    account = rows.add("Account", Name="Acme")
    order = rows.add("Order", AccountId=account)
    item = rows.add("OrderItem", OrderId=order)

    (row,) = rows.query("SELECT Id, (SELECT Id, (SELECT Id FROM OrderItems) FROM Orders) FROM Account")

    assert row["Orders"]["records"][0]["OrderItems"]["records"][0]["Id"] == item


def test_custom_relationships_end_in_r(rows: Rows) -> None:
    lookup = Field(
        "Deal__c",
        "reference",
        "Deal",
        length=18,
        reference_to=("Opportunity",),
        relationship="Deal__r",
        child_relationship="Deals__r",
        custom=True,
    )
    rows.schema.add_custom_field("Order", lookup)
    rows.db.synchronise()
    rows.add("Order", Deal__c=rows.add("Opportunity", Name="Won"))

    assert rows.column("SELECT Deal__r.Name FROM Order")[0]["Name"] == "Won"
    assert rows.column("SELECT (SELECT Id FROM Deals__r) FROM Opportunity")[0]["totalSize"] == 1
    assert "append the '__r'" in rows.refusal("SELECT Deal__c.Name FROM Order").message


@pytest.mark.parametrize(
    ("order", "names"),
    [
        ("Site", ["none", "Ärger", "bonn", "Calw"]),
        ("Site DESC", ["none", "Calw", "bonn", "Ärger"]),
        ("Site ASC NULLS LAST", ["Ärger", "bonn", "Calw", "none"]),
        ("Site DESC NULLS LAST", ["Calw", "bonn", "Ärger", "none"]),
        ("Site NULLS FIRST", ["none", "Ärger", "bonn", "Calw"]),
        ("AnnualRevenue DESC, Name", ["none", "bonn", "Calw", "Ärger"]),
        ("Parent.Name DESC NULLS LAST, Name DESC", ["Ärger", "none", "Calw", "bonn"]),
    ],
)
def test_nulls_come_first_unless_told_otherwise_and_text_is_sorted_as_people_do(
    rows: Rows, order: str, names: list[str]
) -> None:
    parent = rows.add("Account", Name="none")
    rows.add("Account", Name="Ärger", Site="Ärger", AnnualRevenue=Decimal(1), ParentId=parent)
    rows.add("Account", Name="Calw", Site="Calw", AnnualRevenue=Decimal(2))
    rows.add("Account", Name="bonn", Site="bonn", AnnualRevenue=Decimal(10))

    assert rows.column(f"SELECT Name FROM Account ORDER BY {order}") == names


def test_accents_do_not_move_a_word_behind_its_neighbours(rows: Rows) -> None:
    for name in ("Azur", "Ärger", "Abel"):
        rows.add("Account", Name=name)

    assert rows.column("SELECT Name FROM Account ORDER BY Name") == ["Abel", "Ärger", "Azur"]


def test_limit_and_offset_cut_the_answer_and_its_size(rows: Rows) -> None:
    for number in range(10):
        rows.add("Account", Name=str(number))

    cursor = rows.prepare("SELECT Name FROM Account ORDER BY Name LIMIT 3 OFFSET 4 FOR VIEW FOR REFERENCE")

    assert cursor.total_size == 3
    assert [one["Name"] for one in cursor.page().records] == ["4", "5", "6"]
    assert rows.prepare("SELECT Id FROM Account LIMIT 0").total_size == 0
    assert rows.prepare("SELECT Id FROM Account OFFSET 8").total_size == 2


def test_fields_spells_out_what_the_user_may_see(rows: Rows) -> None:
    rows.schema.add_custom_field("Account", Field("Vip__c", "boolean", "VIP", custom=True))
    rows.schema.hide_field("Account", "Fax")
    rows.db.synchronise()
    rows.add("Account", Name="Acme")

    everything = rows.query("SELECT FIELDS(ALL) FROM Account LIMIT 200")[0]
    custom = rows.query("SELECT FIELDS(CUSTOM) FROM Account LIMIT 1")[0]
    standard = rows.query("SELECT FIELDS(STANDARD) FROM Account")[0]

    assert "Fax" not in everything
    assert list(custom) == ["attributes", "Vip__c"]
    assert set(everything) == set(standard) | {"Vip__c"}


def test_records_are_addressed_in_the_version_that_was_asked(rows: Rows) -> None:
    rows.add("Account", Name="Acme")

    (row,) = rows.query("SELECT Id FROM Account", version="59.0")

    assert row["attributes"]["url"].startswith("/services/data/v59.0/sobjects/Account/001")
