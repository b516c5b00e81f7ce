"""Pages of long answers [facts: api 3.5, 3.7]."""

from __future__ import annotations

import pytest

from tests.emulator.api import Api, V, make_api, refusal


@pytest.fixture
def api() -> Api:
    return make_api()


def test_a_long_answer_comes_in_pages(api: Api) -> None:
    api.org.insert_many("Account", [{"Name": f"A{number}"} for number in range(449)])
    url = "query?q=SELECT+Id+FROM+Account+ORDER+BY+Id"
    first = api.call("GET", url, Sforce_Query_Options="batchSize=200").json()
    second = api.call("GET", first["nextRecordsUrl"], Sforce_Query_Options="batchSize=200").json()
    last = api.call("GET", second["nextRecordsUrl"], Sforce_Query_Options="batchSize=200").json()

    assert list(first) == ["totalSize", "done", "nextRecordsUrl", "records"]
    assert first["nextRecordsUrl"].startswith(f"{V}/query/0r8")
    assert first["nextRecordsUrl"].endswith("-200")
    assert [len(page["records"]) for page in (first, second, last)] == [200, 200, 50]
    assert (first["totalSize"], first["done"], last["done"], "nextRecordsUrl" in last) == (450, False, True, False)


def test_children_count_towards_the_batch(api: Api) -> None:
    for _ in range(3):
        order = api.order()
        api.org.insert_many("OrderItem", [api.item_fields(order) for _ in range(99)])
    url = "query?q=SELECT+Id,(SELECT+Id+FROM+OrderItems)+FROM+Order"

    page = api.call("GET", url, Sforce_Query_Options="batchSize=200").json()

    assert (len(page["records"]), page["done"]) == (2, False)


@pytest.mark.parametrize("locator", ["0r8000000000000AAA-2000", "nonsense"])
def test_an_unknown_locator_is_refused(api: Api, locator: str) -> None:
    expected = (400, "INVALID_QUERY_LOCATOR", "invalid query locator")

    assert refusal(api.call("GET", f"query/{locator}")) == expected


def test_a_cursor_lives_two_days(api: Api) -> None:
    api.org.settings.session_seconds = 10**6
    api.org.insert_many("Account", [{"Name": f"A{number}"} for number in range(250)])
    page = api.call("GET", "query?q=SELECT+Id+FROM+Account", Sforce_Query_Options="batchSize=200").json()
    api.org.advance(2 * 24 * 3600 + 1)

    assert refusal(api.call("GET", page["nextRecordsUrl"]))[1] == "INVALID_QUERY_LOCATOR"


def test_query_all_shows_the_recycle_bin(api: Api) -> None:
    api.org.delete("Account", api.account)

    assert api.call("GET", "query?q=SELECT+Id+FROM+Account").json()["totalSize"] == 0
    assert api.call("GET", "queryAll?q=SELECT+Id+FROM+Account").json()["totalSize"] == 1


def test_an_empty_query_is_refused(api: Api) -> None:
    assert refusal(api.call("GET", "query?q="))[1] == "MALFORMED_QUERY"
