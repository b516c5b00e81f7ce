"""Every run is written down however it ends, and what is known of the org's fields is not believed for too long."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sfsync.errors import OrgUnfit
from sfsync.store import schemas
from sfsync.sync.arrows import ARROWS
from sfsync.sync.cycle import run_cycle
from sfsync.sync.running import run
from tests.mirror import mirrored
from tests.world import just_before

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfsync.app import App
    from sfsync.emulator.org import Org
    from tests.world import World


def stop(raised: BaseException) -> Callable[[], None]:
    def act() -> None:
        raise raised

    return act


def schema_reads(world: World) -> int:
    """How often all fields were asked for: eight objects, the statuses and the organization in one call."""
    return sum(call.subrequests == 10 for call in world.org.calls)


@pytest.mark.parametrize(
    ("raised", "outcome", "error"),
    [
        (KeyboardInterrupt(), "interrupted", None),
        (RuntimeError(), "failed", "RuntimeError, which sfsync did not expect."),
    ],
)
def test_a_run_that_is_broken_off_says_how_it_ended(
    world: World, app: App, raised: BaseException, outcome: str, error: str | None
) -> None:
    world.deal()
    just_before(world.org, "composite/graph", stop(raised))

    with pytest.raises(type(raised)):
        run_cycle(app)

    [row] = mirrored(app.db, "runs")
    assert (row.outcome, row.error) == (outcome, error)
    run_cycle(app)
    assert world.amounts_agree()


def test_an_org_without_the_key_field_is_not_written_to_and_the_run_names_the_field(world: World, app: App) -> None:
    deal = world.deal()
    world.org.hide_field("Order", "SFSync_Key__c")

    with pytest.raises(OrgUnfit, match=r"Order\.SFSync_Key__c"):
        run_cycle(app)

    [row] = mirrored(app.db, "runs")
    assert row.outcome == "failed"
    world.org.show_field("Order", "SFSync_Key__c")
    assert world.orders(deal) == []
    assert "Order.SFSync_Key__c" in row.error


def test_the_fields_of_the_org_are_read_once_an_hour(world: World, app: App) -> None:
    run_cycle(app)
    world.org.advance(3599)
    run_cycle(app)
    assert schema_reads(world) == 1

    world.org.advance(1)
    run_cycle(app)

    assert schema_reads(world) == 2


def test_what_another_version_of_sfsync_knew_of_the_fields_is_read_again(world: World, app: App) -> None:
    with app.db.begin() as tx:
        schemas.put(tx, "default", {"written": "by another version"}, app.clock())

    run_cycle(app)
    run_cycle(app)

    assert schema_reads(world) == 1


def test_another_field_in_the_settings_is_looked_for_at_once(
    world: World, app: App, make_app: Callable[[Org], App], monkeypatch: pytest.MonkeyPatch
) -> None:
    run_cycle(app)
    monkeypatch.setenv("SFSYNC_SALESFORCE__ORDER_KEY_FIELD", "Deal_Key__c")

    with pytest.raises(OrgUnfit, match=r"Order\.Deal_Key__c"):
        run_cycle(make_app(world.org))


def test_a_field_that_the_org_hides_meanwhile_has_all_fields_read_again(world: World, app: App) -> None:
    run_cycle(app)
    world.org.hide_field("Order", "Name")
    with pytest.raises(OrgUnfit, match="Name"):
        run_cycle(app)
    assert mirrored(app.db, "schema_cache") == []
    deal = world.deal()

    run_cycle(app)

    assert len(world.orders(deal)) == 1


def test_generate_makes_orders_of_the_deals_that_are_known_and_reads_no_others(world: World, app: App) -> None:
    known = world.deal()
    run(app, "pull", ARROWS["pull"])
    unknown = world.deal()

    report = run(app, "generate", ARROWS["generate"])

    assert (len(world.orders(known)), world.orders(unknown)) == (1, [])
    assert report.counts["orders_created"] == 1
    [row] = mirrored(app.db, "orders")
    assert row.order_number == world.orders(known)[0]["OrderNumber"]


def test_push_sends_a_wanted_status_and_reads_the_order_back(world: World, app: App) -> None:
    deal = world.deal()
    run_cycle(app)
    with app.db.begin() as tx:
        tx.exec_driver_sql("UPDATE orders SET status = 'Activated'")

    report = run(app, "push", ARROWS["push"])

    assert report.counts["statuses_pushed"] == 1
    assert world.orders(deal)[0]["Status"] == "Activated"
    [row] = mirrored(app.db, "orders")
    assert row.activated_at is not None


@pytest.mark.parametrize(("arrow", "calls"), [("generate", 0), ("push", 0), ("settle", 0)])
def test_an_arrow_that_finds_nothing_to_do_looks_at_the_orders_at_most(
    world: World, app: App, arrow: str, calls: int
) -> None:
    world.deal()
    run_cycle(app)
    world.org.calls.clear()

    report = run(app, arrow, ARROWS[arrow])

    assert (world.org.calls.count(), report.exit_code) == (calls, 0)
