"""`orders amend`: a deal that was changed after its order was activated, or whose draft others changed too."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from sfsync.errors import OrgUnavailable, RecordNotFound, ReductionRefused, UsageError
from sfsync.store.engine import open_database
from sfsync.sync.cycle import run_cycle
from sfsync.sync.pull import pull
from sfsync.sync.running import known_schema, run
from sfsync.sync.supplement import amend_orders_of
from tests.mirror import everything_but_runs, mirrored
from tests.sync.reducing import by_others
from tests.sync.test_changed_deals import lines_of, more, open_ones, said, total

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

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


def amend(app: App, record: str, *, activate: bool = False, dry_run: bool = False) -> Amended:
    schema = known_schema(app, app.db)
    with app.db.begin() as tx:
        return amend_orders_of(app, tx, record, schema, actor="ann", activate=activate, dry_run=dry_run)


def test_what_is_more_becomes_one_supplementary_order_to_the_cent(world: World, app: App, deal: str) -> None:
    first = lines_of(world, deal)[2]
    world.org.update("OpportunityLineItem", first["Id"], {"Quantity": 6, "TotalPrice": 200})
    world.line(deal, 1, 90, entry=world.entry("Licence D", 90))
    assert run_cycle(app).exit_code == 1
    before = everything_but_runs(app.db)
    assert amend(app, deal, dry_run=True).plan is not None
    assert everything_but_runs(app.db) == before

    done = amend(app, deal)
    again = amend(app, deal)

    assert done.plan is not None
    assert (done.plan.key, done.plan.total) == (f"{deal}-2", Decimal(190))
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


def test_whatever_becomes_of_a_deal_its_orders_add_up_to_it_again(world: World, app: App, deal: str) -> None:
    org, lines = world.org, [line["Id"] for line in lines_of(world, deal)]
    fine = world.entry("Licence D", 33.33)
    changes: list[Callable[[], object]] = [
        lambda: org.update("OpportunityLineItem", lines[1], {"Quantity": 1, "UnitPrice": 50}),  # fewer
        lambda: org.update("OpportunityLineItem", lines[0], {"Quantity": 1, "UnitPrice": 120}),  # dearer
        lambda: (
            org.update("OpportunityLineItem", lines[2], {"Quantity": 7, "TotalPrice": 250}),  # more, and an odd price
            org.delete("OpportunityLineItem", lines[1]),  # dropped
            lines.append(world.line(deal, 1.25, 33.33, entry=fine)),  # new, and part of a unit
        ),
        lambda: (
            org.update("OpportunityLineItem", lines[2], {"Quantity": 2, "TotalPrice": 66.67}),
            org.update("OpportunityLineItem", lines[3], {"Quantity": 0.75, "UnitPrice": 33.33}),  # a cent is left
        ),
        lambda: org.update("OpportunityLineItem", lines[0], {"Quantity": 3, "UnitPrice": 100}),
    ]
    originals = everything_of_order(world, deal)
    for number, change in enumerate(changes):
        change()
        assert run_cycle(app).exit_code == 1
        amend(app, deal, activate=True)
        if number % 2:
            org.faults.add("lost_answer" if number == 1 else "reset", path="composite/graph")
        for _ in range(3):
            with suppress(OrgUnavailable):
                run_cycle(app)
            org.advance(1200)

        assert Decimal(str(org.get("Opportunity", deal)["Amount"])) == total(world, None)
        assert run_cycle(app).exit_code == 0
        assert open_ones(app) == []
        assert amend(app, deal).agrees
        org.advance(1200)
    assert everything_of_order(world, deal) == originals
    keys = [order["SFSync_Key__c"] for order in world.orders()]
    assert len(keys) == len(set(keys))


def everything_of_order(world: World, deal: str) -> list[Any]:
    """What an amendment must never change."""
    return world.org.query(
        "SELECT Id, Status, TotalAmount, (SELECT Id, Quantity, UnitPrice FROM OrderItems ORDER BY Id)"
        f" FROM Order WHERE SFSync_Key__c = '{deal}-1'"
    )


def test_what_is_less_waits_as_a_draft_and_is_planned_once(world: World, app: App, deal: str) -> None:
    fewer(world, deal)
    run_cycle(app)
    before = everything_but_runs(app.db)
    assert amend(app, deal, dry_run=True).reductions is not None
    assert everything_but_runs(app.db) == before

    amend(app, deal)
    again = amend(app, deal)

    assert (again.agrees, again.waiting) == (True, (f"{deal}-1-R1",))
    assert run_cycle(app).exit_code == 1  # a draft reduces nothing yet
    [reduction] = world.org.query("SELECT Id, Status, TotalAmount FROM Order WHERE IsReductionOrder = true")
    assert (reduction["Status"], reduction["TotalAmount"]) == ("Draft", -50)
    assert amend(app, deal).agrees
    world.org.advance(1200)
    world.org.update("Order", reduction["Id"], {"Status": "Activated"})
    assert run_cycle(app).exit_code == 0
    assert open_ones(app) == []


def fewer(world: World, deal: str) -> None:
    """Have the deal ask for one less of its second product."""
    world.org.update("OpportunityLineItem", lines_of(world, deal)[1]["Id"], {"Quantity": 1, "UnitPrice": 50})


@pytest.mark.parametrize("seen_by", ["a cycle", "the command"])
def test_a_reduction_is_dropped_when_the_deal_changes_before_it_is_sent(
    world: World, app: App, deal: str, seen_by: str
) -> None:
    fewer(world, deal)
    more(world, deal, 2)
    run_cycle(app)
    amend(app, deal)
    world.org.advance(1200)
    more(world, deal, 4)

    if seen_by == "a cycle":
        assert run_cycle(app).exit_code == 1
        assert len(world.orders()) == 1
        assert [words.partition("this ")[2] for words in sorted(said(app, "order.dropped"))] == [
            "supplementary order was sent, so it is not made.",
            "reduction was sent, so it is not made.",
        ]
    else:
        run(app, "pull", pull)
    done = amend(app, deal, activate=True)

    assert done.reductions is not None
    assert [plan.key for plan in done.reductions.plans] == [f"{deal}-1-R2"]  # no number is used twice
    run_cycle(app)
    run_cycle(app)
    assert total(world, None) == 550 == world.org.get("Opportunity", deal)["Amount"]


def test_what_cannot_be_taken_back_is_said_and_nothing_is_done(world: World, app: App, deal: str) -> None:
    [order] = world.orders(deal)
    more(world, deal, 3)
    run_cycle(app)
    amend(app, deal)
    run_cycle(app)
    world.org.advance(1200)
    world.org.delete("OpportunityLineItem", lines_of(world, deal)[0]["Id"])
    run_cycle(app)
    with pytest.raises(UsageError, match=r"is a draft and cannot be reduced"):
        amend(app, deal)

    world.org.update("Order", world.orders(deal)[1]["Id"], {"Status": "Activated"})
    world.org.update("Order", order["Id"], {"EndDate": "2026-03-01"})
    run_cycle(app)
    with pytest.raises(ReductionRefused, match="end"):
        amend(app, deal)

    world.org.update("Order", order["Id"], {"EndDate": None})
    mine = by_others(world, world.orders(deal)[1]["Id"], 1)
    run_cycle(app)
    with pytest.raises(UsageError, match="no amendment planned: 0000"):
        amend(app, deal)
    world.org.delete("Order", mine)
    run_cycle(app)
    assert amend(app, deal).reductions is not None


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
