"""order.reduced: told once, of the original, with what is left of it; a reduction never passes for a sale."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from sfsync.domain.holdings import Demand
from sfsync.store import events
from sfsync.sync.cycle import run_cycle
from tests.mirror import mirrored
from tests.sync.reducing import activated, by_others, take, there

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfsync.app import App
    from sfsync.store.events import Written
    from tests.world import World


def told(app: App) -> list[Written]:
    with app.db.read() as tx:
        return events.read(tx, app.org_name, limit=1000)


@pytest.fixture
def database_url(request: pytest.FixtureRequest, sqlite_url: str) -> str:
    """Each kind only where the test is marked so: it counts earlier events inside the database."""
    return str(request.getfixturevalue("postgres_url")) if request.node.get_closest_marker("postgres") else sqlite_url


@pytest.mark.postgres
def test_a_second_activation_is_another_event_on_postgresql_too(world: World, app: App) -> None:
    [order] = activated(world, app, (100, "2026-01-05"))
    made = by_others(world, order, 10, activate=True)
    run_cycle(app)
    for status in ("Draft", "Activated"):
        world.org.advance(1200)
        world.org.update("Order", made, {"Status": status})
        run_cycle(app)

    ids = [one.event_id for one in told(app) if one.type == "order.reduced"]

    assert len(set(ids)) == len(ids) == 2


def test_a_reduction_is_told_of_its_original_with_the_net_once_it_is_activated(world: World, app: App) -> None:
    [order] = activated(world, app, (100, "2026-01-05"))
    before = len(told(app))
    take(app, order, Demand("1", to=Decimal(75)))
    run_cycle(app)
    assert len(told(app)) == before
    reduction = there(world)[0]
    with app.db.begin() as tx:
        tx.exec_driver_sql("UPDATE orders SET status = 'Activated' WHERE is_reduction")
    world.org.faults.add("lost_answer", method="PATCH")

    for _ in range(3):
        run_cycle(app)
        world.org.advance(1200)

    [event] = told(app)[before:]
    original = mirrored(app.db, "orders", sf_id=order)[0]
    assert (event.type, event.record, event.sf_id) == ("order.reduced", original.key, order)
    assert event.data["order"]["total_amount"] == "10000.00"
    assert event.data["order"]["lines"][0]["quantity"] == "100.00"
    assert (event.data["reduction"]["sf_id"], event.data["reduction"]["is_reduction"]) == (reduction["Id"], True)
    assert event.data["reduction"]["original_order_id"] == order
    [net] = event.data["net"]
    assert [net[name] for name in ("ordered", "reduced", "net_quantity", "net_amount")] == [
        *("100.00", "25.00"),
        *("75.00", "7500.00"),
    ]
    assert event.data["reduction"]["lines"][0]["original_item_id"] == net["sf_id"]


def test_what_others_reduce_and_take_back_is_told_too_each_time_once(
    world: World, app: App, empty_db: Callable[[], None]
) -> None:
    orders = activated(world, app, (100, "2026-01-05"), (50, "2026-01-06"))
    before = len(told(app))
    made = by_others(world, orders[0], 10, activate=True)
    by_others(world, orders[0], 5)
    run_cycle(app)
    for status in ("Fulfilled", "Draft", "Activated", "Cancelled"):
        world.org.advance(1200)
        world.org.update("Order", made, {"Status": status})
        run_cycle(app)

    seen = told(app)[before:]

    assert [one.type for one in seen] == ["order.reduced", "order.deactivated", "order.reduced", "order.cancelled"]
    assert [one.data["net"][0]["net_quantity"] for one in seen] == ["90.00", "100.00", "90.00", "100.00"]
    assert {one.record for one in seen} == {mirrored(app.db, "orders", sf_id=orders[0])[0].key}
    assert len({one.event_id for one in seen}) == 4
    empty_db()
    run_cycle(app)
    assert told(app) == []


def test_a_reduction_of_several_orders_is_told_of_each_and_one_of_an_unknown_order_by_its_id(
    world: World, app: App
) -> None:
    orders = activated(world, app, (100, "2026-01-05"), (50, "2026-01-06"))
    before = len(told(app))
    values = {"AccountId": world.account, "EffectiveDate": "2026-03-01", "Status": "Draft", "IsReductionOrder": True}
    made = world.org.insert("Order", values)
    for order in orders:
        [line] = world.org.query(f"SELECT Id, PricebookEntryId, UnitPrice FROM OrderItem WHERE OrderId = '{order}'")
        values = {"OriginalOrderItemId": line["Id"], "Quantity": -7, "UnitPrice": line["UnitPrice"]}
        world.org.insert("OrderItem", {"OrderId": made, "PricebookEntryId": line["PricebookEntryId"], **values})
    world.org.update("Order", made, {"Status": "Activated"})
    run_cycle(app)

    assert [one.data["net"][0]["net_quantity"] for one in told(app)[before:]] == ["93.00", "43.00"]
    by_hand = world.order()
    world.item(by_hand)
    world.org.update("Order", by_hand, {"Status": "Activated"})
    run_cycle(app)
    world.org.advance(1200)
    world.order()  # the look-back begins at the newest
    run_cycle(app)
    before = len(told(app))
    by_others(world, by_hand, 1, activate=True)
    with app.db.begin() as tx:
        tx.exec_driver_sql(f"DELETE FROM orders WHERE sf_id = '{by_hand}'")
    run_cycle(app)
    [event] = told(app)[before:]
    assert (event.record, event.data["order"], event.data["net"]) == (by_hand, None, [])
