"""What somebody here was promised is not lost."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from scripts.simulation.company import NOTE
from scripts.simulation.invariants.base import Invariant
from scripts.simulation.record import FIELDS

if TYPE_CHECKING:
    from scripts.simulation.process import Process
    from scripts.simulation.record import Change, Row
    from scripts.simulation.simulation import Simulation

_COLUMNS = {"Status": "status", "PoNumber": "po_number", "EndDate": "end_date"}


def in_mirror(row: Row, field: str) -> tuple[str, str]:
    """What the mirror wants of a field, and what it believes the org to have; the empty text for nothing."""
    if field == NOTE:
        seen = row["org_custom"].get(NOTE) or ""
        return str(row["custom"].get(NOTE, seen) or ""), str(seen)
    column = _COLUMNS[field]
    return str(row[column] or ""), str(row[f"org_{column}"] or "")


class WishesKept(Invariant):
    """A wanted value gives way to a newer wish, or to what somebody has set in the org since; to nothing else.

    Of each field it keeps the values that the mirror may want. They become one as soon as the mirror knows what the
    org has; until then everything that others have set in the org in between may be taken over.
    """

    name = "no acknowledged wish is lost"

    def __init__(self, sim: Simulation) -> None:
        super().__init__(sim)
        self._may: dict[tuple[str, str], set[str]] = {}
        self._unknown: dict[tuple[str, str], set[str]] = defaultdict(set)
        self._by_rule: set[str] = set()

    def wished(self, order: str, field: str, value: str) -> None:
        self.sim.counts["wishes"] += 1
        self._may[order, field] = {value} | self._unknown[order, field]

    def changed(self, change: Change) -> None:
        if change.field == "IsDeleted":
            for field in FIELDS:
                self._may.pop((change.order, field), None)
        elif change.field and not (change.ours and self.sim.at_work):
            self._unknown[change.order, change.field].add(str(change.after or ""))
            if (change.order, change.field) in self._may:
                self._may[change.order, change.field].add(str(change.after or ""))
            row = self.sim.mirror.orders().get(change.order)
            if row is not None and (row["in_doubt"] or row["sent"]):
                # Whether others have undone what was sent without an answer, nobody can tell: the policy decides.
                for field in FIELDS:
                    if (change.order, field) in self._may:
                        self._may[change.order, field].add(str(change.row[field] or ""))

    def committed(self, process: Process) -> None:
        del process
        for number, row in self.sim.mirror.orders().items():
            org = self.sim.record.orders.get(number)
            if org is None or org["IsDeleted"] or row["is_deleted"]:
                continue
            for field in FIELDS:
                want, seen = in_mirror(row, field)
                place = (number, field)
                may = self._may.setdefault(place, {want} | self._unknown[place])
                if want not in may and field == "Status" and self._ruled(number, want, may):
                    may.add(want)
                if want not in may:
                    self.sim.counts["lost"] += 1
                    self.broken(f"{field} of {number} is wanted to be {want!r}, and may only be one of {sorted(may)}")
                if seen == str(org[field] or ""):
                    self._may[place] = {want}
                    self._unknown[place].clear()

    def _ruled(self, order: str, want: str, may: set[str]) -> bool:
        """Whether the rule wants a draft activated without a person: once per order."""
        ruled = self.sim.conditions.automatic and order not in self._by_rule
        if not ruled or want != "Activated" or "Draft" not in may:
            return False
        self._by_rule.add(order)
        return True
