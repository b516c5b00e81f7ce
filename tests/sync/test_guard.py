from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from sfsync.domain.holdings import Demand
from sfsync.errors import EXIT_ATTENTION
from sfsync.store import alarms
from sfsync.store.tables import orders
from sfsync.sync.arrows import only_generate, only_push
from sfsync.sync.cycle import run_cycle
from sfsync.sync.deliver import deliver
from sfsync.sync.guard import Guard, accept_alarms, breaches, lane_alarms
from sfsync.sync.pull import pull
from sfsync.sync.running import run
from tests.mirror import mirrored
from tests.sync.reducing import activated, by_others, take

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfsync.app import App
    from sfsync.emulator.org import Org
    from sfsync.store.alarms import Alarm
    from sfsync.sync.work import Work
    from tests.world import World

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what does not depend on the kind of database."""
BROKEN = {
    "told_too_early": ("deliver", "org_status = NULL, status_code = NULL, org_status_label = NULL"),
    "wrong_status": ("push", "org_status = 'Activated', status = 'Activated', announced_status = 'Activated'"),
    "doubt_unmarked": ("generate", "in_doubt = 'create'"),
    "update_unmarked": ("push", "in_doubt = 'update'"),
}


def raised(app: App) -> list[Alarm]:
    with app.db.read() as tx:
        return alarms.of_org(tx, "default")


def write(app: App, values: str, where: str = "1 = 1") -> None:
    with app.db.begin() as tx:
        tx.execute(text(f"UPDATE orders SET {values} WHERE {where}"))


def look(work: Work) -> None:
    Guard(work).look()


def look_wide(work: Work) -> None:
    """Look as after a change of orders."""
    work.counts["orders_changed"] += 1
    Guard(work).look()


@on_sqlite
def test_orders_that_contradict_themselves_raise_alarms_and_repaired_ones_lift_them(world: World, app: App) -> None:
    world.deals(len(BROKEN))
    run_cycle(app)
    before = dict(zip(BROKEN, mirrored(app.db, "orders"), strict=True))
    for code, (_, values) in BROKEN.items():
        write(app, values, f"id = {before[code].id}")

    report = run(app, "look", look)
    run(app, "look", look)
    found = raised(app)
    with app.db.begin() as tx:
        for row in before.values():
            tx.execute(orders.update().where(orders.c.id == row.id).values(**row._mapping))
    run(app, "look", look)

    assert {alarm.code: (alarm.lane, alarm.records) for alarm in found} == {
        code: (lane, (before[code].key,)) for code, (lane, _) in BROKEN.items()
    }
    assert all(f"The {alarm.lane} lane stands still until that is repaired." in alarm.message for alarm in found)
    assert report.exit_code == EXIT_ATTENTION
    assert [one.kind for one in report.attention if one.kind == "alarm"] == ["alarm"] * len(BROKEN)
    assert raised(app) == []
    told = [row.action for row in mirrored(app.db, "journal") if row.action.startswith("alarm.")]
    assert told == ["alarm.raised"] * len(BROKEN) + ["alarm.lifted"] * len(BROKEN)


@on_sqlite
def test_a_broken_promise_stops_its_lane_and_the_others_go_on(world: World, app: App) -> None:
    world.deal()
    run_cycle(app)
    with app.db.begin() as tx:
        [row] = tx.execute(orders.select()).all()
        copy = dict(row._mapping) | {"id": None, "key": None, "sf_id": "8010000000twinsAAA"}
        del copy["id"]
        tx.execute(orders.insert().values(**copy))
    write(app, "row_hash = 'read again'")
    world.org.update("Order", row.sf_id, {"Description": "changed"})
    found = run_cycle(app)
    world.deal()
    write(app, "status = 'Activated'", f"sf_id = '{row.sf_id}'")

    second = run_cycle(app)
    alone = run(app, "generate", only_generate)

    assert [alarm.code for alarm in raised(app)] == ["doubled"]
    assert raised(app)[0].records == (row.key,)
    assert found.exit_code == EXIT_ATTENTION
    assert len(world.orders()) == 1
    assert second.counts["generate_stopped"] == 1
    assert alone.counts["generate_stopped"] == 1
    assert second.counts["orders_pushed"] == 1
    assert world.orders()[0]["Status"] == "Activated"


@on_sqlite
def test_what_a_person_accepted_lets_the_lane_go_on_until_another_record_breaks_the_promise(
    world: World, app: App
) -> None:
    world.deals(2)
    run_cycle(app)
    first, second = mirrored(app.db, "orders")
    write(app, BROKEN["wrong_status"][1], f"id = {first.id}")
    run(app, "look", look)
    stopped = run(app, "push", only_push)

    known = lane_alarms(app)
    accepted = accept_alarms(app, "ann")
    going = run(app, "push", only_push)
    write(app, BROKEN["wrong_status"][1], f"id = {second.id}")
    again = run(app, "look", look)

    assert stopped.counts["push_stopped"] == 1
    assert [alarm.code for alarm in accepted] == [alarm.code for alarm in known] == ["wrong_status"]
    assert [row.actor for row in mirrored(app.db, "journal", action="alarm.accepted")] == ["ann"]
    assert "push_stopped" not in going.counts
    assert going.attention == ()
    assert raised(app)[0].stops
    assert again.exit_code == EXIT_ATTENTION


@on_sqlite
def test_an_order_that_was_activated_without_all_its_lines_stops_creating(world: World, app: App) -> None:
    world.deal((1, 10), (2, 20))
    run_cycle(app)
    [order] = mirrored(app.db, "orders")
    world.org.update("Order", order.sf_id, {"Status": "Activated"})
    with app.db.begin() as tx:
        tx.execute(text("UPDATE order_items SET sf_id = NULL, row_hash = NULL WHERE id = 2"))
    run_cycle(app)  # the line is found in the org by its key
    with app.db.begin() as tx:
        tx.execute(text("UPDATE order_items SET sf_id = NULL, row_hash = NULL WHERE id = 2"))

    run(app, "look", look_wide)

    assert [(alarm.code, alarm.records) for alarm in raised(app)] == [("lines_missing", (order.key,))]


def test_lines_that_are_reduced_by_more_than_they_had_are_told_of_whoever_did_it(world: World, app: App) -> None:
    [order, other] = activated(world, app, (10, "2026-01-05"), (10, "2026-01-05"))
    take(app, order, Demand(None, by=Decimal(4)), activate=True)
    take(app, order, Demand(None, by=Decimal(6)))
    for _ in range(3):
        run_cycle(app)
    by_others(world, other, 10, activate=True)
    run_cycle(app)
    sound = breaches(app)
    first, second = (row.sf_id for row in mirrored(app.db, "order_items", original_item_id=None))
    taken = "UPDATE order_items SET quantity = quantity - 0.01 WHERE original_item_id = '{}'"
    with app.db.begin() as tx:
        tx.execute(text(taken.format(first)))
        tx.execute(text(taken.format(second)))
        tx.execute(text("UPDATE orders SET status = 'Activated' WHERE is_reduction AND org_status = 'Draft'"))

    run(app, "look", look_wide)

    assert sound == []
    assert {alarm.code: (alarm.lane, alarm.records) for alarm in raised(app)} == {
        "over_reduced": ("push", (second,)),
        "reserved_twice": ("generate", (first,)),
    }


@on_sqlite
def test_an_order_that_others_make_smaller_than_what_is_planned_stops_nothing_but_the_reduction(
    world: World, app: App
) -> None:
    [order] = activated(world, app, (10, "2026-01-05"))
    take(app, order, Demand(None, by=Decimal(8)))
    [line] = mirrored(app.db, "order_items", original_item_id=None)
    world.org.update("OrderItem", line.sf_id, {"Quantity": 3})
    world.org.advance(3600)
    deal = world.deal((1, 10))

    def before_it_is_sent(work: Work) -> None:
        pull(work)
        look_wide(work)

    run(app, "look", before_it_is_sent)
    not_sent = raised(app)
    for _ in range(3):
        run_cycle(app)

    assert raised(app) == not_sent == []
    [held] = mirrored(app.db, "orders", is_reduction=True)
    assert (held.sf_id, held.problem_code) == (None, "FIELD_INTEGRITY_EXCEPTION")
    assert [row.sf_id is not None for row in mirrored(app.db, "orders", opportunity_id=deal)] == [True]


@on_sqlite
def test_a_draft_that_others_bring_back_from_the_recycle_bin_beside_its_successor_stops_nothing(
    world: World, app: App
) -> None:
    [order] = activated(world, app, (10, "2026-01-05"))
    take(app, order, Demand(None, by=Decimal(6)))
    run_cycle(app)
    [draft] = mirrored(app.db, "orders", is_reduction=True)
    world.org.delete("Order", draft.sf_id)
    world.org.advance(3600)
    run_cycle(app)
    take(app, order, Demand(None, by=Decimal(6)))
    run_cycle(app)

    world.org.undelete("Order", draft.sf_id)
    world.org.advance(3600)
    run_cycle(app)
    run(app, "look", look_wide)

    assert [row.is_deleted for row in mirrored(app.db, "orders", is_reduction=True)] == [False, False]
    assert raised(app) == []


@on_sqlite
def test_an_order_made_over_another_total_and_one_nobody_wrote_down_stop_creating(world: World, app: App) -> None:
    world.deals(2)

    def lies(work: Work) -> None:
        guard = Guard(work)
        work.counts["orders_created"] += 3
        guard.look()

    run_cycle(app)
    order = mirrored(app.db, "orders")[0]
    run_id = mirrored(app.db, "runs")[-1].id + 1
    write(app, "planned_total = 1", f"id = {order.id}")
    with app.db.begin() as tx:
        tx.execute(text(f"UPDATE journal SET run_id = {run_id} WHERE action = 'order.created'"))

    run(app, "look", lies)
    codes = {alarm.code: alarm.records for alarm in raised(app)}
    write(app, f"planned_total = {order.planned_total}", f"id = {order.id}")
    run(app, "look", look)

    assert codes == {"wrong_total": (order.key,), "not_written_down": ()}
    assert [alarm.code for alarm in raised(app)] == ["not_written_down"]


@on_sqlite
def test_while_the_promise_of_events_is_broken_nothing_is_delivered(
    world: World, make_app: Callable[[Org], App], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SFSYNC_SINKS__BILLING__URL", "https://billing.example")
    monkeypatch.setenv("SFSYNC_SINKS__BILLING__SECRET", "whsec_" + "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0")
    app = make_app(world.org)
    world.deal()
    run_cycle(app)
    write(app, BROKEN["told_too_early"][1])
    run(app, "look", look)

    [done] = deliver(app)

    assert (done.delivered, done.failed) == (0, 0)
    assert [row.state for row in mirrored(app.db, "deliveries")] == ["pending"]
