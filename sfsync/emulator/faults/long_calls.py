"""Faults of duration: calls that last, with their transaction open and their locks held until the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.emulator.faults.entry import Entry
from sfsync.emulator.faults.options import Option

if TYPE_CHECKING:
    from sfsync.emulator.faults.exchange import Exchange
    from sfsync.emulator.faults.plan import Fault
    from sfsync.emulator.http import Request, Response
    from sfsync.emulator.org import Org

_TRANSACTIONAL = frozenset({"record", "upsert", "collections", "composite", "graph", "tree", "batch", "place_order"})
_READ = frozenset({"GET", "HEAD"})
_FIRST_REFUSED = 400


def _last(exchange: Exchange, fault: Fault) -> Response:
    """Perform the call now and let it end later.

    A write is an open transaction until then: its rows are unseen and locked, and latestDateCovered stays at its
    start. It is answered by what its commit gives. A read is answered by what it saw at its start. A call that is
    refused ends at once.
    """
    seconds = None if fault.options["hold"] else fault.options["ms"] / 1000
    number, in_flight = exchange.call.number, exchange.org.in_flight
    if exchange.target.kind not in _TRANSACTIONAL or exchange.request.method in _READ:
        response = exchange.respond()
        if response.status < _FIRST_REFUSED:
            in_flight.hold(number, seconds)
        return response
    transaction = exchange.org.open_transaction()
    answers: list[Response] = []

    def step() -> None:
        answers.append(exchange.respond(again=exchange.call.counted or bool(answers)))

    try:
        transaction.do(step)
        if answers[-1].status < _FIRST_REFUSED:
            in_flight.hold(number, seconds)
            transaction.commit()
    finally:
        transaction.rollback()
    return answers[-1]


def _end(org: Org, _fault: Fault, _request: Request | None) -> str:
    return f"let {org.in_flight.release()} calls end"


ROWS = (
    Entry(
        "long_transaction",
        "call",
        "The call lasts: what it writes is unseen and locked, with the parents, until its end, where it commits.",
        "api 5.1, 5.5, 6.1",
        (
            Option("ms", "whole", "for so many milliseconds", default=0, least=0),
            Option("hold", "flag", "until end_long_calls", default=False),
        ),
        answer=_last,
    ),
    Entry(
        "end_long_calls",
        "data",
        "All calls that are held come to their end.",
        "api 5.1",
        act=_end,
    ),
)
