"""Orders that sfsync makes: one per deal, whole, over the deal's amount, and never beside somebody else's."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from scripts.simulation.invariants.base import Invariant
from scripts.simulation.record import money
from sfsync.emulator.clock import stored

if TYPE_CHECKING:
    from scripts.simulation.process import Process
    from scripts.simulation.record import Change, Row
    from scripts.simulation.simulation import Simulation


def made_by_us(change: Change) -> str | None:
    """The deal whose order sfsync has just made."""
    key = change.row["SFSync_Key__c"]
    if change.field or not change.ours or change.row["IsReductionOrder"] or not key:
        return None
    return str(key).partition("-")[0]


class OneOrderPerDeal(Invariant):
    """Deleted ones count, too: what a person deleted is not made again by itself."""

    name = "one order per deal"

    def __init__(self, sim: Simulation) -> None:
        super().__init__(sim)
        self._made: dict[str, str] = {}

    def changed(self, change: Change) -> None:
        deal = made_by_us(change)
        if deal is None:
            return
        self.sim.counts["orders created"] += 1
        key = str(change.row["SFSync_Key__c"])
        if key in self._made:
            self.sim.counts["duplicates"] += 1
            self.broken(f"orders {self._made[key]} and {change.order} were made under the key {key}")
        self._made[key] = change.order


class WholeToTheCent(Invariant):
    """An order has its lines from its first moment on, and their sum is an amount that the deal had in this cycle."""

    name = "whole, and the deal's amount to the cent"

    def __init__(self, sim: Simulation) -> None:
        super().__init__(sim)
        self._since = 0

    def begins(self, process: Process) -> None:
        if process is self.sim.process or not self._since:
            self._since = self.sim.record.tick

    def changed(self, change: Change) -> None:
        deal = made_by_us(change)
        if deal is None:
            return
        items = self.sim.record.items(change.order)
        total = sum((money(item["TotalPrice"]) for item in items), Decimal(0))
        late = change.row["CreatedDate"] < stored(self.sim.org.clock())
        amounts = self.sim.record.amounts_since(deal, 0 if late else self._since)
        if self.sim.from_mirror:
            [known] = self.sim.mirror.rows("SELECT amount FROM opportunities WHERE sf_id = ?", deal)
            amounts.add(money(known["amount"]))
        if not items:
            self.broken(f"order {change.order} has no lines")
        if change.row["SFSync_Key__c"] in self.sim.supplements:
            return  # over what the deal says more: the end compares all of its orders with it
        if deal in self.sim.company.takes_back:
            total += self._taken_back(deal)
        if total not in amounts:
            self.broken(f"order {change.order} is over {total}, its deal {deal} over {sorted(amounts)}")

    def _taken_back(self, deal: str) -> Decimal:
        """What is planned to be taken back with it: the deal is planned whole."""
        rows = self.sim.mirror.rows(
            "SELECT i.quantity, i.unit_price, i.total_price FROM order_items i JOIN orders o ON o.id = i.order_id"
            " WHERE o.is_reduction AND o.opportunity_id = ? AND NOT o.is_deleted AND NOT i.is_deleted", deal,
        )  # fmt: skip
        return sum((money(row["total_price"] or row["quantity"] * row["unit_price"]) for row in rows), Decimal(0))


class NeverBesideAnother(Invariant):
    """What somebody else made for the deal before the cycle began is adopted, not doubled."""

    name = "an order that somebody else made is adopted"

    def __init__(self, sim: Simulation) -> None:
        super().__init__(sim)
        self._standing: dict[int, dict[str, str]] = {}
        self._began: dict[int, str] = {}

    def begins(self, process: Process) -> None:
        self._began[id(process)] = stored(self.sim.org.clock())
        self._standing[id(process)] = {
            row["OpportunityId"]: row["Id"] for row in self.sim.record.orders.values() if _stands(row)
        }

    def changed(self, change: Change) -> None:
        deal = made_by_us(change)
        if deal is None or not self.sim.at_work or change.row["SFSync_Key__c"] in self.sim.supplements:
            return
        process = id(self.sim.at_work[-1])
        other = self._standing[process].get(deal)
        if other and change.row["CreatedDate"] >= self._began[process] and _stands(self.sim.record.orders[other]):
            self.broken(f"order {change.order} was made for deal {deal}, which had order {other} already")


def _stands(row: Row) -> bool:
    return bool(
        row["OpportunityId"] and not row["SFSync_Key__c"] and not row["IsDeleted"] and not row["IsReductionOrder"]
    )
