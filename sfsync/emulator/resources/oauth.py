"""OAuth: client credentials and JWT bearer, userinfo, identity, revoke [facts: api 1]."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

import jwt

from sfsync.emulator.errors import ApiError, not_found
from sfsync.emulator.http import Answer

if TYPE_CHECKING:
    from sfsync.emulator.http import Request
    from sfsync.emulator.org import Org
    from sfsync.emulator.settings import OAuthClient, User

_JWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LOGIN_HOSTS = {"login.salesforce.com", "test.salesforce.com"}
_MILLISECONDS = 10**11  # epochs beyond this are milliseconds, as some clients send them [facts: api 13]
_SKEW = 180


class _OAuthError(Exception):
    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.answer = Answer(status, {"error": error, "error_description": description})


def token(org: Org, request: Request) -> Answer:
    """POST /services/oauth2/token."""
    try:
        return _grant(org, request)
    except _OAuthError as refusal:
        return refusal.answer


def _grant(org: Org, request: Request) -> Answer:
    form = dict(parse_qsl(request.content().decode(errors="replace"), keep_blank_values=True)) | request.query
    grant = form.get("grant_type")
    if not grant:
        raise _OAuthError("invalid_request", "missing required parameter: grant_type")
    if grant not in {"client_credentials", _JWT}:
        raise _OAuthError("unsupported_grant_type", "grant type not supported")
    if not org.tokens.may_log_in(org.clock()):
        raise _OAuthError("rate_limit_exceeded", "login rate exceeded")
    if grant == "client_credentials":
        client, user = _client_credentials(org, request, form)
        return _granted(org, request, client, user, signed=True)
    client, user = _assertion(org, request, form)
    return _granted(org, request, client, user, signed=False)


def _client_credentials(org: Org, request: Request, form: dict[str, str]) -> tuple[OAuthClient, User]:
    if _host(request).partition(":")[0] in _LOGIN_HOSTS:
        raise _OAuthError("invalid_grant", "request not supported on this domain")
    client_id, secret = _basic(request) or (form.get("client_id", ""), form.get("client_secret", ""))
    client = _client(org, client_id)
    if not hmac.compare_digest(client.client_secret.encode(), secret.encode()):
        raise _OAuthError("invalid_client", "invalid client credentials", org.settings.wrong_secret_status)
    if client.run_as is None:
        raise _OAuthError("invalid_grant", "no client credentials user enabled")
    return client, _user(org, client.run_as)


def _basic(request: Request) -> tuple[str, str] | None:
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise _OAuthError("invalid_client_id", "client identifier invalid") from None
    return unquote(name), unquote(secret)


def _client(org: Org, client_id: str) -> OAuthClient:
    for client in org.settings.clients:
        if client.client_id == client_id:
            return client
    raise _OAuthError("invalid_client_id", "client identifier invalid")


def _user(org: Org, username: str) -> User:
    for user in org.settings.users:
        if user.username.lower() == username.lower():
            if not user.active:
                raise _OAuthError("invalid_grant", "inactive user")
            return user
    raise _OAuthError("invalid_grant", "user hasn't approved this consumer")


def _assertion(org: Org, request: Request, form: dict[str, str]) -> tuple[OAuthClient, User]:
    try:
        claims: dict[str, Any] = jwt.decode(form.get("assertion", ""), options={"verify_signature": False})
    except jwt.InvalidTokenError:
        raise _OAuthError("invalid_grant", "invalid assertion") from None
    client = _client(org, str(claims.get("iss", "")))
    try:
        if client.public_key is None:
            raise jwt.InvalidKeyError("no key registered")  # noqa: TRY301 - one refusal for every bad signature
        checks: Any = {f"verify_{claim}": False for claim in ("exp", "aud", "iat", "nbf", "sub", "jti")}
        jwt.decode(form["assertion"], client.public_key, algorithms=["RS256"], options=checks)
    except (jwt.InvalidTokenError, jwt.InvalidKeyError, ValueError):
        raise _OAuthError("invalid_grant", "invalid assertion") from None
    _check_audience(org, request, claims.get("aud"))
    _check_expiry(org, claims.get("exp"))
    user = _user(org, str(claims.get("sub", "")))
    if client.approved_users is not None and user.username not in client.approved_users:
        raise _OAuthError("invalid_grant", "user hasn't approved this consumer")
    return client, user


def _check_audience(org: Org, request: Request, audience: Any) -> None:
    allowed = {f"https://{host}" for host in _LOGIN_HOSTS} | {org.settings.instance_url, f"https://{_host(request)}"}
    named = audience if isinstance(audience, list) else [audience]
    if not any(str(one).rstrip("/").removesuffix("/services/oauth2/token") in allowed for one in named):
        raise _OAuthError("invalid_grant", "audience is invalid")


def _check_expiry(org: Org, expiry: Any) -> None:
    """Seconds, milliseconds and strings of them are all sent by real clients."""
    try:
        moment = float(expiry)
    except (TypeError, ValueError):
        raise _OAuthError("invalid_grant", "invalid assertion") from None
    if moment > _MILLISECONDS:
        moment /= 1000
    if moment + _SKEW < org.clock().timestamp():
        raise _OAuthError("invalid_grant", "expired authorization code")


def _host(request: Request) -> str:
    return request.headers.get("host", "")


def _granted(org: Org, request: Request, client: OAuthClient, user: User, *, signed: bool) -> Answer:
    user_id = str(org.db.find("User", {"Username": user.username})[0]["Id"])
    host = _host(request)
    login_host = not host or host.partition(":")[0] in _LOGIN_HOSTS
    instance = org.settings.instance_url if login_host else f"https://{host}"
    identity_url = f"{instance}/id/{org.settings.org_id}/{user_id}"
    issued = str(int(org.clock().timestamp() * 1000))
    digest = hmac.new(client.client_secret.encode(), (identity_url + issued).encode(), hashlib.sha256).digest()
    granted = {"access_token": org.tokens.mint(user_id, org.clock())}
    if signed:
        granted["signature"] = base64.b64encode(digest).decode()
    granted |= {"scope": "api" if signed else "api web", "instance_url": instance, "id": identity_url}
    granted["token_type"] = "Bearer"  # noqa: S105 - no secret
    if signed:
        granted["issued_at"] = issued
    return Answer(200, granted)


def revoke(org: Org, request: Request) -> Answer:
    """POST /services/oauth2/revoke."""
    form = dict(parse_qsl(request.content().decode(errors="replace"))) | request.query
    if org.tokens.revoke(form.get("token", "")):
        return Answer(200)
    return Answer(400, {"error": "invalid_token", "error_description": "invalid token"})


def userinfo(org: Org, request: Request) -> Answer:
    """GET /services/oauth2/userinfo."""
    try:
        user_id = org.tokens.user_of(request.headers.get("authorization"), org.clock())
    except ApiError:
        return Answer(org.settings.bad_userinfo_status, "Bad_OAuth_Token", {"Content-Type": "text/html;charset=UTF-8"})
    return Answer(200, _about(org, user_id))


def identity(org: Org, request: Request, org_id: str, user_id: str) -> Answer:
    """GET /id/org/user; the token may come as a parameter."""
    bearer = request.headers.get("authorization") or f"Bearer {request.query.get('oauth_token', '')}"
    try:
        org.tokens.user_of(bearer, org.clock())
    except ApiError:
        return Answer(403, "Bad_OAuth_Token", {"Content-Type": "text/html;charset=UTF-8"})
    if org_id[:15] != org.settings.org_id[:15] or org.db.get_row("User", user_id) is None:
        raise not_found()
    about = _about(org, user_id)
    url = f"{org.settings.instance_url}/id/{org.settings.org_id}/{user_id}"
    return Answer(200, {"id": url, "asserted_user": True, **about, "username": about["preferred_username"]})


def _about(org: Org, user_id: str) -> dict[str, Any]:
    user = org.db.get_row("User", user_id) or {}
    instance = org.settings.instance_url
    base = f"{instance}/services/data/v{{version}}/"
    return {
        "sub": f"{instance}/id/{org.settings.org_id}/{user_id}",
        "user_id": user_id,
        "organization_id": org.settings.org_id,
        "preferred_username": user.get("Username"),
        "nickname": user.get("CommunityNickname"),
        "name": user.get("Name"),
        "email": user.get("Email"),
        "email_verified": True,
        "given_name": user.get("FirstName"),
        "family_name": user.get("LastName"),
        "zoneinfo": user.get("TimeZoneSidKey"),
        "urls": {"rest": base, "sobjects": f"{base}sobjects/", "query": f"{base}query/", "custom_domain": instance},
        "active": user.get("IsActive"),
        "user_type": "STANDARD",
        "language": user.get("LanguageLocaleKey"),
        "locale": user.get("LocaleSidKey"),
        "utcOffset": 0,
        "is_app_installed": True,
    }
