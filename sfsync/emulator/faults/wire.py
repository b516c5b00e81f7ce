"""Faults of the wire: connections that break before or after the work is done, and answers that take their time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.emulator.faults.entry import Entry
from sfsync.emulator.faults.options import Option
from sfsync.emulator.http import Response

if TYPE_CHECKING:
    from sfsync.emulator.faults.entry import Answering
    from sfsync.emulator.faults.exchange import Exchange
    from sfsync.emulator.faults.plan import Fault
    from sfsync.emulator.http import WireFault


def _lose(wire: WireFault) -> Answering:
    """Do everything, and let the answer come to grief on the way."""

    def answer(exchange: Exchange, _fault: Fault) -> Response:
        response = exchange.respond()
        response.wire_fault = wire
        return response

    return answer


def _swallow(wire: WireFault) -> Answering:
    """Do nothing, and answer nothing."""

    def answer(_exchange: Exchange, _fault: Fault) -> Response:
        return Response(0, {}, b"", wire_fault=wire)

    return answer


def _cut_json(exchange: Exchange, _fault: Fault) -> Response:
    response = exchange.respond()
    response.body = response.body[: len(response.body) // 2]
    return response


def _delay(response: Response, fault: Fault) -> None:
    response.delay += fault.options["ms"] / 1000


def _drip(response: Response, fault: Fault) -> None:
    response.pieces = fault.options["pieces"]
    response.pause = fault.options["ms"] / 1000


ROWS = (
    Entry(
        "lost_answer",
        "call",
        "The call is performed and committed; then the connection is dropped.",
        "api 5.6",
        lists=("connection reset after commit",),
        answer=_lose("lost"),
    ),
    Entry(
        "lost_answer_timeout",
        "call",
        "The call is performed and committed; then no answer comes until the client gives up.",
        "api 5.6",
        lists=("timeout after commit",),
        answer=_lose("timeout"),
    ),
    Entry(
        "reset",
        "call",
        "The connection is dropped before anything is done.",
        "api 5.6",
        lists=("connection reset before commit",),
        answer=_swallow("reset"),
    ),
    Entry(
        "lost_request",
        "call",
        "Nothing is done and no answer comes until the client gives up.",
        "api 5.6",
        answer=_swallow("timeout"),
    ),
    Entry(
        "truncated",
        "call",
        "The call is performed; half of the body comes, then the connection closes.",
        "peers 5.4",
        lists=("truncated JSON",),
        answer=_lose("truncated"),
    ),
    Entry(
        "truncated_json",
        "call",
        "The call is performed; half of the JSON comes as if it were all of it.",
        "peers 5.4",
        lists=("truncated JSON",),
        answer=_cut_json,
    ),
    Entry(
        "latency",
        "call",
        "The answer comes late.",
        "peers 5.4",
        (Option("ms", "whole", "by so many milliseconds", required=True, least=0),),
        finish=_delay,
    ),
    Entry(
        "slow_body",
        "call",
        "The body drips: it comes in pieces with pauses between them.",
        "peers 5.4",
        (
            Option("ms", "whole", "milliseconds before each piece", default=100, least=0),
            Option("pieces", "whole", "how many pieces", default=10, least=2),
        ),
        finish=_drip,
    ),
)
