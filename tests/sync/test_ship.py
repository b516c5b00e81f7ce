"""Shipments recorded here reach the org, each once and whole; those of the org are mirrored."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

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


@pytest.fixture
def app(world: World, make_app: Callable[[Org], App], monkeypatch: pytest.MonkeyPatch) -> App:
    monkeypatch.setenv("SFSYNC_SHIPMENTS__ENABLED", "true")
    return make_app(world.org)


def progress(app: App) -> list[tuple[str, ...]]:
    """What was shipped, and what of it the org has confirmed; the percentage and the state, by order."""
    rows = sql(app.db, "SELECT shipped, confirmed, percent, state FROM order_progress ORDER BY order_id")
    return [(*(f"{Decimal(str(value)):.2f}" if value is not None else "" for value in row[:3]), row[3]) for row in rows]


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
