"""The unpatched simple-salesforce package against the server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import requests
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import (
    SalesforceExpiredSession,
    SalesforceMalformedRequest,
    SalesforceResourceNotFound,
)
from simple_salesforce.login import SalesforceLogin

from sfsync.emulator.org import Org
from sfsync.emulator.server import Server, serve

if TYPE_CHECKING:
    from collections.abc import Generator


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


def test_it_raises_its_own_errors(sf: Any, server: Server) -> None:
    with pytest.raises(SalesforceMalformedRequest) as refused:
        sf.query("SELECT Nope FROM Account")
    assert error_codes(refused.value) == ["INVALID_FIELD"]
    with pytest.raises(SalesforceResourceNotFound):
        sf.Nothing.describe()
    server.org.faults.add("expired_token", path="limits")
    with pytest.raises(SalesforceExpiredSession):
        sf.limits()


def test_its_own_jwt_login_works(server: Server) -> None:
    session = requests.Session()
    session.trust_env = False
    session.verify = str(server.ca_file)
    host = server.url.removeprefix("https://")

    token, instance = SalesforceLogin(
        session=session,
        username=server.username,
        consumer_key=server.client_id,
        privatekey_file=str(server.key_file),
        domain="login",
        instance_url=f"{host}/services/oauth2/token?x=",
    )

    assert instance == host
    assert Salesforce(instance_url=server.url, session_id=token, session=session).limits()
