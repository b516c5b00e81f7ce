"""Deals that take back earlier sales, in tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfsync.sync.cycle import run_cycle
from sfsync.sync.plan import plan
from sfsync.sync.pull import pull
from sfsync.sync.running import known_schema, run
from sfsync.sync.supplement import amend_orders_of
from tests.mirror import mirrored
from tests.sync.idle import until_idle

if TYPE_CHECKING:
    from sfsync.app import App
    from tests.world import World


def amending(world: World, *lines: tuple[float, float], entries: tuple[int, ...] = (), **fields: Any) -> str:
    """A won deal with lines of (quantity, unit price) of the first product, or of those by number."""
    deal = world.deal((1, 1), won=False, **fields)
    [only] = world.org.query(f"SELECT Id FROM OpportunityLineItem WHERE OpportunityId = '{deal}'")
    world.org.delete("OpportunityLineItem", only["Id"])
    for place, (quantity, price) in enumerate(lines):
        world.line(deal, quantity, price, entry=world.entries[entries[place] if entries else 0])
    world.win(deal)
    return deal


def renewal(world: World, back: int) -> str:
    deal = world.deal((1, 90), won=False, name="Renewal")
    world.line(deal, -back, 100)
    world.win(deal)
    return deal


def whole(world: World, app: App) -> None:
    """Run cycles until nothing is in the way any more, as the daemon would."""
    until_idle(world, app)
    assert mirrored(app.db, "orders", in_doubt="create") == []


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


def plan_only(app: App) -> None:
    run(app, "pull", pull)
    run(app, "plan", plan)


def change(world: World, deal: str, price: float, **values: Any) -> None:
    """Change the deal's line of that unit price."""
    [line] = world.org.query(
        f"SELECT Id FROM OpportunityLineItem WHERE OpportunityId = '{deal}' AND UnitPrice = {price}"
    )
    world.org.update("OpportunityLineItem", line["Id"], values)


def amend(app: App, record: str, **options: Any) -> Any:
    schema = known_schema(app, app.db)
    with app.db.begin() as tx:
        return amend_orders_of(app, tx, record, schema, actor="ann", **options)


def reduced_for(world: World, deal: str, original: str, quantity: int) -> str:
    values = {"AccountId": world.account, "EffectiveDate": "2026-03-01", "Status": "Draft"}
    made = world.org.insert(
        "Order", {**values, "IsReductionOrder": True, "OriginalOrderId": original, "OpportunityId": deal}
    )
    [line] = world.org.query(f"SELECT Id FROM OrderItem WHERE OrderId = '{original}'")
    world.org.insert("OrderItem", {"OrderId": made, "OriginalOrderItemId": line["Id"], "Quantity": -quantity})
    return made
