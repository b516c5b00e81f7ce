"""getUpdated and getDeleted, and the transactions that hold them back [facts: api 3.8, 6.1]."""

from __future__ import annotations

from typing import Any

import pytest

from sfsync.emulator.clock import VirtualClock
from sfsync.emulator.errors import ApiError
from tests.emulator.api import NOW, Api, make_api, refusal


@pytest.fixture
def api() -> Api:
    return make_api()


def window(api: Api, kind: str, start: str, end: str, sobject: str = "Order") -> Any:
    response = api.call("GET", f"sobjects/{sobject}/{kind}/?start=2026-03-01T{start}Z&end=2026-03-01T{end}%2B00:00")
    assert response.status == 200, response.body
    return response.json()


def test_updated_lists_new_and_changed_records(api: Api) -> None:
    first, second = api.order(), api.order()
    api.org.advance(120)
    api.org.update("Order", first, {"Description": "x"})
    api.org.delete("Order", api.order())
    api.org.advance(60)

    assert window(api, "updated", "12:00:00", "12:02:00")["ids"] == [second]
    both = window(api, "updated", "12:00:00", "12:03:00")
    assert both == {"ids": [second, first], "latestDateCovered": "2026-03-01T12:03:00.000+0000"}


def test_seconds_are_ignored(api: Api) -> None:
    order = api.order()  # at 12:00:30
    api.org.advance(300)

    assert window(api, "updated", "12:00:59", "12:01:59")["ids"] == [order]
    assert window(api, "updated", "12:01:59", "12:03:00")["ids"] == []


def test_covered_is_never_later_than_now(api: Api) -> None:
    assert window(api, "updated", "12:00:00", "15:00:00")["latestDateCovered"] == "2026-03-01T12:00:30.000+0000"


def test_deleted_lists_also_what_skipped_the_recycle_bin(api: Api) -> None:
    order = api.order()
    line = api.item(order)
    api.org.advance(60)
    api.org.delete("OrderItem", line)
    api.org.advance(120)

    answer = window(api, "deleted", "12:00:00", "12:03:00", "OrderItem")
    assert answer == {
        "deletedRecords": [{"id": line, "deletedDate": "2026-03-01T12:01:30.000+0000"}],
        "earliestDateAvailable": "2026-02-14T12:03:00.000+0000",
        "latestDateCovered": "2026-03-01T12:03:00.000+0000",
    }


def test_lines_deleted_with_their_order_are_listed(api: Api) -> None:
    order = api.order()
    line = api.item(order)
    api.org.delete("Order", order)
    api.org.advance(120)

    gone = window(api, "deleted", "12:00:00", "12:02:00", "OrderItem")["deletedRecords"]
    assert [one["id"] for one in gone] == [line]


@pytest.mark.parametrize(
    "query",
    [
        "start=2026-03-01T12:00:00Z&end=2026-03-01T12:00:50Z",
        "start=2026-03-01T12:00:00Z&end=2026-03-01T11:00:00Z",
        "start=2026-01-01T12:00:00Z&end=2026-03-01T11:00:00Z",
        "start=nonsense&end=2026-03-01T11:00:00Z",
        "start=2026-03-01&end=2026-03-01T11:00:00Z",
        "start=2026-03-01T10:00:00+00:00&end=2026-03-01T11:00:00Z",
        "end=2026-03-01T11:00:00Z",
    ],
)
@pytest.mark.parametrize("kind", ["updated", "deleted"])
def test_a_bad_window_is_refused(api: Api, kind: str, query: str) -> None:
    assert refusal(api.call("GET", f"sobjects/Order/{kind}?{query}"))[:2] == (400, "INVALID_REPLICATION_DATE")


def test_a_window_of_deletes_is_longer_than_a_minute(api: Api) -> None:
    minute = "start=2026-03-01T11:00:00Z&end=2026-03-01T11:01:00Z"

    assert api.call("GET", f"sobjects/Order/updated?{minute}").status == 200
    assert api.call("GET", f"sobjects/Order/deleted?{minute}").status == 400
    assert api.call("GET", f"sobjects/Order/deleted?{minute.replace('11:01', '11:02')}").status == 200


def test_deletes_are_known_for_15_days_and_changes_for_30(api: Api) -> None:
    twenty_days = "start=2026-02-09T12:00:00Z&end=2026-03-01T11:00:00Z"

    assert api.call("GET", f"sobjects/Order/updated?{twenty_days}").status == 200
    assert api.call("GET", f"sobjects/Order/deleted?{twenty_days}").status == 400


def test_both_ends_of_a_window_are_minutes_and_only_the_first_is_in_it(api: Api) -> None:
    assert isinstance(api.org.clock, VirtualClock)
    api.org.clock.move_to(NOW.replace(second=0))
    at_start = api.order()
    api.org.advance(60)
    at_end = api.order()
    api.org.delete("Order", at_start)
    api.org.advance(60)
    api.org.delete("Order", at_end)

    assert window(api, "updated", "12:01:00", "12:02:00", "Account")["ids"] == []
    assert [one["id"] for one in window(api, "deleted", "12:00:00", "12:02:00")["deletedRecords"]] == [at_start]
    assert [one["id"] for one in window(api, "deleted", "12:01:00", "12:03:00")["deletedRecords"]] == [at_start, at_end]


def test_a_row_that_changed_again_is_in_the_later_window_only(api: Api) -> None:
    order = api.order()
    api.org.advance(120)
    api.org.update("Order", order, {"Description": "x"})
    api.org.advance(60)

    assert window(api, "updated", "12:00:00", "12:01:00")["ids"] == []
    assert window(api, "updated", "12:02:00", "12:03:00")["ids"] == [order]


def test_a_row_that_came_back_is_updated_and_not_deleted(api: Api) -> None:
    order = api.order()
    api.org.delete("Order", order)
    api.org.advance(60)
    api.org.undelete("Order", order)
    api.org.advance(60)

    assert window(api, "deleted", "12:00:00", "12:02:00")["deletedRecords"] == []
    assert window(api, "updated", "12:01:00", "12:02:00")["ids"] == [order]


def test_a_window_with_too_many_ids_is_refused(api: Api) -> None:
    api.org.settings.most_replicated_ids = 1
    for order in (api.order(), api.order()):
        api.org.delete("Order", order)
    api.order()
    api.org.advance(120)
    url = "sobjects/Order/{}?start=2026-03-01T12:00:00Z&end=2026-03-01T12:02:00Z"

    assert refusal(api.call("GET", url.format("deleted")))[:2] == (400, "EXCEEDED_ID_LIMIT")
    assert api.call("GET", url.format("updated")).status == 200
    api.order()
    assert refusal(api.call("GET", url.format("updated").replace("12:02", "12:03")))[1] == "EXCEEDED_ID_LIMIT"


def test_what_is_not_replicateable_is_refused(api: Api) -> None:
    response = api.call("GET", "sobjects/OrderStatus/updated?start=2026-03-01T11:00:00Z&end=2026-03-01T12:00:00Z")

    assert response.status == 400


# -- open transactions


def test_a_late_row_is_stamped_when_written_and_seen_when_committed(api: Api) -> None:
    late = api.org.open_transaction()
    order = late.insert("Order", api.order_fields())
    api.org.advance(300)
    other = api.order(AccountId=api.create("Account", Name="Elsewhere"))

    assert [row["Id"] for row in api.org.query("SELECT Id FROM Order")] == [other]
    late.commit()
    rows = api.org.query("SELECT Id, SystemModstamp FROM Order ORDER BY SystemModstamp")
    assert [(row["Id"], row["SystemModstamp"]) for row in rows] == [
        (order, "2026-03-01T12:00:30.000+0000"),
        (other, "2026-03-01T12:05:30.000+0000"),
    ]


@pytest.mark.parametrize(("seconds", "seen"), [(599, 0), (600, 1)])
def test_a_late_row_is_seen_after_ten_minutes_however_few_calls_were_made(api: Api, seconds: int, seen: int) -> None:
    order = api.org.open_transaction(due=10**6).insert("Order", api.order_fields())
    api.org.advance(seconds)

    rows = api.call("GET", "query?q=SELECT+Id,SystemModstamp+FROM+Order").json()["records"]

    found = [(row["Id"], row["SystemModstamp"]) for row in rows]
    assert found == [(order, "2026-03-01T12:00:30.000+0000")] * seen


def test_an_open_transaction_holds_the_covered_date_back(api: Api) -> None:
    late = api.org.open_transaction()
    late.insert("Order", api.order_fields())
    api.org.advance(600)

    held = window(api, "updated", "12:00:00", "12:09:00")
    late.commit()
    free = window(api, "updated", "12:00:00", "12:09:00")

    assert (held["ids"], held["latestDateCovered"]) == ([], "2026-03-01T12:00:30.000+0000")
    assert (len(free["ids"]), free["latestDateCovered"]) == (1, "2026-03-01T12:09:00.000+0000")


def test_writes_of_a_transaction_see_each_other(api: Api) -> None:
    with api.org.open_transaction() as late:
        order = late.insert("Order", api.order_fields())
        line = late.insert("OrderItem", api.item_fields(order))
        late.update("Order", order, {"Status": "Activated"})
        assert api.org.query("SELECT Id FROM OrderItem") == []

    assert api.value("OrderItem", line, "OrderId") == order
    assert api.value("Order", order, "Status") == "Activated"


def test_a_transaction_that_fails_leaves_nothing(api: Api) -> None:
    def fail() -> None:
        with api.org.open_transaction() as late:
            late.insert("Order", api.order_fields())
            late.insert("Order", {})

    with pytest.raises(ApiError):
        fail()

    assert api.org.query("SELECT Id FROM Order") == []
    assert api.org.transactions == []


def test_what_an_open_transaction_wrote_is_locked(api: Api) -> None:
    order = api.order()
    late = api.org.open_transaction()
    late.update("Order", order, {"Description": "late"})
    late.insert("Order", {**api.order_fields(), "SFSync_Key__c": "k"})

    changed = api.call("PATCH", f"sobjects/Order/{order}", {"Description": "early"})
    same_key = api.call("POST", "sobjects/Order", api.order_fields(SFSync_Key__c="k"))

    text = f"unable to obtain exclusive access to this record or 1 records: {order[:15]}"
    assert refusal(changed) == (400, "UNABLE_TO_LOCK_ROW", text)
    assert refusal(same_key)[1] == "UNABLE_TO_LOCK_ROW"
    assert api.call("GET", f"sobjects/Order/{order}").status == 200
    late.rollback()
    assert api.call("PATCH", f"sobjects/Order/{order}", {"Description": "early"}).status == 204
