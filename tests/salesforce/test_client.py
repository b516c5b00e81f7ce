from __future__ import annotations

import json
import ssl
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
import requests
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProtocolError
from urllib3.exceptions import SSLError as Urllib3SSLError

from sfsync.emulator.org import Org
from sfsync.emulator.server import serve
from sfsync.errors import (
    LoginRefused,
    OrgLimitReached,
    OrgRefused,
    OrgUnavailable,
    OrgUnfit,
    SettingsError,
    SfsyncError,
)
from sfsync.salesforce.client import OrgClient
from sfsync.salesforce.composite import Sub
from sfsync.salesforce.endpoint import Endpoint
from tests.salesforce.conftest import DATA, NOW, ORG, TOKEN, TOKEN_URL

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    import responses

    from sfsync.emulator.server import Server

URL = f"{DATA}/composite/graph"
COMPOSITE = f"{DATA}/composite"
EXPIRED = [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]
NO_SUCH_HOST = requests.ConnectionError(
    MaxRetryError(None, "/", NewConnectionError(None, "[Errno -2] Name or service not known"))  # type: ignore[arg-type]
)
BAD_CERTIFICATE = requests.exceptions.SSLError(
    MaxRetryError(None, "/", Urllib3SSLError(ssl.SSLCertVerificationError(1, "self-signed certificate")))  # type: ignore[arg-type]
)
NO_TLS = requests.exceptions.SSLError(
    MaxRetryError(None, "/", Urllib3SSLError(ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number")))  # type: ignore[arg-type]
)
RESET = requests.ConnectionError(ProtocolError("Connection aborted.", ConnectionResetError(104, "reset")))


def error(code: str, message: str = "because", status: int = 400, **more: Any) -> dict[str, Any]:
    return {"json": [{"errorCode": code, "message": message, **more}], "status": status}


def test_answers_keep_their_decimals(client: OrgClient, http: responses.RequestsMock) -> None:
    http.get(f"{DATA}/limits", body='{"Amount":12345678901234567.10,"Max":5}')

    assert client.read("limits") == {"Amount": Decimal("12345678901234567.10"), "Max": 5}


def test_requests_carry_the_session_and_say_who_asks(client: OrgClient, http: responses.RequestsMock) -> None:
    http.get(f"{DATA}/query", json={"records": []})

    client.read("query", {"q": "SELECT Id FROM Order"})

    sent = http.calls[1].request
    assert sent.headers["Authorization"] == f"Bearer {TOKEN['access_token']}"
    assert sent.headers["Sforce-Call-Options"] == "client=sfsync"
    assert "X-PrettyPrint" not in sent.headers
    assert sent.params == {"q": "SELECT Id FROM Order"}


def test_a_write_sends_exact_decimals(client: OrgClient, http: responses.RequestsMock) -> None:
    http.post(URL, json={"graphs": []})

    client.write("POST", "composite/graph", {"UnitPrice": Decimal("33.30")})

    assert http.calls[1].request.body == b'{"UnitPrice":33.30}'
    assert http.calls[1].request.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("answer", [{"status": 204}, {"body": "[]"}])
def test_an_empty_answer_is_none(client: OrgClient, http: responses.RequestsMock, answer: dict[str, Any]) -> None:
    http.patch(URL, **answer)

    assert client.write("PATCH", "composite/graph", {}) is None


@pytest.mark.parametrize(
    "failure",
    [
        {"status": 503, "body": "<html>maintenance</html>"},
        {"status": 502},
        {"status": 429, "json": {}},
        {"status": 400, "body": "<html>edge</html>"},
        error("UNKNOWN_EXCEPTION", status=500),
        error("SERVER_UNAVAILABLE", status=503),
        error("BRAND_NEW_TROUBLE", status=500),
        error("UNABLE_TO_LOCK_ROW"),
        error("TXN_SECURITY_METERING_ERROR"),
        {"body": '{"cut": '},
        {"body": "5"},
        {"body": requests.ReadTimeout("slow")},
        {"body": requests.exceptions.ChunkedEncodingError("cut")},
        {"body": RESET},
        {"body": NO_SUCH_HOST},
        {"body": requests.exceptions.ConnectTimeout("slow")},
    ],
)
def test_a_read_is_tried_again_until_the_org_is_back(
    client: OrgClient, http: responses.RequestsMock, naps: list[float], failure: dict[str, Any]
) -> None:
    for _ in range(3):
        http.get(f"{DATA}/limits", **failure)
    http.get(f"{DATA}/limits", json={"up": True})

    assert client.read("limits") == {"up": True}
    assert len(naps) == 3


def test_a_read_gives_up_after_four_tries(client: OrgClient, http: responses.RequestsMock, naps: list[float]) -> None:
    http.get(f"{DATA}/limits", status=503, body="<html>secret page</html>")

    with pytest.raises(OrgUnavailable, match="HTTP 503") as caught:
        client.read("limits")

    assert (client.calls["other"], len(naps)) == (4, 3)
    assert not caught.value.in_doubt
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (error("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", 403), OrgLimitReached),
        (error("QUERY_TIMEOUT"), OrgUnavailable),
        (error("API_CURRENTLY_DISABLED"), OrgUnavailable),
        (error("API_DISABLED_FOR_ORG", status=403), OrgUnfit),
        (error("INVALID_FIELD", "No such column 'X'"), OrgUnfit),
        (error("MALFORMED_QUERY"), OrgRefused),
        (error("APEX_ERROR", status=500), OrgRefused),
        (error("NOT_FOUND", status=404), OrgRefused),
        ({"status": 302, "headers": {"Location": "https://elsewhere.example/"}}, OrgRefused),
    ],
)
def test_what_trying_again_would_not_help_is_raised_at_once(
    client: OrgClient, http: responses.RequestsMock, failure: dict[str, Any], kind: type[SfsyncError]
) -> None:
    http.get(f"{DATA}/limits", **failure)

    with pytest.raises(kind) as caught:
        client.read("limits")

    assert type(caught.value) is kind
    assert client.calls["other"] == 1


def test_a_refusal_carries_code_fields_and_remedy(client: OrgClient, http: responses.RequestsMock) -> None:
    http.post(URL, **error("INVALID_FIELD_FOR_INSERT_UPDATE", "Unable to create/update fields: Name.", fields=["Name"]))

    with pytest.raises(OrgRefused, match=r"Unable to create/update fields: Name\.") as caught:
        client.write("POST", "composite/graph", {"secret": "body"})

    assert (caught.value.code, caught.value.fields) == ("INVALID_FIELD_FOR_INSERT_UPDATE", ("Name",))
    assert "permission set" in (caught.value.remedy or "")
    assert "body" not in str(caught.value)


@pytest.mark.parametrize(
    "failure",
    [
        {"body": requests.ReadTimeout("slow")},
        {"body": RESET},
        {"body": requests.ConnectionError(MaxRetryError(None, "/", ProtocolError("broken")))},  # type: ignore[arg-type]
        {"body": requests.exceptions.ChunkedEncodingError("cut")},
        {"body": requests.exceptions.ContentDecodingError("bad gzip")},
        {"body": requests.exceptions.SSLError("EOF occurred in violation of protocol")},
        {"body": OSError("broken")},
        {"body": '{"graphs": [{"gra'},
        {"body": "<html>ok?</html>"},
        {"body": b"\xff\xfe\xff"},
        {"body": "true"},
        {"status": 500, "body": ""},
        {"status": 502, "body": "<html>bad gateway</html>"},
        {"status": 400, "body": "<html>edge</html>"},
        {"status": 420, "body": ""},
        error("UNKNOWN_EXCEPTION", status=500),
        error("BRAND_NEW_TROUBLE", status=500),
    ],
)
def test_a_write_whose_answer_is_lost_is_in_doubt_and_sent_once(
    client: OrgClient, http: responses.RequestsMock, failure: dict[str, Any]
) -> None:
    http.post(URL, **failure)

    with pytest.raises(OrgUnavailable) as caught:
        client.write("POST", "composite/graph", {})

    assert caught.value.in_doubt
    assert client.calls["graph"] == 1


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        ({"body": NO_SUCH_HOST}, "cannot be reached"),
        ({"body": requests.exceptions.ConnectTimeout("slow")}, "did not accept a connection"),
        ({"body": requests.exceptions.ProxyError("no proxy")}, "cannot be reached"),
        ({"body": BAD_CERTIFICATE}, "ca_file"),
        ({"body": NO_TLS}, "TLS"),
        (error("REQUEST_LIMIT_EXCEEDED", status=403), "allowance"),
        (error("UNABLE_TO_LOCK_ROW"), "moment"),
        (error("SERVER_UNAVAILABLE"), "busy"),
    ],
)
def test_a_write_that_surely_did_nothing_is_not_in_doubt(
    client: OrgClient, http: responses.RequestsMock, failure: dict[str, Any], words: str
) -> None:
    if failure.get("body") is NO_TLS:
        NO_TLS.args[0].reason.args[0].reason = "WRONG_VERSION_NUMBER"
    http.post(URL, **failure)

    with pytest.raises(OrgUnavailable, match=words) as caught:
        client.write("POST", "composite/graph", {})

    assert not caught.value.in_doubt
    assert client.calls["graph"] == 1


@pytest.mark.parametrize("code", ["JSON_PARSER_ERROR", "FIELD_INTEGRITY_EXCEPTION", "NOBODY_KNOWS"])
def test_a_plain_refusal_of_a_write_is_final(client: OrgClient, http: responses.RequestsMock, code: str) -> None:
    http.post(URL, **error(code))

    with pytest.raises(OrgRefused) as caught:
        client.write("POST", "composite/graph", {})

    assert caught.value.code == code


def test_an_address_that_is_none_is_a_refusal(client: OrgClient, http: responses.RequestsMock) -> None:
    http.post(URL, body=requests.exceptions.InvalidURL("no host"))

    with pytest.raises(OrgRefused, match="login_url"):
        client.write("POST", "composite/graph", {})


@pytest.mark.parametrize("answer", [{"json": EXPIRED}, {"body": "<html>who are you?</html>"}])
def test_an_expired_session_is_renewed_once_and_the_request_sent_again(
    client: OrgClient, http: responses.RequestsMock, answer: dict[str, Any]
) -> None:
    http.post(URL, status=401, **answer)
    http.post(TOKEN_URL, json=TOKEN | {"access_token": "second"})
    http.post(URL, json={"graphs": []})

    assert client.write("POST", "composite/graph", {"n": 1}) == {"graphs": []}

    again = http.calls[-1].request
    assert again.headers["Authorization"] == "Bearer second"
    assert again.headers["Sforce-Call-Options"] == "client=sfsync"
    assert again.body == b'{"n":1}'
    assert client.calls == {"token": 2, "graph": 2}


def test_a_renewed_session_goes_where_the_login_says(client: OrgClient, http: responses.RequestsMock) -> None:
    moved = "https://acme2.my.salesforce.com"
    http.get(f"{DATA}/limits", status=401, json=EXPIRED)
    http.post(TOKEN_URL, json=TOKEN | {"access_token": "second", "instance_url": moved})
    http.get(f"{moved}/services/data/v66.0/limits", json={"moved": True})

    assert client.read("limits") == {"moved": True}
    assert client.instance_url == moved


def test_a_session_that_is_refused_twice_is_not_renewed_for_ever(
    client: OrgClient, http: responses.RequestsMock
) -> None:
    http.get(f"{DATA}/limits", status=401, json=EXPIRED)
    http.post(TOKEN_URL, json=TOKEN | {"access_token": "second"})

    with pytest.raises(LoginRefused, match="just given out"):
        client.read("limits")

    assert client.calls == {"token": 2, "other": 2}


def test_the_second_try_may_fail_for_its_own_reasons(client: OrgClient, http: responses.RequestsMock) -> None:
    http.post(URL, status=401, json=EXPIRED)
    http.post(TOKEN_URL, json=TOKEN | {"access_token": "second"})
    http.post(URL, status=502)

    with pytest.raises(OrgUnavailable) as caught:
        client.write("POST", "composite/graph", {})

    assert caught.value.in_doubt


@pytest.mark.parametrize(
    "answer",
    [
        [{"message": "This session is not valid for use with the REST API", "errorCode": "INVALID_SESSION_ID"}],
        [{"message": "INVALID_HEADER_TYPE", "errorCode": "INVALID_AUTH_HEADER"}],
    ],
)
def test_a_session_that_renewing_cannot_help_is_not_renewed(
    client: OrgClient, http: responses.RequestsMock, answer: list[dict[str, str]]
) -> None:
    http.get(f"{DATA}/limits", status=401, json=answer)

    with pytest.raises(LoginRefused, match="scopes"):
        client.read("limits")

    assert client.calls == {"token": 1, "other": 1}


def test_reading_many_is_one_call_of_gets_in_order(client: OrgClient, http: responses.RequestsMock) -> None:
    elements = [
        {
            "referenceId": "r1",
            "httpStatusCode": 404,
            "httpHeaders": {},
            "body": [{"errorCode": "NOT_FOUND", "message": ""}],
        },
        {"referenceId": "r0", "httpStatusCode": 200, "httpHeaders": {"ETag": "x"}, "body": {"records": []}},
    ]
    http.post(COMPOSITE, json={"compositeResponse": elements})

    first, second = client.read_many(
        [Sub("query", {"q": "SELECT Id FROM Order WHERE Name = 'a+b'"}), Sub("sobjects/X")]
    )

    sent = json.loads(http.calls[1].request.body)
    assert (sent["allOrNone"], sent["collateSubrequests"]) == (False, False)
    assert [sub["method"] for sub in sent["compositeRequest"]] == ["GET", "GET"]
    assert sent["compositeRequest"][0]["url"] == (
        "/services/data/v66.0/query?q=SELECT%20Id%20FROM%20Order%20WHERE%20Name%20%3D%20%27a%2Bb%27"
    )
    assert sent["compositeRequest"][1]["url"] == "/services/data/v66.0/sobjects/X"
    assert (first.status, first.body, first.headers, first.failure) == (200, {"records": []}, {"ETag": "x"}, None)
    assert isinstance(second.failure, OrgRefused)


@pytest.mark.parametrize("subs", [[], [Sub("limits")] * 26, [Sub("queryAll", {"q": "x"})] * 6])
def test_more_than_a_composite_call_takes_is_our_mistake(client: OrgClient, subs: list[Sub]) -> None:
    with pytest.raises(ValueError, match="composite"):
        client.read_many(subs)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        [],
        {"compositeResponse": {}},
        {"compositeResponse": ["?"]},
        {"compositeResponse": [{"referenceId": "r0", "body": {}}]},
        {"compositeResponse": [{"referenceId": "other", "httpStatusCode": 200, "body": {}}]},
    ],
)
def test_an_answer_that_lacks_an_element_is_asked_for_again(
    client: OrgClient, http: responses.RequestsMock, answer: Any
) -> None:
    http.post(COMPOSITE, json=answer)
    http.post(COMPOSITE, json={"compositeResponse": [{"referenceId": "r0", "httpStatusCode": 200, "body": {}}]})

    assert client.read_many([Sub("limits")])[0].body == {}
    assert client.calls["composite"] == 2


def test_a_composite_call_refused_as_a_whole_is_raised(client: OrgClient, http: responses.RequestsMock) -> None:
    element = {"referenceId": None, "httpStatusCode": 400, "body": [{"errorCode": "LIMIT_EXCEEDED", "message": "25"}]}
    http.post(COMPOSITE, json={"compositeResponse": [element]})

    with pytest.raises(OrgRefused, match="LIMIT_EXCEEDED"):
        client.read_many([Sub("limits")])


def test_the_orgs_limit_met_by_one_element_is_everybodys(client: OrgClient, http: responses.RequestsMock) -> None:
    element = {"referenceId": "r0", "httpStatusCode": 403, "body": [{"errorCode": "REQUEST_LIMIT_EXCEEDED"}]}
    http.post(COMPOSITE, json={"compositeResponse": [element]})

    with pytest.raises(OrgLimitReached):
        client.read_many([Sub("limits")])


def test_retrieving_by_post_is_a_read(client: OrgClient, http: responses.RequestsMock) -> None:
    http.post(f"{DATA}/composite/sobjects/Order", status=503)
    http.post(f"{DATA}/composite/sobjects/Order", json=[None])

    assert client.read_by_post("composite/sobjects/Order", {"ids": ["x"]}) == [None]


def test_the_client_knows_whose_session_it_has(client: OrgClient) -> None:
    assert (client.user_id, client.org_id, client.instance_url) == ("005000000000001AAA", "00D000000000001AAA", ORG)
    client.close()


@pytest.fixture
def server(tmp_path: Path) -> Generator[Server]:
    with serve(Org(), directory=tmp_path) as running:
        yield running


def at(server: Server, **changes: Any) -> OrgClient:
    endpoint = Endpoint(server.url, server.client_id, client_secret=server.client_secret, ca_file=str(server.ca_file))
    return OrgClient(replace(endpoint, **changes), clock=lambda: NOW, sleep=lambda _: None)


def test_over_a_real_socket_a_certificate_of_nobody_is_named_with_its_remedy(server: Server) -> None:
    with pytest.raises(OrgUnavailable, match="ca_file"):
        at(server, ca_file=None).read("limits")


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_ca_file_that_went_bad_is_a_wrong_setting(server: Server, content: str | None) -> None:
    client = at(server)
    if content is None:
        server.ca_file.unlink()
    else:
        server.ca_file.write_text(content)

    with pytest.raises(SettingsError, match="ca_file"):
        client.read("limits")


@pytest.mark.parametrize("fault", ["lost_answer", "truncated", "reset", "html_503", "http_500"])
def test_over_a_real_socket_a_write_without_its_answer_is_in_doubt(server: Server, fault: str) -> None:
    client = at(server)
    client.read("limits")
    server.org.faults.add(fault, path="sobjects/Account")

    with pytest.raises(OrgUnavailable) as caught:
        client.write("POST", "sobjects/Account", {"Name": "Cobalt Ventures"})

    assert caught.value.in_doubt


def test_over_a_real_socket_an_answer_that_does_not_come_ends_with_the_time_limit(server: Server) -> None:
    client = at(server, read_timeout=0.3)
    client.read("limits")
    server.org.faults.add("lost_answer_timeout", path="sobjects/Account")

    with pytest.raises(OrgUnavailable, match="in time") as caught:
        client.write("POST", "sobjects/Account", {"Name": "Cobalt Ventures"})

    assert caught.value.in_doubt


def test_over_a_real_socket_nobody_listening_is_not_in_doubt(server: Server) -> None:
    client = at(server)
    client.read("limits")
    server.stop()
    client.close()

    with pytest.raises(OrgUnavailable, match="cannot be reached") as caught:
        client.write("POST", "sobjects/Account", {"Name": "Cobalt Ventures"})

    assert not caught.value.in_doubt
