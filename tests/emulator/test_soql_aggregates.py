from decimal import Decimal

import pytest

from tests.emulator.rows import Rows


@pytest.fixture
def rows() -> Rows:
    made = Rows()
    acme, beta = made.add("Account", Name="Acme"), made.add("Account", Name="Beta")
    for account, status, amount in ((acme, "Draft", "33.33"), (acme, "Activated", "66.66"), (beta, "Draft", "0.01")):
        made.add("Order", AccountId=account, Status=status, TotalAmount=Decimal(amount), EffectiveDate="2026-01-31")
    made.add("Order", Status="draft", TotalAmount=Decimal("0.1"), EffectiveDate="2026-02-01")
    return made


def test_count_answers_with_a_size_and_no_records(rows: Rows) -> None:
    cursor = rows.prepare("SELECT count() FROM Order WHERE Account.Name = 'acme'")

    assert cursor.total_size == 2
    assert cursor.page().records == []
    assert rows.prepare("SELECT COUNT() FROM Order LIMIT 3").total_size == 3


def test_groups_have_results_named_by_alias_or_number(rows: Rows) -> None:
    found = rows.query(
        "SELECT Status, COUNT(Id) n, SUM(TotalAmount), MAX(CreatedDate), MIN(EffectiveDate) first FROM Order "
        "GROUP BY Status ORDER BY COUNT(Id) DESC"
    )

    assert found[0] == {
        "attributes": {"type": "AggregateResult"},
        "Status": found[0]["Status"],
        "n": 3,
        "expr0": 33.44,
        "expr1": "2026-01-01T00:00:00.000+0000",
        "first": "2026-01-31",
    }
    assert found[0]["Status"].lower() == "draft"
    assert [row["n"] for row in found] == [3, 1]


def test_sums_of_money_have_no_binary_dust(rows: Rows) -> None:
    for amount in ("0.1", "0.2"):
        rows.add("Opportunity", Name=amount, Amount=Decimal(amount))

    (row,) = rows.query("SELECT SUM(Amount) total, AVG(Amount) mean FROM Opportunity")

    assert (row["total"], row["mean"]) == (0.3, 0.15)


def test_counting_a_field_leaves_nulls_out_and_distinct_values_are_counted_once(rows: Rows) -> None:
    (row,) = rows.query(
        "SELECT COUNT(AccountId) filled, COUNT_DISTINCT(AccountId) different, COUNT(Id) rows FROM Order"
    )

    assert (row["filled"], row["different"], row["rows"]) == (3, 2, 4)


def test_parents_may_be_grouped_and_aggregates_filtered(rows: Rows) -> None:
    found = rows.query(
        "SELECT Account.Name, SUM(TotalAmount) total FROM Order WHERE AccountId != null GROUP BY Account.Name "
        "HAVING SUM(TotalAmount) > 1 AND COUNT(Id) > 1"
    )

    assert found == [{"attributes": {"type": "AggregateResult"}, "Name": "Acme", "total": 99.99}]


def test_grouping_needs_no_aggregate(rows: Rows) -> None:
    found = rows.query("SELECT EffectiveDate day FROM Order GROUP BY EffectiveDate ORDER BY EffectiveDate DESC")

    assert [row["day"] for row in found] == ["2026-02-01", "2026-01-31"]


def test_a_grouped_answer_has_one_page(rows: Rows) -> None:
    for number in range(2001):
        rows.add("Contact", LastName=str(number))

    refusal = rows.refusal("SELECT LastName, COUNT(Id) FROM Contact GROUP BY LastName")

    assert refusal.code == "EXCEEDED_ID_LIMIT"
    assert len(rows.query("SELECT LastName, COUNT(Id) FROM Contact GROUP BY LastName LIMIT 2000")) == 2000


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("SELECT Name, COUNT(Id) FROM Account", "Field must be grouped or aggregated: Name"),
        ("SELECT Name, Site FROM Account GROUP BY Name", "Field must be grouped or aggregated: Site"),
        (
            "SELECT COUNT(Id) FROM Account GROUP BY Name ORDER BY Site",
            "Ordered field must be grouped or aggregated: Site",
        ),
        ("SELECT COUNT(Id) FROM Account LIMIT 1", "aggregate functions cannot also use LIMIT"),
        ("SELECT COUNT(Id) FROM Account ORDER BY COUNT(Id)", "aggregate functions cannot also use ORDER BY"),
        ("SELECT COUNT(Id) n, MAX(Name) n FROM Account", "duplicate alias: n"),
        ("SELECT COUNT(), Name FROM Account", "unexpected token: 'COUNT'"),
        ("SELECT MEDIAN(AnnualRevenue) m, COUNT(Id) FROM Account", "unexpected token: 'MEDIAN'"),
        ("SELECT Id, (SELECT COUNT(Id) FROM Orders) FROM Account", "only root queries support aggregate expressions"),
    ],
)
def test_what_cannot_be_grouped_is_malformed(rows: Rows, text: str, reason: str) -> None:
    refusal = rows.refusal(text)

    assert refusal.code == "MALFORMED_QUERY"
    assert refusal.message.endswith(reason)


@pytest.mark.parametrize("call", ["SUM(Name)", "AVG(CreatedDate)", "MAX(IsDeleted)", "COUNT(BillingAddress)"])
def test_an_aggregate_that_does_not_fit_the_type_is_refused(rows: Rows, call: str) -> None:
    refusal = rows.refusal(f"SELECT {call} FROM Account")

    assert refusal.code == "INVALID_FIELD"
    assert "does not support aggregate operator" in refusal.message
