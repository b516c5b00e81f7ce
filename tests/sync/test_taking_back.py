"""Deals with negative quantities: an order of what is sold, reductions of what the account has, all of it or none."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from sfsync.domain.holdings import Demand
from sfsync.errors import OrgUnavailable, ReductionRefused, UsageError
from sfsync.store import reductions
from sfsync.store.find import find_order
from sfsync.sync.cycle import run_cycle
from sfsync.sync.plan import plan
from sfsync.sync.pull import pull
from sfsync.sync.running import known_schema, run
from sfsync.sync.supplement import amend_orders_of
from tests.mirror import mirrored
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


def amending(world: World, *lines: tuple[float, float], entries: tuple[int, ...] = (), **fields: Any) -> str:
    """A won deal with lines of (quantity, unit price) of the first product, or of those by number."""
    deal = world.deal((1, 1), won=False, **fields)
    [only] = world.org.query(f"SELECT Id FROM OpportunityLineItem WHERE OpportunityId = '{deal}'")
    world.org.delete("OpportunityLineItem", only["Id"])
    for place, (quantity, price) in enumerate(lines):
        world.line(deal, quantity, price, entry=world.entries[entries[place] if entries else 0])
    world.win(deal)
    return deal


def renewal(world: World, back: int) -> str:
    deal = world.deal((1, 90), won=False, name="Renewal")
    world.line(deal, -back, 100)
    world.win(deal)
    return deal


def whole(world: World, app: App) -> None:
    """Run cycles until nothing is in the way any more, as the daemon would."""
    for _ in range(4):
        with suppress(OrgUnavailable):
            run_cycle(app)
        world.org.advance(3600)
    assert mirrored(app.db, "orders", in_doubt="create") == []


def settled(world: World, app: App) -> None:
    """Nothing is left to do, nothing differs, and nothing is made twice."""
    world.org.advance(1200)
    before = [(one["Id"], one["StatusCode"], one["TotalAmount"]) for one in world.orders()]
    assert run_cycle(app).attention == ()
    assert [(one["Id"], one["StatusCode"], one["TotalAmount"]) for one in world.orders()] == before
    assert mirrored(app.db, "discrepancies", resolved_at=None) == []


def activate(app: App) -> None:
    with app.db.begin() as tx:
        tx.exec_driver_sql("UPDATE orders SET status = 'Activated' WHERE org_status = 'Draft'")


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
    assert f"reserved by {first}-2" in report.attention[0].message
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


# -- changed deals


def test_a_deal_that_changes_before_anything_is_sent_is_planned_anew(
    world: World, app: App, novatech: list[str]
) -> None:
    deal = amending(world, (1, 250), (-60, 100), entries=(1, 0))
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


def plan_only(app: App) -> None:
    run(app, "pull", pull)
    run(app, "plan", plan)


def change(world: World, deal: str, price: float, **values: Any) -> None:
    """Change the deal's line of that unit price."""
    [line] = world.org.query(
        f"SELECT Id FROM OpportunityLineItem WHERE OpportunityId = '{deal}' AND UnitPrice = {price}"
    )
    world.org.update("OpportunityLineItem", line["Id"], values)


def amend(app: App, record: str, **options: Any) -> Any:
    schema = known_schema(app, app.db)
    with app.db.begin() as tx:
        return amend_orders_of(app, tx, record, schema, actor="ann", **options)


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


def reduced_for(world: World, deal: str, original: str, quantity: int) -> str:
    values = {"AccountId": world.account, "EffectiveDate": "2026-03-01", "Status": "Draft"}
    made = world.org.insert(
        "Order", {**values, "IsReductionOrder": True, "OriginalOrderId": original, "OpportunityId": deal}
    )
    [line] = world.org.query(f"SELECT Id FROM OrderItem WHERE OrderId = '{original}'")
    world.org.insert("OrderItem", {"OrderId": made, "OriginalOrderItemId": line["Id"], "Quantity": -quantity})
    return made


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
