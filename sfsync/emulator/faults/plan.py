"""The faults that wait for their calls: planned by name and options, struck by count or by seeded chance."""

from __future__ import annotations

import difflib
import random
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sfsync.emulator.faults.catalogue import ENTRIES, NAMES, options_of
from sfsync.emulator.faults.entry import IN_PARTS
from sfsync.emulator.faults.exchange import Strike
from sfsync.emulator.faults.options import FaultError, read_options, read_spec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfsync.emulator.errors import ApiError
    from sfsync.emulator.faults.entry import Entry
    from sfsync.emulator.org import Org


@dataclass(slots=True)
class Fault:
    """One planned fault: its options, how many matching calls it has seen, how often it struck, what it did last."""

    number: int
    entry: Entry
    options: dict[str, Any]
    rng: random.Random = field(repr=False)
    seen: int = 0
    struck: int = 0
    did: str | None = None

    @property
    def name(self) -> str:
        """Its name in the catalogue."""
        return self.entry.name

    def matches(self, method: str, path: str, kind: str) -> bool:
        """Whether the fault is meant for such a call at all."""
        wanted = self.options
        if wanted["path"] is not None and re.search(wanted["path"], path) is None:
            return False
        if wanted["method"] is not None and wanted["method"] != method:
            return False
        if wanted["kind"] is not None:
            return bool(wanted["kind"] == kind)
        return wanted["path"] is not None or not self.entry.kinds or kind in self.entry.kinds

    def strikes(self, *, parts: bool) -> bool:
        """Count one matching call and decide; parts says that the call has parts on which the chance may fall."""
        self.seen += 1
        times, nth, rate = self.options["times"], self.options["nth"], self.options["rate"]
        if times is None:
            times = 0 if rate is not None else 1
        if times and self.struck >= times:
            return False
        if nth is not None and self.seen < nth:
            return False
        by_part = parts and self.entry.part is not None
        if rate is not None and not by_part and self.rng.random() >= rate:
            return False
        self.struck += 1
        return True

    def hits_part(self, position: int) -> bool:
        """Whether it hits the part (graph, subrequest or record) at this position, from 1, of a call it struck."""
        if self.options["pick"] is not None:
            return bool(position == self.options["pick"])
        rate = self.options["rate"]
        return rate is None or self.rng.random() < rate

    def refusal(self) -> ApiError:
        """What a part that was hit is refused with.

        Raises:
            TypeError: if it is not a fault of parts.
        """
        if self.entry.part is None:
            raise TypeError(f"{self.name} does not strike parts")
        return self.entry.part(self)


class Faults:
    """The faults of an org. A call gets the first that strikes in place of its answer, and all others on top."""

    def __init__(self, seed: int = 0, org: Org | None = None) -> None:
        self._seed = seed
        self._org = org
        self._last = 0
        self._faults: list[Fault] = []

    def __iter__(self) -> Iterator[Fault]:
        return iter(tuple(self._faults))

    def __len__(self) -> int:
        return len(self._faults)

    def add(self, name: str, /, **options: Any) -> Fault:
        """Plan a fault. It strikes once, unless `times` says otherwise or a `rate` makes it endless.

        Raises:
            FaultError: if there is no fault of that name, or it cannot take these options.
        """
        fault = self._make(name, options)
        self._faults.append(fault)
        return fault

    def now(self, name: str, /, **options: Any) -> str:
        """Let something happen in the org at once, and return a sentence about what happened.

        Raises:
            FaultError: as `add`, or if the fault can only strike a call.
            ApiError: if the org's own rules refuse it.
        """
        fault = self._make(name, options)
        if fault.entry.act is None or self._org is None:
            raise FaultError(f"fault {name}: strikes calls; it cannot happen by itself")
        with self._org.lock:
            return fault.entry.act(self._org, fault, None)

    def add_spec(self, spec: str) -> list[Fault]:
        """Plan faults from text such as `lost_answer:path=graph,nth=2;http_503:rate=0.1`; all of them or none.

        Raises:
            FaultError: if the text is not of that form.
        """
        faults = [self._make(name, dict(options)) for name, options in read_spec(spec)]
        self._faults += faults
        return faults

    def remove(self, number: int) -> bool:
        """Call off one planned fault; False if there is none of that number."""
        kept = [fault for fault in self._faults if fault.number != number]
        found = len(kept) < len(self._faults)
        self._faults[:] = kept
        return found

    def clear(self) -> None:
        """Call off everything planned; what has happened in the org stays."""
        self._faults.clear()

    def choose(self, method: str, path: str, kind: str) -> Strike | None:
        """The faults that strike this call, or None."""
        strike: Strike | None = None
        answered = False
        for fault in self._faults:
            if not fault.matches(method, path, kind) or (answered and fault.entry.answer is not None):
                continue
            if fault.strikes(parts=kind in IN_PARTS):
                strike = strike or Strike()
                strike.faults.append(fault)
                answered = answered or fault.entry.answer is not None
        return strike

    def of_parts(self, kind: str) -> Fault | None:
        """The fault that strikes the parts of a step which is no call, such as a chunk of a bulk job; or None."""
        for fault in self._faults:
            if fault.entry.part is not None and fault.matches("", "", kind) and fault.strikes(parts=True):
                return fault
        return None

    def _make(self, name: str, given: dict[str, Any]) -> Fault:
        entry = ENTRIES.get(name)
        if entry is None or not entry.here:
            raise FaultError(_unknown(name, entry))
        schema = None if self._org is None else self._org.schema
        options = read_options(name, options_of(entry), given, schema)
        self._last += 1
        rng = random.Random(f"{self._seed}/{self._last}")  # noqa: S311 - repeatable, not secret
        return Fault(self._last, entry, options, rng)


def _unknown(name: str, entry: Entry | None) -> str:
    if entry is not None:
        return f"fault {name}: {entry.what}"
    close = difflib.get_close_matches(name, NAMES, n=1)
    hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(NAMES)}"
    return f"unknown fault {name!r}; {hint}"
