"""Time passes: minutes, or days beyond what the org keeps; and our own clock goes wrong."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

    from scripts.simulation.simulation import Simulation

DAY = 86400


def minutes(sim: Simulation, chance: Random) -> str:
    """Seconds to hours pass."""
    seconds = chance.choice((1, 5, 60, 300, 900, 1800, 5400))
    sim.org.advance(seconds)
    return f"{seconds} s"


def hour(sim: Simulation, chance: Random) -> str:
    """An hour passes."""
    del chance
    sim.org.advance(3600)
    return "1 h"


def days(sim: Simulation, chance: Random) -> str:
    """Days pass: more than streams keep events (72 hours), or the recycle bin what was deleted (15 days)."""
    many = chance.choice((1, 4, 16))
    sim.org.advance(many * DAY)
    sim.org.purge()
    sim.counts["days passed"] += many
    return f"{many} d"


def skew(sim: Simulation, chance: Random) -> str:
    """The clock of the machine is set wrong, or right again."""
    sim.process.skew = timedelta(minutes=chance.choice((-90, -5, 0, 5, 90)))
    return f"{sim.process.skew}"
