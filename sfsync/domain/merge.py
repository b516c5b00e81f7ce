"""Three-way merge of one field: what we want, what the org last said, what it says now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Merged(Generic[T]):
    """The two columns to store, and whether a person or a policy has to decide between them."""

    want: T
    seen: T
    conflict: bool


def merge(want: T, seen: T, now: T, *, sent: tuple[T, ...] = ()) -> Merged[T]:
    """Merge the org's present value `now` of a field into our row, which wants `want` and last saw `seen`.

    Nothing wanted: the org's value is taken. Only we changed: ours stays wanted. Both changed to the
    same: settled. Both changed, differently: a conflict; ours stays wanted, and because `seen` is
    then the org's new value, the caller must remember the conflict beside the row.

    `sent` is what we sent and were not answered to: the org shows it because of us, whatever is wanted by now.
    """
    if now in sent and now != seen:
        return Merged(want, now, conflict=False)
    if want == seen:
        return Merged(now, now, conflict=False)
    return Merged(want, now, conflict=now not in (seen, want))
