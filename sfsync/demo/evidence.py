"""What the demo promised and what is in the org: counted there, not by the service that made it."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sfsync.demo import goods, midterm

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sfsync.demo.world import World
    from sfsync.emulator.org import Org


@dataclass(frozen=True)
class Evidence:
    """The figures of one demo. `duplicates` and `total_mismatch` are what must be 0."""

    opportunities_won: int
    orders_created: int
    orders_adopted: int
    deals_rejected: int
    lines_created: int
    orders_amended: int
    orders_supplementary: int
    statuses_pushed: int
    answers_lost: int
    duplicates: int
    total_mismatch: int
    without_order: int
    licences_left: int
    trackers_shipped: int
    api_calls: int
    seconds: float
    promised: Mapping[str, int]

    @property
    def kept(self) -> bool:
        """Whether everything is as promised."""
        return all(getattr(self, name) == value for name, value in self.promised.items())

    def rows(self) -> list[tuple[str, str, str]]:
        """The figures as a table: what, found, promised."""
        shown = {
            "won opportunities": "opportunities_won",
            "orders created": "orders_created",
            "order lines created": "lines_created",
            "orders of others adopted": "orders_adopted",
            "deals still rejected, each with its reasons": "deals_rejected",
            "won deals without order and without reason": "without_order",
            "drafts brought to their changed deals": "orders_amended",
            "supplementary orders, asked for": "orders_supplementary",
            "statuses pushed": "statuses_pushed",
            "answers lost and survived": "answers_lost",
            "deals with two orders, nobody having asked": "duplicates",
            "deals whose orders are not their amount to the cent": "total_mismatch",
            f"of NovaTech's {midterm.LICENCES} licences, still there": "licences_left",
            f"of Apex' {goods.ORDERED} trackers, shipped": "trackers_shipped",
        }
        table = [
            (words, f"{getattr(self, name):,}", f"{self.promised[name]:,}" if name in self.promised else "")
            for words, name in shown.items()
        ]
        return [*table, ("calls to the org", f"{self.api_calls:,}", ""), ("seconds", f"{self.seconds:.1f}", "")]

    def as_json(self, database: Path) -> dict[str, Any]:
        """The figures for programs."""
        names = [name for name in self.__dataclass_fields__ if name != "promised"]
        return {name: getattr(self, name) for name in names} | {
            "seconds": round(self.seconds, 2),
            "kept": self.kept,
            "promised": dict(self.promised),
            "database": str(database),
        }


def gather(org: Org, world: World, counts: Mapping[str, int], *, seconds: float) -> Evidence:
    """Count what is in the org after the story, and set it beside what was promised for this world."""
    deals = {
        row["Id"]: Decimal(str(row["Amount"]))
        for row in org.query("SELECT Id, Amount FROM Opportunity WHERE IsWon = true AND Amount != null")
    }
    won = len(org.query("SELECT Id FROM Opportunity WHERE IsWon = true"))
    orders = org.query("SELECT Id, OpportunityId, TotalAmount, SFSync_Key__c FROM Order WHERE OpportunityId != null")
    ours = [order for order in orders if order["SFSync_Key__c"]]
    supplementary = [order for order in ours if not order["SFSync_Key__c"].endswith("-1")]
    per_deal = Counter(order["OpportunityId"] for order in orders if order not in supplementary)
    ordered: dict[str, Decimal] = defaultdict(Decimal)
    for order in ours:
        ordered[order["OpportunityId"]] += Decimal(str(order["TotalAmount"]))
    lines = org.query("SELECT Id FROM OrderItem WHERE SFSync_Key__c != null")
    rejected = world.expected.rejected - FIXED
    return Evidence(
        opportunities_won=won,
        orders_created=len(ours) - len(supplementary),
        orders_adopted=counts.get("orders_adopted", 0),
        deals_rejected=won - len(per_deal),
        lines_created=len(lines),
        orders_amended=counts.get("orders_amended", 0),
        orders_supplementary=len(supplementary),
        statuses_pushed=counts.get("statuses_pushed", 0),
        answers_lost=counts.get("answers_lost", 0),
        duplicates=sum(many > 1 for many in per_deal.values()),
        total_mismatch=sum(total != deals.get(deal) for deal, total in ordered.items()),
        without_order=won - len(per_deal) - rejected,
        licences_left=_licences_left(org, world.named.novatech),
        trackers_shipped=_trackers_shipped(org),
        api_calls=org.calls.count(),
        seconds=seconds,
        promised={
            "opportunities_won": world.expected.won,
            "orders_created": world.expected.orderable + FIXED,
            "orders_adopted": world.expected.adopted,
            "deals_rejected": rejected,
            "orders_amended": 1,
            "orders_supplementary": 1,
            "statuses_pushed": 5,
            "answers_lost": 1,
            "duplicates": 0,
            "total_mismatch": 0,
            "without_order": 0,
            "licences_left": midterm.LEFT,
            "trackers_shipped": goods.FIRST + goods.SECOND,
        },
    )


def _licences_left(org: Org, deal: str) -> int:
    """What the org says can still be reduced of the licences: what was ordered less what was taken back."""
    lines = org.query(
        "SELECT AvailableQuantity FROM OrderItem"
        f" WHERE Order.OpportunityId = '{deal}' AND Product2.Name = '{midterm.PRODUCT}'"
    )
    return int(sum(Decimal(str(line["AvailableQuantity"])) for line in lines))


def _trackers_shipped(org: Org) -> int:
    """What the org's shipments hold of them."""
    lines = org.query(
        f"SELECT Quantity__c FROM Shipment_Line__c WHERE Order_Item__r.Product2.Name = '{goods.PRODUCT}'"
        " AND Shipment__r.Status__c != 'Voided'"
    )
    return int(sum(Decimal(str(line["Quantity__c"])) for line in lines))


FIXED = 2
"""Deals that the story has fixed in the org between its two cycles."""
