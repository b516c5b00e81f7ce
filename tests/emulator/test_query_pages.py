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


def test_children_that_do_not_fit_a_page_have_pages_of_their_own(api: Api) -> None:
    order = api.order()
    api.org.insert_many("OrderItem", [api.item_fields(order) for _ in range(450)])
    url = "query?q=SELECT+Id,(SELECT+Id,Order.Id+FROM+OrderItems+ORDER+BY+Id)+FROM+Order"
    small = {"Sforce_Query_Options": "batchSize=200"}

    page = api.call("GET", url, **small).json()
    nested = page["records"][0]["OrderItems"]
    second = api.call("GET", nested["nextRecordsUrl"], **small).json()
    last = api.call("GET", second["nextRecordsUrl"], **small).json()

    assert (page["totalSize"], page["done"]) == (1, True)
    assert list(nested) == ["totalSize", "done", "nextRecordsUrl", "records"]
    assert (nested["totalSize"], nested["done"]) == (450, False)
    assert nested["nextRecordsUrl"].endswith("-200")
    assert [len(one["records"]) for one in (nested, second, last)] == [200, 200, 50]
    assert (second["totalSize"], second["done"], last["done"]) == (450, False, True)
    found = [row["Id"] for one in (nested, second, last) for row in one["records"]]
    assert found == sorted(set(found))
    assert last["records"][0]["Order"]["Id"] == order


def test_cursors_are_kept_by_locator_with_their_age(api: Api) -> None:
    api.org.insert_many("Account", [{"Name": f"A{number}"} for number in range(250)])
    url = api.call("GET", "query?q=SELECT+Id+FROM+Account", Sforce_Query_Options="batchSize=200").json()[
        "nextRecordsUrl"
    ]
    (locator,) = api.org.cursors

    assert url == f"{V}/query/{locator}-200"
    assert api.org.cursors[locator].opened == api.org.clock()

    del api.org.cursors[locator]
    assert refusal(api.call("GET", url))[1] == "INVALID_QUERY_LOCATOR"


def test_a_cursor_belongs_to_its_user_alone(api: Api) -> None:
    api.org.insert_many("Account", [{"Name": f"A{number}"} for number in range(250)])
    first = api.call("GET", "query?q=SELECT+Id+FROM+Account", Sforce_Query_Options="batchSize=200").json()
    other = f"Bearer {api.org.login('admin@emulator.test')}"

    assert refusal(api.call("GET", first["nextRecordsUrl"], authorization=other))[1] == "INVALID_QUERY_LOCATOR"
    assert api.call("GET", first["nextRecordsUrl"]).json()["done"] is True


def test_a_parameter_given_twice_keeps_its_first_value(api: Api) -> None:
    answer = api.call("GET", "query?q=SELECT+Name+FROM+Account&q=SELECT+Nonsense+FROM+Account").json()

    assert [one["Name"] for one in answer["records"]] == ["Acme"]


def test_a_plan_is_refused_but_a_query_that_is_none_is_told_apart(api: Api) -> None:
    assert refusal(api.call("GET", "query?explain=SELECT+Id+FROM+Account"))[:2] == (400, "FUNCTIONALITY_NOT_ENABLED")
    assert refusal(api.call("GET", "query?explain=SELECT"))[1] == "MALFORMED_QUERY"
    assert refusal(api.call("GET", "query?explain=SELECT+Id+FROM+Nonsense"))[1] == "INVALID_TYPE"


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
