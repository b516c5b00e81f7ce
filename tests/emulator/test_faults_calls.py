"""Faults of single calls: what the client gets, what the org did, and that calls not meant are left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from sfsync.emulator.adapter import EmulatorAdapter
from sfsync.emulator.faults import Faults
from tests.emulator.api import Api, V, make_api, refusal
from tests.emulator.bulk import errors, ingested, results, status

if TYPE_CHECKING:
    from collections.abc import Generator

ACCOUNTS = "SELECT Id FROM Account"


@pytest.fixture(scope="module")
def shared() -> Api:
    return make_api()


@pytest.fixture
def api(shared: Api) -> Generator[Api]:
    """The shared org with a session of its own; faults are called off afterwards."""
    shared.token = shared.org.login()
    yield shared
    shared.org.faults.clear()


def accounts(api: Api) -> int:
    return len(api.org.query(ACCOUNTS))


def post(api: Api, *, slept: list[float] | None = None, **timeout: Any) -> requests.Response:
    """POST an account through a requests session."""
    session = requests.Session()
    waits = [] if slept is None else slept
    session.mount("https://org.example", EmulatorAdapter(api.org, sleep=waits.append))
    headers = {"Authorization": f"Bearer {api.token}"}
    return session.post(f"https://org.example{V}/sobjects/Account", json={"Name": "A"}, headers=headers, **timeout)


# -- pages of the edge, and breakdowns


@pytest.mark.parametrize(
    ("name", "status", "content"),
    [
        ("http_500", 500, b"UNKNOWN_EXCEPTION"),
        ("http_502", 502, b"<html>"),
        ("http_503", 503, b"SERVER_UNAVAILABLE"),
        ("html_503", 503, b"Down for maintenance"),
        ("http_504", 504, b"<html>"),
        ("html_420", 420, b"setting things up"),
        ("http_429", 429, b"Too Many Requests"),
        ("empty_406", 406, b""),
        ("request_limit", 403, b"TotalRequests Limit exceeded."),
    ],
)
def test_a_breakdown_comes_before_or_after_the_commit(api: Api, name: str, status: int, content: bytes) -> None:
    before = accounts(api)
    api.org.faults.add(name, path="Account")
    api.org.faults.add(name, path="Account", done=True)

    assert api.call("GET", "limits").status == 200
    nothing_done = api.call("POST", "sobjects/Account", {"Name": "A"})
    between = accounts(api)
    done = api.call("POST", "sobjects/Account", {"Name": "A"})

    assert (nothing_done.status, done.status) == (status, status)
    assert content in nothing_done.body
    assert bool(content) == bool(nothing_done.body)
    assert ("html" in nothing_done.headers.get("Content-Type", "")) == (b"<html>" in nothing_done.body)
    assert (between, accounts(api)) == (before, before + 1)
    assert api.call("POST", "sobjects/Account", {"Name": "A"}).status == 201


def test_a_status_without_a_phrase_reaches_a_client_in_the_same_process(api: Api) -> None:
    api.org.faults.add("html_420", path="Account")

    answer = post(api)

    assert (answer.status_code, b"setting things up" in answer.content) == (420, True)


@pytest.mark.parametrize(
    ("limit", "words"), [("concurrent", "ConcurrentRequests"), ("long", "ConcurrentPerOrgLongTxn"), ("total", "Total")]
)
def test_each_request_limit_has_its_own_words(api: Api, limit: str, words: str) -> None:
    api.org.faults.add("request_limit", limit=limit)

    status, code, message = refusal(api.call("GET", "limits"))

    assert (status, code) == (403, "REQUEST_LIMIT_EXCEEDED")
    assert message.startswith(words)


def test_errors_speak_the_language_of_the_bulk_api(api: Api) -> None:
    api.org.faults.add("request_limit")

    response = api.call("GET", "/services/async/66.0/job/750000000000001", content_type="application/json")

    assert set(response.json()) == {"exceptionCode", "exceptionMessage"}


# -- the wire


def test_a_lost_request_is_neither_performed_nor_answered(api: Api) -> None:
    before = accounts(api)
    api.org.faults.add("lost_request")

    with pytest.raises(requests.ReadTimeout):
        post(api)

    assert accounts(api) == before


def test_cut_json_looks_like_a_whole_answer(api: Api) -> None:
    before = accounts(api)
    api.org.faults.add("truncated_json", method="POST")

    whole = api.call("GET", "limits").json()
    response = post(api)

    assert whole["DailyApiRequests"]
    assert response.status_code == 201
    with pytest.raises(requests.exceptions.JSONDecodeError):
        response.json()
    assert accounts(api) == before + 1


def test_a_slow_body_comes_whole_unless_a_pause_is_too_long(api: Api) -> None:
    slept: list[float] = []
    api.org.faults.add("slow_body", ms=400, pieces=5, times=2)

    assert post(api, slept=slept, timeout=(1, 1)).json()["success"]
    with pytest.raises(requests.ConnectionError, match="Read timed out"):
        post(api, slept=slept, timeout=(1, 0.3))
    assert post(api, slept=slept, timeout=(1, 0.3)).json()["success"]
    assert slept == [2.0]


# -- refusals


def test_queries_time_out_and_other_calls_do_not(api: Api) -> None:
    api.org.faults.add("query_timeout")

    assert api.call("GET", "limits").status == 200
    assert refusal(api.call("GET", "query?q=SELECT+Id+FROM+Account")) == (
        400,
        "QUERY_TIMEOUT",
        "Your query request was running for too long.",
    )
    assert api.call("GET", "query?q=SELECT+Id+FROM+Account").status == 200


def test_any_error_can_be_asked_for(api: Api) -> None:
    api.org.faults.add_spec(
        "refuse:code=TXN_SECURITY_METERING_ERROR;"
        'refuse:code=CANNOT_EXECUTE_FLOW_TRIGGER,status=500,message="Flow failed, sorry; ask Bob",field=Name'
    )

    known, own = (api.call("GET", "limits") for _ in range(2))

    assert refusal(known)[:2] == (400, "TXN_SECURITY_METERING_ERROR")
    assert "fields" not in known.json()[0]
    assert own.status == 500
    assert own.json()[0]["fields"] == ["Name"]
    assert own.json()[0]["message"] == "Flow failed, sorry; ask Bob"


def test_a_refusal_may_come_though_everything_was_done(api: Api) -> None:
    before = accounts(api)
    api.org.faults.add("refuse", code="APEX_ERROR", done=True)
    api.org.faults.add("refuse", code="APEX_ERROR")

    answers = [api.call("POST", "sobjects/Account", {"Name": "A"}).status for _ in range(2)]

    assert answers == [500, 500]
    assert accounts(api) == before + 1


def test_a_session_can_end_between_two_pages(api: Api) -> None:
    for _ in range(2):
        records = [{"attributes": {"type": "Account"}, "Name": "P"}] * 200
        assert api.call("POST", "composite/sobjects", {"records": records}).status == 200
    api.org.faults.add("expired_mid_page")
    options = {"Sforce_Query_Options": "batchSize=200"}

    page = api.call("GET", "query?q=SELECT+Id+FROM+Account", **options)
    lost = api.call("GET", page.json()["nextRecordsUrl"], **options)
    api.token = api.org.login()

    assert page.status == 200
    assert refusal(lost) == (401, "INVALID_SESSION_ID", "Session expired or invalid")
    assert api.call("GET", page.json()["nextRecordsUrl"], **options).status == 200


def test_a_session_for_something_else_is_not_cured_by_a_new_one(api: Api) -> None:
    api.org.faults.add("wrong_session", times=2)

    first = refusal(api.call("GET", "limits"))
    api.token = api.org.login()

    assert first == (401, "INVALID_SESSION_ID", "This session is not valid for use with the REST API")
    assert refusal(api.call("GET", "limits")) == first
    assert api.call("GET", "limits").status == 200


# -- parts


def test_some_records_of_a_collection_fail_and_the_others_do_not(api: Api) -> None:
    before = accounts(api)
    api.org.faults.add("part_fails", code="STORAGE_LIMIT_EXCEEDED", pick=2)
    records = [{"attributes": {"type": "Account"}, "Name": "A"}] * 3

    assert api.call("POST", "sobjects/Account", {"Name": "alone"}).status == 201
    results = api.call("POST", "composite/sobjects", {"records": records}).json()

    assert [one["success"] for one in results] == [True, False, True]
    assert results[1]["errors"][0]["statusCode"] == "STORAGE_LIMIT_EXCEEDED"
    assert accounts(api) == before + 3


def test_a_failed_record_undoes_the_others_if_all_or_none_was_asked(api: Api) -> None:
    before = accounts(api)
    api.org.faults.add("part_fails", code="APEX_ERROR", pick=1)
    records = [{"attributes": {"type": "Account"}, "Name": "A"}] * 2

    results = api.call("POST", "composite/sobjects", {"records": records, "allOrNone": True}).json()

    codes = [one["errors"][0]["statusCode"] for one in results]
    assert codes == ["APEX_ERROR", "ALL_OR_NONE_OPERATION_ROLLED_BACK"]
    assert accounts(api) == before


def graph(*nodes: dict[str, Any]) -> dict[str, Any]:
    return {"graphs": [{"graphId": "g", "compositeRequest": list(nodes)}]}


def test_rows_of_a_bulk_job_lose_their_locks_one_by_one(api: Api) -> None:
    before = accounts(api)
    api.org.faults.add("lock_row", kind="bulk_rows", rate=0.3)

    job = ingested(api, "insert", "Name\n" + "".join(f"R{row}\n" for row in range(40)))

    refused = errors(api, job)
    assert 0 < len(refused) < 40
    assert {error.partition(":")[0] for error in refused} == {"UNABLE_TO_LOCK_ROW"}
    assert len(results(api, job, "successfulResults")) == accounts(api) - before == 40 - len(refused)
    assert status(api, job)["numberRecordsFailed"] == len(refused)


def test_of_each_chunk_of_a_bulk_job_the_same_row_can_fail(api: Api) -> None:
    api.org.faults.add("part_fails", code="STORAGE_LIMIT_EXCEEDED", kind="bulk_rows", pick=2, times=0)

    job = ingested(api, "insert", "Name\n" + "".join(f"R{row}\n" for row in range(250)))

    assert [row["Name"] for row in results(api, job, "failedResults")] == ["R1", "R201"]


def test_a_graph_can_fail_by_an_error_of_choice(api: Api) -> None:
    node = {"method": "POST", "url": f"{V}/sobjects/Account", "referenceId": "a", "body": {"Name": "A"}}
    api.org.faults.add("part_fails", code="CANNOT_EXECUTE_FLOW_TRIGGER", message="Flow", status=400, pick=1)

    failed, done = (api.call("POST", "composite/graph", graph(node)).json()["graphs"][0] for _ in range(2))

    part = failed["graphResponse"]["compositeResponse"][0]
    assert (failed["isSuccessful"], done["isSuccessful"]) == (False, True)
    assert part["body"][0] == {"message": "Flow", "errorCode": "CANNOT_EXECUTE_FLOW_TRIGGER"}


# -- upserts without a body


def test_an_upsert_may_say_no_more_than_204(api: Api) -> None:
    url = "sobjects/Order/SFSync_Key__c/u-1"
    fields = api.order_fields()
    api.org.faults.add("upsert_204")

    created = api.call("PATCH", url, fields)
    again = api.call("PATCH", url, {"Description": "again"})

    assert (created.status, created.body) == (204, b"")
    assert "Location" not in created.headers
    assert (again.status, again.json()["created"]) == (200, False)


def test_so_may_the_upserts_in_a_graph_and_in_a_composite(api: Api) -> None:
    node: dict[str, Any] = {"method": "PATCH", "url": f"{V}/sobjects/Order/SFSync_Key__c/u-2", "referenceId": "o"}
    node["body"] = api.order_fields()
    read = {"method": "GET", "url": f"{V}/sobjects/Order/@{{o.id}}?fields=Id", "referenceId": "r"}
    api.org.faults.add("upsert_204", times=2)

    graphs = api.call("POST", "composite/graph", graph(node, read)).json()["graphs"]
    parts = api.call("POST", "composite", {"compositeRequest": [node]}).json()["compositeResponse"]

    upserted, seen = graphs[0]["graphResponse"]["compositeResponse"]
    assert (upserted["httpStatusCode"], upserted["body"]) == (204, None)
    assert (seen["httpStatusCode"], "Id" in seen["body"]) == (200, True)
    assert (parts[0]["httpStatusCode"], parts[0]["body"]) == (204, None)


def test_parts_of_a_batch_can_fail_and_lose_their_bodies(api: Api) -> None:
    part = {"method": "PATCH", "url": "v66.0/sobjects/Order/SFSync_Key__c/u-4", "richInput": api.order_fields()}
    api.org.faults.add_spec("lock_row:kind=batch,pick=1;upsert_204:kind=batch")

    for statuses in ([400, 201], [204, 204], [200, 200]):
        parts = [part, {**part, "url": "v66.0/sobjects/Order/SFSync_Key__c/u-5"}]
        results = api.call("POST", "composite/batch", {"batchRequests": parts}).json()["results"]

        assert [one["statusCode"] for one in results] == statuses
        assert [one["result"] is None for one in results] == [status == 204 for status in statuses]


def test_a_refused_upsert_keeps_its_error(api: Api) -> None:
    api.org.faults.add("upsert_204")

    assert api.call("PATCH", "sobjects/Order/SFSync_Key__c/u-3", {}).status == 400


# -- chance


CALLS = [("GET", "/x", "limits"), ("POST", "/y", "graph"), ("GET", "/z", "query_more")] * 10


def struck(faults: Faults) -> list[str | None]:
    strikes = [faults.choose(*call) for call in CALLS]
    return [strike.names if strike else None for strike in strikes]


def test_the_same_seed_and_calls_give_the_same_faults(api: Api) -> None:
    def run(seed: int) -> tuple[list[str | None], list[bool], str]:
        faults = Faults(seed, api.org)
        faults.add("http_503", rate=0.4)
        parts = faults.add("lock_row", rate=0.5)
        touched = [faults.now("record_changes", object="Account") for _ in range(4)]
        return struck(faults), [parts.hits_part(one) for one in range(20)], " ".join(touched)

    for _ in range(5):
        api.create("Account", Name="B")

    assert run(3) == run(3)
    for one, other in zip(run(1), run(2), strict=True):
        assert one != other


def test_one_more_fault_leaves_the_chances_of_the_others_alone() -> None:
    def run(*more: str) -> list[str | None]:
        faults = Faults(1)
        faults.add("http_503", rate=0.5)
        for name in more:
            faults.add(name, rate=0.5, method="DELETE")
        return struck(faults)

    assert run() == run("http_500", "reset")
