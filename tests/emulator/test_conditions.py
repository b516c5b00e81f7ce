"""Conditional requests [facts: api 3.6 and doubts 4 to 6]: which resources heed which header, and how they answer."""

from __future__ import annotations

from typing import Any

import pytest

from sfsync.emulator.fields import Field
from sfsync.emulator.settings import Settings
from tests.emulator.api import Api, V, make_api, refusal

NOW = "Sun, 01 Mar 2026 12:00:30 GMT"
BEFORE = "Sun, 01 Mar 2026 12:00:29 GMT"
LATER = "Sun, 01 Mar 2026 12:00:31 GMT"


@pytest.fixture(scope="module")
def api() -> Api:
    """One org for tests that change nothing but descriptions."""
    api = make_api()
    key = Field("Key__c", "string", "Key", length=20, custom=True, external_id=True, unique=True, id_lookup=True)
    api.org.add_custom_field("Account", key)
    return api


@pytest.fixture(scope="module")
def order(api: Api) -> str:
    return api.order(SFSync_Key__c="k")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(("since", "status"), [(NOW, 304), (LATER, 304), (BEFORE, 200), ("no date", 200)])
def test_any_row_can_be_read_if_modified(api: Api, order: str, method: str, since: str, status: int) -> None:
    response = api.call(method, f"sobjects/Order/{order}", If_Modified_Since=since)

    assert (response.status, response.headers["Last-Modified"]) == (status, NOW)
    assert bool(response.body) is (status == 200 and method == "GET")


@pytest.mark.parametrize(("since", "status"), [(NOW, 200), (BEFORE, 412)])
def test_any_row_can_be_read_if_unmodified(api: Api, order: str, since: str, status: int) -> None:
    assert api.call("GET", f"sobjects/Order/{order}", If_Unmodified_Since=since).status == status


@pytest.mark.parametrize(
    ("header", "value", "status"),
    [
        ("If_Unmodified_Since", NOW, 204),
        ("If_Unmodified_Since", BEFORE, 412),
        ("If_Unmodified_Since", "no date", 400),
        ("If_Modified_Since", BEFORE, 204),
        ("If_Modified_Since", NOW, 412),
        ("If_Modified_Since", "no date", 400),
    ],
)
@pytest.mark.parametrize("way", ["PATCH", "POST"])
def test_any_row_can_be_written_on_a_condition(
    api: Api, order: str, way: str, header: str, value: str, status: int
) -> None:
    url = f"sobjects/Order/{order}" + ("?_HttpMethod=PATCH" if way == "POST" else "")

    assert api.call(way, url, {"Description": "x"}, **{header: value}).status == status


def test_two_writes_within_a_second_pass_the_same_condition() -> None:
    api = make_api()
    url = f"sobjects/Account/{api.account}"

    api.org.advance(0.4)
    assert api.call("PATCH", url, {"Name": "B"}, If_Unmodified_Since=NOW).status == 204
    api.org.advance(0.4)
    assert api.call("PATCH", url, {"Name": "C"}, If_Unmodified_Since=NOW).status == 204


def test_tags_are_for_accounts_only(api: Api, order: str) -> None:
    other = api.call("GET", f"sobjects/Order/{order}")

    assert "ETag" not in other.headers
    assert api.call("GET", f"sobjects/Order/{order}", If_None_Match="*").status == 200
    assert api.call("PATCH", f"sobjects/Order/{order}", {"Description": "x"}, If_Match='"other"').status == 204


@pytest.mark.parametrize(
    ("form", "status"), [("{0}", 304), ('"other", {0}', 304), ("W/{0}", 304), ("*", 304), ('"other"', 200)]
)
def test_an_account_is_not_sent_to_who_has_its_tag(api: Api, form: str, status: int) -> None:
    url = f"sobjects/Account/{api.account}"
    tag = api.call("GET", url).headers["ETag"]

    assert api.call("GET", url, If_None_Match=form.format(tag)).status == status
    compressed = tag.removesuffix('"') + '-gzip"'
    assert api.call("GET", url, If_None_Match=compressed).status == 304


def test_an_account_is_only_changed_by_who_has_its_tag() -> None:
    api = make_api()
    url = f"sobjects/Account/{api.account}"
    tag = api.call("GET", url).headers["ETag"]
    api.org.advance(1)

    assert refusal(api.call("PATCH", url, {"Name": "B"}, If_Match='"other"'))[:2] == (412, "PRECONDITION_FAILED")
    assert api.call("PATCH", url, {"Name": "B"}, If_Match=tag).status == 204
    assert api.call("PATCH", url, {"Name": "C"}, If_Match=tag).status == 412
    assert api.call("PATCH", url, {"Name": "C"}, If_None_Match="*").status == 412


def test_rows_by_external_id_heed_nothing(api: Api, order: str) -> None:
    url = "sobjects/Order/SFSync_Key__c/k"

    shown = api.call("GET", url, If_Modified_Since=LATER)
    assert (shown.status, shown.json()["Id"], "Last-Modified" in shown.headers) == (200, order, False)
    assert api.call("PATCH", url, {"Description": "x"}, If_Unmodified_Since=BEFORE).status == 200
    api.org.update("Account", api.account, {"Key__c": "a"})
    assert "ETag" not in api.call("GET", "sobjects/Account/Key__c/a").headers


def test_collections_and_trees_heed_nothing(api: Api, order: str) -> None:
    record = {"attributes": {"type": "Order"}, "id": order, "Description": "x"}
    answer = api.call("PATCH", "composite/sobjects", {"records": [record]}, If_Unmodified_Since=BEFORE)
    assert answer.json()[0]["success"] is True

    made = {"attributes": {"type": "Account", "referenceId": "a"}, "Name": "x"}
    assert api.call("POST", "composite/tree/Account", {"records": [made]}, If_Unmodified_Since="no date").status == 201


def test_parts_of_a_composite_have_conditions_of_their_own(api: Api, order: str) -> None:
    def part(reference: str, **headers: str) -> dict[str, Any]:
        url = f"{V}/sobjects/Order/{order}"
        body = {"Description": "x"}
        return {"method": "PATCH", "url": url, "referenceId": reference, "body": body, "httpHeaders": headers}

    sent = [part("a", **{"If-Unmodified-Since": NOW}), part("b", **{"If-Unmodified-Since": BEFORE})]
    answer = api.call("POST", "composite", {"compositeRequest": sent}, If_Unmodified_Since=BEFORE).json()

    assert [one["httpStatusCode"] for one in answer["compositeResponse"]] == [204, 412]


@pytest.mark.parametrize("url", ["sobjects", "sobjects/Order/describe"])
def test_describes_are_sent_if_modified(url: str) -> None:
    api = make_api()
    first = api.call("GET", url)
    since, tag = first.headers["Last-Modified"], first.headers["ETag"]

    assert api.call("GET", url, If_Modified_Since=since).status == 304
    assert api.call("GET", url, If_Unmodified_Since=BEFORE).status == 412
    assert api.call("GET", url, If_None_Match=tag).status == 304
    api.org.settings.describe_matches_etag = False
    assert api.call("GET", url, If_None_Match=tag).status == 200


def test_a_delete_may_or_may_not_heed_conditions() -> None:
    api = make_api(Settings(conditional_delete=False))
    assert api.call("DELETE", f"sobjects/Order/{api.order()}", If_Unmodified_Since=BEFORE).status == 204

    api.org.settings.conditional_delete = True
    assert api.call("DELETE", f"sobjects/Order/{api.order()}", If_Unmodified_Since=BEFORE).status == 412


def test_the_code_of_a_failed_condition_and_last_modified_are_switches() -> None:
    api = make_api(Settings(precondition_code="ANOTHER_CODE", row_last_modified=False))
    url = f"sobjects/Order/{api.order()}"

    assert refusal(api.call("PATCH", url, {}, If_Unmodified_Since=BEFORE))[:2] == (412, "ANOTHER_CODE")
    assert "Last-Modified" not in api.call("GET", url).headers
