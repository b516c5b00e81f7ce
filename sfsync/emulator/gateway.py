"""From request to response: faults, session, limits, resource, and the headers every answer carries."""

from __future__ import annotations

from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

from sfsync.emulator.errors import ApiError
from sfsync.emulator.faults import IN_PARTS
from sfsync.emulator.http import JSON_TYPE, Answer, Response, encode
from sfsync.emulator.routes import perform, resolve
from sfsync.emulator.transactions import cannot_lock

if TYPE_CHECKING:
    from sfsync.emulator.calls import Call
    from sfsync.emulator.faults import Fault
    from sfsync.emulator.http import Request, WireFault
    from sfsync.emulator.org import Org
    from sfsync.emulator.routes import Target

_COMMITTED: dict[str, WireFault] = {
    "lost_answer": "lost",
    "lost_answer_timeout": "timeout",
    "truncated": "truncated",
}
_MAINTENANCE = "<html><head><title>Service Unavailable</title></head><body><h1>Down for maintenance</h1></body></html>"
_NO_BODY = {204, 304}


def handle(org: Org, request: Request) -> Response:
    """Answer a request under the org's lock; hooks run outside of it, before and after the commit."""
    with org.lock:
        target = resolve(request)
        call = org.calls.add(request.method, request.path, target.kind)
        for transaction in [one for one in org.transactions if one.due is not None and one.due <= call.number]:
            transaction.commit()
        fault, delay = org.faults.choose(request.method, request.path, target.kind)
        call.fault = fault.name if fault else "latency" if delay else None
    for hook in tuple(org.on_call):
        hook(call, "before")
    with org.lock:
        response = _faulty(org, request, target, call, fault) if fault else _respond(org, request, target, call)
        response.delay = delay
        call.status = 0 if response.wire_fault in {"reset", "timeout"} else response.status
    for hook in tuple(org.on_call):
        hook(call, "after")
    return response


def _faulty(org: Org, request: Request, target: Target, call: Call, fault: Fault) -> Response:
    name = fault.name
    if name in _COMMITTED:
        response = _respond(org, request, target, call)
        response.wire_fault = _COMMITTED[name]
        return response
    if name == "reset":
        return Response(0, {}, b"", wire_fault="reset")
    if name == "late_commit":
        return _commit_late(org, request, target, call, fault)
    if name == "expired_token":
        org.tokens.revoke((request.headers.get("authorization") or "").partition(" ")[2])
    if name == "lock_row" and target.kind in IN_PARTS:
        request.lock_fault = fault
        return _respond(org, request, target, call)
    if fault.done:
        _respond(org, request, target, call)
    if name in {"expired_token", "lock_row"}:
        return _respond(org, request, target, call, refuse=cannot_lock(None) if name == "lock_row" else None)
    return _write_answer(org, request, _refusal(org, name))


def _refusal(org: Org, name: str) -> Answer:
    if name == "http_500":
        number = org.rng.randrange(10**9)
        message = (
            "An unexpected error occurred. Please include this ErrorId if you contact support: "
            f"{number:09d}-{org.rng.randrange(10**5):05d} ({org.rng.randrange(10**9)})"
        )
        return _error(ApiError(500, "UNKNOWN_EXCEPTION", message))
    if name == "html_503":
        return Answer(503, _MAINTENANCE, {"Content-Type": "text/html;charset=UTF-8"})
    if name == "request_limit":
        return _error(_limit_exceeded())
    return _error(ApiError(503, "SERVER_UNAVAILABLE", "Server Unavailable"))


def _commit_late(org: Org, request: Request, target: Target, call: Call, fault: Fault) -> Response:
    """Leave the client without answer; what the call wrote is seen only some calls later."""
    transaction = org.open_transaction(due=call.number + fault.after + 1)
    response: list[Response] = []

    def step() -> None:
        response[:] = [_respond(org, request, target, call, again=bool(response))]

    transaction.do(step)
    response[0].wire_fault = "timeout"
    return response[0]


def _respond(
    org: Org, request: Request, target: Target, call: Call, *, refuse: ApiError | None = None, again: bool = False
) -> Response:
    answer = _admit(org, request, target, call, again=again)
    if answer is None and refuse is not None:
        answer = _error(refuse)
    if answer is None:
        answer = org.settled(lambda: perform(org, request, target, call))
    return _write_answer(org, request, answer, limits=target.counted)


def _admit(org: Org, request: Request, target: Target, call: Call, *, again: bool) -> Answer | None:
    """Check session and limits and count the call; the answer that ends it here, or None."""
    if not target.authenticated or again:
        return None
    try:
        request.user_id = org.tokens.user_of(request.headers.get("authorization"), org.clock())
    except ApiError as refusal:
        return _error(refusal)
    if not org.settings.api_enabled:
        message = "The REST API is not enabled for this Organization"
        return _error(ApiError(403, "API_DISABLED_FOR_ORG", message))
    if target.counted:
        if org.usage() >= org.settings.daily_limit:
            return _error(_limit_exceeded())
        org.usage(count=True)
        call.counted = True
    return None


def _limit_exceeded() -> ApiError:
    return ApiError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")


def _error(refusal: ApiError) -> Answer:
    return Answer(refusal.status, refusal.as_rest())


def _write_answer(org: Org, request: Request, answer: Answer, *, limits: bool = False) -> Response:
    request_id = f"{org.rng.getrandbits(128):032x}"
    headers = {
        "Date": format_datetime(org.clock().replace(microsecond=0), usegmt=True),
        "Cache-Control": "no-cache,must-revalidate,max-age=0,no-store,private",
        "Server": "sfdcedge",
        "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
        "Vary": "Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
        "x-request-id": request_id,
        "x-sfdc-request-id": request_id,
    }
    if limits:
        headers["Sforce-Limit-Info"] = _limit_info(org)
    body = _body(request, answer.payload)
    if answer.payload is not None:
        headers["Content-Type"] = JSON_TYPE
    headers.update(answer.headers)
    if request.method == "HEAD" or answer.status in _NO_BODY:
        body = b""
    return Response(answer.status, headers, body)


def _body(request: Request, payload: Any) -> bytes:
    if payload is None:
        return b""
    if isinstance(payload, str):
        return payload.encode()
    return encode(payload, pretty=request.headers.get("x-prettyprint") == "1")


def _limit_info(org: Org) -> str:
    used, limit = org.usage(), org.settings.daily_limit
    info = f"api-usage={used}/{limit}"
    app = org.settings.per_app_usage
    return f"{info}; per-app-api-usage={used}/{limit}(appName={app})" if app else info
