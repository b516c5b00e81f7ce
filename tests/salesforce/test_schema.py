from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from sfsync.emulator.fields import Field
from sfsync.errors import OrgRefused, OrgUnavailable
from sfsync.salesforce.composite import Sub, SubAnswer
from sfsync.salesforce.schema import FieldNames, OrgSchema, read_schema, select_list
from tests.salesforce.conftest import DATA

if TYPE_CHECKING:
    import responses

    from sfsync.salesforce.client import OrgClient
    from tests.world import World


def test_the_schema_is_read_in_one_call(world: World, org_client: OrgClient) -> None:
    schema = read_schema(org_client, FieldNames())

    assert org_client.calls == {"token": 1, "composite": 1}
    assert schema.org_id == world.org.settings.org_id
    assert schema.org_name == "Emulated Company"
    assert [(choice.api_name, choice.status_code) for choice in schema.statuses] == [
        ("Draft", "Draft"),
        ("Activated", "Activated"),
        ("Fulfilled", "Activated"),
        ("Cancelled", "Activated"),
    ]
    assert not schema.multicurrency
    assert schema.createable("Order", "OpportunityId")
    assert not schema.createable("Order", "OrderNumber")


def test_a_schema_comes_back_from_json_as_it_was(schema: OrgSchema) -> None:
    assert OrgSchema.from_json(json.loads(json.dumps(schema.to_json()))) == schema


def test_hidden_and_missing_fields_are_not_asked_for(world: World, org_client: OrgClient) -> None:
    world.org.hide_field("Order", "Name")

    schema = read_schema(org_client, FieldNames())

    assert not schema.has("Order", "Name")
    assert schema.info("Nothing", "Name") is None
    assert select_list(schema, "Order", ("Id", "Name", "Nonsense__c", "Status"), prefix="Order.") == [
        "Order.Id",
        "Order.Status",
    ]


def test_an_object_that_is_switched_off_is_left_out(world: World, org_client: OrgClient) -> None:
    world.org.switch_orders(on=False)

    schema = read_schema(org_client, FieldNames())

    assert "Order" not in schema.objects
    assert "Account" in schema.objects


def test_of_the_orgs_own_fields_only_ours_are_kept(world: World, org_client: OrgClient) -> None:
    for name in ("Ours__c", "Theirs__c"):
        world.org.add_custom_field("Order", Field(name, "reference", name, custom=True, reference_to=("Opportunity",)))

    schema = read_schema(org_client, FieldNames(opportunity_lookup="Ours__c"))

    assert schema.has("Order", "Ours__c")
    assert not schema.has("Order", "Theirs__c")


def test_the_currency_field_tells_a_multicurrency_org(world: World, org_client: OrgClient) -> None:
    world.org.add_custom_field("Order", Field("CurrencyIsoCode", "picklist", "Currency", length=3))

    assert read_schema(org_client, FieldNames()).multicurrency


def test_orders_are_created_with_the_default_among_the_draft_statuses(schema: OrgSchema) -> None:
    draft, activated, *_ = schema.statuses
    new = replace(draft, api_name="New", is_default=False)

    assert replace(schema, statuses=(activated, new, draft)).draft_status == "Draft"
    assert replace(schema, statuses=(activated, new)).draft_status == "New"
    assert replace(schema, statuses=(activated,)).draft_status is None


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ({"records": [{"ApiName": 5, "MasterLabel": "x", "StatusCode": "x", "IsDefault": True}]}, 200, OrgUnavailable),
        ({"records": [{}]}, 200, OrgUnavailable),
        ([{"errorCode": "UNKNOWN_EXCEPTION", "message": "?"}], 500, OrgUnavailable),
        ([{"errorCode": "INSUFFICIENT_ACCESS", "message": "no"}], 403, OrgRefused),
    ],
)
def test_an_org_that_describes_itself_badly_is_not_guessed_at(
    client: OrgClient, http: responses.RequestsMock, body: Any, status: int, kind: type[Exception]
) -> None:
    missing = [{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}]
    elements = [{"referenceId": f"r{number}", "httpStatusCode": 404, "body": missing} for number in range(10)]
    elements[8] = {"referenceId": "r8", "httpStatusCode": status, "body": body}
    http.post(f"{DATA}/composite", json={"compositeResponse": elements})

    with pytest.raises(kind):
        read_schema(client, FieldNames())


def test_an_org_that_shows_nothing_still_has_the_id_of_its_login(
    client: OrgClient, http: responses.RequestsMock
) -> None:
    missing = [{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}]
    elements = [{"referenceId": f"r{number}", "httpStatusCode": 404, "body": missing} for number in range(10)]
    http.post(f"{DATA}/composite", json={"compositeResponse": elements})

    schema = read_schema(client, FieldNames())

    assert (schema.org_id, schema.org_name, schema.objects) == ("00D000000000001AAA", "", {})


def test_names_are_written_for_the_cache() -> None:
    assert FieldNames(order_key="K__c").to_json() == {
        "order_key": "K__c",
        "item_key": "SFSync_Key__c",
        "opportunity_lookup": "OpportunityId",
        "writable": (),
        "physical_flag": None,
        "shipments": None,
    }


def test_a_sub_that_is_no_query_does_not_count_as_one() -> None:
    assert [Sub(path).is_query for path in ("query", "queryAll", "sobjects/Order/describe")] == [True, True, False]
    assert SubAnswer(200, None, {}).failure is None
