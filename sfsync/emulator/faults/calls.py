"""Faults of a call: limits, locks, sessions and other refusals of a busy org, and commits that come late."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfsync.emulator.dialects import refused, session_of
from sfsync.emulator.errors import REQUEST_LIMITS, ApiError, request_limit, wrong_session
from sfsync.emulator.faults.entry import IN_PARTS, Entry
from sfsync.emulator.faults.known import refusal_of
from sfsync.emulator.faults.options import Option
from sfsync.emulator.http import Answer
from sfsync.emulator.transactions import cannot_lock

if TYPE_CHECKING:
    from sfsync.emulator.faults.exchange import Exchange
    from sfsync.emulator.faults.plan import Fault
    from sfsync.emulator.http import Response

_UPSERTED = {200, 201}
_QUERIES = frozenset({"query", "query_more"})
_DONE = Option("done", "flag", "strike after the commit instead of before anything is done", default=False)
_PICK = Option("pick", "whole", "the one part (graph, subrequest, record) that it hits, from 1", least=1)
_REFUSAL = (
    Option("code", "text", "the errorCode", required=True),
    Option("message", "text", "its message; by default the platform's own for that code"),
    Option("status", "whole", "the HTTP status; by default the platform's own for that code", least=400, most=599),
    Option("field", "text", "a field that it names"),
)


def _over_the_limit(exchange: Exchange, fault: Fault) -> Response:
    if fault.options["done"]:
        exchange.respond()
    return exchange.write(refused(exchange.request, request_limit(fault.options["limit"])))


def _query_timeout(exchange: Exchange, _fault: Fault) -> Response:
    return exchange.respond(refuse=refusal_of("QUERY_TIMEOUT"))


def _strike_parts(exchange: Exchange, fault: Fault) -> Response:
    if exchange.target.kind in IN_PARTS:
        exchange.request.part_fault = fault
        return exchange.respond()
    return exchange.respond(refuse=fault.refusal())


def _chosen_refusal(fault: Fault) -> ApiError:
    wanted = fault.options
    known = refusal_of(wanted["code"])
    fields = [wanted["field"]] if wanted["field"] else known.fields
    return ApiError(wanted["status"] or known.status, known.code, wanted["message"] or known.message, fields)


def _refuse(exchange: Exchange, fault: Fault) -> Response:
    if fault.options["done"]:
        exchange.respond()
        return exchange.write(refused(exchange.request, _chosen_refusal(fault)))
    return exchange.respond(refuse=_chosen_refusal(fault))


def _expire_token(exchange: Exchange, _fault: Fault) -> Response:
    exchange.org.tokens.revoke((session_of(exchange.request) or "").partition(" ")[2])
    return exchange.respond()


def _wrong_session(exchange: Exchange, _fault: Fault) -> Response:
    return exchange.write(refused(exchange.request, wrong_session()))


def _upsert_without_body(exchange: Exchange, _fault: Fault) -> Response:
    return exchange.respond(change=_as_204)


def _as_204(answer: Answer) -> Answer:
    """Empty the answer of an upsert, alone or as a part of a composite, graph or batch."""
    body = answer.payload
    if answer.ok and isinstance(body, dict) and "created" in body:
        return Answer(204)
    for part in _parts_of(body):
        content, status = ("result", "statusCode") if "result" in part else ("body", "httpStatusCode")
        if part[status] in _UPSERTED and isinstance(part[content], dict) and "created" in part[content]:
            part.update({content: None, status: 204})
            if "httpHeaders" in part:
                part["httpHeaders"] = {}
    return answer


def _parts_of(body: Any) -> list[dict[str, Any]]:
    if not isinstance(body, dict):
        return []
    if "graphs" in body:
        return [part for one in body["graphs"] for part in _parts_of(one.get("graphResponse"))]
    parts: list[dict[str, Any]] = body.get("compositeResponse") or body.get("results") or []
    return parts


def _commit_late(exchange: Exchange, fault: Fault) -> Response:
    """Leave the client without answer; what the call wrote is seen only some calls later."""
    transaction = exchange.org.open_transaction(due=exchange.call.number + fault.options["after"] + 1)
    response: list[Response] = []

    def step() -> None:
        response[:] = [exchange.respond(again=exchange.call.counted or bool(response))]

    transaction.do(step)
    response[0].wire_fault = "timeout"
    return response[0]


ROWS = (
    Entry(
        "request_limit",
        "call",
        "403 REQUEST_LIMIT_EXCEEDED.",
        "api 5.1, 5.4",
        (Option("limit", "choice", "which limit", default="total", choices=tuple(REQUEST_LIMITS)), _DONE),
        ("REQUEST_LIMIT_EXCEEDED",),
        answer=_over_the_limit,
    ),
    Entry(
        "query_timeout",
        "call",
        "400 QUERY_TIMEOUT.",
        "api 3.7, 5.4",
        lists=("QUERY_TIMEOUT",),
        kinds=_QUERIES,
        answer=_query_timeout,
    ),
    Entry(
        "lock_row",
        "call",
        "UNABLE_TO_LOCK_ROW: the whole call, single graphs, subrequests or records of it, or rows of a bulk job (kind "
        "bulk_rows: a chunk of 200 counts as a call); rate is their chance.",
        "api 5.5",
        (_PICK,),
        ("UNABLE_TO_LOCK_ROW",),
        part=lambda _fault: cannot_lock(None),
        answer=_strike_parts,
    ),
    Entry(
        "part_fails",
        "call",
        "Some records, subrequests, graphs or rows of a bulk job fail with an error of your choice, the rest goes "
        "through; rate is the chance of each.",
        "api 3.10, 3.12, 3.14",
        (*_REFUSAL, _PICK),
        ("partial success in a collection call",),
        kinds=IN_PARTS,
        part=_chosen_refusal,
        answer=_strike_parts,
    ),
    Entry(
        "refuse",
        "call",
        "The call is refused with an error of your choice, such as TXN_SECURITY_METERING_ERROR.",
        "api 5.4",
        (*_REFUSAL, _DONE),
        answer=_refuse,
    ),
    Entry(
        "expired_token",
        "call",
        "401 INVALID_SESSION_ID; the token is dead from then on.",
        "api 1.5",
        answer=_expire_token,
    ),
    Entry(
        "expired_mid_page",
        "call",
        "401 INVALID_SESSION_ID between the pages of a query; the token is dead from then on.",
        "api 1.5",
        lists=("INVALID_SESSION_ID mid-page",),
        kinds=frozenset({"query_more"}),
        answer=_expire_token,
    ),
    Entry(
        "wrong_session",
        "call",
        "401 This session is not valid for use with the REST API: a new token does not help.",
        "api 1.5",
        answer=_wrong_session,
    ),
    Entry(
        "upsert_204",
        "call",
        "An upsert is answered with 204 and no body instead of 200 or 201, also within composite, graph and batch.",
        "api 3.4",
        lists=("204 instead of 201 on upsert",),
        kinds=frozenset({"upsert", "composite", "graph", "batch"}),
        answer=_upsert_without_body,
    ),
    Entry(
        "late_commit",
        "call",
        "No answer, and what the call writes is seen only some calls later, with its old stamps.",
        "api 6.1",
        (Option("after", "whole", "how many calls later", default=1, least=0),),
        ("late-committed rows with older SystemModstamp",),
        answer=_commit_late,
    ),
)
