"""What the org is asked for stays within bounds, whatever goes wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.simulation.invariants.base import Invariant

if TYPE_CHECKING:
    from scripts.simulation.process import Process
    from scripts.simulation.simulation import Simulation
    from scripts.simulation.wire import Sent

MOST_CALLS = 150
"""In one run over a dozen deals: a loop over something that fails makes thousands."""


class WithinTheBudget(Invariant):
    """No run turns hot."""

    name = "calls stay within the budget"

    def __init__(self, sim: Simulation) -> None:
        super().__init__(sim)
        self._calls = 0

    def begins(self, process: Process) -> None:
        del process
        self._calls = 0

    def sending(self, process: Process, sent: Sent) -> None:
        del process, sent
        self._calls += 1
        if self._calls > MOST_CALLS:
            self.broken(f"more than {MOST_CALLS} calls in one run")
