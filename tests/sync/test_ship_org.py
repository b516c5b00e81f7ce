"""What others do to shipments in the org, and what is wanted of them here: both sides are followed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sfsync.store.engine import open_database
from sfsync.sync.cycle import run_cycle
from tests.mirror import mirrored
from tests.shipping import activated, add_objects, in_org, progress, record, reduction, shipped_by_others, sql, told

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from sfsync.app import App
    from sfsync.emulator.org import Org
    from sfsync.store.engine import Database
    from tests.world import World


@pytest.fixture
def db(sqlite_url: str) -> Generator[Database]:
    """What the org shows is the same to each kind of database: one shows it."""
    database = open_database(sqlite_url)
    yield database
    database.close()


@pytest.fixture
def world(world: World) -> World:
    add_objects(world.org)
    return world


@pytest.fixture(autouse=True)
def enabled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SFSYNC_SHIPMENTS__ENABLED", "true")


def test_what_others_ship_and_void_and_delete_is_mirrored_and_told_once(world: World, app: App) -> None:
    order = activated(world, app, (10, 5))
    [row] = mirrored(app.db, "orders", key=order)
    [item] = mirrored(app.db, "order_items", order_id=row.id)
    first = shipped_by_others(world, row.sf_id, item.sf_id, 4)
    second = shipped_by_others(world, row.sf_id, item.sf_id, 6)

    run_cycle(app)
    assert progress(app) == [("10.00", "10.00", "100.00", "shipped")]
    assert told(app) == ["shipment.created", "shipment.created", "order.shipped"]
    [line] = mirrored(app.db, "events", type="shipment.created")[0].data["shipment"]["lines"]
    assert (line["quantity"], line["order_item_id"]) == ("4.00", item.sf_id)

    world.org.advance(1200)
    world.org.update("Shipment__c", first, {"Status__c": "Voided"})
    run_cycle(app)
    assert progress(app) == [("6.00", "6.00", "60.00", "partial")]
    world.org.delete("Shipment__c", second)
    world.org.advance(1200)
    run_cycle(app)
    assert progress(app) == [("0.00", "0.00", "0.00", "none")]
    assert told(app)[3:] == ["order.partially_shipped"]
    assert [one.is_deleted for one in mirrored(app.db, "shipments")] == [False, True]


def test_shipments_lines_and_items_that_vanish_from_the_recycle_bin_too_are_heard_of_by_the_delete_log(
    world: World, app: App
) -> None:
    order = world.order()
    items = [world.item(order, Quantity=5), world.item(order, Quantity=5)]
    shipments = [shipped_by_others(world, order, item, 5) for item in items]
    [line] = world.org.query(f"SELECT Id FROM Shipment_Line__c WHERE Shipment__c = '{shipments[1]}'")
    run_cycle(app)
    assert progress(app) == [("10.00", "10.00", "100.00", "shipped")]
    world.org.advance(1200)
    world.org.delete("Shipment__c", shipments[0])
    world.org.delete("Shipment_Line__c", line["Id"])
    world.org.delete("OrderItem", items[0])
    world.org.empty_recycle_bin()
    for _ in range(2):
        world.org.advance(1200)
        run_cycle(app)

    assert progress(app) == [("0.00", "0.00", "0.00", "none")]
    assert [one.is_deleted for one in mirrored(app.db, "shipment_lines")].count(True) == 1
    world.org.delete("Order", order)
    for _ in range(2):
        world.org.advance(1200)
        run_cycle(app)
    assert progress(app) == []


def test_shipments_that_were_there_before_sfsync_looked_are_mirrored_and_told_to_nobody(
    world: World, make_app: Callable[[Org], App], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SFSYNC_SHIPMENTS__ENABLED", "false")
    app = make_app(world.org)
    order = activated(world, app, (10, 5))
    [row] = mirrored(app.db, "orders", key=order)
    [item] = mirrored(app.db, "order_items", order_id=row.id)
    shipped_by_others(world, row.sf_id, item.sf_id, 10)
    run_cycle(app)
    assert mirrored(app.db, "shipments") == []
    world.org.advance(60)
    monkeypatch.setenv("SFSYNC_SHIPMENTS__ENABLED", "true")

    run_cycle(make_app(world.org))

    assert progress(app) == [("10.00", "10.00", "100.00", "shipped")]
    assert told(app) == []


def test_an_order_that_was_reduced_whole_has_no_percentage(world: World, app: App) -> None:
    order = activated(world, app, (10, 5))
    [row] = mirrored(app.db, "orders", key=order)
    [item] = mirrored(app.db, "order_items", order_id=row.id)
    world.org.update("Order", reduction(world, row.sf_id, item.sf_id, 10), {"Status": "Activated"})

    run_cycle(app)

    assert progress(app) == [("0.00", "0.00", "", "n/a")]


def test_changes_are_folded_into_one_update_and_the_orgs_own_are_followed(world: World, app: App) -> None:
    order = activated(world, app, (10, 5))
    record(app.db, order, 10)
    run_cycle(app)
    sql(app.db, "UPDATE shipments SET status = 'Shipped', carrier = 'DHL'")
    sql(app.db, "UPDATE shipments SET tracking_number = '1Z', delivered_on = '2026-03-05'")
    world.org.calls.clear()

    report = run_cycle(app)

    [shipment] = in_org(world.org)
    assert (shipment["Status__c"], shipment["Carrier__c"], shipment["Tracking_Number__c"]) == ("Shipped", "DHL", "1Z")
    assert report.counts["shipments_pushed"] == 1
    world.org.advance(1200)
    world.org.update("Shipment__c", shipment["Id"], {"Status__c": "Delivered", "Carrier__c": None})
    run_cycle(app)
    [row] = mirrored(app.db, "shipments")
    assert (row.status, row.org_status, row.carrier, row.tracking_number) == ("Delivered", "Delivered", None, "1Z")


@pytest.mark.parametrize(("policy", "carrier"), [("org_wins", "UPS"), ("local_wins", "DHL")])
def test_a_field_that_both_sides_changed_goes_by_the_policy_and_is_journalled(
    world: World, make_app: Callable[[Org], App], monkeypatch: pytest.MonkeyPatch, policy: str, carrier: str
) -> None:
    monkeypatch.setenv("SFSYNC_SHIPMENTS__CONFLICT", policy)
    app = make_app(world.org)
    order = activated(world, app, (10, 5))
    record(app.db, order, 10)
    run_cycle(app)
    world.org.advance(1200)
    world.org.update("Shipment__c", in_org(world.org)[0]["Id"], {"Carrier__c": "UPS"})
    sql(app.db, "UPDATE shipments SET carrier = 'DHL'")

    run_cycle(app)

    assert in_org(world.org)[0]["Carrier__c"] == carrier
    assert mirrored(app.db, "shipments")[0].carrier == carrier
    assert len(mirrored(app.db, "journal", action="shipment.conflict")) == 1
