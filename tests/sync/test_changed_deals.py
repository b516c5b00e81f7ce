"""A deal that is changed after it was ordered: its draft order goes with it, once and as a whole."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from sfsync.sync.cycle import run_cycle
from tests.mirror import everything_but_runs, mirrored
from tests.world import World, kinds

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfsync.app import App
    from sfsync.emulator.org import Org


def lines_of(world: World, deal: str) -> list[dict[str, Any]]:
    return world.org.query(f"SELECT Id, Quantity, UnitPrice FROM OpportunityLineItem WHERE OpportunityId = '{deal}'")


def amounts(world: World, deal: str) -> list[tuple[str, float, float]]:
    """Key, quantity and price of each line of the deal's only order."""
    [order] = world.orders(deal)
    records = (order["OrderItems"] or {"records": []})["records"]
    return sorted((one["SFSync_Key__c"].removeprefix(deal), one["Quantity"], one["UnitPrice"]) for one in records)


def total(world: World, deal: str | None) -> Decimal:
    """What the deal's orders come to; of no deal, all that there are."""
    return sum((Decimal(str(order["TotalAmount"])) for order in world.orders(deal)), Decimal(0))


def said(app: App, action: str) -> list[str]:
    return [entry.message for entry in mirrored(app.db, "journal", action=action)]


def open_ones(app: App) -> list[Any]:
    return [row for row in mirrored(app.db, "discrepancies") if row.resolved_at is None]


@pytest.fixture
def deal(world: World, app: App) -> str:
    """A deal of three lines whose draft order is in the org."""
    deal = world.deal((1, 100), (2, 250), (3, 7.5))
    run_cycle(app)
    world.org.advance(1200)
    return deal


def test_a_changed_deal_brings_its_draft_order_up_to_date_in_one_call(world: World, app: App, deal: str) -> None:
    first, second, third = lines_of(world, deal)
    world.org.update(
        "OpportunityLineItem", first["Id"], {"Quantity": 5, "UnitPrice": 100, "Description": "for the lab"}
    )
    world.org.delete("OpportunityLineItem", second["Id"])
    world.org.update("OpportunityLineItem", third["Id"], {"UnitPrice": 7.25})
    world.line(deal, 4, 250, entry=world.entries[1])
    world.line(deal, 1, 90, entry=world.entry("Licence D", 90))
    world.org.calls.clear()

    report = run_cycle(app)

    # The second line's item serves the new line of the same product; its number is not given to another.
    assert amounts(world, deal) == [("-1-1", 5, 100), ("-1-2", 4, 250), ("-1-3", 3, 7.25), ("-1-4", 1, 90)]
    assert world.amounts_agree()
    assert kinds(world.org).count("graph") == 1
    assert report.exit_code == 0
    assert report.counts["orders_amended"] == 1
    assert said(app, "order.amended") == [
        "The deal was changed, and the draft order brought up to date: 3 lines changed, 1 line added."
    ]
    assert all(item.sf_id for item in mirrored(app.db, "order_items"))

    before = everything_but_runs(app.db) | {"cursors": []}
    world.org.calls.clear()
    run_cycle(app)
    assert world.org.calls.count() <= 2
    assert everything_but_runs(app.db) | {"cursors": []} == before


def test_removed_lines_leave_and_numbers_are_not_used_again(world: World, app: App, deal: str) -> None:
    _, second, third = lines_of(world, deal)
    world.org.delete("OpportunityLineItem", third["Id"])
    run_cycle(app)
    assert [key for key, _, _ in amounts(world, deal)] == ["-1-1", "-1-2"]

    world.org.advance(1200)
    world.line(deal, 9, 7.5, entry=world.entries[2])
    world.org.delete("OpportunityLineItem", second["Id"])
    run_cycle(app)

    assert amounts(world, deal) == [("-1-1", 1, 100), ("-1-4", 9, 7.5)]
    assert world.amounts_agree()


def more(world: World, deal: str, quantity: float = 5) -> None:
    """Have the deal ask for another quantity of its first product."""
    world.org.update("OpportunityLineItem", lines_of(world, deal)[0]["Id"], {"Quantity": quantity, "UnitPrice": 100})


def test_another_start_contract_and_account_go_to_the_draft(world: World, app: App, deal: str) -> None:
    account = world.org.insert("Account", {"Name": "Apex"})
    world.org.update("Opportunity", deal, {"AccountId": account, "CloseDate": "2026-03-09", "Name": "Renamed"})

    run_cycle(app)

    [order] = mirrored(app.db, "orders")
    assert (order.account_id, str(order.effective_date), order.name) == (account, "2026-03-09", "Deal")
    assert said(app, "order.amended") == [
        "The deal was changed, and the draft order brought up to date: another account and start."
    ]


def test_a_name_or_an_owner_is_no_change(world: World, app: App, deal: str) -> None:
    world.org.update("Opportunity", deal, {"Name": "Renamed", "Description": "new words"})
    world.org.calls.clear()

    run_cycle(app)

    assert "graph" not in kinds(world.org)
    assert [row.unreviewed for row in mirrored(app.db, "opportunities")] == [False]


def test_orders_that_start_on_the_day_of_planning_do_not_differ_the_day_after(
    world: World, make_app: Callable[[Org], App], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SFSYNC_ORDERS__EFFECTIVE_DATE", "today")
    app = make_app(world.org)
    deal = world.deal((1, 100))
    run_cycle(app)
    world.org.advance(3 * 86400)
    world.org.update("Opportunity", deal, {"Description": "touched"})
    world.org.calls.clear()

    run_cycle(app)

    assert "graph" not in kinds(world.org)
    more(world, deal)
    run_cycle(app)
    assert amounts(world, deal) == [("-1-1", 5, 100)]
    assert {str(order.effective_date) for order in mirrored(app.db, "orders")} == {"2026-03-02"}


def test_a_draft_that_somebody_edited_is_not_overwritten_but_listed(world: World, app: App, deal: str) -> None:
    [order] = world.orders(deal)
    item = order["OrderItems"]["records"][1]["Id"]
    world.org.update("OrderItem", item, {"Quantity": 7})
    assert run_cycle(app).exit_code == 0  # what people do to an order is not the deal's doing
    world.org.advance(1200)

    more(world, deal)
    report = run_cycle(app)

    assert [quantity for _, quantity, _ in amounts(world, deal)] == [1, 7, 3]
    [found] = open_ones(app)
    assert found.kind == "edited_in_org"
    assert {(line["product"], line["ordered"], line["deal"]) for line in found.lines} == {
        ("Licence A", "1.00", "5.00"),
        ("Licence B", "7.00", "2.00"),
    }
    assert report.exit_code == 1
    assert [one.kind for one in report.attention] == ["discrepancy"]

    world.org.advance(1200)
    world.org.update("OrderItem", item, {"Quantity": 2})
    world.org.update("OrderItem", order["OrderItems"]["records"][0]["Id"], {"Quantity": 5})
    assert run_cycle(app).exit_code == 0  # somebody settled it by hand
    assert open_ones(app) == []
    assert len(said(app, "deal.differs")) == len(said(app, "deal.agrees")) == 1


def test_an_order_that_somebody_else_made_is_not_changed_unasked(world: World, app: App) -> None:
    deal = world.deal((1, 100))
    order = world.order(OpportunityId=deal)
    world.item(order)
    assert run_cycle(app).exit_code == 0
    world.org.advance(1200)

    more(world, deal)

    assert run_cycle(app).exit_code == 1
    assert [found.kind for found in open_ones(app)] == ["adopted"]
    assert total(world, deal) == 100


def test_a_deal_that_cannot_be_ordered_any_more_is_listed(world: World, app: App, deal: str) -> None:
    world.org.update("PricebookEntry", world.entries[1], {"IsActive": False})
    more(world, deal)

    run_cycle(app)

    [found] = open_ones(app)
    assert found.kind == "rejected"
    assert "“Licence B” is inactive" in found.message
    world.org.advance(1200)
    world.org.update("PricebookEntry", world.entries[1], {"IsActive": True})
    more(world, deal, 6)
    run_cycle(app)
    assert open_ones(app) == []
    assert world.amounts_agree()


def test_a_deal_that_goes_back_to_what_was_ordered_is_settled(world: World, app: App, deal: str) -> None:
    [order] = world.orders(deal)
    world.org.update("Order", order["Id"], {"Status": "Activated"})
    more(world, deal)
    assert run_cycle(app).exit_code == 1
    [found] = open_ones(app)
    assert (found.kind, found.amount) == ("ordered", 400)

    world.org.advance(1200)
    more(world, deal, 1)
    assert run_cycle(app).exit_code == 0
    assert open_ones(app) == []


@pytest.mark.parametrize("stage", ["Negotiation/Review", "Closed Lost", "deleted"])
def test_the_draft_of_a_deal_that_is_not_won_any_more_waits_and_goes_on_when_it_is(
    world: World, app: App, deal: str, stage: str
) -> None:
    with app.db.begin() as tx:
        tx.exec_driver_sql("UPDATE orders SET status = 'Activated'")
    if stage == "deleted":
        world.org.delete("Opportunity", deal)
    else:
        world.org.update("Opportunity", deal, {"StageName": stage})

    report = run_cycle(app)

    [order] = mirrored(app.db, "orders")
    words = {"deleted": "deal_deleted", "Closed Lost": "deal_lost"}
    assert order.held_for == words.get(stage, "deal_reopened")
    assert (order.status, order.org_status, order.problem_code) == ("Activated", "Draft", "deal_not_won")
    assert [one.code for one in report.attention] == ["deal_not_won"]
    before = everything_but_runs(app.db)
    run_cycle(app)
    assert everything_but_runs(app.db) == before

    world.org.advance(1200)
    if stage == "deleted":
        world.org.undelete("Opportunity", deal)
        world.org.update("Opportunity", deal, {"Description": "back"})
    else:
        world.win(deal)
        more(world, deal)
    assert run_cycle(app).exit_code == 0

    [order] = mirrored(app.db, "orders")
    assert (order.held_for, order.held_since, order.org_status) == (None, None, "Activated")
    assert len(said(app, "order.held")) == len(said(app, "order.released")) == 1
    assert len(world.orders()) == 1
    assert world.amounts_agree()


def test_a_deal_that_is_lost_after_activation_is_listed(world: World, app: App, deal: str) -> None:
    [order] = world.orders(deal)
    world.org.update("Order", order["Id"], {"Status": "Activated"})
    world.org.update("Opportunity", deal, {"StageName": "Closed Lost"})

    run_cycle(app)

    [found] = open_ones(app)
    assert (found.kind, found.amount) == ("deal_lost", Decimal("-622.50"))
    assert mirrored(app.db, "orders")[0].held_for is None
    world.org.advance(1200)
    world.win(deal)
    assert run_cycle(app).exit_code == 0


def test_a_deal_that_is_closed_twice_has_one_order(world: World, app: App, deal: str) -> None:
    for _ in range(2):
        world.org.update("Opportunity", deal, {"StageName": "Negotiation/Review"})
        run_cycle(app)
        world.org.advance(1200)
        world.win(deal)
        run_cycle(app)
        world.org.advance(1200)

    assert len(world.orders()) == 1
    assert world.amounts_agree()
