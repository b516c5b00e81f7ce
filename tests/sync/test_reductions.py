"""Reductions: planned here, reserved, created whole and once in the org, activated while they still fit."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from sfsync.domain.holdings import Demand
from sfsync.sync.arrows import ARROWS
from sfsync.sync.cycle import run_cycle
from sfsync.sync.reduce import Request, reduce
from sfsync.sync.running import run
from tests.world import kinds

if TYPE_CHECKING:
    from sfsync.app import App
    from sfsync.sync.reduce import Preview
    from tests.world import World

LICENCE = "Licence A"


@pytest.fixture
def novatech(world: World, app: App) -> list[str]:
    """Three activated orders of one account that hold 100 licences: 50, 30 and 20, the last the newest."""
    return activated(world, app, (50, "2026-01-05"), (30, "2026-02-01"), (20, "2026-02-20"))


def activated(world: World, app: App, *sizes: tuple[float, str]) -> list[str]:
    deals = [world.deal((quantity, 100), CloseDate=day) for quantity, day in sizes]
    run_cycle(app)
    with app.db.begin() as tx:
        tx.exec_driver_sql("UPDATE orders SET status = 'Activated'")
    run_cycle(app)
    world.org.advance(1200)
    return [world.orders(deal)[0]["Id"] for deal in deals]


def take(app: App, record: str | None, *demands: Demand, **options: Any) -> Preview:
    return reduce(app, Request(demands or (Demand(None),), record, **options), actor="anna")


def to_75(app: App, **options: Any) -> Preview:
    demand = Demand(LICENCE, to=Decimal(75))
    return take(app, None, demand, account="Cobalt Ventures", **options)


def there(world: World) -> list[dict[str, Any]]:
    """The org's reduction orders, oldest first."""
    return world.org.query(
        "SELECT Id, OriginalOrderId, Status, StatusCode, TotalAmount, EffectiveDate, SFSync_Key__c, OpportunityId,"
        " Pricebook2Id, (SELECT Id, Quantity, UnitPrice, OriginalOrderItemId, SFSync_Key__c FROM OrderItems)"
        " FROM Order WHERE IsReductionOrder = true ORDER BY Id"
    )


def left(world: World, order: str) -> Decimal:
    [line] = world.org.query(f"SELECT AvailableQuantity FROM OrderItem WHERE OrderId = '{order}'")
    return Decimal(str(line["AvailableQuantity"]))


def by_others(world: World, order: str, quantity: float, *, activate: bool = False) -> str:
    """Somebody reduces an order in Salesforce."""
    original = world.org.get("Order", order)
    [line] = world.org.query(f"SELECT Id FROM OrderItem WHERE OrderId = '{order}'")
    made = world.org.insert(
        "Order",
        {"AccountId": original["AccountId"], "EffectiveDate": "2026-03-01", "Status": "Draft",
         "IsReductionOrder": True, "OriginalOrderId": order},
    )  # fmt: skip
    world.org.insert("OrderItem", {"OrderId": made, "OriginalOrderItemId": line["Id"], "Quantity": -quantity})
    if activate:
        world.org.update("Order", made, {"Status": "Activated"})
    return made


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
