"""Composite batch: up to 25 independent requests in one, each of which costs a call [facts: api 3.13]."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfsync.emulator.errors import ApiError, request_limit
from sfsync.emulator.http import Answer, Request

if TYPE_CHECKING:
    from sfsync.emulator.org import Org

_MOST = 25
_FIRST_VERSION = 34
_FORM = re.compile(r"/?(?:services/data/)?(v(\d{1,3})\.0(?:[/?].*)?)", re.DOTALL)  # clients send both [facts: api 3.13]
_METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}
_SUPPORTED = {
    *("versions", "limits", "query", "query_more", "search"),
    *("record", "upsert", "describe", "updated", "deleted"),
}
_BINARY = ("binaryPartName", "binaryPartNameAlias")
_HALTED = ApiError(412, "BATCH_PROCESSING_HALTED", "Batch processing halted per request")


@dataclass(frozen=True)
class _Part:
    method: str
    url: str
    body: Any


def batch(org: Org, request: Request) -> Answer:
    """POST /composite/batch: 200 once the request could be read; what a part did stays, whatever the others do."""
    body = request.json_object()
    sent = body.get("batchRequests")
    if not isinstance(sent, list) or not sent:
        raise _malformed("batchRequests must be a non-empty array")
    if len(sent) > _MOST:
        raise ApiError(400, "LIMIT_EXCEEDED", f"The request can't contain more than {_MOST} operations.")
    parts = [_read(org, one, request) for one in sent]
    halting = body.get("haltOnError") is True
    affordable = org.settings.daily_limit - org.usage() + 1  # the call itself has been counted
    results: list[dict[str, Any]] = []
    cost = 0
    failed = False
    for place, part in enumerate(parts, 1):
        if failed and halting:
            answer = _error(_HALTED)
        elif cost == affordable:
            answer = _error(request_limit())
        elif request.part_fault is not None and request.part_fault.hits_part(place):
            answer = _error(request.part_fault.refusal())
            cost += 1
        else:
            answer = org.perform(_as_request(part, request))
            cost += 1
        failed = failed or not answer.ok
        results.append({"statusCode": answer.status, "result": answer.payload})
    return Answer(200, {"hasErrors": failed, "results": results}, cost=cost)


def _read(org: Org, part: Any, outer: Request) -> _Part:
    """Read one part.

    Raises:
        ApiError: 400 for the whole batch, before anything is done, if a method or url is wrong.
    """
    if not isinstance(part, dict):
        raise _malformed("each subrequest must be an object")
    if any(part.get(name) is not None for name in _BINARY):
        raise _malformed("binary parts are not supported")  # this org has no blobs to put them in
    method, url = part.get("method"), part.get("url")
    if not isinstance(method, str) or method.upper() not in _METHODS:
        raise _malformed(f"invalid method {method}")
    match = _FORM.fullmatch(url) if isinstance(url, str) else None
    if match is None:
        raise _malformed(f"invalid url {url}")
    if not _FIRST_VERSION <= int(match.group(2)) <= float(outer.version):
        raise _malformed(f"the version of {url} must be at least {_FIRST_VERSION}.0 and at most that of the batch")
    made = _Part(method.upper(), f"/services/data/{match.group(1)}", part.get("richInput"))
    target = org.resolve(Request.of(made.method, made.url))
    if target.refusal is None and target.kind not in _SUPPORTED:
        raise _malformed(f"the resource {url} is not supported in a batch")
    return made


def _as_request(part: _Part, outer: Request) -> Request:
    request = Request.of(part.method, part.url)
    request.payload = part.body
    request.user_id = outer.user_id
    return request


def _malformed(why: str) -> ApiError:
    return ApiError(400, "INVALID_INPUT", why)


def _error(refusal: ApiError) -> Answer:
    return Answer(refusal.status, refusal.as_rest())
