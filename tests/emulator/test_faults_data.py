"""Faults of the data: what others do to records while a client reads them, and what becomes of deleted ones."""

from __future__ import annotations

from typing import Any

import pytest

from sfsync.emulator.faults import FaultError
from tests.emulator.api import Api, make_api, refusal

PAGE = {"Sforce_Query_Options": "batchSize=200"}
NOW_TEXT = "2026-03-01T12:00:30.000+0000"


@pytest.fixture
def api() -> Api:
    return make_api()


@pytest.fixture
def many(api: Api) -> Api:
    """An org with 301 accounts, so that a query has two pages."""
    for _ in range(2):
        api.org.insert_many("Account", [{"Name": f"A{number}"} for number in range(150)])
    return api


def names(response: Any) -> dict[str, str]:
    return {one["Id"]: one["Name"] for one in response.json()["records"]}


def query(api: Api, text: str, *, deleted: bool = False, size: int = 2000) -> Any:
    path = f"{'queryAll' if deleted else 'query'}?q={text.replace(' ', '+')}"
    return api.call("GET", path, Sforce_Query_Options=f"batchSize={size}")


def window(api: Api, kind: str, *, start: str = "2026-02-28T12:00:00Z", end: str = "2026-03-01T13:00:00Z") -> Any:
    return api.call("GET", f"sobjects/Account/{kind}?start={start}&end={end}")


# -- between pages


def test_a_record_changes_between_two_pages(many: Api) -> None:
    fault = many.org.faults.add("record_changes", field="Name", value="Changed")
    many.org.advance(60)
    page = query(many, "SELECT Id, Name FROM Account", size=200)

    assert fault.seen == 0
    second = many.call("GET", page.json()["nextRecordsUrl"], **PAGE)

    (changed,) = [record_id for record_id, name in names(second).items() if name == "Changed"]
    assert fault.did == f"changed Account {changed}"
    assert many.value("Account", changed, "SystemModstamp") == "2026-03-01T12:01:30.000+0000"
    assert "Changed" not in names(page).values()


def test_only_the_stamps_move_if_no_field_is_named(api: Api) -> None:
    before = api.call("GET", f"sobjects/Account/{api.account}").json()
    api.org.advance(5)

    said = api.org.faults.now("record_changes", object="Account")

    after = api.call("GET", f"sobjects/Account/{api.account}").json()
    assert said == f"changed Account {api.account}"
    moved = {name for name in after if after[name] != before[name]}
    assert moved == {"SystemModstamp", "LastModifiedDate"}


def test_a_record_changes_between_the_queries_for_its_columns(api: Api) -> None:
    fault = api.org.faults.add(
        "record_changes", kind="query", nth=2, object="Account", id=api.account, field="Name", value="New"
    )

    first = query(api, "SELECT Id, Name FROM Account").json()["records"]
    second = query(api, "SELECT Id, Name FROM Account").json()["records"]

    assert ([one["Name"] for one in first], [one["Name"] for one in second]) == (["Acme"], ["New"])
    assert (fault.seen, fault.struck) == (2, 1)


def test_what_happens_after_a_call_is_not_in_its_answer(api: Api) -> None:
    api.org.faults.add("record_deleted", kind="query", object="Account", moment="after")

    assert query(api, "SELECT Id FROM Account").json()["totalSize"] == 1
    assert query(api, "SELECT Id FROM Account").json()["totalSize"] == 0


def test_a_record_deleted_between_two_pages_is_missing_from_the_second(many: Api) -> None:
    fault = many.org.faults.add("record_deleted")
    page = query(many, "SELECT Id, Name FROM Account", size=200)

    second = many.call("GET", page.json()["nextRecordsUrl"], **PAGE)

    assert page.json()["totalSize"] == second.json()["totalSize"] == 301
    assert len(names(page)) + len(names(second)) == 300
    gone = str(fault.did).removeprefix("deleted Account ")
    assert refusal(many.call("GET", f"sobjects/Account/{gone}"))[1] == "ENTITY_IS_DELETED"


def test_a_delete_that_the_org_refuses_changes_nothing_and_says_so(api: Api) -> None:
    order, _ = api.activated_order()
    fault = api.org.faults.add("record_deleted", path="limits", object="Order")

    assert api.call("GET", "limits").status == 200

    assert str(fault.did).startswith("nothing: ")
    assert api.value("Order", order, "Status") == "Activated"


def test_pages_may_be_shorter_than_was_asked_for(many: Api) -> None:
    many.org.faults.add("short_pages", rows=7)

    short = query(many, "SELECT Id, Name FROM Account").json()
    rest = many.call("GET", short["nextRecordsUrl"]).json()

    assert (len(short["records"]), short["done"]) == (7, False)
    assert (len(rest["records"]), rest["done"]) == (294, True)


def test_a_cursor_can_end_early(many: Api) -> None:
    many.org.faults.add("cursor_expired")
    page = query(many, "SELECT Id FROM Account", size=200).json()

    assert refusal(many.call("GET", page["nextRecordsUrl"], **PAGE))[1] == "INVALID_QUERY_LOCATOR"
    assert query(many, "SELECT Id FROM Account", size=200).status == 200


def test_between_calls_a_fault_must_be_told_which_record(api: Api) -> None:
    with pytest.raises(FaultError, match="needs an object or id"):
        api.org.faults.now("record_changes")
    with pytest.raises(FaultError, match="is no id of a record"):
        api.org.faults.now("record_changes", id="nonsense")
    assert api.org.faults.now("record_deleted", object="Order") == "found no record for it"


# -- stamps


def test_a_change_of_somebody_else_shows_late_and_with_its_old_stamp(api: Api) -> None:
    api.org.faults.add("late_change", path="limits", object="Account", field="Name", value="Late", after=2)
    api.call("GET", "limits")
    api.org.advance(100)

    seen = [query(api, "SELECT Id, Name, SystemModstamp FROM Account").json()["records"][0] for _ in range(3)]

    assert [one["Name"] for one in seen] == ["Acme", "Acme", "Late"]
    assert seen[2]["SystemModstamp"] == NOW_TEXT
    assert api.org.transactions == []


def test_a_late_change_counts_calls_from_the_last_though_the_log_was_cleared(api: Api) -> None:
    for _ in range(3):
        api.call("GET", "limits")
    api.org.calls.clear()
    api.org.faults.now("late_change", object="Account", field="Name", value="Late", after=1)

    assert [api.value("Account", api.account, "Name") for _ in range(2)] == ["Acme", "Late"]


def test_a_late_change_can_begin_at_once(api: Api) -> None:
    api.org.faults.now("late_change", object="Account", field="Name", value="Late")

    seen = [api.value("Account", api.account, "Name") for _ in range(2)]

    assert seen == ["Acme", "Late"]


def test_a_mass_update_gives_all_the_same_stamp(many: Api) -> None:
    for step in range(3):
        many.org.advance(10)
        many.org.insert("Account", {"Name": f"C{step}"})
    text = "SELECT Id, SystemModstamp, CreatedDate FROM Account"
    before = query(many, text).json()["records"]

    many.org.faults.now("same_stamp", object="Account")

    rows = query(many, text).json()["records"]
    assert len({one["SystemModstamp"] for one in before}) == 4
    assert {one["SystemModstamp"] for one in rows} == {"2026-03-01T12:01:00.000+0000"}
    assert len({one["CreatedDate"] for one in rows}) == 4


def test_so_many_records_and_no_more_get_the_same_stamp(many: Api) -> None:
    many.org.advance(10)
    many.org.faults.add("same_stamp", object="Account", rows=250, path="limits")

    many.call("GET", "limits")

    moved = query(many, "SELECT COUNT() FROM Account WHERE SystemModstamp > 2026-03-01T12:00:30Z")
    assert moved.json()["totalSize"] == 250


# -- deleted, undeleted, merged


def test_a_record_comes_back_from_the_bin(api: Api) -> None:
    gone = api.create("Account", Name="Gone")
    api.call("DELETE", f"sobjects/Account/{gone}")
    api.org.faults.add("record_undeleted", object="Account", path="limits")
    away = api.call("GET", f"sobjects/Account/{gone}").status
    api.org.advance(30)

    api.call("GET", "limits")

    assert away == 404
    assert api.value("Account", gone, "SystemModstamp") == "2026-03-01T12:01:00.000+0000"
    assert api.org.faults.now("record_undeleted", object="Account") == "found no record for it"


def test_two_accounts_are_merged(api: Api) -> None:
    loser = api.create("Account", Name="Loser")
    contact = api.create("Contact", LastName="C", AccountId=loser)

    api.org.faults.now("records_merged", object="Account", winner=api.account)

    rows = query(api, "SELECT Id, IsDeleted, MasterRecordId FROM Account ORDER BY Id", deleted=True).json()["records"]
    found = {one["Id"]: (one["IsDeleted"], one["MasterRecordId"]) for one in rows}
    assert found == {api.account: (False, None), loser: (True, api.account)}
    assert api.value("Contact", contact, "AccountId") == api.account
    assert api.org.faults.now("records_merged", object="Account") == "found no record for it"


def test_the_seed_chooses_who_is_merged(api: Api) -> None:
    for number in range(4):
        api.create("Account", Name=f"A{number}")
    fault = api.org.faults.add("records_merged", object="Account", path="limits")

    api.call("GET", "limits")

    assert str(fault.did).startswith("merged Account 001")
    assert query(api, "SELECT Id FROM Account").json()["totalSize"] == 4


def test_the_log_of_deletions_can_be_purged_early(api: Api) -> None:
    api.call("DELETE", f"sobjects/Account/{api.account}")
    api.org.advance(3600)
    known = window(api, "deleted").json()

    api.org.faults.now("delete_log_purged", hours=0.5)

    late = window(api, "deleted", start="2026-03-01T12:40:00Z", end="2026-03-01T13:00:00Z").json()
    assert [one["id"] for one in known["deletedRecords"]] == [api.account]
    assert refusal(window(api, "deleted"))[1] == "INVALID_REPLICATION_DATE"
    assert late["earliestDateAvailable"] == "2026-03-01T12:31:00.000+0000"
    assert late["deletedRecords"] == []


def test_deletes_can_be_older_than_the_log(api: Api) -> None:
    api.call("DELETE", f"sobjects/Account/{api.account}")
    binned = query(api, "SELECT Id FROM Account WHERE IsDeleted = true", deleted=True).json()["totalSize"]

    api.org.faults.now("old_deletes")

    assert binned == 1
    assert query(api, "SELECT Id FROM Account WHERE IsDeleted = true", deleted=True).json()["totalSize"] == 0
    assert window(api, "deleted", start="2026-02-15T12:00:00Z").json()["deletedRecords"] == []


def test_deletes_can_be_older_and_still_known(api: Api) -> None:
    api.call("DELETE", f"sobjects/Account/{api.account}")

    api.org.faults.now("old_deletes", days=2)

    (found,) = window(api, "deleted", start="2026-02-20T12:00:00Z").json()["deletedRecords"]
    assert found["deletedDate"] == "2026-02-27T12:00:30.000+0000"
    assert query(api, "SELECT Id FROM Account WHERE IsDeleted = true", deleted=True).json()["totalSize"] == 1


def test_the_recycle_bin_can_be_emptied(api: Api) -> None:
    api.call("DELETE", f"sobjects/Account/{api.account}")
    api.org.faults.add("recycle_bin_emptied", nth=3, kind="query")

    seen = [query(api, "SELECT Id FROM Account", deleted=True).json()["totalSize"] for _ in range(3)]

    assert seen == [1, 1, 0]
    api.org.advance(120)
    assert [one["id"] for one in window(api, "deleted").json()["deletedRecords"]] == [api.account]


# -- bulk


def test_bulk_jobs_can_stand_still(api: Api) -> None:
    def state(job: str) -> str:
        return str(api.call("GET", f"jobs/query/{job}").json()["state"])

    def begin() -> str:
        job = {"operation": "query", "query": "SELECT Id FROM Account"}
        return str(api.call("POST", "jobs/query", job).json()["id"])

    first = begin()
    done = [state(first) for _ in range(4)][-1]
    api.org.faults.now("bulk_stuck")
    second = begin()

    stuck = [state(second) for _ in range(8)]
    api.org.faults.now("bulk_stuck", over=True)

    assert done == "JobComplete"
    assert set(stuck) == {"InProgress"}
    assert [state(second) for _ in range(4)][-1] == "JobComplete"
