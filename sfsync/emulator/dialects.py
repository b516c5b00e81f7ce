"""Where the APIs of an org differ before a resource is asked: whose session it is, and how they say no."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.emulator.bulk.xmltext import document
from sfsync.emulator.http import Answer

if TYPE_CHECKING:
    from sfsync.emulator.errors import ApiError
    from sfsync.emulator.http import Request

XML_TYPE = "application/xml"
PLAIN_JSON_TYPE = "application/json"  # Bulk API 1.0 names no charset, as recorded
_ASYNC = "services/async/"
_NO_SESSION = ("InvalidSessionId", "Unable to find session id")  # [facts: api 1.5]
_ASYNC_NAMES = {
    "INVALID_SESSION_ID": _NO_SESSION,
    "INVALID_AUTH_HEADER": _NO_SESSION,
    "NOT_FOUND": ("InvalidUrl", "The requested resource does not exist"),
    "METHOD_NOT_ALLOWED": ("MethodNotAllowed", None),
    "REQUEST_LIMIT_EXCEEDED": ("ExceededQuota", None),
    "EXCEEDEDQUOTA": ("ExceededQuota", None),
    "API_DISABLED_FOR_ORG": ("FeatureNotEnabled", None),
    "JSON_PARSER_ERROR": ("InvalidJSON", None),
}


def is_async(request: Request) -> bool:
    """Whether the request is one of Bulk API 1.0."""
    return request.path.lstrip("/").lower().startswith(_ASYNC)


def session_of(request: Request) -> str | None:
    """The Authorization header; Bulk API 1.0 also takes the token alone, in X-SFDC-Session [facts: api 4.3]."""
    token = request.headers.get("x-sfdc-session") if is_async(request) else None
    return request.headers.get("authorization") if token is None else f"Bearer {token}"


def wants_json(request: Request) -> bool:
    """Whether a request of Bulk API 1.0 is in JSON, and is to be answered so [facts: api 13]."""
    named = request.headers.get("content-type") or request.headers.get("accept") or ""
    return "json" in named.lower()


def refused(request: Request, refusal: ApiError) -> Answer:
    """The answer that a refusal becomes [facts: api 5.2]; a lost session is a bad request in Bulk API 1.0."""
    if not is_async(request):
        return Answer(refusal.status, refusal.as_rest())
    code, text = _ASYNC_NAMES.get(refusal.code, (refusal.code, None))
    status = 400 if code in {"InvalidSessionId", "InvalidUrl"} else refusal.status
    error = {"exceptionCode": code, "exceptionMessage": text or refusal.message}
    if wants_json(request):
        return Answer(status, error, {"Content-Type": PLAIN_JSON_TYPE})
    return Answer(status, document("error", list(error.items())), {"Content-Type": XML_TYPE})
