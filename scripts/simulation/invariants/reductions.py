"""What is taken back: never more than there is, each reduction once, and everybody is told what is really held."""

from __future__ import annotations

from collections import Counter, defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from scripts.simulation.invariants.base import Invariant
from sfsync.store.entitlements import as_of

if TYPE_CHECKING:
    from scripts.simulation.record import Change, Row
    from scripts.simulation.simulation import Simulation

Taken = dict[str, Decimal]
_PLANNED = (
    "SELECT i.original_item_id, i.quantity FROM order_items i JOIN orders o ON o.id = i.order_id WHERE o.key = ?"
    " ORDER BY i.id"
)
# Withdrawn by a person, or of an amendment whose deal says something else by now: told of, and compared anew.
_DROPPED = (
    "SELECT key FROM reductions WHERE withdrawn_at IS NOT NULL"
    " UNION SELECT order_key AS key FROM journal WHERE action = 'order.dropped'"
)
_OPEN = (
    "SELECT i.original_item_id AS line, i.quantity, o.key FROM order_items i JOIN orders o ON o.id = i.order_id"
    " WHERE i.original_item_id IS NOT NULL AND NOT i.is_deleted AND NOT o.is_deleted"
    " AND (o.sf_id IS NULL OR o.status_code IN ('Draft', 'Activated'))"
)


def exact(value: Any) -> Decimal:
    """A quantity of the org or the mirror, compared without trailing zeros."""
    return Decimal(str(value or 0)).normalize()


class NeverTooMuch(Invariant):
    """What was accepted here fits into what open and activated reductions leave; and what is active into the order."""

    name = "no more is taken back than was ordered"

    def reserved(self, key: str) -> None:
        wanted = {row["original_item_id"] for row in self.sim.mirror.rows(_PLANNED, key)}
        taken: Taken = defaultdict(Decimal)
        for row in self.sim.mirror.rows(_OPEN):
            taken[row["line"]] -= Decimal(str(row["quantity"]))
        for line in sorted(wanted):
            [item] = self.sim.mirror.rows("SELECT quantity FROM order_items WHERE sf_id = ?", line)
            if taken[line] > Decimal(str(item["quantity"])):
                self.broken(f"{key} was accepted, and takes {line} to {taken[line]} of {item['quantity']}")

    def step_done(self) -> None:
        items = {item["Id"]: item for item in self.sim.record.all_items()}
        taken = active(self.sim)
        for line, quantity in taken.items():
            if line in items and quantity > exact(items[line]["Quantity"]):
                self.broken(f"reductions of {line} take {quantity} of {items[line]['Quantity']}")


class EachReductionOnce(Invariant):
    """What was accepted here is made once, as it was accepted, and nothing else under our keys."""

    name = "each reduction is made once, as planned"

    def __init__(self, sim: Simulation) -> None:
        super().__init__(sim)
        self._planned: dict[str, list[tuple[str, Decimal]]] = {}
        self._made: set[str] = set()

    def reserved(self, key: str) -> None:
        if key in self._planned:
            self.broken(f"the key {key} was given twice")
        self.sim.counts["reductions accepted"] += 1
        self._planned[key] = self._plan(key)

    def _plan(self, key: str) -> list[tuple[str, Decimal]]:
        rows = self.sim.mirror.rows(_PLANNED, key)
        return sorted((row["original_item_id"], exact(row["quantity"])) for row in rows)

    def changed(self, change: Change) -> None:
        key = change.row["SFSync_Key__c"]
        if change.field or not key or not change.row["IsReductionOrder"]:
            return
        self.sim.counts["reductions made"] += 1
        if key in self._made:
            self.sim.counts["duplicates"] += 1
            self.broken(f"the reduction {key} was made twice")
        self._made.add(key)
        deal = key.partition("-")[0]
        if key not in self._planned and deal in self.sim.company.takes_back:
            self.sim.counts["reductions of deals that take back"] += 1
            self._planned[key] = self._plan(key)
        lines = sorted(
            (str(item["OriginalOrderItemId"]), exact(item["Quantity"])) for item in self.sim.record.items(change.order)
        )
        if lines != self._planned.get(key):
            self.broken(f"the reduction {key} was made with {lines}, and planned as {self._planned.get(key)}")

    def at_the_end(self) -> None:
        rows = {row["key"]: row for row in self.sim.mirror.rows("SELECT * FROM orders WHERE is_reduction")}
        dropped = self.sim.mirror.rows(_DROPPED)
        for key in sorted(self._planned.keys() - self._made - {row["key"] for row in dropped}):
            if key not in rows or not rows[key]["problem_code"]:
                self.sim.counts["lost"] += 1
                self.broken(f"the reduction {key} was accepted, and is neither made nor held with a reason")


class HeldAsTold(Invariant):
    """Entitlements are what a naive sum over the org's orders says."""

    name = "entitlements are what the org's orders add up to"

    def at_the_end(self) -> None:
        app = self.sim.process.app
        day = self.sim.org.clock().date()
        with app.db.read() as tx:
            told = as_of(tx, app.org_name, day)
        net: Counter[str] = Counter()
        for one in told:
            for line in one.lines:
                net[line.order_id] += line.quantity - sum((r.quantity for r in line.reductions), Decimal(0))  # type: ignore[assignment]
        held: Counter[str] = Counter()
        taken = active(self.sim, until=day.isoformat())
        for item in self.sim.record.all_items():
            order = self.sim.record.orders[item["OrderId"]]
            if _counts(order) and not order["IsReductionOrder"] and _runs(order, day.isoformat()):
                held[order["Id"]] += exact(item["Quantity"]) - taken.get(item["Id"], Decimal(0))  # type: ignore[assignment]
        if +net != +held:
            self.broken(f"on {day} the mirror says {dict(+net)}, the org's orders are {dict(+held)}")


def active(sim: Simulation, until: str = "9999") -> Taken:
    """What activated reductions take of each line, effective by then."""
    taken: Taken = defaultdict(Decimal)
    for item in sim.record.all_items():
        order = sim.record.orders[item["OrderId"]]
        if item["OriginalOrderItemId"] and _counts(order) and str(order["EffectiveDate"]) <= until:
            taken[item["OriginalOrderItemId"]] -= exact(item["Quantity"])
    return taken


def _counts(order: Row) -> bool:
    return order["StatusCode"] == "Activated" and order["Status"] != "Cancelled" and not order["IsDeleted"]


def _runs(order: Row, day: str) -> bool:
    return str(order["EffectiveDate"]) <= day and (not order["EndDate"] or str(order["EndDate"]) >= day)
