"""Orders that are reduced in tests, here and in Salesforce."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sfsync.domain.holdings import Demand
from sfsync.sync.cycle import run_cycle
from sfsync.sync.reduce import Request, reduce
from tests.shipping import ordered

if TYPE_CHECKING:
    from sfsync.app import App
    from sfsync.sync.reduce import Preview
    from tests.world import World

LICENCE = "Licence A"


def activated(world: World, app: App, *sizes: tuple[float, str]) -> list[str]:
    keys = [ordered(world, (quantity, 100), CloseDate=day) for quantity, day in sizes]
    run_cycle(app)
    world.org.advance(1200)
    found = {order["SFSync_Key__c"]: order["Id"] for order in world.orders()}
    return [found[key] for key in keys]


def by_hand(world: World, app: App, *sizes: tuple[float, str]) -> list[str]:
    """Activated orders that somebody made in Salesforce, mirrored."""
    orders = [world.order(EffectiveDate=day) for _, day in sizes]
    for order, (quantity, _) in zip(orders, sizes, strict=True):
        world.item(order, Quantity=quantity)
        world.org.update("Order", order, {"Status": "Activated"})
    run_cycle(app)
    world.org.advance(1200)
    return orders


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
