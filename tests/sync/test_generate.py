"""Creating orders when the org refuses: nothing is forgotten, and what was surely not made is not in doubt."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from sfsync.errors import OrgUnfit
from sfsync.sync import generate
from sfsync.sync.cycle import run_cycle
from tests.mirror import mirrored
from tests.sync.answers import Changed, without_orders
from tests.world import just_before

if TYPE_CHECKING:
    from sfsync.app import App
    from tests.world import World


def test_a_call_that_is_refused_as_a_whole_leaves_nothing_in_doubt(world: World, app: App) -> None:
    world.deals(2)
    just_before(world.org, "composite/graph", lambda: setattr(world.org.settings, "api_enabled", False))

    with pytest.raises(OrgUnfit, match="may not use the API"):
        run_cycle(app)

    assert [row.in_doubt for row in mirrored(app.db, "orders")] == [None, None]
    world.org.settings.api_enabled = True
    run_cycle(app)
    assert world.amounts_agree()


def test_an_order_that_was_made_before_an_unexpected_failure_is_not_forgotten(world: World, app: App) -> None:
    deal = world.deal()

    def fail(call: object, moment: str) -> None:
        if moment == "after" and world.orders(deal):
            world.org.on_call.clear()
            raise RuntimeError(call)

    world.org.on_call.append(fail)
    with pytest.raises(RuntimeError):
        run_cycle(app)
    assert [row.in_doubt for row in mirrored(app.db, "orders")] == ["create"]
    world.org.update("Opportunity", deal, {"StageName": "Prospecting"})

    run_cycle(app)

    [order] = world.orders(deal)
    [row] = mirrored(app.db, "orders")
    assert (row.sf_id, row.in_doubt, row.origin) == (order["Id"], None, "sfsync")


def test_a_key_that_is_taken_by_an_order_we_may_not_see_is_put_before_a_person(world: World, app: App) -> None:
    deal, other = world.deals(2)
    key = f"{deal}-1"
    order = {"AccountId": world.account, "EffectiveDate": "2026-03-02", "Status": "Draft", "SFSync_Key__c": key}
    world.org.insert("Order", order)
    app = replace(app, adapter=Changed(world.org, "POST", "/composite", without_orders(key)))

    report = run_cycle(app)

    assert (len(world.orders(other)), world.orders(deal)) == (1, [])
    [problem] = report.attention
    assert (problem.record, problem.code) == (key, "DUPLICATE_VALUE")
    assert "View All" in problem.message
    [row] = mirrored(app.db, "orders", key=key)
    assert (row.in_doubt, row.attempts) == (None, 1)
    assert row.retry_at is not None


def test_orders_that_are_still_halted_after_the_rounds_of_a_cycle_are_made_in_the_next(
    world: World, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(20):
        world.deal((-1, 10))
    good = world.deals(3)
    app.plan_policy = type(app.plan_policy)(negative_quantity=True)
    monkeypatch.setattr(generate, "ROUNDS", 1)

    run_cycle(app)
    assert [world.orders(deal) for deal in good] == [[], [], []]
    assert mirrored(app.db, "orders", in_doubt="create") == []

    run_cycle(app)
    assert [len(world.orders(deal)) for deal in good] == [1, 1, 1]
