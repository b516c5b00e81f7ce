"""The SOQL that real clients send, in the forms they send it [facts: api 8.2, 8.4, 13]."""

from __future__ import annotations

from urllib.parse import quote, quote_plus

import pytest

from sfsync.emulator.soql import stream
from tests.emulator.api import NOW, Api, V, make_api

STAMPED = "Id, SystemModstamp"


@pytest.fixture(scope="module")
def api() -> Api:
    api = make_api()
    for _ in range(3):
        api.order()
    return api


def rows(api: Api, soql: str, resource: str = "query") -> list[dict[str, object]]:
    response = api.call("GET", f"{resource}?q={quote_plus(soql)}")
    assert response.status == 200, response.body
    found: list[dict[str, object]] = response.json()["records"]
    return found


def exported(api: Api, soql: str) -> int:
    """How many rows a bulk job would deliver."""
    return len(list(stream(soql, schema=api.org.schema, db=api.org.db, now=NOW, include_deleted=True).rows))


@pytest.mark.parametrize("stamp", ["2026-01-01T00:00:00.000000Z", "2026-01-01T00:00:00.000Z", "2026-01-01T00:00:00Z"])
def test_tap_salesforce_reads_by_stamp_with_microseconds(api: Api, stamp: str) -> None:
    soql = f"SELECT {STAMPED} FROM Order WHERE SystemModstamp >= {stamp} ORDER BY SystemModstamp ASC"

    assert len(rows(api, soql, "queryAll")) == 3
    assert exported(api, soql) == 3


def test_tap_salesforce_reads_everything_of_an_object_it_has_no_bookmark_for(api: Api) -> None:
    fields = ", ".join(one["name"] for one in api.call("GET", "sobjects/Order/describe").json()["fields"])

    assert len(rows(api, f"SELECT {fields} FROM Order", "queryAll")) == 3


def test_airbyte_reads_slices_of_time(api: Api) -> None:
    soql = (
        f"SELECT {STAMPED} FROM Order WHERE SystemModstamp >= 2026-02-01T00:00:00.000+00:00 "
        "AND SystemModstamp < 2026-03-03T00:00:00.000+00:00"
    )

    assert len(rows(api, soql, "queryAll")) == 3
    assert exported(api, soql) == 3


def test_airbyte_reads_wide_objects_in_chunks_of_fields_ordered_by_the_key(api: Api) -> None:
    first = rows(api, "SELECT Id,Status,SystemModstamp FROM Order ORDER BY Id ASC", "queryAll")
    second = rows(api, "SELECT Id,AccountId,SystemModstamp FROM Order ORDER BY Id ASC", "queryAll")

    assert [one["Id"] for one in first] == [one["Id"] for one in second]


def test_dlt_reads_what_is_newer(api: Api) -> None:
    newer = "SELECT Id,LastModifiedDate FROM Order WHERE SystemModstamp > {} ORDER BY SystemModstamp ASC"

    assert exported(api, newer.format("2026-01-01T00:00:00.000Z")) == 3
    assert exported(api, newer.format("2026-04-01T00:00:00.000Z")) == 0


@pytest.mark.parametrize("limit", ["", " LIMIT 100"])
def test_dlt_reads_everything_the_first_time(api: Api, limit: str) -> None:
    assert exported(api, f"SELECT Id,SystemModstamp FROM Order{limit}") == 3


def test_the_sf_cli_asks_who_and_where_it_is(api: Api) -> None:
    asked = "Name, InstanceName, IsSandbox, TrialExpirationDate, NamespacePrefix, OrganizationType"
    (org,) = rows(api, f"SELECT {asked} FROM Organization")
    (user,) = rows(api, f"SELECT Username FROM User WHERE Id='{api.org.user_id}'")

    assert (org["IsSandbox"], org["Name"]) == (True, "Emulated Company")
    assert user["Username"] == "integration@emulator.test"


def test_the_sf_cli_asks_for_the_columns_after_a_query(api: Api) -> None:
    asked = api.call("GET", f"query?q={quote('SELECT Id, Account.Name FROM Order')}&columns=true").json()

    assert asked["entityName"] == "Order"
    assert [one["columnName"] for one in asked["columnMetadata"]] == ["Id", "Account"]


def test_simple_salesforce_asks_whether_it_is_in_a_sandbox(api: Api) -> None:
    assert rows(api, "SELECT IsSandbox FROM Organization LIMIT 1")[0]["IsSandbox"] is True


@pytest.mark.parametrize("stamp", ["2026-01-01T00:00:00+00:00", "2026-01-01T00:00:00Z"])
def test_simple_salesforce_writes_datetimes_without_milliseconds(api: Api, stamp: str) -> None:
    assert len(rows(api, f"SELECT Id FROM Order WHERE CreatedDate > {stamp}")) == 3


def test_django_salesforce_writes_the_zone_without_colon(api: Api) -> None:
    soql = "SELECT Order.Id, Order.Account.Name FROM Order WHERE Order.CreatedDate > 2026-01-01T00:00:00.000+0000"

    assert len(rows(api, soql)) == 3


def ids_in(api: Api, count: int) -> str:
    known = [str(one["Id"]) for one in rows(api, "SELECT Id FROM Order")]
    listed = ",".join(f"'{one}'" for one in (known * count)[:count])
    return f"SELECT Id FROM Order WHERE Id IN ({listed})"


def test_restforce_asks_by_lists_of_250_ids(api: Api) -> None:
    assert len(rows(api, ids_in(api, 250))) == 3


def test_django_salesforce_sends_what_is_too_long_for_a_url_through_composite(api: Api) -> None:
    soql = ids_in(api, 800)
    asked = {"method": "GET", "url": f"{V}/query?q={quote_plus(soql)}", "referenceId": "q"}

    (answer,) = api.call("POST", "composite", {"compositeRequest": [asked]}).json()["compositeResponse"]

    assert api.call("GET", f"query?q={quote_plus(soql)}").status == 414
    assert (answer["httpStatusCode"], answer["body"]["totalSize"]) == (200, 3)


def test_supaglue_and_estuary_page_by_keyset(api: Api) -> None:
    first, *others = rows(api, f"SELECT {STAMPED} FROM Order ORDER BY SystemModstamp, Id")
    stamp, last = first["SystemModstamp"], first["Id"]
    rest = rows(
        api,
        f"SELECT {STAMPED} FROM Order WHERE (SystemModstamp > {stamp}) OR (SystemModstamp = {stamp} AND Id > '{last}') "
        "ORDER BY SystemModstamp ASC, Id ASC LIMIT 2000",
    )

    assert rest == others


def test_jsforce_counts_in_lower_case(api: Api) -> None:
    assert api.call("GET", "query?q=select+count()+from+Order").json()["totalSize"] == 3
    assert rows(api, "SELECT COUNT(Id) total FROM Order")[0]["total"] == 3
