"""Faults of the set-up: fields, picklists, rights, users, the clock, and what administrators add."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sfsync.emulator.clock import VirtualClock
from sfsync.emulator.faults import FaultError
from sfsync.emulator.fields import Field
from tests.emulator.api import NOW, Api, ask_token, make_api, refusal

if TYPE_CHECKING:
    from sfsync.emulator.http import Response

BONUS = Field("Bonus__c", "string", "Bonus", length=40, custom=True)


@pytest.fixture
def api() -> Api:
    made = make_api()
    made.org.add_custom_field("Account", BONUS)
    return made


@pytest.fixture(scope="module")
def key() -> tuple[str, str]:
    """A private key and its public one, as PEM."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return pem.decode(), public.decode()


def described(api: Api, name: str, sobject: str = "Account") -> dict[str, Any] | None:
    fields = api.call("GET", f"sobjects/{sobject}/describe").json()["fields"]
    return next((one for one in fields if one["name"] == name), None)


def query(api: Api, text: str) -> Response:
    return api.call("GET", f"query?q={text.replace(' ', '+')}")


def login_error(api: Api) -> tuple[str, str]:
    response = ask_token(api.org)
    assert response.status == 400
    return response.json()["error"], response.json()["error_description"]


# -- fields


def test_a_removed_field_is_gone_with_its_values(api: Api) -> None:
    account = api.create("Account", Name="A", Bonus__c="x")
    api.org.faults.add("field_removed", object="Account", field="bonus__c", path="limits")
    there = query(api, "SELECT Bonus__c FROM Account").status

    api.call("GET", "limits")

    assert there == 200
    assert refusal(query(api, "SELECT Bonus__c FROM Account"))[1] == "INVALID_FIELD"
    assert refusal(api.call("PATCH", f"sobjects/Account/{account}", {"Bonus__c": "y"}))[1] == "INVALID_FIELD"
    assert described(api, "Bonus__c") is None
    assert "Bonus__c" not in api.call("GET", f"sobjects/Account/{account}").json()
    api.org.add_custom_field("Account", BONUS)
    assert api.value("Account", account, "Bonus__c") is None


def test_erasing_a_field_for_good_moves_every_stamp(api: Api) -> None:
    api.org.advance(60)
    api.org.faults.now("field_removed", object="Account", field="Bonus__c", erase=True)

    row = api.call("GET", f"sobjects/Account/{api.account}").json()

    assert row["SystemModstamp"] == "2026-03-01T12:01:30.000+0000"
    assert row["LastModifiedDate"] == "2026-03-01T12:00:30.000+0000"


def test_standard_fields_cannot_be_removed(api: Api) -> None:
    fault = api.org.faults.add("field_removed", object="Account", field="Name")

    api.call("GET", "limits")

    assert fault.did == "nothing: fault field_removed: Account.Name is a standard field; that happens to custom ones"
    assert described(api, "Name")


def test_a_hidden_field_can_be_shown_again(api: Api) -> None:
    api.org.faults.now("field_hidden", object="Account", field="Phone")
    hidden = query(api, "SELECT Phone FROM Account")

    api.org.faults.now("field_hidden", object="Account", field="Phone", over=True)

    assert refusal(hidden)[1] == "INVALID_FIELD"
    assert query(api, "SELECT Phone FROM Account").status == 200


@pytest.mark.parametrize(
    ("to", "kept", "soap", "accepted", "refused"),
    [
        ("double", 12.5, "xsd:double", 3.25, "many"),
        ("int", None, "xsd:int", 3, "many"),
        ("date", None, "xsd:date", "2026-01-31", "soon"),
        ("boolean", False, "xsd:boolean", True, "perhaps"),
        ("picklist", "12.5", "xsd:string", "other", {}),
        ("textarea", "12.5", "xsd:string", "other", {}),
    ],
)
def test_a_field_changes_its_type(api: Api, to: str, kept: Any, soap: str, accepted: Any, refused: Any) -> None:
    account = api.create("Account", Name="A", Bonus__c="12.5")

    api.org.faults.now("field_type_changed", object="Account", field="Bonus__c", type=to)

    told = described(api, "Bonus__c")
    assert told is not None
    assert (told["type"], told["soapType"]) == (to, soap)
    assert api.value("Account", account, "Bonus__c") == kept
    assert api.call("PATCH", f"sobjects/Account/{account}", {"Bonus__c": accepted}).status == 204
    assert api.value("Account", account, "Bonus__c") == accepted
    assert api.call("PATCH", f"sobjects/Account/{account}", {"Bonus__c": refused}).status == 400
    assert query(api, "SELECT Bonus__c FROM Account WHERE Bonus__c != null").status == 200


def test_a_number_becomes_text(api: Api) -> None:
    api.org.add_custom_field("Account", Field("Score__c", "double", "Score", precision=10, scale=2, custom=True))
    account = api.create("Account", Name="A", Score__c=2.5)

    api.org.faults.now("field_type_changed", object="Account", field="Score__c", type="string")

    assert api.value("Account", account, "Score__c") == "2.5"
    assert described(api, "Score__c")["length"] == 255  # type: ignore[index]


# -- picklists


def test_a_renamed_value_reaches_the_rows_and_moves_one_stamp(api: Api) -> None:
    order, _ = api.activated_order()
    draft = api.order()
    api.org.advance(60)

    said = api.org.faults.now("picklist_renamed", object="Order", field="Status", old="Activated", new="Released")

    row = api.call("GET", f"sobjects/Order/{order}").json()
    assert said == "renamed Order.Status Activated to Released in 1 records"
    assert (row["Status"], row["StatusCode"]) == ("Released", "Activated")
    assert row["SystemModstamp"] == "2026-03-01T12:01:30.000+0000"
    assert row["LastModifiedDate"] == "2026-03-01T12:00:30.000+0000"
    assert api.value("Order", draft, "SystemModstamp") == "2026-03-01T12:00:30.000+0000"
    values = [one["value"] for one in described(api, "Status", "Order")["picklistValues"]]  # type: ignore[index]
    assert values == ["Draft", "Released"]


def test_the_rules_go_by_the_new_value(api: Api) -> None:
    order = api.order()
    api.item(order)
    api.org.faults.now("picklist_renamed", object="Order", field="Status", old="Activated", new="Released")

    assert api.set_status(order, "Activated").status == 400
    assert api.set_status(order, "Released").status == 204
    assert api.value("Order", order, "StatusCode") == "Activated"
    found = query(api, "SELECT ApiName FROM OrderStatus WHERE StatusCode = 'Activated'").json()["records"]
    assert [one["ApiName"] for one in found] == ["Released"]


def test_a_value_must_be_there_to_be_renamed(api: Api) -> None:
    with pytest.raises(FaultError, match=r"Order.Status has no value 'Gone'"):
        api.org.faults.now("picklist_renamed", object="Order", field="Status", old="Gone", new="Back")


# -- rights


def test_a_permission_is_withdrawn_and_given_back(api: Api) -> None:
    order = api.order()
    api.item(order)
    api.org.faults.now("permission_withdrawn", permission="activate_orders")

    refused = api.set_status(order, "Activated").status
    api.org.faults.now("permission_withdrawn", permission="activate_orders", over=True)

    assert refused == 400
    assert api.set_status(order, "Activated").status == 204


@pytest.mark.parametrize(
    ("right", "flag", "method", "url", "code"),
    [
        ("create", "createable", "POST", "sobjects/Account", "INSUFFICIENT_ACCESS_OR_READONLY"),
        ("edit", "updateable", "PATCH", "sobjects/Account/{}", "INSUFFICIENT_ACCESS_OR_READONLY"),
        ("delete", "deletable", "DELETE", "sobjects/Account/{}", "INSUFFICIENT_ACCESS_OR_READONLY"),
    ],
)
def test_a_right_on_an_object_is_withdrawn(api: Api, right: str, flag: str, method: str, url: str, code: str) -> None:
    body = None if method == "DELETE" else {"Name": "B"}
    api.org.faults.now("object_right_withdrawn", object="Account", right=right)

    refused = api.call(method, url.format(api.account), body)
    shown = api.call("GET", "sobjects/Account/describe").json()
    others = {one: shown[one] for one in ("createable", "updateable", "deletable")}
    api.org.faults.now("object_right_withdrawn", object="Account", right=right, over=True)

    assert refusal(refused)[1] == code
    assert others == {one: one != flag for one in others}
    assert api.org.insert("Account", {"Name": "by the administrator"})
    assert api.call(method, url.format(api.account), body).status in {201, 204}


def test_an_object_that_may_not_be_read_does_not_exist(api: Api) -> None:
    api.org.faults.now("object_right_withdrawn", object="Contact", right="read")

    assert refusal(query(api, "SELECT Id FROM Contact"))[1] == "INVALID_TYPE"
    assert api.call("GET", "sobjects/Contact/describe").status == 404


# -- users and addresses


def test_a_frozen_user_loses_its_session_and_gets_no_other(api: Api) -> None:
    api.org.faults.add("user_frozen", path="limits")
    assert query(api, "SELECT Id FROM Account").status == 200

    lost = refusal(api.call("GET", "limits"))

    assert lost == (401, "INVALID_SESSION_ID", "Session expired or invalid")
    assert login_error(api) == ("invalid_grant", "inactive user")
    api.org.faults.now("user_frozen", over=True)
    assert ask_token(api.org).status == 200
    assert api.call("GET", "limits").status == 401


def test_only_users_who_are_there_can_be_frozen(api: Api) -> None:
    with pytest.raises(FaultError, match="there is no user 'nobody'"):
        api.org.faults.now("user_frozen", user="nobody")
    assert api.call("GET", "limits").status == 200


def test_a_blocked_address_is_told_so_at_login(api: Api) -> None:
    api.org.faults.now("ip_blocked")

    assert api.call("GET", "limits").status == 401
    assert login_error(api) == ("invalid_grant", "ip restricted")
    api.org.faults.now("ip_blocked", over=True)
    assert ask_token(api.org).status == 200


def test_a_session_may_outlive_the_block_of_its_address(api: Api) -> None:
    api.org.faults.now("ip_blocked", sessions=False)

    assert api.call("GET", "limits").status == 200
    assert login_error(api) == ("invalid_grant", "ip restricted")


def test_a_disabled_api_and_a_locked_org_say_so(api: Api) -> None:
    api.org.faults.now("api_disabled")
    disabled = refusal(api.call("GET", "limits"))[:2]
    api.org.faults.now("api_disabled", over=True)
    enabled = api.call("GET", "limits").status
    api.org.faults.now("org_locked")

    assert (disabled, enabled) == ((403, "API_DISABLED_FOR_ORG"), 200)
    assert api.call("GET", "limits").status == 401
    assert login_error(api) == ("inactive_org", "organization is inactive/locked")
    api.org.faults.now("org_locked", over=True)
    assert ask_token(api.org).status == 200


# -- clocks


def test_the_date_header_can_be_off_the_stamps(api: Api) -> None:
    api.org.faults.now("clock_skew", seconds=-90)

    response = api.call("GET", "limits")
    account = api.create("Account", Name="A")

    assert (parsedate_to_datetime(response.headers["Date"]) - NOW).total_seconds() == -90
    assert api.value("Account", account, "SystemModstamp") == "2026-03-01T12:00:30.000+0000"
    api.org.faults.now("clock_skew", seconds=0)
    assert parsedate_to_datetime(api.call("GET", "limits").headers["Date"]) == NOW


def test_an_assertion_is_out_of_time_when_the_orgs_clock_is_ahead(api: Api, key: tuple[str, str]) -> None:
    client, user = api.org.settings.clients[0], api.org.settings.users[0]
    client.public_key = key[1]
    claims: dict[str, Any] = {"iss": client.client_id, "sub": user.username, "aud": "https://org.example"}
    claims["exp"] = int(NOW.timestamp()) + 120
    form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer"}
    form["assertion"] = jwt.encode(claims, key[0], "RS256")
    good = ask_token(api.org, **form)

    api.org.faults.now("clock_skew", seconds=3600, of="clock")

    assert good.status == 200
    assert ask_token(api.org, **form).json()["error"] == "invalid_grant"
    assert api.value("Account", api.create("Account", Name="A"), "CreatedDate") == "2026-03-01T13:00:30.000+0000"


def test_the_machines_clock_can_be_off_too() -> None:
    api = make_api()
    api.org.clock = api.org.world.clock = lambda: NOW
    assert not isinstance(api.org.clock, VirtualClock)

    api.org.faults.now("clock_skew", seconds=-60, of="clock")

    assert api.value("Account", api.create("Account", Name="A"), "CreatedDate") == "2026-03-01T11:59:30.000+0000"


# -- what administrators add


def test_a_validation_rule_refuses_what_meets_it(api: Api) -> None:
    message = "No tests, please; and no trials"
    api.org.faults.add_spec(f'validation_rule:object=Account,when=Name=Test,field=Name,message="{message}",path=limits')
    before = api.call("POST", "sobjects/Account", {"Name": "Test"}).status
    api.call("GET", "limits")

    refused = api.call("POST", "sobjects/Account", {"Name": "test"})
    changed = api.call("PATCH", f"sobjects/Account/{api.account}", {"Name": "Test"})

    assert before == 201
    assert refusal(refused) == (400, "FIELD_CUSTOM_VALIDATION_EXCEPTION", message)
    assert refused.json()[0]["fields"] == ["Name"]
    assert refusal(changed)[2] == message
    assert api.call("POST", "sobjects/Account", {"Name": "Tested"}).status == 201
    api.org.faults.now("validation_rule", object="Account", message=message, over=True)
    assert api.call("POST", "sobjects/Account", {"Name": "Test"}).status == 201


def test_a_rule_on_orders_can_refuse_a_line(api: Api) -> None:
    order = api.order()
    api.org.faults.now("validation_rule", object="Order", message="Frozen", when="Status=Draft")

    refused = api.call("POST", "sobjects/OrderItem", api.item_fields(order))
    api.org.settings.rollups_are_validated = False

    assert refusal(refused)[1:] == ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "Frozen")
    assert api.call("POST", "sobjects/OrderItem", api.item_fields(order)).status == 201


def test_a_flow_writes_over_what_was_sent(api: Api) -> None:
    api.org.faults.now("flow_sets_field", object="Account", field="Bonus__c", value="7", when="Name=Acme")

    answer = api.call("PATCH", f"sobjects/Account/{api.account}", {"Bonus__c": "9"})
    other = api.create("Account", Name="Other", Bonus__c="9")

    assert answer.status == 204
    assert api.value("Account", api.account, "Bonus__c") == "7"
    assert api.value("Account", other, "Bonus__c") == "9"
    assert api.value("Account", api.create("Account", Name="Acme"), "Bonus__c") == "7"
    api.org.faults.now("flow_sets_field", object="Account", field="Bonus__c", over=True)
    assert api.value("Account", api.create("Account", Name="Acme"), "Bonus__c") is None


def test_a_condition_names_a_field_of_the_object(api: Api) -> None:
    for when in ("Nmae=x", "Name"):
        with pytest.raises(FaultError, match="when must be Field=value of Account"):
            api.org.faults.now("validation_rule", object="Account", message="No", when=when)


# -- sharing


def test_a_record_that_is_not_shared_is_nowhere(api: Api) -> None:
    other = api.create("Account", Name="Other")
    contact = api.create("Contact", LastName="C", AccountId=other)
    api.org.advance(60)
    api.org.faults.now("record_hidden", object="Account", id=other)

    found = query(api, "SELECT Id FROM Account").json()["records"]
    child = query(api, "SELECT Id, (SELECT Id FROM Contacts) FROM Account").json()["records"]
    retrieved = api.call("GET", f"composite/sobjects/Account?ids={api.account},{other}&fields=Id").json()
    window = "start=2026-03-01T11:00:00Z&end=2026-03-01T13:00:00Z"

    assert [one["Id"] for one in found] == [one["Id"] for one in child] == [api.account]
    assert query(api, "SELECT COUNT() FROM Account").json()["totalSize"] == 1
    assert query(api, "SELECT Id FROM Contact WHERE AccountId IN (SELECT Id FROM Account)").json()["totalSize"] == 0
    assert retrieved[1] is None
    assert refusal(api.call("GET", f"sobjects/Account/{other}"))[:2] == (404, "NOT_FOUND")
    assert refusal(api.call("PATCH", f"sobjects/Account/{other}", {"Name": "B"}))[:2] == (404, "NOT_FOUND")
    assert api.call("GET", f"sobjects/Account/updated?{window}").json()["ids"] == [api.account]
    assert api.call("GET", f"sobjects/Contact/{contact}").status == 200
    assert len(api.org.query("SELECT Id FROM Account")) == 2


def test_bulk_queries_do_not_find_it_either(api: Api) -> None:
    other = api.create("Account", Name="Other")
    api.org.faults.now("record_hidden", object="Account", id=other)

    job = api.call("POST", "jobs/query", {"operation": "queryAll", "query": "SELECT Id FROM Account"}).json()["id"]
    done = [api.call("GET", f"jobs/query/{job}").json()["state"] for _ in range(4)][-1]
    found = api.call("GET", f"jobs/query/{job}/results").body.decode()

    assert done == "JobComplete"
    assert api.account in found
    assert other not in found


def test_what_is_hidden_is_in_the_way_of_writes(api: Api) -> None:
    other = api.create("Account", Name="Other")
    order = api.order(SFSync_Key__c="k")
    api.org.faults.now("record_hidden", object="Account", id=other)
    api.org.faults.now("record_hidden", object="Order", id=order)

    child = api.call("POST", "sobjects/Contact", {"LastName": "C", "AccountId": other})
    again = api.call("PATCH", "sobjects/Order/SFSync_Key__c/k", api.order_fields())

    assert refusal(child)[1] == "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"
    assert other[:15] in refusal(child)[2]
    assert refusal(again)[1:] == (
        "DUPLICATE_VALUE",
        "duplicate value found: <unknown> duplicates value on record with id: <unknown>",
    )


def test_a_record_that_is_shared_again_has_its_old_stamp(api: Api) -> None:
    fault = api.org.faults.add("record_hidden", object="Account", path="limits")
    api.call("GET", "limits")
    hidden = query(api, "SELECT Id FROM Account").json()["totalSize"]
    api.org.advance(600)

    api.org.faults.now("record_hidden", object="Account", over=True)

    assert (fault.did, hidden) == (f"hid Account {api.account}", 0)
    assert api.value("Account", api.account, "SystemModstamp") == "2026-03-01T12:00:30.000+0000"
