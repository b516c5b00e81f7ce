from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.emulator.soql.dates import literal_range
from tests.emulator.rows import Rows

TODAY = date(2026, 3, 4)  # a Wednesday


@pytest.mark.parametrize(
    ("literal", "first", "last"),
    [
        ("TODAY", "2026-03-04", "2026-03-04"),
        ("yesterday", "2026-03-03", "2026-03-03"),
        ("TOMORROW", "2026-03-05", "2026-03-05"),
        ("THIS_WEEK", "2026-03-01", "2026-03-07"),
        ("LAST_WEEK", "2026-02-22", "2026-02-28"),
        ("NEXT_WEEK", "2026-03-08", "2026-03-14"),
        ("THIS_MONTH", "2026-03-01", "2026-03-31"),
        ("LAST_MONTH", "2026-02-01", "2026-02-28"),
        ("NEXT_MONTH", "2026-04-01", "2026-04-30"),
        ("THIS_QUARTER", "2026-01-01", "2026-03-31"),
        ("LAST_QUARTER", "2025-10-01", "2025-12-31"),
        ("NEXT_FISCAL_QUARTER", "2026-04-01", "2026-06-30"),
        ("THIS_YEAR", "2026-01-01", "2026-12-31"),
        ("LAST_FISCAL_YEAR", "2025-01-01", "2025-12-31"),
        ("LAST_90_DAYS", "2025-12-04", "2026-03-04"),
        ("NEXT_90_DAYS", "2026-03-05", "2026-06-02"),
        ("LAST_N_DAYS:1", "2026-03-03", "2026-03-04"),
        ("NEXT_N_DAYS:2", "2026-03-05", "2026-03-06"),
        ("N_DAYS_AGO:2", "2026-03-02", "2026-03-02"),
        ("LAST_N_WEEKS:2", "2026-02-15", "2026-02-28"),
        ("N_WEEKS_AGO:1", "2026-02-22", "2026-02-28"),
        ("LAST_N_MONTHS:3", "2025-12-01", "2026-02-28"),
        ("NEXT_N_MONTHS:1", "2026-04-01", "2026-04-30"),
        ("N_MONTHS_AGO:3", "2025-12-01", "2025-12-31"),
        ("LAST_N_QUARTERS:1", "2025-10-01", "2025-12-31"),
        ("N_QUARTERS_AGO:1", "2025-10-01", "2025-12-31"),
        ("LAST_N_YEARS:2", "2024-01-01", "2025-12-31"),
        ("N_YEARS_AGO:1", "2025-01-01", "2025-12-31"),
        ("LAST_N_FISCAL_YEARS:1", "2025-01-01", "2025-12-31"),
    ],
)
def test_a_date_literal_is_a_range_of_days(literal: str, first: str, last: str) -> None:
    found = literal_range(literal, TODAY)

    assert found == (date.fromisoformat(first), date.fromisoformat(last) + timedelta(days=1))


@pytest.mark.parametrize("word", ["SOMEDAY", "LAST_N_DAYS", "LAST_N_DAYS:x", "N_DAYS_AGO:99999999", "THIS_DAY"])
def test_anything_else_is_no_date_literal(word: str) -> None:
    assert literal_range(word, TODAY) is None


@given(st.dates(date(1950, 1, 1), date(2100, 1, 1)), st.sampled_from(["WEEK", "MONTH", "QUARTER", "YEAR"]))
def test_last_this_and_next_follow_each_other_without_gap(today: date, unit: str) -> None:
    spans = [literal_range(f"{side}_{unit}", today) for side in ("LAST", "THIS", "NEXT")]

    last, this, following = (span for span in spans if span is not None)
    assert last[1] == this[0] <= today < this[1] == following[0]


@pytest.mark.parametrize(
    ("operator", "found"),
    [
        ("=", ["02-01", "02-28"]),
        ("!=", ["01-31", "03-01"]),
        ("<", ["01-31"]),
        ("<=", ["01-31", "02-01", "02-28"]),
        (">", ["03-01"]),
        (">=", ["02-01", "02-28", "03-01"]),
    ],
)
def test_comparing_with_a_range_is_comparing_with_its_ends(operator: str, found: list[str]) -> None:
    rows = Rows()
    for day in ("01-31", "02-01", "02-28", "03-01"):
        rows.add("Opportunity", Name=day, CloseDate=f"2026-{day}", CreatedDate=f"2026-{day}T23:59:59")

    for field in ("CloseDate", "CreatedDate"):
        names = rows.column(f"SELECT Name FROM Opportunity WHERE {field} {operator} LAST_MONTH ORDER BY Name")
        assert names == found


def test_no_date_is_outside_every_range() -> None:
    rows = Rows()
    rows.add("Opportunity", Name="undated")

    assert rows.column("SELECT Name FROM Opportunity WHERE CloseDate != LAST_MONTH") == ["undated"]
    assert rows.column("SELECT Name FROM Opportunity WHERE CloseDate < LAST_MONTH") == []


def test_date_literals_may_stand_in_lists() -> None:
    rows = Rows()
    for day in ("2026-03-03", "2026-03-04", "2026-01-01", "2025-01-01"):
        rows.add("Opportunity", Name=day, CloseDate=day)

    found = rows.column("SELECT Name FROM Opportunity WHERE CloseDate IN (TODAY, 2026-01-01) ORDER BY Name")

    assert found == ["2026-01-01", "2026-03-04"]
