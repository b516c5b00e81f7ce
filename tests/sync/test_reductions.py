"""Reductions: planned here, reserved, created whole and once in the org, activated while they still fit."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from sfsync.domain.holdings import Demand
from sfsync.errors import OrgUnfit, ReductionRefused, UsageError
from sfsync.salesforce.availability import read_available, read_with_available
from sfsync.store import reductions, wants
from sfsync.store.find import find_order
from sfsync.store.reduced import available_of
from sfsync.sync.arrows import ARROWS
from sfsync.sync.cycle import run_cycle
from sfsync.sync.reconcile import Wanted, run_reconcile
from sfsync.sync.reduce import Request, preview, reduce
from sfsync.sync.running import run
from tests.mirror import mirrored
from tests.sync.reducing import LICENCE, by_hand, by_others, left, take, there, to_75
from tests.world import kinds

if TYPE_CHECKING:
    from sfsync.app import App
    from tests.world import World


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Nothing here depends on the database; what does is in test_reductions_databases.py."""
    return sqlite_url


@pytest.fixture
def novatech(world: World, app: App) -> list[str]:
    """Three activated orders of one account that hold 100 licences: 50, 30 and 20, the last the newest."""
    return by_hand(world, app, (50, "2026-01-05"), (30, "2026-02-01"), (20, "2026-02-20"))


def test_with_activation_the_downgrade_takes_three_calls(world: World, app: App, novatech: list[str]) -> None:
    run_cycle(app)
    world.org.calls.clear()
    run_cycle(app)
    idle = kinds(world.org)
    to_75(app, activate=True)
    world.org.calls.clear()

    report = run_cycle(app)

    spent = kinds(world.org)
    assert spent[: len(idle)] == idle
    assert spent[len(idle) : len(idle) + 3] == ["graph", "composite", "collections"]
    assert len(spent) == len(idle) + 4  # and one to read back what became of it
    assert report.counts["statuses_pushed"] == 2
    assert [one["StatusCode"] for one in there(world)] == ["Activated"] * 2
    assert [left(world, order) for order in novatech] == [50, 25, 0]


@pytest.mark.parametrize("fault", ["lost_answer", "reset", "late_commit"])
def test_a_reduction_whose_answer_is_lost_is_made_once(world: World, app: App, novatech: list[str], fault: str) -> None:
    plan = to_75(app)
    world.org.faults.add(fault, path="composite/graph")

    run_cycle(app)
    world.org.advance(1200)
    run_cycle(app)

    assert sorted(one["SFSync_Key__c"] for one in there(world)) == sorted(one.key for one in plan.plans)
    rows = mirrored(app.db, "orders", is_reduction=True)
    assert [(row.in_doubt, row.org_status, row.problem) for row in rows] == [(None, "Draft", None)] * 2
    assert {row.original_order_id for row in rows} == {novatech[1], novatech[2]}


def test_what_is_planned_is_reserved_at_once_and_after_it_is_sent(world: World, app: App, novatech: list[str]) -> None:
    take(app, novatech[2], Demand("1", by=Decimal(15)))
    for _ in range(2):
        with pytest.raises(ReductionRefused, match=r"6 are to go, and only 5 are left.*-R1 takes 15|000.* takes 15"):
            take(app, novatech[2], Demand("1", by=Decimal(6)))
        run_cycle(app)
        world.org.advance(1200)

    again = take(app, novatech[2], Demand("1", by=Decimal(5)))

    assert again.plans[0].key.endswith("-R2")
    run_cycle(app)
    assert [one["TotalAmount"] for one in there(world)] == [Decimal(-1500), Decimal(-500)]
    assert left(world, novatech[2]) == 20


def test_reductions_made_in_salesforce_count_activated_or_not(world: World, app: App, novatech: list[str]) -> None:
    by_others(world, novatech[0], 10, activate=True)
    draft = by_others(world, novatech[0], 15)
    run_cycle(app)

    plan = preview(app, Request((Demand(None),), novatech[0]))

    number = world.org.get("Order", draft)["OrderNumber"]
    assert [(cut.line.left, cut.by) for cut in plan.cuts] == [(25, 25)]
    [note] = plan.notes
    assert note.endswith(
        f"Licence A: {number} takes 15 already, a draft made in Salesforce, where it reserves nothing."
    )


def test_activated_reductions_count_even_while_the_mirror_has_an_old_figure_of_the_org(
    world: World, app: App, novatech: list[str]
) -> None:
    take(app, novatech[0], Demand("1", by=Decimal(40)), activate=True)
    run_cycle(app)
    with app.db.begin() as tx:
        tx.exec_driver_sql("UPDATE order_items SET available_quantity = quantity WHERE quantity > 0")

    [cut] = preview(app, Request((Demand(None),), novatech[0])).cuts

    assert (cut.by, cut.left) == (10, 0)
    with app.db.read() as tx:
        assert available_of(tx, "default", [cut.line.sf_id]) == {cut.line.sf_id: Decimal(10)}


def test_a_draft_that_somebody_deletes_frees_what_it_took_and_needs_nobody(
    world: World, app: App, novatech: list[str]
) -> None:
    take(app, novatech[2])
    run_cycle(app)
    world.org.advance(1200)
    world.org.delete("Order", there(world)[0]["Id"])

    report = run_cycle(app)

    assert report.attention == ()
    assert take(app, novatech[2]).plans[0].key.endswith("-R2")


def test_a_planned_reduction_can_be_withdrawn_and_its_number_is_not_used_again(
    world: World, app: App, novatech: list[str]
) -> None:
    plan = take(app, novatech[2])
    key = plan.plans[0].key

    def withdraw(record: str) -> None:
        with app.db.begin() as tx:
            order = find_order(tx, "default", record)
            reductions.withdraw(tx, "default", order, actor="anna", now=app.clock())

    withdraw(key)
    assert mirrored(app.db, "orders", key=key) == []
    second = take(app, novatech[2])
    assert second.plans[0].key == key.replace("-R1", "-R2")
    with app.db.begin() as tx:
        tx.exec_driver_sql("UPDATE orders SET in_doubt = 'create' WHERE is_reduction")
    with pytest.raises(UsageError, match=r"nobody knows yet"):
        withdraw(second.plans[0].key)
    run_cycle(app)
    with pytest.raises(UsageError, match=r"in Salesforce already.*Delete it there"):
        withdraw(second.plans[0].key)
    with pytest.raises(UsageError, match=r"no reduction that was planned here"):
        withdraw(novatech[0])
    assert [one["SFSync_Key__c"] for one in there(world)] == [second.plans[0].key]


def test_what_salesforce_does_not_let_us_write_is_said_before_anything_is_planned(
    world: World, app: App, novatech: list[str]
) -> None:
    world.org.faults.add("field_hidden", object="OrderItem", field="OriginalOrderItemId")
    world.org.advance(7200)
    run_cycle(app)

    with pytest.raises(OrgUnfit, match=r"OrderItem[.]OriginalOrderItemId.*Enable reduction orders"):
        to_75(app)


def test_a_refusal_of_the_org_says_what_may_be_missing(world: World, app: App, novatech: list[str]) -> None:
    world.org.settings.reduction_orders = False
    take(app, novatech[2])

    report = run_cycle(app)

    [one] = report.attention
    assert "Reduction orders aren't enabled" in one.message
    assert "“Create Reduction Orders”" in one.message
    with pytest.raises(ReductionRefused, match=r"nothing is left"):
        take(app, novatech[2])


def test_a_plan_that_is_not_the_one_that_was_shown_any_more_is_not_carried_out(
    world: World, app: App, novatech: list[str]
) -> None:
    asked = Request((Demand(LICENCE, by=Decimal(25)),), account=world.account)
    shown = preview(app, asked)
    take(app, novatech[2], Demand("1", by=Decimal(1)))

    with pytest.raises(ReductionRefused, match=r"have changed since the plan was shown"):
        reduce(app, asked, actor="anna", expected=shown)

    assert len(mirrored(app.db, "orders", is_reduction=True)) == 1
    with pytest.raises(UsageError, match=r"an account and a product"):
        reduce(app, Request((Demand(None),), account=world.account), actor="anna")


def test_an_order_of_several_lines_loses_one_race_and_only_that_line_is_named(world: World, app: App) -> None:
    deal = world.deal((10, 100), (5, 250))
    run_cycle(app)
    with app.db.begin() as tx:
        tx.exec_driver_sql("UPDATE orders SET status = 'Activated'")
    run_cycle(app)
    order = world.orders(deal)[0]
    world.org.advance(1200)
    take(app, order["Id"], activate=True)
    run(app, "generate", ARROWS["generate"])
    original = world.org.get("Order", order["Id"])
    values = {"AccountId": original["AccountId"], "EffectiveDate": "2026-03-01", "Status": "Draft"}
    other = world.org.insert("Order", {**values, "IsReductionOrder": True, "OriginalOrderId": order["Id"]})
    line = order["OrderItems"]["records"][1]["Id"]
    world.org.insert("OrderItem", {"OrderId": other, "OriginalOrderItemId": line, "Quantity": -1})
    world.org.update("Order", other, {"Status": "Activated"})

    report = run(app, "push", ARROWS["push"])

    [one] = report.attention
    assert "Licence B" in one.message
    assert "Licence A" not in one.message


def test_a_reduction_stays_one_when_its_fields_are_hidden_from_us(world: World, app: App, novatech: list[str]) -> None:
    take(app, novatech[2], activate=True)
    run_cycle(app)
    made = there(world)[0]
    for name in ("IsReductionOrder", "OriginalOrderId"):
        world.org.faults.add("field_hidden", object="Order", field=name)
    world.org.faults.add("field_hidden", object="OrderItem", field="OriginalOrderItemId")
    world.org.advance(7200)
    world.org.update("Order", made["Id"], {"Description": "seen again"})
    run_cycle(app)

    [row] = mirrored(app.db, "orders", sf_id=made["Id"])

    assert (row.org_description, row.is_reduction, row.original_order_id) == ("seen again", True, novatech[2])
    assert mirrored(app.db, "order_items", order_id=row.id)[0].original_item_id is not None


def test_where_the_org_hides_what_is_available_its_own_refusal_decides(
    world: World, app: App, novatech: list[str]
) -> None:
    take(app, novatech[2], activate=True)
    world.org.faults.add("field_hidden", object="OrderItem", field="AvailableQuantity")
    world.org.advance(7200)

    run_cycle(app)

    assert there(world)[0]["StatusCode"] == "Activated"
    with app.db.begin() as tx:
        tx.exec_driver_sql("UPDATE schema_cache SET content = '{}'")
    assert take(app, novatech[1]).plans


def test_many_lines_are_read_in_parts(world: World, app: App) -> None:
    order = world.order()
    real = [world.item(order), world.item(order)]
    lines = [real[0], *(f"802{number:012d}AAA" for number in range(1000)), real[1]]

    found = read_available(app.client, lines)
    states, same = read_with_available(app.client, [order], lines, app.field_names, {})

    assert found == same == dict.fromkeys(real, Decimal(1))
    assert len(states) == 1
    assert kinds(world.org) == ["composite", "composite", "collections", "composite", "composite"]


@pytest.mark.parametrize("fault", [None, "lost_answer_timeout", "lost_answer"])
def test_what_our_reductions_leave_of_lines_is_read_back_and_no_drift(
    world: World, app: App, novatech: list[str], fault: str | None
) -> None:
    world.org.advance(3600)
    world.deal((1, 10))
    run_cycle(app)
    world.org.advance(3600)
    to_75(app, activate=True)
    if fault:
        world.org.faults.add(fault, path="composite/sobjects")

    run_cycle(app)
    run_cycle(app)

    quantities = {row.sf_id: row.available_quantity for row in mirrored(app.db, "order_items")}
    there = world.org.query("SELECT Id, AvailableQuantity FROM OrderItem")
    assert quantities == {one["Id"]: Decimal(str(one["AvailableQuantity"])) for one in there}
    world.org.advance(3600)
    assert run_reconcile(app, Wanted())[1].drifts == []


def test_an_order_is_not_deactivated_while_a_reduction_of_it_waits_to_be_sent(app: App, novatech: list[str]) -> None:
    [plan] = take(app, novatech[0], Demand(None)).plans

    with app.db.begin() as tx:
        order = find_order(tx, app.org_name, novatech[0]).id
        with pytest.raises(UsageError, match=f"is reduced by {plan.key}"):
            wants.deactivate(tx, app.org_name, order, actor="ann", now=app.clock())


def test_what_a_deactivated_reduction_gives_back_is_read_back(world: World, app: App, novatech: list[str]) -> None:
    made = by_others(world, novatech[0], 10, activate=True)
    world.org.advance(3600)
    world.deal((1, 10))
    run_cycle(app)
    world.org.advance(3600)
    with app.db.begin() as tx:
        row = find_order(tx, app.org_name, made)
        wants.deactivate(tx, app.org_name, row.id, actor="ann", reason="wrong", now=app.clock())

    run_cycle(app)

    assert left(world, novatech[0]) == 50
    assert sorted(row.available_quantity for row in mirrored(app.db, "order_items", quantity=50)) == [50]
    world.org.advance(3600)
    assert run_reconcile(app, Wanted())[1].drifts == []
