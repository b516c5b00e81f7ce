"""The log of every call the org answered, so that cost can be measured and tests can act at an exact call."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

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
    """The calls in order; clearing it does not reset the numbers."""

    def __init__(self) -> None:
        self._calls: list[Call] = []
        self._last = 0

    def __iter__(self) -> Iterator[Call]:
        return iter(self._calls)

    def __len__(self) -> int:
        return len(self._calls)

    def __getitem__(self, index: int) -> Call:
        return self._calls[index]

    def add(self, method: str, path: str, kind: str) -> Call:
        """Open the next entry."""
        self._last += 1
        call = Call(self._last, method, path, kind)
        self._calls.append(call)
        return call

    def count(self) -> int:
        """How many of the logged calls cost an API call."""
        return sum(call.counted for call in self._calls)

    def by_kind(self) -> dict[str, int]:
        """How many calls of each kind, whether counted or not."""
        return dict(Counter(call.kind for call in self._calls))

    def clear(self) -> None:
        """Forget the calls so far."""
        self._calls.clear()
