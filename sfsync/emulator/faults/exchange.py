"""A call in the making, as a fault gets hold of it, and how the faults that struck shape its answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from sfsync.emulator.errors import ApiError
from sfsync.emulator.faults.options import FaultError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfsync.emulator.calls import Call
    from sfsync.emulator.faults.plan import Fault
    from sfsync.emulator.http import Answer, Request, Response
    from sfsync.emulator.org import Org
    from sfsync.emulator.routes import Target


class Respond(Protocol):
    """Performs the call as if there were no fault: session and limits checked, the resource asked.

    refuse takes the resource's place once the call is admitted; change rewrites the answer before it is written;
    again performs the call without admitting it a second time.
    """

    def __call__(
        self,
        *,
        refuse: ApiError | None = None,
        change: Callable[[Answer], Answer] | None = None,
        again: bool = False,
    ) -> Response:
        """Perform."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One call: what was asked, and the two ways to answer it. write puts an answer on the wire as it is."""

    org: Org
    request: Request
    target: Target
    call: Call
    respond: Respond
    write: Callable[[Answer], Response]


@dataclass(slots=True)
class Strike:
    """The faults that hit one call: at most one in place of the answer, any number on top and behind it."""

    faults: list[Fault] = field(default_factory=list)

    @property
    def names(self) -> str | None:
        """What the call log says about it."""
        return ", ".join(fault.name for fault in self.faults) or None

    def respond(self, exchange: Exchange) -> Response:
        """Let the faults do to the call what they do."""
        self._act(exchange, after=False)
        response: Response | None = None
        for fault in self.faults:
            if fault.entry.begin is not None:
                fault.entry.begin(exchange.request, fault)
        for fault in self.faults:
            if fault.entry.answer is not None:
                response = fault.entry.answer(exchange, fault)
        if response is None:
            response = exchange.respond()
        for fault in self.faults:
            if fault.entry.finish is not None:
                fault.entry.finish(response, fault)
        self._act(exchange, after=True)
        return response

    def _act(self, exchange: Exchange, *, after: bool) -> None:
        for fault in self.faults:
            if fault.entry.act is not None and (fault.options.get("moment") == "after") == after:
                try:
                    fault.did = fault.entry.act(exchange.org, fault, exchange.request)
                except (ApiError, FaultError) as refusal:
                    fault.did = f"nothing: {refusal}"
