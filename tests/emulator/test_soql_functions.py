"""Functions of fields, and days that depend on who asks."""

from decimal import Decimal
from typing import Any

import pytest

from sfsync.emulator.fields import Field, PicklistValue
from sfsync.emulator.soql import execute
from sfsync.emulator.soql.dates import literal_range
from tests.emulator.rows import NOW, Rows

BERLIN, TOKYO = "Europe/Berlin", "Asia/Tokyo"


@pytest.fixture(scope="module")
def rows() -> Rows:
    made = Rows()
    values = (PicklistValue("r", "red"), PicklistValue("b", "blue"), PicklistValue("g", "green"))
    made.schema.add_custom_field(
        "Account", Field("Colours__c", "multipicklist", "Colours", length=99, picklist=values, custom=True)
    )
    made.schema.add_custom_field("Account", Field("Tone__c", "picklist", "Tone", picklist=values, custom=True))
    made.db.synchronise()
    made.add("Organization", Name="Org", TimeZoneSidKey=BERLIN, FiscalYearStartMonth=7)
    made.add("Account", Name="both", Colours__c="r;b", Tone__c="r", CreatedDate="2026-02-28T23:30:00")
    made.add("Account", Name="red", Colours__c="r", Tone__c="b", CreatedDate="2026-03-03T22:59:59")
    made.add("Account", Name="none", AnnualRevenue=Decimal(-1234567), NumberOfEmployees=1000)
    made.add("Opportunity", Name="deal", Probability=Decimal(25), Amount=Decimal("9.5"), CloseDate="2026-07-01")
    return made


def only(rows: Rows, text: str, user: str | None = None) -> dict[str, Any]:
    """The values of the only record found."""
    (record,) = execute(text, schema=rows.schema, db=rows.db, now=NOW, user=user).records
    return {name: value for name, value in record.items() if name != "attributes"}


@pytest.mark.parametrize(
    ("function", "value"),
    [
        ("CALENDAR_YEAR", 2026),
        ("CALENDAR_QUARTER", 1),
        ("CALENDAR_MONTH", 2),
        ("DAY_IN_MONTH", 28),
        ("DAY_IN_WEEK", 7),  # a Saturday
        ("DAY_IN_YEAR", 59),
        ("DAY_ONLY", "2026-02-28"),
        ("FISCAL_YEAR", 2026),
        ("FISCAL_QUARTER", 3),
        ("FISCAL_MONTH", 8),
        ("HOUR_IN_DAY", 23),
        ("WEEK_IN_MONTH", 4),
        ("WEEK_IN_YEAR", 9),
    ],
)
def test_date_functions_take_a_moment_apart_in_utc(rows: Rows, function: str, value: object) -> None:
    call = f"{function}(CreatedDate)"

    assert only(rows, f"SELECT {call} v FROM Account WHERE Name = 'both' GROUP BY {call}") == {"v": value}
    assert rows.names(f"{call} = {value} AND Name = 'both'") == ["both"]


@pytest.mark.parametrize(
    ("call", "value"),
    [
        ("DAY_ONLY(convertTimezone(CreatedDate))", "2026-03-01"),
        ("HOUR_IN_DAY(convertTimezone(CreatedDate))", 0),
        ("CALENDAR_MONTH(convertTimezone(CreatedDate))", 3),
    ],
)
def test_moments_are_moved_to_the_users_time_zone_when_told_to(rows: Rows, call: str, value: object) -> None:
    assert only(rows, f"SELECT {call} v FROM Account WHERE Name = 'both' GROUP BY {call}") == {"v": value}


def test_the_days_of_date_literals_are_those_of_the_user_else_of_the_org(rows: Rows) -> None:
    tokyo = rows.add("User", Name="Kei", LastName="Kei", TimeZoneSidKey=TOKYO)
    text = "SELECT Name FROM Account WHERE CreatedDate = YESTERDAY"

    # 22:59:59 of the 3rd in UTC is a second before midnight in Berlin, and next morning in Tokyo.
    assert only(rows, text) == {"Name": "red"}
    assert execute(text, schema=rows.schema, db=rows.db, now=NOW, user=tokyo).records == []


@pytest.mark.parametrize(
    ("literal", "first", "after"),
    [
        ("THIS_FISCAL_YEAR", "2025-07-01", "2026-07-01"),
        ("LAST_FISCAL_QUARTER", "2025-10-01", "2026-01-01"),
        ("N_FISCAL_YEARS_AGO:1", "2024-07-01", "2025-07-01"),
        ("NEXT_N_FISCAL_QUARTERS:2", "2026-04-01", "2026-10-01"),
        ("THIS_YEAR", "2026-01-01", "2027-01-01"),
    ],
)
def test_fiscal_literals_follow_the_month_in_which_the_year_starts(literal: str, first: str, after: str) -> None:
    found = literal_range(literal, NOW.date(), 7)

    assert found is not None
    assert [day.isoformat() for day in found] == [first, after]


def test_a_date_function_may_be_grouped_by_its_date(rows: Rows) -> None:
    text = (
        "SELECT FISCAL_YEAR(CloseDate), COUNT(Id) FROM Opportunity GROUP BY CloseDate HAVING FISCAL_YEAR(CloseDate) > 0"
    )

    assert only(rows, text) == {"expr0": 2027, "expr1": 1}


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("Colours__c INCLUDES ('r')", ["both", "red"]),
        ("Colours__c INCLUDES ('B;R')", ["both"]),
        ("Colours__c INCLUDES ('g', 'b')", ["both"]),
        ("Colours__c EXCLUDES ('b')", ["none", "red"]),
        ("Colours__c = 'b;r'", ["both"]),
        ("Colours__c != 'r'", ["both", "none"]),
        ("Colours__c = null", ["none"]),
        ("Colours__c INCLUDES ('')", ["none"]),
    ],
)
def test_several_values_of_a_picklist_are_chosen_at_once(rows: Rows, condition: str, found: list[str]) -> None:
    assert rows.names(condition) == found


def test_labels_are_shown_and_compared_instead_of_values(rows: Rows) -> None:
    text = "SELECT toLabel(Colours__c), toLabel(Tone__c) tone, Tone__c FROM Account WHERE toLabel(Tone__c) = 'Red'"

    assert only(rows, text) == {"Colours__c": "red;blue", "tone": "red", "Tone__c": "r"}


def test_values_are_formatted_for_the_eye(rows: Rows) -> None:
    money = "SELECT FORMAT(AnnualRevenue) a, FORMAT(NumberOfEmployees) n FROM Account WHERE Name = 'none'"
    deal = "SELECT format(Probability) p, format(Amount) a, format(CloseDate) FROM Opportunity"

    assert only(rows, money) == {"a": "-$1,234,567", "n": "1,000"}
    assert only(rows, deal) == {"p": "25%", "a": "$9.50", "CloseDate": "7/1/2026"}
    assert only(rows, "SELECT FORMAT(CreatedDate) FROM Account WHERE Name = 'both'") == {
        "CreatedDate": "3/1/2026, 12:30 AM"
    }
    assert only(rows, "SELECT FORMAT(MAX(CloseDate)) last FROM Opportunity") == {"last": "7/1/2026"}


@pytest.mark.parametrize(
    ("text", "code", "reason"),
    [
        ("SELECT Id FROM Account WHERE DAY_ONLY(CreatedDate) = TODAY", "MALFORMED_QUERY", "unexpected token: 'TODAY'"),
        ("SELECT Id FROM Account WHERE CALENDAR_YEAR(Name) = 1", "INVALID_FIELD", "Name does not support function"),
        (
            "SELECT Id FROM Opportunity WHERE DAY_ONLY(CloseDate) = 2026-01-01",
            "INVALID_FIELD",
            "CloseDate does not support",
        ),
        ("SELECT Id FROM Account WHERE CALENDAR_YEAR(CreatedDate) = '2026'", "INVALID_FIELD", "must be of type int"),
        ("SELECT Id FROM Account WHERE CALENDAR_YEAR() = 1", "MALFORMED_QUERY", "unexpected token: 'CALENDAR_YEAR'"),
        (
            "SELECT CALENDAR_YEAR(CreatedDate) FROM Account",
            "MALFORMED_QUERY",
            "Field must be grouped or aggregated: CALENDAR_YEAR(CreatedDate)",
        ),
        (
            "SELECT CALENDAR_YEAR(CreatedDate) FROM Account GROUP BY Name",
            "MALFORMED_QUERY",
            "Field must be grouped or aggregated",
        ),
        ("SELECT Id FROM Account WHERE Name INCLUDES ('a')", "INVALID_FIELD", "invalid operator on string field"),
        ("SELECT Id FROM Account WHERE Colours__c > 'a'", "INVALID_FIELD", "invalid operator on multipicklist field"),
        (
            "SELECT Id FROM Account ORDER BY Colours__c",
            "INVALID_FIELD",
            "'Colours__c' can not be sorted in a query call",
        ),
        ("SELECT COUNT(Id) FROM Account GROUP BY Colours__c", "INVALID_FIELD", "'Colours__c' can not be grouped"),
        ("SELECT toLabel(Name) FROM Account", "INVALID_FIELD", "field Name does not support function toLabel"),
        ("SELECT FORMAT(Name) FROM Account", "INVALID_FIELD", "field Name does not support function FORMAT"),
        (
            "SELECT FORMAT(AnnualRevenue), AnnualRevenue FROM Account",
            "INVALID_FIELD",
            "duplicate field selected: AnnualRevenue",
        ),
        (
            "SELECT convertCurrency(AnnualRevenue) FROM Account",
            "MALFORMED_QUERY",
            "organizations with multiple currencies",
        ),
        (
            "SELECT Id FROM Account WHERE AnnualRevenue > USD5000",
            "MALFORMED_QUERY",
            "organizations with multiple currencies",
        ),
    ],
)
def test_what_a_function_or_operator_cannot_be_used_for_is_refused(
    rows: Rows, text: str, code: str, reason: str
) -> None:
    refusal = rows.refusal(text)

    assert refusal.code == code
    assert reason in refusal.message
