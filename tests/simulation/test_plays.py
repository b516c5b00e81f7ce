"""Plays of the simulator: some of them, the same one twice, one that is made short, and death at every step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scripts.simulation import crash, planted
from scripts.simulation.batch import run
from scripts.simulation.play import Plan, Stage, drawn_steps, play
from scripts.simulation.settings import KINDS
from scripts.simulation.shrink import shrunk
from scripts.simulation.simulation import Simulation

if TYPE_CHECKING:
    from collections.abc import Generator

SEEDS, PARTS = range(200), 10
PLANS = (Plan(steps=10), *(Plan(steps=15, mode="safety"),) * 4)
"""Shorter than the command's 60 steps, so that many plays fit into the tests; a fifth of them come together in the end:
that costs as much as thirty steps."""


@pytest.fixture
def stage() -> Generator[Stage]:
    stage = Stage()
    yield stage
    stage.close()


@pytest.mark.parametrize("part", range(PARTS))
def test_whatever_goes_wrong_in_these_plays_what_must_hold_holds(part: int) -> None:
    seeds = SEEDS[part::PARTS]

    result = run(seeds, PLANS[part % len(PLANS)], jobs=1)

    assert [(one.seed, one.breach) for one in result.failed] == []
    assert result.plays == len(seeds) == len(SEEDS) // PARTS
    assert result.counts["orders created"] > 0
    assert {kind for kind in result.counts if kind.startswith("fault ")}


def test_the_same_seed_gives_the_same_play_byte_for_byte(stage: Stage) -> None:
    first, again = (play(stage, 5, Plan(steps=24, mode="safety")) for _ in range(2))

    assert first.trace == again.trace
    assert first.digest == again.digest
    assert play(stage, 6, Plan(steps=24, mode="safety")).digest != first.digest


def test_only_faults_that_are_asked_for_happen(stage: Stage) -> None:
    played = play(stage, 3, Plan(faults=frozenset({"http"})))

    assert {name for _, name in drawn_steps(3, Plan(faults=frozenset()))}.isdisjoint({"network", "storage", "days"})
    assert played.counts["crashes"] == 0
    assert played.breach is None


def test_a_play_that_fails_is_made_short(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Simulation, "step_done", _three_deals_are_too_many)
    plan = Plan(faults=frozenset(), mode="safety")
    failed = play(stage, 0, plan)

    short = shrunk(stage, failed, plan, seconds=30)

    assert short.invariant == failed.invariant == "few deals"
    assert [name for _, name in short.steps] == ["win"] * 3
    assert play(stage, short.seed, plan, short.steps).digest == short.digest


def _three_deals_are_too_many(sim: Simulation) -> None:
    if len(sim.company.deals) > 2:
        sim.violated("few deals", "there are too many")


def test_a_cycle_that_dies_before_a_call_or_commit_ends_as_if_it_had_not(stage: Stage) -> None:
    # Some of them here: `scripts/simulate --crash-steps` dies before each.
    found = crash.everywhere(stage, every=11)

    assert found.differing == []
    assert len(found.moments) > 25
    assert sum("graph" in moment for moment in found.moments) >= 1


@pytest.mark.parametrize(
    ("seed", "numbers", "names"),
    [
        (774, (35, 49, 52), ["storage", "merge_accounts", "days"]),
        (316, (20, 23, 28), ["cycle", "merge_accounts", "administrator"]),
    ],
    ids=["purged from the delete log, too", "out of the recycle bin"],
)
def test_an_account_that_lost_a_merge_is_found_however_little_of_it_the_org_still_knows(
    stage: Stage, seed: int, numbers: tuple[int, ...], names: list[str]
) -> None:
    drawn = drawn_steps(seed, Plan())

    played = play(stage, seed, Plan(), [drawn[number] for number in numbers])

    assert [drawn[number][1] for number in numbers] == names
    assert played.breach is None
    assert played.counts["differences mended"] == 1


def test_every_planted_fault_still_has_its_place() -> None:
    for fault in planted.faults():
        text = (planted.ROOT / fault.file).read_text(encoding="utf-8")
        assert text.count(fault.old.strip("\n")) == 1, fault.name


def test_a_play_without_any_fault_needs_nobody(stage: Stage) -> None:
    played = play(stage, 1, Plan(faults=frozenset(), mode="liveness", steps=12))

    assert played.breach is None
    assert played.counts["crashes"] == played.counts["answers of writes lost"] == 0
    assert set(KINDS) == Plan().faults
