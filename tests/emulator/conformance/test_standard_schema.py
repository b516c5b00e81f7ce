import json
from typing import Any

import pytest

from sfsync.emulator.describe import describe, describe_global
from sfsync.emulator.objects import standard_schema
from tests.emulator.api import make_api
from tests.emulator.conformance import cassettes
from tests.emulator.conformance.compare import Comparison, Difference
from tests.emulator.conformance.differences import AGAINST_STANDARD
from tests.emulator.conformance.stage import described


def differences(sobject: str) -> list[Difference]:
    """Of the emulator's own describe from the recorded one, at its version; children only of objects there are."""
    schema = standard_schema()
    recorded = described(sobject)
    version = recorded["urls"]["sobject"].split("/")[3].removeprefix("v")
    recorded["childRelationships"] = [
        child for child in recorded["childRelationships"] if child["childSObject"] in schema.objects
    ]
    return list(Comparison({}).values(recorded, describe(schema, sobject, version=version)))


@pytest.mark.parametrize("sobject", ["Account", "Opportunity"])
def test_an_object_is_described_as_in_the_recorded_org(sobject: str) -> None:
    found = differences(sobject)

    assert [one for one in found if not any(known.covers(sobject, one) for known in AGAINST_STANDARD)] == []


def test_no_tolerance_of_the_standard_schema_is_stale() -> None:
    found = [(sobject, one) for sobject in ("Account", "Opportunity") for one in differences(sobject)]

    stale = [known for known in AGAINST_STANDARD if not any(known.covers(*one) for one in found)]
    assert stale == []


def test_the_list_of_objects_has_the_recorded_entries() -> None:
    recorded = json.loads(cassettes.load("GET_sobjects_Global_describe").interactions[0].answer)
    entries = {one["name"]: one for one in recorded["sobjects"]}

    ours = describe_global(standard_schema(), version="52.0")

    shared = [one for one in ours["sobjects"] if one["name"] in entries]
    assert {one["name"] for one in shared} >= {"Account", "Contact", "Opportunity", "Organization", "User"}
    for one in shared:
        assert json.dumps(one) == json.dumps(entries[one["name"]])
    assert {name: ours[name] for name in recorded if name != "sobjects"} == {"encoding": "UTF-8", "maxBatchSize": 200}


def test_newer_versions_have_the_urls_and_scopes_of_newer_recordings() -> None:
    recorded = described("Account_PersonAccount")

    ours = describe(standard_schema(), "Account", version="59.0", instance_url=cassettes.HOST)

    assert list(ours) == list(recorded)
    assert list(ours["urls"].items()) == list(recorded["urls"].items())
    assert ours["supportedScopes"] == recorded["supportedScopes"]


def test_a_fresh_org_shows_itself_as_the_recorded_one_did() -> None:
    recorded = json.loads(cassettes.load("GET_sobjects_Organization").interactions[0].answer)
    api = make_api()

    ours = api.call("GET", f"sobjects/Organization/{api.org.settings.org_id}").json()

    assert list(ours) == list(recorded)
    assert ours["Address"] == recorded["Address"]
    own = {"attributes", "Id", "Name", "PrimaryContact", "TimeZoneSidKey", "TrialExpirationDate", "InstanceName"}
    stamps = {"SystemModstamp", "CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById"}
    differing = {name for name in recorded if ours[name] != recorded[name]}
    assert differing <= own | stamps


def test_contact_has_the_fields_of_its_recorded_change_event_in_their_order() -> None:
    events = json.loads((cassettes.recordings().parent / "avro" / "ContactChangeEvent.avsc").read_text())
    names = [one["name"] for one in events["fields"]]

    ours = describe(standard_schema(), "Contact")["fields"]

    known = _folded(ours)
    assert [name for name in names if name in known] == [name for name in known if name in names]
    hidden_or_newer = {"HasOptedOutOfEmail", "HasOptedOutOfFax", "DoNotCall", "Pronouns", "GenderIdentity"}
    other_org = {"IsPersonAccount", "ContactSource", "BuyerAttributes", "Level__c", "Languages__c", "GUID__c"}
    assert set(names) - set(known) == hidden_or_newer | other_org | {"ChangeEventHeader"}


def _folded(fields: list[dict[str, Any]]) -> list[str]:
    """Field names, the parts of compound fields left out, as change events have them."""
    return [one["name"] for one in fields if one["compoundFieldName"] is None]
