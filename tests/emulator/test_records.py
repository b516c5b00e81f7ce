"""Single records: CRUD, external ids, conditions, values, errors [facts: api 3.3 to 3.6, 5.4, 9.2]."""

from __future__ import annotations

from typing import Any

import pytest

from sfsync.emulator.http import Request
from tests.emulator.api import Api, V, make_api, refusal

NOT_WRITEABLE = (
    "Unable to create/update fields: SystemModstamp. Please check the security settings of this field and "
    "verify that it is read/write for your profile or permission set."
)
NOT_READABLE = (
    "Cannot deserialize instance of int from VALUE_STRING value abc or request may be missing a required field "
    "at [line:1, column:2]"
)


@pytest.fixture
def api() -> Api:
    return make_api()


def test_create_answers_with_id_and_location(api: Api) -> None:
    response = api.call("POST", "sobjects/Account/", {"Name": "New"})

    record_id = response.json()["id"]
    assert response.json() == {"id": record_id, "success": True, "errors": []}
    assert (response.status, response.headers["Location"]) == (201, f"{V}/sobjects/Account/{record_id}")
    assert response.headers["Content-Type"] == "application/json;charset=UTF-8"


def test_a_row_has_all_fields_in_describe_order_with_attributes_first(api: Api) -> None:
    row = api.call("GET", f"sobjects/Account/{api.account[:15]}").json()

    described = api.call("GET", "sobjects/Account/describe").json()["fields"]
    assert list(row) == ["attributes", *(field["name"] for field in described)]
    assert row["attributes"] == {"type": "Account", "url": f"{V}/sobjects/Account/{api.account}"}
    assert (row["IsDeleted"], row["BillingAddress"]) == (False, None)
    assert row["CreatedDate"] == "2026-03-01T12:00:30.000+0000"


def test_fields_choose_what_is_shown(api: Api) -> None:
    row = api.call("GET", f"sobjects/account/{api.account}?fields=name,Id").json()

    assert list(row) == ["attributes", "Name", "Id"]


def test_an_address_is_shown_from_its_parts(api: Api) -> None:
    api.org.update("Account", api.account, {"BillingCity": "Berlin"})

    address = api.value("Account", api.account, "BillingAddress")
    assert (address["city"], address["street"], next(iter(address))) == ("Berlin", None, "city")


def test_update_and_delete_answer_without_body(api: Api) -> None:
    for method, body in (("PATCH", {"Name": "Changed"}), ("DELETE", None)):
        response = api.call(method, f"sobjects/Account/{api.account}", body)
        assert (response.status, response.body) == (204, b"")
    assert refusal(api.call("DELETE", f"sobjects/Account/{api.account}")) == (
        404,
        "ENTITY_IS_DELETED",
        "entity is deleted",
    )


def test_what_is_gone_for_good_is_refused_otherwise_than_what_never_was(api: Api) -> None:
    line = api.item(api.order())
    assert api.call("DELETE", f"sobjects/OrderItem/{line}").status == 204

    gone = refusal(api.call("DELETE", f"sobjects/OrderItem/{line[:15]}"))
    never = refusal(api.call("DELETE", "sobjects/OrderItem/802000000000999AAA"))
    assert (gone, never[:2]) == ((404, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id"), (404, "NOT_FOUND"))


def test_an_update_moves_the_stamps_to_the_second(api: Api) -> None:
    api.org.advance(61.9)
    api.call("PATCH", f"sobjects/Account/{api.account}", {"Name": "Changed"})

    row = api.org.get("Account", api.account)
    assert row["SystemModstamp"] == row["LastModifiedDate"] == "2026-03-01T12:01:31"
    assert (row["CreatedDate"], row["LastModifiedById"]) == ("2026-03-01T12:00:30", api.org.user_id)


@pytest.mark.parametrize("path", ["sobjects", "sobjects/Account", "sobjects/Account/describe", "limits", "recent"])
def test_head_answers_as_get_does_without_the_body(api: Api, path: str) -> None:
    head, get = api.call("HEAD", path), api.call("GET", path)

    assert (head.status, head.body) == (200, b"")
    assert set(head.headers) == set(get.headers)


def test_post_can_stand_for_any_method(api: Api) -> None:
    url = f"sobjects/Account/{api.account}"

    assert refusal(api.call("POST", f"{url}?_HttpMethod=PUT"))[1] == "METHOD_NOT_ALLOWED"
    assert refusal(api.call("POST", url))[2] == "HTTP Method 'POST' not allowed. Allowed are HEAD,GET,PATCH,DELETE"
    assert api.call("POST", f"{url}?_HttpMethod=delete").status == 204


def test_post_can_stand_for_patch(api: Api) -> None:
    assert api.call("POST", f"sobjects/Account/{api.account}?_HttpMethod=PATCH", {"Name": "Z"}).status == 204
    assert api.value("Account", api.account, "Name") == "Z"


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "sobjects/Account/001000000000999AAA", (404, "NOT_FOUND", "The requested resource does not exist")),
        ("GET", "sobjects/Nothing/001000000000999AAA", (404, "NOT_FOUND", "The requested resource does not exist")),
        (
            "GET",
            "sobjects/Account/foo",
            (404, "NOT_FOUND", "Provided external ID field does not exist or is not accessible: foo"),
        ),
        (
            "GET",
            "sobjects/Account/801000000000001AAA",
            (400, "MALFORMED_ID", "Account ID: id value of incorrect type: 801000000000001AAA"),
        ),
        (
            "PUT",
            "sobjects/Account/001000000000999AAA",
            (405, "METHOD_NOT_ALLOWED", "HTTP Method 'PUT' not allowed. Allowed are HEAD,GET,PATCH,DELETE"),
        ),
        (
            "GET",
            "sobjects/Account/001000000000999aaa",
            (400, "MALFORMED_ID", "Account ID: id value of incorrect type: 001000000000999aaa"),
        ),
        ("GET", "nothing/here", (404, "NOT_FOUND", "The requested resource does not exist")),
        ("GET", "/services/data/v99.0/limits", (404, "NOT_FOUND", "The requested resource does not exist")),
    ],
)
def test_what_is_not_there_is_refused_in_the_platforms_words(
    api: Api, method: str, path: str, expected: tuple[int, str, str]
) -> None:
    assert refusal(api.call(method, path)) == expected


def test_broken_json_is_refused(api: Api) -> None:
    request = Request.of("POST", f"{V}/sobjects/Account", headers={"Authorization": f"Bearer {api.token}"}, body=b"x")

    status, code, message = refusal(api.org.handle(request))
    assert (status, code) == (400, "JSON_PARSER_ERROR")
    assert message.startswith("Unexpected character ('x' (code 120)): ")
    assert message.endswith(" at [line:1, column:2]")


@pytest.mark.parametrize(
    ("fields", "code", "message", "names"),
    [
        ({}, "REQUIRED_FIELD_MISSING", "Required fields are missing: [Name]", ["Name"]),
        ({"Name": " "}, "REQUIRED_FIELD_MISSING", "Required fields are missing: [Name]", ["Name"]),
        (
            {"Name": "x" * 256},
            "STRING_TOO_LONG",
            f"Account Name: data value too large: {'x' * 255} (max length=255)",
            0,
        ),
        ({"Name": "A", "Foo__c": 1}, "INVALID_FIELD", "No such column 'Foo__c' on sobject of type Account", None),
        (
            {"Name": "A", "Id": "001000000000999AAA"},
            "INVALID_FIELD",
            "The Id field should not be specified in the sobject data.",
            None,
        ),
        (
            {"Name": "A", "SystemModstamp": "2026-01-01T00:00:00Z"},
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            NOT_WRITEABLE,
            ["SystemModstamp"],
        ),
        (
            {"Name": "A", "CleanStatus": "Bad"},
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            "Clean Status: bad value for restricted picklist field: Bad",
            ["CleanStatus"],
        ),
        (
            {"Name": "A", "NumberOfEmployees": "abc"},
            "JSON_PARSER_ERROR",
            NOT_READABLE,
            None,
        ),
        (
            {"Name": "A", "AnnualRevenue": 1e20},
            "NUMBER_OUTSIDE_VALID_RANGE",
            "Annual Revenue: value outside of valid range on numeric field: 1E20",
            ["AnnualRevenue"],
        ),
        (
            {"Name": "A", "ParentId": "801000000000001AAA"},
            "MALFORMED_ID",
            "Parent Account ID: id value of incorrect type: 801000000000001AAA",
            ["ParentId"],
        ),
        (
            {"Name": "A", "ParentId": "001000000000999AAA"},
            "INVALID_CROSS_REFERENCE_KEY",
            "invalid cross reference id",
            [],
        ),
    ],
)
def test_bad_values_are_refused(api: Api, fields: dict[str, Any], code: str, message: str, names: Any) -> None:
    response = api.call("POST", "sobjects/Account", fields)

    assert refusal(response) == (400, code, message)
    assert response.json()[0].get("fields") == (["Name"] if names == 0 else names)


def test_checks_come_in_the_platforms_order(api: Api) -> None:
    codes = []
    body: dict[str, Any] = {"Foo__c": 1, "SystemModstamp": "x", "CleanStatus": "Bad"}
    for name in ("Foo__c", "SystemModstamp", None, "CleanStatus"):
        codes.append(refusal(api.call("POST", "sobjects/Account", body))[1])
        body.pop(name) if name else body.update(Name="A")

    assert codes == [
        "INVALID_FIELD",
        "INVALID_FIELD_FOR_INSERT_UPDATE",
        "REQUIRED_FIELD_MISSING",
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
    ]


def test_values_are_trimmed_coerced_and_emptied(api: Api) -> None:
    account = api.create("Account", name=" A ", NumberOfEmployees="10000", AnnualRevenue=10.5, Site="", Type="Own")

    row = api.call("GET", f"sobjects/Account/{account}").json()
    shown = [row[name] for name in ("Name", "NumberOfEmployees", "AnnualRevenue", "Site", "Type")]
    assert shown == ["A", 10000, 11, None, "Own"]


def test_an_unknown_email_shape_is_refused(api: Api) -> None:
    response = api.call("POST", "sobjects/Contact", {"LastName": "A", "Email": "123"})

    assert refusal(response) == (400, "INVALID_EMAIL_ADDRESS", "Email: invalid email address: 123")


def test_a_datetime_for_a_date_is_rejected(api: Api) -> None:
    response = api.call("POST", "sobjects/Order", api.order_fields(EffectiveDate="2026-03-01T00:00:00Z"))

    assert response.status == 400


def test_create_only_fields_cannot_be_updated(api: Api) -> None:
    line = api.item(api.order())

    response = api.call("PATCH", f"sobjects/OrderItem/{line}", {"OrderId": api.order()})

    assert refusal(response)[1] == "INVALID_FIELD_FOR_INSERT_UPDATE"


@pytest.mark.parametrize(
    ("value", "token"),
    [
        ("2026-03-01 10:00:00", "VALUE_STRING value 2026-03-01 10:00:00"),
        ("2026-03-01T10:00:00 00:00", "VALUE_STRING value 2026-03-01T10:00:00 00:00"),
        ("2026-03-01", "VALUE_STRING value 2026-03-01"),
        ({"a": 1}, "START_OBJECT value {"),
        ([], "START_ARRAY value ["),
        (True, "VALUE_TRUE value true"),
        (5, "VALUE_NUMBER_INT value 5"),
        (1.5, "VALUE_NUMBER_FLOAT value 1.5"),
    ],
)
def test_a_moment_that_is_none_is_named_as_the_parser_saw_it(api: Api, value: Any, token: str) -> None:
    order, _ = api.activated_order()

    said = refusal(api.call("PATCH", f"sobjects/Order/{order}", {"ActivatedDate": value}))

    text = f"Cannot deserialize instance of datetime from {token} or request may be missing a required field"
    assert said == (400, "JSON_PARSER_ERROR", f"{text} at [line:1, column:2]")
