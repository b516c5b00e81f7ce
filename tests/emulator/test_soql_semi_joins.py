import pytest

from tests.emulator.rows import Rows


@pytest.fixture
def rows() -> Rows:
    made = Rows()
    acme = made.add("Account", Name="Acme")
    made.add("Account", Name="Beta")
    ordered = made.add("Opportunity", Name="ordered", AccountId=acme, IsWon=True)
    made.add("Opportunity", Name="open", AccountId=acme)
    made.add("Opportunity", Name="lonely", IsWon=True)
    made.add("Order", AccountId=acme, OpportunityId=ordered, Status="Draft")
    made.add("Order", AccountId=acme, Status="Activated")
    return made


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("Id IN (SELECT OpportunityId FROM Order)", ["ordered"]),
        ("Id NOT IN (SELECT OpportunityId FROM Order)", ["lonely", "open"]),
        ("Id NOT IN (SELECT OpportunityId FROM Order WHERE OpportunityId != null)", ["lonely", "open"]),
        ("IsWon = true AND Id NOT IN (SELECT OpportunityId FROM Order)", ["lonely"]),
        ("Id IN (SELECT OpportunityId FROM Order WHERE Status = 'Activated')", []),
        ("Id IN (SELECT OpportunityId FROM Order WHERE Account.Name = 'acme') AND Name = 'ordered'", ["ordered"]),
        ("AccountId IN (SELECT Id FROM Account WHERE Name LIKE 'A%')", ["open", "ordered"]),
        ("AccountId NOT IN (SELECT Id FROM Account)", ["lonely"]),
        ("AccountId IN (SELECT AccountId FROM Order)", ["open", "ordered"]),
        (
            "Name = 'open' AND AccountId IN (SELECT Id FROM Account) AND Id NOT IN (SELECT OpportunityId FROM Order)",
            ["open"],
        ),
    ],
)
def test_records_are_chosen_by_what_another_query_finds(rows: Rows, condition: str, found: list[str]) -> None:
    assert rows.column(f"SELECT Name FROM Opportunity WHERE {condition} ORDER BY Name") == found


def test_deleted_records_do_not_count(rows: Rows) -> None:
    for order in rows.column("SELECT Id FROM Order"):
        rows.db.delete_row("Order", order, "2026-02-01T00:00:00")
    text = "SELECT Name FROM Opportunity WHERE Id IN (SELECT OpportunityId FROM Order)"

    assert rows.column(text) == []
    assert rows.column(text, include_deleted=True) == ["ordered"]


@pytest.mark.parametrize(
    ("condition", "reason"),
    [
        ("Name IN (SELECT OpportunityId FROM Order)", "should be an id field, cannot use: 'Name'"),
        ("Account.OwnerId IN (SELECT OwnerId FROM Order)", "should be an id field, cannot use: 'Account.OwnerId'"),
        ("Id IN (SELECT Name FROM Order)", "should be an id field, cannot use: 'Name'"),
        (
            "Id IN (SELECT Order.OpportunityId FROM OrderItem)",
            "should be an id field, cannot use: 'Order.OpportunityId'",
        ),
        ("Id IN (SELECT AccountId FROM Order)", "does not refer to what the outer one compares"),
        ("AccountId IN (SELECT AccountId FROM Opportunity)", "should not be on the same object type"),
        ("Id IN (SELECT OpportunityId, Id FROM Order)", "can only select one field"),
        ("Id IN (SELECT COUNT() FROM Order)", "can only select one field"),
        ("Id IN (SELECT OpportunityId FROM Order LIMIT 1)", "not allowed in semi join sub-selects"),
        ("Id IN (SELECT OpportunityId FROM Order ORDER BY Id)", "not allowed in semi join sub-selects"),
        ("Name = 'x' OR Id IN (SELECT OpportunityId FROM Order)", "not in nested WHERE expressions."),
        ("NOT Id IN (SELECT OpportunityId FROM Order)", "not in nested WHERE expressions."),
        (
            "Id IN (SELECT OpportunityId FROM Order WHERE Id IN (SELECT OrderId FROM OrderItem))",
            "Nesting of semi join sub-selects is not supported",
        ),
        (
            " AND ".join(["Id IN (SELECT OpportunityId FROM Order)"] * 3),
            "maximum 2 semi join sub-selects are allowed in one query",
        ),
    ],
)
def test_the_platforms_restrictions_hold(rows: Rows, condition: str, reason: str) -> None:
    refusal = rows.refusal(f"SELECT Id FROM Opportunity WHERE {condition}")

    assert refusal.code == "MALFORMED_QUERY"
    assert refusal.message.endswith(reason)
