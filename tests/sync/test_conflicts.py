"""When both sides change a field, its policy or a person decides: nothing is overwritten or dropped in silence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sfsync.domain.statuses import Status
from sfsync.errors import RecordNotFound, UsageError
from sfsync.store import conflicts
from sfsync.store.wants import want, want_fields
from sfsync.sync.cycle import run_cycle
from tests.mirror import mirrored
from tests.world import just_before

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfsync.app import App
    from sfsync.emulator.calls import Call
    from sfsync.emulator.org import Org
    from tests.world import World

LOOK = "composite/sobjects/Order"


@pytest.fixture
def order(world: World, app: App) -> str:
    """The Id of a draft order in the org, mirrored, with a PO number."""
    deal = world.deal()
    run_cycle(app)
    order = str(world.orders(deal)[0]["Id"])
    world.org.update("Order", order, {"PoNumber": "old"})
    run_cycle(app)
    world.org.advance(1200)
    return order


def sql(app: App, sets: str) -> None:
    with app.db.begin() as tx:
        tx.exec_driver_sql(f"UPDATE orders SET {sets}")


def clash(world: World, app: App, order: str) -> None:
    """Change the PO number on both sides, and let a cycle see it."""
    sql(app, "po_number = 'ours'")
    world.org.update("Order", order, {"PoNumber": "theirs"})
    run_cycle(app)
    world.org.advance(1200)


def decide(app: App, resolution: str, **also: Any) -> list[str]:
    [row] = mirrored(app.db, "orders")
    with app.db.begin() as tx:
        return conflicts.decide(tx, "default", row.id, resolution, actor="anna", now=app.clock(), **also)


def both(app: App) -> tuple[str | None, str | None]:
    [row] = mirrored(app.db, "orders")
    return row.po_number, row.org_po_number


def in_org(world: World, order: str) -> object:
    return world.org.get("Order", order)["PoNumber"]


def test_by_default_a_person_is_asked_and_both_values_are_kept(world: World, app: App, order: str) -> None:
    clash(world, app, order)

    report = run_cycle(app)

    [problem] = report.attention
    assert (problem.kind, problem.code) == ("conflict", "conflict")
    assert "“ours”" in problem.message
    assert "“theirs”" in problem.message
    assert (in_org(world, order), both(app)) == ("theirs", ("ours", "theirs"))
    [row] = mirrored(app.db, "conflicts")
    assert (row.field, row.wanted, row.org_value, row.base, row.resolved_at) == (
        *("po_number", "ours", "theirs", "old"),
        None,
    )
    [entry] = mirrored(app.db, "journal", action="order.conflict")
    assert (entry.actor, entry.details["wanted"], entry.details["in_org"]) == ("org", "ours", "theirs")


def test_the_other_fields_of_an_order_in_conflict_go(world: World, app: App, order: str) -> None:
    clash(world, app, order)
    sql(app, "description = 'By truck.', status = 'Activated'")

    run_cycle(app)

    found = world.org.get("Order", order)
    assert (found["Description"], found["Status"], found["PoNumber"]) == ("By truck.", "Activated", "theirs")


@pytest.mark.parametrize(("policy", "stays"), [("org_wins", "theirs"), ("local_wins", "ours")])
@pytest.mark.parametrize("moment", ["before the cycle", "while it runs"])
def test_a_policy_decides_and_the_journal_keeps_both_values(
    world: World,
    make_app: Callable[[Org], App],
    monkeypatch: pytest.MonkeyPatch,
    order: str,
    policy: str,
    stays: str,
    moment: str,
) -> None:
    monkeypatch.setenv("SFSYNC_CONFLICTS__PO_NUMBER", policy)
    app = make_app(world.org)
    sql(app, "po_number = 'ours'")
    theirs = {"PoNumber": "theirs"}
    if moment == "while it runs":
        just_before(world.org, LOOK, lambda: world.org.update("Order", order, theirs))
    else:
        world.org.update("Order", order, theirs)

    report = run_cycle(app)

    assert report.exit_code == 0
    assert (in_org(world, order), both(app)) == (stays, (stays, stays))
    [row] = mirrored(app.db, "conflicts")
    assert (row.wanted, row.org_value, row.resolution, row.resolved_by) == ("ours", "theirs", "policy", policy)
    [entry] = mirrored(app.db, "journal", action="order.conflict")
    assert (entry.details["wanted"], entry.details["in_org"], entry.details["policy"]) == ("ours", "theirs", policy)


def test_a_person_takes_the_orgs_value(world: World, app: App, order: str) -> None:
    clash(world, app, order)

    assert decide(app, conflicts.TAKE_ORG) == ["po_number"]

    assert run_cycle(app).exit_code == 0
    assert (in_org(world, order), both(app)) == ("theirs", ("theirs", "theirs"))
    [row] = mirrored(app.db, "conflicts")
    assert (row.resolution, row.resolved_by) == ("take_org", "anna")
    [entry] = mirrored(app.db, "journal", action="conflict.take_org")
    assert (entry.actor, entry.details["wanted"], entry.details["in_org"]) == ("anna", "ours", "theirs")


def test_a_person_takes_ours_and_it_is_sent(world: World, app: App, order: str) -> None:
    clash(world, app, order)

    decide(app, conflicts.TAKE_LOCAL, field="po_number")

    assert run_cycle(app).exit_code == 0
    assert (in_org(world, order), both(app)) == ("ours", ("ours", "ours"))


def test_a_newer_value_in_the_org_is_a_new_conflict_even_after_ours_was_taken(
    world: World, app: App, order: str
) -> None:
    clash(world, app, order)
    decide(app, conflicts.TAKE_LOCAL)
    world.org.update("Order", order, {"PoNumber": "newer"})

    report = run_cycle(app)

    assert [problem.kind for problem in report.attention] == ["conflict"]
    assert in_org(world, order) == "newer"


def test_a_conflict_follows_what_the_org_and_plain_sql_say_next(world: World, app: App, order: str) -> None:
    clash(world, app, order)
    world.org.update("Order", order, {"PoNumber": "newer"})
    run_cycle(app)
    sql(app, "po_number = 'ours too'")
    run_cycle(app)

    [row] = mirrored(app.db, "conflicts")
    assert (row.wanted, row.org_value, row.base, row.resolved_at) == ("ours too", "newer", "old", None)
    assert in_org(world, order) == "newer"


@pytest.mark.parametrize(("who", "how"), [("sql", "take_org"), ("org", "agreed")])
def test_a_conflict_is_over_when_both_sides_agree(world: World, app: App, order: str, who: str, how: str) -> None:
    clash(world, app, order)
    if who == "sql":
        sql(app, "po_number = 'theirs'")
    else:
        world.org.update("Order", order, {"PoNumber": "ours"})

    report = run_cycle(app)

    assert report.exit_code == 0
    [row] = mirrored(app.db, "conflicts")
    assert (row.resolution, row.resolved_by) == (how, who)
    assert len(mirrored(app.db, "journal", action="conflict.settled", actor=who)) == 1


def test_a_conflict_is_over_when_the_order_is_deleted(world: World, app: App, order: str) -> None:
    clash(world, app, order)
    world.org.delete("Order", order)
    world.org.advance(60)

    report = run_cycle(app)

    assert [problem.kind for problem in report.attention] == ["order"]


def test_to_set_a_field_again_by_command_is_a_decision(world: World, app: App, order: str) -> None:
    clash(world, app, order)
    [row] = mirrored(app.db, "orders")
    with app.db.begin() as tx:
        want_fields(tx, "default", row.id, {"po_number": "final"}, actor="anna", now=app.clock())

    assert run_cycle(app).exit_code == 0
    assert in_org(world, order) == "final"
    [row] = mirrored(app.db, "conflicts")
    assert (row.resolution, row.resolved_by) == ("take_local", "anna")


def test_a_status_cannot_be_taken_where_the_move_is_not_legal(world: World, app: App, order: str) -> None:
    sql(app, "status = 'Activated'")
    world.org.update("Order", order, {"Status": "Cancelled"})
    run_cycle(app)

    with pytest.raises(UsageError, match="cannot go from Cancelled to Activated"):
        decide(app, conflicts.TAKE_LOCAL)
    decide(app, conflicts.TAKE_ORG)

    assert mirrored(app.db, "orders")[0].status == "Cancelled"


def test_there_is_nothing_to_decide_without_a_conflict(world: World, app: App, order: str) -> None:
    with pytest.raises(RecordNotFound, match="no open conflict of this order"):
        decide(app, conflicts.TAKE_ORG)
    clash(world, app, order)
    with pytest.raises(RecordNotFound, match="no open conflict of the field status"):
        decide(app, conflicts.TAKE_ORG, field="status")


def test_what_we_sent_ourselves_and_heard_nothing_of_is_no_conflict(world: World, app: App, order: str) -> None:
    sql(app, "po_number = 'first'")
    world.org.faults.add("lost_answer", method="PATCH", path="composite/sobjects")
    just_before(world.org, "composite/sobjects", lambda: sql(app, "po_number = 'second'"))

    report = run_cycle(app)
    run_cycle(app)

    assert (report.exit_code, mirrored(app.db, "conflicts")) == (0, [])
    assert (in_org(world, order), both(app)) == ("second", ("second", "second"))


def test_what_the_org_changes_while_an_answer_is_lost_is_not_overwritten(world: World, app: App, order: str) -> None:
    sql(app, "po_number = 'ours'")
    world.org.faults.add("reset", method="PATCH", path="composite/sobjects")
    just_before(world.org, "composite/sobjects", lambda: world.org.update("Order", order, {"PoNumber": "theirs"}))

    report = run_cycle(app)

    assert [problem.kind for problem in report.attention] == ["conflict"]
    assert (in_org(world, order), both(app)) == ("theirs", ("ours", "theirs"))


def test_events_tell_what_the_org_has_whatever_is_in_conflict(world: World, app: App, order: str) -> None:
    [row] = mirrored(app.db, "orders")
    with app.db.begin() as tx:
        want(tx, "default", row.id, Status.ACTIVATED, actor="anna", now=app.clock())
    world.org.update("Order", order, {"Status": "Cancelled"})

    run_cycle(app)

    assert [event.type for event in mirrored(app.db, "events")] == ["order.created", "order.cancelled"]


def die_after_the_update(world: World, app: App) -> None:
    """Send what is wanted, and die before the org's answer is written down."""

    def dies(call: Call, moment: str) -> None:
        if call.method == "PATCH" and moment == "after":
            raise KeyboardInterrupt

    world.org.on_call.append(dies)
    with pytest.raises(KeyboardInterrupt):
        run_cycle(app)
    world.org.on_call.remove(dies)
    world.org.advance(1200)


@pytest.mark.parametrize(
    ("policy", "ends"), [("ask", ("ours", "old")), ("org_wins", ("old", "old")), ("local_wins", ("ours", "ours"))]
)
def test_what_was_set_back_before_we_heard_of_our_update_is_a_conflict(
    world: World,
    make_app: Callable[[Org], App],
    app: App,
    order: str,
    monkeypatch: pytest.MonkeyPatch,
    policy: str,
    ends: tuple[str, str],
) -> None:
    monkeypatch.setenv("SFSYNC_CONFLICTS__PO_NUMBER", policy)
    sql(app, "po_number = 'ours'")
    die_after_the_update(world, app)
    world.org.update("Order", order, {"PoNumber": "old"})

    run_cycle(make_app(world.org))

    assert both(app) == ends
    assert world.org.get("Order", order)["PoNumber"] == ends[1]
    [entry] = mirrored(app.db, "journal", action="order.conflict")
    assert "“ours” was sent and not answered, and somebody in the org changed the order since" in entry.message
    run_cycle(make_app(world.org))
    assert both(app) == ends
    assert len(mirrored(app.db, "journal", action="order.conflict")) == 1


def test_an_update_that_did_not_arrive_is_sent_again_when_nobody_else_touched_the_order(
    world: World, app: App, order: str
) -> None:
    sql(app, "po_number = 'ours'")
    world.org.faults.add("reset", method="PATCH")

    run_cycle(app)

    assert both(app) == ("ours", "ours")
    assert mirrored(app.db, "conflicts") == []
