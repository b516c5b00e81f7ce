"""sObject tree [facts: api 3.11]."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from sfsync.emulator.settings import Settings
from tests.emulator.api import Api, make_api, refusal

if TYPE_CHECKING:
    from sfsync.emulator.http import Response


@pytest.fixture
def api() -> Api:
    return make_api()


def record(sobject: str, reference: str, **fields: Any) -> dict[str, Any]:
    lists = {name: {"records": value} for name, value in fields.items() if isinstance(value, list)}
    return {"attributes": {"type": sobject, "referenceId": reference}, **fields, **lists}


def send(api: Api, sobject: str, *records: dict[str, Any]) -> Response:
    return api.call("POST", f"composite/tree/{sobject}/", {"records": list(records)})


def line(api: Api, reference: str, **fields: Any) -> dict[str, Any]:
    return record("OrderItem", reference, PricebookEntryId=api.entry, **{"Quantity": 2, "UnitPrice": 5, **fields})


def test_an_order_is_created_with_its_lines(api: Api) -> None:
    lines = [line(api, "l1"), line(api, "l2")]

    response = send(api, "Order", record("Order", "o1", **api.order_fields(), OrderItems=lines))

    answer = response.json()
    order, first, _ = (one["id"] for one in answer["results"])
    assert response.status == 201
    assert answer == {
        "hasErrors": False,
        "results": [
            {"referenceId": name, "id": one["id"]}
            for name, one in zip(("o1", "l1", "l2"), answer["results"], strict=True)
        ],
    }
    assert api.value("OrderItem", first, "OrderId") == order
    assert api.value("Order", order, "TotalAmount") == Decimal(20)
    assert (api.org.usage(), api.org.calls[0].subrequests) == (3, 1)


def test_results_come_level_by_level(api: Api) -> None:
    one = record("Account", "ref1", Name="One", Contacts=[record("Contact", "ref2", LastName="A")])
    one["Contacts"]["records"].append(record("Contact", "ref3", LastName="B"))

    answer = send(api, "Account", one, record("Account", "ref4", Name="Two")).json()

    assert [result["referenceId"] for result in answer["results"]] == ["ref1", "ref4", "ref2", "ref3"]


def test_one_bad_record_leaves_nothing_and_is_the_only_one_named(api: Api) -> None:
    contacts = [record("Contact", "ref2", LastName="A", Email="123"), record("Contact", "ref3", LastName="B")]

    response = send(api, "Account", record("Account", "ref1", Name="One", Contacts=contacts))

    error = {"statusCode": "INVALID_EMAIL_ADDRESS", "message": "Email: invalid email address: 123", "fields": ["Email"]}
    assert response.status == 400
    assert response.json() == {"hasErrors": True, "results": [{"referenceId": "ref2", "errors": [error]}]}
    assert [row["Name"] for row in api.org.query("SELECT Name FROM Account")] == ["Acme"]


def test_all_records_of_a_level_that_fail_are_named(api: Api) -> None:
    answer = send(api, "Account", *(record("Account", f"r{number}") for number in range(3))).json()

    assert [one["referenceId"] for one in answer["results"]] == ["r0", "r1", "r2"]
    assert {one["errors"][0]["statusCode"] for one in answer["results"]} == {"REQUIRED_FIELD_MISSING"}


def test_the_rules_of_orders_hold(api: Api) -> None:
    lines = [line(api, "l1", Quantity=0)]

    answer = send(api, "Order", record("Order", "o1", **api.order_fields(), OrderItems=lines)).json()

    assert answer["results"][0]["referenceId"] == "l1"
    assert api.org.query("SELECT Id FROM Order") == []


def test_a_reference_id_given_twice_has_a_result_each_time(api: Api) -> None:
    answer = send(api, "Account", record("Account", "a", Name="One"), record("Account", "a", Name="Two")).json()

    error = {"statusCode": "INVALID_INPUT", "message": "Duplicate ReferenceId provided in the request.", "fields": []}
    assert answer == {"hasErrors": True, "results": [{"referenceId": "a", "errors": [error]}] * 2}


@pytest.mark.parametrize("status", [400, 403])
def test_every_record_needs_a_reference_id(status: int) -> None:
    api = make_api(Settings(tree_reference_status=status))

    response = send(api, "Account", {"attributes": {"type": "Account"}, "Name": "One"})

    text = "Include a reference ID for each record in the request."
    assert refusal(response) == (status, "INVALID_INPUT", text)


@pytest.mark.parametrize(
    ("wrong", "code", "text"),
    [
        ({"attributes": {"referenceId": "w"}, "Name": "x"}, "INVALID_INPUT", "Include an entity type"),
        (record("Contact", "w", LastName="x"), "INVALID_INPUT", "The record is of type Contact"),
        (record("Account", "w", Name="x", Pets=[record("Pet", "p")]), "INVALID_FIELD", "No such column 'Pets'"),
    ],
)
def test_a_record_of_the_wrong_form_is_named(api: Api, wrong: dict[str, Any], code: str, text: str) -> None:
    answer = send(api, "Account", record("Account", "a", Name="One"), wrong).json()

    (result,) = answer["results"]
    assert (result["referenceId"], result["errors"][0]["statusCode"]) == ("w", code)
    assert result["errors"][0]["message"].startswith(text)
    assert len(api.org.query("SELECT Id FROM Account")) == 1


def test_200_records_are_the_most_children_included(api: Api) -> None:
    contacts = [record("Contact", f"c{number}", LastName="x") for number in range(199)]
    assert send(api, "Account", record("Account", "a", Name="One", Contacts=contacts)).status == 201

    contacts.append(record("Contact", "one more", LastName="x"))
    response = send(api, "Account", record("Account", "a", Name="Two", Contacts=contacts))
    assert refusal(response)[:2] == (400, "EXCEEDED_ID_LIMIT")


def test_five_levels_are_the_most(api: Api) -> None:
    def chain(levels: int) -> dict[str, Any]:
        below = {"ChildAccounts": [chain(levels - 1)]} if levels > 1 else {}
        return record("Account", f"a{levels}", Name="x", **below)

    assert send(api, "Account", chain(5)).status == 201
    assert refusal(send(api, "Account", chain(6)))[:2] == (400, "INVALID_INPUT")


def test_five_types_are_the_most(api: Api) -> None:
    contract = record("Contract", "co", StartDate="2026-01-01", Orders=[record("Order", "o", **_loose(api))])
    contract["Orders"]["records"][0]["OrderItems"] = {"records": [line(api, "l")]}
    sale = record("Opportunity", "op", Name="x", StageName="Prospecting", CloseDate="2026-01-01")
    account = record("Account", "a", Name="x", Contracts=[contract], Opportunities=[sale])

    assert send(api, "Account", account).status == 201
    account["Contacts"] = {"records": [record("Contact", "c", LastName="x")]}
    assert refusal(send(api, "Account", account))[:2] == (400, "INVALID_INPUT")


def _loose(api: Api) -> dict[str, Any]:
    """An order without account: it takes its contract's."""
    return {name: value for name, value in api.order_fields().items() if name != "AccountId"}


def test_other_objects_and_bodies_are_refused(api: Api) -> None:
    assert send(api, "Nope", record("Nope", "n")).status == 404
    assert refusal(api.call("POST", "composite/tree/Account", {"records": []}))[:2] == (400, "INVALID_INPUT")
    assert api.call("GET", "composite/tree/Account").status == 405
