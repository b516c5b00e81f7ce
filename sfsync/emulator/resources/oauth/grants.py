"""The token endpoint: which flow, for whom, and what the granted token comes with [facts: api 1.1]."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfsync.emulator.resources.oauth.assertions import read_assertion
from sfsync.emulator.resources.oauth.parties import (
    by_login_host,
    check_approval,
    check_user,
    find_user,
    form_of,
    instance_of,
    proven_client,
    user_by_password,
)
from sfsync.emulator.resources.oauth.refusals import OAuthError, invalid_grant
from sfsync.emulator.resources.oauth.replies import reply

if TYPE_CHECKING:
    from sfsync.emulator.http import Answer, Request
    from sfsync.emulator.org import Org
    from sfsync.emulator.users import OAuthClient, User

_JWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_NOT_ADMITTED = "user is not admin approved to access this app"


@dataclass(frozen=True, slots=True)
class _Grant:
    """A request that was found good; `keys` names what the flow's answer shows, in its order."""

    client: OAuthClient
    user: User
    keys: tuple[str, ...]
    scope: str = "api"
    refresh_token: str | None = None


def token(org: Org, request: Request) -> Answer:
    """POST /services/oauth2/token."""
    form = form_of(request)
    try:
        granted = _mint(org, request, _grant(org, request, form))
    except OAuthError as refusal:
        content = {"error": refusal.error, "error_description": refusal.description}
        return reply(request, form, refusal.status, content)
    return reply(request, form, 200, granted)


def _grant(org: Org, request: Request, form: dict[str, str]) -> _Grant:
    flows = {
        "client_credentials": _client_credentials,
        "password": _password,
        "refresh_token": _refresh,
        _JWT: _assertion,
    }
    grant = form.get("grant_type")
    if not grant:
        raise OAuthError("invalid_request", "missing required parameter: grant_type")
    if grant not in flows:
        raise OAuthError("unsupported_grant_type", "grant type not supported")
    if not org.settings.org_active:
        raise OAuthError("inactive_org", "organization is inactive/locked")
    found = flows[grant](org, request, form)
    if found.client.flows is not None and grant not in found.client.flows:
        raise OAuthError("unsupported_grant_type", "grant type not supported")
    if not org.tokens.may_log_in(found.user.username, org.clock()):
        raise OAuthError("rate_limit_exceeded", "login rate exceeded")
    return found


def _client_credentials(org: Org, request: Request, form: dict[str, str]) -> _Grant:
    if by_login_host(request):
        raise invalid_grant("request not supported on this domain")
    client = proven_client(org, request, form)
    user = find_user(org, client.run_as) if client.run_as is not None else None
    if user is None:
        raise invalid_grant("no client credentials user enabled")
    check_user(org, user)
    keys = ("access_token", "signature", "scope", "instance_url", "id", "token_type", "issued_at")
    return _Grant(client, user, keys)


def _password(org: Org, request: Request, form: dict[str, str]) -> _Grant:
    for name in ("username", "password"):
        if name not in form:
            raise OAuthError("invalid_request", f"missing required parameter: {name}")
    client = proven_client(org, request, form)
    user = user_by_password(org, request, form["username"], form["password"])
    check_approval(client, user, _NOT_ADMITTED)
    return _Grant(client, user, ("access_token", "instance_url", "id", "token_type", "issued_at", "signature"))


def _assertion(org: Org, request: Request, form: dict[str, str]) -> _Grant:
    client, user = read_assertion(org, request, form)
    return _Grant(client, user, ("access_token", "scope", "instance_url", "id", "token_type"), scope="api web")


def _refresh(org: Org, request: Request, form: dict[str, str]) -> _Grant:
    if "refresh_token" not in form:
        raise OAuthError("invalid_request", "missing required parameter: refresh_token")
    client = proven_client(org, request, form)
    held = org.tokens.find_refresh_token(form["refresh_token"])
    user = find_user(org, held.username) if held is not None and held.client_id == client.client_id else None
    if held is None or user is None:
        raise invalid_grant("expired access/refresh token")
    check_user(org, user)
    check_approval(client, user, _NOT_ADMITTED)
    keys = ("access_token", "signature", "scope", "instance_url", "id", "token_type", "issued_at")
    rotates = org.settings.refresh_tokens_rotate
    token = org.tokens.rotate(held) if rotates else held.token
    more = ("refresh_token",) if rotates else ()
    return _Grant(client, user, keys + more, scope="refresh_token api", refresh_token=token)


def _mint(org: Org, request: Request, grant: _Grant) -> dict[str, str]:
    user_id = str(org.db.find("User", {"Username": grant.user.username})[0]["Id"])
    instance = instance_of(org, request)
    identity_url = f"{instance}/id/{org.settings.org_id}/{user_id}"
    issued = str(int(org.clock().timestamp() * 1000))
    client = grant.client
    digest = hmac.new(client.client_secret.encode(), (identity_url + issued).encode(), hashlib.sha256).digest()
    access = org.tokens.mint(
        user_id, org.clock(), client_id=client.client_id, scope=grant.scope, refresh_token=grant.refresh_token
    )
    everything = {
        "access_token": access,
        "signature": base64.b64encode(digest).decode(),
        "scope": grant.scope,
        "instance_url": instance,
        "id": identity_url,
        "token_type": "Bearer",
        "issued_at": issued,
        "refresh_token": grant.refresh_token or "",
    }
    return {key: everything[key] for key in grant.keys}
