"""One row of the fault catalogue: what a fault is called, what it does and what may be said about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sfsync.emulator.calls import BULK_ROWS

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfsync.emulator.errors import ApiError
    from sfsync.emulator.faults.exchange import Exchange
    from sfsync.emulator.faults.options import Option
    from sfsync.emulator.faults.plan import Fault
    from sfsync.emulator.http import Request, Response
    from sfsync.emulator.org import Org

    Answering = Callable[[Exchange, Fault], Response]

IN_PARTS = frozenset({"graph", "collections", "composite", "batch", BULK_ROWS})
"""The kinds of calls whose parts can fail one by one."""
Group = Literal["call", "data", "set-up", "not here"]


@dataclass(frozen=True)
class Entry:
    """A kind of fault. `source` names the section of the facts; `lists` the items of the peers' list it stands for.

    answer takes the place of the plain answer, and a call gets one such fault at most; begin and finish come on top
    of any; act does something in the org before or after the call, or at once, and says what it did. A fault without
    any of the four is not the emulator's to make. kinds are the calls it is meant for where neither path nor kind
    says otherwise. part is the refusal of single parts: in calls that have many, such a fault strikes parts instead.
    """

    name: str
    group: Group
    what: str
    source: str
    options: tuple[Option, ...] = ()
    lists: tuple[str, ...] = ()
    kinds: frozenset[str] = frozenset()
    part: Callable[[Fault], ApiError] | None = None
    answer: Answering | None = None
    begin: Callable[[Request, Fault], None] | None = None
    finish: Callable[[Response, Fault], None] | None = None
    act: Callable[[Org, Fault, Request | None], str] | None = None

    @property
    def here(self) -> bool:
        """Whether the emulator can make it."""
        return any((self.answer, self.begin, self.finish, self.act))
