"""Composite requests [facts: api 3.12]."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.api import Api, V, make_api, refusal

HALTED = {
    "errorCode": "PROCESSING_HALTED",
    "message": "The transaction was rolled back since another operation in the same transaction failed.",
}


@pytest.fixture
def api() -> Api:
    return make_api()


def part(method: str, url: str, reference: str, body: Any = None, **headers: str) -> dict[str, Any]:
    made: dict[str, Any] = {"method": method, "url": f"{V}/{url}", "referenceId": reference}
    if body is not None:
        made["body"] = body
    if headers:
        made["httpHeaders"] = {name.replace("_", "-"): value for name, value in headers.items()}
    return made


def run(api: Api, *parts: dict[str, Any], **options: bool) -> list[Any]:
    response = api.call("POST", "composite", {"compositeRequest": list(parts), **options})
    assert response.status == 200, response.body
    return list(response.json()["compositeResponse"])


def statuses(results: list[Any]) -> list[int]:
    return [one["httpStatusCode"] for one in results]


def test_queries_travel_together_in_one_call(api: Api) -> None:
    results = run(
        api,
        part("GET", "query?q=SELECT Id FROM Account LIMIT 1", "q1"),
        part("GET", "queryAll/?q=SELECT+Id+FROM+Order", "q2"),
    )

    assert results[0]["body"]["records"][0]["Id"] == api.account
    assert results[1] == {
        "body": {"totalSize": 0, "done": True, "records": []},
        "httpHeaders": {},
        "httpStatusCode": 200,
        "referenceId": "q2",
    }
    assert (api.org.usage(), api.org.calls[-1].subrequests) == (1, 2)


def test_a_part_can_use_what_an_earlier_one_answered(api: Api) -> None:
    results = run(
        api,
        part("GET", "query?q=SELECT+Id+FROM+Account", "q"),
        part("POST", "sobjects/Order", "o", api.order_fields(AccountId="@{q.records[0].Id}")),
        part("POST", "sobjects/OrderItem", "l", api.item_fields("@{o.id}")),
        part("GET", "sobjects/Order/@{o.id}?fields=TotalAmount", "after"),
        collateSubrequests=False,
    )

    order = results[1]["body"]["id"]
    assert results[1] == {
        "body": {"id": order, "success": True, "errors": []},
        "httpHeaders": {"Location": f"{V}/sobjects/Order/{order}"},
        "httpStatusCode": 201,
        "referenceId": "o",
    }
    assert results[3]["body"]["TotalAmount"] == 21


def test_a_bad_reference_halts_its_part_only(api: Api) -> None:
    results = run(
        api,
        part("POST", "sobjects/Account", "a", {"Name": "A"}),
        part("POST", "sobjects/Contact", "c", {"LastName": "L", "AccountId": "@{a.nothing}"}),
        part("POST", "sobjects/Account", "b", {"Name": "B"}),
    )

    assert statuses(results) == [201, 400, 201]
    assert results[1]["body"][0]["errorCode"] == "PROCESSING_HALTED"
    assert results[1]["body"][0]["message"].startswith("Invalid reference specified. No value for a.nothing found in ")


def test_references_are_case_sensitive(api: Api) -> None:
    results = run(
        api,
        part("POST", "sobjects/Account", "a", {"Name": "A"}),
        part("GET", "sobjects/Account/@{a.Id}", "b"),
    )

    assert results[1]["body"][0]["errorCode"] == "PROCESSING_HALTED"


def test_what_depends_on_a_failed_part_is_halted(api: Api) -> None:
    results = run(
        api,
        part("POST", "sobjects/Order", "o", api.order_fields(Status="Activated")),
        part("POST", "sobjects/OrderItem", "l", api.item_fields("@{o.id}")),
    )

    assert [one["body"][0]["errorCode"] for one in results] == ["FAILED_ACTIVATION", "PROCESSING_HALTED"]


def test_without_all_or_none_each_part_stands_alone(api: Api) -> None:
    run(api, part("POST", "sobjects/Account", "a", {"Name": "A"}), part("POST", "sobjects/Account", "b", {}))

    assert len(api.org.query("SELECT Id FROM Account")) == 2


def test_all_or_none_undoes_everything_and_names_the_culprit(api: Api) -> None:
    results = run(
        api,
        part("POST", "sobjects/Account", "a", {"Name": "A"}),
        part("POST", "sobjects/Account", "b", {}),
        part("POST", "sobjects/Account", "c", {"Name": "C"}),
        allOrNone=True,
    )

    assert statuses(results) == [400, 400, 400]
    assert results[1]["body"][0]["errorCode"] == "REQUIRED_FIELD_MISSING"
    for other in (results[0], results[2]):
        assert (other["body"][0], other["httpHeaders"]) == (
            {**HALTED, "message": HALTED["message"]},
            {},
        )
    assert len(api.org.query("SELECT Id FROM Account")) == 1


def test_what_was_undone_is_not_remembered(api: Api) -> None:
    order = api.order()
    change = part("PATCH", f"sobjects/Order/{order}", "a", {"Description": "undone"})

    run(api, change, part("POST", "sobjects/Account", "b", {}), allOrNone=True)

    assert api.value("Order", order, "Description") is None


def test_collated_parts_of_a_kind_run_together_unless_references_say_otherwise(api: Api) -> None:
    order = api.order()
    parts = [
        part("POST", "sobjects/OrderItem", "l1", api.item_fields(order)),
        part("PATCH", f"sobjects/Order/{order}", "activate", {"Status": "Activated"}),
        part("POST", "sobjects/OrderItem", "l2", api.item_fields(order)),
    ]

    assert statuses(run(api, *parts)) == [201, 204, 201]

    order = api.order()
    for one in parts:
        one["url"] = one["url"].replace(str(parts[0]["body"]["OrderId"]), order)
    parts[0]["body"] = parts[2]["body"] = api.item_fields(order)
    assert statuses(run(api, *parts, collateSubrequests=False)) == [201, 204, 400]


def test_headers_of_a_part_count_for_it_alone(api: Api) -> None:
    since = api.call("GET", "sobjects/Order/describe").headers["Last-Modified"]
    row = api.call("GET", f"sobjects/Account/{api.account}").headers["Last-Modified"]
    api.org.advance(1)
    results = run(
        api,
        part("GET", "sobjects/Order/describe", "d", If_Modified_Since=since),
        part("PATCH", f"sobjects/Account/{api.account}", "p1", {"Name": "x"}, If_Unmodified_Since=row),
        part("PATCH", f"sobjects/Account/{api.account}", "p2", {"Name": "y"}, If_Unmodified_Since=row),
    )

    assert (results[0]["httpStatusCode"], results[0]["body"]) == (304, None)
    assert (results[1]["httpStatusCode"], results[1]["body"]) == (204, None)
    assert results[2]["httpStatusCode"] == 412


def test_updated_and_deleted_are_allowed(api: Api) -> None:
    window = "start=2026-03-01T11:00:00Z&end=2026-03-01T12:05:00Z"
    results = run(
        api,
        part("GET", f"sobjects/Account/updated?{window}", "u"),
        part("GET", f"sobjects/Account/deleted/?{window}", "d"),
    )

    assert results[0]["body"]["ids"] == [api.account]
    assert results[1]["body"]["deletedRecords"] == []


def test_collections_inside_obey_the_outer_all_or_none(api: Api) -> None:
    records = [{"attributes": {"type": "Account"}, "Name": "A"}, {"attributes": {"type": "Account"}}]
    collection = part("POST", "composite/sobjects", "c", {"allOrNone": False, "records": records})

    results = run(api, part("POST", "sobjects/Account", "a", {"Name": "B"}), collection, allOrNone=True)

    assert statuses(results) == [400, 400]
    assert len(api.org.query("SELECT Id FROM Account")) == 1
    assert statuses(run(api, collection)) == [200]


def test_no_more_than_25_parts(api: Api) -> None:
    parts = [part("GET", f"sobjects/Account/{api.account}", f"r{number}") for number in range(26)]

    (only,) = run(api, *parts)
    assert only == {
        "body": [{"message": "The request can\u2019t contain more than 25 operations.", "errorCode": "LIMIT_EXCEEDED"}],
        "httpHeaders": {},
        "httpStatusCode": 400,
        "referenceId": None,
    }
    assert len(run(api, *parts[:25])) == 25


def test_no_more_than_5_queries_and_collections(api: Api) -> None:
    parts = [part("GET", "query?q=SELECT+Id+FROM+Account", f"q{number}") for number in range(5)]
    sixth = part("GET", f"composite/sobjects/Account?ids={api.account}&fields=Id", "q6")

    assert run(api, *parts, sixth)[0]["body"][0]["errorCode"] == "LIMIT_EXCEEDED"
    assert statuses(run(api, *parts)) == [200] * 5


@pytest.mark.parametrize("url", ["limits", "composite/graph", "composite"])
def test_other_resources_are_not_allowed_inside(api: Api, url: str) -> None:
    method = "GET" if url == "limits" else "POST"

    assert run(api, part(method, url, "x", {"graphs": []} if method == "POST" else None))[0]["httpStatusCode"] == 400


@pytest.mark.parametrize(
    "bad",
    [
        {"referenceId": "a-1"},
        {"referenceId": "_a"},
        {"referenceId": None},
        {"url": "sobjects/Account"},
        {"method": "FLY"},
        {"httpHeaders": {"Authorization": "Bearer x"}},
        {"httpHeaders": {"Content-Type": "x"}},
        {"url": f"{V}/sobjects/Account/@{{later.id}}"},
    ],
)
def test_a_malformed_part_refuses_the_whole_request(api: Api, bad: dict[str, Any]) -> None:
    parts = [part("POST", "sobjects/Account", "ok", {"Name": "A"}), {**part("GET", "sobjects/Account", "x"), **bad}]

    assert api.call("POST", "composite", {"compositeRequest": parts}).status == 400
    assert len(api.org.query("SELECT Id FROM Account")) == 1


def test_reference_ids_are_unique(api: Api) -> None:
    twice = part("GET", f"sobjects/Account/{api.account}", "x")

    assert refusal(api.call("POST", "composite", {"compositeRequest": [twice, twice]}))[0] == 400
