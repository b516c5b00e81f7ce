"""What settings make of shipments: the percentage in the org, a fulfilled order, what is shipped at all; the cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sfsync.demo.bulk import fill
from sfsync.emulator.fields import Field
from sfsync.store.engine import open_database
from sfsync.sync.cycle import run_cycle
from tests.mirror import everything_but_runs, mirrored
from tests.shipping import activated, add_objects, in_org, record, sql

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from sfsync.app import App
    from sfsync.emulator.org import Org
    from sfsync.store.engine import Database
    from tests.world import World

PERCENT = Field("Percent_Shipped__c", "percent", "Percent Shipped", precision=16, scale=2, custom=True)


@pytest.fixture
def db(sqlite_url: str) -> Generator[Database]:
    """Rules are the same on each kind of database: one shows them."""
    database = open_database(sqlite_url)
    yield database
    database.close()


@pytest.fixture(autouse=True)
def enabled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SFSYNC_SHIPMENTS__ENABLED", "true")


@pytest.fixture
def world(world: World) -> World:
    add_objects(world.org)
    return world


def shown(world: World, *fields: str) -> list[tuple[Any, ...]]:
    """Fields of the org's orders."""
    rows = world.org.query(f"SELECT {', '.join(fields)} FROM Order WHERE IsReductionOrder = false ORDER BY Id")
    return [tuple(row[name] for name in fields) for row in rows]


def test_the_percentage_reaches_the_orders_field_when_it_changes_and_only_then(
    world: World, make_app: Callable[[Org], App], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SFSYNC_SHIPMENTS__PERCENT_FIELD", "Percent_Shipped__c")
    world.org.add_custom_field("Order", PERCENT)
    app = make_app(world.org)
    order = activated(world, app, (3, 5))
    assert shown(world, "Percent_Shipped__c") == [(None,)]

    record(app.db, order, 1)
    run_cycle(app)
    assert [str(value) for (value,) in shown(world, "Percent_Shipped__c")] == ["33.33"]
    world.org.advance(60)
    run_cycle(app)
    world.org.calls.clear()
    run_cycle(app)
    assert world.org.calls.count() == 2

    sql(app.db, "UPDATE shipments SET status = 'Voided'")
    run_cycle(app)
    assert shown(world, "Percent_Shipped__c") == [(0,)]
    assert {row.actor for row in mirrored(app.db, "journal", action="order.fields_pushed")} == {"rule"}


@pytest.mark.parametrize(("rule", "status"), [("true", "Fulfilled"), ("false", "Activated")])
def test_an_order_that_is_shipped_whole_is_fulfilled_where_the_rule_says_so(
    world: World, make_app: Callable[[Org], App], monkeypatch: pytest.MonkeyPatch, rule: str, status: str
) -> None:
    monkeypatch.setenv("SFSYNC_SHIPMENTS__FULFIL_WHEN_SHIPPED", rule)
    app = make_app(world.org)
    order = activated(world, app, (3, 5))
    record(app.db, order, 1)
    run_cycle(app)
    assert shown(world, "Status") == [("Activated",)]

    record(app.db, order, 2)
    run_cycle(app)

    assert shown(world, "Status") == [(status,)]
    kinds = [row.type for row in mirrored(app.db, "events")]
    assert kinds.count("order.shipped") == 1
    assert ("order.fulfilled" in kinds) is (rule == "true")


def test_a_checkbox_of_the_product_says_what_is_shipped_and_products_known_before_are_read_again(
    world: World, make_app: Callable[[Org], App], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app(world.org)
    order = activated(world, app, (3, 5), (4, 5))
    record(app.db, order, 3)
    run_cycle(app)
    states = "SELECT state FROM order_progress"
    assert sql(app.db, states) == [("partial",)]
    world.org.add_custom_field("Product2", Field("Goods__c", "boolean", "Goods", custom=True, nillable=False))
    for row in world.org.query("SELECT Id FROM Product2 WHERE Name <> 'Licence B'"):
        world.org.update("Product2", row["Id"], {"Goods__c": True})
    monkeypatch.setenv("SFSYNC_SHIPMENTS__PHYSICAL_FIELD", "Goods__c")

    run_cycle(make_app(world.org))

    assert sql(app.db, states) == [("shipped",)]
    assert [row.type for row in mirrored(app.db, "events")][-1] == "order.shipped"


def test_a_field_that_the_org_does_without_lives_here_only(
    world: World, make_app: Callable[[Org], App], monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    (tmp_path / "own.toml").write_text('[shipments]\ncarrier_field = ""\n')
    monkeypatch.setenv("SFSYNC_CONFIG", str(tmp_path / "own.toml"))
    app = make_app(world.org)
    order = activated(world, app, (3, 5))
    record(app.db, order, 1, carrier="DHL")
    run_cycle(app)
    sql(app.db, "UPDATE shipments SET carrier = 'UPS'")

    run_cycle(app)
    world.org.calls.clear()
    run_cycle(app)

    assert in_org(world.org)[0]["Carrier__c"] is None
    assert mirrored(app.db, "shipments")[0].carrier == "UPS"
    assert world.org.calls.count() == 2


def test_an_idle_cycle_with_shipments_and_deals_that_wait_costs_two_calls_and_writes_nothing(
    world: World, make_app: Callable[[Org], App]
) -> None:
    app = make_app(world.org)
    order = activated(world, app, (3, 5))
    record(app.db, order, 1)
    world.deal((1, 5), AccountId=None, name="No account")
    for _ in range(3):
        run_cycle(app)
        world.org.advance(60)
    world.org.calls.clear()
    before = everything_but_runs(app.db)

    run_cycle(app)

    assert world.org.calls.count() == 2
    assert everything_but_runs(app.db) == before


def test_hundreds_of_lines_are_pushed_in_few_calls(world: World, make_app: Callable[[Org], App]) -> None:
    fill(world.org, 60, 5)
    app = make_app(world.org)
    run_cycle(app)
    for name in ("a", "b"):
        sql(app.db, f"INSERT INTO shipments (org, order_id, reference) SELECT org, id, '{name}' FROM orders")
    sql(
        app.db,
        "INSERT INTO shipment_lines (org, shipment_id, order_item_id, quantity) "
        "SELECT s.org, s.id, i.id, i.quantity / 2.0 FROM shipments s JOIN order_items i ON i.order_id = s.order_id",
    )
    [(lines,)] = sql(app.db, "SELECT count(*) FROM shipment_lines")
    world.org.calls.clear()

    report = run_cycle(app)
    run_cycle(app)

    assert lines > 500
    assert report.counts["shipment_lines_created"] == lines
    assert world.org.calls.count() <= 8
    assert sql(app.db, "SELECT DISTINCT percent, state FROM order_progress") == [(100, "shipped")]
    assert len(mirrored(app.db, "events", type="order.shipped")) == 60
