"""Composite graphs [facts: api 3.14]."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.emulator.api import Api, V, make_api, refusal

if TYPE_CHECKING:
    from sfsync.emulator.http import Response


@pytest.fixture
def api() -> Api:
    return make_api()


def order_graph(api: Api, graph_id: str, lines: int = 1, **header: Any) -> dict[str, Any]:
    """An order with its lines; the key of the order is the graph's id."""
    fields = {**api.order_fields(), "SFSync_Key__c": graph_id, **header}
    nodes = [{"method": "POST", "url": f"{V}/sobjects/Order", "referenceId": "o", "body": fields}]
    for number in range(lines):
        body = {**api.item_fields("@{o.id}"), "SFSync_Key__c": f"{graph_id}-{number}"}
        url = f"{V}/sobjects/OrderItem"
        nodes.append({"method": "POST", "url": url, "referenceId": f"l{number}", "body": body})
    return {"graphId": graph_id, "compositeRequest": nodes}


def send(api: Api, *graphs: dict[str, Any]) -> Response:
    return api.call("POST", "composite/graph", {"graphs": list(graphs)})


def run(api: Api, *graphs: dict[str, Any]) -> list[Any]:
    response = send(api, *graphs)
    assert response.status == 200, response.body
    return list(response.json()["graphs"])


def parts(result: Any) -> list[Any]:
    return list(result["graphResponse"]["compositeResponse"])


def test_an_order_with_lines_is_one_graph(api: Api) -> None:
    (result,) = run(api, order_graph(api, "g1", lines=2))

    order = parts(result)[0]["body"]["id"]
    assert (result["graphId"], result["isSuccessful"]) == ("g1", True)
    assert list(result) == ["graphId", "graphResponse", "isSuccessful"]
    assert parts(result)[0] == {
        "body": {"id": order, "success": True, "errors": []},
        "httpHeaders": {"Location": f"{V}/sobjects/Order/{order}"},
        "httpStatusCode": 201,
        "referenceId": "o",
    }
    assert api.value("Order", order, "TotalAmount") == 42
    assert (api.org.calls.count(), api.org.calls[0].subrequests) == (2, 3)


def test_each_graph_is_all_or_nothing_for_itself(api: Api) -> None:
    broken = order_graph(api, "bad", lines=2)
    broken["compositeRequest"][2]["body"]["Quantity"] = 0
    results = run(api, order_graph(api, "a"), broken, order_graph(api, "b"))

    assert [one["isSuccessful"] for one in results] == [True, False, True]
    codes = [part["body"][0]["errorCode"] for part in parts(results[1])]
    assert codes == ["PROCESSING_HALTED", "PROCESSING_HALTED", "FIELD_INTEGRITY_EXCEPTION"]
    assert {part["httpStatusCode"] for part in parts(results[1])} == {400}
    keys = {row["SFSync_Key__c"] for row in api.org.query("SELECT SFSync_Key__c FROM Order")}
    assert keys == {"a", "b"}


def test_a_key_used_twice_in_one_request_fails_the_second_graph(api: Api) -> None:
    first, second = run(api, order_graph(api, "a"), {**order_graph(api, "a"), "graphId": "other"})

    holder = parts(first)[0]["body"]["id"]
    error = parts(second)[0]["body"][0]
    assert (first["isSuccessful"], second["isSuccessful"]) == (True, False)
    assert error["errorCode"] == "DUPLICATE_VALUE"
    assert error["message"].endswith(f"SFSync_Key__c duplicates value on record with id: {holder[:15]}")


def test_a_key_used_twice_inside_a_graph_fails_it(api: Api) -> None:
    graph = order_graph(api, "a", lines=2)
    graph["compositeRequest"][2]["body"]["SFSync_Key__c"] = "a-0"

    (result,) = run(api, graph)

    assert result["isSuccessful"] is False
    assert "DUPLICATE_VALUE" in [part["body"][0]["errorCode"] for part in parts(result)]
    assert api.org.query("SELECT Id FROM Order") == []


def test_upserts_make_a_graph_repeatable(api: Api) -> None:
    fields = api.order_fields()
    node = {"method": "PATCH", "url": f"{V}/sobjects/Order/SFSync_Key__c/k", "referenceId": "o", "body": fields}
    graph = {"graphId": "g", "compositeRequest": [node]}

    codes = [parts(run(api, graph)[0])[0]["httpStatusCode"] for _ in range(2)]

    assert codes == [201, 200]


def test_the_order_of_nodes_follows_their_references(api: Api) -> None:
    graph = order_graph(api, "g", lines=1)
    graph["compositeRequest"].reverse()

    (result,) = run(api, graph)

    assert result["isSuccessful"] is True
    assert [part["referenceId"] for part in parts(result)] == ["l0", "o"]


def test_after_14_failed_graphs_the_rest_is_not_tried(api: Api) -> None:
    bad = [order_graph(api, f"bad{number}", Status="Activated") for number in range(14)]
    results = run(api, order_graph(api, "first"), *bad, order_graph(api, "last"))

    assert results[0]["isSuccessful"] is True
    assert results[15]["isSuccessful"] is False
    assert {part["body"][0]["errorCode"] for part in parts(results[15])} == {"PROCESSING_HALTED"}
    assert len(api.org.query("SELECT Id FROM Order")) == 1


def test_13_failed_graphs_do_not_stop_the_rest(api: Api) -> None:
    bad = [order_graph(api, f"bad{number}", Status="Activated") for number in range(13)]

    assert run(api, *bad, order_graph(api, "last"))[13]["isSuccessful"] is True


def test_75_graphs_and_500_nodes_are_the_most(api: Api) -> None:
    assert refusal(send(api, *(order_graph(api, f"g{number}", 0) for number in range(76))))[0] == 400
    assert refusal(send(api, order_graph(api, "a", 250), order_graph(api, "b", 249)))[0] == 400
    assert len(run(api, *(order_graph(api, f"h{number}", 0) for number in range(75)))) == 75
    assert run(api, order_graph(api, "big", 499))[0]["isSuccessful"] is True


def node(method: str, url: str, reference: str = "x") -> dict[str, Any]:
    return {"graphId": "g", "compositeRequest": [{"method": method, "url": url, "referenceId": reference, "body": {}}]}


@pytest.mark.parametrize(
    "graph",
    [
        node("GET", f"{V}/query?q=SELECT+Id+FROM+Account"),
        node("POST", f"{V}/composite/sobjects"),
        node("GET", f"{V}/sobjects/Account"),
        node("GET", f"{V}/sobjects/Account/describe"),
        node("PUT", f"{V}/sobjects/Account/001000000000001AAA"),
        node("POST", "/services/data/v49.0/sobjects/Account"),
        node("POST", f"{V}/sobjects/Account", "1-x"),
        node("PATCH", f"{V}/sobjects/Account/@{{nobody.id}}"),
        {**node("POST", f"{V}/sobjects/Account"), "graphId": "a.b"},
        {**node("POST", f"{V}/sobjects/Account"), "graphId": "-a"},
        {**node("POST", f"{V}/sobjects/Account"), "graphId": "x" * 40},
        {"graphId": "g", "compositeRequest": []},
    ],
)
def test_what_a_graph_does_not_support_refuses_the_request(api: Api, graph: dict[str, Any]) -> None:
    assert send(api, order_graph(api, "fine"), graph).status == 400
    assert api.org.query("SELECT Id FROM Order") == []


def test_graph_ids_are_unique(api: Api) -> None:
    assert send(api, order_graph(api, "a"), order_graph(api, "a")).status == 400


def test_headers_are_not_supported_in_a_graph(api: Api) -> None:
    graph = order_graph(api, "a")
    graph["compositeRequest"][0]["httpHeaders"] = {"If-Unmodified-Since": "Sun, 01 Mar 2026 12:00:30 GMT"}

    assert send(api, graph).status == 400


def chain(length: int) -> dict[str, Any]:
    nodes = []
    for number in range(length):
        body = {"Name": f"A{number}"} | ({"ParentId": f"@{{a{number - 1}.id}}"} if number else {})
        url = f"{V}/sobjects/Account"
        nodes.append({"method": "POST", "url": url, "referenceId": f"a{number}", "body": body})
    return {"graphId": "g", "compositeRequest": nodes}


def test_15_levels_are_the_deepest(api: Api) -> None:
    assert run(api, chain(15))[0]["isSuccessful"] is True
    assert send(api, chain(16)).status == 400


def test_a_circle_of_references_is_refused(api: Api) -> None:
    graph = chain(2)
    graph["compositeRequest"][0]["body"]["ParentId"] = "@{a1.id}"

    assert send(api, graph).status == 400


def test_15_kinds_of_nodes_are_the_most(api: Api) -> None:
    def kinds(count: int) -> list[dict[str, Any]]:
        urls = [f"/services/data/v{version}.0/sobjects/Account" for version in range(50, 50 + count)]
        nodes = [
            {"method": "POST", "url": url, "referenceId": f"a{number}", "body": {"Name": "A"}}
            for number, url in enumerate(urls)
        ]
        return [{"graphId": "g", "compositeRequest": nodes}]

    assert send(api, *kinds(15)).status == 200
    assert send(api, *kinds(16)).status == 400
