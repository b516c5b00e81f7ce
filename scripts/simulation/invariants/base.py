"""What an invariant is told of while a play goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scripts.simulation.process import Process
    from scripts.simulation.record import Change
    from scripts.simulation.simulation import Simulation
    from scripts.simulation.wire import Sent
    from sfsync.sync.reconcile import Reconciled


class Invariant:
    """Something that must always hold. It is told what happens, and keeps what it needs to judge that.

    Each breach is told to `Simulation.violated`, which ends the play.
    """

    name = "must hold"

    def __init__(self, sim: Simulation) -> None:
        self.sim = sim

    def broken(self, message: str) -> None:
        """Say that it does not hold."""
        self.sim.violated(self.name, message)

    def begins(self, process: Process) -> None:
        """A process begins a cycle or another command."""

    def changed(self, change: Change) -> None:
        """Something became different in the org, whoever did it."""

    def sending(self, process: Process, sent: Sent) -> None:
        """A process is about to call the org."""

    def sent(self, process: Process, sent: Sent, *, lost: bool) -> None:
        """A call is over; `lost`: the process cannot know from the answer what became of it."""

    def committed(self, process: Process) -> None:
        """A process has committed a transaction."""

    def wished(self, order: str, field: str, value: str) -> None:
        """Somebody here was told that an order's field will get a value."""

    def reserved(self, key: str) -> None:
        """Somebody here was told that a reduction will be made under this key."""

    def compared(self, found: Reconciled) -> None:
        """A reconcile has gone through, and this is what it found, and mended."""

    def said(self, text: str) -> None:
        """The service has put something into words for people."""

    def ended(self, process: Process, how: str) -> None:
        """What a process did is over: done, killed, or the name of its error."""

    def step_done(self) -> None:
        """An actor has acted."""

    def at_the_end(self) -> None:
        """The play is over, faults have stopped, and some cycles went through."""
