"""Drift: the mirror is not what the org shows, although nothing is on its way. Which kind it is, and why it arose."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime, timedelta

    from sfsync.domain.position import Position

_FEW = 10


class Kind(StrEnum):
    """How a record of the mirror can differ from the org's."""

    MISSED_NEW = "missed_new"
    """In the org, not in the mirror, although we have read past it."""
    MISSED_CHANGE = "missed_change"
    """The org's is newer than the mirror's, although we have read past it."""
    MISSED_DELETE = "missed_delete"
    """In the org's recycle bin, alive in the mirror."""
    MERGED = "merged"
    """Merged into another record in the org, alive in the mirror."""
    HARD_DELETED = "hard_deleted"
    """Not even in the recycle bin, but the org's delete log names it; alive in the mirror."""
    VANISHED = "vanished"
    """Neither in the org nor in its delete log: gone for good, or hidden from our user."""
    UNDELETED = "undeleted"
    """Deleted in the mirror, alive in the org with a newer stamp."""
    TAMPERED = "tampered"
    """Of the same stamp, and the mirror does not hold what we wrote there."""
    UNSTAMPED = "unstamped"
    """Of the same stamp, and the mirror holds what we once read: the org's changed without a stamp."""
    AHEAD = "ahead"
    """The mirror's is newer than the org's."""
    LINE_WITHOUT_ORDER = "line_without_order"
    """A line whose order (or deal) the mirror does not have alive."""
    ORDER_WITHOUT_LINES = "order_without_lines"
    """An order, none of whose lines the mirror has."""
    UNREADABLE = "unreadable"
    """A field of the org's record holds something else than it should, so nothing can be compared."""


WORDS: Mapping[Kind, str] = {
    Kind.MISSED_NEW: "missing here",
    Kind.MISSED_CHANGE: "outdated here",
    Kind.MISSED_DELETE: "deleted in the org",
    Kind.MERGED: "merged in the org",
    Kind.HARD_DELETED: "deleted for good in the org",
    Kind.VANISHED: "gone from the org, or hidden",
    Kind.UNDELETED: "undeleted in the org",
    Kind.TAMPERED: "changed here",
    Kind.UNSTAMPED: "changed in the org without a stamp",
    Kind.AHEAD: "newer here",
    Kind.LINE_WITHOUT_ORDER: "without its parent here",
    Kind.ORDER_WITHOUT_LINES: "without lines here",
    Kind.UNREADABLE: "unreadable in the org",
}
"""What each kind is called for people."""

WHY: Mapping[Kind, str] = {
    Kind.MISSED_NEW: "It was read past: committed later than the look-back covers, shared with our user afterwards, "
    "or its row was deleted from the mirror.",
    Kind.MISSED_CHANGE: "Its change was read past: committed later than the look-back covers, or the mirror was put "
    "back to an older state.",
    Kind.MISSED_DELETE: "It was deleted in the org, and neither the delete log nor its stamp told us in time.",
    Kind.MERGED: "It was merged into another record in the org, which leaves it in the recycle bin.",
    Kind.HARD_DELETED: "It was deleted in the org past the recycle bin; the delete log still names it.",
    Kind.VANISHED: "It was deleted longer ago than the org's delete log goes back, or it is hidden from our user "
    "(sharing): which of the two cannot be told from outside. Give the user “View All” of the object to rule it out.",
    Kind.UNDELETED: "It was taken out of the recycle bin, or shared with our user again.",
    Kind.TAMPERED: "Somebody wrote it in the mirror: its stamp is the org's, its values are not what we wrote.",
    Kind.UNSTAMPED: "The org's value changed without a new stamp: a formula, a value of a record that it refers to, "
    "or two changes in one second.",
    Kind.AHEAD: "Its stamp in the mirror is newer than the org's: somebody wrote it in the mirror, or the org was put "
    "back to an older state.",
    Kind.LINE_WITHOUT_ORDER: "The record that it belongs to was deleted from the mirror, or marked as deleted there.",
    Kind.ORDER_WITHOUT_LINES: "Its lines were deleted: from the mirror, or, if it cannot be repaired, in the org; "
    "the next sync adds the missing lines of a draft order of ours.",
    Kind.UNREADABLE: "A field has another type or form than it should; see the field in Setup.",
}
"""Why each kind probably arose, in one sentence for people."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What the org shows of a record."""

    stamp: datetime
    is_deleted: bool = False
    merged: bool = False
    """It has a survivor of a merge (MasterRecordId)."""


@dataclass(frozen=True, slots=True)
class Held:
    """What the mirror holds of a record."""

    stamp: datetime | None
    is_deleted: bool = False
    touched: bool = False
    """Its values are not those that we wrote there."""
    orphan: bool = False
    """The record that it belongs to is not alive in the mirror."""


@dataclass(frozen=True, slots=True)
class Drift:
    """One record that differs, and the columns that do, where that says something."""

    sobject: str
    sf_id: str
    kind: Kind
    columns: tuple[str, ...] = ()
    repaired: bool = False

    @property
    def what(self) -> str:
        """The difference in words."""
        columns = f": {', '.join(self.columns)}" if self.columns else ""
        return f"{WORDS[self.kind]}{columns}"

    @property
    def why(self) -> str:
        """Why it probably arose."""
        return WHY[self.kind]


@dataclass
class Tally:
    """What the comparison of one object found."""

    sobject: str
    in_org: int = 0
    in_mirror: int = 0
    on_its_way: int = 0
    """Changes that no pull has read yet: no drift."""
    found: Counter[Kind] = field(default_factory=Counter)
    repaired: Counter[Kind] = field(default_factory=Counter)
    failed: str | None = None
    """Why the object could not be compared to its end; None if it could."""

    @property
    def open(self) -> int:
        """How many differences are left."""
        return self.found.total() - self.repaired.total()


def judge(
    shown: Shown | None, held: Held | None, columns: Iterable[str], *, on_its_way: bool, logged: bool = False
) -> Kind | None:
    """Return which kind of drift a record is; None if it is none, or if `on_its_way` accounts for it.

    Args:
        shown: What the org shows, recycle bin included; None if it does not show the record.
        held: What the mirror holds; None if it does not hold the record.
        columns: The columns whose values differ, the stamp's among them.
        on_its_way: Whether the next pull reads what the org shows (or, for one not shown, its deletion).
        logged: Whether the org's delete log names a record that is not shown.
    """
    if shown is None:
        if held is None or held.is_deleted or on_its_way:
            return None
        return Kind.HARD_DELETED if logged else Kind.VANISHED
    if held is None:
        return None if shown.is_deleted or on_its_way else Kind.MISSED_NEW
    if shown.is_deleted or held.is_deleted:
        return _deleted(shown, held, on_its_way=on_its_way)
    if any(columns):
        return _changed(shown, held, on_its_way=on_its_way)
    return Kind.LINE_WITHOUT_ORDER if held.orphan else None


def _deleted(shown: Shown, held: Held, *, on_its_way: bool) -> Kind | None:
    if shown.is_deleted and held.is_deleted:
        return None
    if shown.is_deleted:
        if on_its_way:
            return None
        return Kind.MERGED if shown.merged else Kind.MISSED_DELETE
    # Of the same stamp it may have been deleted and undeleted within one second.
    if held.stamp is not None and (shown.stamp < held.stamp or (shown.stamp == held.stamp and not on_its_way)):
        return Kind.TAMPERED
    return None if on_its_way else Kind.UNDELETED


def _changed(shown: Shown, held: Held, *, on_its_way: bool) -> Kind | None:
    if held.stamp is None or shown.stamp > held.stamp:
        return None if on_its_way else Kind.MISSED_CHANGE
    if shown.stamp < held.stamp:
        return Kind.AHEAD
    if held.touched:
        return Kind.TAMPERED
    return None if on_its_way else Kind.UNSTAMPED


def is_on_its_way(stamp: datetime, sf_id: str, read_to: Position | None, *, lookback: timedelta, again: bool) -> bool:
    """Whether the next pull reads a record of this stamp, of a feed that has been read so far (None: not yet).

    `again` says whether it would be read anew within the look-back: what we wrote ourselves need not be.
    """
    if read_to is None or (stamp, sf_id) >= (read_to.stamp, read_to.last_id or ""):
        return True
    return again and stamp >= read_to.stamp - lookback


def looks_hidden(vanished: int, in_mirror: int) -> bool:
    """Whether so many records vanished without a trace that a lost right is likelier than deletion.

    Marking half of the mirror as deleted because somebody changed a sharing rule would be worse than waiting.
    """
    return vanished > _FEW and vanished * 2 > in_mirror


def summary(tallies: Iterable[Tally]) -> str:
    """Say what was found, by object and kind, in one line that is equal for equal findings."""
    return "; ".join(f"{tally.sobject}: {kinds(tally.found)}" for tally in tallies if tally.found)


def kinds(counted: Mapping[Kind, int]) -> str:
    """Say how many there are of each kind."""
    return ", ".join(f"{many:,} {WORDS[kind]}" for kind, many in sorted(counted.items()) if many)
