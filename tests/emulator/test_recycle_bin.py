"""Deleted rows: how long they stay, what comes back, and how far deletions are known [facts: api 3.8, 6.4]."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from sfsync.emulator.errors import ApiError
from sfsync.emulator.org import Org
from sfsync.emulator.settings import Settings
from tests.emulator.api import NOW, Api, make_api, refusal

if TYPE_CHECKING:
    from pathlib import Path

DAY = 86_400
HOUR = 3_600


@pytest.fixture
def api() -> Api:
    return make_api(Settings(session_seconds=60 * DAY))


def in_bin(api: Api, sobject: str = "Order") -> set[str]:
    """Ids that queryAll shows as deleted."""
    rows = api.call("GET", f"queryAll?q=SELECT+Id+FROM+{sobject}+WHERE+IsDeleted=true").json()["records"]
    return {row["Id"] for row in rows}


def gone(api: Api, sobject: str = "Order") -> Any:
    """The last 14 days of getDeleted."""
    start, end = (
        moment.strftime("%Y-%m-%dT%H:%M:%SZ") for moment in (api.org.clock() - timedelta(days=14), later(api))
    )
    return api.call("GET", f"sobjects/{sobject}/deleted?start={start}&end={end}")


def later(api: Api) -> Any:
    return api.org.clock() + timedelta(minutes=1)


def ids(response: Any) -> list[str]:
    return [one["id"] for one in response.json()["deletedRecords"]]


def delete(api: Api, sobject: str, record_id: str) -> None:
    assert api.call("DELETE", f"sobjects/{sobject}/{record_id}").status == 204


# -- the bin


def test_a_deleted_row_is_in_the_bin_for_fifteen_days_to_the_second(api: Api) -> None:
    order = api.order()
    api.org.advance(10)
    delete(api, "Order", order)

    api.org.advance(15 * DAY - 1)
    assert in_bin(api) == {order}
    assert refusal(api.call("GET", f"sobjects/Order/{order}"))[:2] == (404, "ENTITY_IS_DELETED")
    api.org.advance(1)
    assert in_bin(api) == set()
    assert refusal(api.call("GET", f"sobjects/Order/{order}"))[:2] == (404, "NOT_FOUND")


def test_rows_deleted_at_other_times_go_at_their_own(api: Api) -> None:
    first, second = api.order(), api.order()
    delete(api, "Order", first)
    api.org.advance(90)
    delete(api, "Order", second)

    api.org.advance(15 * DAY - 90)
    assert in_bin(api) == {second}
    api.org.advance(90)
    assert in_bin(api) == set()


def test_children_go_with_the_stamp_of_their_parent_and_are_purged_with_it(api: Api) -> None:
    order = api.order()
    lines = {api.item(order), api.item(order)}
    api.org.advance(60)
    delete(api, "Order", order)

    rows = api.org.query("SELECT SystemModstamp FROM OrderItem WHERE IsDeleted = true", include_deleted=True)
    assert [row["SystemModstamp"] for row in rows] == ["2026-03-01T12:01:30.000+0000"] * 2
    assert (in_bin(api, "OrderItem"), set(ids(gone(api, "OrderItem")))) == (lines, lines)
    api.org.advance(15 * DAY)
    assert in_bin(api, "OrderItem") == set()


@pytest.mark.parametrize("sobject", ["OrderItem", "OpportunityLineItem"])
def test_lines_deleted_directly_skip_the_bin_and_are_listed_as_deleted(api: Api, sobject: str) -> None:
    if sobject == "OrderItem":
        line = api.item(api.order())
    else:
        deal = api.create("Opportunity", Name="D", StageName="Prospecting", CloseDate="2026-03-01")
        line = api.create(sobject, OpportunityId=deal, PricebookEntryId=api.entry, Quantity=1, UnitPrice=5)
    delete(api, sobject, line)

    assert in_bin(api, sobject) == set()
    assert ids(gone(api, sobject)) == [line]
    with pytest.raises(ApiError):
        api.org.undelete(sobject, line)


def test_an_emptied_bin_is_out_of_sight_but_its_deletions_are_known(api: Api) -> None:
    order, kept = api.order(), api.order()
    api.item(order)
    delete(api, "Order", order)

    assert api.org.empty_recycle_bin() == 2
    assert (in_bin(api), ids(gone(api))) == (set(), [order])
    assert [row["Id"] for row in api.org.query("SELECT Id FROM Order", include_deleted=True)] == [kept]


def test_a_full_bin_loses_its_oldest_rows_once_they_are_two_hours_old(api: Api) -> None:
    api.org.settings.recycle_bin_capacity = 2
    first, second, third = api.order(), api.order(), api.order()
    for order in (first, second, third):
        api.org.delete("Order", order)
        api.org.advance(HOUR)

    assert api.org.purge() == 1  # the second is old enough, too
    assert in_bin(api) == {second, third}
    assert set(ids(gone(api))) == {first, second, third}


def test_a_full_bin_spares_what_is_younger_than_two_hours(api: Api) -> None:
    api.org.settings.recycle_bin_capacity = 0
    order = api.order()
    delete(api, "Order", order)
    api.org.advance(2 * HOUR - 1)

    assert api.org.purge() == 0
    api.org.advance(1)
    assert api.org.purge() == 1


def test_nothing_is_purged_under_an_open_transaction(api: Api) -> None:
    order = api.order()
    delete(api, "Order", order)
    with api.org.open_transaction() as late:
        late.do(lambda: api.org.admin().undelete("Order", order))
        api.org.advance(16 * DAY)
        assert in_bin(api) == {order}

    assert api.call("GET", f"sobjects/Order/{order}").status == 200


# -- back from the bin


def test_an_undeleted_row_comes_back_with_what_went_with_it(api: Api) -> None:
    order = api.order()
    line, before = api.item(order), api.create("Contact", LastName="C", AccountId=api.account)
    delete(api, "Contact", before)
    api.org.advance(60)
    delete(api, "Account", api.account)
    assert in_bin(api, "Order") == {order}
    api.org.advance(60)

    api.org.undelete("Account", api.account)

    assert (in_bin(api, "Order"), in_bin(api, "OrderItem"), in_bin(api, "Contact")) == (set(), set(), {before})
    assert ids(gone(api, "OrderItem")) == []
    assert api.value("OrderItem", line, "SystemModstamp") == "2026-03-01T12:02:30.000+0000"


def test_a_row_whose_key_was_given_away_stays_in_the_bin(api: Api) -> None:
    order = api.order(SFSync_Key__c="k")
    delete(api, "Order", order)
    api.order(SFSync_Key__c="k")

    with pytest.raises(ApiError) as caught:
        api.org.undelete("Order", order)

    assert (caught.value.code, in_bin(api)) == ("DUPLICATE_VALUE", {order})


# -- the log of deletions


def test_the_log_forgets_what_is_older_than_fifteen_days(api: Api) -> None:
    delete(api, "Order", api.order())
    api.org.advance(15 * DAY - 60)
    api.call("GET", "limits")
    known = api.org.db.deleted_between("Order", "2026", "2027")
    api.org.advance(121)
    api.org.purge()

    assert len(known) == 1
    assert api.org.db.deleted_between("Order", "2026", "2027") == []


def test_a_log_that_is_too_long_keeps_two_hours_and_says_so(api: Api) -> None:
    api.org.settings.delete_log_capacity = 2
    orders = [api.order() for _ in range(4)]
    for order in orders[:3]:
        delete(api, "Order", order)
    api.org.advance(HOUR)
    delete(api, "Order", orders[3])
    api.org.advance(HOUR + 60)

    api.org.purge()
    refused = gone(api)
    start = "start=2026-03-01T12:02:00Z&end=2026-03-01T15:00:00Z"
    answer = api.call("GET", f"sobjects/Order/deleted?{start}").json()

    assert refusal(refused)[:2] == (400, "INVALID_REPLICATION_DATE")
    assert [one["id"] for one in answer["deletedRecords"]] == [orders[3]]
    assert answer["earliestDateAvailable"] == "2026-03-01T12:02:00.000+0000"
    assert in_bin(api) == set(orders)


def test_a_log_within_its_capacity_keeps_all(api: Api) -> None:
    api.org.settings.delete_log_capacity = 1
    delete(api, "Order", api.order())
    api.org.advance(3 * HOUR)

    assert len(ids(gone(api))) == 1


def test_the_log_can_be_cut_by_hand_up_to_a_full_minute(api: Api) -> None:
    early, late = api.order(), api.order()
    delete(api, "Order", early)  # at 12:00:30
    api.org.advance(60)
    delete(api, "Order", late)

    api.org.purge_delete_log(NOW)
    answer = api.call("GET", "sobjects/Order/deleted?start=2026-03-01T12:01:00Z&end=2026-03-01T13:00:00Z").json()
    too_early = api.call("GET", "sobjects/Order/deleted?start=2026-03-01T12:00:00Z&end=2026-03-01T13:00:00Z")

    assert [one["id"] for one in answer["deletedRecords"]] == [late]
    assert answer["earliestDateAvailable"] == "2026-03-01T12:01:00.000+0000"
    assert refusal(too_early)[1] == "INVALID_REPLICATION_DATE"


def test_a_cut_is_never_taken_back(api: Api, tmp_path: Path) -> None:
    path = str(tmp_path / "org.db")
    org = Org(clock=NOW, path=path)
    org.purge_delete_log(NOW)
    org.purge_delete_log(NOW - timedelta(days=1))
    org.db.close()

    again = Org(clock=NOW + timedelta(days=1), path=path)
    assert again.bin.log_start(again.clock()) == NOW.replace(minute=1, second=0)
    api.org.purge_delete_log(NOW)
    api.org.advance(30 * DAY)
    assert api.org.bin.log_start(api.org.clock()) > NOW + timedelta(days=14)
