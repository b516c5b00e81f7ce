from decimal import Decimal

import pytest

from sfsync.emulator.database import Database
from sfsync.emulator.fields import Field
from sfsync.emulator.rounding import round_half_up
from tests.emulator.rows import STAMP, Rows

LATER = "2026-01-02T00:00:00"


@pytest.fixture
def rows() -> Rows:
    return Rows()


def test_values_come_back_as_python_values(rows: Rows) -> None:
    opportunity = rows.add("Opportunity", Name="Won", Amount=Decimal("33.33"), IsWon=True, CloseDate="2026-01-31")

    row = rows.db.get_row("Opportunity", opportunity)

    assert row is not None
    assert row["Amount"] == Decimal("33.33")
    assert row["IsWon"] is True
    assert row["IsClosed"] is False
    assert row["CloseDate"] == "2026-01-31"
    assert row["AccountId"] is None


def test_an_empty_text_is_stored_as_null(rows: Rows) -> None:
    account = rows.add("Account", Name="Acme", Site="")

    row = rows.db.get_row("Account", account)

    assert row is not None
    assert row["Site"] is None


def test_a_field_the_object_does_not_store_is_an_error(rows: Rows) -> None:
    with pytest.raises(KeyError, match="Nonsense"):
        rows.add("Account", Name="Acme", Nonsense="x")
    with pytest.raises(KeyError, match="BillingAddress"):
        rows.add("Account", Name="Acme", BillingAddress="x")


def test_changing_a_row_that_is_not_there_is_an_error(rows: Rows) -> None:
    with pytest.raises(KeyError):
        rows.db.update_row("Account", rows.ids.next("001"), {"Name": "Nobody"})


def test_text_is_found_without_regard_to_case_but_a_case_sensitive_key_is_not(rows: Rows) -> None:
    key = Field("Key__c", "string", "Key", length=64, unique=True, case_sensitive=True, external_id=True, custom=True)
    rows.schema.add_custom_field("Account", key)
    rows.db.synchronise()
    account = rows.add("Account", Name="Acme", Key__c="k-A")

    assert [row["Id"] for row in rows.db.find("Account", {"Name": "ACME"})] == [account]
    assert [row["Id"] for row in rows.db.find("Account", {"Key__c": "k-A"})] == [account]
    assert rows.db.find("Account", {"Key__c": "K-a"}) == []


def test_nulls_are_found(rows: Rows) -> None:
    lonely = rows.add("Opportunity", Name="No account")
    rows.add("Opportunity", Name="With", AccountId=rows.add("Account", Name="Acme"))

    assert [row["Id"] for row in rows.db.find("Opportunity", {"AccountId": None})] == [lonely]


def test_a_deleted_row_is_out_of_sight_moves_its_stamp_and_is_logged(rows: Rows) -> None:
    account = rows.add("Account", Name="Acme")

    rows.db.delete_row("Account", account, LATER)

    assert rows.db.get_row("Account", account) is None
    kept = rows.db.get_row("Account", account, include_deleted=True)
    assert kept is not None
    assert kept["IsDeleted"] is True
    assert kept["SystemModstamp"] == LATER
    assert rows.db.deleted_between("Account", LATER, "2026-01-03T00:00:00") == [(account, LATER)]
    assert rows.db.deleted_between("Account", STAMP, LATER) == []
    assert rows.db.updated_between("Account", STAMP, "2026-01-03T00:00:00") == []
    assert rows.db.count("Account") == 0


def test_a_hard_deleted_row_is_gone_and_only_logged(rows: Rows) -> None:
    item = rows.add("OrderItem")

    rows.db.delete_row("OrderItem", item, LATER, hard=True)

    assert rows.db.get_row("OrderItem", item, include_deleted=True) is None
    assert rows.db.was_deleted("OrderItem", item)
    with pytest.raises(KeyError):
        rows.db.delete_row("OrderItem", item, LATER, hard=True)


def test_an_undeleted_row_is_back_and_no_longer_logged(rows: Rows) -> None:
    account = rows.add("Account", Name="Acme")
    rows.db.delete_row("Account", account, LATER)

    rows.db.undelete_row("Account", account, LATER)

    assert rows.db.get_row("Account", account) is not None
    assert not rows.db.was_deleted("Account", account)


def test_changes_are_listed_by_stamp_from_start_to_before_end(rows: Rows) -> None:
    late = rows.add("Account", Name="late", SystemModstamp=LATER)
    early = rows.add("Account", Name="early", SystemModstamp=STAMP)

    assert rows.db.updated_between("Account", STAMP, "2026-01-02T00:00:01") == [early, late]
    assert rows.db.updated_between("Account", STAMP, LATER) == [early]


def test_a_failed_savepoint_undoes_only_its_own_writes(rows: Rows) -> None:
    def fail() -> None:
        with rows.db.savepoint():
            rows.add("Account", Name="inner")
            raise ValueError("inner failed")

    with rows.db.savepoint():
        rows.add("Account", Name="outer")
        with pytest.raises(ValueError, match="inner failed"):
            fail()

    assert rows.column("SELECT Name FROM Account") == ["outer"]


def test_many_rows_are_read_at_once_by_id(rows: Rows) -> None:
    made = [rows.add("Account", Name=str(number)) for number in range(3000)]

    found = rows.db.get_rows("Account", [*made, rows.ids.next("001")])

    assert sorted(found) == made


def test_a_custom_field_is_added_to_rows_that_exist(rows: Rows) -> None:
    account = rows.add("Account", Name="Acme")

    rows.schema.add_custom_field("Account", Field("Vip__c", "boolean", "VIP", custom=True))
    rows.db.synchronise()

    row = rows.db.get_row("Account", account)
    assert row is not None
    assert row["Vip__c"] is False


def test_an_org_in_a_file_is_there_after_reopening(rows: Rows, tmp_path: pytest.TempPathFactory) -> None:
    path = f"{tmp_path}/org.db"
    first = Database(rows.schema, path)
    account = rows.ids.next("001")
    first.insert_row("Account", {"Id": account, "Name": "Acme"})
    first.close()

    again = Database(rows.schema, path)

    assert again.get_row("Account", account) is not None
    again.close()


@pytest.mark.parametrize(
    ("value", "rounded"), [("1.005", "1.01"), ("-1.005", "-1.01"), ("2.344", "2.34"), ("3", "3.00")]
)
def test_numbers_are_rounded_half_up(value: str, rounded: str) -> None:
    assert str(round_half_up(Decimal(value), 2)) == rounded
