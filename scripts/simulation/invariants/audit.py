"""Comparing: it changes nothing in the org, accuses nobody wrongly, and what it mends is mended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.simulation.invariants.base import Invariant
from sfsync.domain.drift import Kind

if TYPE_CHECKING:
    from scripts.simulation.process import Process
    from scripts.simulation.wire import Sent
    from sfsync.sync.reconcile import Reconciled

TABLES = {
    "Order": "orders",
    "OrderItem": "order_items",
    "Opportunity": "opportunities",
    "Account": "accounts",
    "Product2": "products",
}


class ReconcileOnlyReads(Invariant):
    """A reconcile, with or without repair, sends the org nothing that can change anything."""

    name = "reconcile only reads"

    def sending(self, process: Process, sent: Sent) -> None:
        if process in self.sim.comparing and sent.writes:
            self.broken(f"{sent.method} {sent.path} is sent by a reconcile")


class NobodyAccusedWrongly(Invariant):
    """Only what was written by hand in the mirror is called so, and after a repair the org's value is there again."""

    name = "reconcile tells what is, and mends it"

    def begins(self, process: Process) -> None:
        del process
        self.sim.tampering()

    def compared(self, found: Reconciled) -> None:
        tampered = self.sim.tampered
        records = {(table, sf_id) for table, sf_id, _ in tampered}
        for drift in found.drifts:
            place = TABLES.get(drift.sobject, ""), drift.sf_id
            if drift.kind is Kind.TAMPERED and place not in records:
                self.broken(f"{drift.sobject} {drift.sf_id} is called tampered with ({drift.columns}), and nobody was")
            if drift.repaired:
                for column in [one for table, sf_id, one in tampered if (table, sf_id) == place]:
                    self._mended(*place, column)

    def _mended(self, table: str, sf_id: str, column: str) -> None:
        value = self.sim.tampered.pop((table, sf_id, column))
        # Of what the org does not have any more there is no value to put back: it is marked as deleted.
        there = f"SELECT {column} AS value FROM {table} WHERE sf_id = ? AND NOT is_deleted"
        rows = self.sim.mirror.rows(there, sf_id)
        if any(str(row["value"]) == value for row in rows):
            self.broken(f"{column} of {sf_id} was repaired, and is still {value!r}")
