"""A play: some steps drawn from a seed, acted out, and looked at. The same seed gives the same play, byte for byte."""

from __future__ import annotations

import gc
import random
import shutil
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.simulation import actors, ending
from scripts.simulation.engines import shared
from scripts.simulation.mirror import template
from scripts.simulation.settings import KINDS, drawn
from scripts.simulation.simulation import Simulation, Violation
from sfsync.emulator.errors import ApiError
from sfsync.store.engine import open_database

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from scripts.simulation.settings import Conditions

STEPS = 60
_SWEEP_EVERY = 4
"""Garbage is looked for between plays only."""
_MEMORY = Path("/dev/shm")  # noqa: S108 - a disk in memory where there is one; plays are private to a folder in it


@dataclass(frozen=True)
class Plan:
    """What kind of plays: the faults that may happen, and how the play ends.

    In mode `safety` anything may go wrong at any time, and what must always hold is looked at after every step. In mode
    `liveness` (a week of hours with faults now and then, nobody here wants anything), and in `both`, the faults stop in
    the end, and everything has to come together without anybody's help.
    """

    faults: frozenset[str] = frozenset(KINDS)
    mode: str = "both"
    steps: int = STEPS


@dataclass
class Played:
    """What came of a play."""

    seed: int
    digest: str = ""
    counts: Counter[str] = field(default_factory=Counter)
    trace: list[str] = field(default_factory=list)
    steps: list[tuple[int, str]] = field(default_factory=list)
    breach: str | None = None
    invariant: str | None = None
    step: int | None = None
    seconds: float = 0.0
    where: str = ""


class Stage:
    """A folder for plays, in memory where that can be, with an empty mirror to copy."""

    def __init__(self) -> None:
        self._open = ExitStack()
        self._open.enter_context(shared())
        # What is there before a play outlives it: looking through it for garbage again and again took a tenth.
        self._open.callback(gc.enable)
        self._open.callback(gc.unfreeze)
        gc.freeze()
        gc.disable()
        place = _MEMORY if _MEMORY.is_dir() else None
        self._folder = tempfile.TemporaryDirectory(prefix="sfsync-simulation-", dir=place)
        self.folder = Path(self._folder.name)
        self.empty = template(self.folder, open_database)
        self._plays = 0

    def place(self) -> Path:
        """A folder for one play."""
        self._plays += 1
        if self._plays % _SWEEP_EVERY == 0:
            gc.collect()
        folder = self.folder / str(self._plays)
        folder.mkdir()
        return folder

    def close(self) -> None:
        """Remove it all."""
        self._open.close()
        self._folder.cleanup()


def conditions_of(seed: int, plan: Plan) -> Conditions:
    """Draw the conditions of a play."""
    chance = random.Random(f"{seed} conditions")  # noqa: S311 - repeatable on purpose
    return drawn(chance, plan.faults, people=plan.mode != "liveness")


def drawn_steps(seed: int, plan: Plan) -> list[tuple[int, str]]:
    """Draw who acts, in which order: numbers and names of acts. What an act does is drawn from its number."""
    chance = random.Random(f"{seed} acts")  # noqa: S311 - repeatable on purpose
    people = plan.mode != "liveness"
    ships = conditions_of(seed, plan).ships
    table = [
        act
        for act in actors.ALL
        if act.fault in (None, *plan.faults) and (people or not act.person) and (ships or not act.ships)
    ]
    names = chance.choices([act.name for act in table], [act.weight for act in table], k=plan.steps)
    if people:
        return list(enumerate(names))
    return list(enumerate(_week(names)))


def _week(names: Iterable[str]) -> Iterator[str]:
    """An hour and a cycle go by between any two acts: time is what heals."""
    for name in names:
        yield from (name, "hour", "cycle", "deliver")


def play(stage: Stage, seed: int, plan: Plan, steps: Sequence[tuple[int, str]] | None = None) -> Played:
    """Act out a play, all of its steps or only those given, and return what came of it."""
    conditions = conditions_of(seed, plan)
    chosen = drawn_steps(seed, plan) if steps is None else list(steps)
    started = time.process_time()
    place = stage.place()
    sim = Simulation(conditions, place, stage.empty, seed)
    played = Played(seed, steps=chosen, counts=sim.counts)
    try:
        for number, name in chosen:
            played.step, played.where = number, name
            # The service spreads its tries by chance, too.
            random.seed(f"{seed} {number} service")
            said = _acted(sim, name, random.Random(f"{seed} {number}"))  # noqa: S311 - repeatable on purpose
            played.trace.append(f"{number} {name}: {said}")
            sim.step_done()
        played.step, played.where = None, "the end"
        random.seed(f"{seed} end")
        if plan.mode != "safety":
            ending.come_together(sim)
            for invariant in sim.invariants:
                invariant.at_the_end()
    except Violation as violation:
        played.breach, played.invariant = str(violation), violation.invariant
        played.trace.append(f"{played.where}: {violation}")
    finally:
        played.digest = sim.digest(played.trace)
        sim.close()
        shutil.rmtree(place)
        played.seconds = time.process_time() - started
    return played


def _acted(sim: Simulation, name: str, chance: random.Random) -> str:
    try:
        return actors.BY_NAME[name].do(sim, chance)
    except ApiError as refusal:
        # An administrator has withdrawn the object from everybody, for example.
        return f"refused with {refusal.code}"
