"""The JWT bearer flow: assertions signed with the key that is registered for the app."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jwt

from sfsync.emulator.resources.oauth.parties import (
    LOGIN_HOSTS,
    check_approval,
    check_user,
    find_user,
    host_of,
    known_client,
)
from sfsync.emulator.resources.oauth.refusals import invalid_grant

if TYPE_CHECKING:
    from sfsync.emulator.http import Request
    from sfsync.emulator.org import Org
    from sfsync.emulator.users import OAuthClient, User

_MILLISECONDS = 10**11  # epochs beyond this are milliseconds, as some clients send them [facts: api 13]
_SKEW = 180
_NOT_APPROVED = "user hasn't approved this consumer"


def read_assertion(org: Org, request: Request, form: dict[str, str]) -> tuple[OAuthClient, User]:
    """Return the app and the user of an assertion.

    Raises:
        OAuthError: if signature, audience, expiry or user are not as they must be.
    """
    try:
        claims: dict[str, Any] = jwt.decode(form.get("assertion", ""), options={"verify_signature": False})
    except jwt.InvalidTokenError:
        raise invalid_grant("invalid assertion") from None
    client = known_client(org, str(claims.get("iss", "")))
    _check_signature(form["assertion"], client)
    _check_audience(org, request, claims.get("aud"))
    _check_expiry(org, claims.get("exp"))
    user = find_user(org, str(claims.get("sub", "")))
    if user is None:
        raise invalid_grant(_NOT_APPROVED)
    check_user(org, user)
    check_approval(client, user, _NOT_APPROVED)
    return client, user


def _check_signature(assertion: str, client: OAuthClient) -> None:
    if client.public_key is None:
        raise invalid_grant("invalid assertion")
    checks: Any = {f"verify_{claim}": False for claim in ("exp", "aud", "iat", "nbf", "sub", "jti")}
    try:
        jwt.decode(assertion, client.public_key, algorithms=["RS256"], options=checks)
    except (jwt.InvalidTokenError, jwt.InvalidKeyError, ValueError):
        raise invalid_grant("invalid assertion") from None


def _check_audience(org: Org, request: Request, audience: Any) -> None:
    allowed = {f"https://{host}" for host in LOGIN_HOSTS} | {org.settings.instance_url, f"https://{host_of(request)}"}
    named = audience if isinstance(audience, list) else [audience]
    if not any(str(one).rstrip("/").removesuffix("/services/oauth2/token") in allowed for one in named):
        raise invalid_grant("audience is invalid")


def _check_expiry(org: Org, expiry: Any) -> None:
    """Seconds, milliseconds and strings of them are all sent by real clients."""
    try:
        moment = float(expiry)
    except (TypeError, ValueError):
        raise invalid_grant("invalid assertion") from None
    if moment > _MILLISECONDS:
        moment /= 1000
    if moment + _SKEW < org.clock().timestamp():
        raise invalid_grant("expired authorization code")
