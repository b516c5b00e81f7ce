"""Deals beside their orders: all of them together are the deal to the cent, and a draft is brought to it as a whole."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING

from scripts.simulation.invariants.base import Invariant
from scripts.simulation.record import money

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scripts.simulation.process import Process
    from scripts.simulation.record import Row
    from scripts.simulation.simulation import Simulation
    from scripts.simulation.wire import Sent

_LISTED = (
    "SELECT sf_id FROM opportunities WHERE problems IS NOT NULL UNION"
    " SELECT opportunity_id FROM discrepancies WHERE resolved_at IS NULL UNION"
    " SELECT opportunity_id FROM orders WHERE problem_code IS NOT NULL OR sf_id IS NULL UNION"
    " SELECT original.opportunity_id FROM orders o JOIN orders original ON original.sf_id = o.original_order_id"
    " WHERE o.problem_code IS NOT NULL OR o.sf_id IS NULL UNION"
    " SELECT opportunity_id FROM orders WHERE origin <> 'sfsync' UNION"
    " SELECT opportunity_id FROM conflicts JOIN orders ON orders.id = order_id WHERE resolved_at IS NULL"
)


def ordered(sim: Simulation) -> dict[str, Decimal]:
    """What the org's orders of each deal add up to: what another deal takes back of them is that deal's."""
    orders = sim.record.orders
    total: dict[str, Decimal] = defaultdict(Decimal)
    for item in sim.record.all_items():
        order = orders[item["OrderId"]]
        original = orders.get(order["OriginalOrderId"] or "")
        deal = order["OpportunityId"] or (original["OpportunityId"] if original else None)
        if deal:
            total[deal] += money(item["TotalPrice"])
    return total


class AddsUp(Invariant):
    """Orders, supplementary orders and reductions of a deal are the deal to the cent, or the difference is listed.

    What others have made for a deal, or changed, taken back or cancelled by hand, is meant so.
    """

    name = "the orders of a deal add up to it"

    def at_the_end(self) -> None:
        listed = {row["sf_id"] for row in self.sim.mirror.rows(_LISTED)}
        total = ordered(self.sim)
        orders = self.sim.record.orders
        adjusted = {orders[one]["OpportunityId"] for one in self.sim.adjusted if one in orders}
        adjusted |= {order["OpportunityId"] for order in orders.values() if order["Status"] == "Cancelled"}
        for deal in self.sim.record.deals():
            number, amount = deal["Id"], money(deal["Amount"])
            if not deal["IsWon"] or deal["IsDeleted"] or number in listed or number in adjusted:
                continue
            self.sim.counts["deals that took back"] += number in self.sim.company.takes_back
            if total[number] != amount:
                self.broken(f"the orders of deal {number} are over {total[number]}, the deal over {amount}")


class UpdatedWhole(Invariant):
    """A draft that is brought to its changed deal has all of the change or none of it."""

    name = "a draft is brought to its deal as a whole"

    def __init__(self, sim: Simulation) -> None:
        super().__init__(sim)
        self._began = 0
        self._before: dict[str, Decimal] = {}

    def begins(self, process: Process) -> None:
        if process is self.sim.process or not self._began:
            self._began = self.sim.record.tick

    def sending(self, process: Process, sent: Sent) -> None:
        del process
        self._before = ordered(self.sim) if sent.amends else {}

    def _orders(self) -> Iterable[Row]:
        return self.sim.record.orders.values()

    def sent(self, process: Process, sent: Sent, *, lost: bool) -> None:
        del process, lost
        after = ordered(self.sim) if sent.amends else {}
        for order in sorted(sent.amends):
            deal = self.sim.record.orders[order]["OpportunityId"] if order in self.sim.record.orders else None
            # Of deals that take back, what was not planned yet is missing: the end looks at those.
            if deal is None or deal in self.sim.company.takes_back or after[deal] == self._before[deal]:
                continue
            self.sim.counts["drafts brought to their deals"] += 1
            if any(row["OpportunityId"] == deal and not row["SFSync_Key__c"] for row in self._orders()):
                continue  # what others made for the deal comes on top
            amounts = self.sim.record.amounts_since(deal, self._began)
            if after[deal] not in amounts:
                self.broken(f"the orders of {deal} are over {after[deal]} now, the deal was over {sorted(amounts)}")
