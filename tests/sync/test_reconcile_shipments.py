"""Reconcile, where shipments are enabled: their records and lines are compared and mended like all others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sfsync.domain.drift import Kind
from sfsync.store.shipment_tables import shipment_lines, shipments
from sfsync.store.tables import order_items
from sfsync.sync.cycle import run_cycle
from sfsync.sync.guard import breaches
from sfsync.sync.reconcile import Wanted, run_reconcile
from tests.mirror import mirrored
from tests.shipping import activated, add_objects, progress, record, shipped_by_others, sql, told
from tests.sync.test_reconcile import Drifts, ids, kinds, on_sqlite

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfsync.app import App
    from sfsync.emulator.org import Org
    from tests.world import World

HOUR = 3600


@pytest.fixture
def app(world: World, make_app: Callable[[Org], App], monkeypatch: pytest.MonkeyPatch) -> App:
    monkeypatch.setenv("SFSYNC_SHIPMENTS__ENABLED", "true")
    add_objects(world.org)
    return make_app(world.org)


@on_sqlite
def test_drifts_of_shipments_of_all_kinds_are_found_and_repaired_and_nothing_is_told_twice(
    world: World, app: App
) -> None:
    order, org = activated(world, app, (10, 5), (10, 7)), world.org
    other = activated(world, app, (10, 5))
    for _ in range(6):
        record(app.db, order, 1, 1, carrier="DHL")
    run_cycle(app)
    run_cycle(app)
    [first, second, third, fourth, binned, gone] = ids(app, "shipments")
    lines = ids(app, "shipment_lines")
    org.advance(60)
    org.delete("Shipment__c", binned)
    org.delete("Shipment__c", gone)
    org.delete("Shipment_Line__c", lines[8])
    run_cycle(app)
    org.empty_recycle_bin()
    org.advance(60)
    org.purge_delete_log(org.clock())
    org.advance(2 * HOUR)
    items, elsewhere = mirrored(app.db, "order_items"), mirrored(app.db, "orders", key=other)[0]
    shipped_by_others(world, elsewhere.sf_id, items[2].sf_id, 1)
    for _ in range(2):
        run_cycle(app)
        org.advance(HOUR)
    before, announced = progress(app), told(app)
    drifts = Drifts(app, world)
    drifts.written(shipments, gone, Kind.VANISHED, is_deleted=False)
    drifts.written(shipments, first, Kind.TAMPERED, org_carrier="UPS", order_id=elsewhere.id)
    drifts.written(shipments, second, Kind.TAMPERED, is_deleted=True)
    drifts.older(shipments, third, org_tracking_number="old")
    drifts.lost(shipments, fourth)
    drifts.expected |= dict.fromkeys(lines[6:8], Kind.MISSED_NEW)
    drifts.written(shipment_lines, lines[0], Kind.TAMPERED, quantity=77)
    [silent] = breaches(app)
    drifts.written(shipment_lines, lines[2], Kind.LINE_WITHOUT_ORDER, shipment_id=None)
    drifts.written(shipment_lines, lines[8], Kind.VANISHED, is_deleted=False)
    drifts.lost(shipment_lines, lines[3])
    drifts.written(order_items, items[0].sf_id, Kind.TAMPERED, order_id=elsewhere.id)

    _, looked = run_reconcile(app, Wanted())
    _, repaired = run_reconcile(app, Wanted(repair=True))
    _, again = run_reconcile(app, Wanted())
    run_cycle(app)

    assert kinds(looked) == drifts.expected
    assert kinds(repaired) == drifts.expected
    assert repaired.open == 0
    assert again.drifts == []
    assert progress(app) == before
    assert told(app) == announced
    assert (silent.promise.code, breaches(app)) == ("over_untold", [])
    assert binned in {row.sf_id for row in mirrored(app.db, "shipments", is_deleted=True)}
    tallies = {tally.sobject: (tally.in_org, tally.in_mirror) for tally in again.tallies}
    assert tallies["Shipment__c"] == (5, 5)
    assert tallies["Shipment_Line__c"][0] == tallies["Shipment_Line__c"][1]
    assert run_reconcile(app, Wanted(objects=("Shipment__c",)))[1].exit_code == 0


@on_sqlite
def test_values_that_cannot_be_read_are_found_and_repaired_and_wishes_for_them_are_not_sent(
    world: World, app: App
) -> None:
    activated(world, app, (10, 5))
    record(app.db, mirrored(app.db, "orders")[0].key, 1)
    run_cycle(app)
    run_cycle(app)
    before = held(app)
    [order], [shipment] = ids(app, "orders"), ids(app, "shipments")
    for statement in SPOILT:
        sql(app.db, statement)

    _, looked = run_reconcile(app, Wanted())
    _, repaired = run_reconcile(app, Wanted(repair=True))
    _, again = run_reconcile(app, Wanted())
    run_cycle(app)

    for found in (looked, repaired):
        assert set(kinds(found).values()) == {Kind.TAMPERED}
        columns = {drift.sobject: set(drift.columns) for drift in found.drifts}
        assert columns == {
            "Opportunity": {"amount", "closed_on"},
            "OpportunityLineItem": {"quantity", "description"},
            "Order": {"org_end_date", "effective_date", "org_custom"},
            "OrderItem": {"unit_price", "is_deleted"},
            "Shipment__c": {"carrier", "created_at"},
        }
    assert (looked.exit_code, repaired.exit_code, again.drifts) == (1, 0, [])
    assert held(app) == before
    assert world.org.get("Order", order)["EndDate"] is None
    assert world.org.get("Shipment__c", shipment)["Carrier__c"] is None


def held(app: App) -> list[dict[str, Any]]:
    """All rows that are spoilt below; with which deal an order agrees is noted when the deal is read again."""
    rows = (row for name in TOUCHED for row in mirrored(app.db, name))
    return [{**row._mapping, "stands_for": None} for row in rows]


TOUCHED = ("opportunities", "opportunity_lines", "orders", "order_items", "shipments")
SPOILT = (
    "UPDATE opportunities SET amount = 'much', closed_on = '2026-02-30'",
    "UPDATE opportunity_lines SET quantity = 'ten', description = x'00ff'",
    "UPDATE orders SET org_end_date = 'soon', effective_date = 20260302, org_custom = '{'",
    "UPDATE order_items SET unit_price = 9e999, is_deleted = 'no'",
    "UPDATE shipments SET carrier = x'00', created_at = '2026-02-30 09:00:00'",
)
