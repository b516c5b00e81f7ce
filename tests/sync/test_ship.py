"""Shipments recorded here reach the org, each once and whole; those of the org are mirrored."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from sfsync.domain.recording import read_file
from sfsync.store import importing, recording, shipment_list
from sfsync.store.find import OrderFilter, items_of, list_orders
from sfsync.sync.cycle import run_cycle
from tests.mirror import mirrored
from tests.shipping import activated, add_objects, in_org, record, sql

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfsync.app import App
    from sfsync.emulator.org import Org
    from tests.world import World


@pytest.fixture
def world(world: World) -> World:
    add_objects(world.org)
    return world


@pytest.fixture(autouse=True)
def enabled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SFSYNC_SHIPMENTS__ENABLED", "true")


def progress(app: App) -> list[tuple[str, ...]]:
    """What was shipped, and what of it the org has confirmed; the percentage and the state, by order."""
    rows = sql(app.db, "SELECT shipped, confirmed, percent, state FROM order_progress ORDER BY order_id")
    return [(*(f"{Decimal(str(value)):.2f}" if value is not None else "" for value in row[:3]), row[3]) for row in rows]


def reduction(world: World, original: str, item: str, by: float) -> str:
    """Have somebody in the org reduce a line of an order; return the reduction, still a draft."""
    order = world.order(IsReductionOrder=True, OriginalOrderId=original)
    [entry] = world.org.query(f"SELECT PricebookEntryId, UnitPrice FROM OrderItem WHERE Id = '{item}'")
    values = {name: value for name, value in entry.items() if name != "attributes"}
    world.org.insert("OrderItem", {"OrderId": order, "OriginalOrderItemId": item, "Quantity": -by, **values})
    return order


def shipped_by_others(world: World, order: str, item: str, quantity: float, **fields: object) -> str:
    """Have somebody in the org make a shipment."""
    shipment = world.org.insert("Shipment__c", {"Order__c": order, "Status__c": "Shipped", **fields})
    line = {"Shipment__c": shipment, "Order_Item__c": item, "Quantity__c": quantity}
    world.org.insert("Shipment_Line__c", line)
    return shipment


def told(app: App) -> list[str]:
    """The events about shipping, oldest first."""
    kinds = [row.type for row in mirrored(app.db, "events")]
    return [kind for kind in kinds if "ship" in kind]


def test_a_shipment_recorded_by_plain_sql_reaches_the_org_with_its_lines_and_a_key(world: World, app: App) -> None:
    order = activated(world, app, (10, 5), (4, 7))
    record(app.db, order, 6, 4, status="Shipped", carrier="DHL", tracking_number="1Z", shipped_on="2026-03-02")

    run_cycle(app)

    [shipment] = in_org(world.org)
    assert shipment["SFSync_Key__c"] == f"{order}-S1"
    assert (shipment["Status__c"], shipment["Carrier__c"], str(shipment["Shipped_Date__c"])) == (
        "Shipped",
        "DHL",
        "2026-03-02",
    )
    assert [(line["SFSync_Key__c"], line["Quantity__c"]) for line in shipment["lines"]] == [
        (f"{order}-S1-1", 6),
        (f"{order}-S1-2", 4),
    ]
    kinds = [row.type for row in mirrored(app.db, "events")]
    assert kinds[-2:] == ["shipment.created", "order.partially_shipped"]
    assert progress(app) == [("10.00", "10.00", "71.43", "partial")]


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


def test_a_reduction_that_others_activate_makes_the_rest_complete_and_one_too_many_is_alarmed_once(
    world: World, app: App
) -> None:
    order = activated(world, app, (10, 5))
    [row] = mirrored(app.db, "orders", key=order)
    [item] = mirrored(app.db, "order_items", order_id=row.id)
    record(app.db, order, 7)
    first = reduction(world, row.sf_id, item.sf_id, 3)
    assert run_cycle(app).exit_code == 0
    assert progress(app)[0][2:] == ("70.00", "partial")

    world.org.advance(60)
    world.org.update("Order", first, {"Status": "Activated"})
    run_cycle(app)
    assert progress(app)[0][2:] == ("100.00", "shipped")
    assert told(app) == ["shipment.created", "order.partially_shipped", "order.shipped"]

    world.org.advance(60)
    world.org.update("Order", reduction(world, row.sf_id, item.sf_id, 2), {"Status": "Activated"})
    report = run_cycle(app)
    run_cycle(app)
    assert progress(app)[0][2:] == ("140.00", "over")
    assert report.exit_code == 1
    assert [(one.kind, one.code) for one in report.attention] == [("over", "over_shipped")]
    assert "7 shipped of 5 due" in report.attention[0].message
    assert len(mirrored(app.db, "journal", action="order.over_shipped")) == 1

    sql(app.db, "UPDATE shipments SET status = 'Voided'")
    assert run_cycle(app).exit_code == 0
    assert in_org(world.org)[0]["Status__c"] == "Voided"
    assert len(mirrored(app.db, "journal", action="order.over_shipment_settled")) == 1


def test_an_order_that_was_reduced_whole_has_no_percentage(world: World, app: App) -> None:
    order = activated(world, app, (10, 5))
    [row] = mirrored(app.db, "orders", key=order)
    [item] = mirrored(app.db, "order_items", order_id=row.id)
    world.org.update("Order", reduction(world, row.sf_id, item.sf_id, 10), {"Status": "Activated"})

    run_cycle(app)

    assert progress(app) == [("0.00", "0.00", "", "n/a")]


def test_the_views_are_exact_and_know_what_is_no_goods(
    world: World, make_app: Callable[[Org], App], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SFSYNC_SHIPMENTS__NOT_PHYSICAL_FAMILIES", "Service")
    app = make_app(world.org)
    [product] = world.org.query("SELECT Id FROM Product2 WHERE Name = 'Licence B'")
    world.org.update("Product2", product["Id"], {"Family": "Service"})
    order = activated(world, app, (0.3, 5), (1, 7))
    for _ in range(3):
        record(app.db, order, 0.1)

    run_cycle(app)

    lines = "SELECT product_name, ordered, reduced, shipped, percent, state FROM order_item_progress"
    [(name, *amounts, state)] = sql(app.db, lines)
    assert (name, state) == ("Licence A", "shipped")
    assert [Decimal(str(amount)) for amount in amounts] == [Decimal("0.3"), 0, Decimal("0.3"), 100]
    assert progress(app) == [("0.30", "0.30", "100.00", "shipped")]


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


def test_recording_and_looking_are_the_same_on_both_databases(world: World, app: App) -> None:
    order = activated(world, app, (10, 5), (4, 7))
    rows, wrong = read_file(f"shipment,order,line,quantity,carrier\nB1,{order},A,4,DHL\nB1,{order},B,4,\n")
    given = {"wrong": wrong, "allow_over": False, "update": True, "actor": "test", "now": world.org.clock()}
    with app.db.begin() as tx:
        imported = importing.import_rows(tx, "default", rows, **given)
        again = importing.import_rows(tx, "default", rows, **given)
        changed = recording.want(tx, "default", 1, {"status": "Shipped"}, actor="test", now=world.org.clock())

    with app.db.read() as tx:
        one = shipment_list.find(tx, "default", "B1")
        listed, many = shipment_list.list_shipments(
            tx, "default", order=one.order_id, status="Shipped", progress="partial", waiting=True
        )
        held, _ = shipment_list.list_shipments(tx, "default", held=True)
        waiting = shipment_list.waiting(tx, "default")
        orders, _ = list_orders(tx, "default", OrderFilter(partially_shipped=True), limit=5)
        [percent] = [row.percent for row in shipment_list.progress_of(tx, [one.order_id or 0]).values()]
        items = items_of(tx, orders[0])
    assert isinstance(imported, importing.Imported)
    assert isinstance(again, importing.Imported)
    assert (len(imported.recorded), imported.lines, again.recorded, again.known) == (1, 2, (), 1)
    assert (changed, one.quantity, one.lines, many, listed, held, waiting) == (["status"], 8, 2, 1, [one], [], 1)
    assert (percent, [item.shipping for item in items]) == (Decimal("57.14"), ["partial", "shipped"])
