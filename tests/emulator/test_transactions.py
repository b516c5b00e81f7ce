"""Calls that last: what they write is stamped at once, locked and unseen until they end [facts: api 5.1, 5.5, 6.1]."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import requests

from sfsync.emulator.errors import ApiError
from sfsync.emulator.org import Org
from sfsync.emulator.server import serve
from tests.emulator.api import NOW, Api, V, make_api, refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from sfsync.emulator.calls import Call, Moment
    from sfsync.emulator.http import Response

ORDERS = "query?q=SELECT+Id+FROM+Order"
LOCKED = "UNABLE_TO_LOCK_ROW"


@pytest.fixture
def api() -> Api:
    return make_api()


@contextmanager
def long_call(api: Api, *call: Any) -> Generator[Callable[[], Response]]:
    """A call of another client that has begun and does not end before the block asks for its answer."""
    api.org.faults.add("long_transaction", hold=True)
    held_before = len(api.org.in_flight.held(0))
    with ThreadPoolExecutor(1) as pool:
        answer: Future[Response] = pool.submit(api.call, *call)
        number = api.org.in_flight.held(held_before + 1)[-1]

        def end() -> Response:
            api.org.in_flight.release(number)
            return answer.result(30)

        try:
            yield end
        finally:
            api.org.in_flight.release()


def rows(api: Api) -> int:
    found: int = api.call("GET", ORDERS).json()["totalSize"]
    return found


def covered(api: Api, kind: str = "updated", sobject: str = "Order") -> Any:
    window = "start=2026-03-01T12:00:00Z&end=2026-03-01T12:30:00Z"
    return api.call("GET", f"sobjects/{sobject}/{kind}/?{window}").json()["latestDateCovered"]


def test_a_long_write_is_stamped_at_its_start_and_seen_at_its_end(api: Api) -> None:
    with long_call(api, "POST", "sobjects/Order", api.order_fields()) as end:
        api.org.advance(300)
        before = rows(api)
        created = end()

    assert (before, created.status, rows(api)) == (0, 201, 1)
    stamp = api.value("Order", created.json()["id"], "SystemModstamp")
    assert stamp == "2026-03-01T12:00:30.000+0000"


def test_the_covered_date_stays_at_the_start_of_the_oldest_long_write(api: Api) -> None:
    api.org.advance(60)
    with long_call(api, "POST", "sobjects/Order", api.order_fields()) as end_first:
        api.org.advance(120)
        with long_call(api, "POST", "sobjects/Account", {"Name": "B"}) as end_second:
            api.org.advance(120)
            both = [covered(api), covered(api, "deleted"), covered(api, sobject="Product2")]
            end_first()
            one = covered(api)
            end_second()

    assert both == ["2026-03-01T12:01:30.000+0000"] * 3
    assert (one, covered(api)) == ("2026-03-01T12:03:30.000+0000", "2026-03-01T12:05:30.000+0000")


def test_others_meet_the_locks_of_a_long_write(api: Api) -> None:
    order = api.order()
    with long_call(api, "POST", "sobjects/OrderItem", api.item_fields(order)) as end:
        refused = api.call("POST", "sobjects/OrderItem", api.item_fields(order))
        read = api.value("Order", order, "TotalAmount")
        end()
    again = api.call("POST", "sobjects/OrderItem", api.item_fields(order))

    assert (refusal(refused)[1], read, again.status) == (LOCKED, 0, 201)
    assert api.value("Order", order, "TotalAmount") == 42


def test_two_long_writes_of_one_order_cannot_run_at_once(api: Api) -> None:
    order = api.order()
    with long_call(api, "POST", "sobjects/OrderItem", api.item_fields(order)) as end:
        api.org.faults.add("long_transaction", hold=True)
        second = api.call("POST", "sobjects/OrderItem", api.item_fields(order))
        first = end()

    assert (first.status, refusal(second)[1]) == (201, LOCKED)
    assert api.org.transactions == []


def test_a_long_write_that_is_refused_ends_at_once(api: Api) -> None:
    api.org.faults.add("long_transaction", hold=True)

    response = api.call("POST", "sobjects/Order", api.order_fields(Status="Nope"))

    assert response.status == 400
    assert api.org.transactions == []


def test_a_long_write_that_cannot_commit_is_refused_at_its_end(api: Api) -> None:
    order = api.order()
    with long_call(api, "POST", "sobjects/OrderItem", api.item_fields(order)) as end:
        api.org.update("PricebookEntry", api.entry, {"IsActive": False})
        response = end()

    assert refusal(response)[1] == "FIELD_INTEGRITY_EXCEPTION"
    assert (api.org.query("SELECT Id FROM OrderItem"), api.org.transactions) == ([], [])


def test_a_long_read_shows_what_there_was_at_its_start(api: Api) -> None:
    with long_call(api, "GET", ORDERS) as end:
        api.order()
        held_back = covered(api)
        found = end()

    assert (found.json()["totalSize"], rows(api)) == (0, 1)
    assert held_back == "2026-03-01T12:00:30.000+0000"
    assert api.org.usage() == 4


def test_held_calls_can_be_ended_by_a_fault(api: Api) -> None:
    with long_call(api, "GET", ORDERS) as end:
        assert api.org.faults.now("end_long_calls") == "let 1 calls end"
        assert end().status == 200


def test_a_long_call_without_hold_ends_by_itself(api: Api) -> None:
    api.org.faults.add("long_transaction", ms=1)

    assert api.call("POST", "sobjects/Order", api.order_fields()).status == 201
    assert (rows(api), api.org.transactions) == (1, [])


def test_a_long_graph_gives_the_ids_that_it_commits(api: Api) -> None:
    parts = [
        {"method": "POST", "url": f"{V}/sobjects/Order", "referenceId": "o", "body": api.order_fields()},
        {"method": "POST", "url": f"{V}/sobjects/OrderItem", "referenceId": "i", "body": api.item_fields("@{o.id}")},
    ]
    graph = {"graphs": [{"graphId": "g", "compositeRequest": parts}]}
    with long_call(api, "POST", "composite/graph", graph) as end:
        api.order(AccountId=api.create("Account", Name="Elsewhere"))
        answers = end().json()["graphs"][0]["graphResponse"]["compositeResponse"]

    order, line = (part["body"]["id"] for part in answers)
    assert (api.value("OrderItem", line, "OrderId"), api.value("Order", order, "OrderNumber")) == (order, "00000100")
    assert api.org.usage() == 5


def test_a_long_call_costs_one_call(api: Api) -> None:
    with long_call(api, "POST", "sobjects/Order", api.order_fields()) as end:
        during = api.org.usage()
        end()

    assert (during, api.org.usage(), api.org.calls.count()) == (1, 1, 1)


# -- open transactions of Python code


def test_a_transaction_that_cannot_commit_is_over_and_says_so(api: Api) -> None:
    late = api.org.open_transaction()
    late.insert("Order", api.order_fields())
    with api.org.lock:
        api.org.settings.account_from_contract = False
        api.org.db.update_row("Account", api.account, {"IsDeleted": True})
        api.org.world.rows.clear()

    with pytest.raises(ApiError):
        late.commit()

    assert (api.org.transactions, api.org.query("SELECT Id FROM Order")) == ([], [])
    late.commit()  # over is over
    assert api.org.query("SELECT Id FROM Order") == []


def test_a_late_commit_that_is_refused_stops_nobody(api: Api) -> None:
    due = api.org.open_transaction(due=1)
    due.insert("Order", api.order_fields())
    api.org.db.update_row("Account", api.account, {"IsDeleted": True})
    api.org.world.rows.clear()

    assert rows(api) == 0
    assert api.org.transactions == []


# -- what a rollback leaves


def test_what_was_rolled_back_leaves_no_trace_but_spent_numbers(api: Api) -> None:
    order = api.order()
    records = [
        {"attributes": {"type": "Order"}, **api.order_fields()},
        {"attributes": {"type": "OrderItem"}, **api.item_fields(order)},
        {"attributes": {"type": "Order"}, **api.order_fields(Status="Nope")},
    ]

    failed = api.call("POST", "composite/sobjects", {"records": records, "allOrNone": True}).json()
    api.org.advance(60)
    after = api.order()

    assert not any(one["success"] for one in failed)
    assert {row["Id"] for row in api.org.query("SELECT Id FROM Order", include_deleted=True)} == {order, after}
    assert (api.value("Order", order, "TotalAmount"), api.org.query("SELECT Id FROM OrderItem")) == (0, [])
    assert api.value("Order", after, "OrderNumber") == "00000102"
    window = "start=2026-03-01T12:00:00Z&end=2026-03-01T12:30:00Z"
    assert api.call("GET", f"sobjects/OrderItem/deleted?{window}").json()["deletedRecords"] == []


def failing(api: Api, order: str) -> dict[str, tuple[str, Any]]:
    """One call of each kind that is all or none: a line of a known order, a new order, and something wrong."""
    line, header, wrong = api.item_fields(order), api.order_fields(), api.order_fields(Status="Nope")
    typed = [("OrderItem", line), ("Order", header), ("Order", wrong)]
    parts = [
        {"method": "POST", "url": f"{V}/sobjects/{name}", "referenceId": f"r{place}", "body": body}
        for place, (name, body) in enumerate(typed)
    ]
    records = [{"attributes": {"type": name}, **body} for name, body in typed]
    tree = [{"attributes": {"type": "Order", "referenceId": f"r{at}"}, **one} for at, one in enumerate((header, wrong))]
    return {
        "collections": ("composite/sobjects", {"allOrNone": True, "records": records}),
        "composite": ("composite", {"allOrNone": True, "compositeRequest": parts}),
        "graph": ("composite/graph", {"graphs": [{"graphId": "g", "compositeRequest": parts}]}),
        "tree": ("composite/tree/Order", {"records": tree}),
    }


@pytest.mark.parametrize("kind", ["collections", "composite", "graph", "tree"])
def test_all_or_none_that_fails_is_none(api: Api, kind: str) -> None:
    order = api.order()
    before = api.org.get("Order", order)
    api.org.advance(60)

    url, body = failing(api, order)[kind]
    assert api.call("POST", url, body).status in {200, 400}

    assert api.org.get("Order", order) == before
    assert len(api.org.query("SELECT Id FROM Order", include_deleted=True)) == 1
    assert api.org.query("SELECT Id FROM OrderItem", include_deleted=True) == []


def test_good_records_of_a_partial_success_do_not_see_the_bad_ones(api: Api) -> None:
    order = api.order()
    good = {"attributes": {"type": "OrderItem"}, **api.item_fields(order)}
    bad = {**good, "Quantity": 0}

    results = api.call("POST", "composite/sobjects", {"records": [good, bad, good]}).json()

    assert [one["success"] for one in results] == [True, False, True]
    assert api.value("Order", order, "TotalAmount") == 42
    assert len(api.org.query("SELECT Id FROM OrderItem")) == 2


# -- real clients


def test_of_two_real_clients_that_write_lines_of_one_order_the_second_is_refused() -> None:
    org = Org(clock=NOW)
    with serve(org) as server, requests.Session() as slow, requests.Session() as quick, ThreadPoolExecutor(1) as pool:
        for session in (slow, quick):
            session.trust_env = False
            session.verify = str(server.ca_file)
            session.headers["Authorization"] = f"Bearer {org.login()}"
        account = org.insert("Account", {"Name": "Acme"})
        product = org.insert("Product2", {"Name": "Seat", "IsActive": True})
        book = org.standard_pricebook_id
        price = {"Pricebook2Id": book, "Product2Id": product, "UnitPrice": 12, "IsActive": True}
        entry = org.insert("PricebookEntry", price)
        header = {"AccountId": account, "EffectiveDate": "2026-03-01", "Status": "Draft", "Pricebook2Id": book}
        order = org.insert("Order", header)
        line = {"OrderId": order, "PricebookEntryId": entry, "Quantity": 2, "UnitPrice": 10.5}
        url = f"{server.url}{V}/sobjects/OrderItem"
        org.faults.add("long_transaction", path="OrderItem", hold=True)

        def let_go(call: Call, moment: Moment) -> None:
            if (call.number, moment) == (2, "after"):
                org.in_flight.release()

        org.on_call.append(let_go)
        first = pool.submit(slow.post, url, json=line, timeout=30)
        org.in_flight.held()
        second = quick.post(url, json=line, timeout=30)  # its end lets the first go on

        assert first.result(30).status_code == 201
        text = f"unable to obtain exclusive access to this record or 1 records: {order[:15]}"
        assert (second.status_code, second.json()[0]["errorCode"]) == (400, LOCKED)
        assert second.json()[0]["message"] == text
        assert quick.post(url, json=line, timeout=30).status_code == 201
        assert org.get("Order", order)["TotalAmount"] == 42


def test_a_server_with_many_held_calls_answers_others_and_lets_them_go_when_it_stops() -> None:
    org = Org(clock=NOW)
    count = 12  # more than the threads that a small machine gives by default
    org.faults.add("long_transaction", kind="record", hold=True, times=0)
    answered = threading.Semaphore(0)

    def count_answers(_call: Call, moment: Moment) -> None:
        if moment == "after":
            answered.release()

    org.on_call.append(count_answers)
    with requests.Session() as session, ThreadPoolExecutor(count) as pool:
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {org.login()}"
        with serve(org) as server:
            session.verify = str(server.ca_file)
            url = f"{server.url}{V}"
            for _ in range(count):
                pool.submit(session.post, f"{url}/sobjects/Account", json={"Name": "A"}, timeout=30)
            org.in_flight.held(count)
            assert session.get(f"{url}/limits", timeout=30).status_code == 200
        ended = [answered.acquire(timeout=10) for _ in range(1 + count)]
        org.in_flight.release()

    assert all(ended)
    assert org.transactions == []
    assert len(org.query("SELECT Id FROM Account")) == count


# -- many at once


def test_eight_threads_lose_no_row_and_no_amount(api: Api) -> None:
    orders = [api.order(AccountId=api.create("Account", Name=f"A{number}")) for number in range(4)]

    def work(worker: int) -> list[int]:
        order, statuses = orders[worker % 4], []
        for turn in range(12):
            statuses.append(api.call("POST", "sobjects/OrderItem", api.item_fields(order)).status)
            if turn % 3 == 0:
                statuses.append(api.call("PATCH", f"sobjects/Order/{order}", {"Description": f"{worker}"}).status)
            if turn % 4 == 0:
                statuses.append(api.call("GET", "query?q=SELECT+Id,Order.TotalAmount+FROM+OrderItem").status)
            if turn % 6 == 0:
                late = api.org.open_transaction()
                late.insert("Account", {"Name": f"{worker}-{turn}"})
                late.commit()
        return statuses

    with ThreadPoolExecutor(8) as pool:
        statuses = [status for one in pool.map(work, range(8)) for status in one]

    assert set(statuses) == {200, 201, 204}
    assert len(api.org.query("SELECT Id FROM OrderItem")) == 8 * 12
    assert len(api.org.query("SELECT Id FROM Account")) == 1 + 4 + 8 * 2
    assert [api.value("Order", order, "TotalAmount") for order in orders] == [2 * 12 * 21] * 4


def test_threads_that_wait_for_each_other_all_get_through(api: Api) -> None:
    order = api.order()
    api.org.settings.lock_wait_seconds = 60
    api.org.faults.add("long_transaction", path="OrderItem", ms=1, times=0)

    with ThreadPoolExecutor(8) as pool:
        calls = [pool.submit(api.call, "POST", "sobjects/OrderItem", api.item_fields(order)) for _ in range(16)]
        statuses = {one.result(60).status for one in calls}

    assert statuses == {201}
    assert api.value("Order", order, "TotalAmount") == 16 * 21
