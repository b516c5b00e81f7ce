"""Faults of the edge: breakdowns, maintenance, and pages that no org has written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.emulator.dialects import refused
from sfsync.emulator.errors import ApiError
from sfsync.emulator.faults.entry import Entry
from sfsync.emulator.faults.options import Option
from sfsync.emulator.http import Answer

if TYPE_CHECKING:
    from sfsync.emulator.faults.entry import Answering
    from sfsync.emulator.faults.exchange import Exchange
    from sfsync.emulator.faults.plan import Fault
    from sfsync.emulator.http import Response

_DONE = Option("done", "flag", "strike after the commit instead of before anything is done", default=False)


def _break_down(exchange: Exchange, fault: Fault) -> Response:
    if fault.options["done"]:
        exchange.respond()
    rng = exchange.org.rng
    message = (
        "An unexpected error occurred. Please include this ErrorId if you contact support: "
        f"{rng.randrange(10**9):09d}-{rng.randrange(10**5):05d} ({rng.randrange(10**9)})"
    )
    return exchange.write(refused(exchange.request, ApiError(500, "UNKNOWN_EXCEPTION", message)))


def _unavailable(exchange: Exchange, fault: Fault) -> Response:
    if fault.options["done"]:
        exchange.respond()
    return exchange.write(refused(exchange.request, ApiError(503, "SERVER_UNAVAILABLE", "Server Unavailable")))


def _page(status: int, title: str, text: str) -> Answering:
    """An answer of the edge: HTML, and no word from the org."""
    html = f"<html><head><title>{title}</title></head><body><h1>{text}</h1></body></html>"

    def answer(exchange: Exchange, fault: Fault) -> Response:
        if fault.options["done"]:
            exchange.respond()
        return exchange.write(Answer(status, html, {"Content-Type": "text/html;charset=UTF-8"}))

    return answer


def _empty(exchange: Exchange, fault: Fault) -> Response:
    if fault.options["done"]:
        exchange.respond()
    return exchange.write(Answer(406))


ROWS = (
    Entry("http_500", "call", "500 UNKNOWN_EXCEPTION.", "api 5.4", (_DONE,), ("500",), answer=_break_down),
    Entry(
        "http_502",
        "call",
        "502 with the edge's HTML page.",
        "api 5.4",
        (_DONE,),
        ("502",),
        answer=_page(502, "Bad Gateway", "Bad Gateway"),
    ),
    Entry("http_503", "call", "503 SERVER_UNAVAILABLE.", "api 5.4", (_DONE,), ("503",), answer=_unavailable),
    Entry(
        "html_503",
        "call",
        "503 with an HTML page about maintenance.",
        "api 5.4",
        (_DONE,),
        ("503",),
        answer=_page(503, "Service Unavailable", "Down for maintenance"),
    ),
    Entry(
        "http_504",
        "call",
        "504 with the edge's HTML page.",
        "api 5.4",
        (_DONE,),
        answer=_page(504, "Gateway Timeout", "Gateway Timeout"),
    ),
    Entry(
        "html_420",
        "call",
        "420 with an HTML page: the edge has no routing for the org.",
        "api 5.3, peers 5.4",
        (_DONE,),
        ('420 HTML "setting things up"',),
        answer=_page(420, "Hold on", "We are setting things up. Come back in a minute."),
    ),
    Entry(
        "http_429",
        "call",
        "429 with the edge's HTML page.",
        "api 5.4",
        (_DONE,),
        answer=_page(429, "Too Many Requests", "Too Many Requests"),
    ),
    Entry("empty_406", "call", "406 without a body.", "peers 5.4", (_DONE,), ("406 without a body",), answer=_empty),
)
