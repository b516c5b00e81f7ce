"""An org of any size for measuring: many won deals, a few made by all rules and the rest copied from them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sfsync.demo.past import at
from sfsync.emulator.clock import stored

if TYPE_CHECKING:
    from datetime import datetime

    from sfsync.emulator.org import Org

PATTERNS = 8
"""How many different deals there are; every eighth one is alike but for its name, account and stamps."""
DEALS_PER_ACCOUNT = 4
NEWEST, OLDEST = timedelta(hours=6), timedelta(days=300)
_STAMPS = ("CreatedDate", "LastModifiedDate", "SystemModstamp")


@dataclass(frozen=True, slots=True)
class Bulk:
    """What was put in, and what should come of it."""

    deals: int
    deal_lines: int
    order_lines: int
    """More than the deals' lines: where the cents do not divide, a line becomes two."""
    total: Decimal


@dataclass(frozen=True, slots=True)
class _Pattern:
    deal: dict[str, Any]
    lines: list[dict[str, Any]]
    order_lines: int


def fill(org: Org, deals: int, lines: int) -> Bulk:
    """Add `deals` won deals of `lines` lines each, on one account for every four of them.

    All of it is stamped between 300 days and 6 hours before the org's present. One line in five is 3 units for a
    round total, which mostly no unit price of two decimals gives.
    """
    now = org.clock()
    with at(org, now - OLDEST):
        entries = _entries(org, lines)
        needed = -(-deals // DEALS_PER_ACCOUNT)
        accounts = org.insert_many("Account", [{"Name": f"Customer {number:05}"} for number in range(needed)])
        patterns = [
            _make(org, accounts[number // DEALS_PER_ACCOUNT], entries, number) for number in range(min(deals, PATTERNS))
        ]
    step = (OLDEST - NEWEST) / max(deals, 1)
    with org.lock, org.world.savepoint():
        for number in range(PATTERNS, deals):
            account = accounts[number // DEALS_PER_ACCOUNT]
            _copy(org, patterns[number % PATTERNS], account, number, now - OLDEST + (number + 1) * step)
    used = [patterns[number % PATTERNS] for number in range(deals)]
    return Bulk(
        deals=deals,
        deal_lines=deals * lines,
        order_lines=sum(pattern.order_lines for pattern in used),
        total=sum((pattern.deal["Amount"] for pattern in used), Decimal(0)),
    )


def _entries(org: Org, lines: int) -> list[tuple[str, Decimal]]:
    entries = []
    book = org.standard_pricebook_id
    for number in range(lines):
        price = Decimal(995 + 1750 * number) / 100
        name = f"Product {number:03}"
        product = org.insert("Product2", {"Name": name, "ProductCode": f"P-{number:03}", "IsActive": True})
        entry = {"Pricebook2Id": book, "Product2Id": product, "UnitPrice": price, "IsActive": True}
        entries.append((org.insert("PricebookEntry", entry), price))
    return entries


def _make(org: Org, account: str, entries: list[tuple[str, Decimal]], number: int) -> _Pattern:
    """Make one of the first deals, as people do."""
    day = org.world.now()[:10]
    values = {"Name": _name(number), "AccountId": account, "StageName": "Prospecting", "CloseDate": day}
    deal = org.insert("Opportunity", {**values, "Pricebook2Id": org.standard_pricebook_id})
    split = 0
    for place, (entry, price) in enumerate(entries):
        line: dict[str, Any] = {"OpportunityId": deal, "PricebookEntryId": entry}
        if (place + number) % 5 == 0:
            org.insert("OpportunityLineItem", {**line, "Quantity": 3, "TotalPrice": Decimal(100 * (place + 1))})
            split += (place + 1) % 3 != 0
        else:
            org.insert("OpportunityLineItem", {**line, "Quantity": 1 + (place + number) % 9, "UnitPrice": price})
    org.update("Opportunity", deal, {"StageName": "Closed Won"})
    rows = org.world.find("OpportunityLineItem", {"OpportunityId": deal})
    return _Pattern(org.get("Opportunity", deal), rows, len(rows) + split)


def _copy(org: Org, pattern: _Pattern, account: str, number: int, moment: datetime) -> None:
    """Put in the rows of another deal like the pattern, without asking the rules again."""
    stamps: dict[str, Any] = dict.fromkeys(_STAMPS, stored(moment))
    deal = org.world.new_id("006")
    own = {"Id": deal, "AccountId": account, "Name": _name(number)}
    own |= {"LastStageChangeDate": stored(moment), "CloseDate": moment.date().isoformat()}
    org.world.db.insert_row("Opportunity", {**pattern.deal, **stamps, **own})
    for line in pattern.lines:
        copy = {**line, **stamps, "Id": org.world.new_id("00k"), "OpportunityId": deal}
        org.world.db.insert_row("OpportunityLineItem", copy)


def _name(number: int) -> str:
    return f"Deal {number:05}"
