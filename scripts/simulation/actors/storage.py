"""The machine of the service: a database that is busy, a full disk, a connection that is lost at a commit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.simulation.actors import service
from scripts.simulation.process import FAILURES

if TYPE_CHECKING:
    from random import Random

    from scripts.simulation.simulation import Simulation


def trouble(sim: Simulation, chance: Random) -> str:
    """Run a cycle whose database fails at some statement or commit."""
    kind = chance.choice(list(FAILURES))
    what = chance.choice(("statement", "commit", "committed") if kind == "lost" else ("statement", "commit"))
    nth = chance.randrange(1, 50 if what == "statement" else 12)
    sim.counts[f"fault database {kind}"] += 1
    sim.process.fail(kind, what, nth)
    return f"{kind} at {what} {nth}: {service.cycle(sim, chance)}"
