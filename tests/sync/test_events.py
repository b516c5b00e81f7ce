"""Events: written in the transaction of the change, once for each thing that happened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sfsync.errors import OrgUnavailable, SfsyncError
from sfsync.store import events
from sfsync.sync.cycle import rehearse, run_cycle
from sfsync.sync.pull import pull
from sfsync.sync.running import run
from tests.mirror import mirrored

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfsync.app import App
    from sfsync.store.events import Written
    from tests.world import World


def told(app: App) -> list[Written]:
    with app.db.read() as tx:
        return events.read(tx, app.org_name, limit=1000)


def types(app: App) -> list[str]:
    return [event.type for event in told(app)]


def want(app: App, status: str) -> None:
    with app.db.begin() as tx:
        tx.exec_driver_sql(f"UPDATE orders SET status = '{status}'")


def test_an_order_that_is_made_is_told_with_its_lines(world: World, app: App) -> None:
    deal = world.deal((2, 100), (1, 250))

    run_cycle(app)

    [event] = told(app)
    assert (event.type, event.opportunity_id, event.record) == ("order.created", deal, f"{deal}-1")
    order = event.data["order"]
    assert (order["status"], order["previous_status"], order["total_amount"]) == ("Draft", None, "450.00")
    assert [(line["quantity"], line["unit_price"]) for line in order["lines"]] == [
        ("2.00", "100.00"),
        ("1.00", "250.00"),
    ]
    assert all(line["sf_id"] for line in order["lines"])


def test_the_life_of_an_order_is_told_step_by_step_when_the_org_has_confirmed_it(world: World, app: App) -> None:
    world.deal()
    run_cycle(app)
    for status in ("Activated", "Fulfilled"):
        want(app, status)
        assert len(types(app)) == len(set(types(app)))
        run_cycle(app)

    assert types(app) == ["order.created", "order.activated", "order.fulfilled"]
    assert [event.data["order"]["previous_status"] for event in told(app)] == [None, "Draft", "Activated"]


def test_what_somebody_does_in_the_org_is_told_too_and_once(world: World, app: App) -> None:
    deal = world.deal()
    run_cycle(app)
    order = world.orders(deal)[0]["Id"]
    for status, seconds in (("Activated", 1200), ("Draft", 1200), ("Activated", 1200), ("Cancelled", 1200)):
        world.org.advance(seconds)
        world.org.update("Order", order, {"Status": status})
        run_cycle(app)
        run_cycle(app)

    assert types(app) == [
        "order.created",
        *("order.activated", "order.deactivated", "order.activated", "order.cancelled"),
    ]
    assert len({event.event_id for event in told(app)}) == 5


def test_a_cycle_in_which_nothing_happens_tells_nothing(world: World, app: App) -> None:
    world.deal()
    run_cycle(app)
    world.org.advance(3600)
    before = types(app)

    run_cycle(app)

    assert types(app) == before


def test_orders_that_were_there_before_sfsync_are_history_and_told_to_nobody(world: World, app: App) -> None:
    order = world.order()
    world.item(order)
    world.org.update("Order", order, {"Status": "Activated"})

    run_cycle(app)
    assert types(app) == []

    world.org.advance(1200)
    world.org.update("Order", order, {"Status": "Fulfilled"})
    run_cycle(app)
    assert types(app) == ["order.fulfilled"]


def test_an_order_that_somebody_else_made_for_a_deal_is_told_as_created_and_activated(world: World, app: App) -> None:
    deal = world.deal()
    order = world.order(OpportunityId=deal)
    world.item(order)
    world.org.update("Order", order, {"Status": "Activated"})

    run_cycle(app)

    assert types(app) == ["order.created", "order.activated"]
    assert {event.data["order"]["origin"] for event in told(app)} == {"adopted"}
    assert {event.sf_id for event in told(app)} == {order}


@pytest.mark.parametrize("fault", ["lost_answer", "reset", "late_commit"])
def test_an_order_whose_answer_was_lost_is_told_once(world: World, app: App, fault: str) -> None:
    world.deal()
    world.org.faults.add(fault, kind="graph")

    run_cycle(app)
    world.org.advance(1200)
    run_cycle(app)

    assert types(app) == ["order.created"]


@pytest.mark.parametrize("fault", ["lost_answer", "reset"])
def test_a_status_whose_answer_was_lost_is_told_once(world: World, app: App, fault: str) -> None:
    world.deal()
    run_cycle(app)
    want(app, "Activated")
    world.org.faults.add(fault, method="PATCH", path="composite/sobjects")

    run_cycle(app)
    world.org.advance(1200)
    run_cycle(app)

    assert types(app) == ["order.created", "order.activated"]


def test_a_deal_that_cannot_be_ordered_is_told_with_what_is_wrong_and_again_when_that_changes(
    world: World, app: App
) -> None:
    deal = world.deal(AccountId=None)
    run_cycle(app)
    run_cycle(app)

    [event] = told(app)
    assert (event.type, event.record) == ("opportunity.rejected", deal)
    assert event.data["opportunity"]["problems"][0]["message"]


def test_runs_that_begin_to_fail_are_told_once_and_so_is_the_end_of_it(world: World, app: App) -> None:
    world.deal()
    world.org.settings.api_enabled = False
    for _ in range(3):
        with pytest.raises(SfsyncError):
            run_cycle(app)
    world.org.settings.api_enabled = True

    run_cycle(app)

    assert types(app) == ["sync.failing", "order.created", "sync.recovered"]


def test_a_mirror_that_is_lost_and_read_anew_tells_no_order_twice(
    world: World, app: App, empty_db: Callable[[], None]
) -> None:
    world.deal()
    adopted = world.deal(name="Adopted")
    order = world.order(OpportunityId=adopted)
    world.item(order)
    run_cycle(app)
    before = {event.record: event.event_id for event in told(app)}
    empty_db()
    world.org.advance(1200)

    run_cycle(app)

    again = {event.record: event.event_id for event in told(app)}
    assert again == {f"{adopted}-1": before[f"{adopted}-1"]}  # under its old id: a receiver knows it


def test_what_is_only_rehearsed_is_told_to_nobody(world: World, app: App) -> None:
    world.deal(AccountId=None)

    rehearse(app)

    assert types(app) == []


def test_a_thousand_orders_are_told_in_few_statements(world: World, app: App) -> None:
    def statements(deals: int) -> int:
        world.deals(deals)
        before = app.db.statements
        run_cycle(app)
        world.org.advance(1200)
        return app.db.statements - before

    few, many = statements(5), statements(60)

    assert many <= few + 25
    assert len(mirrored(app.db, "events")) == 65


def test_no_event_holds_a_secret(world: World, app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    world.deal()
    run_cycle(app)

    written: list[Any] = mirrored(app.db, "events")
    assert "emulator-secret" not in repr(written)


def test_an_order_whose_creation_ended_after_it_was_looked_for_is_told_by_the_pull_that_finds_it(
    world: World, app: App
) -> None:
    deal = world.deal()
    world.org.faults.add("request_limit", path="composite/graph")
    with pytest.raises(OrgUnavailable):
        run_cycle(app)
    order = world.order(OpportunityId=deal, SFSync_Key__c=f"{deal}-1")
    world.item(order, SFSync_Key__c=f"{deal}-1-1")

    run(app, "pull", pull)

    assert "order.created" in types(app)
    assert "order.confirmed" in [entry.action for entry in mirrored(app.db, "journal")]


def test_an_order_that_was_told_of_before_it_was_adopted_is_told_as_created_only(world: World, app: App) -> None:
    deal = world.deal(won=False)
    order = world.order(OpportunityId=deal)
    world.item(order)
    run_cycle(app)
    world.org.advance(1200)
    world.org.update("Order", order, {"Status": "Activated"})
    run_cycle(app)
    world.win(deal)
    run_cycle(app)

    assert types(app) == ["order.activated", "order.created"]
