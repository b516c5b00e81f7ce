"""Updates of draft orders whose answers get lost, that are refused, or during which the process dies."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from sfsync.app import App
from sfsync.errors import OrgUnavailable
from sfsync.store.engine import open_database
from sfsync.sync import amend
from sfsync.sync.cycle import rehearse, run_cycle
from sfsync.sync.pull import pull
from sfsync.sync.review import review
from sfsync.sync.running import run
from tests.mirror import mirrored
from tests.sync.answers import Changed
from tests.sync.idle import until_idle
from tests.world import World, just_before, kinds

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from sfsync.emulator.calls import Call, Moment
    from sfsync.emulator.org import Org
    from sfsync.store.engine import Database

GRAPH = "composite/graph"


class Killed(BaseException):
    """The process dies here; nothing catches it."""


@pytest.fixture
def db(sqlite_url: str) -> Generator[Database]:
    """What is asked of the database here is the same on both kinds."""
    database = open_database(sqlite_url)
    yield database
    database.close()


@pytest.fixture
def deals(world: World, app: App) -> list[str]:
    """Three deals of two lines that are ordered, and were changed since."""
    deals = world.deals(3, lines=2)
    run_cycle(app)
    world.org.advance(1200)
    for deal in deals:
        change(world, deal)
    world.org.calls.clear()
    return deals


def change(world: World, deal: str, quantity: float = 9) -> None:
    """Change a line, add one, and take one away."""
    first, second, *_ = world.org.query(
        f"SELECT Id FROM OpportunityLineItem WHERE OpportunityId = '{deal}' ORDER BY Id"
    )
    world.org.update("OpportunityLineItem", first["Id"], {"Quantity": quantity, "UnitPrice": 100})
    world.org.delete("OpportunityLineItem", second["Id"])
    world.line(deal, 2, 7.5, entry=world.entries[2])


def whole(world: World, app: App) -> None:
    """Run cycles until nothing is in the way any more, as the daemon would."""
    until_idle(world, app, lambda: is_whole(world, app))
    assert is_whole(world, app)


def is_whole(world: World, app: App) -> bool:
    """Whether every order is what its deal says, each line once, and nothing waits or is in doubt."""
    keys = [[item["SFSync_Key__c"] for item in order["OrderItems"]["records"]] for order in world.orders()]
    return (
        world.amounts_agree()
        and all(len(one) == len(set(one)) == 2 for one in keys)
        and all(row.in_doubt is None and row.amending is None for row in mirrored(app.db, "orders"))
        and all(item.sf_id for item in mirrored(app.db, "order_items"))
        and all(row.resolved_at for row in mirrored(app.db, "discrepancies"))
        and not any(row.unreviewed for row in mirrored(app.db, "opportunities"))
    )


def test_many_orders_travel_in_one_call(world: World, app: App, deals: list[str]) -> None:
    report = run_cycle(app)

    assert kinds(world.org).count("graph") == 1
    assert report.counts["orders_amended"] == len(deals)
    whole(world, app)


@pytest.mark.parametrize("fault", ["lost_answer", "truncated", "html_503", "reset", "lock_row"])
@pytest.mark.parametrize("times", [1, 3])
def test_the_answer_to_an_update_is_lost_and_the_order_is_right_in_the_end(
    world: World, app: App, deals: list[str], fault: str, times: int
) -> None:
    world.org.faults.add(fault, path=GRAPH, times=times)

    with suppress(OrgUnavailable):
        run_cycle(app)

    whole(world, app)


@pytest.mark.parametrize("after", [0, 1, 3])
def test_an_update_that_is_still_running_adds_no_line_twice(
    world: World, app: App, deals: list[str], after: int
) -> None:
    world.org.faults.add("late_commit", path=GRAPH, after=after)

    whole(world, app)


def test_an_org_that_takes_no_updates_ends_the_run_and_loses_nothing(world: World, app: App, deals: list[str]) -> None:
    world.org.faults.add("reset", path=GRAPH, times=9)
    with pytest.raises(OrgUnavailable):
        run_cycle(app)
    world.org.faults.clear()

    whole(world, app)


def test_one_order_that_is_never_answered_holds_up_no_other(world: World, make_app: Callable[[Org], App]) -> None:
    app = make_app(world.org)
    deals = world.deals(3, lines=2)
    run_cycle(app)
    world.org.advance(1200)
    for deal in deals:
        change(world, deal)
    before = world.orders(deals[0])
    # The whole pack is lost, and then the first one alone.
    world.org.faults.add("reset", path=GRAPH, times=2)

    report = run_cycle(app)

    assert report.counts["orders_amended"] == 2
    [waits] = mirrored(app.db, "discrepancies")
    assert (waits.kind, waits.code) == ("refused", "no_answer")
    assert world.orders(deals[0]) == before  # its new line is not added without the rest
    whole(world, app)


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_process_that_dies_at_any_call_leaves_what_the_next_one_finishes(
    world: World, make_app: Callable[[Org], App], moment: str
) -> None:
    [deal] = world.deals(1, lines=2)
    run_cycle(make_app(world.org))
    deaths = 0
    for number in range(1, 40):
        world.org.advance(1200)
        change(world, deal, number + 2)
        hook = _die_at(number, moment)
        world.org.on_call.append(hook)
        try:
            run_cycle(make_app(world.org))
        except Killed:
            deaths += 1
        else:
            break
        finally:
            world.org.on_call.remove(hook)
        whole(world, make_app(world.org))
    assert deaths > 3


def refuse(world: World, times: int = 9) -> None:
    """Have the org say no to the first order of each call, because of its last line."""
    world.org.faults.add(
        "part_fails", path=GRAPH, times=times, code="FIELD_CUSTOM_VALIDATION_EXCEPTION", message="No more.", pick=1
    )


def test_all_of_an_update_is_done_or_nothing_and_the_refusal_names_the_line(
    world: World, app: App, deals: list[str]
) -> None:
    before = world.orders(deals[0])
    refuse(world)

    report = run_cycle(app)

    assert world.orders(deals[0]) == before
    assert report.counts["orders_amended"] == 2
    [problem] = report.attention
    assert (problem.kind, problem.code) == ("discrepancy", "refused")
    assert "Line 3:" in problem.message
    assert "No more." in problem.message
    [waits] = mirrored(app.db, "discrepancies")
    assert (waits.code, waits.attempts) == ("FIELD_CUSTOM_VALIDATION_EXCEPTION", 1)
    assert len(mirrored(app.db, "order_items", order_id=waits.order_id)) == 2


def test_a_refused_update_is_tried_again_in_hours_or_when_deal_or_order_change(
    world: World, app: App, deals: list[str]
) -> None:
    refuse(world)
    run_cycle(app)
    world.org.calls.clear()
    run_cycle(app)
    assert "graph" not in kinds(world.org)

    world.org.advance(1200)
    change(world, deals[0], 10)
    run_cycle(app)
    assert kinds(world.org).count("graph") == 1

    world.org.advance(1200)
    world.org.update("Order", world.orders(deals[0])[0]["Id"], {"Description": "seen"})
    run_cycle(app)
    assert kinds(world.org).count("graph") == 1  # the same update: the org would say the same

    world.org.advance(6 * 3600)
    run_cycle(app)
    assert kinds(world.org).count("graph") == 2
    assert [row.attempts for row in mirrored(app.db, "discrepancies")] == [2]
    world.org.faults.clear()
    world.org.advance(24 * 3600)
    whole(world, app)


def test_a_line_that_somebody_removes_while_it_is_changed_is_looked_at_again(
    world: World, app: App, deals: list[str]
) -> None:
    [order] = world.orders(deals[0])
    just_before(world.org, GRAPH, lambda: world.org.delete("OrderItem", order["OrderItems"]["records"][0]["Id"]))

    run_cycle(app)
    world.org.advance(1200)
    run_cycle(app)

    assert len(world.orders(deals[0])[0]["OrderItems"]["records"]) == 1
    [found] = [row for row in mirrored(app.db, "discrepancies") if row.resolved_at is None]
    assert found.kind == "edited_in_org"


def test_a_total_that_the_org_makes_otherwise_is_put_before_a_person(world: World, app: App, deals: list[str]) -> None:
    def automation() -> None:
        """The org's automation gives the line another price as soon as it is saved."""
        item = world.orders(deals[0])[0]["OrderItems"]["records"][0]["Id"]
        world.org.update("OrderItem", item, {"UnitPrice": 1})

    def hook(call: Call, moment: Moment) -> None:
        if moment == "after" and call.path.endswith(GRAPH):
            world.org.on_call.remove(hook)
            automation()

    world.org.on_call.append(hook)
    report = run_cycle(app)

    assert [one.code for one in report.attention] == ["total_mismatch"]
    world.org.calls.clear()
    run_cycle(app)
    assert "graph" not in kinds(world.org)


def test_an_allowance_that_is_used_up_ends_the_run_and_loses_nothing(world: World, app: App, deals: list[str]) -> None:
    world.org.faults.add("request_limit", path=GRAPH)
    with pytest.raises(OrgUnavailable):
        run_cycle(app)
    assert not mirrored(app.db, "orders", in_doubt="amend")
    world.org.faults.add("reset", path=GRAPH)
    world.org.faults.add("request_limit", path=GRAPH, nth=2)
    with pytest.raises(OrgUnavailable):
        run_cycle(app)
    world.org.faults.clear()

    whole(world, app)


def test_a_refusal_that_is_about_the_order_itself_names_no_line(world: World, app: App) -> None:
    deal = world.deal((1, 100), (1, 250))
    run_cycle(app)
    world.org.advance(1200)
    world.org.update("Opportunity", deal, {"CloseDate": "2026-03-20"})
    refuse(world, times=1)

    [problem] = run_cycle(app).attention
    assert "Line" not in problem.message
    assert "orders_amended" not in run_cycle(app).counts


def test_what_is_halted_again_and_again_waits_for_the_next_run(
    world: World, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(amend, "ROUNDS", 1)
    deals = world.deals(16)
    run_cycle(app)
    world.org.advance(1200)
    for deal in deals:
        world.line(deal, 1, 100)
    world.org.faults.add("part_fails", path=GRAPH, code="FIELD_CUSTOM_VALIDATION_EXCEPTION", message="No.")

    assert "orders_amended" not in run_cycle(app).counts
    assert run_cycle(app).counts["orders_amended"] == 2


def test_a_deal_is_not_judged_while_its_order_is_in_doubt(world: World, app: App, deals: list[str]) -> None:
    run(app, "pull", pull)
    with app.db.begin() as tx:
        tx.exec_driver_sql("UPDATE orders SET in_doubt = 'update'")
    world.org.calls.clear()

    run(app, "review", review)

    assert "graph" not in kinds(world.org)
    whole(world, app)


def test_a_rehearsal_counts_the_drafts_to_bring_up_to_date_and_sends_nothing(
    world: World, app: App, deals: list[str]
) -> None:
    _, outlook = rehearse(app)

    assert outlook.amend == len(deals)
    assert "graph" not in kinds(world.org)
    whole(world, app)


def test_more_refusals_than_a_call_takes_hold_up_no_other(world: World, app: App) -> None:
    deals = world.deals(20)
    run_cycle(app)
    world.org.advance(1200)
    for deal in deals:
        world.line(deal, 1, 100)
    # After 14 failed graphs the org halts the rest.
    world.org.faults.add("part_fails", path=GRAPH, code="FIELD_CUSTOM_VALIDATION_EXCEPTION", message="No.")

    report = run_cycle(app)

    assert report.counts["amendments_refused"] == 14
    assert report.counts["orders_amended"] == 6


@pytest.mark.parametrize(
    "change",
    [lambda _: {}, lambda _: {"graphs": [{"graphId": "g0"}]}, lambda body: {"graphs": body["graphs"][1:]}],
    ids=["nothing", "a graph without answers", "one graph less"],
)
def test_an_answer_that_lacks_orders_is_settled_by_reading(
    world: World, app: App, deals: list[str], make_app: Callable[[Org], App], change: Callable[[Any], Any]
) -> None:
    odd = App(app.settings, "default", app.db, clock=world.org.clock, adapter=Changed(world.org, "POST", GRAPH, change))

    with suppress(OrgUnavailable):
        run_cycle(odd)

    whole(world, app)


def _die_at(number: int, moment: str) -> Any:
    seen = 0

    def hook(call: object, when: str) -> None:
        nonlocal seen
        del call
        if when == moment:
            seen += 1
            if seen == number:
                raise Killed

    return hook
