from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from sfsync.emulator.fields import Field
from sfsync.salesforce.fitness import notes, problems
from sfsync.salesforce.schema import FieldInfo, FieldNames, ObjectInfo, read_schema
from sfsync.salesforce.shipment_fields import ShipmentNames
from tests.shipping import add_objects

if TYPE_CHECKING:
    from sfsync.salesforce.client import OrgClient
    from sfsync.salesforce.schema import OrgSchema
    from tests.world import World


def changed(schema: OrgSchema, sobject: str, field: str, **flags: object) -> OrgSchema:
    info = schema.objects[sobject]
    fields = {**info.fields, field: replace(info.fields[field], **flags)}  # type: ignore[arg-type]
    return replace(schema, objects={**schema.objects, sobject: replace(info, fields=fields)})


def test_a_fit_org_has_no_problems_and_nothing_to_note(schema: OrgSchema) -> None:
    assert problems(schema) == []
    assert notes(schema) == []


@pytest.mark.parametrize(
    ("sobject", "field"),
    [("Opportunity", "Amount"), ("Order", "Status"), ("OrderItem", "UnitPrice"), ("Account", "Name")],
)
def test_a_hidden_field_is_named_with_both_possible_causes(
    world: World, org_client: OrgClient, sobject: str, field: str
) -> None:
    world.org.hide_field(sobject, field)

    (problem,) = problems(read_schema(org_client, FieldNames()))

    assert problem.code == "field_hidden"
    assert f"{sobject}.{field} does not exist, or field permissions hide it" in problem.message
    assert "permission set" in problem.remedy


def test_a_missing_key_field_is_a_problem_of_its_own(world: World, org_client: OrgClient) -> None:
    world.org.hide_field("OrderItem", "SFSync_Key__c")

    (problem,) = problems(read_schema(org_client, FieldNames()))

    assert problem.code == "key_missing"
    assert "OrderItem.SFSync_Key__c" in problem.message
    assert "Unique, case-sensitive" in problem.remedy


@pytest.mark.parametrize(
    ("flag", "words"),
    [
        ({"unique": False}, "not unique"),
        ({"external_id": False}, "not an external id"),
        ({"case_sensitive": False}, "not case-sensitive"),
        ({"length": 20}, "at least 32"),
    ],
)
def test_a_key_field_of_the_wrong_kind_is_refused(schema: OrgSchema, flag: dict[str, object], words: str) -> None:
    (problem,) = problems(changed(schema, "Order", "SFSync_Key__c", **flag))

    assert problem.code == "key_unfit"
    assert words in problem.message


@pytest.mark.parametrize(
    ("sobject", "field", "flag", "code"),
    [
        ("Order", "SFSync_Key__c", "createable", "field_not_createable"),
        ("OrderItem", "Quantity", "createable", "field_not_createable"),
        ("Order", "Status", "updateable", "field_not_updateable"),
    ],
)
def test_a_field_that_may_not_be_written_is_named(
    schema: OrgSchema, sobject: str, field: str, flag: str, code: str
) -> None:
    (problem,) = problems(changed(schema, sobject, field, **{flag: False}))

    assert problem.code == code
    assert f"{sobject}.{field}" in problem.message


def test_an_org_without_orders_says_so_once(world: World, org_client: OrgClient) -> None:
    world.org.switch_orders(on=False)

    found = problems(read_schema(org_client, FieldNames()))

    assert {problem.code for problem in found} == {"object_missing"}
    assert {problem.message.split()[2] for problem in found} == {"Order", "OrderItem"}


def test_a_user_who_may_not_create_orders_is_found_out(schema: OrgSchema) -> None:
    read_only = replace(schema.objects["Order"], createable=False)

    (problem,) = problems(replace(schema, objects={**schema.objects, "Order": read_only}))

    assert problem.code == "object_not_createable"


def test_an_org_without_a_draft_status_cannot_be_worked_with(schema: OrgSchema) -> None:
    (problem,) = problems(replace(schema, statuses=()))

    assert problem.code == "no_draft_status"


def test_what_can_be_done_without_is_noted_with_what_it_costs(world: World, org_client: OrgClient) -> None:
    world.org.hide_field("Order", "OpportunityId")
    world.org.hide_field("Order", "Name")

    schema = read_schema(org_client, FieldNames())

    assert problems(schema) == []
    assert [(note.code, note.message.split()[2]) for note in notes(schema)] == [
        ("lookup_missing", "Order.OpportunityId"),
        ("optional_field_missing", "Order.Name"),
    ]


def test_an_object_without_fields_misses_all_of_them(schema: OrgSchema) -> None:
    bare = ObjectInfo(createable=True, updateable=True, replicateable=True, fields={"Id": FieldInfo()})

    found = problems(replace(schema, objects={**schema.objects, "PricebookEntry": bare}))

    assert {problem.message.split()[2] for problem in found} == {
        "PricebookEntry.Pricebook2Id",
        "PricebookEntry.IsActive",
    }


def test_configured_custom_fields_must_be_there_writable_and_of_a_known_type(
    world: World, org_client: OrgClient
) -> None:
    world.org.add_custom_field("Order", Field("Good__c", "string", "Good", length=20, custom=True))
    world.org.add_custom_field("Order", Field("When__c", "datetime", "When", custom=True))
    fixed = {"calculated": True, "createable": False, "updateable": False}
    world.org.add_custom_field("Order", Field("Sum__c", "double", "Sum", precision=10, custom=True, **fixed))

    found = problems(read_schema(org_client, FieldNames(writable=("Good__c", "When__c", "Sum__c", "Nowhere__c"))))

    assert [one.code for one in found] == ["field_type", "field_not_updateable", "field_hidden"]


def test_what_shipments_lack_is_named_where_they_are_enabled(world: World, org_client: OrgClient) -> None:
    names = FieldNames(shipments=ShipmentNames())
    missing = problems(read_schema(org_client, names))
    assert [(one.code, "setup-org" in one.remedy) for one in missing] == [("object_missing", True)] * 2

    add_objects(world.org)
    assert problems(read_schema(org_client, names)) == []
    schema = read_schema(org_client, names)
    for sobject, field, flags, code in (
        ("Shipment__c", "SFSync_Key__c", {"unique": False}, "key_unfit"),
        ("Shipment__c", "Shipped_Date__c", {"type": "datetime"}, "field_type"),
        ("Shipment_Line__c", "Quantity__c", {"createable": False}, "field_not_createable"),
    ):
        assert [one.code for one in problems(changed(schema, sobject, field, **flags))] == [code]
    world.org.hide_field("Shipment__c", "Carrier__c")
    assert [one.code for one in problems(read_schema(org_client, names))] == ["field_hidden"]
