"""The service itself: cycles, single commands, deliveries; undisturbed, killed, or with somebody acting meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.simulation.receiver import MOODS
from sfsync.sync.arrows import ARROWS
from sfsync.sync.cycle import run_cycle
from sfsync.sync.deliver import serve
from sfsync.sync.running import run

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from scripts.simulation.process import Process
    from scripts.simulation.simulation import Simulation
    from scripts.simulation.wire import Sent

MOMENTS = 60
"""More calls and commits than most cycles have."""


def cycle(sim: Simulation, chance: Random) -> str:
    """Run a cycle of one of the two instances."""
    faults = sim.conditions.faults
    process = sim.second if "second" in faults and chance.random() < 0.2 else sim.process  # noqa: PLR2004 - one in five
    only = chance.choice(sim.company.deals) if sim.company.deals and chance.random() < 0.1 else None  # noqa: PLR2004
    return disturbed(sim, chance, process, lambda: run_cycle(process.app, only=only))


def arrow(sim: Simulation, chance: Random) -> str:
    """Run one arrow alone, as `sfsync pull` and the like do."""
    name = chance.choice(list(ARROWS))
    process = sim.process
    sim.from_mirror = name == "generate"
    try:
        return f"{name}: {disturbed(sim, chance, process, lambda: run(process.app, name, ARROWS[name]))}"
    finally:
        sim.from_mirror = False


def deliver(sim: Simulation, chance: Random) -> str:
    """Hand out what is due. As `deliver` does, but without its threads: their order would be chance."""
    process = sim.process
    if "crash" in sim.conditions.faults and chance.random() < 0.3:  # noqa: PLR2004 - three in ten
        process.die_before(chance.randrange(1, 8))
    sim.receiver.chance = chance
    return sim.run(process, lambda: served(sim, process))


def served(sim: Simulation, process: Process) -> None:
    """Serve every sink in turn."""
    with sim.receiving():
        for sink in process.app.settings.complete_sinks():
            serve(process.app, sink)


def moods(sim: Simulation, chance: Random) -> str:
    """The receiver is well, or not."""
    sim.receiver.mood = chance.choice(MOODS)
    return sim.receiver.mood


def disturbed(sim: Simulation, chance: Random, process: Process, act: Callable[[], object]) -> str:
    """Have a process do something while everything that can happen to it may happen; say how it ended."""
    faults = sim.conditions.faults
    said: list[str] = []
    match chance.choice(("no", "crash", "meanwhile", "meanwhile")):
        case "crash" if "crash" in faults:
            process.die_before(chance.randrange(1, MOMENTS))
        case "meanwhile" if "meanwhile" in faults:
            sim.interrupt = _meanwhile(sim, chance, said)
    try:
        ended = sim.run(process, act)
    finally:
        sim.interrupt = None
        for transaction in list(sim.org.transactions):
            transaction.commit()
    return " ".join([*said, ended])


def _meanwhile(sim: Simulation, chance: Random, said: list[str]) -> Callable[[Sent], None]:
    """Have somebody act once, just before some call."""
    from scripts.simulation.actors import BY_NAME  # noqa: PLC0415 - the table names this module

    left = chance.randrange(1, 8)
    names = ["edit_order"] * 4 + ["edit_lines", "reopen", "order_by_hand", "win", "delete_order"]
    if sim.conditions.people:
        names += ["sql", "sql", "command"]

    def interrupt(sent: Sent) -> None:
        nonlocal left
        del sent
        left -= 1
        if left != 0:
            return
        sim.interrupt = None
        sim.org.advance(2)
        if "second" in sim.conditions.faults and chance.random() < 0.25:  # noqa: PLR2004 - one in four
            other = sim.second if sim.at_work[-1] is sim.process else sim.process
            sim.counts["cycles beside another"] += 1
            said.append(f"[second instance: {sim.run(other, lambda: run_cycle(other.app))}]")
            return
        name = chance.choice(names)
        said.append(f"[{name} {BY_NAME[name].do(sim, chance)}]")
        sim.look()

    return interrupt
