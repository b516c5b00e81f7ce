"""Passwords, refresh tokens, and what tokens tell of themselves and their users [facts: api 1]."""

from __future__ import annotations

import base64
import hashlib
import hmac
import xml.etree.ElementTree as ET
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest

from sfsync.emulator.http import Request, Response
from sfsync.emulator.org import Org
from sfsync.emulator.settings import Settings
from sfsync.emulator.users import OAuthClient, User
from tests.emulator.api import NOW

ID, SECRET, USER = "3MVG9sfsyncEMULATOR", "emulator-secret", "integration@emulator.test"
REFRESH = "5Aep861emulatorRefreshToken"
LIMITS = "/services/data/v66.0/limits"


@pytest.fixture
def org() -> Org:
    return Org(clock=NOW)


def post(org: Org, endpoint: str, *, host: str = "org.example", accept: str = "*/*", **form: str) -> Response:
    headers = {"host": host, "accept": accept}
    return org.handle(
        Request.of("POST", f"/services/oauth2/{endpoint}", headers=headers, body=urlencode(form).encode())
    )


def token(org: Org, grant: str, **form: str) -> Response:
    return post(org, "token", **{"grant_type": grant, "client_id": ID, "client_secret": SECRET, **form})


def by_password(org: Org, **changes: str) -> Response:
    user = org.settings.users[0]
    return token(org, "password", **{"username": USER, "password": f"{user.password}{user.security_token}", **changes})


def by_refresh(org: Org, refresh_token: str = REFRESH, **changes: str) -> Response:
    return token(org, "refresh_token", **{"refresh_token": refresh_token, **changes})


def get(org: Org, url: str, bearer: str) -> Response:
    return org.handle(Request.of("GET", url, headers={"Authorization": f"Bearer {bearer}"}))


def error(response: Response) -> tuple[int, str, str]:
    return response.status, response.json()["error"], response.json()["error_description"]


def signature(granted: dict[str, Any]) -> str:
    digest = hmac.new(SECRET.encode(), (granted["id"] + granted["issued_at"]).encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


# -- username and password


def test_a_password_with_its_security_token_gives_a_token(org: Org) -> None:
    granted = by_password(org, host="login.salesforce.com").json()

    assert list(granted) == ["access_token", "instance_url", "id", "token_type", "issued_at", "signature"]
    assert (granted["instance_url"], granted["signature"]) == ("https://org.example", signature(granted))
    assert get(org, LIMITS, granted["access_token"]).status == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"password": "emulator-password"},
        {"password": "EmulatorSecurityToken"},
        {"password": ""},
        {"username": "nobody@x.test"},
        {"username": "admin@emulator.test"},
    ],
)
def test_a_refusal_does_not_say_what_was_wrong(org: Org, changes: dict[str, str]) -> None:
    assert error(by_password(org, **changes)) == (400, "invalid_grant", "authentication failure")


def test_users_without_a_password_cannot_log_in_by_one() -> None:
    org = Org(clock=NOW, settings=Settings(users=[User(USER, "I", "U", USER, security_token="t")]))

    assert error(by_password(org, password="t"))[2] == "authentication failure"
    assert error(by_password(org, password=""))[2] == "authentication failure"


def test_a_sandbox_may_insist_on_its_own_login_host(org: Org) -> None:
    org.settings.login_host_matters = True

    assert error(by_password(org, host="login.salesforce.com"))[2] == "authentication failure"
    assert by_password(org, host="test.salesforce.com").status == 200
    org.settings.sandbox = False
    assert error(by_password(org, host="test.salesforce.com"))[2] == "authentication failure"


# -- who is kept out, whatever the flow


@pytest.mark.parametrize("login", [by_password, by_refresh])
def test_who_may_not_come_in_is_told_why_not(org: Org, login: Any) -> None:
    user, client = org.settings.users[0], org.settings.clients[0]
    user.ip_restricted = True
    assert error(login(org)) == (400, "invalid_grant", "ip restricted")
    user.ip_restricted, user.active = False, False
    assert error(login(org)) == (400, "invalid_grant", "inactive user")
    user.active, client.approved_users = True, frozenset({"other@x.test"})
    assert error(login(org)) == (400, "invalid_grant", "user is not admin approved to access this app")
    client.approved_users, client.flows = None, frozenset({"client_credentials"})
    assert error(login(org)) == (400, "unsupported_grant_type", "grant type not supported")
    client.flows, org.settings.org_active = None, False
    assert error(login(org)) == (400, "inactive_org", "organization is inactive/locked")
    org.settings.org_active, org.settings.logins_per_hour = True, 0
    assert error(login(org)) == (400, "rate_limit_exceeded", "login rate exceeded")


def test_a_frozen_user_fails_to_authenticate(org: Org) -> None:
    org.settings.users[0].frozen = True

    assert error(by_password(org))[2] == "authentication failure"


def test_a_user_who_was_deactivated_as_a_record_is_inactive(org: Org) -> None:
    org.update("User", org.user_id, {"IsActive": False})

    assert error(by_password(org))[2] == "inactive user"


def test_wrong_passwords_lock_out_even_who_knows_the_right_one(org: Org) -> None:
    org.settings.wrong_passwords_allowed = 2
    for _ in range(2):  # a right one in between starts the count again
        by_password(org, password="x")
        assert by_password(org).status == 200
    for _ in range(2):
        by_password(org, password="x")

    assert error(by_password(org))[2] == "authentication failure"
    org.advance(901)
    assert by_password(org).status == 200


def test_the_login_limit_is_each_users_own() -> None:
    users = [User(name, "A", "B", name, password="pw") for name in ("a@x.test", "b@x.test")]
    org = Org(clock=NOW, settings=Settings(users=users, logins_per_hour=1, trusted_addresses=True))

    statuses = [by_password(org, username=name, password="pw").status for name in ("a@x.test", "a@x.test", "b@x.test")]

    assert statuses == [200, 400, 200]


# -- refresh tokens


def test_the_refresh_token_of_the_client_gives_tokens_again_and_again(org: Org) -> None:
    first, second = by_refresh(org).json(), by_refresh(org).json()

    keys = ["access_token", "signature", "scope", "instance_url", "id", "token_type", "issued_at"]
    assert (list(first), list(second)) == (keys, keys)
    assert first["signature"] == signature(first)
    assert first["access_token"] != second["access_token"]
    assert get(org, LIMITS, first["access_token"]).status == 200


def test_refresh_tokens_are_issued_to_one_client_for_one_user(org: Org) -> None:
    org.settings.clients.append(OAuthClient("other", "secret"))
    issued = org.tokens.issue_refresh_token(USER, "other")

    assert by_refresh(org, issued, client_id="other", client_secret="secret").status == 200
    for refused in (by_refresh(org, issued), by_refresh(org, "x"), by_refresh(org, "")):
        assert error(refused) == (400, "invalid_grant", "expired access/refresh token")
    assert error(by_refresh(org, client_secret="x"))[1] == "invalid_client"


def test_with_rotation_the_old_refresh_token_dies(org: Org) -> None:
    org.settings.refresh_tokens_rotate = True

    granted = by_refresh(org).json()

    assert list(granted)[-1] == "refresh_token"
    assert granted["refresh_token"] != REFRESH
    assert error(by_refresh(org))[2] == "expired access/refresh token"
    assert get(org, LIMITS, granted["access_token"]).status == 200
    assert by_refresh(org, granted["refresh_token"]).status == 200


def test_sessions_outlive_a_rotation_but_not_the_end_of_what_it_led_to(org: Org) -> None:
    org.settings.refresh_tokens_rotate = True
    first = by_refresh(org).json()
    second = by_refresh(org, first["refresh_token"]).json()

    assert get(org, LIMITS, first["access_token"]).status == 200
    post(org, "revoke", token=second["refresh_token"])
    assert get(org, LIMITS, first["access_token"]).status == 401


@pytest.mark.parametrize("rotates", [False, True])
def test_revoking_a_refresh_token_ends_the_sessions_it_gave(org: Org, rotates: bool) -> None:  # noqa: FBT001 - a case
    org.settings.refresh_tokens_rotate = rotates
    granted, other = by_refresh(org).json(), by_password(org).json()
    refresh = granted.get("refresh_token", REFRESH)

    assert post(org, "revoke", token=refresh).status == 200

    assert get(org, LIMITS, granted["access_token"]).status == 401
    assert get(org, LIMITS, other["access_token"]).status == 200
    assert error(by_refresh(org, refresh))[2] == "expired access/refresh token"
    assert error(post(org, "revoke", token=refresh))[1] == "invalid_token"


def test_revoking_an_access_token_leaves_the_refresh_token(org: Org) -> None:
    bearer = by_refresh(org).json()["access_token"]

    assert org.handle(Request.of("GET", f"/services/oauth2/revoke?token={bearer}")).status == 200

    assert get(org, LIMITS, bearer).status == 401
    assert by_refresh(org).status == 200


# -- the form of answers


def test_answers_come_form_encoded_or_as_xml_if_the_client_likes(org: Org) -> None:
    text = by_password(org, format="urlencoded")
    xml = by_password(org, accept="application/xml")
    refused = by_password(org, password="x", format="xml")

    assert text.headers["Content-Type"] == "application/x-www-form-urlencoded;charset=UTF-8"
    assert parse_qs(text.body.decode())["instance_url"] == ["https://org.example"]
    tree = ET.fromstring(xml.body)  # noqa: S314 - what the emulator itself wrote
    assert (tree.tag, tree.findtext("token_type")) == ("OAuth", "Bearer")
    assert (refused.status, b"<error>invalid_grant</error>" in refused.body) == (400, True)
    assert by_password(org, accept="application/xml", format="json").json()["token_type"] == "Bearer"
    assert by_password(org, accept="application/x-www-form-urlencoded").body.startswith(b"access_token=")


# -- sessions


def test_a_session_may_be_barred_from_rest_for_good(org: Org) -> None:
    org.settings.sessions_reach_rest = False
    bearer = by_password(org).json()["access_token"]

    refused = get(org, LIMITS, bearer)

    assert (refused.status, refused.json()) == (
        401,
        [{"message": "This session is not valid for use with the REST API", "errorCode": "INVALID_SESSION_ID"}],
    )
    assert get(org, "/services/oauth2/userinfo", bearer).status == 200


def test_introspection_tells_a_client_about_its_own_tokens(org: Org) -> None:
    client = {"client_id": ID, "client_secret": SECRET}
    bearer = by_refresh(org).json()["access_token"]
    org.advance(60)

    told = post(org, "introspect", token=bearer, **client).json()

    began = int(NOW.timestamp())
    assert told == {
        "active": True,
        "scope": "refresh_token api",
        "client_id": ID,
        "username": USER,
        "sub": f"https://org.example/id/{org.settings.org_id}/{org.user_id}",
        "token_type": "access_token",
        "exp": began + 7_200,
        "iat": began,
        "nbf": began,
    }
    assert post(org, "introspect", token=REFRESH, **client).json()["token_type"] == "refresh_token"
    for foreign in (org.login(), "x"):
        assert post(org, "introspect", token=foreign, **client).json() == {"active": False}
    assert error(post(org, "introspect", token=bearer, client_id=ID, client_secret="x"))[1] == "invalid_client"
    org.advance(7_200)
    assert post(org, "introspect", token=bearer, **client).json() == {"active": False}


# -- userinfo and identity


def test_userinfo_has_all_its_keys_in_their_order(org: Org) -> None:
    info = get(org, "/services/oauth2/userinfo", org.login()).json()

    assert list(info) == [
        *("sub", "user_id", "organization_id", "preferred_username", "nickname", "name", "email", "email_verified"),
        *("given_name", "family_name", "zoneinfo", "photos", "profile", "picture", "address"),
        *("is_salesforce_integration_user", "urls", "active", "user_type", "language", "locale", "utcOffset"),
        *("updated_at", "is_app_installed"),
    ]
    assert list(info["urls"]) == [
        *("enterprise", "metadata", "partner", "rest", "sobjects", "search", "query", "recent", "tooling_soap"),
        *("tooling_rest", "profile", "feeds", "groups", "users", "feed_items", "feed_elements", "custom_domain"),
    ]
    assert info["urls"]["rest"] == "https://org.example/services/data/v{version}/"
    assert list(info["photos"]) == ["picture", "thumbnail"]


def test_userinfo_and_identity_agree_with_the_records(org: Org) -> None:
    bearer = org.login()
    info = get(org, "/services/oauth2/userinfo", bearer).json()
    identity = get(org, f"/id/{info['organization_id']}/{info['user_id']}", bearer).json()
    user = get(org, f"/services/data/v66.0/sobjects/User/{info['user_id']}", bearer).json()

    fields = ("Username", "Name", "Email", "FirstName", "LastName", "TimeZoneSidKey", "IsActive", "LanguageLocaleKey")
    names = ("preferred_username", "name", "email", "given_name", "family_name", "zoneinfo", "active", "language")
    assert [info[name] for name in names] == [user[field] for field in fields]
    names = ("username", "display_name", "email", "first_name", "last_name", "timezone", "active", "language")
    assert [identity[name] for name in names] == [user[field] for field in fields]
    assert (identity["id"], identity["urls"]) == (info["sub"], info["urls"])
    assert [row["Id"] for row in org.query("SELECT Id FROM Organization")] == [info["organization_id"]]


def test_utc_offset_is_that_of_the_users_zone_without_summer_time() -> None:
    org = Org(clock=NOW, settings=Settings(time_zone="America/Los_Angeles"))

    assert get(org, "/services/oauth2/userinfo", org.login()).json()["utcOffset"] == -28_800_000


def test_the_token_may_be_a_parameter(org: Org) -> None:
    url = f"/id/{org.settings.org_id}/{org.user_id}?format=json&oauth_token={org.login()}"

    assert org.handle(Request.of("GET", url)).json()["user_id"] == org.user_id
    assert org.handle(Request.of("GET", url[:-1])).status == 403


def test_strangers_learn_nothing(org: Org) -> None:
    assert get(org, "/services/oauth2/userinfo", "x").status == 403
    assert get(org, "/services/oauth2/userinfo", "x").body == b"Bad_OAuth_Token"
    org.settings.bad_userinfo_status = 401
    assert get(org, "/services/oauth2/userinfo", "x").status == 401
    bearer = org.login()
    for path in (f"00D5e00000ZZZZZEAA/{org.user_id}", f"{org.settings.org_id}/0055e00000ZZZZZ"):
        assert get(org, f"/id/{path}", bearer).status == 404
