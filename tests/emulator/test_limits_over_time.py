"""Limits that time gives back: calls over 24 hours, long calls at once, logins per hour [facts: api 5.1]."""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from sfsync.emulator.http import Request
from sfsync.emulator.settings import Settings
from tests.emulator.api import Api, V, ask_token, make_api, refusal

if TYPE_CHECKING:
    from collections.abc import Generator

    from sfsync.emulator.http import Response

DAY = 86_400
FULL = (403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
BUSY = (403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded.")


def small_org(calls: int = 3) -> Api:
    return make_api(Settings(daily_limit=calls, session_seconds=3 * DAY))


def usage(response: Response) -> str:
    return response.headers["Sforce-Limit-Info"]


# -- calls over 24 hours


def test_a_call_comes_back_after_24_hours_to_the_second() -> None:
    api = small_org()
    for _ in range(3):
        assert api.call("GET", "limits").status == 200
        api.org.advance(10)

    assert refusal(api.call("GET", "limits")) == FULL
    api.org.advance(DAY - 31)
    assert refusal(api.call("GET", "limits")) == FULL
    api.org.advance(1)
    assert api.call("GET", "limits").status == 200
    assert refusal(api.call("GET", "limits")) == FULL  # the second of them is back in ten seconds only
    api.org.advance(10)
    assert api.call("GET", "limits").status == 200


def test_calls_beyond_the_limit_are_not_held_against_the_next_day() -> None:
    api = small_org(1)
    api.call("GET", "limits")
    for _ in range(5):
        api.org.advance(600)
        assert refusal(api.call("GET", "limits")) == FULL

    api.org.advance(DAY - 3_000)
    assert api.call("GET", "limits").status == 200


def test_the_header_and_the_limits_resource_agree() -> None:
    api = small_org(10)
    for used in range(1, 4):
        response = api.call("GET", "limits")
        assert usage(response) == f"api-usage={used}/10"
        assert response.json()["DailyApiRequests"] == {"Max": 10, "Remaining": 10 - used}

    api.org.advance(DAY)
    assert usage(api.call("GET", "limits")) == "api-usage=1/10"


def test_nothing_remains_of_a_limit_that_is_used_up() -> None:
    api = small_org(2)
    api.call("GET", "limits")

    assert api.call("GET", "limits").json()["DailyApiRequests"]["Remaining"] == 0
    assert usage(api.call("GET", "limits")) == "api-usage=2/2"


@pytest.mark.parametrize(
    ("method", "url", "body", "status"),
    [
        ("GET", "sobjects/Nope", None, 404),
        ("GET", "no/such/resource", None, 404),
        ("PUT", "limits", None, 405),
        ("POST", "sobjects/Account", {}, 400),
        ("GET", "query?q=nonsense", None, 400),
    ],
)
def test_calls_that_fail_count(method: str, url: str, body: Any, status: int) -> None:
    api = small_org()

    response = api.call(method, url, body)

    assert (response.status, usage(response)) == (status, "api-usage=1/3")


def test_a_composite_counts_once_whatever_is_in_it() -> None:
    api = small_org()
    parts = [
        {"method": "GET", "url": f"{V}/sobjects/Account/{api.account}", "referenceId": f"r{number}"}
        for number in range(25)
    ]
    graph = {"graphs": [{"graphId": "g", "compositeRequest": parts}]}

    assert usage(api.call("POST", "composite", {"compositeRequest": parts})) == "api-usage=1/3"
    assert usage(api.call("POST", "composite/graph", graph)) == "api-usage=2/3"


def test_each_page_of_a_query_counts() -> None:
    api = small_org(100)
    api.org.insert_many("Account", [{"Name": "A"}] * 401)
    first = api.call("GET", "query?q=SELECT+Id+FROM+Account", Sforce_Query_Options="batchSize=200")
    second = api.call("GET", first.json()["nextRecordsUrl"])

    assert (usage(first), usage(second)) == ("api-usage=1/100", "api-usage=2/100")


def test_what_needs_no_session_and_what_has_a_wrong_one_is_free() -> None:
    api = small_org(1)

    assert ask_token(api.org).status == 200
    assert api.org.handle(Request.of("GET", "/services/data")).status == 200
    assert api.org.handle(Request.of("GET", f"{V}/limits")).status == 401
    assert api.org.usage() == 0


def test_the_hourly_limit_of_logins_rolls_too() -> None:
    api = make_api(Settings(logins_per_hour=2))

    assert ask_token(api.org).status == 200
    api.org.advance(1_800)
    assert ask_token(api.org).status == 200
    assert ask_token(api.org).json() == {"error": "rate_limit_exceeded", "error_description": "login rate exceeded"}
    api.org.advance(1_800)
    assert ask_token(api.org).status == 200


# -- long calls at once


@contextmanager
def long_calls(api: Api, count: int, method: str = "GET") -> Generator[list[Future[Response]]]:
    """Calls of other clients that have begun now and end when the block does."""
    api.org.faults.add("long_transaction", hold=True, times=count, path="Account|recordCount")
    with ThreadPoolExecutor(count) as pool:
        url, body = ("limits/recordCount", None) if method == "GET" else ("sobjects/Account", {"Name": "A"})
        calls = [pool.submit(api.call, method, url, body) for _ in range(count)]
        api.org.in_flight.held(count)
        try:
            yield calls
        finally:
            api.org.in_flight.release()


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_so_many_calls_that_last_twenty_seconds_shut_the_others_out(method: str) -> None:
    api = make_api(Settings(concurrent_long_requests=2))
    with long_calls(api, 2, method) as calls:
        api.org.advance(19)
        assert api.call("GET", "limits").status == 200
        api.org.advance(1)
        assert refusal(api.call("GET", "limits")) == BUSY
        api.org.in_flight.release(api.org.in_flight.held()[0])
        done, _ = wait(calls, 30, return_when=FIRST_COMPLETED)
        assert len(done) == 1
        assert api.call("GET", "limits").status == 200

    assert {call.result(30).status for call in calls} == {200 if method == "GET" else 201}


def test_a_call_that_is_shut_out_is_answered_at_once_and_counts() -> None:
    api = make_api(Settings(concurrent_long_requests=1))
    with long_calls(api, 1):
        api.org.advance(20)
        api.org.faults.add("long_transaction", hold=True)
        assert refusal(api.call("POST", "sobjects/Account", {"Name": "A"})) == BUSY

    assert api.org.usage() == 2
    assert len(api.org.query("SELECT Id FROM Account")) == 1


def test_short_calls_are_not_limited_however_many() -> None:
    api = make_api(Settings(concurrent_long_requests=1))
    with long_calls(api, 4):
        api.org.advance(19)
        assert api.call("GET", "limits").status == 200


def test_token_calls_are_never_shut_out() -> None:
    api = make_api(Settings(concurrent_long_requests=1))
    with long_calls(api, 1):
        api.org.advance(20)
        assert api.org.handle(Request.of("GET", "/services/data")).status == 200
