from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.emulator.org import Org
from sfsync.salesforce import soql

STAMP = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ID = "006000000000001AAA"
ORG = Org()


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("O'Hara", r"'O\'Hara'"),
        ("a\\", r"'a\\'"),
        ('say "no"', r"'say \"no\"'"),
        ("one\ntwo\t", r"'one\ntwo\t'"),
        ("\x00", r"'\u0000'"),
        ("' OR Name != '", r"'\' OR Name != \''"),
    ],
)
def test_strings_cannot_break_out_of_their_quotes(value: str, written: str) -> None:
    assert soql.quoted(value) == written


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_any_text_is_one_literal_to_the_org(value: str) -> None:
    rows = ORG.query(f"SELECT Id FROM Account WHERE Name = {soql.quoted(value)} AND Name != null")

    assert rows == []


@pytest.mark.parametrize("value", ["", "006", "006000000000001AA'", "006000000000001AAA ", "006-00000000001"])
def test_what_is_no_id_is_not_quoted_as_one(value: str) -> None:
    assert not soql.is_id(value)
    with pytest.raises(ValueError, match="no Salesforce record id"):
        soql.quoted_id(value)


def test_ids_of_15_and_18_characters_are_taken() -> None:
    assert soql.is_id(ID)
    assert soql.quoted_id(ID[:15]) == "'006000000000001'"


@pytest.mark.parametrize("value", ["", "Name FROM User", "Name)", "1st", "a..b"])
def test_what_is_no_api_name_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="no API name"):
        soql.name(value)


def test_lists_are_quoted_one_by_one() -> None:
    assert soql.one_of("SFSync_Key__c", ["a", "b'"]) == r"SFSync_Key__c IN ('a','b\'')"


def test_an_empty_list_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        soql.one_of("Id", [])


def test_what_we_changed_last_behind_the_cursor_is_asked_for_apart() -> None:
    assert soql.behind(STAMP, back_to=STAMP.replace(hour=8), by=ID) == (
        "SystemModstamp >= 2026-03-02T08:00:00Z AND SystemModstamp <= 2026-03-02T09:00:00Z"
        f" AND LastModifiedById = '{ID}'"
    )


def test_lists_of_ids_are_checked() -> None:
    assert soql.ids_in([ID, ID[:15]]) == f"Id IN ('{ID}','{ID[:15]}')"
    with pytest.raises(ValueError, match="empty"):
        soql.ids_in([])
    with pytest.raises(ValueError, match="no Salesforce record id"):
        soql.ids_in([ID, "'"])


def test_the_look_back_includes_our_own_rows_where_nobody_knows_who_we_are() -> None:
    assert "LastModifiedById" not in soql.since(STAMP, ID, back_to=STAMP.replace(hour=8))


def test_conditions_keep_to_themselves_when_joined() -> None:
    assert soql.both("A = 1 OR B = 2", "", None, "C = 3") == "(A = 1 OR B = 2) AND (C = 3)"


def test_a_query_is_put_together() -> None:
    text = soql.select(["Id", "Name"], "Account", where="Name != null", order_by="Id", limit=5)

    assert text == "SELECT Id, Name FROM Account WHERE Name != null ORDER BY Id LIMIT 5"
    assert soql.select(["Id"], "Account") == "SELECT Id FROM Account"


def test_behind_a_row_comes_what_is_later_or_of_the_same_second_with_a_higher_id() -> None:
    assert soql.after(STAMP, ID) == (
        f"SystemModstamp > 2026-03-02T09:00:00Z OR (SystemModstamp = 2026-03-02T09:00:00Z AND Id > '{ID}')"
    )
    assert soql.after(STAMP, None) == "SystemModstamp > 2026-03-02T09:00:00Z"


def test_a_position_without_a_row_includes_all_of_its_second() -> None:
    assert soql.since(STAMP, None) == "SystemModstamp >= 2026-03-02T09:00:00Z"


def test_the_look_back_leaves_out_what_we_wrote_ourselves() -> None:
    condition = soql.since(STAMP, ID, back_to=STAMP.replace(hour=8), but_by="005000000000001AAA")

    assert condition == (
        f"SystemModstamp > 2026-03-02T09:00:00Z OR (SystemModstamp = 2026-03-02T09:00:00Z AND Id >= '{ID}')"
        " OR (SystemModstamp >= 2026-03-02T08:00:00Z AND SystemModstamp <= 2026-03-02T09:00:00Z"
        " AND LastModifiedById != '005000000000001AAA')"
    )
