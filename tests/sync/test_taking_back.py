"""Deals with negative quantities: an order of what is sold, reductions of what the account has, all of it or none."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from sfsync.domain.holdings import Demand
from sfsync.errors import OrgUnavailable, ReductionRefused
from sfsync.sync.cycle import run_cycle
from tests.mirror import mirrored
from tests.sync.back import activate, amend, amending, reduced_for, renewal, settled, whole
from tests.sync.reducing import by_hand, left, take, there
from tests.world import kinds

if TYPE_CHECKING:
    from sfsync.app import App
    from tests.world import World


class Killed(BaseException):
    """The process dies here; nothing catches it."""


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What depends on the database is in test_taking_back_databases.py."""
    return sqlite_url


@pytest.fixture
def novatech(world: World, app: App) -> list[str]:
    """Three activated orders of one account that hold 100 licences at 100.00: 50, 30 and 20, the last the newest."""
    return by_hand(world, app, (50, "2026-01-05"), (30, "2026-02-01"), (20, "2026-02-20"))


def test_what_is_sold_is_ordered_and_what_is_taken_back_is_reduced_over_three_orders(
    world: World, app: App, novatech: list[str]
) -> None:
    before = {order: world.org.get("Order", order) for order in novatech}
    deal = amending(world, (4, 250), (-60, 100), entries=(1, 0))

    assert run_cycle(app).attention == ()

    [order, *reductions] = world.orders(deal)
    assert (order["SFSync_Key__c"], order["TotalAmount"], order["Status"]) == (f"{deal}-1", 1000, "Draft")
    assert [one["SFSync_Key__c"] for one in reductions] == [f"{deal}-{n}" for n in (2, 3, 4)]
    assert [(one["OriginalOrderId"], one["TotalAmount"]) for one in there(world)] == [
        (novatech[2], -2000), (novatech[1], -3000), (novatech[0], -1000)
    ]  # fmt: skip
    assert sum(one["TotalAmount"] for one in world.orders(deal)) == world.org.get("Opportunity", deal)["Amount"]
    settled(world, app)

    activate(app)
    run_cycle(app)

    assert {one["StatusCode"] for one in world.orders(deal)} == {"Activated"}
    assert [left(world, one) for one in novatech] == [40, 0, 0]
    settled(world, app)
    assert {order: world.org.get("Order", order) for order in novatech} == before
    take(app, novatech[0], Demand("1", by=Decimal(5)), activate=True)
    run_cycle(app)
    world.org.update("Opportunity", deal, {"Description": "looked at again"})
    settled(world, app)


def test_a_deal_that_only_takes_back_has_no_order_but_its_reductions(
    world: World, app: App, novatech: list[str]
) -> None:
    deal = amending(world, (-25, 100))

    assert run_cycle(app).counts["orders_created"] == 2

    assert [one["SFSync_Key__c"] for one in world.orders(deal)] == [f"{deal}-2", f"{deal}-3"]
    assert {one["OpportunityId"] for one in there(world)} == {deal}
    activate(app)
    run_cycle(app)
    settled(world, app)
    assert [left(world, one) for one in novatech] == [50, 25, 0]


def test_what_cannot_be_taken_back_rejects_the_deal_whole_and_each_line_is_named(
    world: World, app: App, novatech: list[str]
) -> None:
    deal = amending(world, (1, 250), (-101, 100), (-1, 90), (-1, 7.5), entries=(1, 0, 0, 2))
    draft = world.order()
    world.item(draft, Quantity=7)
    number = {order: world.org.get("Order", order)["OrderNumber"] for order in (*novatech, draft)}

    report = run_cycle(app)

    assert world.orders(deal) == []
    much, other, none = [one.message for one in report.attention]
    oldest, middle, newest = (number[order] for order in novatech)
    assert much == (
        "Product “Licence A”: the deal takes back 101 at 100.00, and activated orders of Cobalt Ventures hold only 100 "
        f"({oldest}: 50, {middle}: 30, {newest}: 20) at that price. {number[draft]} holds 7 at 100.00 and is not "
        "activated. Enter the price at which it was sold (each sync looks again), or take the line off the deal and "
        'take back by hand: `sfsync orders reduce --account "Cobalt Ventures" --product "A" --by 101`.'
    )
    assert "takes back 1 at 90.00, and activated orders of Cobalt Ventures hold none at that price." in other
    assert f"They hold 50 at 100.00 ({oldest}), 30 at 100.00 ({middle}), 20 at 100.00 ({newest})." in other
    assert "“Licence C”: the deal takes back 1 at 7.50, and activated orders of Cobalt Ventures hold none" in none
    before = mirrored(app.db, "journal")
    world.org.calls.clear()
    assert run_cycle(app).counts["deals_rejected"] == 1
    assert len(mirrored(app.db, "journal")) == len(before)
    assert len(kinds(world.org)) == 2

    world.org.update("Order", draft, {"Status": "Activated"})
    [first] = world.org.query(f"SELECT Id FROM OpportunityLineItem WHERE OpportunityId = '{deal}' AND UnitPrice = 90")
    world.org.delete("OpportunityLineItem", first["Id"])
    [last] = world.org.query(f"SELECT Id FROM OpportunityLineItem WHERE OpportunityId = '{deal}' AND UnitPrice = 7.5")
    world.org.delete("OpportunityLineItem", last["Id"])
    assert run_cycle(app).attention == ()
    assert sum(one["TotalAmount"] for one in world.orders(deal)) == 250 - 10100


def test_two_deals_that_want_the_same_units_get_them_once_in_one_cycle_and_in_two(
    world: World, app: App, novatech: list[str]
) -> None:
    first, second = amending(world, (-60, 100)), amending(world, (1, 250), (-60, 100), entries=(1, 0))

    report = run_cycle(app)

    assert {one.record for one in report.attention} == {second}
    assert "hold only 40" in report.attention[0].message
    assert "10 reserved by open reductions" in report.attention[0].message
    assert f"and has 30 reserved by {first}-3" in report.attention[0].message
    third = amending(world, (-41, 100))
    world.org.advance(1200)
    report = run_cycle(app)
    assert {one.record for one in report.attention} == {second, third}
    with pytest.raises(ReductionRefused, match=r"only 40 are left"):
        take(app, None, Demand("Licence A", by=Decimal(41)), account="Cobalt Ventures")
    assert sum(one["TotalAmount"] for one in there(world)) == -6000


def test_a_rejected_deal_is_planned_once_the_operator_gives_back_what_he_had_reserved(
    world: World, app: App, novatech: list[str]
) -> None:
    take(app, novatech[0])
    run_cycle(app)
    deal = amending(world, (-60, 100))
    run_cycle(app)
    assert world.orders(deal) == []
    world.org.delete("Order", there(world)[0]["Id"])
    world.org.advance(1200)

    assert run_cycle(app).attention == ()

    assert sum(one["TotalAmount"] for one in world.orders(deal)) == -6000


@pytest.mark.parametrize(
    ("under", "given"), [("same", [1, 0]), ("other", [0]), ("none", [1, 0])], ids=["same", "other", "no contract"]
)
def test_orders_of_another_contract_give_nothing(world: World, app: App, under: str, given: list[int]) -> None:
    contracts = []
    for _ in range(2):
        sf_id = world.org.insert(
            "Contract",
            {"AccountId": world.account, "StartDate": "2026-01-01", "ContractTerm": 12, "Status": "Draft"},
        )
        world.org.update("Contract", sf_id, {"Status": "Activated"})
        contracts.append(sf_id)
    orders = [world.order(), world.order(ContractId=contracts[0])]
    for order in orders:
        world.item(order, Quantity=5)
        world.org.update("Order", order, {"Status": "Activated"})
    named = {"same": contracts[0], "other": contracts[1], "none": None}[under]
    deal = amending(world, (-7, 100), **({"ContractId": named} if named else {}))

    report = run_cycle(app)

    if under == "other":
        assert "and is under another contract than the deal" in report.attention[0].message
        assert world.orders(deal) == []
    else:
        assert sorted(one["OriginalOrderId"] for one in there(world)) == sorted(orders[place] for place in given)


def test_cents_that_would_differ_reject_the_deal(world: World, app: App) -> None:
    odd = world.entry("Part units", 33.34)
    orders = [world.order() for _ in range(2)]
    for order in orders:
        world.item(order, Quantity=0.25, PricebookEntryId=odd, UnitPrice=33.34)
        world.org.update("Order", order, {"Status": "Activated"})
    world.entries.append(odd)
    deal = amending(world, (-0.5, 33.34), entries=(3,))

    [one] = run_cycle(app).attention

    assert one.code == "taken_back_cents"
    assert "takes back 0.5 for 16.67, and Salesforce would make 16.68 of it" in one.message
    assert world.orders(deal) == []


@pytest.mark.parametrize(("setting", "made"), [("reject", []), ("lines", [-200])])
def test_the_settings_of_before_still_hold(
    world: World, app: App, novatech: list[str], setting: str, made: list[int]
) -> None:
    world.org.settings.negative_quantity = setting == "lines"
    app.plan_policy = type(app.plan_policy)(
        negative_lines="reject" if setting == "reject" else "reduce", negative_quantity=setting == "lines"
    )
    deal = amending(world, (-2, 100))

    report = run_cycle(app)

    assert [one["TotalAmount"] for one in world.orders(deal)] == made
    assert there(world) == []
    if setting == "reject":
        [one] = report.attention
        assert one.code == "negative_quantity"
        assert '`sfsync orders reduce --account "Cobalt Ventures" --product "A" --by 2`' in one.message


def test_where_reductions_are_off_the_deal_or_its_reduction_says_so(
    world: World, app: App, novatech: list[str]
) -> None:
    deal = amending(world, (1, 250), (-2, 100), entries=(1, 0))
    world.org.settings.reduction_orders = False

    report = run_cycle(app)

    [one] = report.attention
    assert "Reduction orders aren't enabled" in one.message
    assert [one["SFSync_Key__c"] for one in world.orders(deal)] == [f"{deal}-1"]
    other = amending(world, (-2, 100))
    world.org.faults.add("field_hidden", object="OrderItem", field="OriginalOrderItemId")
    world.org.advance(7200)
    report = run_cycle(app)
    assert "OrderItem.OriginalOrderItemId" in next(it.message for it in report.attention if it.record == other)


# -- made by others


def test_a_reduction_that_somebody_made_for_the_deal_is_counted_and_not_doubled(
    world: World, app: App, novatech: list[str]
) -> None:
    deal = amending(world, (2, 250), (-10, 100), entries=(1, 0))
    theirs = reduced_for(world, deal, novatech[0], 10)

    report = run_cycle(app)

    assert report.attention == ()
    assert [one["Id"] for one in there(world)] == [theirs]
    assert [one["TotalAmount"] for one in world.orders(deal) if one["Id"] != theirs] == [500]
    settled(world, app)
    other = amending(world, (-10, 100))
    reduced_for(world, other, novatech[0], 4)
    world.org.advance(1200)
    assert [one.code for one in run_cycle(app).attention] == ["ordered"]
    amend(app, other)
    assert run_cycle(app).attention == ()
    assert sum(one["TotalAmount"] for one in world.orders(other)) == -1000


def test_an_order_that_somebody_made_for_the_deal_is_adopted_and_compared_with_all_of_it(
    world: World, app: App, novatech: list[str]
) -> None:
    deal = amending(world, (6, 100), (-2, 100))
    theirs = world.order(OpportunityId=deal)
    world.item(theirs, Quantity=6)

    [one] = run_cycle(app).attention

    assert one.code == "ordered"
    assert [one["Id"] for one in world.orders(deal)] == [theirs]
    amend(app, deal)
    assert run_cycle(app).attention == ()
    assert [one["TotalAmount"] for one in world.orders(deal)] == [600, -200]
    settled(world, app)
    netted = amending(world, (6, 100), (-2, 100))
    world.item(world.order(OpportunityId=netted), Quantity=4)
    assert run_cycle(app).attention == ()
    settled(world, app)


# -- answers that get lost, and processes that die


def test_whatever_call_is_lost_or_the_last_one_of_a_process_a_deal_takes_back_once(
    world: World, app: App, novatech: list[str]
) -> None:
    deals_ = []
    upsets = [("lost_answer", ""), ("reset", ""), ("late_commit", ""), *((call, when) for call in range(1, 8)
              for when in ("before", "after"))]  # fmt: skip
    for upset, moment in upsets:
        deals_.append(renewal(world, 2))
        if isinstance(upset, str):
            world.org.faults.add(upset, path="composite/graph")
            with suppress(OrgUnavailable):
                run_cycle(app)
        else:
            dies(world, app, upset, moment)
        world.org.advance(3600)
    whole(world, app)

    for deal in deals_:
        assert [(one["SFSync_Key__c"], one["TotalAmount"]) for one in world.orders(deal)] == [
            (f"{deal}-1", 90), (f"{deal}-2", -200)
        ]  # fmt: skip
    assert len(there(world)) == len(deals_)
    assert run_cycle(app).attention == ()
    with app.db.begin() as tx:
        tx.exec_driver_sql("UPDATE orders SET status = 'Activated' WHERE is_reduction")
    whole(world, app)
    assert sum(left(world, order) for order in novatech) == 100 - 2 * len(deals_)


def dies(world: World, app: App, number: int, moment: str) -> None:
    """Run a cycle whose process dies at a call."""
    seen = 0

    def hook(_call: object, when: str) -> None:
        nonlocal seen
        seen += when == moment
        if seen == number and when == moment:
            raise Killed

    world.org.on_call.append(hook)
    with suppress(Killed, OrgUnavailable):
        run_cycle(app)
    world.org.on_call.remove(hook)
