"""Tokens: minted by client credentials or JWT bearer, by one thread at a time, and never by hammering."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import jwt
import requests
from cryptography.exceptions import UnsupportedAlgorithm
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from sfsync.errors import LoginRefused, OrgLimitReached, OrgUnavailable, SettingsError, SfsyncError
from sfsync.salesforce import failures
from sfsync.salesforce.codes import Class, classify

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sfsync.salesforce.endpoint import Endpoint

_TRIES = 3
_JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_JWT_LIFE = timedelta(minutes=3)

_REMEDIES = {
    "authentication failure": "Check login_url, and whether the user is locked or barred by IP ranges.",
    "user hasn't approved this consumer": "Pre-authorise the user's profile or permission set in the app's policies.",
    "user is not admin approved to access this app": "Add the user's profile or permission set to the app's policies.",
    "audience is invalid": "Set login_url to the org's My Domain, or to the login host of its kind.",
    "invalid assertion": "Check private_key_file against the app's certificate, and this machine's clock.",
    "inactive user": "Activate the integration user, or unfreeze it.",
    "ip restricted": "Allow this machine's address in the login IP ranges of the user's profile.",
    "request not supported on this domain": "Set login_url to the org's My Domain; client credentials need it.",
    "no client credentials user enabled": "Choose a “Run As” user in the app's client credentials flow.",
    "invalid_client_id": "Check client_id; a new app is known to the login servers only after about ten minutes.",
    "invalid_client": "Check client_secret.",
    "unsupported_grant_type": "Enable the flow in the app's OAuth settings.",
    "inactive_org": "The org is locked or closed: ask Salesforce support.",
    "invalid_grant": "Check username, client_id, the app's policies and login_url.",
}


@dataclass(frozen=True, slots=True)
class Token:
    """A session at an org, and whose it is. The ids are None where the login did not tell them."""

    access_token: str = field(repr=False)
    instance_url: str
    org_id: str | None
    user_id: str | None


class TokenSource:
    """Keeps one token per org and process. Safe to be asked by several threads: one logs in, the others wait."""

    def __init__(
        self,
        endpoint: Endpoint,
        session: requests.Session,
        *,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
    ) -> None:
        self._endpoint = endpoint
        self._session = session
        self._clock = clock
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._retrying = Retrying(
            stop=stop_after_attempt(_TRIES),
            wait=wait_random_exponential(multiplier=0.5, max=10),
            retry=retry_if_exception(_may_pass),
            sleep=sleep,
            reraise=True,
        )

    def get(self) -> Token:
        """Return the token in use; the first call logs in.

        Raises:
            LoginRefused: the org does not let us in. Not tried again: repeated tries lock the user.
            OrgUnavailable: the login server does not answer as it should; the third try failed.
            OrgLimitReached: the org's API allowance is used up. Not tried again.
            SettingsError: the private key cannot be used.
        """
        with self._lock:
            return self._token or self._login()

    def refresh(self, stale: str) -> Token:
        """Return a token other than `stale`: the one that another thread has fetched meanwhile, or a new one.

        Raises:
            LoginRefused, OrgUnavailable, SettingsError: as `get`.
        """
        with self._lock:
            if self._token is not None and self._token.access_token != stale:
                return self._token
            return self._login()

    def _login(self) -> Token:
        self._token = self._retrying(self._mint)
        return self._token

    def _mint(self) -> Token:
        url = f"{self._endpoint.login_url.rstrip('/')}/services/oauth2/token"
        host = urlsplit(url).netloc or self._endpoint.login_url
        try:
            response = self._session.post(url, data=self._form(), headers={"Accept": "application/json"})
        except (requests.RequestException, OSError) as exc:
            raise failures.from_exception(exc, host) from exc
        try:
            body = response.json()
        except requests.JSONDecodeError:
            body = None
        if response.ok and isinstance(body, dict):
            return _token(body, host)
        raise _login_failure(response.status_code, body, host)

    def _form(self) -> dict[str, str]:
        endpoint = self._endpoint
        if endpoint.private_key is None:
            return {
                "grant_type": "client_credentials",
                "client_id": endpoint.client_id,
                "client_secret": endpoint.client_secret or "",
            }
        claims = {
            "iss": endpoint.client_id,
            "sub": endpoint.username or "",
            "aud": endpoint.login_url.rstrip("/"),
            "exp": int((self._clock() + _JWT_LIFE).timestamp()),
        }
        try:
            assertion = jwt.encode(claims, endpoint.private_key, algorithm="RS256")
        except (ValueError, TypeError, jwt.PyJWTError, UnsupportedAlgorithm):
            # Neither the cause nor its text is passed on: they may quote the key.
            raise SettingsError(
                "The private key cannot be used to sign in.",
                remedy="private_key_file must name an RSA private key in PEM form, without a pass phrase.",
            ) from None
        return {"grant_type": _JWT_GRANT, "assertion": assertion}


def _may_pass(exc: BaseException) -> bool:
    if not isinstance(exc, OrgUnavailable) or isinstance(exc, OrgLimitReached):
        return False
    return exc.code not in {"rate_limit_exceeded", failures.UNTRUSTED}


def _token(body: dict[str, Any], host: str) -> Token:
    token, instance = body.get("access_token"), body.get("instance_url")
    if not isinstance(token, str) or not isinstance(instance, str) or not instance.startswith("https://"):
        raise OrgUnavailable(f"{host} answered the login without a session.", remedy="Check login_url.")
    identity = str(body.get("id") or "").rstrip("/").split("/")
    org_id, user_id = identity[-2:] if "id" in identity[:-2] else (None, None)
    return Token(token, instance.rstrip("/"), org_id, user_id)


def _login_failure(status: int, body: Any, host: str) -> SfsyncError:
    # The API's own form of errors, not OAuth's: the limit is checked before anybody logs in.
    if any(classify(code, message) is Class.LIMIT for code, message, _ in failures.errors_of(body)):
        return failures.from_answer(status, body)
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, str) or status >= requests.codes.server_error:
        return OrgUnavailable(
            f"{host} does not answer as a Salesforce login server (HTTP {status}).",
            remedy="Try again later; if it lasts, check login_url.",
        )
    said = " ".join(str(body.get("error_description") or error).split())
    if error == "rate_limit_exceeded":
        return OrgUnavailable(
            f"Too many logins: the org takes 3,600 an hour from one user ({said}).", code=error, remedy="Wait an hour."
        )
    return LoginRefused(
        f"The org did not let us in: {said} ({error}).",
        code=error,
        remedy=_REMEDIES.get(said.lower()) or _REMEDIES.get(error),
    )
