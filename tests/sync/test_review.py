"""What a review found: other programs and people in the middle of a cycle, and records that stand in their own way."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from sfsync.domain import merge as domain_merge
from sfsync.domain.planning import PlanPolicy
from sfsync.errors import OrgUnavailable
from sfsync.salesforce import feeds
from sfsync.salesforce.changes import Page
from sfsync.store import meeting
from sfsync.store.tables import cursors
from sfsync.sync import generate
from sfsync.sync.arrows import only_generate
from sfsync.sync.cycle import run_cycle
from sfsync.sync.pull import Reading
from sfsync.sync.pull import _store as store_pages
from sfsync.sync.running import known_schema, run
from sfsync.sync.work import Work
from tests.mirror import mirrored

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfsync.app import App
    from tests.world import World


def sql(app: App, text: str) -> None:
    """Do what another program does by plain SQL."""
    with app.db.begin() as tx:
        tx.exec_driver_sql(text)


def order_of(world: World, deal: str) -> dict[str, Any]:
    """The only order that the org has for a deal."""
    [order] = world.orders(deal)
    return order


@pytest.mark.databases
def test_a_status_wanted_while_the_orders_row_is_being_written_is_not_lost(
    world: World, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    deal = world.deal()
    run_cycle(app)
    world.org.advance(1200)
    world.org.update("Order", order_of(world, deal)["Id"], {"Name": "another name"})
    other = threading.Thread(target=sql, args=(app, "UPDATE orders SET status = 'Activated'"))
    merge = domain_merge.merge

    def interrupted(want: str, seen: str, now: str, *, sent: tuple[str, ...]) -> object:
        if not other.ident:
            other.start()
            other.join(1)
        return merge(want, seen, now, sent=sent)

    monkeypatch.setattr(meeting, "merge", interrupted)
    run_cycle(app)
    other.join()

    run_cycle(app)
    assert order_of(world, deal)["Status"] == "Activated"


def test_a_status_wanted_before_the_order_turned_up_in_the_org_is_not_lost(world: World, app: App) -> None:
    deal = world.deal()
    world.org.faults.add("request_limit", path="composite/graph")
    with suppress(OrgUnavailable):
        run_cycle(app)
    sql(app, "UPDATE orders SET status = 'Activated'")
    world.org.advance(60)
    # A first request that was given up commits at last.
    order = world.order(OpportunityId=deal, SFSync_Key__c=f"{deal}-1")
    world.item(order, SFSync_Key__c=f"{deal}-1-1")

    run_cycle(app)

    assert order_of(world, deal)["Status"] == "Activated"


def test_an_order_that_was_deleted_and_loaded_again_with_its_key_stops_nothing(world: World, app: App) -> None:
    deal = world.deal()
    run_cycle(app)
    world.org.advance(60)
    world.org.delete("Order", order_of(world, deal)["Id"])
    again = world.order(OpportunityId=deal, SFSync_Key__c=f"{deal}-1")
    world.item(again, SFSync_Key__c=f"{deal}-1-1")
    other = world.deal(name="other")

    run_cycle(app)
    run_cycle(app)

    assert (len(world.orders(deal)), len(world.orders(other))) == (1, 1)
    assert {row.sf_id: row.key for row in mirrored(app.db, "orders", is_deleted=False)}[again] == f"{deal}-1"
    assert [item.key for item in mirrored(app.db, "order_items", is_deleted=False)] == [f"{deal}-1-1", f"{other}-1-1"]


def test_a_mirror_that_starts_anew_takes_the_living_one_of_two_orders_with_one_key(
    world: World, app: App, empty_db: Callable[[], None]
) -> None:
    test_an_order_that_was_deleted_and_loaded_again_with_its_key_stops_nothing(world, app)
    empty_db()

    run_cycle(app)

    assert {row.key: row.is_deleted for row in mirrored(app.db, "orders") if row.key} == {
        order["SFSync_Key__c"]: False for order in world.orders()
    }


def test_a_deleted_order_is_on_the_list_of_a_mirror_that_starts_anew(
    world: World, app: App, empty_db: Callable[[], None]
) -> None:
    deal = world.deal()
    run_cycle(app)
    world.org.advance(60)
    world.org.delete("Order", order_of(world, deal)["Id"])
    empty_db()

    report = run_cycle(app)

    assert world.orders(deal) == []
    assert [problem.code for problem in report.attention] == ["deleted_in_org"]


def test_an_order_that_somebody_ties_to_another_deal_is_not_made_again_and_stops_nothing(
    world: World, app: App
) -> None:
    deal, other = world.deal(), world.deal(name="other", won=False)
    run_cycle(app)
    world.org.advance(60)
    world.org.update("Order", order_of(world, deal)["Id"], {"OpportunityId": other})
    world.line(deal, 1, 50, entry=world.entries[1])

    run_cycle(app)
    run_cycle(app)

    assert [order["SFSync_Key__c"] for order in world.orders()] == [f"{deal}-1"]


def test_an_adopted_order_that_somebody_ties_to_another_deal_stops_nothing(world: World, app: App) -> None:
    deal, other = world.deal(won=False), world.deal(name="other", won=False)
    order = world.order(OpportunityId=deal)
    world.win(deal)
    run_cycle(app)
    world.org.advance(60)
    world.org.update("Order", order, {"OpportunityId": other})

    run_cycle(app)

    assert [row["Id"] for row in world.orders()] == [order]


@pytest.mark.parametrize("known", [False, True])
def test_a_key_that_somebody_types_into_an_order_of_theirs_adopts_it(world: World, app: App, *, known: bool) -> None:
    deal = world.deal((-1, 10))
    app.plan_policy = PlanPolicy(negative_quantity=True)
    order = world.order()
    if known:
        run_cycle(app)
        world.org.advance(60)
    world.org.update("Order", order, {"SFSync_Key__c": f"{deal}-1"})

    run_cycle(app)
    world.org.advance(7200)
    report = run_cycle(app)

    assert report.exit_code == 0
    assert [(row.key, row.sf_id) for row in mirrored(app.db, "orders")] == [(f"{deal}-1", order)]


def test_a_key_typed_into_a_known_order_after_the_last_look_is_settled(world: World, app: App) -> None:
    deal = world.deal()
    order = world.order()

    def type_it(call: Any, when: str) -> None:
        if when == "before" and call.kind == "graph":
            world.org.on_call.remove(type_it)
            world.org.update("Order", order, {"SFSync_Key__c": f"{deal}-1"})

    world.org.on_call.append(type_it)
    run_cycle(app)
    run_cycle(app)

    assert [(row.key, row.sf_id) for row in mirrored(app.db, "orders")] == [(f"{deal}-1", order)]


def test_a_line_that_was_deleted_and_loaded_again_with_its_key_stops_nothing(world: World, app: App) -> None:
    deal = world.deal((1, 100), (1, 50))
    run_cycle(app)
    world.org.advance(60)
    order = order_of(world, deal)
    line = order["OrderItems"]["records"][1]
    world.org.delete("OrderItem", line["Id"])
    run_cycle(app)
    world.org.advance(60)
    world.item(order["Id"], UnitPrice=50, PricebookEntryId=world.entries[1], SFSync_Key__c=line["SFSync_Key__c"])

    run_cycle(app)

    items = {item.key: item.is_deleted for item in mirrored(app.db, "order_items") if item.key}
    assert items == {f"{deal}-1-1": False, f"{deal}-1-2": False}


def test_a_wrong_total_stays_on_the_list_when_the_order_changes_in_another_way(world: World, app: App) -> None:
    deal = world.deal((1, 100))
    world.org.faults.add("request_limit", path="composite/graph")
    with suppress(OrgUnavailable):
        run_cycle(app)
    world.org.advance(60)
    order = world.order(OpportunityId=deal, SFSync_Key__c=f"{deal}-1")
    item = world.item(order, UnitPrice=90, SFSync_Key__c=f"{deal}-1-1")
    assert [problem.code for problem in run_cycle(app).attention] == ["total_mismatch"]
    world.org.advance(60)

    world.org.update("Order", order, {"Name": "another name"})
    assert [problem.code for problem in run_cycle(app).attention] == ["total_mismatch"]
    sql(app, "UPDATE orders SET status = 'Activated'")
    assert [problem.code for problem in run_cycle(app).attention] == ["total_mismatch"]

    world.org.advance(60)
    world.org.update("OrderItem", item, {"UnitPrice": 100})
    assert run_cycle(app).exit_code == 0


def test_a_status_that_we_did_not_send_for_its_contract_goes_out_once_the_contract_is_activated(
    world: World, app: App
) -> None:
    contract = world.org.insert(
        "Contract", {"AccountId": world.account, "StartDate": "2026-01-01", "ContractTerm": 12, "Status": "Draft"}
    )
    order = world.order(ContractId=contract)
    world.item(order)
    run_cycle(app)
    sql(app, "UPDATE orders SET status = 'Activated'")
    assert [problem.code for problem in run_cycle(app).attention] == ["contract_not_activated"]
    world.org.advance(1200)

    world.org.update("Contract", contract, {"Status": "Activated"})
    report = run_cycle(app)

    assert (report.exit_code, world.org.get("Order", order)["Status"]) == (0, "Activated")


def test_a_wish_that_is_taken_back_by_plain_sql_leaves_the_list(world: World, app: App) -> None:
    world.deal()
    run_cycle(app)
    sql(app, "UPDATE orders SET status = 'Fulfilled'")
    assert run_cycle(app).exit_code == 1

    sql(app, "UPDATE orders SET status = org_status")

    assert run_cycle(app).exit_code == 0


def test_a_missing_line_that_the_org_refuses_is_on_the_list_and_not_sent_in_every_cycle(world: World, app: App) -> None:
    deal = world.deal((1, 100), (1, 50))
    world.org.faults.add("request_limit", path="composite/graph")
    with suppress(OrgUnavailable):
        run_cycle(app)
    world.org.advance(60)
    order = world.order(OpportunityId=deal, SFSync_Key__c=f"{deal}-1")
    world.item(order, SFSync_Key__c=f"{deal}-1-1")
    world.org.update("PricebookEntry", world.entries[1], {"IsActive": False})

    first = run_cycle(app)
    world.org.calls.clear()
    run_cycle(app)
    again = [call for call in world.org.calls if call.kind == "collections"]

    assert ([problem.kind for problem in first.attention], again) == (["order"], [])
    assert first.counts["lines_refused"] == 1
    world.org.update("PricebookEntry", world.entries[1], {"IsActive": True})
    world.org.advance(2 * 3600)
    assert run_cycle(app).exit_code == 0
    assert order_of(world, deal)["TotalAmount"] == 150


def test_an_order_over_which_the_org_breaks_down_each_time_does_not_hold_up_the_others(
    world: World, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generate, "GRAPH_LINES", 5)
    poison = world.deal(*((1, 10),) * 6)
    world.org.faults.add("http_500", path="commerce/sale/order", times=0, rate=1.0)
    with pytest.raises(OrgUnavailable):
        run_cycle(app)
    world.org.advance(30)
    good = world.deal(name="good", won=False)
    world.line(good, 1, 5)
    world.win(good)
    big = world.deal(*((1, 10),) * 6, name="another big one", won=False)

    report = run_cycle(app)

    assert (len(world.orders(good)), world.orders(poison), world.orders(big)) == (1, [], [])
    assert [(problem.kind, problem.code) for problem in report.attention] == [("order", "no_answer")]
    world.org.faults.clear()
    world.org.advance(3600)
    assert run_cycle(app).exit_code == 0
    assert len(world.orders(poison)) == 1


def test_one_of_many_small_orders_over_which_the_org_breaks_down_is_sent_alone_in_the_end(
    world: World, app: App
) -> None:
    world.deals(4)
    world.org.faults.add("http_500", path="composite/graph", times=3)
    with pytest.raises(OrgUnavailable):
        run_cycle(app)
    world.org.advance(600)
    world.org.calls.clear()

    run_cycle(app)

    assert [call.kind for call in world.org.calls].count("graph") == 4
    assert world.amounts_agree()


def test_what_was_deleted_between_two_far_cycles_is_heard_of(world: World, app: App) -> None:
    deal = world.deal((1, 100), (1, 0))
    run_cycle(app)
    world.org.advance(3 * 3600)
    line = order_of(world, deal)["OrderItems"]["records"][1]["Id"]
    world.org.delete("OrderItem", line)
    world.org.advance(3 * 3600)
    [(feed, reached)] = [(row.feed, row.stamp) for row in mirrored(app.db, "cursors") if row.feed.startswith("orders:")]
    # The order itself shows no trace of it: the price was zero, and its stamp is one that has been read.
    with app.db.begin() as tx:
        tx.execute(
            cursors.update().where(cursors.c.feed == feed).values(stamp=reached + timedelta(days=1), last_id=None)
        )

    run_cycle(app)
    run_cycle(app)

    assert [item.sf_id for item in mirrored(app.db, "order_items", is_deleted=True)] == [line]


def test_a_delete_log_that_did_not_answer_is_asked_for_the_same_stretch_again(world: World, app: App) -> None:
    world.deal()
    run_cycle(app)
    before = {row.feed: row.stamp for row in mirrored(app.db, "cursors")}
    world.org.advance(3 * 3600)
    silent = Page(deleted=None)
    reading = Reading(feeds.order_items(known_schema(app, app.db), None), None, before["order_items.deleted"])

    store_pages(Work(app, app.db, app.client, known_schema(app, app.db), None), [(reading, silent)])

    assert {row.feed: row.stamp for row in mirrored(app.db, "cursors")} == before


def test_generating_alone_sees_the_order_that_somebody_made_in_the_meantime(world: World, app: App) -> None:
    deal = world.deal()
    world.org.faults.add("request_limit", path="composite/graph")
    with suppress(OrgUnavailable):
        run_cycle(app)
    world.org.advance(60)
    order = world.order(OpportunityId=deal)

    run(app, "generate", only_generate)

    assert [row["Id"] for row in world.orders(deal)] == [order]


def test_many_deals_that_wait_are_all_looked_at_again_whatever_the_runs_are_numbered(
    world: World, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sfsync.sync.pull.LOOKED_AT_AGAIN", 2)
    deals = [world.deal(name=f"Deal {number}") for number in range(4)]
    world.org.update("PricebookEntry", world.entries[0], {"IsActive": False})
    run_cycle(app)
    world.org.advance(3600)
    world.org.update("PricebookEntry", world.entries[0], {"IsActive": True})

    for _ in range(40):
        if len(world.orders()) == len(deals):
            break
        run_cycle(app)
        sql(app, "INSERT INTO runs (org, command, host, pid, started_at, outcome) "
                 "VALUES ('another', 'sync', 'here', 1, '2026-03-02 09:00:00+00', 'done')")  # fmt: skip

    assert all(len(world.orders(deal)) == 1 for deal in deals)


def test_rejected_and_adopted_deals_cost_few_statements(world: World, app: App) -> None:
    for number in range(40):
        world.deal(name=f"No account {number}", AccountId=None)
        deal = world.deal(name=f"Has one {number}", won=False)
        world.order(OpportunityId=deal)
        world.win(deal)
    before = app.db.statements

    report = run_cycle(app)

    assert (report.counts["deals_rejected"], report.counts["orders_adopted"]) == (40, 40)
    assert app.db.statements - before < 100


def test_an_activated_order_is_fulfilled_although_a_line_of_it_is_not_known_to_be_there(world: World, app: App) -> None:
    deal = world.deal((1, 100), (1, 50))
    run_cycle(app)
    sql(app, "UPDATE orders SET status = 'Activated'")
    run_cycle(app)
    world.org.advance(1200)
    sql(app, "UPDATE order_items SET sf_id = NULL WHERE unit_price = 50")

    sql(app, "UPDATE orders SET status = 'Fulfilled'")
    run_cycle(app)

    assert [order["Status"] for order in world.orders(deal)] == ["Fulfilled"]
    assert len(world.orders(deal)[0]["OrderItems"]["records"]) == 2
