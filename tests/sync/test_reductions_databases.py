"""Reductions, where locks and queries of the database matter: on each kind."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from sfsync.domain.holdings import Demand
from sfsync.errors import ReductionRefused
from sfsync.sync.arrows import ARROWS
from sfsync.sync.cycle import run_cycle
from sfsync.sync.running import run
from tests.sync.reducing import activated, by_others, left, take, there, to_75
from tests.world import just_before, kinds

if TYPE_CHECKING:
    from sfsync.app import App
    from tests.world import World

pytestmark = pytest.mark.databases


@pytest.fixture
def novatech(world: World, app: App) -> list[str]:
    """Three activated orders of one account that hold 100 licences: 50, 30 and 20, the last the newest."""
    return activated(world, app, (50, "2026-01-05"), (30, "2026-02-01"), (20, "2026-02-20"))


def test_a_downgrade_over_three_orders_is_created_in_one_call(world: World, app: App, novatech: list[str]) -> None:
    before = {order: world.org.get("Order", order) for order in novatech}
    plan = to_75(app)
    assert [(cut.original.sf_id, cut.by) for cut in plan.cuts] == [(novatech[2], 20), (novatech[1], 5)]
    world.org.calls.clear()

    report = run(app, "generate", ARROWS["generate"])

    assert kinds(world.org).count("graph") == 1
    assert report.counts["orders_created"] == 2
    made = there(world)
    assert [(one["OriginalOrderId"], one["TotalAmount"], one["Status"]) for one in made] == [
        (novatech[2], Decimal(-2000), "Draft"),
        (novatech[1], Decimal(-500), "Draft"),
    ]
    assert [one["SFSync_Key__c"] for one in made] == [plan.key for plan in plan.plans]
    assert {one["OpportunityId"] for one in made} == {None}
    assert {order: world.org.get("Order", order) for order in novatech} == before


def test_who_is_slower_is_told_what_still_fits(world: World, app: App, novatech: list[str]) -> None:
    """Once the other one is seen before anything is sent, once by the org's own figure, once by its refusal."""
    number = {order: world.org.get("Order", order)["OrderNumber"] for order in novatech}
    for order, quantity in zip(novatech, (30, 20, 20), strict=True):
        take(app, order, Demand("1", by=Decimal(quantity)), activate=False)
    run_cycle(app)
    world.org.advance(1200)
    with app.db.begin() as tx:
        tx.exec_driver_sql("UPDATE orders SET status = 'Activated' WHERE is_reduction")
    by_others(world, novatech[0], 25, activate=True)
    run(app, "pull", ARROWS["pull"])
    just_before(world.org, "/composite", lambda: by_others(world, novatech[1], 15, activate=True))
    just_before(world.org, "/composite/sobjects", lambda: by_others(world, novatech[2], 20, activate=True))

    report = run(app, "push", ARROWS["push"])

    assert {one.code for one in report.attention} == {"over_reduced"}
    said = [one.message for one in sorted(report.attention, key=lambda one: one.record)]
    for order, words, takes, still in zip(novatech, said, (30, 20, 20), (25, 15, 0), strict=True):
        slower = f"Licence A of order {number[order]}: this reduction takes {takes}, and only {still} are left"
        assert words.startswith(slower)
        assert words.endswith("Delete this draft in Salesforce first.")
        assert (f"`sfsync orders reduce {number[order]} --line 1 --by {still}`" in words) == (still > 0)
    world.org.advance(1200)
    run_cycle(app)
    world.org.calls.clear()
    run_cycle(app)
    assert kinds(world.org).count("collections") == 0
    assert min(left(world, order) for order in novatech) >= 0


def test_two_operators_at_once_never_take_more_than_there_is(world: World, app: App, novatech: list[str]) -> None:
    def ask(_: int) -> str:
        try:
            return take(app, novatech[0], Demand("1", by=Decimal(20))).plans[0].key
        except ReductionRefused as refused:
            return refused.problems[0][0]

    with ThreadPoolExecutor(4) as pool:
        said = sorted(pool.map(ask, range(4)))

    assert [one[-3:] for one in said[:2]] == ["-R1", "-R2"]
    assert said[2:] == ["more_than_left"] * 2
    run_cycle(app)
    assert [one["TotalAmount"] for one in there(world)] == [Decimal(-2000)] * 2
