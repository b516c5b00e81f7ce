"""A play that fails is made short: steps are left out as long as it still fails in the same way."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from scripts.simulation.play import play

if TYPE_CHECKING:
    from scripts.simulation.play import Plan, Played, Stage

SECONDS = 60.0


def shrunk(stage: Stage, failed: Played, plan: Plan, seconds: float = SECONDS) -> Played:
    """Leave out steps, large parts first, until none can go or the time is up; return the shortest play that fails."""
    until = time.monotonic() + seconds
    best = failed
    if failed.step is not None:
        best = _try(stage, best, plan, [step for step in best.steps if step[0] <= failed.step]) or best
    size = max(1, len(best.steps) // 2)
    while time.monotonic() < until:
        shorter = None
        for start in range(0, len(best.steps), size):
            if time.monotonic() > until:
                break
            rest = best.steps[:start] + best.steps[start + size :]
            shorter = _try(stage, failed, plan, rest)
            if shorter is not None:
                best = shorter
                break
        if shorter is None:
            if size == 1:
                break
            size = max(1, size // 2)
    return best


def _try(stage: Stage, failed: Played, plan: Plan, steps: list[tuple[int, str]]) -> Played | None:
    again = play(stage, failed.seed, plan, steps)
    return again if again.invariant == failed.invariant else None
