"""OAuth flows and their errors [facts: api 1]."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import jwt
import pytest

from sfsync.emulator.http import Request, Response
from sfsync.emulator.org import Org
from sfsync.emulator.tls import new_jwt_key, write_jwt_key
from tests.emulator.api import NOW

if TYPE_CHECKING:
    from pathlib import Path

ID, SECRET, USER = "3MVG9sfsyncEMULATOR", "emulator-secret", "integration@emulator.test"
JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@pytest.fixture
def org() -> Org:
    return Org(clock=NOW)


def token(org: Org, *, host: str = "org.example", authorization: str = "", **form: str) -> Response:
    headers = {"host": host} | ({"authorization": authorization} if authorization else {})
    return org.handle(Request.of("POST", "/services/oauth2/token", headers=headers, body=urlencode(form).encode()))


def by_client(org: Org, **changes: str) -> Response:
    form = {"grant_type": "client_credentials", "client_id": ID, "client_secret": SECRET}
    return token(org, **{**form, **changes})


def get(org: Org, url: str, bearer: str) -> Response:
    return org.handle(Request.of("GET", url, headers={"Authorization": f"Bearer {bearer}"}))


def test_client_credentials_give_a_signed_token(org: Org) -> None:
    response = by_client(org, host="acme.my.salesforce.com:8443")

    granted = response.json()
    digest = hmac.new(SECRET.encode(), (granted["id"] + granted["issued_at"]).encode(), hashlib.sha256).digest()
    assert response.status == 200
    assert re.fullmatch(r"00D\w{12}![\w.]{96}", granted["access_token"])
    assert granted["instance_url"] == "https://acme.my.salesforce.com:8443"
    assert granted["id"] == f"{granted['instance_url']}/id/{org.settings.org_id}/{org.user_id}"
    assert granted["signature"] == base64.b64encode(digest).decode()
    assert (granted["token_type"], granted["issued_at"]) == ("Bearer", str(int(NOW.timestamp() * 1000)))
    assert get(org, "/services/data/v66.0/limits", granted["access_token"]).status == 200


def test_the_client_may_come_in_the_header(org: Org) -> None:
    basic = base64.b64encode(f"{ID}:{SECRET}".encode()).decode()

    assert token(org, authorization=f"Basic {basic}", grant_type="client_credentials").status == 200


def test_token_calls_cost_nothing_and_show_no_usage(org: Org) -> None:
    response = by_client(org)

    assert "Sforce-Limit-Info" not in response.headers
    assert (org.usage(), org.calls.count()) == (0, 0)


@pytest.mark.parametrize(
    ("form", "error", "description"),
    [
        ({}, "invalid_request", "missing required parameter: grant_type"),
        ({"grant_type": "device"}, "unsupported_grant_type", "grant type not supported"),
        ({"grant_type": "password"}, "invalid_request", "missing required parameter: username"),
        ({"grant_type": "refresh_token"}, "invalid_request", "missing required parameter: refresh_token"),
        ({"grant_type": "client_credentials", "client_id": "x"}, "invalid_client_id", "client identifier invalid"),
        (
            {"grant_type": "client_credentials", "client_id": ID, "client_secret": "x"},
            "invalid_client",
            "invalid client credentials",
        ),
        ({"grant_type": JWT_GRANT, "assertion": "x"}, "invalid_grant", "invalid assertion"),
    ],
)
def test_what_is_wrong_is_named(org: Org, form: dict[str, str], error: str, description: str) -> None:
    response = token(org, **form)

    assert (response.status, response.json()) == (400, {"error": error, "error_description": description})


def test_client_credentials_need_my_domain(org: Org) -> None:
    answer = by_client(org, host="login.salesforce.com").json()

    assert answer == {"error": "invalid_grant", "error_description": "request not supported on this domain"}


def test_a_frozen_user_gets_no_token(org: Org) -> None:
    org.settings.users[0].active = False

    assert by_client(org).json() == {"error": "invalid_grant", "error_description": "inactive user"}


def test_without_run_as_user_there_is_no_token(org: Org) -> None:
    org.settings.clients[0].run_as = None

    assert by_client(org).json()["error_description"] == "no client credentials user enabled"


def test_logins_are_limited_per_hour(org: Org) -> None:
    org.settings.logins_per_hour = 1
    by_client(org)

    assert by_client(org).json()["error"] == "rate_limit_exceeded"
    org.advance(3601)
    assert by_client(org).status == 200


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A private key and the public one to it, both PEM."""
    path: Path = tmp_path_factory.mktemp("jwt") / "key.pem"
    public = write_jwt_key(path, new_jwt_key())
    return path.read_text(), public


def by_jwt(org: Org, keys: tuple[str, str], **changes: Any) -> Response:
    org.settings.clients[0].public_key = keys[1]
    expiry = int(org.clock().timestamp()) + 180
    claims = {"iss": ID, "sub": USER, "aud": "https://login.salesforce.com", "exp": expiry, **changes}
    assertion = jwt.api_jws.encode(json.dumps(claims).encode(), keys[0], algorithm="RS256")
    return token(org, host="login.salesforce.com", grant_type=JWT_GRANT, assertion=assertion)


def test_a_signed_assertion_gives_a_token(org: Org, keys: tuple[str, str]) -> None:
    response = by_jwt(org, keys)

    granted = response.json()
    assert (response.status, granted["scope"], granted["instance_url"]) == (200, "api web", "https://org.example")
    assert "issued_at" not in granted
    assert get(org, "/services/data/v66.0/limits", granted["access_token"]).status == 200


@pytest.mark.parametrize("unit", ["seconds as text", "milliseconds"])
def test_odd_expiries_of_real_clients_are_read(org: Org, keys: tuple[str, str], unit: str) -> None:
    seconds = int(org.clock().timestamp()) + 180

    assert by_jwt(org, keys, exp=str(seconds) if unit == "seconds as text" else seconds * 1000).status == 200


def test_the_audience_may_be_the_instance_with_a_slash(org: Org, keys: tuple[str, str]) -> None:
    assert by_jwt(org, keys, aud="https://org.example/").status == 200


@pytest.mark.parametrize(
    ("changes", "error", "description"),
    [
        ({"aud": "https://elsewhere.example"}, "invalid_grant", "audience is invalid"),
        ({"exp": 1}, "invalid_grant", "expired authorization code"),
        ({"exp": "1700000000000"}, "invalid_grant", "expired authorization code"),
        ({"iss": "nobody"}, "invalid_client_id", "client identifier invalid"),
        ({"sub": "nobody@x.test"}, "invalid_grant", "user hasn't approved this consumer"),
    ],
)
def test_wrong_claims_are_refused(
    org: Org, keys: tuple[str, str], changes: dict[str, Any], error: str, description: str
) -> None:
    assert by_jwt(org, keys, **changes).json() == {"error": error, "error_description": description}


def test_a_user_who_is_not_approved_is_refused(org: Org, keys: tuple[str, str]) -> None:
    org.settings.clients[0].approved_users = frozenset()

    assert by_jwt(org, keys).json()["error_description"] == "user hasn't approved this consumer"


def test_a_foreign_signature_is_refused(org: Org, keys: tuple[str, str], tmp_path: Path) -> None:
    stranger = write_jwt_key(tmp_path / "other.pem", new_jwt_key())

    assert by_jwt(org, (keys[0], stranger)).json()["error_description"] == "invalid assertion"
