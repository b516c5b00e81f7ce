"""The log of every call the org answered, so that cost can be measured and tests can act at an exact call."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

_PARTS = {
    "batch": "batchRequests",
    "collections": "records",
    "composite": "compositeRequest",
    "graph": "graphs",
    "tree": "records",
}
BULK_ROWS = "bulk_rows"
"""The kind of a chunk of rows that a bulk job writes: no call, but faults of parts count and strike it like one."""
Moment = Literal["before", "after"]


@dataclass(slots=True)
class Call:
    """One request: status is 0 until it has been answered; counted says if it cost one of the daily calls."""

    number: int
    method: str
    path: str
    kind: str
    status: int = 0
    subrequests: int = 0
    counted: bool = False
    fault: str | None = None


Hook = Callable[[Call, Moment], None]


class CallLog:
    """The calls in order; `last` is the number of the newest, which clearing does not reset.

    Of a server that runs for days the newest `kept` are there one by one; the older ones are only counted.
    """

    def __init__(self, kept: int = 100_000) -> None:
        self._kept = kept
        self._calls: deque[Call] = deque()
        self._older: Counter[str] = Counter()
        self._older_counted = 0
        self.last = 0

    def __iter__(self) -> Iterator[Call]:
        return iter(self._calls)

    def __len__(self) -> int:
        return len(self._calls)

    def __getitem__(self, index: int) -> Call:
        return self._calls[index]

    def add(self, method: str, path: str, kind: str) -> Call:
        """Open the next entry."""
        self.last += 1
        call = Call(self.last, method, path, kind)
        self._calls.append(call)
        if len(self._calls) > self._kept:
            oldest = self._calls.popleft()
            self._older[oldest.kind] += 1
            self._older_counted += oldest.counted
        return call

    def count(self) -> int:
        """How many of the calls since the last `clear` cost an API call."""
        return self._older_counted + sum(call.counted for call in self._calls)

    def by_kind(self) -> dict[str, int]:
        """How many calls of each kind since the last `clear`, whether counted or not."""
        return dict(self._older + Counter(call.kind for call in self._calls))

    def clear(self) -> None:
        """Forget the calls so far."""
        self._calls.clear()
        self._older.clear()
        self._older_counted = 0


def count_parts(kind: str, body: object) -> int:
    """How many parts a call of many had, by its JSON; children inside a tree's records are not counted."""
    parts = body.get(_PARTS.get(kind, "")) if isinstance(body, dict) else None
    if not isinstance(parts, list):
        return 0
    if kind != "graph":
        return len(parts)
    return sum(len(one.get("compositeRequest") or ()) for one in parts if isinstance(one, dict))
