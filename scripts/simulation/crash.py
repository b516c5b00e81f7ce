"""Crash at every step: a rich cycle is killed before each of its calls and commits, and ends like one that was not.

A call or a commit is the only thing that lasts. So a process that dies just after one leaves the same behind as one
that dies just before the next, and dying before each, and after the last, is dying everywhere.
"""

from __future__ import annotations

import json
import random
import shutil
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scripts.simulation.play import Stage
from scripts.simulation.rich import CONDITIONS, act, end_state, prepare
from scripts.simulation.simulation import Simulation, Violation

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MOST_MOMENTS = 500


@dataclass
class Crashes:
    """What came of killing one cycle everywhere."""

    moments: list[str] = field(default_factory=list)
    """What the undisturbed cycle did, in order: calls and commits."""
    differing: list[str] = field(default_factory=list)


def everywhere(
    stage: Stage,
    *,
    prepare: Callable[[Simulation], None] = prepare,
    act: Callable[[Simulation], None] = act,
    every: int = 1,
) -> Crashes:
    """Kill the cycle before each moment of its life, or `every` so many, restart, and compare where it leads."""
    found = Crashes()
    calm = _run(stage, prepare, act, None)
    found.moments = calm.moments
    if calm.breach:
        found.differing.append(f"without any crash: {calm.breach}")
        return found
    for number in range(1, MOST_MOMENTS, every):
        crashed = _run(stage, prepare, act, number)
        where = "after the last moment" if number > len(found.moments) else f"before {found.moments[number - 1]}"
        what = f"{number}, {where}"
        if crashed.breach:
            found.differing.append(f"{what}: {crashed.breach}")
        found.differing += [
            f"{what}: {name} {crashed.state[name]} instead of {value}"
            for name, value in calm.state.items()
            if crashed.state.get(name) != value and not crashed.breach
        ]
        if not crashed.killed:
            break
    return found


@dataclass
class _Ran:
    moments: list[str]
    state: dict[str, Any]
    killed: bool = False
    breach: str | None = None


def _run(
    stage: Stage, prepare: Callable[[Simulation], None], act: Callable[[Simulation], None], number: int | None
) -> _Ran:
    random.seed("crash")
    place: Path = stage.place()
    sim = Simulation(CONDITIONS, place, stage.empty)
    try:
        prepare(sim)
        random.seed("crash")
        process = sim.process
        process.moments.clear()
        if number is not None:
            process.die_before(number)
        killed = sim.run(process, lambda: act(sim)) == "killed"
        moments = list(process.moments)
        sim.org.advance(600)
        for _ in range(2 if killed else 1):
            sim.run(sim.process, lambda: act(sim))
            sim.step_done()
        return _Ran(moments, end_state(sim), killed)
    except Violation as violation:
        return _Ran([], {}, killed=True, breach=str(violation))
    finally:
        sim.close()
        shutil.rmtree(place)


def main(*, as_json: bool) -> int:
    """Run it, and say what came of it; 1 if any crash leads elsewhere."""
    stage = Stage()
    try:
        found = everywhere(stage)
    finally:
        stage.close()
    if as_json:
        document = {"moments": found.moments, "differing": found.differing}
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
    else:
        sys.stdout.writelines(f"{line}\n" for line in found.differing)
        calls = sum(moment != "commit" for moment in found.moments)
        sys.stdout.write(
            f"killed before each of {len(found.moments)} moments ({calls} calls, {len(found.moments) - calls} commits) "
            f"and after the last: {len(found.differing)} end elsewhere than an undisturbed run\n"
        )
    return 1 if found.differing else 0
