"""A wanted status, set by anybody here, goes to the org by the legal moves; what the org changes comes back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from sfsync.errors import OrgLimitReached, OrgUnavailable
from sfsync.sync.cycle import run_cycle
from tests.mirror import mirrored
from tests.sync.answers import Changed
from tests.world import just_before

if TYPE_CHECKING:
    from sfsync.app import App
    from sfsync.emulator.calls import Call
    from tests.world import World

LOOK = "composite/sobjects/Order"


@pytest.fixture
def order(world: World, app: App) -> str:
    """The Id of a draft order in the org, mirrored."""
    deal = world.deal()
    run_cycle(app)
    world.org.advance(1200)
    return str(world.orders(deal)[0]["Id"])


def sql(app: App, status: str) -> None:
    with app.db.begin() as tx:
        tx.exec_driver_sql(f"UPDATE orders SET status = '{status}'")


@pytest.mark.databases
def test_a_status_set_by_plain_sql_is_in_the_org_after_one_cycle(world: World, app: App, order: str) -> None:
    sql(app, "Activated")

    report = run_cycle(app)

    assert (report.counts["statuses_pushed"], report.exit_code) == (1, 0)
    assert world.org.get("Order", order)["Status"] == "Activated"
    [row] = mirrored(app.db, "orders")
    assert (row.status, row.org_status, row.status_code, row.in_doubt) == ("Activated", "Activated", "Activated", None)
    assert row.activated_at is not None


def test_an_order_lives_from_draft_over_activated_to_fulfilled(world: World, app: App, order: str) -> None:
    for status in ("Activated", "Fulfilled"):
        sql(app, status)
        run_cycle(app)

        assert world.org.get("Order", order)["Status"] == status


@pytest.mark.parametrize(("first", "then"), [("Activated", "Draft"), (None, "Fulfilled")])
def test_an_illegal_move_is_not_sent_and_the_row_says_why(
    world: World, app: App, order: str, first: str | None, then: str
) -> None:
    if first:
        sql(app, first)
        run_cycle(app)
    before = world.org.get("Order", order)["Status"]
    world.org.calls.clear()
    sql(app, then)

    report = run_cycle(app)

    assert world.org.get("Order", order)["Status"] == before
    assert [call.kind for call in world.org.calls if call.kind == "collections"] == []
    assert [problem.code for problem in report.attention] == ["illegal_move"]
    [row] = mirrored(app.db, "orders")
    assert (row.status, row.problem_want) == (then, then)


def test_a_held_wish_is_not_tried_again_in_every_cycle(world: World, app: App, order: str) -> None:
    sql(app, "Fulfilled")
    run_cycle(app)
    world.org.calls.clear()
    before = len(mirrored(app.db, "journal"))

    run_cycle(app)

    assert len(mirrored(app.db, "journal")) == before
    assert world.org.calls.count() <= 2


def test_a_status_made_in_the_org_comes_back_into_both_columns(world: World, app: App, order: str) -> None:
    world.org.update("Order", order, {"Status": "Activated"})

    run_cycle(app)

    [row] = mirrored(app.db, "orders")
    assert (row.status, row.org_status) == ("Activated", "Activated")


def test_when_both_sides_change_a_person_decides_and_nothing_is_overwritten(world: World, app: App, order: str) -> None:
    sql(app, "Activated")
    run_cycle(app)
    world.org.advance(1200)
    sql(app, "Fulfilled")
    world.org.update("Order", order, {"Status": "Cancelled"})

    report = run_cycle(app)
    run_cycle(app)

    assert [problem.code for problem in report.attention] == ["conflict"]
    assert world.org.get("Order", order)["Status"] == "Cancelled"
    [row] = mirrored(app.db, "orders")
    assert (row.status, row.org_status) == ("Fulfilled", "Cancelled")


def test_the_org_refuses_an_activation_and_the_row_keeps_the_wish_and_the_reason(
    world: World, app: App, order: str
) -> None:
    world.org.settings.activate_orders = False
    sql(app, "Activated")

    report = run_cycle(app)

    [problem] = report.attention
    assert problem.kind == "order"
    [row] = mirrored(app.db, "orders")
    assert (row.status, row.org_status, row.in_doubt) == ("Activated", "Draft", None)
    assert row.retry_at is not None

    world.org.settings.activate_orders = True
    world.org.advance(2 * 3600)
    assert run_cycle(app).exit_code == 0
    assert world.org.get("Order", order)["Status"] == "Activated"


def test_an_answer_to_a_push_that_is_lost_is_settled_by_reading(world: World, app: App, order: str) -> None:
    world.org.faults.add("lost_answer", method="PATCH", path="composite/sobjects")
    sql(app, "Activated")

    report = run_cycle(app)

    assert report.counts["answers_lost"] == 1
    [row] = mirrored(app.db, "orders")
    assert (row.status, row.org_status, row.in_doubt) == ("Activated", "Activated", None)


def test_hundreds_of_status_changes_cost_a_handful_of_calls(world: World, app: App) -> None:
    world.deals(210)
    run_cycle(app)
    world.org.advance(1200)
    sql(app, "Activated")
    world.org.calls.clear()

    run_cycle(app)

    # 2 reads, 1 look at the orders, 2 updates of at most 200, 1 or 2 reads back.
    assert world.org.calls.count() <= 8
    assert {o["Status"] for o in world.orders()} == {"Activated"}


def test_an_order_that_somebody_cancels_just_before_the_push_is_a_conflict_and_is_not_overwritten(
    world: World, app: App, order: str
) -> None:
    sql(app, "Activated")
    just_before(world.org, LOOK, lambda: world.org.update("Order", order, {"Status": "Cancelled"}))

    report = run_cycle(app)

    assert [(problem.kind, problem.code) for problem in report.attention] == [("conflict", "conflict")]
    assert world.org.get("Order", order)["Status"] == "Cancelled"
    [row] = mirrored(app.db, "orders")
    assert (row.status, row.org_status) == ("Activated", "Cancelled")


def test_an_order_that_somebody_activates_just_before_the_push_needs_no_push(
    world: World, app: App, order: str
) -> None:
    sql(app, "Activated")
    just_before(world.org, LOOK, lambda: world.org.update("Order", order, {"Status": "Activated"}))

    report = run_cycle(app)

    assert (report.exit_code, report.counts.get("statuses_pushed", 0)) == (0, 0)
    assert [call.method for call in world.org.calls if call.method == "PATCH"] == []
    [row] = mirrored(app.db, "orders")
    assert (row.status, row.org_status, row.problem_code) == ("Activated", "Activated", None)


def test_an_order_that_somebody_deletes_just_before_the_push_is_put_before_a_person(
    world: World, app: App, order: str
) -> None:
    sql(app, "Activated")
    just_before(world.org, LOOK, lambda: world.org.delete("Order", order))

    report = run_cycle(app)

    assert [problem.code for problem in report.attention] == ["NOT_FOUND"]
    world.org.advance(60)
    assert [problem.code for problem in run_cycle(app).attention] == ["deleted_in_org"]


def test_an_order_that_is_locked_is_pushed_by_a_later_cycle(world: World, app: App, order: str) -> None:
    sql(app, "Activated")
    world.org.faults.add("lock_row", method="PATCH")

    assert run_cycle(app).exit_code == 1
    world.org.advance(600)

    assert run_cycle(app).exit_code == 0
    assert world.org.get("Order", order)["Status"] == "Activated"


def test_an_order_that_the_answer_does_not_mention_is_settled_by_reading(world: World, app: App) -> None:
    world.deals(2)
    run_cycle(app)
    sql(app, "Activated")
    forgetful = replace(app, adapter=Changed(world.org, "PATCH", "composite/sobjects", lambda answers: answers[:1]))

    report = run_cycle(forgetful)
    assert (report.counts["statuses_pushed"], [problem.code for problem in report.attention]) == (1, ["in_doubt"])

    assert run_cycle(app).exit_code == 0
    assert [(row.org_status, row.in_doubt) for row in mirrored(app.db, "orders")] == [("Activated", None)] * 2


def test_a_push_that_the_org_does_not_let_in_is_not_in_doubt(world: World, app: App, order: str) -> None:
    sql(app, "Activated")
    world.org.faults.add("request_limit", method="PATCH")

    with pytest.raises(OrgLimitReached):
        run_cycle(app)

    [row] = mirrored(app.db, "orders")
    assert (row.status, row.org_status, row.in_doubt) == ("Activated", "Draft", None)


def test_a_push_whose_answers_are_lost_again_and_again_ends_the_run_and_is_settled_by_the_next(
    world: World, app: App, order: str
) -> None:
    sql(app, "Activated")
    world.org.faults.add("reset", method="PATCH", times=3)

    with pytest.raises(OrgUnavailable):
        run_cycle(app)
    assert len(mirrored(app.db, "orders", in_doubt="update")) == 1

    assert run_cycle(app).exit_code == 0
    assert world.org.get("Order", order)["Status"] == "Activated"


def test_an_order_that_is_deleted_while_its_push_is_in_doubt_is_put_before_a_person(
    world: World, app: App, order: str
) -> None:
    sql(app, "Activated")
    world.org.faults.add("lost_answer", method="PATCH")
    just_before(world.org, "composite/sobjects", lambda: world.org.delete("Order", order))

    report = run_cycle(app)

    assert report.counts["answers_lost"] == 1
    world.org.advance(60)
    assert [problem.code for problem in run_cycle(app).attention] == ["deleted_in_org"]
    assert mirrored(app.db, "orders", in_doubt="update") == []


def test_an_error_that_nobody_expects_after_a_push_leaves_the_order_in_doubt(
    world: World, app: App, order: str
) -> None:
    def broken(call: Call, when: str) -> None:
        if when == "after" and (call.method, call.kind) == ("PATCH", "collections"):
            raise RuntimeError("no such thing was thought of")

    world.org.on_call.append(broken)
    sql(app, "Activated")
    with pytest.raises(RuntimeError):
        run_cycle(app)
    assert [row.in_doubt for row in mirrored(app.db, "orders")] == ["update"]

    world.org.on_call.remove(broken)
    run_cycle(app)

    assert world.org.get("Order", order)["Status"] == "Activated"
    assert [(row.org_status, row.in_doubt) for row in mirrored(app.db, "orders")] == [("Activated", None)]
