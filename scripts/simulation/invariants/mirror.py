"""The mirror follows the org forwards only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.simulation.invariants.base import Invariant

if TYPE_CHECKING:
    from scripts.simulation.process import Process
    from scripts.simulation.simulation import Simulation

TABLES = ("opportunities", "opportunity_lines", "orders", "order_items")


class NeverOlder(Invariant):
    """A record that the mirror has seen in one version is never shown in an older one again."""

    name = "the mirror never goes back"

    def __init__(self, sim: Simulation) -> None:
        super().__init__(sim)
        self._seen: dict[tuple[str, str], str] = {}
        self._stale = False

    def committed(self, process: Process) -> None:
        del process
        self._stale = True

    def step_done(self) -> None:
        if not self._stale:
            return
        self._stale = False
        for table in TABLES:
            for row in self.sim.mirror.rows(
                f"SELECT sf_id, system_modstamp FROM {table} WHERE system_modstamp IS NOT NULL AND sf_id IS NOT NULL"
            ):
                place = (table, row["sf_id"])
                if row["system_modstamp"] < self._seen.get(place, ""):
                    self.broken(f"{table} {row['sf_id']} went from {self._seen[place]} to {row['system_modstamp']}")
                self._seen[place] = row["system_modstamp"]
