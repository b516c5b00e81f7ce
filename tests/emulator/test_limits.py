"""Limits, row counts, discovery, recent items, search, unknown resources [facts: api 3.1, 3.2, 3.7, 3.9]."""

from __future__ import annotations

import logging

import pytest

from sfsync.emulator.http import Request
from sfsync.emulator.settings import Settings
from tests.emulator.api import Api, V, make_api, refusal


@pytest.fixture
def api() -> Api:
    return make_api()


def test_limits_have_the_form_of_an_org(api: Api) -> None:
    shown = api.call("GET", "limits").json()

    assert shown["DailyApiRequests"] == {"Max": 100_000, "Remaining": 99_999}
    assert shown["PermissionSets"]["CreateCustom"] == {"Max": 1_000, "Remaining": 1_000}
    assert list(shown) == sorted(shown)
    assert {"DailyBulkV2QueryJobs", "HourlyPublishedPlatformEvents", "StreamingApiConcurrentClients"} <= set(shown)


def test_apps_have_a_map_of_their_own_inside_some_limits() -> None:
    shown = make_api(Settings(per_app_usage="sync")).call("GET", "limits").json()

    assert shown["DailyApiRequests"] == {
        "Max": 100_000,
        "Remaining": 99_999,
        "sync": {"Max": 100_000, "Remaining": 99_999},
    }
    assert shown["DailyStreamingApiEvents"]["sync"] == {"Max": 0, "Remaining": 0}
    assert "sync" not in shown["DataStorageMB"]


def test_limits_may_be_some_minutes_old() -> None:
    api = make_api(Settings(limits_stale_seconds=300))
    first = api.call("GET", "limits").json()

    api.org.advance(299)
    assert api.call("GET", "limits").json() == first

    api.org.advance(1)
    assert api.call("GET", "limits").json()["DailyApiRequests"]["Remaining"] == 99_997


def test_only_objects_that_have_rows_are_counted(api: Api) -> None:
    answer = api.call("GET", "limits/recordCount?sObjects=Account,Order,contact").json()

    assert answer == {"sObjects": [{"count": 1, "name": "Account"}]}


def test_without_names_all_objects_are_counted(api: Api) -> None:
    counts = {one["name"]: one["count"] for one in api.call("GET", "limits/recordCount").json()["sObjects"]}

    assert (counts["Account"], counts["PricebookEntry"]) == (1, 2)
    assert "Order" not in counts


def test_counts_may_be_old() -> None:
    api = make_api(Settings(record_count_stale_seconds=60))
    url = "limits/recordCount?sObjects=Account"
    before = api.call("GET", url).json()
    api.create("Account", Name="Another")

    assert api.call("GET", url).json() == before
    api.org.advance(60)
    assert api.call("GET", url).json()["sObjects"][0]["count"] == 2


def test_a_version_names_its_resources(api: Api) -> None:
    shown = api.call("GET", V).json()

    assert shown["identity"] == f"https://org.example/id/{api.org.settings.org_id}/{api.org.user_id}"
    named = {name: url for name, url in shown.items() if name != "identity"}
    assert all(url == f"{V}/{name}" for name, url in named.items())
    assert set(named) >= {"sobjects", "query", "queryAll", "search", "parameterizedSearch", "recent", "limits"}
    assert set(named) >= {"composite", "jobs", "tooling", "metadata", "actions", "event", "commerce"}


def test_the_records_used_last_come_first(api: Api) -> None:
    order = api.order()
    api.call("GET", f"sobjects/Account/{api.account}?fields=Name")

    shown = api.call("GET", "recent").json()

    attributes = {"type": "Account", "url": f"{V}/sobjects/Account/{api.account}"}
    assert shown[0] == {"attributes": attributes, "Id": api.account, "Name": "Acme"}
    assert [one["Id"] for one in shown] == [api.account, order]
    assert api.call("GET", "recent?limit=1").json() == shown[:1]
    assert api.call("GET", "sobjects/order").json()["recentItems"] == shown[1:]
    api.call("PATCH", f"sobjects/Order/{order}", {"Description": "x"})
    assert [one["Id"] for one in api.call("GET", "recent").json()] == [order, api.account]


def test_what_is_gone_or_was_used_in_silence_is_not_recent(api: Api) -> None:
    order = api.order()
    api.call("GET", f"sobjects/Account/{api.account}", Sforce_Mru="updateMru=false")
    api.call("DELETE", f"sobjects/Order/{order}")

    assert api.call("GET", "recent").json() == []


def test_recent_items_are_those_of_one_user(api: Api) -> None:
    api.order()
    other = api.org.login("admin@emulator.test")

    assert api.call("GET", "recent", authorization=f"Bearer {other}").json() == []


@pytest.mark.parametrize(
    ("method", "url"),
    [("GET", "search/?q=FIND+%7BAcme%7D"), ("GET", "parameterizedSearch/?q=Acme"), ("POST", "parameterizedSearch")],
)
def test_search_is_refused_and_never_answers_that_nothing_was_found(api: Api, method: str, url: str) -> None:
    assert refusal(api.call(method, url, {"q": "Acme"} if method == "POST" else None))[:2] == (
        403,
        "FUNCTIONALITY_NOT_ENABLED",
    )


def test_an_unknown_resource_is_warned_of_once(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "sfsync.emulator"):
        for _ in range(2):
            assert refusal(api.call("GET", "tabs?secret=1"))[:2] == (404, "NOT_FOUND")
        api.call("POST", "theme", {"secret": "body"})

    assert [record.getMessage() for record in caplog.records] == [
        f"the emulator has no resource GET {V}/tabs: answered 404",
        f"the emulator has no resource POST {V}/theme: answered 404",
    ]


def test_unknown_parts_are_warned_of_and_unknown_records_are_not(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "sfsync.emulator"):
        body = {"compositeRequest": [{"method": "GET", "url": f"{V}/sobjects/a/b/c/d", "referenceId": "r"}]}
        assert api.call("POST", "composite", body).json()["compositeResponse"][0]["httpStatusCode"] == 404
        assert api.call("GET", "sobjects/Account/001000000000000AAA").status == 404
        api.org.handle(Request.of("GET", f"{V}/themes"))

    assert [record.getMessage() for record in caplog.records] == [
        f"the emulator has no resource GET {V}/sobjects/a/b/c/d: answered 404"
    ]
