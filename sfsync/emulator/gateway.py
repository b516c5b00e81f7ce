"""From request to response: faults, session, limits, resource, and the headers every answer carries."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from sfsync.emulator.clock import http_date
from sfsync.emulator.dialects import refused, session_of
from sfsync.emulator.errors import ApiError, api_disabled, request_limit
from sfsync.emulator.faults.exchange import Exchange
from sfsync.emulator.http import JSON_TYPE, Answer, Response, encode
from sfsync.emulator.routes import perform, resolve
from sfsync.emulator.transactions import commit_due

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfsync.emulator.calls import Call
    from sfsync.emulator.faults.exchange import Strike
    from sfsync.emulator.http import Request
    from sfsync.emulator.org import Org
    from sfsync.emulator.routes import Target

_NO_BODY = {204, 304}


def handle(org: Org, request: Request) -> Response:
    """Answer a request under the org's lock; hooks run outside of it, before and after the commit."""
    with org.lock:
        target = resolve(request)
        call = org.calls.add(request.method, request.path, target.kind)
        for transaction in [one for one in org.transactions if one.is_due(call.number)]:
            commit_due(transaction)
        if not org.transactions:
            org.bin.tend(org.clock())
        strike = org.faults.choose(request.method, request.path, target.kind)
        call.fault = strike.names if strike else None
        if target.counted:
            org.in_flight.enter(call.number, org.clock())
    try:
        response = _answer(org, request, target, call, strike)
    finally:
        org.in_flight.leave(call.number)
    for hook in tuple(org.on_call):
        hook(call, "after")
    return response


def _answer(org: Org, request: Request, target: Target, call: Call, strike: Strike | None) -> Response:
    for hook in tuple(org.on_call):
        hook(call, "before")
    with org.lock:
        if strike is None:
            response = _respond(org, request, target, call)
        else:
            respond, write = partial(_respond, org, request, target, call), partial(_write_answer, org, request)
            response = strike.respond(Exchange(org, request, target, call, respond, write))
        call.status = 0 if response.wire_fault in {"reset", "timeout"} else response.status
    return response


def _respond(
    org: Org,
    request: Request,
    target: Target,
    call: Call,
    *,
    refuse: ApiError | None = None,
    change: Callable[[Answer], Answer] | None = None,
    again: bool = False,
) -> Response:
    too_long = request.too_long()
    if too_long is not None:  # refused before the org sees it
        return _write_answer(org, request, Answer(too_long, "", {"Content-Type": "text/html"}))
    answer = _admit(org, request, target, call, again=again)
    if answer is None and refuse is not None:
        answer = refused(request, refuse)
    if answer is None:
        answer = org.settled(lambda: perform(org, request, target, call))
        if answer.then is not None and org.world.journal is None:
            answer = answer.then()
        for _ in range(0 if again else answer.cost - 1):
            org.usage(count=True)
    if change is not None:
        answer = change(answer)
    return _write_answer(org, request, answer, limits=target.counted)


def _admit(org: Org, request: Request, target: Target, call: Call, *, again: bool) -> Answer | None:
    """Check session and limits and count the call; the answer that ends it here, or None."""
    if not target.authenticated or again:
        return None
    try:
        request.user_id = org.tokens.user_of(session_of(request), org.clock())
    except ApiError as refusal:
        return refused(request, refusal)
    if not org.settings.api_enabled:
        return refused(request, api_disabled())
    if target.counted:
        if org.usage() >= org.settings.daily_limit:
            return refused(request, request_limit())
        org.usage(count=True)
        call.counted = True
        if org.in_flight.too_many(org.clock()):
            return refused(request, request_limit("concurrent"))
    return None


def _write_answer(org: Org, request: Request, answer: Answer, *, limits: bool = False) -> Response:
    request_id = f"{org.rng.getrandbits(128):032x}"
    headers = {
        "Date": http_date(org.clock() + timedelta(seconds=org.settings.date_skew_seconds)),
        "Cache-Control": "no-cache,must-revalidate,max-age=0,no-store,private",
        "Server": "sfdcedge",
        "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
        "Vary": "Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "none",
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
    if isinstance(payload, bytes):
        return payload
    if isinstance(payload, str):
        return payload.encode()
    return encode(payload, pretty=request.headers.get("x-prettyprint") == "1")


def _limit_info(org: Org) -> str:
    used, limit = org.usage(), org.settings.daily_limit
    info = f"api-usage={used}/{limit}"
    app = org.settings.per_app_usage
    return f"{info}; per-app-api-usage={used}/{limit}(appName={app})" if app else info
