"""Reading misses nothing: late commits, equal stamps, deletes, and edits that leave no trace on the parent."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from sfsync.salesforce import soql
from sfsync.sync.cycle import run_cycle
from tests.mirror import mirrored
from tests.sync.answers import Changed
from tests.world import START

if TYPE_CHECKING:
    from sfsync.app import App
    from tests.world import World


def test_a_deal_stamped_early_and_committed_late_is_ordered(world: World, app: App) -> None:
    late = world.org.open_transaction()
    account = late.insert("Account", {"Name": "Late customer"})
    deal = late.insert(
        "Opportunity",
        {"Name": "Late", "StageName": "Closed Won", "CloseDate": "2026-03-01", "AccountId": account,
         "Pricebook2Id": world.book},
    )  # fmt: skip
    late.insert(
        "OpportunityLineItem",
        {"OpportunityId": deal, "PricebookEntryId": world.entries[0], "Quantity": 2, "UnitPrice": 50},
    )
    world.org.advance(300)
    early = world.deal()
    run_cycle(app)
    assert (len(world.orders(early)), world.orders(deal)) == (1, [])

    late.commit()
    world.org.advance(60)
    run_cycle(app)

    assert [order["TotalAmount"] for order in world.orders(deal)] == [100]


def test_deals_of_the_same_second_are_all_read_across_page_edges(
    world: World, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(soql, "PAGE", 7)
    world.deals(40)

    run_cycle(app)
    world.deals(40)
    run_cycle(app)

    assert len(world.orders()) == 80
    assert world.amounts_agree()


def test_a_line_that_is_deleted_before_ordering_is_not_ordered(world: World, app: App) -> None:
    deal = world.deal((1, 100), (1, 50))
    world.org.faults.add("request_limit", path="composite/graph")
    with pytest.raises(Exception, match="allowance"):
        run_cycle(app)
    world.org.faults.clear()
    world.org.advance(60)
    [line] = [row["Id"] for row in world.org.query("SELECT Id FROM OpportunityLineItem WHERE UnitPrice = 50")]

    world.org.delete("OpportunityLineItem", line)
    run_cycle(app)

    assert [order["TotalAmount"] for order in world.orders(deal)] == [100]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_line_that_the_org_shows_as_deleted_leaves_its_deal(world: World, app: App) -> None:
    deal = world.deal((1, 100), (1, 50))
    run_cycle(app)
    world.org.advance(1200)
    line = mirrored(app.db, "opportunity_lines")[1].sf_id
    world.org.update("OpportunityLineItem", line, {"Description": "its stamp moves, the deal's does not"})

    def bend(body: Any) -> Any:
        for part in body["compositeResponse"]:
            for row in (part["body"] or {}).get("records", ()):
                if row.get("Id") == line:
                    row["IsDeleted"] = True
        return body

    run_cycle(replace(app, adapter=Changed(world.org, "POST", "composite", bend)))

    assert [row.is_deleted for row in mirrored(app.db, "opportunity_lines")] == [False, True]
    [judged] = mirrored(app.db, "discrepancies", opportunity_id=deal)
    assert "its products add up to 100.00" in judged.message


def test_the_lines_of_a_deleted_deal_stay_deleted_however_often_it_is_read(world: World, app: App) -> None:
    deal = world.deal((3, 100))
    run_cycle(app)
    world.org.advance(60)
    world.org.delete("Opportunity", deal)

    for seconds in (300, 7200, 60):
        world.org.advance(seconds)
        run_cycle(app)

        assert [row.is_deleted for row in mirrored(app.db, "opportunity_lines")] == [True], seconds

    world.org.undelete("Opportunity", deal)
    world.org.advance(60)
    run_cycle(app)
    assert [row.is_deleted for row in mirrored(app.db, "opportunity_lines")] == [False]


def test_an_order_deleted_in_the_org_is_marked_and_not_made_again(world: World, app: App) -> None:
    deal = world.deal()
    run_cycle(app)
    world.org.advance(60)
    [order] = world.orders(deal)

    world.org.delete("Order", order["Id"])
    world.org.advance(60)
    run_cycle(app)
    run_cycle(app)

    assert world.orders(deal) == []
    [row] = mirrored(app.db, "orders")
    assert row.is_deleted


def test_an_order_of_ours_that_is_undeleted_in_the_second_we_stand_at_is_alive_again(world: World, app: App) -> None:
    world.deals(3)
    run_cycle(app)
    order = world.orders()[0]["Id"]
    world.org.delete("Order", order)
    run_cycle(app)
    [deleted] = mirrored(app.db, "orders", is_deleted=True)
    world.org.undelete("Order", order)
    world.org.calls.clear()

    run_cycle(app)

    assert deleted.sf_id == order
    assert mirrored(app.db, "orders", is_deleted=True) == []
    assert mirrored(app.db, "order_items", is_deleted=True) == []
    assert world.org.calls.count() == 3


def test_an_item_deleted_from_a_draft_is_marked_and_not_made_again(world: World, app: App) -> None:
    deal = world.deal((1, 100), (1, 50))
    run_cycle(app)
    world.org.advance(60)
    [order] = world.orders(deal)

    world.org.delete("OrderItem", order["OrderItems"]["records"][1]["Id"])
    world.org.advance(60)
    run_cycle(app)
    run_cycle(app)

    [order] = world.orders(deal)
    assert order["TotalAmount"] == 100
    assert [item.is_deleted for item in mirrored(app.db, "order_items")] == [False, True]


def test_an_item_edit_that_leaves_the_order_alone_is_mirrored(world: World, app: App) -> None:
    deal = world.deal()
    run_cycle(app)
    world.org.advance(1200)
    [order] = world.orders(deal)

    world.org.update("OrderItem", order["OrderItems"]["records"][0]["Id"], {"Description": "two seats"})
    run_cycle(app)

    assert [item.description for item in mirrored(app.db, "order_items")] == ["two seats"]


def test_a_changed_account_name_reaches_the_mirror(world: World, app: App) -> None:
    world.deal()
    run_cycle(app)
    world.org.advance(1200)

    world.org.update("Account", world.account, {"Name": "Cobalt Ventures Ltd"})
    run_cycle(app)

    assert [account.name for account in mirrored(app.db, "accounts")] == ["Cobalt Ventures Ltd"]


def test_an_account_that_changes_before_its_feed_is_first_read_reaches_the_mirror(world: World, app: App) -> None:
    deal = world.deal((1, 10))
    run_cycle(app, only=deal)  # reads the account by its Id, and no feed of accounts
    world.org.update("Account", world.account, {"Name": "Initech"})
    world.org.advance(3600)

    run_cycle(app)

    assert [row.name for row in mirrored(app.db, "accounts")] == ["Initech"]


def test_after_a_gap_longer_than_the_delete_log_all_ids_are_compared(world: World, app: App) -> None:
    deal = world.deal((1, 100), (1, 50))
    run_cycle(app)
    [order] = world.orders(deal)
    world.org.delete("Order", order["Id"])
    world.org.advance(20 * 24 * 3600)
    world.deal(name="later")

    run_cycle(app)

    assert [row.is_deleted for row in mirrored(app.db, "orders")] == [True, False]
    assert {entry.action for entry in mirrored(app.db, "journal")} >= {"pull.gap_closed"}


def test_a_field_that_is_hidden_later_stops_the_run_and_names_the_field(world: World, app: App) -> None:
    world.deal()
    run_cycle(app)
    world.org.advance(60)

    world.org.hide_field("Order", "SFSync_Key__c")

    with pytest.raises(Exception, match="SFSync_Key__c"):
        run_cycle(app)


def test_the_time_of_the_run_is_ours_and_the_cursors_are_the_orgs(world: World, app: App) -> None:
    world.deal()

    run_cycle(app)

    stamps = {cursor.feed: cursor.stamp for cursor in mirrored(app.db, "cursors")}
    assert stamps["deals"] == START
