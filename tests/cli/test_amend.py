"""`sfsync orders amend` brings orders to their changed deals; lists, `why` and `status` name what differs."""

from __future__ import annotations

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
    """A deal whose order is in the org."""
    deal = org.deal((2, 100), (1, 250))
    assert sfsync("sync").code == 0
    org.org.advance(1200)
    return deal


def change(org: World, deal: str) -> None:
    """The deal asks for more of one product, and for none of another."""
    first, second = org.org.query(f"SELECT Id FROM OpportunityLineItem WHERE OpportunityId = '{deal}' ORDER BY Id")
    org.org.update("OpportunityLineItem", first["Id"], {"Quantity": 5, "UnitPrice": 100})
    org.org.delete("OpportunityLineItem", second["Id"])


def test_a_deal_changed_after_activation_is_listed_explained_and_amended(
    org: World, deal: str, sfsync: Program, mirror: Database
) -> None:
    org.org.update("Order", org.orders(deal)[0]["Id"], {"Status": "Activated"})
    change(org, deal)
    assert sfsync("sync").code == 1
    [order] = mirrored(mirror, "orders")
    number = order.order_number

    listed = sfsync("orders", "list", "--changed")
    assert all(word in listed.text for word in (number, "Licence A", "Licence B", " 3 ", " -1 ", "50.00"))
    assert max(map(len, listed.out.splitlines())) <= 100
    [one] = sfsync("orders", "list", "--changed", "--json").json["orders"]
    assert one["discrepancy"]["kind"] == "ordered"
    assert f"`sfsync orders amend {number}`" in sfsync("why", deal).text
    assert "its deal differ" in sfsync("orders", "show", number).text
    assert "Deals that differ from their orders 1" in sfsync("status").text

    planned = sfsync("orders", "amend", number, "--dry-run").text
    assert f"A supplementary order {deal}-2 over 300.00 (1 line) would be created" in planned
    assert "1 reduction order, effective" in planned
    said = sfsync("orders", "amend", number, "--json").json
    assert (said["supplementary"], [one["quantity"] for one in said["less"]]) == (f"{deal}-2", ["1.00"])
    assert said["reductions"] == [f"{deal}-1-R1"]
    again = sfsync("orders", "amend", number, "--json").json
    assert (again["supplementary"], again["reductions"], len(again["waiting"])) == (None, [], 1)
    assert sfsync("sync").code == 1  # what is a draft takes nothing back yet
    waiting = sfsync("orders", "amend", number).text
    assert "Taken back already once they are activated (`sfsync orders activate`): 00000102." in waiting
    sfsync("orders", "activate", "00000102")
    assert sfsync("sync").code == 0
    assert sum(order["TotalAmount"] for order in org.orders()) == 500


def test_a_draft_that_somebody_edited_is_amended_on_request(org: World, deal: str, sfsync: Program) -> None:
    [order] = org.orders(deal)
    org.org.update("OrderItem", order["OrderItems"]["records"][0]["Id"], {"Quantity": 9})
    change(org, deal)
    assert sfsync("sync").code == 1

    assert "is to be brought to its deal: 1 line changed, 1 line removed." in sfsync("orders", "amend", deal).text

    assert sfsync("sync").code == 0
    assert org.amounts_agree()
    assert "there is nothing to do" in sfsync("orders", "amend", deal).text
    assert sfsync("orders", "list", "--changed").out == "There are no such orders.\n"


def test_an_order_on_hold_is_named_with_the_next_step(org: World, deal: str, sfsync: Program) -> None:
    org.org.update("Opportunity", deal, {"StageName": "Closed Lost"})

    assert sfsync("sync").code == 0

    assert "is on hold, because the deal was closed as lost" in sfsync("orders", "list", "--changed").text
    why = sfsync("why", deal, "--json").json
    assert [one["code"] for one in why["obstacles"]] == ["deal_not_won"]
    assert "Drafts whose deal is not won any more 1" in sfsync("status").text


def test_a_refused_update_is_tried_again_on_retry(org: World, deal: str, sfsync: Program) -> None:
    org.org.faults.add("part_fails", path="composite/graph", code="FIELD_CUSTOM_VALIDATION_EXCEPTION", message="No.")
    change(org, deal)
    assert sfsync("sync").code == 1
    assert "orders retry" in sfsync("why", deal).text
    assert sfsync("orders", "list", "--held", "--json").json["found"] == 1

    assert sfsync("orders", "retry", deal, "--json").json["records"][0]["retried"] is True

    assert sfsync("sync").code == 0
    assert org.amounts_agree()
