"""The life of a token seen from outside: introspection and revocation [facts: api 1.4]."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sfsync.emulator.http import Answer
from sfsync.emulator.resources.oauth.parties import form_of, proven_client
from sfsync.emulator.resources.oauth.refusals import OAuthError

if TYPE_CHECKING:
    from sfsync.emulator.http import Request
    from sfsync.emulator.org import Org


def revoke(org: Org, request: Request) -> Answer:
    """POST or GET /services/oauth2/revoke, with an access or refresh token."""
    if org.tokens.revoke(form_of(request).get("token", "")):
        return Answer(200)
    return Answer(400, {"error": "invalid_token", "error_description": "invalid token"})


def introspect(org: Org, request: Request) -> Answer:
    """POST /services/oauth2/introspect: what an app may know of a token that it holds."""
    form = form_of(request)
    try:
        client = proven_client(org, request, form)
    except OAuthError as refusal:
        return Answer(refusal.status, {"error": refusal.error, "error_description": refusal.description})
    return Answer(200, _state(org, form.get("token", ""), client.client_id) or {"active": False})


def _state(org: Org, token: str, client_id: str) -> dict[str, Any] | None:
    held = org.tokens.find_refresh_token(token)
    if held is not None and held.client_id == client_id:
        user = org.db.find("User", {"Username": held.username})[0]
        return _told(org, str(user["Id"]), client_id, "refresh_token api", "refresh_token")
    session = org.tokens.find(token, org.clock())
    if session is None or session.client_id != client_id:
        return None
    ends = session.used + timedelta(seconds=org.settings.session_seconds)
    began = int(session.started.timestamp())
    told = _told(org, session.user_id, client_id, session.scope, "access_token")
    return told | {"exp": int(ends.timestamp()), "iat": began, "nbf": began}


def _told(org: Org, user_id: str, client_id: str, scope: str, kind: str) -> dict[str, Any]:
    user = org.db.get_row("User", user_id) or {}
    return {
        "active": True,
        "scope": scope,
        "client_id": client_id,
        "username": user.get("Username"),
        "sub": f"{org.settings.instance_url}/id/{org.settings.org_id}/{user_id}",
        "token_type": kind,
    }
