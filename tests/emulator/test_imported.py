import json
from copy import deepcopy
from typing import Any

import pytest

from sfsync.emulator.describe import describe, describe_global
from sfsync.emulator.fields import Field, PicklistValue
from sfsync.emulator.objects import standard_schema
from sfsync.emulator.objects.build import sobject
from sfsync.emulator.objects.imported import imported_schema, sobject_from_describe
from sfsync.emulator.org import Org
from tests.emulator.api import NOW, Api, V, make_api, refusal

HOST = "https://other.my.salesforce.com"
SHIPMENT = """
Name | string 80 | AF | Shipment Number | auto={0000}
Account__c | reference | CUNP | Account | to=Account rel=Account__r children=Shipments__r
Carrier__c | picklist 255 | CUNP | Carrier
Weight__c | double 10,3 | CUNP | Weight
SystemModstamp | datetime | D | System Modstamp
"""


@pytest.fixture
def answers() -> list[dict[str, Any]]:
    """What another org says of its accounts and of an object of its own, as JSON."""
    schema = standard_schema()
    schema.add_object(sobject("Shipment__c", "a00", SHIPMENT, {"Carrier__c": ("Mail", "Van")}, custom=True))
    help_text = {"inlineHelpText": "Who serves it", "calculatedFormula": "TEXT(1)"}
    schema.add_custom_field("Account", Field("Tier__c", "string", "Tier", length=20, custom=True, more=help_text))
    values = (PicklistValue("a", valid_for="gAAA"),)
    schema.add_custom_field(
        "Account", Field("Region__c", "picklist", "Region", length=255, picklist=values, custom=True)
    )
    schema.hide_field("Account", "Site")
    told = [describe(schema, name, version="60.0", instance_url=HOST) for name in ("Account", "Shipment__c")]
    told[0]["recordTypeInfos"].insert(0, _record_type("Retail", "0125e000000ABCDAA2"))
    told[0]["newInSomeRelease"] = None
    known: list[dict[str, Any]] = json.loads(json.dumps([dict(sorted(one.items())) for one in told]))
    return known


def _record_type(name: str, record_type_id: str) -> dict[str, Any]:
    return {
        "active": True,
        "available": True,
        "defaultRecordTypeMapping": False,
        "developerName": name,
        "master": False,
        "name": name,
        "recordTypeId": record_type_id,
        "urls": {"layout": f"/services/data/v60.0/sobjects/Account/describe/layouts/{record_type_id}"},
    }


@pytest.fixture
def api(answers: list[dict[str, Any]]) -> Api:
    org = Org(clock=NOW, schema=imported_schema(answers))
    org.settings.instance_url = HOST
    return Api(org, org.login(), org.insert("Account", {"Name": "Acme"}), org.standard_pricebook_id, "", "")


def test_an_imported_object_is_described_as_it_was_in_its_org(api: Api, answers: list[dict[str, Any]]) -> None:
    for answer in answers:
        ours = api.call("GET", f"/services/data/v60.0/sobjects/{answer['name']}/describe").json()

        assert json.dumps(ours) == json.dumps(answer)


def test_keys_that_an_older_describe_lacks_stay_away(answers: list[dict[str, Any]]) -> None:
    for key in ("associateEntityType", "associateParentEntity", "sobjectDescribeOption"):
        del answers[0][key]

    schema = imported_schema(answers)

    assert list(describe(schema, "Account", version="60.0", instance_url=HOST)) == list(answers[0])
    assert "associateEntityType" in describe_global(schema)["sobjects"][0]


def test_imported_objects_are_written_and_read_like_others(api: Api) -> None:
    tiered = api.create("Account", Name="Gold & Sons", Tier__c="gold")
    shipment = api.create("Shipment__c", Account__c=tiered, Carrier__c="Van", Weight__c=1.2345)

    found = api.call("GET", f"query/?q=SELECT+Tier__c,(SELECT+Name+FROM+Shipments__r)+FROM+Account+WHERE+Id='{tiered}'")

    row = found.json()["records"][0]
    assert row["Tier__c"] == "gold"
    assert [child["Name"] for child in row["Shipments__r"]["records"]] == [api.value("Shipment__c", shipment, "Name")]
    assert float(api.value("Shipment__c", shipment, "Weight__c")) == 1.235


def test_a_standard_field_that_the_other_org_does_not_show_is_hidden(api: Api) -> None:
    refused = api.call("POST", "sobjects/Account", {"Name": "A", "Site": "Berlin"})

    assert refused.status == 400
    assert "Site" not in api.call("GET", f"sobjects/Account/{api.account}").json()


def test_record_types_come_with_the_object(api: Api) -> None:
    found = api.call("GET", "query/?q=SELECT+Id,DeveloperName+FROM+RecordType+WHERE+SObjectType='Account'").json()

    assert [(one["Id"], one["DeveloperName"]) for one in found["records"]] == [("0125e000000ABCDAA2", "Retail")]


def test_the_names_of_children_come_from_their_parent_alone(answers: list[dict[str, Any]]) -> None:
    bare = deepcopy(answers)
    bare[0]["childRelationships"] = [
        one | {"relationshipName": "Parcels__r"} if one["childSObject"] == "Shipment__c" else one
        for one in bare[0]["childRelationships"]
    ]

    schema = imported_schema(bare)

    assert "Parcels__r" in {one.name for one in schema.children("Account")}


def test_the_orders_of_an_imported_account_vanish_when_orders_are_switched_off(api: Api) -> None:
    def listed() -> set[str]:
        told = api.call("GET", f"{V}/sobjects/Account/describe").json()
        return {one["childSObject"] for one in told["childRelationships"]}

    before = listed()
    api.org.switch_orders(on=False)

    assert before - listed() == {"Order"}


def test_what_is_no_describe_is_not_imported() -> None:
    for answer in ({"message": "The requested resource does not exist"}, {"name": "Account", "fields": None}):
        with pytest.raises(ValueError, match="not the describe of an object"):
            sobject_from_describe(answer)


def test_an_org_of_imported_objects_alone_keeps_the_rules() -> None:
    told = standard_schema()
    answers = [json.loads(json.dumps(describe(told, name))) for name in told.objects]

    schema = imported_schema(answers)

    for answer in answers:
        assert json.dumps(describe(schema, answer["name"])) == json.dumps(answer)
    api = make_api(schema=schema)
    order, line = api.activated_order()
    assert refusal(api.call("DELETE", f"sobjects/OrderItem/{line}"))[:2] == (400, "ENTITY_IS_LOCKED")
    assert api.value("Order", order, "OrderNumber") == "00000100"
