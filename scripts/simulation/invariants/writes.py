"""Writing to the org: marked first, settled before a second try, by one instance, over nothing unseen, legally."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.simulation.invariants.base import Invariant
from scripts.simulation.invariants.wishes import in_mirror

if TYPE_CHECKING:
    from scripts.simulation.process import Process
    from scripts.simulation.record import Change
    from scripts.simulation.simulation import Simulation
    from scripts.simulation.wire import Sent

LEGAL = {("Draft", "Activated"), ("Activated", "Fulfilled"), ("Activated", "Cancelled")}
"""The moves that sfsync may make: written down here a second time, on purpose."""


class MarkedBeforeSent(Invariant):
    """A crash after the first byte leaves a row that says so."""

    name = "marked in doubt before it is sent"

    def sending(self, process: Process, sent: Sent) -> None:
        del process
        if not sent.touches:
            return
        doubtful = _in_doubt(self.sim)
        if missing := sorted(sent.touches - doubtful):
            self.broken(f"{', '.join(missing)} sent without being in doubt")


class NeverBlindly(Invariant):
    """What was sent without an answer is looked at before it is sent again."""

    name = "no write is repeated blindly"

    def __init__(self, sim: Simulation) -> None:
        super().__init__(sim)
        self._unknown: set[str] = set()

    def sending(self, process: Process, sent: Sent) -> None:
        del process
        if sent.writes and (again := sorted(self._unknown & sent.touches)):
            self.broken(f"{', '.join(again)} sent again, and nobody has looked what became of the first time")

    def sent(self, process: Process, sent: Sent, *, lost: bool) -> None:
        del process
        if lost and sent.writes:
            self._unknown |= sent.touches
        elif not lost and not sent.writes:
            looked_at = {one for one in self._unknown if sent.names(one)}
            self.sim.counts["in-doubt outcomes settled"] += len(looked_at)
            self._unknown -= looked_at

    def ended(self, process: Process, how: str) -> None:
        del process
        if how != "done" and not self.sim.at_work:
            self._unknown |= _in_doubt(self.sim)


class OneWriter(Invariant):
    """While an instance is in the middle of a cycle no other one writes."""

    name = "one instance writes at a time"

    def sending(self, process: Process, sent: Sent) -> None:
        others = [one for one in self.sim.at_work[:-1] if one is not process]
        if sent.writes and others:
            self.broken(f"{sent.method} {sent.path} is sent while another instance is in the middle of a cycle")


class NothingOverwritten(Invariant):
    """A value that somebody set in the org is only written over once the mirror has it, and nobody is asked.

    So whoever updates an order has looked at it in the same run.
    """

    name = "nothing newer is overwritten"

    def __init__(self, sim: Simulation) -> None:
        super().__init__(sim)
        self._looked: dict[str, int] = {}
        self._began: dict[int, int] = {}
        self._foreign: dict[tuple[str, str], int] = {}

    def begins(self, process: Process) -> None:
        self._began[id(process)] = self.sim.record.tick

    def sending(self, process: Process, sent: Sent) -> None:
        began = self._began[id(process)]
        if blind := sorted(one for one in sent.updates if self._looked.get(one, 0) < began):
            self.broken(f"{', '.join(blind)} is updated, and was not looked at before in this run")

    def sent(self, process: Process, sent: Sent, *, lost: bool) -> None:
        del process
        if not sent.writes and not lost:
            for order in self.sim.record.orders:
                if sent.names(order):
                    self._looked[order] = self.sim.record.tick

    def changed(self, change: Change) -> None:
        if not change.field or change.field == "IsDeleted":
            return
        place = (change.order, change.field)
        if not change.ours or not self.sim.at_work:
            self._foreign[place] = self.sim.record.tick
            return
        row = self.sim.mirror.orders().get(change.order)
        if row is None:
            return
        _, seen = in_mirror(row, change.field)
        # Without strict mode, what is changed between the look and the update is written over: nobody can see it.
        looked = self._looked.get(change.order, 0)
        has_looked = looked >= self._began[id(self.sim.at_work[-1])]
        unseen = not self.sim.conditions.strict and has_looked and self._foreign.get(place, 0) >= looked
        if seen != str(change.before or "") and not unseen:
            self.broken(
                f"{change.field} of {change.order} went from {change.before!r} to {change.after!r}, and the mirror "
                f"had {seen!r}"
            )
        disputed = self.sim.mirror.rows(
            "SELECT field FROM conflicts WHERE order_id = ? AND resolved_at IS NULL", row["id"]
        )
        if COLUMNS[change.field] in {one["field"] for one in disputed}:
            self.broken(f"{change.field} of {change.order} was sent while a person is asked about it")


class LegalMoves(Invariant):
    """What sfsync does to a status is in the table of moves."""

    name = "a status moves along allowed edges"

    def changed(self, change: Change) -> None:
        if change.field != "Status" or not change.ours:
            return
        self.sim.counts["statuses pushed"] += 1
        if (change.before, change.after) == ("Activated", "Draft") and change.order in self.sim.deactivations:
            self.sim.deactivations.discard(change.order)  # asked for once, done once
            return
        row = self.sim.mirror.orders().get(change.order, {})
        # What was changed since the look is the other invariant's: the move is from what was seen there.
        moves = {(change.before, change.after), (row.get("org_status"), change.after)}
        if moves.isdisjoint(LEGAL):
            self.broken(f"{change.order} went from {change.before} to {change.after}")


def _in_doubt(sim: Simulation) -> set[str]:
    rows = sim.mirror.rows("SELECT key, sf_id, in_doubt FROM orders WHERE in_doubt IS NOT NULL")
    return {row["key"] if row["in_doubt"] == "create" else row["sf_id"] for row in rows}


COLUMNS = {"Status": "status", "PoNumber": "po_number", "EndDate": "end_date", "Note__c": "Note__c"}
