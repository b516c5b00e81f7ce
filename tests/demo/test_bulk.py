"""The org of the benchmark holds what it says it does."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from sfsync.demo.bulk import fill
from sfsync.emulator.org import Org

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_bulk_deals_are_won_old_and_add_up() -> None:
    org = Org(clock=NOW)

    bulk = fill(org, 30, 6)

    deals = org.query("SELECT Id, Amount, AccountId, IsWon, SystemModstamp FROM Opportunity")
    lines = org.query("SELECT OpportunityId, TotalPrice, Quantity FROM OpportunityLineItem")
    assert (len(deals), len(lines)) == (bulk.deals, bulk.deal_lines) == (30, 180)
    assert all(deal["IsWon"] for deal in deals)
    assert len({deal["AccountId"] for deal in deals}) == 8
    assert max(deal["SystemModstamp"] for deal in deals) < "2026-03-02T06:00:01"
    assert sum(Decimal(str(deal["Amount"])) for deal in deals) == bulk.total
    for deal in deals:
        own = [Decimal(str(line["TotalPrice"])) for line in lines if line["OpportunityId"] == deal["Id"]]
        assert sum(own) == Decimal(str(deal["Amount"]))


def test_bulk_counts_a_line_twice_whose_cents_do_not_divide() -> None:
    org = Org(clock=NOW)

    bulk = fill(org, 12, 5)

    lines = org.query("SELECT TotalPrice, Quantity FROM OpportunityLineItem")
    split = sum(Decimal(str(line["TotalPrice"])) * 100 % int(line["Quantity"]) != 0 for line in lines)
    assert split > 0
    assert bulk.order_lines == len(lines) + split
