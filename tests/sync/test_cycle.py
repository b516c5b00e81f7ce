"""One cycle, seen from both ends: what is in the org afterwards, and what the mirror says."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from sfsync.store import deals, overview
from sfsync.sync.cycle import rehearse, run_cycle
from tests.mirror import everything_but_runs, mirrored

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfsync.app import App
    from sfsync.emulator.org import Org
    from tests.world import World


def test_a_won_deal_becomes_one_draft_order_with_its_lines_to_the_cent(world: World, app: App) -> None:
    deal = world.deal((3, 100), (2, 19.99))

    report = run_cycle(app)

    [order] = world.orders(deal)
    assert report.exit_code == 0
    assert (order["Status"], order["TotalAmount"], order["SFSync_Key__c"]) == ("Draft", 339.98, f"{deal}-1")
    assert [(i["Quantity"], i["UnitPrice"]) for i in order["OrderItems"]["records"]] == [(3, 100), (2, 19.99)]


def test_a_second_cycle_makes_nothing_more_and_writes_no_row_but_its_own_run(world: World, app: App) -> None:
    world.deals(5, lines=2)
    world.org.advance(60)
    run_cycle(app)
    world.org.calls.clear()
    before, written = everything_but_runs(app.db), app.db.rows_written

    run_cycle(app)

    assert len(world.orders()) == 5
    assert world.org.calls.count() <= 2
    assert app.db.rows_written - written <= 2  # the run's row: once when it starts, once when it ends
    assert everything_but_runs(app.db) == before


def test_the_mirror_holds_what_the_org_made_of_the_order(world: World, app: App) -> None:
    deal = world.deal((3, 100))
    run_cycle(app)

    [order] = mirrored(app.db, "orders")
    [org_order] = world.orders(deal)
    assert order.sf_id == org_order["Id"]
    assert order.order_number == org_order["OrderNumber"]
    assert order.total_amount == Decimal("300.00")
    assert (order.status, order.org_status, order.in_doubt, order.origin) == ("Draft", "Draft", None, "sfsync")
    [item] = mirrored(app.db, "order_items")
    assert item.sf_id == org_order["OrderItems"]["records"][0]["Id"]
    assert {a.sf_id for a in mirrored(app.db, "accounts")} == {world.account}
    assert len(mirrored(app.db, "products")) == 1


@pytest.mark.databases
@pytest.mark.parametrize(("quantity", "total"), [(3, 100.00), (7, 0.01), (2.5, 33.33), (0.33, 10.00), (9999, 12345.67)])
def test_totals_are_right_to_the_cent_whatever_the_price_per_piece(
    world: World, app: App, quantity: float, total: float
) -> None:
    deal = world.deal((quantity, 0), total=total)

    run_cycle(app)

    [order] = world.orders(deal)
    assert Decimal(str(order["TotalAmount"])) == Decimal(str(total))


def test_a_rejected_deal_tells_all_its_problems_and_is_ordered_once_it_is_fixed(world: World, app: App) -> None:
    deal = world.deal(AccountId=None)
    world.org.update("PricebookEntry", world.entries[0], {"IsActive": False})

    report = run_cycle(app)
    with app.db.read() as tx:
        [rejected] = deals.rejected(tx, "default")
    assert {problem.code for problem in rejected.problems} == {"no_account", "entry_inactive"}
    assert (report.exit_code, world.orders()) == (1, [])

    world.org.update("Opportunity", deal, {"AccountId": world.account})
    world.org.update("PricebookEntry", world.entries[0], {"IsActive": True})
    report = run_cycle(app)

    assert (report.exit_code, len(world.orders(deal))) == (0, 1)
    with app.db.read() as tx:
        assert deals.rejected(tx, "default") == []


def test_an_entry_that_is_activated_again_lets_its_deal_through_without_a_touch_on_the_deal(
    world: World, app: App
) -> None:
    deal = world.deal()
    world.org.update("PricebookEntry", world.entries[0], {"IsActive": False})
    run_cycle(app)
    world.org.advance(3600)

    world.org.update("PricebookEntry", world.entries[0], {"IsActive": True})
    run_cycle(app)

    assert len(world.orders(deal)) == 1


def test_an_order_that_somebody_else_made_for_the_deal_is_adopted_and_not_doubled(world: World, app: App) -> None:
    deal = world.deal((1, 100))
    order = world.org.insert(
        "Order",
        {
            "AccountId": world.account,
            "Pricebook2Id": world.book,
            "EffectiveDate": "2026-03-02",
            "Status": "Draft",
            "OpportunityId": deal,
        },
    )

    report = run_cycle(app)

    assert report.counts["orders_adopted"] == 1
    assert [o["Id"] for o in world.orders(deal)] == [order]
    [row] = mirrored(app.db, "orders")
    assert (row.key, row.origin) == (f"{deal}-1", "adopted")
    assert run_cycle(app).counts.get("orders_adopted", 0) == 0


@pytest.mark.databases
def test_a_lost_database_does_not_double_anything(
    world: World, app: App, make_app: Callable[[Org], App], empty_db: Callable[[], None]
) -> None:
    world.deals(3)
    run_cycle(app)

    empty_db()
    report = run_cycle(make_app(world.org))

    assert len(world.orders()) == 3
    assert report.counts.get("orders_created", 0) == 0


def test_a_deal_of_more_lines_than_a_graph_takes_is_still_one_order(world: World, app: App) -> None:
    deal = world.deal(*((1, 10),) * 700)

    run_cycle(app)

    [order] = world.orders(deal)
    assert order["TotalAmount"] == 7000
    assert [call.kind for call in world.org.calls if call.kind == "place_order"] == ["place_order"]
    assert all(item.sf_id for item in mirrored(app.db, "order_items"))


def test_one_deal_that_the_org_refuses_does_not_hold_up_the_others(world: World, app: App) -> None:
    good = world.deals(3)
    bad = world.deal((-5, 10))
    app.plan_policy = type(app.plan_policy)(negative_quantity=True)

    report = run_cycle(app)

    assert all(len(world.orders(deal)) == 1 for deal in good)
    assert world.orders(bad) == []
    [problem] = report.attention
    assert problem.kind == "order"


def test_orders_halted_by_failures_of_others_are_sent_again(world: World, app: App) -> None:
    bad = [world.deal((-1, 10)) for _ in range(20)]
    good = world.deals(30)
    app.plan_policy = type(app.plan_policy)(negative_quantity=True)

    run_cycle(app)

    assert all(len(world.orders(deal)) == 1 for deal in good)
    assert all(world.orders(deal) == [] for deal in bad)
    assert mirrored(app.db, "orders", in_doubt="create") == []


@pytest.mark.databases
def test_a_dry_run_writes_nothing_here_or_there(world: World, app: App) -> None:
    world.deals(2)
    before = app.db.rows_written

    _, outlook = rehearse(app)

    assert [plan.total for plan in outlook.create] == [Decimal("100.00"), Decimal("202.00")]
    assert world.orders() == []
    assert app.db.rows_written == before
    assert mirrored(app.db, "opportunities") == []


def test_one_deal_can_be_synchronised_by_itself(world: World, app: App) -> None:
    first, second = world.deals(2)

    run_cycle(app, only=second)

    assert (len(world.orders(first)), len(world.orders(second))) == (0, 1)


def test_a_planned_order_follows_its_deal_until_it_is_sent(world: World, app: App) -> None:
    deal = world.deal((1, 100))
    world.org.faults.add("request_limit", path="composite/graph")
    with pytest.raises(Exception, match="allowance"):
        run_cycle(app)
    world.org.faults.clear()
    world.line(deal, 1, 50, entry=world.entries[1])

    run_cycle(app)

    [order] = world.orders(deal)
    assert order["TotalAmount"] == 150


def test_a_deal_that_is_reopened_before_its_order_was_sent_gets_none(world: World, app: App) -> None:
    deal = world.deal()
    world.org.faults.add("request_limit", path="composite/graph")
    with pytest.raises(Exception, match="allowance"):
        run_cycle(app)
    world.org.faults.clear()
    world.org.update("Opportunity", deal, {"StageName": "Prospecting"})

    run_cycle(app)

    assert world.orders(deal) == []


def test_the_calls_of_a_first_cycle_grow_with_the_deals_and_not_with_their_number(world: World, app: App) -> None:
    world.deals(150, lines=5)
    world.org.calls.clear()

    report = run_cycle(app)

    assert report.counts["orders_created"] == 150
    # 2 packs of 75 graphs, reads of 150 deals and orders with 5 lines each, schema, references.
    assert world.org.calls.count() <= 10
    assert world.amounts_agree()


def test_attention_names_the_deal_and_the_remedy(world: World, app: App) -> None:
    world.deal(AccountId=None, name="Roof sensors")

    run_cycle(app)

    with app.db.read() as tx:
        [found] = overview.attention(tx, "default")
    assert (found.kind, found.name, found.code) == ("deal", "Roof sensors", "no_account")
    assert "account" in found.message.lower()
