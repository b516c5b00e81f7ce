import json
from typing import Any

import pytest

from sfsync.emulator.describe import describe, describe_basic, describe_global
from sfsync.emulator.errors import ApiError
from sfsync.emulator.fields import Field
from sfsync.emulator.objects import standard_schema
from sfsync.emulator.schema import Schema

# One field exactly as a real org answered [facts: api A.2].
RECORDED_PARENT_ID = """
{"aggregatable":true,"aiPredictionField":false,"autoNumber":false,"byteLength":18,"calculated":false,
"calculatedFormula":null,"cascadeDelete":false,"caseSensitive":false,"compoundFieldName":null,"controllerName":null,
"createable":true,"custom":false,"defaultValue":null,"defaultValueFormula":null,"defaultedOnCreate":false,
"dependentPicklist":false,"deprecatedAndHidden":false,"digits":0,"displayLocationInDecimal":false,"encrypted":false,
"externalId":false,"extraTypeInfo":null,"filterable":true,"filteredLookupInfo":null,
"formulaTreatNullNumberAsZero":false,"groupable":true,"highScaleNumber":false,"htmlFormatted":false,"idLookup":false,
"inlineHelpText":null,"label":"Parent Account ID","length":18,"mask":null,"maskType":null,"name":"ParentId",
"nameField":false,"namePointing":false,"nillable":true,"permissionable":true,"picklistValues":[],
"polymorphicForeignKey":false,"precision":0,"queryByDistance":false,"referenceTargetField":null,
"referenceTo":["Account"],"relationshipName":"Parent","relationshipOrder":null,"restrictedDelete":false,
"restrictedPicklist":false,"scale":0,"searchPrefilterable":true,"soapType":"tns:ID","sortable":true,
"type":"reference","unique":false,"updateable":true,"writeRequiresMasterRead":false}
"""


@pytest.fixture
def schema() -> Schema:
    return standard_schema()


def fields(schema: Schema, sobject: str) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in describe(schema, sobject)["fields"]}


def test_a_field_is_described_as_a_real_org_describes_it(schema: Schema) -> None:
    described = fields(schema, "Account")["ParentId"]

    assert list(described.items()) == list(json.loads(RECORDED_PARENT_ID).items())


def test_an_order_is_described_with_what_may_be_written(schema: Schema) -> None:
    order = fields(schema, "Order")

    assert order["OrderNumber"]["autoNumber"]
    assert order["OrderNumber"]["nameField"]
    assert not order["TotalAmount"]["createable"]
    assert not order["TotalAmount"]["nillable"]
    assert order["OpportunityId"]["createable"]
    assert (order["StatusCode"]["createable"], order["StatusCode"]["updateable"]) == (False, True)
    assert [value["value"] for value in order["Status"]["picklistValues"]] == ["Draft", "Activated"]
    assert order["Description"]["byteLength"] == 96000
    assert not order["Description"]["filterable"]
    required = {
        name
        for name, one in order.items()
        if one["createable"] and not one["nillable"] and not one["defaultedOnCreate"]
    }
    assert required == {"EffectiveDate", "Status"}


def test_the_references_of_a_line_cannot_be_changed(schema: Schema) -> None:
    item = fields(schema, "OrderItem")

    fixed = {name for name, one in item.items() if one["createable"] and not one["updateable"]}
    assert fixed == {"OrderId", "PricebookEntryId", "Product2Id", "OriginalOrderItemId", "ListPrice"}
    assert "Discount" not in item


def test_children_are_what_refers_to_the_object(schema: Schema) -> None:
    children = {one["relationshipName"]: one for one in describe(schema, "Order")["childRelationships"]}

    assert children["OrderItems"] == {
        "cascadeDelete": True,
        "childSObject": "OrderItem",
        "deprecatedAndHidden": False,
        "field": "OrderId",
        "junctionIdListNames": [],
        "junctionReferenceTo": [],
        "relationshipName": "OrderItems",
        "restrictedDelete": False,
    }
    assert children["Orders"]["field"] == "OriginalOrderId"


def test_a_hidden_field_is_not_described_until_it_is_shown_again(schema: Schema) -> None:
    schema.hide_field("order", "opportunityid")
    hidden = fields(schema, "Order")
    schema.show_field("Order", "OpportunityId")

    assert "OpportunityId" not in hidden
    assert "OpportunityId" in fields(schema, "Order")
    with pytest.raises(KeyError):
        schema.hide_field("Order", "Nonsense")


def test_a_custom_key_is_described_with_its_flags(schema: Schema) -> None:
    key = Field(
        "SFSync_Key__c",
        "string",
        "Key",
        length=64,
        unique=True,
        case_sensitive=True,
        external_id=True,
        id_lookup=True,
        custom=True,
    )
    schema.add_custom_field("Order", key)

    described = fields(schema, "Order")["SFSync_Key__c"]

    assert described["byteLength"] == 192
    flags = ("custom", "externalId", "unique", "caseSensitive", "idLookup", "permissionable")
    assert all(described[flag] for flag in flags)


def test_the_list_of_objects_leaves_out_what_is_switched_off(schema: Schema) -> None:
    schema.hide_object("Order")

    listed = describe_global(schema, version="62.0")

    assert (listed["encoding"], listed["maxBatchSize"]) == ("UTF-8", 200)
    names = {one["name"]: one for one in listed["sobjects"]}
    assert "Order" not in names
    assert names["Account"]["urls"]["rowTemplate"] == "/services/data/v62.0/sobjects/Account/{ID}"
    assert all(child["childSObject"] != "Order" for child in describe(schema, "Account")["childRelationships"])


def test_an_unknown_object_is_not_found(schema: Schema) -> None:
    for ask in (describe, describe_basic):
        with pytest.raises(ApiError) as caught:
            ask(schema, "Nonsense")
        assert (caught.value.status, caught.value.code) == (404, "NOT_FOUND")


def test_the_basic_description_has_any_spelling_of_the_name(schema: Schema) -> None:
    assert describe_basic(schema, "orderitem")["objectDescribe"]["name"] == "OrderItem"


def test_discounts_on_lines_come_only_when_asked_for(schema: Schema) -> None:
    assert "Discount" not in fields(schema, "OpportunityLineItem")
    assert "Discount" in fields(standard_schema(line_discounts=True), "OpportunityLineItem")
    assert "Discount" not in fields(standard_schema(), "OpportunityLineItem")
