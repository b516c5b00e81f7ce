"""The columns of a query, told without running it [facts: api 13]."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote_plus

import pytest

from tests.emulator.api import Api, make_api, refusal


@pytest.fixture(scope="module")
def api() -> Api:
    return make_api()


def columns(api: Api, soql: str) -> dict[str, Any]:
    response = api.call("GET", f"query?q={quote_plus(soql)}&columns=true")
    assert response.status == 200, response.body
    found: dict[str, Any] = response.json()
    return found


def column(name: str, **told: Any) -> dict[str, Any]:
    """A column of which nothing is said but what is told here."""
    silent: dict[str, Any] = {
        "aggregate": False,
        "apexType": None,
        "booleanType": False,
        "columnName": name,
        "custom": False,
        "displayName": name,
        "foreignKeyName": None,
        "insertable": False,
        "joinColumns": [],
        "numberType": False,
        "textType": False,
        "updatable": False,
    }
    return silent | told


TEXT = {"apexType": "String", "textType": True}


def test_a_plain_query_has_the_columns_the_cli_was_recorded_to_get(api: Api) -> None:
    found = columns(api, "SELECT id, name FROM Contact")

    assert found == {
        "columnMetadata": [column("Id", apexType="Id"), column("Name", **TEXT)],
        "entityName": "Contact",
        "groupBy": False,
        "idSelected": True,
        "keyPrefix": "003",
    }
    assert list(found["columnMetadata"][0]) == sorted(found["columnMetadata"][0])


def test_children_and_parents_have_columns_of_their_own(api: Api) -> None:
    found = columns(api, "SELECT Name, Owner.Name, Owner.Id, (SELECT LastName FROM Contacts) FROM Account")

    last_name = column("LastName", **TEXT, insertable=True, updatable=True)
    name = column("Name", **TEXT, insertable=True, updatable=True)
    assert found["columnMetadata"] == [
        name,
        column("Owner", foreignKeyName="OwnerId", joinColumns=[column("Name", **TEXT), column("Id", apexType="Id")]),
        column("Contacts", aggregate=True, joinColumns=[last_name]),
    ]
    assert found["idSelected"] is False


def test_groups_have_the_names_of_their_answer(api: Api) -> None:
    found = columns(api, "SELECT CampaignId, AVG(Amount), COUNT(Id) n FROM Opportunity GROUP BY CampaignId")

    assert found["columnMetadata"] == [
        column("CampaignId", apexType="Id", insertable=True, updatable=True),
        column("expr0", aggregate=True, displayName="avg(Amount)", numberType=True),
        column("n", aggregate=True, displayName="count(Id)", numberType=True),
    ]
    assert found["groupBy"] is True


def test_types_are_those_of_apex(api: Api) -> None:
    asked = "IsDeleted, AnnualRevenue, NumberOfEmployees, CreatedDate, LastActivityDate, BillingAddress, Type"
    found = {one["columnName"]: one for one in columns(api, f"SELECT {asked} FROM Account")["columnMetadata"]}

    assert {name: one["apexType"] for name, one in found.items()} == {
        "IsDeleted": "Boolean",
        "AnnualRevenue": "Decimal",
        "NumberOfEmployees": "Integer",
        "CreatedDate": "Datetime",
        "LastActivityDate": "Date",
        "BillingAddress": "Address",
        "Type": "String",
    }
    assert found["IsDeleted"]["booleanType"]
    assert found["AnnualRevenue"]["numberType"]
    assert found["Type"]["textType"]


def test_functions_and_fields_spelled_out_are_columns(api: Api) -> None:
    found = columns(api, "SELECT FIELDS(STANDARD), toLabel(Type) kind, TYPEOF Owner WHEN User THEN Name END FROM Order")

    names = [one["columnName"] for one in found["columnMetadata"]]
    assert names[0] == "Id"
    assert names[-2:] == ["kind", "Owner"]


def test_nothing_runs_and_mistakes_are_told(api: Api) -> None:
    assert refusal(api.call("GET", "query?q=SELECT+Nonsense+FROM+Account&columns=true"))[1] == "INVALID_FIELD"
    assert "records" in api.call("GET", "query?q=SELECT+Id+FROM+Account&columns=false").json()
