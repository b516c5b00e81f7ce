"""What the recordings showed, told without them: the tests of conformance/ are skipped where there are none."""

import json

import pytest

from sfsync.emulator.http import Response
from tests.emulator.api import Api, V, make_api
from tests.emulator.bulk import ASYNC, one_batch, one_job


@pytest.fixture
def api() -> Api:
    return make_api()


def order_of_keys(response: Response) -> list[str]:
    return list(json.loads(response.body)[0])


def test_urls_of_a_describe_stand_in_the_order_of_a_hash_table(api: Api) -> None:
    now = api.call("GET", "sobjects/Account/describe").json()["urls"]
    old = api.call("GET", "/services/data/v48.0/sobjects/Account/describe").json()["urls"]

    assert list(now) == [
        *("compactLayouts", "rowTemplate", "approvalLayouts", "uiDetailTemplate", "uiEditTemplate"),
        *("listviews", "describe", "uiNewRecord", "quickActions", "layouts", "sobject"),
    ]
    assert [name for name in old if name not in now] == ["defaultValues"]
    assert list(old).index("defaultValues") == 5


def test_set_up_objects_have_no_pages(api: Api) -> None:
    urls = api.call("GET", "sobjects/OrderStatus/describe").json()["urls"]
    user = api.call("GET", "sobjects/User/describe").json()["urls"]

    assert list(urls) == ["rowTemplate", "describe", "sobject"]
    assert user["passwordUtilities"] == f"{V}/sobjects/User/{{ID}}/password"
    assert "listviews" not in user


def test_a_describe_that_is_known_already_says_so_with_its_tag_first(api: Api) -> None:
    ask = {"method": "GET", "url": f"{V}/sobjects/Account/describe", "referenceId": "one"}
    ask["httpHeaders"] = {"If-Modified-Since": "Sat, 01 Jan 2050 00:00:00 GMT"}  # type: ignore[assignment] # JSON

    (part,) = api.call("POST", "composite", {"compositeRequest": [ask]}).json()["compositeResponse"]

    assert (part["body"], part["httpStatusCode"]) == (None, 304)
    assert list(part["httpHeaders"]) == ["ETag", "Last-Modified"]


def test_all_describes_of_an_org_have_one_tag_until_the_schema_changes(api: Api) -> None:
    def tags() -> set[str]:
        urls = ("sobjects", "sobjects/Account/describe", "sobjects/Order/describe")
        return {api.call("GET", url).headers["ETag"] for url in urls}

    (before,) = tags()
    api.org.hide_field("Account", "Site")
    (after,) = tags()

    assert before != after


def test_an_object_that_lost_its_rows_is_counted_one_that_never_had_any_is_not(api: Api) -> None:
    order = api.order()
    before = api.call("GET", "limits/recordCount?sObjects=Order,Contract").json()["sObjects"]

    api.call("DELETE", f"sobjects/Order/{order}")

    after = api.call("GET", "limits/recordCount?sObjects=Order,Contract").json()["sObjects"]
    assert (before, after) == ([{"count": 1, "name": "Order"}], [{"count": 0, "name": "Order"}])


def test_the_parts_of_an_address_are_as_writeable_as_the_address(api: Api) -> None:
    fields = {one["name"]: one for one in api.call("GET", "sobjects/Order/describe").json()["fields"]}

    assert (fields["BillingCity"]["createable"], fields["BillingCity"]["updateable"]) == (True, True)
    assert (fields["BillingAddress"]["createable"], fields["BillingAddress"]["updateable"]) == (False, False)


def test_json_jobs_of_the_old_bulk_api_answer_typeof(api: Api) -> None:
    order = api.order()
    job = one_job(api, "query", "JSON", sobject="Order")

    batch = one_batch(api, job, "SELECT Id, TYPEOF Owner WHEN User THEN LastName ELSE Name END FROM Order")

    result = f"{ASYNC}/job/{job}/batch/{batch}/result"
    (name,) = api.call("GET", result).json()
    (row,) = api.call("GET", f"{result}/{name}").json()
    assert (row["Id"], row["Owner"]["attributes"]["type"]) == (order, "User")
    assert list(row["Owner"]) == ["attributes", "LastName"]


def test_what_is_not_there_is_refused_with_the_code_before_the_message(api: Api) -> None:
    unknown = api.call("GET", "sobjects/Foo")
    misspelt = api.call("GET", "query/?q=select+count()+from+XYZZY")

    assert order_of_keys(unknown) == ["errorCode", "message"]
    assert order_of_keys(misspelt) == ["message", "errorCode"]
    place = "\nselect count() from XYZZY\n                    ^\nERROR at Row:1:Column:21\n"
    assert misspelt.json()[0]["message"].startswith(f"{place}sObject type 'XYZZY' is not supported.")


def test_contacts_know_the_opportunities_they_were_named_for(api: Api) -> None:
    contact = api.create("Contact", LastName="Buyer")
    deal = {"Name": "Deal", "StageName": "In Progress", "CloseDate": "2026-10-03", "ContactId": contact}
    api.create("Opportunity", **deal)

    found = api.call("GET", "query/?q=SELECT+(SELECT+Name+FROM+Opportunities)+FROM+Contact").json()

    assert [one["Name"] for one in found["records"][0]["Opportunities"]["records"]] == ["Deal"]
