"""Every failure of requests, simple-salesforce and the org itself, translated into the errors of sfsync."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

import requests
from simple_salesforce.exceptions import SalesforceError
from urllib3.exceptions import MaxRetryError, NewConnectionError

from sfsync.errors import (
    LoginRefused,
    OrgLimitReached,
    OrgRefused,
    OrgUnavailable,
    OrgUnfit,
    SettingsError,
    SfsyncError,
)
from sfsync.salesforce.codes import CODES, Class, classify, explain, remedy

if TYPE_CHECKING:
    from collections.abc import Iterator

UNTRUSTED = "UNTRUSTED_CERTIFICATE"
"""Our code for a certificate that is not signed by anybody we trust: waiting does not help."""
_HANDSHAKE = {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "SSLV3_ALERT_HANDSHAKE_FAILURE", "TLSV1_ALERT_PROTOCOL_VERSION"}
_SETTLE = "Whether it was done is not known: it will be settled by reading."


def errors_of(content: Any) -> list[tuple[str, str, tuple[str, ...]]]:
    """Read (code, message, fields) out of an error body: a list or a single object, REST, collections or Bulk form."""
    found: list[tuple[str, str, tuple[str, ...]]] = []
    for error in content if isinstance(content, list) else [content]:
        if not isinstance(error, dict):
            continue
        code = error.get("errorCode") or error.get("statusCode") or error.get("exceptionCode")
        if not isinstance(code, str):
            continue
        message = error.get("message") or error.get("exceptionMessage") or ""
        fields = error.get("fields") or ()
        found.append((code, str(message), tuple(str(field) for field in fields)))
    return found


def errors_behind(failure: SfsyncError) -> list[tuple[str, str, tuple[str, ...]]]:
    """Return the org's own errors behind a failure that OrgClient raised: (code, message, fields), as it said them."""
    cause = failure.__cause__
    return errors_of(cause.content) if isinstance(cause, SalesforceError) else []


def from_answer(status: int, content: Any, *, write: bool = False) -> SfsyncError:
    """Translate an answer that says no. The code decides, not the HTTP status (facts of the platform: 403 or 400).

    Args:
        status: The HTTP status, of the call or of one element of a composite.
        content: The parsed body, or text where it was no JSON.
        write: Whether the request could have changed anything: then an answer that does not come from
            the platform's own error handling leaves it in doubt.
    """
    errors = errors_of(content)
    if not errors:
        return _without_code(status, write=write)
    code, message, fields = errors[0]
    meaning = classify(code, message)
    said = explain(code, message)
    help_ = remedy(code)
    server_error = status >= requests.codes.server_error
    if meaning is Class.LIMIT:
        return OrgLimitReached(said, code=code, remedy=help_)
    if meaning is Class.RETRY or (server_error and code not in CODES):
        return OrgUnavailable(said, in_doubt=write and server_error, code=code, remedy=help_)
    if meaning is Class.LOCK:
        return OrgUnavailable(said, code=code, remedy="Try again in a moment.")
    if code == "API_CURRENTLY_DISABLED":
        return OrgUnavailable(said, code=code, remedy=help_)
    if meaning is Class.AUTH:
        return LoginRefused(
            said, code=code, remedy="Check the policies of the external client app (scopes, IP ranges, session)."
        )
    if meaning in {Class.STOP, Class.SCHEMA}:
        return OrgUnfit(said, code=code, fields=fields, remedy=help_)
    return OrgRefused(said, code=code, fields=fields, remedy=help_)


def _without_code(status: int, *, write: bool) -> SfsyncError:
    redirect = requests.codes.multiple_choices <= status < requests.codes.bad_request
    if redirect:
        return OrgRefused(
            f"The org answered with a redirect (HTTP {status}).",
            remedy="Set login_url to the org's My Domain (https://….my.salesforce.com).",
        )
    return OrgUnavailable(
        f"What answered (HTTP {status}) was not the org's API: maintenance, or something in between.",
        in_doubt=write,
        remedy=_SETTLE if write else "Try again later; if it lasts, check login_url and status.salesforce.com.",
    )


def unreadable(*, write: bool) -> OrgUnavailable:
    """Translate an answer that cannot be parsed: cut off, or no JSON."""
    return OrgUnavailable(
        "The org's answer was cut off or is no JSON.",
        in_doubt=write,
        remedy=_SETTLE if write else "Try again later.",
    )


def from_exception(exc: Exception, host: str, *, write: bool = False) -> SfsyncError:
    """Translate what requests raised. Only what surely failed before anything was sent leaves no doubt."""
    chain = list(_chain(exc))
    if any(isinstance(link, ssl.SSLCertVerificationError) for link in chain):
        return OrgUnavailable(
            f"The certificate of {host} is not signed by an authority that we trust.",
            code=UNTRUSTED,
            remedy="Set ca_file to the authority's certificate, or check login_url.",
        )
    if _bad_ca_file(exc, chain):
        return SettingsError("The CA file cannot be read, or holds no certificate.", remedy="Correct ca_file.")
    if any(isinstance(link, ssl.SSLError) and link.reason in _HANDSHAKE for link in chain):
        return OrgUnavailable(f"{host} does not speak TLS as we do.", remedy="Check login_url.")
    if isinstance(exc, requests.exceptions.ConnectTimeout):
        return OrgUnavailable(f"{host} did not accept a connection in time.", remedy="Check the network and login_url.")
    if _not_connected(exc):
        return OrgUnavailable(
            f"{host} cannot be reached: the name is not known, or nothing listens there.",
            remedy="Check the network and login_url.",
        )
    if isinstance(exc, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema):
        return OrgRefused(f"{host} is no address that can be called.", remedy="Check login_url.")
    if isinstance(exc, requests.exceptions.Timeout):
        return OrgUnavailable(
            f"{host} did not answer in time.", in_doubt=write, remedy=_SETTLE if write else "Try again later."
        )
    return OrgUnavailable(
        f"The connection to {host} broke.", in_doubt=write, remedy=_SETTLE if write else "Try again later."
    )


def _bad_ca_file(exc: Exception, chain: list[BaseException]) -> bool:
    """Requests raises a bare OSError where the file is gone; ssl says so itself where it is no certificate."""
    if not isinstance(exc, requests.RequestException):
        return "TLS CA certificate bundle" in str(exc)
    return any(isinstance(link, ssl.SSLError) and link.reason == "NO_CERTIFICATE_OR_CRL_FOUND" for link in chain)


def _not_connected(exc: Exception) -> bool:
    if isinstance(exc, requests.exceptions.ProxyError):
        return True
    inner = exc.args[0] if exc.args else None
    return isinstance(inner, MaxRetryError) and isinstance(inner.reason, NewConnectionError)


def _chain(exc: BaseException) -> Iterator[BaseException]:
    """Walk all exceptions behind one: urllib3 keeps them in `reason` and `args`, Python in cause and context."""
    seen: set[int] = set()
    todo: list[BaseException] = [exc]
    while todo:
        link = todo.pop()
        if id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        behind = (link.__cause__, link.__context__, getattr(link, "reason", None), *link.args)
        todo.extend(other for other in behind if isinstance(other, BaseException))
