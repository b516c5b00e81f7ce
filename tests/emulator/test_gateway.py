"""What holds for every call: session, limits, conditions, describe, form [facts: api 0, 1.5, 3.2, 3.6]."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sfsync.emulator.http import Request, encode
from tests.emulator.api import Api, V, make_api, refusal


@pytest.fixture
def api() -> Api:
    return make_api()


def test_retired_versions_are_gone(api: Api) -> None:
    assert api.call("GET", "/services/data/v30.0/limits").status == 410


def test_versions_need_no_session_and_cost_nothing(api: Api) -> None:
    response = api.org.handle(Request.of("GET", "/services/data"))

    assert {"label": "Spring '26", "url": "/services/data/v66.0", "version": "66.0"} in response.json()
    assert "Sforce-Limit-Info" not in response.headers
    assert api.org.usage() == 0


def test_a_hidden_field_vanishes_and_cannot_be_written(api: Api) -> None:
    order = api.order()
    api.org.hide_field("Order", "OpportunityId")

    assert "OpportunityId" not in api.call("GET", f"sobjects/Order/{order}").json()
    names = [field["name"] for field in api.call("GET", "sobjects/Order/describe").json()["fields"]]
    assert "OpportunityId" not in names
    assert refusal(api.call("GET", "query?q=SELECT+OpportunityId+FROM+Order"))[1] == "INVALID_FIELD"
    written = api.call("PATCH", f"sobjects/Order/{order}", {"OpportunityId": None})
    assert refusal(written)[1] == "INVALID_FIELD_FOR_INSERT_UPDATE"


def test_describe_is_not_sent_again_until_it_changes(api: Api) -> None:
    first = api.call("GET", "sobjects/Order/describe")
    since = first.headers["Last-Modified"]
    again = api.call("GET", "sobjects/Order/describe", If_Modified_Since=since)
    api.org.advance(5)
    api.org.hide_field("Order", "PoNumber")

    assert (again.status, again.body, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    assert api.call("GET", "sobjects/Order/describe", If_Modified_Since=since).status == 200


def test_the_describe_of_everything_and_of_one(api: Api) -> None:
    names = [one["name"] for one in api.call("GET", "sobjects").json()["sobjects"]]

    assert {"Account", "Order", "OrderItem", "Opportunity"} <= set(names)
    assert api.call("GET", "sobjects/order").json()["objectDescribe"]["keyPrefix"] == "801"
    assert api.call("GET", "sobjects/Nope/describe").status == 404


def test_a_row_changed_since_is_not_overwritten(api: Api) -> None:
    seen = api.call("GET", f"sobjects/Order/{api.order()}")
    url = seen.json()["attributes"]["url"]
    since = seen.headers["Last-Modified"]
    api.org.advance(1)
    same = api.call("PATCH", url, {"Description": "a"}, If_Unmodified_Since=since)
    late = api.call("PATCH", url, {"Description": "b"}, If_Unmodified_Since=since)

    assert same.status == 204
    assert refusal(late)[:2] == (412, "PRECONDITION_FAILED")
    assert api.call("GET", url).json()["Description"] == "a"
    assert api.call("DELETE", url, If_Unmodified_Since=since).status == 412


def test_a_row_not_modified_is_not_sent_again(api: Api) -> None:
    url = f"sobjects/Account/{api.account}"
    first = api.call("GET", url)

    assert api.call("GET", url, If_Modified_Since=first.headers["Last-Modified"]).status == 304
    assert api.call("GET", url, If_None_Match=first.headers["ETag"]).status == 304
    assert api.call("PATCH", url, {"Name": "B"}, If_Match='"other"').status == 412
    assert api.call("PATCH", url, {"Name": "B"}, If_Unmodified_Since="yesterday").status == 400


def test_a_url_that_is_too_long_is_refused_at_the_door(api: Api) -> None:
    fits, long = (api.call("GET", f"query?q=SELECT+Id+FROM+Account&x={'x' * size}") for size in (10_000, 16_400))
    headers = api.call("GET", "limits", X_Long="x" * 16_400)

    assert (fits.status, long.status, headers.status) == (200, 414, 431)
    assert (api.org.usage(), "Sforce-Limit-Info" in long.headers) == (1, False)
    body = {"compositeRequest": [{"method": "GET", "url": f"{V}/limits?x={'x' * 17_000}", "referenceId": "r"}]}
    assert api.call("POST", "composite", body).status == 200


def test_a_call_needs_a_live_session(api: Api) -> None:
    url = f"{V}/limits"
    missing = api.org.handle(Request.of("GET", url))
    wrong = api.org.handle(Request.of("GET", url, headers={"Authorization": "Bearer x"}))
    api.org.advance(7201)

    assert refusal(missing) == (401, "INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE")
    assert refusal(wrong) == (401, "INVALID_SESSION_ID", "Session expired or invalid")
    assert refusal(api.call("GET", "limits"))[1] == "INVALID_SESSION_ID"


def test_use_keeps_a_session_alive(api: Api) -> None:
    for _ in range(3):
        api.org.advance(7000)
        assert api.call("GET", "limits").status == 200


def test_each_call_counts_until_the_daily_limit(api: Api) -> None:
    api.org.settings.daily_limit = 2
    first = api.call("GET", "limits")
    api.call("GET", "sobjects/Account/foo")
    over = api.call("GET", "limits")
    later_seconds = 24 * 3600 + 1
    api.org.settings.session_seconds = 10**6
    api.org.advance(later_seconds)

    assert first.headers["Sforce-Limit-Info"] == "api-usage=1/2"
    assert refusal(over) == (403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
    assert over.headers["Sforce-Limit-Info"] == "api-usage=2/2"
    assert api.call("GET", "limits").json()["DailyApiRequests"] == {"Max": 2, "Remaining": 1}


def test_without_the_api_permission_everything_is_refused(api: Api) -> None:
    api.org.settings.api_enabled = False

    assert refusal(api.call("GET", "limits"))[:2] == (403, "API_DISABLED_FOR_ORG")


def test_row_counts_leave_out_what_is_empty(api: Api) -> None:
    response = api.call("GET", "limits/recordCount?sObjects=Account,Order")

    assert response.json() == {"sObjects": [{"count": 1, "name": "Account"}]}


def test_pretty_print_is_as_recorded(api: Api) -> None:
    response = api.call("GET", "query?q=SELECT+Id+FROM+Order", X_PrettyPrint="1")

    assert response.body == b'{\n  "totalSize" : 0,\n  "done" : true,\n  "records" : [ ]\n}'
    rows = api.call("GET", "query?q=SELECT+Name+FROM+Account", X_PrettyPrint="1").body.decode()
    assert '\n  "records" : [ {\n    "attributes" : {\n      "type" : "Account",' in rows
    assert rows.endswith('    "Name" : "Acme"\n  } ]\n}')


def test_the_date_header_is_the_orgs_time(api: Api) -> None:
    assert api.call("GET", "limits").headers["Date"] == "Sun, 01 Mar 2026 12:00:30 GMT"


def test_custom_schema_is_separate_for_each_org(api: Api) -> None:
    other = make_api()
    name = api.org.schema.objects["Account"].field("Name")
    assert name is not None
    api.org.add_custom_field("Account", replace(name, name="Own__c", custom=True, nillable=True))

    assert other.call("POST", "sobjects/Account", {"Name": "A", "Own__c": "x"}).status == 400


def test_empty_objects_and_lists_are_pretty_too() -> None:
    assert encode({"a": {}, "b": []}, pretty=True) == b'{\n  "a" : { },\n  "b" : [ ]\n}'
    assert encode({"a": {}, "b": []}, pretty=False) == b'{"a":{},"b":[]}'
