"""The unpatched simple-salesforce package against the server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import requests
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import (
    SalesforceExpiredSession,
    SalesforceGeneralError,
    SalesforceMalformedRequest,
    SalesforceMoreThanOneRecord,
    SalesforceRefusedRequest,
    SalesforceResourceNotFound,
)

from sfsync.emulator.fields import Field
from sfsync.emulator.org import Org
from sfsync.emulator.server import Server, serve

if TYPE_CHECKING:
    from collections.abc import Callable, Generator


@pytest.fixture(scope="module")
def server() -> Generator[Server]:
    with serve(Org()) as server:
        yield server


@pytest.fixture
def sf(server: Server) -> Any:
    session = requests.Session()
    session.trust_env = False
    session.verify = str(server.ca_file)
    form = {"grant_type": "client_credentials", "client_id": server.client_id, "client_secret": server.client_secret}
    token = session.post(f"{server.url}/services/oauth2/token", data=form, timeout=10).json()
    return Salesforce(
        instance_url=token["instance_url"], session_id=token["access_token"], session=session, version="66.0"
    )


def error_codes(error: Any) -> list[str]:
    return [one["errorCode"] for one in error.content]


def test_it_creates_reads_changes_and_deletes(sf: Any) -> None:
    made = sf.Account.create({"Name": "Acme", "NumberOfEmployees": "12"})
    account = made["id"]

    assert (made["success"], made["errors"]) == (True, [])
    assert sf.Account.get(account)["NumberOfEmployees"] == 12
    assert sf.Account.update(account, {"Name": "Other"}) == 204
    assert sf.Account.get(account)["Name"] == "Other"
    assert sf.Account.delete(account) == 204
    with pytest.raises(SalesforceResourceNotFound) as gone:
        sf.Account.get(account)
    assert error_codes(gone.value) == ["ENTITY_IS_DELETED"]


def test_it_upserts_by_external_id(sf: Any) -> None:
    account = sf.Account.create({"Name": "Acme"})["id"]
    fields = {"AccountId": account, "EffectiveDate": "2026-03-01", "Status": "Draft"}

    assert sf.Order.upsert("SFSync_Key__c/sf-1", fields) == 201
    assert sf.Order.upsert("SFSync_Key__c/sf-1", {"Description": "again"}) == 200
    assert sf.Order.get_by_custom_id("SFSync_Key__c", "sf-1")["Description"] == "again"


def test_it_pages_through_everything(sf: Any, server: Server) -> None:
    server.org.insert_many("Contact", [{"LastName": f"L{number:04}"} for number in range(4100)])
    before = server.org.calls.count()

    first = sf.query("SELECT Id, LastName FROM Contact ORDER BY LastName")
    rows = sf.query_all("SELECT Id, LastName FROM Contact ORDER BY LastName")

    assert (first["totalSize"], first["done"], len(first["records"])) == (4100, False, 2000)
    assert [row["LastName"] for row in rows["records"]] == [f"L{number:04}" for number in range(4100)]
    assert server.org.calls.count() - before == 4
    assert len(list(sf.query_all_iter("SELECT Id FROM Contact"))) == 4100


def test_it_sends_composites_graphs_and_collections(sf: Any) -> None:
    base = "/services/data/v66.0"
    parts = [
        {"method": "POST", "url": f"{base}/sobjects/Account", "referenceId": "a", "body": {"Name": "A"}},
        {"method": "GET", "url": f"{base}/query?q=SELECT Name FROM Account WHERE Id = '@{{a.id}}'", "referenceId": "q"},
    ]
    both = sf.restful("composite", method="POST", json={"compositeRequest": parts, "collateSubrequests": False})
    graph = sf.restful(
        "composite/graph", method="POST", json={"graphs": [{"graphId": "g", "compositeRequest": parts[:1]}]}
    )
    records = [{"attributes": {"type": "Account"}, "Name": name} for name in ("x", "y")]
    made = sf.restful("composite/sobjects", method="POST", json={"records": records})

    assert both["compositeResponse"][1]["body"]["records"][0]["Name"] == "A"
    assert graph["graphs"][0]["isSuccessful"] is True
    assert [one["success"] for one in made] == [True, True]


def test_it_reads_limits_and_describes(sf: Any) -> None:
    assert sf.limits()["DailyApiRequests"]["Max"] == 100_000
    assert sf.api_usage["api-usage"].total == 100_000
    fields = {field["name"] for field in sf.Order.describe()["fields"]}
    assert {"Status", "TotalAmount", "SFSync_Key__c"} <= fields
    assert "Order" in {one["name"] for one in sf.describe()["sobjects"]}
    assert sf.is_sandbox() is True


def test_it_reads_what_was_updated_and_deleted(sf: Any) -> None:
    kept, gone = (sf.Account.create({"Name": name})["id"] for name in ("kept", "gone"))
    sf.Account.delete(gone)
    start, end = datetime.now(tz=UTC) - timedelta(minutes=5), datetime.now(tz=UTC) + timedelta(minutes=5)

    assert kept in sf.Account.updated(start, end)["ids"]
    assert gone in [one["id"] for one in sf.Account.deleted(start, end)["deletedRecords"]]


def test_it_writes_many_records_in_one_call(sf: Any) -> None:
    kept = sf.Account.create({"Name": "kept"})["id"]
    records = [
        {"attributes": {"type": "Account"}, "Id": kept, "Site": "here"},
        {"attributes": {"type": "Account"}, "Id": kept[:-3], "Name": ""},
    ]
    fields = {"AccountId": kept, "EffectiveDate": "2026-03-01", "Status": "Draft"}
    order = {"attributes": {"type": "Order"}, "SFSync_Key__c": "sf-many", **fields}

    changed = sf.restful("composite/sobjects", method="PATCH", json={"allOrNone": False, "records": records})
    upserted = sf.restful("composite/sobjects/Order/SFSync_Key__c", method="PATCH", json={"records": [order]})
    read = sf.restful("composite/sobjects/Account", params={"ids": kept, "fields": "Site"})
    gone = sf.restful("composite/sobjects", params={"ids": upserted[0]["id"]}, method="DELETE")

    assert [one["success"] for one in changed] == [True, False]
    assert changed[1]["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING"
    assert (upserted[0]["created"], gone[0]["success"]) == (True, True)
    assert read[0]["Site"] == "here"


def test_it_reads_deleted_records_and_counts(sf: Any) -> None:
    account = sf.Account.create({"Name": "in the bin"})["id"]
    sf.Account.delete(account)
    text = f"SELECT Id, IsDeleted FROM Account WHERE Id = '{account}'"

    assert sf.query(text)["totalSize"] == 0
    assert sf.query(text, include_deleted=True)["records"][0]["IsDeleted"] is True
    assert [row["Id"] for row in sf.query_all_iter(text, include_deleted=True)] == [account]
    assert sf.query("SELECT COUNT() FROM Organization") == {"totalSize": 1, "done": True, "records": []}


def test_it_asks_the_tooling_api(sf: Any) -> None:
    metadata = {"label": "Tool", "type": "Text", "length": 20}

    made = sf.toolingexecute(
        "sobjects/CustomField", method="POST", data={"FullName": "Account.Tool__c", "Metadata": metadata}
    )
    told = sf.toolingexecute(f"sobjects/CustomField/{made['id']}")
    found = sf.toolingexecute("query/?q=SELECT+Id+FROM+CustomField+WHERE+DeveloperName='Tool'")

    assert (made["success"], told["Metadata"]["length"]) == (True, 20)
    assert [row["Id"] for row in found["records"]] == [made["id"]]


def test_it_asks_who_it_is(sf: Any, server: Server) -> None:
    me = sf.oauth2("userinfo")

    assert me["preferred_username"] == server.username
    assert sf.User.get(me["user_id"])["Username"] == server.username


def test_a_request_that_is_wrong_is_malformed(sf: Any, server: Server) -> None:
    asked: list[tuple[Callable[[], Any], str]] = [
        (lambda: sf.query("SELECT Nope FROM Account"), "INVALID_FIELD"),
        (lambda: sf.query("SELECT"), "MALFORMED_QUERY"),
        (lambda: sf.Account.create({}), "REQUIRED_FIELD_MISSING"),
        (lambda: sf.query_more("0r8x-2000"), "INVALID_QUERY_LOCATOR"),
        (lambda: sf.toolingexecute("sobjects/CustomField", method="POST", data={}), "REQUIRED_FIELD_MISSING"),
    ]
    for wrong, code in asked:
        with pytest.raises(SalesforceMalformedRequest) as refused:
            wrong()
        assert (refused.value.status, error_codes(refused.value)) == (400, [code])
    server.org.faults.add("lock_row", path="Account")
    with pytest.raises(SalesforceMalformedRequest) as locked:
        sf.Account.create({"Name": "x"})
    assert error_codes(locked.value) == ["UNABLE_TO_LOCK_ROW"]


def test_what_is_not_there_is_not_found(sf: Any) -> None:
    for missing in (
        sf.Nothing.describe,
        lambda: sf.Account.get("0015e00000ZZZZZ"),
        lambda: sf.Order.get_by_custom_id("SFSync_Key__c", "no such key"),
        lambda: sf.Order.upsert("Nope__c/1", {}),
        lambda: sf.restful("no/such/resource"),
    ):
        with pytest.raises(SalesforceResourceNotFound) as refused:
            missing()
        assert (refused.value.status, error_codes(refused.value)) == (404, ["NOT_FOUND"])


def test_a_key_that_several_records_have_is_more_than_one(sf: Any, server: Server) -> None:
    server.org.add_custom_field(
        "Account", Field("Code__c", "string", "Code", length=9, custom=True, external_id=True, id_lookup=True)
    )
    ids = {sf.Account.create({"Name": name, "Code__c": "c"})["id"] for name in ("a", "b")}

    with pytest.raises(SalesforceMoreThanOneRecord) as refused:
        sf.Account.upsert("Code__c/c", {"Name": "x"})

    assert refused.value.status == 300
    urls: Any = refused.value.content
    assert {url.rpartition("/")[2] for url in urls} == ids


def test_a_refused_request_says_why(sf: Any, server: Server) -> None:
    server.org.settings.daily_limit, before = server.org.usage(), server.org.settings.daily_limit
    with pytest.raises(SalesforceRefusedRequest) as limited:
        sf.limits()
    server.org.settings.daily_limit, server.org.settings.api_enabled = before, False
    with pytest.raises(SalesforceRefusedRequest) as disabled:
        sf.limits()
    server.org.settings.api_enabled = True

    assert (limited.value.status, error_codes(limited.value)) == (403, ["REQUEST_LIMIT_EXCEEDED"])
    assert error_codes(disabled.value) == ["API_DISABLED_FOR_ORG"]


def test_a_session_that_is_over_has_expired(sf: Any, server: Server) -> None:
    server.org.faults.add("expired_token", path="limits")

    with pytest.raises(SalesforceExpiredSession) as refused:
        sf.limits()

    assert (refused.value.status, error_codes(refused.value)) == (401, ["INVALID_SESSION_ID"])


def test_all_else_is_a_general_error(sf: Any, server: Server) -> None:
    account = sf.Account.create({"Name": "x"})["id"]
    for name in ("http_500", "http_503", "html_503"):
        server.org.faults.add(name, path="limits")
        with pytest.raises(SalesforceGeneralError) as failed:
            sf.limits()
        assert failed.value.status == int(name[-3:])
        assert isinstance(failed.value.content, list) is name.startswith("http")
    with pytest.raises(SalesforceGeneralError) as not_allowed:
        sf.restful("limits", method="POST")
    with pytest.raises(SalesforceGeneralError) as changed:
        sf.Account.update(account, {"Name": "y"}, headers={"If-Unmodified-Since": "Mon, 01 Jan 2024 00:00:00 GMT"})

    assert (not_allowed.value.status, error_codes(not_allowed.value)) == (405, ["METHOD_NOT_ALLOWED"])
    assert changed.value.status == 412
