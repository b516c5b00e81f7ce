"""An order of ours that the org holds without all its lines gets the missing ones, each once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sfsync.errors import OrgUnavailable
from sfsync.sync.cycle import run_cycle
from tests.mirror import mirrored

if TYPE_CHECKING:
    from sfsync.app import App
    from tests.world import World

ADD_LINES = "composite/sobjects$"


@pytest.fixture
def deal(world: World, app: App) -> str:
    """A deal of three lines whose order is in the org under our key, with the first line only.

    Its requests got no answers, and we do not know yet that one of them was carried out in part.
    """
    deal = world.deal((1, 100), (2, 250), (3, 7.5))
    world.org.faults.add("reset", path="composite/graph", times=3)
    with pytest.raises(OrgUnavailable):
        run_cycle(app)
    world.org.faults.clear()
    key = f"{deal}-1"
    header = {"AccountId": world.account, "Pricebook2Id": world.book, "EffectiveDate": "2026-03-01", "Status": "Draft"}
    order = world.org.insert("Order", header | {"OpportunityId": deal, "SFSync_Key__c": key})
    line = {"PricebookEntryId": world.entries[0], "Quantity": 1, "UnitPrice": 100, "SFSync_Key__c": f"{key}-1"}
    world.org.insert("OrderItem", line | {"OrderId": order})
    return deal


def quantities(world: World, deal: str) -> list[float]:
    [order] = world.orders(deal)
    return [item["Quantity"] for item in order["OrderItems"]["records"]]


def test_the_missing_lines_are_added_to_the_order_that_is_there(world: World, app: App, deal: str) -> None:
    report = run_cycle(app)

    assert quantities(world, deal) == [1, 2, 3]
    assert world.amounts_agree()
    assert report.exit_code == 0
    assert all(item.sf_id for item in mirrored(app.db, "order_items"))
    assert [entry.message for entry in mirrored(app.db, "journal", action="order.completed")] == [
        "2 missing lines were added."
    ]


@pytest.mark.parametrize("fault", ["lost_answer", "reset", "request_limit"])
def test_lines_whose_answer_is_lost_or_that_are_not_let_in_are_there_once_in_the_end(
    world: World, app: App, deal: str, fault: str
) -> None:
    world.org.faults.add(fault, path=ADD_LINES, method="POST")
    if fault == "request_limit":
        with pytest.raises(OrgUnavailable):
            run_cycle(app)
    else:
        assert run_cycle(app).counts["answers_lost"] == 1

    report = run_cycle(app)

    assert report.exit_code == 0
    assert quantities(world, deal) == [1, 2, 3]
    assert all(item.sf_id for item in mirrored(app.db, "order_items"))


def test_a_line_that_the_org_refuses_is_put_before_a_person_with_the_reason(world: World, app: App, deal: str) -> None:
    world.org.update("PricebookEntry", world.entries[2], {"IsActive": False})

    report = run_cycle(app)

    assert report.exit_code == 1
    assert quantities(world, deal) == [1]
    [problem] = report.attention
    assert "Line 3:" in problem.message
    assert "inactive" in problem.message


def test_a_refused_line_is_tried_again_in_hours_and_not_in_every_cycle(world: World, app: App, deal: str) -> None:
    world.org.update("PricebookEntry", world.entries[2], {"IsActive": False})
    run_cycle(app)
    before = len(mirrored(app.db, "journal"))
    world.org.calls.clear()

    run_cycle(app)
    assert len(mirrored(app.db, "journal")) == before
    assert world.org.calls.count() <= 2

    world.org.update("PricebookEntry", world.entries[2], {"IsActive": True})
    world.org.advance(6 * 3600)
    assert run_cycle(app).exit_code == 0
    assert quantities(world, deal) == [1, 2, 3]


def test_a_line_that_is_locked_is_added_by_a_later_cycle(world: World, app: App, deal: str) -> None:
    world.org.faults.add("lock_row", path=ADD_LINES, method="POST")
    run_cycle(app)

    world.org.advance(600)
    run_cycle(app)

    assert quantities(world, deal) == [1, 2, 3]


def test_an_order_is_not_activated_before_it_has_all_its_lines(world: World, app: App, deal: str) -> None:
    with app.db.begin() as tx:
        tx.exec_driver_sql("UPDATE orders SET status = 'Activated'")

    run_cycle(app)
    run_cycle(app)

    assert quantities(world, deal) == [1, 2, 3]
    assert [order["Status"] for order in world.orders(deal)] == ["Activated"]
