"""Many plays: in this process or in several, each with a stage of its own; their figures added up."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from dataclasses import dataclass, field
from multiprocessing.util import Finalize
from typing import TYPE_CHECKING

from scripts.simulation.play import Played, Stage, play

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from scripts.simulation.play import Plan

PART = 5
"""Plays that a process takes at a time."""


@dataclass
class Result:
    """What came of many plays."""

    plays: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    failed: list[Played] = field(default_factory=list)
    seconds: float = 0.0
    """Of processor time, in all processes together."""
    digest: int = 0
    """Of all digests together, in whatever order the plays ended."""

    def add(self, played: Played) -> None:
        """Take one play in."""
        self.plays += 1
        self.counts.update(played.counts)
        self.seconds += played.seconds
        self.digest ^= int(played.digest, 16)
        if played.breach:
            self.failed.append(played)


def run(
    seeds: Sequence[int],
    plan: Plan,
    jobs: int,
    tell: Callable[[Played], None] = lambda _played: None,
    *,
    first: bool = False,
) -> Result:
    """Play all seeds, or with `first` until one fails; `tell` hears of each play as it ends."""
    result = Result()
    for played in _plays(seeds, plan, jobs):
        result.add(played)
        tell(played)
        if first and result.failed:
            break
    result.failed.sort(key=lambda one: one.seed)
    return result


def _plays(seeds: Sequence[int], plan: Plan, jobs: int) -> Iterator[Played]:
    parts = [(seeds[start : start + PART], plan) for start in range(0, len(seeds), PART)]
    if jobs == 1:
        stage = Stage()
        try:
            yield from (play(stage, seed, plan) for seed in seeds)
        finally:
            stage.close()
        return
    # Fresh interpreters: nothing of this one's state can make a play another one.
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        for played in pool.imap_unordered(_part, parts):
            yield from played
        pool.close()  # its processes end by themselves, and remove their folders
        pool.join()


_stage: list[Stage] = []


def _part(task: tuple[Sequence[int], Plan]) -> list[Played]:
    """Play some seeds in a process of the pool, which keeps its stage."""
    if not _stage:
        _stage.append(Stage())
        # Processes of a pool run no `atexit`.
        Finalize(None, _stage[0].close, exitpriority=1)
    return [play(_stage[0], seed, task[1]) for seed in task[0]]
