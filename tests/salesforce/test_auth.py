from __future__ import annotations

import ssl
import threading
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from sfsync.errors import LoginRefused, OrgLimitReached, OrgUnavailable, SettingsError
from sfsync.salesforce.auth import TokenSource
from sfsync.salesforce.transport import open_session
from tests.salesforce.conftest import NOW, ORG, TOKEN, TOKEN_URL

if TYPE_CHECKING:
    from collections.abc import Callable

    import responses

    from sfsync.salesforce.endpoint import Endpoint


@pytest.fixture
def source(endpoint: Endpoint, naps: list[float]) -> Callable[..., TokenSource]:
    def make(**changes: object) -> TokenSource:
        changed = replace(endpoint, **changes)  # type: ignore[arg-type]
        session = open_session(changed, clock=lambda: NOW)
        return TokenSource(changed, session, clock=lambda: NOW, sleep=naps.append)

    return make


def sent_form(http: responses.RequestsMock) -> dict[str, str]:
    body = http.calls[0].request.body
    return {name: values[0] for name, values in parse_qs(body.decode() if isinstance(body, bytes) else body).items()}


def test_client_credentials_travel_in_the_body(
    source: Callable[..., TokenSource], http: responses.RequestsMock
) -> None:
    http.post(TOKEN_URL, json=TOKEN)

    token = source().get()

    assert sent_form(http) == {
        "grant_type": "client_credentials",
        "client_id": "consumer-key",
        "client_secret": "top-secret",
    }
    assert (token.access_token, token.instance_url) == ("00D000000000001!first", ORG)
    assert (token.org_id, token.user_id) == ("00D000000000001AAA", "005000000000001AAA")


def test_a_jwt_is_signed_and_lives_three_minutes(
    source: Callable[..., TokenSource], http: responses.RequestsMock
) -> None:
    http.post(TOKEN_URL, json=TOKEN)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    source(client_secret=None, username="sync@acme.test", private_key=pem).get()

    form = sent_form(http)
    claims = jwt.decode(
        form["assertion"], key.public_key(), algorithms=["RS256"], audience=ORG, options={"verify_exp": False}
    )
    assert form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    assert claims == {"iss": "consumer-key", "sub": "sync@acme.test", "aud": ORG, "exp": int(NOW.timestamp()) + 180}


def test_a_key_that_cannot_sign_is_a_wrong_setting_and_is_not_quoted(source: Callable[..., TokenSource]) -> None:
    tokens = source(client_secret=None, username="sync@acme.test", private_key="-----BEGIN hunter2")

    with pytest.raises(SettingsError, match="private_key_file") as caught:
        tokens.get()

    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("error", "description", "remedy"),
    [
        ("invalid_grant", "authentication failure", "locked"),
        ("invalid_grant", "inactive user", "unfreeze"),
        ("invalid_grant", "request not supported on this domain", "My Domain"),
        ("invalid_grant", "no client credentials user enabled", "Run As"),
        ("invalid_grant", "something new", "Check username"),
        ("invalid_client_id", "client identifier invalid", "client_id"),
        ("invalid_client", "invalid client credentials", "client_secret"),
        ("inactive_org", "organization is inactive", "support"),
    ],
)
def test_a_refused_login_says_what_to_do_and_is_not_repeated(
    source: Callable[..., TokenSource], http: responses.RequestsMock, error: str, description: str, remedy: str
) -> None:
    http.post(TOKEN_URL, json={"error": error, "error_description": description}, status=400)

    with pytest.raises(LoginRefused, match=remedy) as caught:
        source().get()

    assert caught.value.code == error
    assert description in caught.value.message
    assert "top-secret" not in str(caught.value)
    assert len(http.calls) == 1


def test_too_many_logins_are_not_made_more(source: Callable[..., TokenSource], http: responses.RequestsMock) -> None:
    http.post(TOKEN_URL, json={"error": "rate_limit_exceeded", "error_description": "login rate exceeded"}, status=400)

    with pytest.raises(OrgUnavailable, match="3,600"):
        source().get()

    assert len(http.calls) == 1


def test_an_allowance_that_is_used_up_is_said_to_be_that_at_once(
    source: Callable[..., TokenSource], http: responses.RequestsMock, naps: list[float]
) -> None:
    limit = {"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}
    http.post(TOKEN_URL, json=[limit], status=403)

    with pytest.raises(OrgLimitReached, match="allowance is used up") as caught:
        source().get()

    assert caught.value.code == "REQUEST_LIMIT_EXCEEDED"
    assert (len(http.calls), naps) == (1, [])


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 503, "body": "<html>Down for maintenance</html>"},
        {"status": 404, "body": "<html>No such page</html>"},
        {"status": 500, "json": {"error": "unknown_error"}},
        {"status": 302, "headers": {"Location": "https://elsewhere.example/"}},
        {"status": 200, "body": "<html>Hello</html>"},
        {"status": 200, "json": {"access_token": "x"}},
        {"status": 200, "json": {"access_token": "x", "instance_url": "http://plain.example"}},
        {"body": requests.exceptions.ConnectTimeout("https://u:p@acme")},
    ],
)
def test_a_login_server_that_is_down_is_asked_three_times(
    source: Callable[..., TokenSource], http: responses.RequestsMock, naps: list[float], answer: dict[str, object]
) -> None:
    http.post(TOKEN_URL, **answer)

    with pytest.raises(OrgUnavailable) as caught:
        source().get()

    assert (len(http.calls), len(naps)) == (3, 2)
    assert not caught.value.in_doubt
    assert "u:p" not in str(caught.value)
    assert "html" not in str(caught.value)


def test_a_login_that_works_at_the_second_try_is_enough(
    source: Callable[..., TokenSource], http: responses.RequestsMock
) -> None:
    http.post(TOKEN_URL, status=503)
    http.post(TOKEN_URL, json=TOKEN)

    assert source().get().access_token == TOKEN["access_token"]


def test_a_login_may_leave_out_whose_it_is(source: Callable[..., TokenSource], http: responses.RequestsMock) -> None:
    http.post(TOKEN_URL, json={"access_token": "x", "instance_url": f"{ORG}/"})

    token = source().get()

    assert (token.org_id, token.user_id, token.instance_url) == (None, None, ORG)


def test_the_token_is_kept_until_it_is_stale(source: Callable[..., TokenSource], http: responses.RequestsMock) -> None:
    http.post(TOKEN_URL, json=TOKEN)
    http.post(TOKEN_URL, json=TOKEN | {"access_token": "second"})
    tokens = source()

    first = tokens.get()
    assert tokens.get() is first
    second = tokens.refresh(first.access_token)
    late = tokens.refresh(first.access_token)

    assert second.access_token == "second"
    assert late is second
    assert len(http.calls) == 2


def test_threads_that_find_the_token_stale_log_in_once(
    source: Callable[..., TokenSource], http: responses.RequestsMock
) -> None:
    http.post(TOKEN_URL, json=TOKEN)
    http.post(TOKEN_URL, json=TOKEN | {"access_token": "second"})
    tokens = source()
    stale = tokens.get().access_token
    start = threading.Barrier(8)
    found: list[str] = []

    def work() -> None:
        start.wait()
        found.append(tokens.refresh(stale).access_token)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == ["second"] * 8
    assert len(http.calls) == 2


def test_secrets_do_not_show_in_what_is_printed(
    endpoint: Endpoint, source: Callable[..., TokenSource], http: responses.RequestsMock
) -> None:
    http.post(TOKEN_URL, json=TOKEN)

    assert "top-secret" not in repr(endpoint)
    assert "first" not in repr(source().get())


def test_a_certificate_that_is_not_trusted_is_not_tried_again(
    source: Callable[..., TokenSource], http: responses.RequestsMock, naps: list[float]
) -> None:
    http.post(TOKEN_URL, body=requests.exceptions.SSLError(ssl.SSLCertVerificationError("self-signed")))

    with pytest.raises(OrgUnavailable, match="not signed by an authority"):
        source().get()

    assert (len(http.calls), naps) == (1, [])
