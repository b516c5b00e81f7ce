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
from tests.shipping import activated, add_objects, in_org, progress, record, reduction, sql, told

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
