"""Deals that take back, and are changed before or after their orders are sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sfsync.errors import ReductionRefused, UsageError
from sfsync.store import reductions
from sfsync.store.find import find_order
from sfsync.sync.cycle import run_cycle
from tests.mirror import mirrored
from tests.sync.back import activate, amend, amending, change, plan_only, reduced_for, settled
from tests.sync.reducing import by_hand, left, there

if TYPE_CHECKING:
    from sfsync.app import App
    from tests.world import World


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What depends on the database is in test_taking_back_databases.py."""
    return sqlite_url


@pytest.fixture
def novatech(world: World, app: App) -> list[str]:
    """Three activated orders of one account that hold 100 licences at 100.00: 50, 30 and 20, the last the newest."""
    return by_hand(world, app, (50, "2026-01-05"), (30, "2026-02-01"), (20, "2026-02-20"))


def test_a_deal_that_changes_before_anything_is_sent_is_planned_anew(
    world: World, app: App, novatech: list[str]
) -> None:
    deal = amending(world, (1, 250), (-100, 100), entries=(1, 0))
    plan_only(app)
    plan_only(app)
    assert [row.key for row in mirrored(app.db, "orders", opportunity_id=deal)] == [f"{deal}-{n}" for n in (1, 2, 3, 4)]
    change(world, deal, 100, Quantity=-20, UnitPrice=100)
    world.org.advance(1200)
    plan_only(app)
    assert [row.key for row in mirrored(app.db, "orders", opportunity_id=deal)] == [f"{deal}-1", f"{deal}-2"]
    change(world, deal, 100, Quantity=20, UnitPrice=100)
    world.org.advance(1200)

    assert run_cycle(app).attention == ()

    assert [one["TotalAmount"] for one in world.orders(deal)] == [2250]
    assert there(world) == []
    settled(world, app)


def test_a_deal_that_takes_back_more_than_before_is_listed_and_amended_to_the_cent(
    world: World, app: App, novatech: list[str]
) -> None:
    deal = amending(world, (2, 250), (-10, 100), entries=(1, 0))
    run_cycle(app)
    world.org.advance(1200)
    change(world, deal, 100, Quantity=-35, UnitPrice=100)

    [one] = run_cycle(app).attention

    assert (one.kind, one.code) == ("discrepancy", "ordered")
    assert "`sfsync orders amend" in one.message
    shown = amend(app, deal, dry_run=True)
    assert [plan.key for plan in shown.reductions.plans] == [f"{deal}-4", f"{deal}-5"]
    assert not shown.agrees
    amend(app, deal)
    assert amend(app, deal).agrees
    assert run_cycle(app).attention == ()
    assert sum(one["TotalAmount"] for one in world.orders(deal)) == 500 - 3500
    settled(world, app)
    assert len({row.stands_for for row in mirrored(app.db, "orders", opportunity_id=deal)}) == 1


def test_a_deal_that_takes_back_less_than_before_is_settled_once_its_draft_is_deleted(
    world: World, app: App, novatech: list[str]
) -> None:
    deal = amending(world, (2, 250), (-10, 100), entries=(1, 0))
    run_cycle(app)
    world.org.advance(1200)
    change(world, deal, 100, Quantity=-4, UnitPrice=100)
    assert [one.code for one in run_cycle(app).attention] == ["ordered"]
    with pytest.raises(UsageError, match=r"take more back than the deal says: 6 at 100.00 too many.*Delete such a"):
        amend(app, deal)
    world.org.delete("Order", there(world)[0]["Id"])
    world.org.advance(1200)
    assert {one.code for one in run_cycle(app).attention} == {"ordered", "deleted_in_org"}

    done = amend(app, deal)

    assert [plan.total for plan in done.reductions.plans] == [-400]
    assert [one.code for one in run_cycle(app).attention] == ["deleted_in_org"]
    assert sum(one["TotalAmount"] for one in world.orders(deal)) == 500 - 400


def test_a_deal_that_takes_back_nothing_any_more_is_listed_and_in_nobodys_way(
    world: World, app: App, novatech: list[str]
) -> None:
    deal = amending(world, (2, 250), (-10, 100), entries=(1, 0))
    run_cycle(app)
    world.org.advance(1200)
    [line] = world.org.query(f"SELECT Id FROM OpportunityLineItem WHERE OpportunityId = '{deal}' AND UnitPrice = 100")
    world.org.delete("OpportunityLineItem", line["Id"])
    other = world.deal((1, 10))

    assert [one.code for one in run_cycle(app).attention] == ["ordered"]

    assert len(world.orders(other)) == 1
    world.org.delete("Order", there(world)[0]["Id"])
    world.org.advance(1200)
    run_cycle(app)
    assert mirrored(app.db, "discrepancies", opportunity_id=deal, resolved_at=None) == []


def test_what_such_a_deal_sells_follows_the_deal_as_ever(world: World, app: App, novatech: list[str]) -> None:
    deal = amending(world, (2, 250), (-10, 100), entries=(1, 0))
    run_cycle(app)
    world.org.advance(1200)
    change(world, deal, 250, Quantity=3, UnitPrice=250)
    assert run_cycle(app).attention == ()
    assert [one["TotalAmount"] for one in world.orders(deal)] == [750, -1000]
    activate(app)
    run_cycle(app)
    world.org.advance(1200)
    change(world, deal, 250, Quantity=5, UnitPrice=250)
    assert [one.code for one in run_cycle(app).attention] == ["ordered"]

    done = amend(app, deal)

    assert (done.plan.key, done.plan.total, done.reductions) == (f"{deal}-3", 500, None)
    assert run_cycle(app).attention == ()
    assert sum(one["TotalAmount"] for one in world.orders(deal)) == 1250 - 1000
    settled(world, app)


def test_the_deal_whose_order_is_taken_back_from_still_agrees_with_it(world: World, app: App) -> None:
    sale = world.deal((10, 100))
    run_cycle(app)
    activate(app)
    run_cycle(app)
    amending(world, (-4, 100))
    run_cycle(app)
    world.org.advance(1200)
    change(world, sale, 100, Quantity=9, UnitPrice=100)
    run_cycle(app)
    assert [plan.total for plan in amend(app, sale, dry_run=True).reductions.plans] == [-100]
    world.org.advance(1200)
    change(world, sale, 100, Quantity=10, UnitPrice=100)
    run_cycle(app)
    activate(app)
    world.org.advance(1200)
    run_cycle(app)
    change(world, sale, 100, Description="another text")

    assert run_cycle(app).attention == ()

    world.org.advance(1200)
    change(world, sale, 100, Quantity=8, UnitPrice=100)
    assert [one.code for one in run_cycle(app).attention] == ["ordered"]
    assert [plan.total for plan in amend(app, sale).reductions.plans] == [-200]


def test_a_deal_that_is_not_won_any_more_holds_its_reductions_too(world: World, app: App, novatech: list[str]) -> None:
    deal = amending(world, (2, 250), (-10, 100), entries=(1, 0))
    run_cycle(app)
    world.org.advance(1200)
    world.org.update("Opportunity", deal, {"StageName": "Negotiation/Review"})
    run_cycle(app)
    assert {row.held_for for row in mirrored(app.db, "orders", opportunity_id=deal)} == {"deal_reopened"}
    activate(app)
    assert {one.code for one in run_cycle(app).attention} == {"deal_not_won"}
    world.org.advance(1200)
    world.win(deal)
    assert run_cycle(app).attention == ()
    assert {one["StatusCode"] for one in world.orders(deal)} == {"Activated"}
    world.org.advance(1200)
    world.org.update("Opportunity", deal, {"StageName": "Closed Lost"})

    [one] = run_cycle(app).attention

    assert one.code == "deal_lost"
    assert "deactivate what it takes back in Salesforce" in one.message
    world.org.advance(1200)
    world.win(deal)
    assert run_cycle(app).attention == ()


def test_more_of_both_less_of_the_order_and_what_cannot_be_had_are_amended_or_said(
    world: World, app: App, novatech: list[str]
) -> None:
    deal = amending(world, (4, 250), (2, 7.5), (-10, 100), entries=(1, 2, 0))
    run_cycle(app)
    activate(app)
    run_cycle(app)
    world.org.advance(1200)
    change(world, deal, 250, Quantity=3, UnitPrice=250)
    change(world, deal, 7.5, Quantity=4, UnitPrice=7.5)
    change(world, deal, 100, Quantity=-101, UnitPrice=100)
    run_cycle(app)
    with pytest.raises(ReductionRefused, match=r"takes back 91 at 100.00, .* hold only 90"):
        amend(app, deal)
    world.org.advance(1200)
    change(world, deal, 100, Quantity=-100, UnitPrice=100)
    run_cycle(app)

    done = amend(app, deal, activate=True)

    assert done.plan.total == 15
    assert sorted(plan.total for plan in done.reductions.plans) == [-5000, -3000, -1000, -250]
    for _ in range(3):
        run_cycle(app)
        world.org.advance(1200)
    assert run_cycle(app).attention == ()
    own = [*world.orders(deal), *(one for one in world.orders() if one["SFSync_Key__c"] == f"{deal}-1-R1")]
    assert sum(one["TotalAmount"] for one in own) == world.org.get("Opportunity", deal)["Amount"] == 780 - 10000
    assert [left(world, one) for one in novatech] == [0, 0, 0]


def test_a_draft_follows_its_deal_on_request_together_with_what_is_still_to_be_taken_back(
    world: World, app: App, novatech: list[str]
) -> None:
    deal = amending(world, (4, 250), (-10, 100), entries=(1, 0))
    run_cycle(app)
    world.org.advance(1200)
    change(world, deal, 250, Quantity=3, UnitPrice=250)
    change(world, deal, 100, Quantity=-15, UnitPrice=100)
    assert [one.code for one in run_cycle(app).attention] == ["ordered"]

    done = amend(app, deal)

    assert (done.update, [plan.total for plan in done.reductions.plans]) == (("1 line changed",), [-500])
    assert run_cycle(app).attention == ()
    assert sum(one["TotalAmount"] for one in world.orders(deal)) == 750 - 1500
    settled(world, app)
    [line] = world.org.query(f"SELECT Id FROM OpportunityLineItem WHERE OpportunityId = '{deal}' AND UnitPrice = 250")
    world.org.delete("OpportunityLineItem", line["Id"])
    assert [one.code for one in run_cycle(app).attention] == ["ordered"]
    with pytest.raises(UsageError, match=r"only takes back by now, and order .* is a draft.*Delete that draft"):
        amend(app, deal)
    world.org.advance(1200)
    world.org.delete("Order", world.orders(deal)[0]["Id"])
    assert {one.code for one in run_cycle(app).attention} == {"deleted_in_org"}
    assert amend(app, deal).agrees


def test_what_a_deal_is_to_take_back_is_withdrawn_only_where_that_is_seen(
    world: World, app: App, novatech: list[str]
) -> None:
    deal = amending(world, (4, 250), (-10, 100), entries=(1, 0))

    def withdraw(key: str) -> None:
        with app.db.begin() as tx:
            reductions.withdraw(tx, "default", find_order(tx, "default", key), actor="ann", now=app.clock())

    plan_only(app)
    with pytest.raises(UsageError, match=r"is what its deal says, and would be planned again"):
        withdraw(f"{deal}-2")
    run_cycle(app)
    world.org.advance(1200)
    change(world, deal, 100, Quantity=-15, UnitPrice=100)
    run_cycle(app)
    amend(app, deal)
    withdraw(f"{deal}-4")

    assert [one.code for one in run_cycle(app).attention] == ["ordered"]
    assert sum(one["TotalAmount"] for one in there(world)) == -1000


def test_a_deal_that_becomes_impossible_is_planned_no_more(world: World, app: App, novatech: list[str]) -> None:
    deal = amending(world, (4, 250), (-10, 100), entries=(1, 0))
    plan_only(app)
    world.org.update("Opportunity", deal, {"AccountId": None})
    world.org.advance(1200)
    plan_only(app)
    assert mirrored(app.db, "orders", opportunity_id=deal) == []
    world.org.update("Opportunity", deal, {"AccountId": world.account, "StageName": "Negotiation/Review"})
    run_cycle(app)
    assert mirrored(app.db, "opportunities", sf_id=deal)[0].rejected_at is None
    world.win(deal)
    world.org.advance(1200)
    plan_only(app)
    world.org.update("Opportunity", deal, {"StageName": "Closed Lost"})
    world.org.advance(1200)
    plan_only(app)
    assert mirrored(app.db, "orders", opportunity_id=deal) == []


def test_a_reduction_that_is_carried_out_late_for_a_deal_that_changed_is_listed(
    world: World, app: App, novatech: list[str]
) -> None:
    deal = amending(world, (4, 250), (-10, 100), entries=(1, 0))
    plan_only(app)
    change(world, deal, 100, Quantity=10, UnitPrice=100)
    assert run_cycle(app).attention == ()
    late = reduced_for(world, deal, novatech[0], 10)
    world.org.update("Order", late, {"SFSync_Key__c": f"{deal}-2"})
    world.org.advance(1200)

    assert [one.code for one in run_cycle(app).attention] == ["ordered"]

    world.org.delete("Order", late)
    world.org.advance(1200)
    assert [one.code for one in run_cycle(app).attention] == ["deleted_in_org"]
    assert amend(app, deal).agrees
    assert [one["TotalAmount"] for one in world.orders(deal)] == [2000]


@pytest.mark.parametrize("sent", [False, True])
def test_a_reduction_that_others_bring_back_from_the_recycle_bin_is_not_made_twice_or_is_listed(
    world: World, app: App, novatech: list[str], *, sent: bool
) -> None:
    deal = amending(world, (2, 250), (-10, 100), entries=(1, 0))
    run_cycle(app)
    [first] = there(world)
    world.org.advance(1200)
    world.org.delete("Order", first["Id"])
    assert {one.code for one in run_cycle(app).attention} == {"deleted_in_org"}
    amend(app, deal)
    if sent:
        run_cycle(app)
    world.org.advance(1200)
    world.org.undelete("Order", first["Id"])

    found = [one.code for one in run_cycle(app).attention]

    assert len(there(world)) == 1 + sent
    assert found == (["ordered"] if sent else [])
    if sent:
        with pytest.raises(UsageError, match=r"10 at 100.00 too many"):
            amend(app, deal)
    else:
        settled(world, app)
