"""Deals that take back, where locks, queries and transactions of the database matter: on each kind."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from sfsync.domain.holdings import Demand
from sfsync.errors import ReductionRefused
from sfsync.store import deals, taking_back
from sfsync.sync.cycle import run_cycle
from sfsync.sync.plan import plan
from sfsync.sync.pull import pull
from sfsync.sync.running import run
from tests.mirror import mirrored
from tests.sync.back import amend, renewal, whole
from tests.sync.reducing import activated, by_others, left, take, there

if TYPE_CHECKING:
    from sfsync.app import App
    from tests.world import World

pytestmark = pytest.mark.databases


@pytest.fixture
def novatech(world: World, app: App) -> list[str]:
    """Two activated orders of deals of one account that hold 50 licences: 30 and 20, the last the newest."""
    return activated(world, app, (30, "2026-01-05"), (20, "2026-02-20"))


def test_a_deal_and_an_operator_at_once_never_take_more_than_there_is(
    world: World, app: App, novatech: list[str]
) -> None:
    for back in (30, 15):
        renewal(world, back)
    run(app, "pull", pull)

    def ask(number: int) -> None:
        with suppress(ReductionRefused):
            if number:
                take(app, novatech[number - 1], Demand("1", by=Decimal(15)))
            else:
                run(app, "plan", plan)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(ask, range(3)))
    whole(world, app)
    with app.db.begin() as tx:
        tx.exec_driver_sql("UPDATE orders SET status = 'Activated' WHERE is_reduction")
    run_cycle(app)

    taken = -sum(one["TotalAmount"] for one in there(world))
    assert sum(left(world, order) for order in novatech) == 50 - taken / 100 >= 0
    assert {one["StatusCode"] for one in there(world)} == {"Activated"}


def test_what_is_a_deals_own_and_what_is_not(world: World, app: App, novatech: list[str]) -> None:
    deal = renewal(world, 25)
    run_cycle(app)
    [first, _] = (row.opportunity_id for row in mirrored(app.db, "orders", is_reduction=False)[:2])
    take(app, novatech[0], Demand("1", by=Decimal(1)))
    world.org.update("Order", by_others(world, novatech[0], 1), {"OpportunityId": first})
    world.org.settings.reduction_orders = False
    world.org.advance(1200)
    other = renewal(world, 1)
    run_cycle(app)

    with app.db.read() as tx:
        own = taking_back.of_deals(tx, "default", [deal, first, other])
        assert {it: [one.key for one in found] for it, found in own.items()} == {
            deal: [f"{deal}-2", f"{deal}-3"], other: [f"{other}-2"]
        }  # fmt: skip
        assert [line.now.quantity for one in own[deal] for line in one.lines] == [-20, -5]
        assert taking_back.planned(tx, "default") == {other: [f"{other}-2"]}
        assert deals.unsent_keys(tx, "default") == {}
        assert deals.due(tx, "default", deals.DueFilter()) == []
        assert deals.waiting(tx, "default") == [other]


def test_part_of_a_deal_that_the_org_refused_is_planned_anew_when_the_deal_changes(
    world: World, app: App, novatech: list[str]
) -> None:
    world.org.settings.reduction_orders = False
    deal = renewal(world, 25)
    assert {one.code for one in run_cycle(app).attention} == {"FIELD_INTEGRITY_EXCEPTION"}
    world.org.advance(1200)
    assert len(mirrored(app.db, "orders", opportunity_id=deal)) == 3  # what is still to be made is not forgotten
    run_cycle(app)
    assert len(mirrored(app.db, "orders", opportunity_id=deal)) == 3
    [line] = world.org.query(f"SELECT Id FROM OpportunityLineItem WHERE OpportunityId = '{deal}' AND Quantity = -25")
    world.org.update("OpportunityLineItem", line["Id"], {"Quantity": -5, "UnitPrice": 100})
    world.org.advance(1200)

    [one] = run_cycle(app).attention

    assert one.code == "ordered"
    assert [row.key for row in mirrored(app.db, "orders", opportunity_id=deal)] == [f"{deal}-1"]
    world.org.update("OpportunityLineItem", line["Id"], {"Quantity": -25, "UnitPrice": 100})
    world.org.advance(1200)
    assert [one.code for one in run_cycle(app).attention] == ["ordered"]  # as before, and nothing of it is made
    world.org.settings.reduction_orders = True
    amend(app, deal)
    assert run_cycle(app).attention == ()
    assert sum(one["TotalAmount"] for one in world.orders(deal)) == 90 - 2500
