"""Deals with negative quantities: an order of what is sold, and reductions of what the account has, whole or not at all."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from sfsync.domain.holdings import Demand
from sfsync.errors import ReductionRefused, UsageError
from sfsync.sync.cycle import run_cycle
from tests.mirror import mirrored
from tests.sync.reducing import by_hand, left, take, there
from tests.world import kinds

if TYPE_CHECKING:
    from sfsync.app import App
    from tests.world import World


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What depends on the database is in test_taking_back_databases.py."""
    return sqlite_url


@pytest.fixture
def novatech(world: World, app: App) -> list[str]:
    """Three activated orders of one account that hold 100 licences at 100.00: 50, 30 and 20, the last the newest."""
    return by_hand(world, app, (50, "2026-01-05"), (30, "2026-02-01"), (20, "2026-02-20"))


def amending(world: World, *lines: tuple[float, float], entries: tuple[int, ...] = (), **fields: Any) -> str:
    """A won deal with lines of (quantity, unit price) of the first product, or of those by number."""
    deal = world.deal((1, 1), won=False, **fields)
    [only] = world.org.query(f"SELECT Id FROM OpportunityLineItem WHERE OpportunityId = '{deal}'")
    world.org.delete("OpportunityLineItem", only["Id"])
    for place, (quantity, price) in enumerate(lines):
        world.line(deal, quantity, price, entry=world.entries[entries[place] if entries else 0])
    world.win(deal)
    return deal


def settled(world: World, app: App) -> None:
    """Nothing is left to do, nothing differs, and nothing is made twice."""
    world.org.advance(1200)
    before = [(one["Id"], one["StatusCode"], one["TotalAmount"]) for one in world.orders()]
    assert run_cycle(app).attention == ()
    assert [(one["Id"], one["StatusCode"], one["TotalAmount"]) for one in world.orders()] == before
    assert mirrored(app.db, "discrepancies", resolved_at=None) == []


def activate(app: App) -> None:
    with app.db.begin() as tx:
        tx.exec_driver_sql("UPDATE orders SET status = 'Activated' WHERE org_status = 'Draft'")


def test_what_is_sold_is_ordered_and_what_is_taken_back_is_reduced_over_three_orders(
    world: World, app: App, novatech: list[str]
) -> None:
    before = {order: world.org.get("Order", order) for order in novatech}
    deal = amending(world, (4, 250), (-60, 100), entries=(1, 0))

    assert run_cycle(app).attention == ()

    [order, *reductions] = world.orders(deal)
    assert (order["SFSync_Key__c"], order["TotalAmount"], order["Status"]) == (f"{deal}-1", 1000, "Draft")
    assert [one["SFSync_Key__c"] for one in reductions] == [f"{deal}-{n}" for n in (2, 3, 4)]
    assert [(one["OriginalOrderId"], one["TotalAmount"]) for one in there(world)] == [
        (novatech[2], -2000), (novatech[1], -3000), (novatech[0], -1000)
    ]  # fmt: skip
    assert sum(one["TotalAmount"] for one in world.orders(deal)) == world.org.get("Opportunity", deal)["Amount"]
    settled(world, app)

    activate(app)
    run_cycle(app)

    assert {one["StatusCode"] for one in world.orders(deal)} == {"Activated"}
    assert [left(world, one) for one in novatech] == [40, 0, 0]
    settled(world, app)
    assert {order: world.org.get("Order", order) for order in novatech} == before
    take(app, novatech[0], Demand("1", by=Decimal(5)), activate=True)
    run_cycle(app)
    world.org.update("Opportunity", deal, {"Description": "looked at again"})
    settled(world, app)
