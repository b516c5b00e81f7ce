"""Faults: each strikes where it was planned, and does to the org what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from sfsync.emulator.adapter import EmulatorAdapter
from sfsync.emulator.faults import Faults
from tests.emulator.api import Api, V, make_api, refusal

if TYPE_CHECKING:
    from sfsync.emulator.calls import Call, Moment

ACCOUNTS = "SELECT Id FROM Account"


@pytest.fixture
def api() -> Api:
    return make_api()


def create(api: Api, **timeout: Any) -> requests.Response:
    """POST an account through a requests session."""
    session = requests.Session()
    session.mount("https://org.example", EmulatorAdapter(api.org))
    headers = {"Authorization": f"Bearer {api.token}"}
    return session.post(f"https://org.example{V}/sobjects/Account", json={"Name": "A"}, headers=headers, **timeout)


def test_without_faults_the_adapter_is_a_network(api: Api) -> None:
    response = create(api)

    assert (response.status_code, response.reason, response.json()["success"]) == (201, "Created", True)
    assert response.headers["sforce-limit-info"] == "api-usage=1/100000"


@pytest.mark.parametrize(
    ("name", "error", "committed"),
    [
        ("lost_answer", requests.ConnectionError, True),
        ("lost_answer_timeout", requests.ReadTimeout, True),
        ("truncated", requests.exceptions.ChunkedEncodingError, True),
        ("reset", requests.ConnectionError, False),
    ],
)
def test_faults_of_the_wire(api: Api, name: str, error: type[Exception], committed: bool) -> None:  # noqa: FBT001
    api.org.faults.add(name)

    with pytest.raises(error):
        create(api)

    assert len(api.org.query(ACCOUNTS)) == (2 if committed else 1)
    assert create(api).status_code == 201


@pytest.mark.parametrize(
    ("name", "status"),
    [("http_500", 500), ("http_503", 503), ("html_503", 503), ("request_limit", 403), ("lock_row", 400)],
)
def test_refusals_on_demand_do_nothing_else(api: Api, name: str, status: int) -> None:
    api.org.faults.add(name)
    response = api.call("POST", "sobjects/Account", {"Name": "A"})

    assert response.status == status
    assert len(api.org.query(ACCOUNTS)) == 1
    assert api.org.calls[-1].fault == name


def test_the_words_of_the_refusals(api: Api) -> None:
    for name in ("http_500", "html_503", "request_limit", "lock_row"):
        api.org.faults.add(name)
    crash, page, limit, lock = (api.call("GET", "limits") for _ in range(4))

    assert refusal(crash)[1] == "UNKNOWN_EXCEPTION"
    assert page.body.startswith(b"<html>")
    assert page.headers["Content-Type"] == "text/html;charset=UTF-8"
    assert refusal(limit)[1:] == ("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
    assert refusal(lock)[1] == "UNABLE_TO_LOCK_ROW"


def test_a_500_may_come_after_the_commit(api: Api) -> None:
    api.org.faults.add("http_500", done=True)

    assert api.call("POST", "sobjects/Account", {"Name": "A"}).status == 500
    assert len(api.org.query(ACCOUNTS)) == 2


def test_an_expired_token_stays_expired(api: Api) -> None:
    api.org.faults.add("expired_token")

    for _ in range(2):
        assert refusal(api.call("POST", "sobjects/Account", {"Name": "A"}))[:2] == (401, "INVALID_SESSION_ID")
    assert len(api.org.query(ACCOUNTS)) == 1


def graphs(count: int) -> dict[str, Any]:
    url = f"{V}/sobjects/Account"
    nodes = [{"method": "POST", "url": url, "referenceId": "a", "body": {"Name": "A"}}]
    return {"graphs": [{"graphId": f"g{number}", "compositeRequest": nodes} for number in range(count)]}


def test_a_row_lock_can_hit_one_graph(api: Api) -> None:
    api.org.faults.add("lock_row", kind="graph", pick=2)

    results = api.call("POST", "composite/graph", graphs(3)).json()["graphs"]

    assert [one["isSuccessful"] for one in results] == [True, False, True]
    part = results[1]["graphResponse"]["compositeResponse"][0]
    assert part["body"][0]["errorCode"] == "UNABLE_TO_LOCK_ROW"
    assert len(api.org.query(ACCOUNTS)) == 3


def test_a_row_lock_can_hit_some_records_by_chance(api: Api) -> None:
    api.org.faults.add("lock_row", kind="collections", rate=0.5)
    records = [{"attributes": {"type": "Account"}, "Name": "A"}] * 40

    results = api.call("POST", "composite/sobjects", {"records": records}).json()

    failed = [one for one in results if not one["success"]]
    assert 5 < len(failed) < 35
    assert {one["errors"][0]["statusCode"] for one in failed} == {"UNABLE_TO_LOCK_ROW"}
    assert len(api.org.query(ACCOUNTS)) == 41 - len(failed)


def test_a_row_lock_can_hit_a_part_of_a_composite(api: Api) -> None:
    api.org.faults.add("lock_row", kind="composite", pick=1)
    part = {"method": "GET", "url": f"{V}/sobjects/Account/{api.account}", "referenceId": "a"}

    results = api.call("POST", "composite", {"compositeRequest": [part, {**part, "referenceId": "b"}]}).json()

    assert [one["httpStatusCode"] for one in results["compositeResponse"]] == [400, 200]


def test_a_late_commit_is_seen_some_calls_later(api: Api) -> None:
    api.org.faults.add("late_commit", path="Account", after=2)

    with pytest.raises(requests.ReadTimeout):
        create(api)

    seen = [api.call("GET", "query?q=SELECT+Id+FROM+Account").json()["totalSize"] for _ in range(3)]
    assert seen == [1, 1, 2]
    assert api.org.transactions == []


def test_a_second_write_under_the_same_key_waits_for_the_first(api: Api) -> None:
    api.org.faults.add("late_commit", after=50)
    fields = api.order_fields(SFSync_Key__c="k")
    lost = api.call("POST", "sobjects/Order", fields)

    again = api.call("POST", "sobjects/Order", fields)

    assert lost.wire_fault == "timeout"
    (order,) = api.org.query("SELECT Id FROM Order")
    assert refusal(again)[1] == "DUPLICATE_VALUE"
    assert refusal(again)[2].endswith(order["Id"][:15])


def test_a_late_graph_keeps_its_ids_and_stamps(api: Api) -> None:
    api.org.faults.add("late_commit", after=1)
    lost = api.call("POST", "composite/graph", graphs(2))
    api.org.advance(100)
    for _ in range(2):
        api.call("GET", "limits")

    parts = [one["graphResponse"]["compositeResponse"][0] for one in lost.json()["graphs"]]
    for part in parts:
        assert api.value("Account", part["body"]["id"], "CreatedDate") == "2026-03-01T12:00:30.000+0000"


def test_latency_withholds_the_answer(api: Api) -> None:
    slept: list[float] = []
    session = requests.Session()
    session.mount("https://org.example", EmulatorAdapter(api.org, sleep=slept.append))
    api.org.faults.add("latency", ms=1500, times=2)
    url = "https://org.example/services/data"

    assert session.get(url, timeout=(1, 5)).status_code == 200
    with pytest.raises(requests.ReadTimeout):
        session.get(url, timeout=1)
    assert slept == [1.5]


# -- when they strike


def struck(faults: Faults, *calls: tuple[str, str, str]) -> list[str | None]:
    return [strike.names if strike else None for strike in (faults.choose(*call) for call in calls)]


GRAPH, QUERY = ("POST", f"{V}/composite/graph", "graph"), ("GET", f"{V}/query", "query")


def test_nth_counts_matching_calls_only() -> None:
    faults = Faults()
    faults.add("lost_answer", path="composite/graph", nth=2)

    assert struck(faults, GRAPH, QUERY, GRAPH, GRAPH) == [None, None, "lost_answer", None]


def test_times_and_method_and_kind() -> None:
    faults = Faults()
    faults.add("reset", method="post", times=2)
    faults.add("http_503", kind="query")

    assert struck(faults, GRAPH, QUERY, QUERY, GRAPH, GRAPH) == ["reset", "http_503", None, "reset", None]


def test_chance_is_repeatable() -> None:
    def run() -> list[str | None]:
        faults = Faults(seed=7)
        faults.add("http_503", rate=0.3)
        return struck(faults, *[QUERY] * 50)

    first = run()
    assert first == run()
    assert 5 < first.count("http_503") < 25


def test_faults_can_be_written_as_text() -> None:
    faults = Faults()
    faults.add_spec("lost_answer:path=graph,nth=2; http_500:kind=query,done=true,times=1;latency:ms=20")

    assert struck(faults, GRAPH, QUERY, GRAPH) == ["latency", "http_500", "lost_answer"]


def test_latency_comes_on_top_of_another_fault(api: Api) -> None:
    api.org.faults.add_spec("http_503;latency:ms=20;reset;latency:ms=30")

    response = api.call("GET", "limits")

    assert (response.status, response.delay) == (503, 0.05)
    assert api.org.calls[-1].fault == "http_503, latency, latency"
    assert api.call("GET", "limits").wire_fault == "reset"


# -- the log of calls


def test_calls_are_logged_and_hooks_see_both_moments(api: Api) -> None:
    seen: list[tuple[int, Moment, int]] = []

    def hook(call: Call, moment: Moment) -> None:
        seen.append((call.number, moment, len(api.org.query(ACCOUNTS))))

    api.org.on_call.append(hook)
    api.call("POST", "sobjects/Account", {"Name": "A"})

    assert seen == [(1, "before", 1), (1, "after", 2)]
    (call,) = api.org.calls
    assert (call.method, call.kind, call.status, call.counted) == ("POST", "record", 201, True)
    api.call("GET", "/services/data")
    assert (api.org.calls.count(), api.org.calls.by_kind()) == (1, {"record": 1, "versions": 1})
    api.org.calls.clear()
    api.call("GET", "limits")
    assert [call.number for call in api.org.calls] == [3]
