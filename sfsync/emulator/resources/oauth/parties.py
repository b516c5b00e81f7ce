"""Who asks for a token and for whom: the client, the user, and the host they came by."""

from __future__ import annotations

import base64
import binascii
import hmac
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote

from sfsync.emulator.resources.oauth.refusals import OAuthError, invalid_grant

if TYPE_CHECKING:
    from sfsync.emulator.http import Request
    from sfsync.emulator.org import Org
    from sfsync.emulator.users import OAuthClient, User

PRODUCTION_LOGIN, SANDBOX_LOGIN = "login.salesforce.com", "test.salesforce.com"
LOGIN_HOSTS = {PRODUCTION_LOGIN, SANDBOX_LOGIN}


def form_of(request: Request) -> dict[str, str]:
    """The parameters of a call: its form, and what stands in the URL."""
    return dict(parse_qsl(request.content().decode(errors="replace"), keep_blank_values=True)) | request.query


def host_of(request: Request) -> str:
    """The host as the client named it, with its port if it has one."""
    return request.headers.get("host", "")


def by_login_host(request: Request) -> bool:
    """Whether the call came to one of the hosts that all orgs share."""
    return host_of(request).partition(":")[0] in LOGIN_HOSTS


def instance_of(org: Org, request: Request) -> str:
    """The URL under which the client shall go on: the host it used, unless that was a login host."""
    host = host_of(request)
    return org.settings.instance_url if not host or by_login_host(request) else f"https://{host}"


def known_client(org: Org, client_id: str) -> OAuthClient:
    """The app of that consumer key.

    Raises:
        OAuthError: if there is none.
    """
    for client in org.settings.clients:
        if client.client_id == client_id:
            return client
    raise OAuthError("invalid_client_id", "client identifier invalid")


def proven_client(org: Org, request: Request, form: dict[str, str]) -> OAuthClient:
    """The app that names itself and its secret, in the header or in the form.

    Raises:
        OAuthError: if it is unknown or the secret is wrong.
    """
    client_id, secret = _basic(request) or (form.get("client_id", ""), form.get("client_secret", ""))
    client = known_client(org, client_id)
    if not hmac.compare_digest(client.client_secret.encode(), secret.encode()):
        raise OAuthError("invalid_client", "invalid client credentials", org.settings.wrong_secret_status)
    return client


def _basic(request: Request) -> tuple[str, str] | None:
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise OAuthError("invalid_client_id", "client identifier invalid") from None
    return unquote(name), unquote(secret)


def find_user(org: Org, username: str) -> User | None:
    """The user of that name, in any case."""
    return next((user for user in org.settings.users if user.username.lower() == username.lower()), None)


def check_user(org: Org, user: User) -> None:
    """Refuse users who may not come in at present.

    Raises:
        OAuthError: for an inactive or frozen user, or one whose address is not allowed.
    """
    rows = org.db.find("User", {"Username": user.username})
    if user.frozen or not user.active or not any(row["IsActive"] for row in rows):
        raise invalid_grant("inactive user")
    if user.ip_restricted:
        raise invalid_grant("ip restricted")


def check_approval(client: OAuthClient, user: User, description: str) -> None:
    """Refuse users whom the administrator has not let use the app."""
    if client.approved_users is not None and user.username not in client.approved_users:
        raise invalid_grant(description)


def user_by_password(org: Org, request: Request, username: str, password: str) -> User:
    """The user who knows password and security token.

    Raises:
        OAuthError: "authentication failure", which does not say what was wrong.
    """
    user = find_user(org, username)
    other = PRODUCTION_LOGIN if org.settings.sandbox else SANDBOX_LOGIN
    astray = org.settings.login_host_matters and host_of(request).partition(":")[0] == other
    if user is None or astray or user.frozen or not org.tokens.knows_password(user, password, org.clock()):
        raise invalid_grant("authentication failure")
    check_user(org, user)
    return user
