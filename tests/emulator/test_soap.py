"""SOAP: login for old clients, a little of the Partner API, the Metadata API's components [facts: api 1.3, A.1]."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from xml.sax.saxutils import escape

import pytest

from sfsync.emulator.http import Request, Response
from sfsync.emulator.org import Org
from tests.emulator.api import NOW

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
PARTNER, ENTERPRISE = "urn:partner.soap.sforce.com", "urn:enterprise.soap.sforce.com"
METADATA = "http://soap.sforce.com/2006/04/metadata"
WRONG = "Invalid username, password, security token; or user locked out."
CREATE, UPSERT, READ, DELETE = "createMetadata", "upsertMetadata", "readMetadata", "deleteMetadata"
BATCH = """
<metadata xsi:type="m:CustomObject"><fullName>Batch__c</fullName><label>Batch</label><pluralLabel>Batches</pluralLabel>
<nameField><label>Number</label><type>AutoNumber</type><displayFormat>B {0000}</displayFormat></nameField>
<deploymentStatus>Deployed</deploymentStatus><sharingModel>ReadWrite</sharingModel>
<fields><fullName>Key__c</fullName><label>Key</label><type>Text</type><length>20</length><required>true</required>
</fields></metadata>"""
FIELD = """
<metadata xsi:type="m:CustomField"><fullName>{name}</fullName><label>{label}</label><type>Checkbox</type>
<defaultValue>false</defaultValue></metadata>"""


@pytest.fixture
def org() -> Org:
    return Org(clock=NOW)


def send(
    org: Org, inside: str, *, path: str = "u/59.0", namespace: str = PARTNER, head: str = "", host: str = "org.example"
) -> Response:
    text = (
        f'<?xml version="1.0" encoding="utf-8"?><env:Envelope xmlns:env="{SOAP}" xmlns:m="{METADATA}" '
        f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns="{namespace}">'
        f"<env:Header>{head}</env:Header><env:Body>{inside}</env:Body></env:Envelope>"
    )
    headers = {"host": host, "content-type": "text/xml; charset=UTF-8", "SOAPAction": "login"}
    return org.handle(Request.of("POST", f"/services/Soap/{path}", headers=headers, body=text.encode()))


def login(org: Org, password: str | None = None, *, path: str = "u/59.0", host: str = "org.example") -> Response:
    user = org.settings.users[0]
    secret = f"{user.password}{user.security_token}" if password is None else password
    inside = f"<login><username>{user.username}</username><password>{escape(secret)}</password></login>"
    return send(org, inside, path=path, host=host, namespace=ENTERPRISE if path.startswith("c/") else PARTNER)


def as_session(org: Org, inside: str, *, path: str = "u/59.0", namespace: str = PARTNER) -> Response:
    head = f"<SessionHeader><sessionId>{org.login()}</sessionId></SessionHeader>"
    return send(org, inside, path=path, namespace=namespace, head=head)


def parsed(response: Response) -> ET.Element:
    return ET.fromstring(response.body)  # noqa: S314 - what the emulator itself wrote


def fault(response: Response) -> tuple[int, str, str]:
    """Status, code and text of a fault, whose detail must repeat them."""
    assert response.headers["Content-Type"] == "text/xml;charset=UTF-8"
    found = parsed(response).find(f"{{{SOAP}}}Body/{{{SOAP}}}Fault")
    assert found is not None
    code, message = found.findtext("faultcode", ""), found.findtext("faultstring", "")
    for name, told in (("exceptionCode", code.removeprefix("sf:")), ("exceptionMessage", message.partition(": ")[2])):
        assert [one.text for one in found.iter() if one.tag.endswith(f"}}{name}")] == [told]
    return response.status, code, message.partition(": ")[2]


def texts(response: Response) -> dict[str, str]:
    return {one.tag.rpartition("}")[2]: one.text or "" for one in parsed(response).iter()}


def test_login_tells_session_and_user_in_the_order_of_the_wsdl(org: Org) -> None:
    response = login(org)

    assert (response.status, "Sforce-Limit-Info" in response.headers) == (200, False)
    result = parsed(response)[0][0][0]
    assert [one.tag.removeprefix(f"{{{PARTNER}}}") for one in result] == [
        *("metadataServerUrl", "passwordExpired", "sandbox", "serverUrl", "sessionId", "userId", "userInfo")
    ]
    info = [one.tag.removeprefix(f"{{{PARTNER}}}") for one in result[6]]
    assert info == [
        *("accessibilityMode", "chatterExternal", "currencySymbol", "orgAttachmentFileSizeLimit"),
        *("orgDefaultCurrencyIsoCode", "orgDefaultCurrencyLocale", "orgDisallowHtmlAttachments"),
        *("orgHasPersonAccounts", "organizationId", "organizationMultiCurrency", "organizationName", "profileId"),
        *("roleId", "sessionSecondsValid", "userDefaultCurrencyIsoCode", "userEmail", "userFullName", "userId"),
        *("userLanguage", "userLocale", "userName", "userTimeZone", "userType", "userUiSkin"),
    ]
    assert result[3].text == f"https://org.example/services/Soap/u/59.0/{org.settings.org_id[:15]}"
    assert (result[5].text, result[6][8].text) == (org.user_id, org.settings.org_id)


def test_the_session_of_a_login_is_good_for_rest(org: Org) -> None:
    token = texts(login(org))["sessionId"]

    limits = org.handle(Request.of("GET", "/services/data/v66.0/limits", headers={"authorization": f"Bearer {token}"}))

    assert (limits.status, re.fullmatch(r"00D\w{12}![\w.]{96}", token) is not None) == (200, True)


def test_the_enterprise_api_and_any_host_log_in_too(org: Org) -> None:
    org_id = org.settings.org_id[:15]
    told = texts(login(org, path=f"c/40.0/{org_id}", host="acme.my.salesforce.com:8443"))

    assert told["serverUrl"] == f"https://acme.my.salesforce.com:8443/services/Soap/c/40.0/{org_id}"
    assert texts(login(org, host="login.salesforce.com"))["serverUrl"].startswith("https://org.example/services/")


@pytest.mark.parametrize("password", ["", "emulator-password", "wrong", "emulator-password" + "EmulatorSecurityTokeN"])
def test_a_wrong_password_or_token_is_a_fault(org: Org, password: str) -> None:
    assert fault(login(org, password)) == (500, "sf:INVALID_LOGIN", WRONG)


def test_addresses_that_are_trusted_need_no_security_token(org: Org) -> None:
    org.settings.trusted_addresses = True

    assert login(org, "emulator-password").status == 200


def test_too_many_wrong_passwords_lock_the_user_out_for_a_while(org: Org) -> None:
    for _ in range(10):
        login(org, "wrong")

    assert fault(login(org))[1] == "sf:INVALID_LOGIN"
    org.advance(901)
    assert login(org).status == 200


def test_login_is_gone_in_new_versions_and_retired_ones_are_gone_altogether(org: Org) -> None:
    assert login(org, path="u/64.0").status == 200
    assert fault(login(org, path="u/65.0"))[:2] == (500, "sf:UNSUPPORTED_API_VERSION")
    assert fault(login(org, path="u/30.0"))[:2] == (500, "sf:UNSUPPORTED_API_VERSION")
    assert fault(login(org, path="u/x"))[1] == "sf:UNSUPPORTED_API_VERSION"


def test_new_orgs_have_login_switched_off(org: Org) -> None:
    org.settings.soap_login = False

    assert fault(login(org)) == (
        *(500, "sf:INVALID_OPERATION"),
        (
            "SOAP API login() is disabled by default in this org. "
            "Contact the org administrator to enable SOAP API login()."
        ),
    )


def test_who_may_not_come_in_is_told_why_not(org: Org) -> None:
    user = org.settings.users[0]
    user.ip_restricted = True
    assert fault(login(org))[1] == "sf:LOGIN_DURING_RESTRICTED_DOMAIN"
    user.ip_restricted, user.active = False, False
    assert fault(login(org))[1] == "sf:INVALID_LOGIN"
    user.active, org.settings.org_active = True, False
    assert fault(login(org))[1] == "sf:ORG_LOCKED"
    org.settings.org_active, org.settings.api_enabled = True, False
    assert fault(login(org))[1] == "sf:API_DISABLED_FOR_ORG"
    org.settings.api_enabled, org.settings.logins_per_hour = True, 0
    assert fault(login(org))[1] == "sf:LOGIN_RATE_EXCEEDED"


def test_what_is_no_envelope_is_a_fault(org: Org) -> None:
    for body in (b"", b"<x>", b"<x/>"):
        answer = org.handle(Request.of("POST", "/services/Soap/u/59.0", body=body))

        assert fault(answer)[:2] == (500, "sf:UNKNOWN_EXCEPTION")


def test_a_message_with_a_doctype_is_not_read(org: Org) -> None:
    declared = '<!DOCTYPE x [<!ENTITY a "aaaa">]>'
    for encoding in ("utf-8", "utf-16"):
        text = f'{declared}<e:Envelope xmlns:e="{SOAP}"><e:Body><login/></e:Body></e:Envelope>'
        answer = org.handle(Request.of("POST", "/services/Soap/u/59.0", body=text.encode(encoding)))

        assert fault(answer)[2].startswith("DOCTYPE is disallowed")


def test_a_session_has_a_user_and_ends_with_logout(org: Org) -> None:
    info = as_session(org, "<getUserInfo/>")
    assert texts(info)["userFullName"] == "Integration User"
    assert texts(as_session(org, "<getServerTimestamp/>"))["timestamp"] == "2026-03-01T12:00:30.000Z"
    head = f"<SessionHeader><sessionId>{texts(login(org))['sessionId']}</sessionId></SessionHeader>"

    assert send(org, "<logout/>", head=head).status == 200
    assert fault(send(org, "<getUserInfo/>", head=head))[:2] == (500, "sf:INVALID_SESSION_ID")
    assert fault(send(org, "<getUserInfo/>"))[1] == "sf:INVALID_SESSION_ID"


def test_calls_other_than_login_cost_an_api_call(org: Org) -> None:
    login(org)
    assert org.usage() == 0

    as_session(org, "<getUserInfo/>")
    as_session(org, f"<{READ}><type>CustomObject</type></{READ}>", path="m/59.0", namespace=METADATA)

    assert org.usage() == 2


def test_an_unknown_operation_is_named(org: Org) -> None:
    for path, namespace in (("u/59.0", PARTNER), ("m/59.0", METADATA)):
        response = as_session(org, "<undelete/>", path=path, namespace=namespace)

        assert response.status == 500
        assert texts(response)["faultstring"] == (
            f"No operation available for request {{{namespace}}}undelete, please check the WSDL for the service."
        )


# -- the Metadata API


def metadata(org: Org, operation: str, inside: str) -> ET.Element:
    """The element of the response that holds the results."""
    response = as_session(org, f"<{operation}>{inside}</{operation}>", path="m/66.0", namespace=METADATA)
    assert response.status == 200, response.body
    return parsed(response)[0][0]


def found(element: ET.Element, path: str) -> list[str]:
    names = "/".join(f"{{{METADATA}}}{name}" for name in path.split("/"))
    return [one.text or "" for one in element.findall(names)]


def test_an_object_is_made_with_its_fields_and_numbers_its_records(org: Org) -> None:
    answer = metadata(org, CREATE, BATCH)

    assert found(answer, "result/fullName") == ["Batch__c"]
    assert found(answer, "result/success") == ["true"]
    record = org.get("Batch__c", org.insert("Batch__c", {"Key__c": "k"}))
    assert (record["Id"][:3], record["Name"], record["Key__c"]) == ("a00", "B 0001", "k")
    known = org.schema.objects["Batch__c"]
    assert (known.label_plural, known.custom, known.field("Key__c") is not None) == ("Batches", True, True)
    assert [row["Name"] for row in org.query("SELECT Name FROM Batch__c")] == ["B 0001"]


def test_an_object_whose_field_is_refused_is_not_made(org: Org) -> None:
    answer = metadata(org, CREATE, BATCH.replace("<length>20</length>", ""))

    assert found(answer, "result/success") == ["false"]
    assert found(answer, "result/errors/message") == ["Must specify 'length' for a CustomField of type Text"]
    assert org.schema.get("Batch__c") is None


def test_each_component_succeeds_or_fails_by_itself(org: Org) -> None:
    fields = FIELD.format(name="Order.Ok__c", label="Ok") + FIELD.format(name="Order.Bad__c", label="")

    answer = metadata(org, CREATE, fields)

    assert found(answer, "result/success") == ["true", "false"]
    assert found(answer, "result/errors/statusCode") == ["FIELD_INTEGRITY_EXCEPTION"]


def test_upsert_makes_and_then_changes(org: Org) -> None:
    first = metadata(org, UPSERT, FIELD.format(name="Order.Ok__c", label="Ok"))
    second = metadata(org, UPSERT, FIELD.format(name="Order.Ok__c", label="Better"))

    assert (found(first, "result/created"), found(second, "result/created")) == (["true"], ["false"])
    field = org.schema.objects["Order"].field("Ok__c")
    assert field is not None
    assert field.label == "Better"
    assert metadata(org, UPSERT, BATCH) is not None
    changed = metadata(org, UPSERT, BATCH.replace("Batches", "Lots"))
    assert (found(changed, "result/created"), org.schema.objects["Batch__c"].label_plural) == (["false"], "Lots")


def test_components_are_read_back(org: Org) -> None:
    metadata(org, CREATE, BATCH)

    names = "<fullNames>Batch__c</fullNames><fullNames>Nope__c</fullNames>"
    answer = metadata(org, READ, f"<type>CustomObject</type>{names}")
    field = metadata(org, READ, "<type>CustomField</type><fullNames>Order.SFSync_Key__c</fullNames>")

    assert found(answer, "result/records/fullName") == ["Batch__c"]
    assert found(answer, "result/records/fields/fullName") == ["Key__c"]
    assert len(found(answer, "result/records")) == 2
    assert found(field, "result/records/type") == ["Text"]


def test_a_removed_object_takes_records_and_fields_along(org: Org) -> None:
    metadata(org, CREATE, BATCH)
    org.insert("Batch__c", {"Key__c": "k"})

    answer = metadata(org, DELETE, "<type>CustomObject</type><fullNames>Batch__c</fullNames>")
    again = metadata(org, DELETE, "<type>CustomObject</type><fullNames>Batch__c</fullNames>")

    assert (found(answer, "result/success"), found(again, "result/success")) == (["true"], ["false"])
    metadata(org, CREATE, BATCH)
    assert org.query("SELECT Id FROM Batch__c") == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("<label>Batch</label>", "", "Must specify a non-empty label for the CustomObject"),
        ("AutoNumber", "Date", "Must specify a nameField of type Text or AutoNumber"),
        ("ReadWrite", "Free", "Sharing Model: bad value for restricted picklist field: Free"),
        (
            "<pluralLabel>",
            "<colour>red</colour><pluralLabel>",
            "No such column 'colour' on sobject of type CustomObject",
        ),
    ],
)
def test_objects_that_are_not_whole_are_refused(org: Org, old: str, new: str, message: str) -> None:
    assert found(metadata(org, CREATE, BATCH.replace(old, new)), "result/errors/message") == [message]


def test_a_call_has_ten_components_at_most(org: Org) -> None:
    many = "".join(FIELD.format(name=f"Order.F{number}__c", label="F") for number in range(11))

    response = as_session(org, f"<{CREATE}>{many}</{CREATE}>", path="m/66.0", namespace=METADATA)

    assert fault(response)[:2] == (500, "sf:LIMIT_EXCEEDED")
    assert org.schema.objects["Order"].field("F0__c") is None
