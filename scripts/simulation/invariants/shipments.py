"""What was shipped: each shipment once, as it was recorded, and the percentage is what a naive sum says."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING

from scripts.simulation.invariants.base import Invariant
from scripts.simulation.invariants.reductions import active, exact

if TYPE_CHECKING:
    from scripts.simulation.mirror import Row

_IN_ORG = (
    'SELECT s."Id", s."SFSync_Key__c", s."Status__c", s."Order__c", l."Order_Item__c", l."Quantity__c"'
    ' FROM "Shipment__c" s LEFT JOIN "Shipment_Line__c" l ON l."Shipment__c" = s."Id" AND l."IsDeleted" = 0'
    ' WHERE s."IsDeleted" = 0 ORDER BY s."Id"'
)


class EachShipmentOnce(Invariant):
    """A shipment recorded here is in the org once, with its line, or waits with a reason."""

    name = "each shipment is made once, as recorded"

    def step_done(self) -> None:
        if not self.sim.conditions.ships:
            return
        seen: set[str] = set()
        for row in self._there():
            key = row["key"]
            if key and key in seen:
                self.sim.counts["duplicates"] += 1
                self.broken(f"the shipment {key} was made twice, or has two lines")
            if key and row["item"] is None:
                self.broken(f"the shipment {key} has no line")
            seen.add(key)

    def at_the_end(self) -> None:
        if not self.sim.conditions.ships:
            return
        there = {row["key"]: row for row in self._there() if row["key"]}
        rows = {row["id"]: row for row in self.sim.mirror.rows("SELECT * FROM shipments")}
        for number, (item, quantity) in self.sim.shipped.items():
            row = rows.get(number)
            made = there.get(row["key"]) if row else None
            self.sim.counts["shipments recorded"] += 1
            if made and (made["item"], exact(made["quantity"])) != (item, exact(quantity)):
                self.broken(f"shipment {number} was recorded as {quantity} of {item}, and is {made}")
            excused = row and (row["status"] == "Voided" or row["problem_code"] or row["is_deleted"])
            if not made and not excused:
                self.sim.counts["lost"] += 1
                self.broken(f"shipment {number} ({quantity} of {item}) is not in the org, and nothing says why")

    def _there(self) -> list[Row]:
        names = ("id", "key", "status", "order", "item", "quantity")
        return [dict(zip(names, row, strict=True)) for row in self.sim.org.db.connection.execute(_IN_ORG)]


class PercentAsShipped(EachShipmentOnce):
    """Percent shipped is shipped and not voided, of what is ordered and not taken back."""

    name = "the percentage is what was shipped of what is due"

    def step_done(self) -> None:
        """Compared at the end only: until then the mirror may be behind."""

    def at_the_end(self) -> None:
        if not self.sim.conditions.ships:
            return
        due: dict[str, Decimal] = defaultdict(Decimal)
        shipped: dict[str, Decimal] = defaultdict(Decimal)
        taken, owner = active(self.sim), {}
        for item in self.sim.record.all_items():
            owner[item["Id"]] = item["OrderId"]
            due[item["OrderId"]] += exact(item["Quantity"]) - taken.get(item["Id"], Decimal(0))
        for row in self._there():
            if row["status"] != "Voided" and row["item"] in owner:
                shipped[owner[row["item"]]] += exact(row["quantity"])
        for row in self.sim.mirror.rows("SELECT order_sf_id, percent, confirmed FROM order_progress"):
            order = self.sim.record.orders.get(row["order_sf_id"])
            if order is None or order["IsReductionOrder"] or order["IsDeleted"]:
                continue
            number = order["Id"]
            if exact(row["confirmed"]) != exact(shipped[number]):
                self.broken(f"{shipped[number]} of {number} was shipped in the org, the mirror says {row['confirmed']}")
