"""Faults on demand: what networks, edges and busy orgs do to a call, scripted or by seeded chance."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from typing import Literal, get_args

FaultName = Literal[
    "lost_answer",  # committed, then the connection is dropped
    "lost_answer_timeout",  # committed, then no answer until the client gives up
    "reset",  # dropped before anything is done
    "http_500",
    "http_503",
    "html_503",
    "truncated",  # committed, then the body is cut short
    "expired_token",  # 401 before anything is done; the token is dead from then on
    "lock_row",  # UNABLE_TO_LOCK_ROW: the whole call, or single graphs or records of it
    "request_limit",  # 403 REQUEST_LIMIT_EXCEEDED
    "late_commit",  # no answer, and the write commits only `after` calls later
    "latency",  # the answer comes `ms` milliseconds late
]
NAMES: tuple[str, ...] = get_args(FaultName)
_OPTIONS = {"path", "method", "kind", "nth", "times", "rate", "pick", "after", "ms", "done"}
_NUMBERS = {"nth", "times", "pick", "after", "ms"}
IN_PARTS = frozenset({"graph", "collections", "composite"})


@dataclass(slots=True)
class Fault:
    """One fault and when it strikes.

    path is a regular expression searched in the path, kind a call kind of the call log. nth counts matching calls
    from 1; times is how often it strikes in all (0: no end). rate is the chance per matching call; for lock_row in
    graph, composite and collections calls it is the chance per part instead, and pick names exactly one (from 1).
    done makes the 5xx faults strike after the commit instead of before anything is done.
    """

    name: str
    path: str | None = None
    method: str | None = None
    kind: str | None = None
    nth: int | None = None
    times: int = 1
    rate: float | None = None
    pick: int | None = None
    after: int = 1
    ms: int = 0
    done: bool = False
    rng: random.Random = field(default_factory=random.Random, repr=False)
    seen: int = 0
    struck: int = 0

    def matches(self, method: str, path: str, kind: str) -> bool:
        """Whether the fault is meant for such a call at all."""
        return (
            (self.path is None or re.search(self.path, path) is not None)
            and (self.method is None or self.method.upper() == method)
            and (self.kind is None or self.kind == kind)
        )

    def strikes(self, *, parts: bool) -> bool:
        """Count one matching call and decide; parts says that chance falls on the call's parts, not on the call."""
        self.seen += 1
        if self.times and self.struck >= self.times:
            return False
        if self.nth is not None and self.seen < self.nth:
            return False
        by_part = parts and self.name == "lock_row"
        if self.rate is not None and not by_part and self.rng.random() >= self.rate:
            return False
        self.struck += 1
        return True

    def hits_part(self, position: int) -> bool:
        """Whether it hits the part (graph or record) at this position, from 1, of a call it struck."""
        if self.pick is not None:
            return position == self.pick
        return self.rate is None or self.rng.random() < self.rate


class Faults:
    """The faults waiting for their calls. A call gets the first that strikes, and latency on top."""

    def __init__(self, seed: int = 0) -> None:
        self._rng = random.Random(seed)  # noqa: S311 - repeatable, not secret
        self._faults: list[Fault] = []

    def add(
        self,
        name: str,
        *,
        path: str | None = None,
        method: str | None = None,
        kind: str | None = None,
        nth: int | None = None,
        times: int | None = None,
        rate: float | None = None,
        pick: int | None = None,
        after: int = 1,
        ms: int = 0,
        done: bool = False,
    ) -> Fault:
        """Plan a fault. It strikes once, unless `times` says otherwise or a `rate` makes it endless.

        Raises:
            ValueError: if there is no fault of that name.
        """
        if name not in NAMES:
            raise ValueError(f"unknown fault {name!r}; there are: {', '.join(NAMES)}")
        if times is None:
            times = 0 if rate is not None else 1
        fault = Fault(name, path, method, kind, nth, times, rate, pick, after, ms, done, self._rng)
        self._faults.append(fault)
        return fault

    def add_spec(self, spec: str) -> None:
        """Plan faults from text such as `lost_answer:path=graph,nth=2;http_503:rate=0.1`.

        Raises:
            ValueError: if the text is not of that form.
        """
        for part in filter(None, (piece.strip() for piece in spec.split(";"))):
            name, _, options_text = part.partition(":")
            self.add(name.strip(), **_options(options_text, part))  # type: ignore[arg-type]

    def clear(self) -> None:
        """Call off everything planned."""
        self._faults.clear()

    def choose(self, method: str, path: str, kind: str) -> tuple[Fault | None, float]:
        """The fault for this call, if any, and the seconds its answer is held back."""
        chosen: Fault | None = None
        delay = 0.0
        for fault in self._faults:
            if not fault.matches(method, path, kind):
                continue
            if fault.name != "latency" and chosen is not None:
                continue
            if fault.strikes(parts=kind in IN_PARTS):
                if fault.name == "latency":
                    delay += fault.ms / 1000
                else:
                    chosen = fault
        return chosen, delay


def _options(text: str, part: str) -> dict[str, object]:
    options: dict[str, object] = {}
    for pair in filter(None, text.split(",")):
        key, equals, value = pair.partition("=")
        key = key.strip()
        if not equals or key not in _OPTIONS:
            raise ValueError(f"cannot read {pair!r} in fault {part!r}; options are: {', '.join(sorted(_OPTIONS))}")
        try:
            options[key] = (
                float(value)
                if key == "rate"
                else int(value)
                if key in _NUMBERS
                else value.lower() in {"1", "true", "yes"}
                if key == "done"
                else value
            )
        except ValueError:
            raise ValueError(f"{key} of fault {part!r} must be a number, not {value!r}") from None
    return options
