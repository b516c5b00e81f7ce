"""Composite batch [facts: api 3.13]."""

from __future__ import annotations

from typing import Any

import pytest

from sfsync.emulator.settings import Settings
from tests.emulator.api import Api, V, make_api, refusal


@pytest.fixture
def api() -> Api:
    return make_api()


def part(method: str, url: str, body: Any = None) -> dict[str, Any]:
    made = {"method": method, "url": url}
    return made if body is None else {**made, "richInput": body}


def run(api: Api, *parts: dict[str, Any], halt: bool = False) -> dict[str, Any]:
    response = api.call("POST", "composite/batch", {"haltOnError": halt, "batchRequests": list(parts)})
    assert response.status == 200, response.body
    answer: dict[str, Any] = response.json()
    return answer


def test_parts_are_done_in_order_and_see_what_was_done_before(api: Api) -> None:
    answer = run(
        api,
        part("PATCH", f"v66.0/sobjects/account/{api.account}", {"Name": "NewName"}),
        part("GET", f"v66.0/sobjects/account/{api.account}?fields=Name"),
    )

    assert answer["hasErrors"] is False
    assert answer["results"][0] == {"statusCode": 204, "result": None}
    assert (answer["results"][1]["statusCode"], answer["results"][1]["result"]["Name"]) == (200, "NewName")


@pytest.mark.parametrize("prefix", ["v61.0/", "/v61.0/", "/services/data/v61.0/", "services/data/v61.0/"])
def test_urls_may_begin_with_the_version_or_with_the_whole_path(api: Api, prefix: str) -> None:
    result = run(api, part("GET", f"{prefix}sobjects/Order/describe"))["results"][0]

    assert (result["statusCode"], result["result"]["name"]) == (200, "Order")


def test_limits_and_queries_may_be_parts(api: Api) -> None:
    answer = run(
        api,
        part("GET", "v66.0/limits"),
        part("GET", "v66.0/query/?q=SELECT+Id+FROM+Account"),
        part("GET", "v66.0/queryAll/?q=SELECT+Id+FROM+Order"),
        part("GET", "v34.0"),
    )

    assert [one["statusCode"] for one in answer["results"]] == [200] * 4
    assert answer["results"][1]["result"]["records"][0]["Id"] == api.account


def test_a_failed_part_undoes_nothing_and_stops_nothing(api: Api) -> None:
    answer = run(
        api,
        part("POST", "v66.0/sobjects/Account", {"Name": "One"}),
        part("POST", "v66.0/sobjects/Account", {}),
        part("POST", "v66.0/sobjects/Account", {"Name": "Two"}),
    )

    assert answer["hasErrors"] is True
    assert [one["statusCode"] for one in answer["results"]] == [201, 400, 201]
    assert answer["results"][1]["result"][0]["errorCode"] == "REQUIRED_FIELD_MISSING"
    assert len(api.org.query("SELECT Id FROM Account WHERE Name IN ('One', 'Two')")) == 2


def test_after_an_error_the_rest_is_halted_if_wanted(api: Api) -> None:
    answer = run(
        api,
        part("POST", "v66.0/sobjects/Account", {"Name": "One"}),
        part("GET", "v66.0/sobjects/Account/001000000000000AAA"),
        part("POST", "v66.0/sobjects/Account", {"Name": "Two"}),
        halt=True,
    )

    assert [one["statusCode"] for one in answer["results"]] == [201, 404, 412]
    assert answer["results"][2]["result"][0]["errorCode"] == "BATCH_PROCESSING_HALTED"
    assert [row["Name"] for row in api.org.query("SELECT Name FROM Account")] == ["Acme", "One"]


def test_each_part_costs_a_call_but_not_those_that_were_halted(api: Api) -> None:
    run(api, *[part("GET", "v66.0/limits")] * 3)
    assert (api.org.usage(), api.org.calls[-1].subrequests) == (3, 3)

    run(api, part("GET", "v66.0/limits"), part("GET", "v66.0/nothing"), part("GET", "v66.0/limits"), halt=True)
    assert api.org.usage() == 5


def test_parts_beyond_the_daily_limit_are_refused() -> None:
    api = make_api(Settings(daily_limit=3))

    results = run(api, *[part("POST", "v66.0/sobjects/Account", {"Name": "More"})] * 5)["results"]

    assert [one["statusCode"] for one in results] == [201, 201, 201, 403, 403]
    assert results[3]["result"][0]["errorCode"] == "REQUEST_LIMIT_EXCEEDED"
    assert (api.org.usage(), len(api.org.query("SELECT Id FROM Account"))) == (3, 4)


def test_25_parts_are_the_most(api: Api) -> None:
    body = {"batchRequests": [part("POST", "v66.0/sobjects/Account", {"Name": "More"})] * 26}

    assert refusal(api.call("POST", "composite/batch", body))[:2] == (400, "LIMIT_EXCEEDED")
    assert len(api.org.query("SELECT Id FROM Account")) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        part("FETCH", "v66.0/limits"),
        part("GET", "limits"),
        part("GET", "v33.0/limits"),
        part("GET", "v67.0/limits"),
        part("POST", "v66.0/composite", {"compositeRequest": []}),
        part("POST", "v66.0/composite/sobjects", {"records": []}),
        {**part("POST", "v66.0/sobjects/Account", {"Name": "x"}), "binaryPartName": "file"},
        "no part",
    ],
)
def test_a_part_of_a_wrong_form_refuses_the_whole_batch(api: Api, wrong: Any) -> None:
    good = part("POST", "v66.0/sobjects/Account", {"Name": "Good"})

    response = api.call("POST", "composite/batch", {"batchRequests": [good, wrong]})

    assert response.status == 400
    assert len(api.org.query("SELECT Id FROM Account")) == 1


def test_the_resource_is_listed(api: Api) -> None:
    listed = api.call("GET", "composite").json()

    assert listed == {name: f"{V}/composite/{name}" for name in ("tree", "batch", "sobjects", "graph")}
