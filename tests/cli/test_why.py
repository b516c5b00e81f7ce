"""why: any record by any name, the whole chain, what blocks it, what to do and what happened."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING

import pytest

from tests.mirror import mirrored

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfsync.store.engine import Database
    from tests.cli.conftest import Ended
    from tests.world import World

    Program = Callable[..., Ended]


@pytest.fixture
def deal(org: World, sfsync: Program) -> str:
    """A won deal, synced."""
    deal = org.deal((3, 100), (2, 49.5), name="Renewal")
    assert sfsync("sync").code == 0
    return deal


def test_an_order_is_explained_from_the_deal_to_its_status(org: World, deal: str, sfsync: Program) -> None:
    ended = sfsync("why", deal)

    assert ended.code == 0
    for said in (
        "“Renewal”, Cobalt Ventures: 399.00 over 2 lines; won, closed on 2026-03-01.",
        f"created by sfsync under the key {deal}-1.",
        "399.00 over 2 lines: the deal's amount to the cent.",
        "Draft, here and in the org.",
        "Review the order, then `sfsync orders activate 00000100`.",
        "Order created with 2 lines over 399.00.",
    ):
        assert said in ended.text


def test_a_record_is_found_by_any_of_its_names(org: World, deal: str, mirror: Database, sfsync: Program) -> None:
    [order] = mirrored(mirror, "orders")
    items = mirrored(mirror, "order_items")
    names = [
        order.key, order.order_number, "100", order.sf_id, order.sf_id[:15], order.sf_id.lower(), deal, deal[:15],
        items[0].sf_id, items[1].key,
    ]  # fmt: skip

    for name in names:
        found = sfsync("why", name, "--json").json
        assert (found["opportunity_id"], [one["id"] for one in found["orders"]]) == (deal, [order.id]), name


def test_a_rejected_deal_tells_its_problems_and_the_way_out(org: World, sfsync: Program) -> None:
    bad = org.deal(AccountId=None)
    sfsync("sync")

    ended = sfsync("why", bad)

    assert ended.code == 0
    assert "rejected since" in ended.text
    assert "fill in Account Name" in ended.text
    assert "The next sync looks at the deal again" in ended.text


def test_an_order_that_somebody_else_made_is_explained(org: World, sfsync: Program) -> None:
    order = org.org.insert(
        "Order", {"AccountId": org.account, "EffectiveDate": "2026-03-01", "Status": "Draft", "Pricebook2Id": org.book}
    )
    sfsync("sync")

    assert "made in Salesforce and not by sfsync" in sfsync("why", order).text


def test_an_illegal_move_by_sql_is_explained_before_and_after_it_was_held(
    org: World, mirror: Database, deal: str, sfsync: Program
) -> None:
    with mirror.begin() as tx:
        tx.exec_driver_sql("UPDATE orders SET status = 'Fulfilled'")
    before = sfsync("why", deal)
    sfsync("sync")
    after = sfsync("why", deal)

    for ended in (before, after):
        assert "activate it first" in ended.text
        assert "`sfsync orders set-status 00000100 Draft`" in ended.text


@pytest.mark.parametrize("record", ["nothing", "00009999", "0065e0000000009AAA"])
def test_an_unknown_record_says_what_it_may_be(org: World, deal: str, sfsync: Program, record: str) -> None:
    ended = sfsync("why", record)

    assert ended.code == 2
    assert ended.out == ""
    assert f"nothing named “{record}”" in ended.err
    assert "`sfsync pull`" in ended.err


def test_a_deal_that_the_settings_leave_out_says_which_setting(
    org: World, sfsync: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SFSYNC_ORDERS__SINCE", "2026-04-01")
    deal = org.deal()
    sfsync("sync")

    assert "orders.since" in sfsync("why", deal).text


def test_json_has_the_chain_the_obstacles_and_the_journal(org: World, sfsync: Program) -> None:
    bad = org.deal(AccountId=None)
    sfsync("sync")

    found = sfsync("why", bad, "--json").json

    assert [(step["subject"], step["state"]) for step in found["steps"]] == [("deal", "done"), ("order", "blocked")]
    assert [obstacle["code"] for obstacle in found["obstacles"]] == ["no_account"]
    assert [entry["action"] for entry in found["journal"]] == ["opportunity.rejected"]
    assert found["next"].startswith("Fix this in Salesforce.")


def test_a_deal_fixed_in_the_org_is_no_longer_blocked(org: World, sfsync: Program) -> None:
    deal = org.deal(AccountId=None)
    sfsync("sync")
    org.org.update("Opportunity", deal, {"AccountId": org.account})
    sfsync("sync")

    found = sfsync("why", deal, "--json").json

    assert (found["obstacles"], len(found["orders"])) == ([], 1)


def test_why_says_what_other_systems_were_told(org: World, sfsync: Program) -> None:
    deal = org.deal()
    sfsync("sync")

    why, document = sfsync("why", deal), sfsync("why", deal, "--json").json

    assert "What happened, and who was told (UTC)" in why.out
    assert "Nobody of order.created: no sink asks for it." in why.text
    assert [(event["type"], event["deliveries"]) for event in document["events"]] == [("order.created", [])]


def test_the_chain_of_an_order_names_who_moved_it_on_and_fits_the_terminal(
    org: World, mirror: Database, deal: str, sfsync: Program
) -> None:
    [order] = mirrored(mirror, "orders")
    sfsync("orders", "activate", order.order_number)
    sfsync("sync")
    with mirror.begin() as tx:
        tx.exec_driver_sql("UPDATE orders SET status = 'Fulfilled'")
    sfsync("sync")

    why, shown = sfsync("why", deal), sfsync("orders", "show", order.order_number)
    found = sfsync("orders", "show", order.order_number, "--json").json

    for ended in (why, shown):
        assert "Status Draft → Activated is in the org. (" + getpass.getuser() + ", run 2)" in ended.text
        assert "Status Activated → Fulfilled is in the org. (plain SQL, run 3)" in ended.text
        assert f"Planned as {order.key}, it is 00000100." in ended.text
        assert max(len(line.rstrip()) for line in ended.out.splitlines()) <= 100
    assert [one["what"] for one in found["timeline"]] == [
        "won", "created", "told", "wanted", "activated", "told", "fulfilled", "told"
    ]  # fmt: skip
    assert found["next"] == "Nothing: everything has crossed and the order is closed."


def test_the_chain_of_one_order_of_a_deal_tells_nothing_of_the_others(
    org: World, mirror: Database, deal: str, sfsync: Program
) -> None:
    second = org.order(OpportunityId=deal, OriginalOrderId=None)
    org.item(second)
    sfsync("sync")
    org.org.advance(700)
    org.org.update("Order", second, {"Status": "Activated"})
    sfsync("sync")

    both, one = sfsync("why", deal).text, sfsync("orders", "show", "100").text

    assert "00000101: Somebody in the org made the order Activated" in both
    assert "Somebody in the org" not in one


def test_a_long_story_says_where_the_rest_of_it_is(deal: str, sfsync: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sfsync.cli.chain.MOST", 1)

    assert f"There is more: `sfsync logs --order {deal} --limit 1000`." in sfsync("why", deal).text
