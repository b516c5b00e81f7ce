import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sfsync.emulator.fields import Field
from tests.emulator.rows import Rows


@pytest.fixture
def rows() -> Rows:
    made = Rows()
    parent = made.add("Account", Name="Parent", IsPartner=True)
    made.add("Account", Name="alpha", Site="Bonn", NumberOfEmployees=5, AnnualRevenue=100, ParentId=parent)
    made.add("Account", Name="Beta_1", Site="bonn", NumberOfEmployees=50, AnnualRevenue=33)
    made.add("Account", Name="Müller 100%", NumberOfEmployees=None)
    return made


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("Name = 'ALPHA'", ["alpha"]),
        ("Name = 'MÜLLER 100%'", ["Müller 100%"]),
        ("Name > 'B'", ["Beta_1", "Müller 100%", "Parent"]),
        ("Name LIKE 'b%'", ["Beta_1"]),
        ("Name LIKE '%\\_1'", ["Beta_1"]),
        ("Name LIKE 'Beta__'", ["Beta_1"]),
        ("Name LIKE '%0\\%'", ["Müller 100%"]),
        ("Name LIKE 'mÜl%'", ["Müller 100%"]),
        ("Name LIKE 'alph'", []),
        ("Site = null", ["Müller 100%", "Parent"]),
        ("Site = ''", ["Müller 100%", "Parent"]),
        ("Site != null", ["alpha", "Beta_1"]),
        ("Site != 'Bonn'", ["Müller 100%", "Parent"]),
        ("Site <> 'Bonn'", ["Müller 100%", "Parent"]),
        ("NOT Site = 'Bonn'", ["Müller 100%", "Parent"]),
        ("NOT (Site = 'Bonn' AND Name = 'alpha')", ["Beta_1", "Müller 100%", "Parent"]),
        ("NumberOfEmployees < 50", ["alpha"]),
        ("NumberOfEmployees <= 50.0", ["alpha", "Beta_1"]),
        ("NumberOfEmployees > -1e3", ["alpha", "Beta_1"]),
        ("NumberOfEmployees != 5", ["Beta_1", "Müller 100%", "Parent"]),
        ("IsPartner = TRUE", ["Parent"]),
        ("IsPartner != true", ["alpha", "Beta_1", "Müller 100%"]),
        ("IsPartner = null", ["alpha", "Beta_1", "Müller 100%"]),
        ("Parent.IsPartner = false", ["Beta_1", "Müller 100%", "Parent"]),
        ("Parent.Name = null", ["Beta_1", "Müller 100%", "Parent"]),
        ("Parent.Name = 'parent'", ["alpha"]),
        ("Name IN ('ALPHA', 'nobody')", ["alpha"]),
        ("Name IN ('MÜLLER 100%', 'ALPHA')", ["alpha", "Müller 100%"]),
        ("Name NOT IN ('ALPHA', 'parent')", ["Beta_1", "Müller 100%"]),
        ("Site NOT IN ('bonn')", ["Müller 100%", "Parent"]),
        ("Site IN ('bonn', null)", ["alpha", "Beta_1", "Müller 100%", "Parent"]),
        ("Site NOT IN ('x', null)", ["alpha", "Beta_1"]),
        ("NumberOfEmployees IN (5, 50)", ["alpha", "Beta_1"]),
        ("(Name = 'alpha' OR Site = 'bonn') AND NumberOfEmployees > 5", ["Beta_1"]),
        ("Name = 'alpha' OR (Site = 'bonn' AND NumberOfEmployees > 5)", ["alpha", "Beta_1"]),
        ("Account.Name = 'alpha'", ["alpha"]),
    ],
)
def test_a_condition_finds_what_the_platform_finds(rows: Rows, condition: str, found: list[str]) -> None:
    assert rows.names(condition) == found


def test_escapes_in_strings_are_read(rows: Rows) -> None:
    rows.add("Account", Name='O\'Neil "&" Söhne \\ Co\nKG')

    found = rows.names(r"Name = 'O\'Neil \"&\" S\u00f6hne \\ Co\nKG'")

    assert len(found) == 1


def test_a_case_sensitive_key_is_compared_with_regard_to_case(rows: Rows) -> None:
    key = Field("Key__c", "string", "Key", length=64, unique=True, case_sensitive=True, external_id=True, custom=True)
    rows.schema.add_custom_field("Account", key)
    rows.db.synchronise()
    for value in ("k-A", "k-a", "k-*"):
        rows.add("Account", Name=value, Key__c=value)

    assert rows.names("Key__c = 'k-a'") == ["k-a"]
    assert rows.names("Key__c IN ('k-a', 'ü')") == ["k-a"]
    assert rows.names("Key__c LIKE 'K-%'") == []
    assert rows.names("Key__c LIKE '%a'") == ["k-a"]
    assert rows.names("Key__c LIKE 'k-*'") == ["k-*"]
    assert len(rows.names("Key__c LIKE '%-_'")) == 3


def test_ids_are_accepted_in_both_forms_and_compared_by_value(rows: Rows) -> None:
    first, *others = rows.column("SELECT Id FROM Account ORDER BY Id")

    assert rows.column(f"SELECT Id FROM Account WHERE Id = '{first[:15]}'") == [first]
    assert rows.column(f"SELECT Id FROM Account WHERE Id > '{first[:15]}' ORDER BY Id") == others
    assert rows.column(f"SELECT Id FROM Account WHERE Id > '{first}' ORDER BY Id") == others
    assert rows.column(f"SELECT Id FROM Account WHERE Id IN ('{first[:15]}', '{others[0]}') ORDER BY Id") == [
        first,
        others[0],
    ]


def test_upper_case_sorts_before_lower_case_in_ids_only(rows: Rows) -> None:
    made = [rows.add("Contact", LastName=name) for name in ("b", "A", "a", "B") * 20]

    assert rows.column("SELECT Id FROM Contact ORDER BY Id") == made
    assert rows.column(f"SELECT Id FROM Contact WHERE Id > '{made[40]}' ORDER BY Id") == made[41:]
    assert [name.lower() for name in rows.column("SELECT LastName FROM Contact ORDER BY LastName")] == ["a"] * 40 + [
        "b"
    ] * 40


def test_lists_of_thousands_of_ids_work_in_and_not_in(rows: Rows) -> None:
    made = [rows.add("Contact", LastName=str(number)) for number in range(5000)]
    listed = ",".join(f"'{one[:15]}'" for one in made[:4990])

    assert rows.column(f"SELECT Id FROM Contact WHERE Id IN ({listed})") == made[:4990]
    assert rows.column(f"SELECT Id FROM Contact WHERE Id NOT IN ({listed})") == made[4990:]


def test_datetimes_are_compared_by_the_second_whatever_their_form(rows: Rows) -> None:
    rows.add("Account", Name="stamped", SystemModstamp="2026-03-01T10:00:05")

    for same in (
        "2026-03-01T10:00:05Z",
        "2026-03-01T10:00:05.000Z",
        "2026-03-01T10:00:05.999999Z",
        "2026-03-01T11:00:05+01:00",
        "2026-03-01T10:00:05.000+0000",
        "2026-03-01T02:00:05-08:00",
        "2026-03-01t10:00:05z",
    ):
        assert rows.names(f"SystemModstamp = {same}") == ["stamped"]
        assert rows.names(f"SystemModstamp > {same}") == []
        assert rows.names(f"SystemModstamp >= {same}") == ["stamped"]


def test_a_keyset_over_equal_stamps_loses_nothing_and_repeats_nothing(rows: Rows) -> None:
    for number in range(30):
        rows.add("Contact", LastName=str(number), SystemModstamp=f"2026-03-01T10:00:0{number // 12}")
    everything = rows.column("SELECT Id FROM Contact ORDER BY SystemModstamp, Id")
    seen: list[str] = []
    after = "SystemModstamp >= 2026-01-01T00:00:00Z"

    while page := rows.query(
        f"SELECT Id, SystemModstamp FROM Contact WHERE {after} ORDER BY SystemModstamp ASC, Id ASC LIMIT 7"
    ):
        seen += [row["Id"] for row in page]
        stamp = page[-1]["SystemModstamp"]
        after = f"(SystemModstamp > {stamp}) OR (SystemModstamp = {stamp} AND Id > '{page[-1]['Id']}')"

    assert seen == everything


def test_deleted_records_are_seen_only_when_asked_for(rows: Rows) -> None:
    gone = rows.add("Account", Name="gone")
    rows.db.delete_row("Account", gone, "2026-02-01T00:00:00")
    text = "SELECT Name FROM Account WHERE Name = 'gone'"

    assert rows.column(text) == []
    assert rows.column(text, include_deleted=True) == ["gone"]
    assert rows.column(f"{text} AND IsDeleted = false", include_deleted=True) == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(st.text("aAÄä%_\\'\"\n x", max_size=6), st.text("aAÄä%_\\'\"\n x", max_size=6))
def test_equality_is_caseless_equality_of_the_text(rows: Rows, stored: str, asked: str) -> None:
    escaped = asked.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    with rows.db.savepoint():
        record = rows.add("Contact", LastName=stored)
        found = rows.column(f"SELECT Id FROM Contact WHERE LastName = '{escaped}'")
        rows.db.connection.execute('DELETE FROM "Contact"')

    assert (found == [record]) == (stored.casefold() == asked.casefold())
