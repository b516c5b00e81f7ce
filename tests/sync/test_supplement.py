"""`orders amend`: a deal that was changed after its order was activated, or whose draft others changed too."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from sfsync.errors import OrgUnavailable, RecordNotFound, UsageError
from sfsync.store.engine import open_database
from sfsync.sync.cycle import run_cycle
from sfsync.sync.pull import pull
from sfsync.sync.running import known_schema, run
from sfsync.sync.supplement import amend_orders_of
from tests.mirror import everything_but_runs, mirrored
from tests.sync.test_changed_deals import lines_of, more, open_ones, total

if TYPE_CHECKING:
    from collections.abc import Generator

    from sfsync.app import App
    from sfsync.store.engine import Database
    from sfsync.sync.supplement import Amended
    from tests.world import World


@pytest.fixture
def deal(world: World, app: App) -> str:
    """A deal of three lines whose order is in the org, activated."""
    deal = world.deal((1, 100), (2, 250), (3, 0), total=100)
    run_cycle(app)
    world.org.update("Order", world.orders(deal)[0]["Id"], {"Status": "Activated"})
    world.org.advance(1200)
    run_cycle(app)
    world.org.advance(1200)
    return deal


@pytest.fixture
def db(sqlite_url: str) -> Generator[Database]:
    """What is asked of the database here is the same on both kinds."""
    database = open_database(sqlite_url)
    yield database
    database.close()


def amend(app: App, record: str, *, dry_run: bool = False) -> Amended:
    schema = known_schema(app, app.db)
    with app.db.begin() as tx:
        return amend_orders_of(app, tx, record, schema, actor="ann", dry_run=dry_run)


def test_what_is_more_becomes_one_supplementary_order_to_the_cent(world: World, app: App, deal: str) -> None:
    first = lines_of(world, deal)[2]
    world.org.update("OpportunityLineItem", first["Id"], {"Quantity": 6, "TotalPrice": 200})
    world.line(deal, 1, 90, entry=world.entry("Licence D", 90))
    assert run_cycle(app).exit_code == 1
    before = everything_but_runs(app.db)
    assert amend(app, deal, dry_run=True).plan is not None
    assert everything_but_runs(app.db) == before

    said = amend(app, deal)
    again = amend(app, deal)

    assert said.plan is not None
    assert (said.plan.key, said.plan.total) == (f"{deal}-2", Decimal(190))
    assert again.agrees
    assert run_cycle(app).exit_code == 0
    assert [order["SFSync_Key__c"] for order in world.orders(deal)] == [f"{deal}-1", f"{deal}-2"]
    assert total(world, deal) == 490
    assert open_ones(app) == []

    assert amend(app, deal).agrees
    run_cycle(app)
    assert len(world.orders(deal)) == 2


@pytest.mark.parametrize("fault", ["lost_answer", "reset"])
def test_a_supplementary_order_whose_answer_is_lost_is_made_once(world: World, app: App, deal: str, fault: str) -> None:
    more(world, deal, 5)
    run_cycle(app)
    amend(app, deal)
    world.org.faults.add(fault, path="composite/graph")
    with suppress(OrgUnavailable):
        run_cycle(app)
    with suppress(UsageError):
        amend(app, deal)
    world.org.advance(1200)
    run_cycle(app)

    assert len(world.orders(deal)) == 2
    assert total(world, deal) == 700


def test_what_is_less_is_named_and_settled_by_a_reduction_that_anybody_makes(world: World, app: App, deal: str) -> None:
    line = lines_of(world, deal)[1]
    world.org.update("OpportunityLineItem", line["Id"], {"Quantity": 1, "UnitPrice": 50})
    run_cycle(app)

    said = amend(app, deal)

    assert said.plan is None
    [less] = said.amendment.less
    assert (less.quantity, less.unit_price, less.line_key) == (1, 50, f"{deal}-1-2")
    [found] = open_ones(app)
    assert found.amount == -50
    [order] = world.orders(deal)
    header = {"AccountId": world.account, "EffectiveDate": "2026-03-01", "Status": "Draft", "IsReductionOrder": True}
    reduction = world.org.insert("Order", header | {"OriginalOrderId": order["Id"], "Pricebook2Id": world.book})
    world.org.insert(
        "OrderItem",
        {"OrderId": reduction, "OriginalOrderItemId": less.line_sf_id, "PricebookEntryId": world.entries[1],
         "Quantity": -1, "UnitPrice": 50},
    )  # fmt: skip
    assert run_cycle(app).exit_code == 1  # a draft reduces nothing yet
    world.org.advance(1200)
    world.org.update("Order", reduction, {"Status": "Activated"})
    assert run_cycle(app).exit_code == 0
    assert open_ones(app) == []


def test_a_supplementary_order_is_dropped_when_the_deal_changes_before_it_is_sent(
    world: World, app: App, deal: str
) -> None:
    more(world, deal, 5)
    run_cycle(app)
    amend(app, deal)
    world.org.advance(1200)
    more(world, deal, 7)

    assert run_cycle(app).exit_code == 1

    assert len(world.orders(deal)) == 1
    assert [found.amount for found in open_ones(app)] == [600]
    amend(app, deal)
    run_cycle(app)
    assert total(world, deal) == 900


def test_the_supplementary_order_of_a_deal_that_is_reopened_waits_like_any_draft(
    world: World, app: App, deal: str
) -> None:
    more(world, deal, 5)
    run_cycle(app)
    amend(app, deal)
    run_cycle(app)
    world.org.advance(1200)
    world.org.update("Opportunity", deal, {"StageName": "Negotiation/Review"})

    run_cycle(app)

    assert [order.held_for for order in mirrored(app.db, "orders")] == [None, "deal_reopened"]
    with pytest.raises(UsageError, match="not won"):
        amend(app, deal)


def test_a_draft_that_others_edited_or_made_is_brought_to_its_deal_when_somebody_asks(world: World, app: App) -> None:
    edited, adopted = world.deal((1, 100), (2, 250)), world.deal((1, 100))
    order = world.order(OpportunityId=adopted)
    world.item(order)
    run_cycle(app)
    world.org.advance(1200)
    items = world.orders(edited)[0]["OrderItems"]["records"]
    world.org.update("OrderItem", items[0]["Id"], {"Quantity": 8})
    world.org.delete("OrderItem", items[1]["Id"])
    world.item(world.orders(edited)[0]["Id"], Quantity=3, PricebookEntryId=world.entries[2])
    for deal in (edited, adopted):
        more(world, deal, 5)
    assert run_cycle(app).exit_code == 1

    assert amend(app, edited, dry_run=True).update
    for deal in (edited, adopted):
        amend(app, deal)
    report = run_cycle(app)

    assert report.exit_code == 0
    assert world.amounts_agree()
    assert {row.action: row.actor for row in mirrored(app.db, "journal")}["order.amended"] == "ann"
    world.org.advance(1200)
    more(world, edited, 6)
    assert run_cycle(app).counts["orders_amended"] == 1  # it is ours again


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"cancelled": True}, UsageError, "is cancelled"),
        ({"Pricebook2Id": None}, UsageError, "cannot be ordered"),
        ({"AccountId": "other"}, UsageError, "another account"),
        ({"doubt": True}, UsageError, "in doubt"),
        ({"gone": True}, RecordNotFound, "no order to amend"),
        ({"stranger": True}, UsageError, "not the order of a deal"),
    ],
)
def test_what_no_amendment_settles_is_said_with_a_remedy(
    world: World, app: App, deal: str, change: dict[str, Any], error: type[Exception], words: str
) -> None:
    record = deal
    if "cancelled" in change:
        world.org.update("Order", world.orders(deal)[0]["Id"], {"Status": "Cancelled"})
    elif "Pricebook2Id" in change:
        world.org.update("PricebookEntry", world.entries[0], {"IsActive": False})
        more(world, deal, 5)
    elif "AccountId" in change:
        other = world.org.insert("Account", {"Name": "Other"})
        world.org.update("Opportunity", deal, {"AccountId": other})
    elif "stranger" in change:
        record = world.order()
    elif "gone" in change:
        record = world.deal(won=True)
    if "gone" not in change:
        run_cycle(app)
    else:
        run(app, "pull", pull)
    if "doubt" in change:
        with app.db.begin() as tx:
            tx.exec_driver_sql("UPDATE orders SET in_doubt = 'update'")

    with pytest.raises(error, match=words):
        amend(app, record)


def test_a_draft_with_another_price_book_than_its_deal_cannot_be_amended(world: World, app: App) -> None:
    deal = world.deal((1, 100))
    run_cycle(app)
    with app.db.begin() as tx:
        tx.exec_driver_sql("UPDATE orders SET pricebook_id = '01s000000000009AAA'")

    with pytest.raises(UsageError, match="another price book"):
        amend(app, deal)
