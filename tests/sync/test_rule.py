"""Orders are activated by rule where the settings say so: once each, and never against a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sfsync.domain.activation import Rule, why_not
from sfsync.domain.fields import Policy
from sfsync.domain.statuses import Status
from sfsync.store import activation, conflicts, wants
from sfsync.store.meeting import Clash
from sfsync.sync.cycle import rehearse, run_cycle
from tests.mirror import mirrored

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfsync.app import App
    from sfsync.emulator.org import Org
    from tests.world import World


@pytest.fixture
def app(world: World, make_app: Callable[[Org], App], monkeypatch: pytest.MonkeyPatch) -> App:
    """The service with the rule on, for orders of an hour."""
    monkeypatch.setenv("SFSYNC_ACTIVATION__AUTO", "true")
    monkeypatch.setenv("SFSYNC_ACTIVATION__AFTER_HOURS", "1")
    return make_app(world.org)


def sql(app: App, change: str) -> None:
    with app.db.begin() as tx:
        tx.exec_driver_sql(f"UPDATE orders SET {change}")


def statuses(world: World) -> list[str]:
    return [str(order["Status"]) for order in world.orders()]


def test_an_order_is_activated_when_its_time_has_come_and_the_journal_says_by_what(world: World, app: App) -> None:
    world.deal((3, 100))
    run_cycle(app)
    world.org.advance(3500)
    run_cycle(app)
    assert statuses(world) == ["Draft"]
    world.org.advance(200)

    _, outlook = rehearse(app)
    before = mirrored(app.db, "orders")[0].status
    report = run_cycle(app)

    assert ([wish.fields for wish in outlook.push], before) == ([{"status": "Activated"}], "Draft")
    assert (statuses(world), report.exit_code, report.counts["rule_activations"]) == (["Activated"], 0, 1)
    wish, pushed = mirrored(app.db, "journal", actor="rule")
    assert (wish.action, pushed.action) == ("order.status_wanted", "order.status_pushed")
    assert "1 line over 300.00, the deal's amount to the cent" in wish.message
    assert wish.run_id == pushed.run_id == report.run_id
    assert mirrored(app.db, "events")[-1].type == "order.activated"


def test_an_order_that_a_person_sets_back_is_left_alone(world: World, app: App) -> None:
    back_here, back_there, changed_mind = world.deal(name="Here"), world.deal(name="There"), world.deal(name="Mind")
    run_cycle(app)
    world.org.advance(4000)
    world.org.faults.add("lock_row", method="PATCH")
    run_cycle(app)
    by_deal = {row.opportunity_id: row for row in mirrored(app.db, "orders")}
    with app.db.begin() as tx:
        wants.want(tx, "default", by_deal[changed_mind].id, Status.DRAFT, actor="ada", now=app.clock())
    world.org.advance(4000)
    run_cycle(app)
    assert {deal: world.orders(deal)[0]["Status"] for deal in (back_here, back_there, changed_mind)} == {
        back_here: "Activated", back_there: "Activated", changed_mind: "Draft"
    }  # fmt: skip

    with app.db.begin() as tx:
        wants.deactivate(tx, "default", by_deal[back_here].id, actor="ada", now=app.clock())
    world.org.advance(1200)
    world.org.update("Order", by_deal[back_there].sf_id, {"Status": "Draft"})
    for _ in range(3):
        run_cycle(app)
        world.org.advance(4000)

    assert statuses(world) == ["Draft"] * 3


def test_an_order_with_anything_against_it_is_left_to_a_person(world: World, app: App) -> None:
    against = (
        "problem_code = 'total_mismatch'",
        "origin = 'adopted'",
        "first_activated_at = '2026-03-01 00:00:00'",
        "rule_activated_at = '2026-03-01 00:00:00'",
        "is_reduction = true",
        "is_deleted = true",
        "in_doubt = 'update'",
        "status = 'Cancelled'",
    )
    world.deals(len(against) + 3)
    run_cycle(app)
    world.org.advance(4000)
    ids = [row.id for row in mirrored(app.db, "orders")]
    for number, change in zip(ids, against, strict=False):
        sql(app, f"{change} WHERE id = {number}")
    sql(app, f"total_amount = 1 WHERE id = {ids[-3]}")
    with app.db.begin() as tx:
        clash = Clash("status", "Draft", "Draft", "Cancelled", Policy.ASK)
        conflicts.record(tx, "default", [(ids[-2], clash)], app.clock())

    with app.db.read() as tx:
        found = activation.candidates(tx, "default", app.clock())

    assert [one.id for one in found] == [ids[-3], ids[-1]]
    assert why_not(found[0].draft, Rule(), app.clock()) == "its total is not the deal's to the cent"


def test_the_rule_costs_one_query_a_cycle_and_none_when_it_is_off(
    world: World, app: App, make_app: Callable[[Org], App], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SFSYNC_ACTIVATION__MAX_AMOUNT", "100")
    monkeypatch.setenv("SFSYNC_ACTIVATION__TYPES", "")
    on = make_app(world.org)
    world.deal((3, 100))
    monkeypatch.setenv("SFSYNC_ACTIVATION__AUTO", "false")
    off = make_app(world.org)
    costs = []
    for one in (on, off, on, off):
        world.org.advance(4000)
        before = one.db.statements
        run_cycle(one)
        costs.append(one.db.statements - before)

    assert statuses(world) == ["Draft"]
    assert costs[2] - costs[3] <= 3  # BEGIN, the query, and its end
    assert mirrored(app.db, "journal", actor="rule") == []


def test_an_order_that_somebody_touches_between_the_look_and_the_wish_is_left_alone(world: World, app: App) -> None:
    world.deal((3, 100))
    run_cycle(app)
    with app.db.read() as tx:
        found = activation.candidates(tx, "default", app.clock())
    sql(app, "status = 'Cancelled'")

    with app.db.begin() as tx:
        assert activation.activate(tx, "default", None, found, app.clock()) == 0

    assert mirrored(app.db, "orders")[0].status == "Cancelled"


def test_orders_activated_in_the_second_in_which_they_were_made_show_since_when(world: World, app: App) -> None:
    world.deals(2)
    run_cycle(app)

    sql(app, "status = 'Activated'")
    run_cycle(app)

    assert statuses(world) == ["Activated"] * 2
    for order in mirrored(app.db, "orders"):
        assert order.activated_at == order.first_activated_at == order.system_modstamp == world.org.clock()
    world.org.calls.clear()
    run_cycle(app)
    assert world.org.calls.count() == 2
