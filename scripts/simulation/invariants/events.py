"""What others are told: with the change itself, once per occurrence, in order, and in the same words each time."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from scripts.simulation.invariants.base import Invariant

if TYPE_CHECKING:
    from scripts.simulation.process import Process
    from scripts.simulation.simulation import Simulation

ENTERED = {
    "order.activated": ("Activated",),
    "order.reduced": ("Activated", "Fulfilled"),
    "order.fulfilled": ("Fulfilled",),
    "order.cancelled": ("Cancelled",),
    "order.deactivated": ("Draft",),
}


class ToldWithTheChange(Invariant):
    """Whoever sees a status in the mirror finds its event there, too: they are committed together."""

    name = "an event is written in the transaction of its change"

    def committed(self, process: Process) -> None:
        del process
        untold = self.sim.mirror.rows(
            "SELECT sf_id, org_status, announced_status FROM orders WHERE sf_id IS NOT NULL AND org_status IS NOT NULL"
            " AND NOT is_deleted AND (announced_status IS NULL OR announced_status <> org_status)"
        )
        if untold:
            self.broken(f"nothing tells of {untold[0]}")


class ToldOnce(Invariant):
    """No occurrence is told twice, and none that never was: billing hears of Fulfilled as often as it came to be."""

    name = "each occurrence is told once"

    def __init__(self, sim: Simulation) -> None:
        super().__init__(sim)
        self._last = 0
        self._told: dict[str, list[str]] = defaultdict(list)

    def step_done(self) -> None:
        for event in self.sim.mirror.rows(
            "SELECT id, type, sf_id, data FROM events WHERE id > ? ORDER BY id", self._last
        ):
            self._last = event["id"]
            if event["sf_id"] is None or not event["type"].startswith("order."):
                continue
            self.sim.counts["events"] += 1
            # What becomes of a reduction is told about its original.
            reduction = json.loads(event["data"]).get("reduction")
            self._judge(reduction["sf_id"] if reduction else event["sf_id"], event["type"])

    def _judge(self, order: str, kind: str) -> None:
        told = self._told[order]
        if (kind == "order.created" and kind in told) or (kind in ENTERED and told[-1:] == [kind]):
            self.broken(f"{kind} of {order} was told twice: {told}")
        told.append(kind)
        statuses = self.sim.record.statuses[order]
        if kind in ENTERED and told.count(kind) > sum(map(statuses.count, ENTERED[kind])):
            self.broken(
                f"{kind} of {order} was told {told.count(kind)} times; it was: {self.sim.record.statuses[order]}"
            )


class ReceivedAsWritten(Invariant):
    """What a receiver got is what was written, the same under one id, and in order per record."""

    name = "events arrive as they were written"

    def __init__(self, sim: Simulation) -> None:
        super().__init__(sim)
        self._looked = 0
        self._bodies: dict[str, str] = {}
        self._newest: dict[str, int] = {}

    def step_done(self) -> None:
        fresh = self.sim.receiver.taken[self._looked :]
        if not fresh:
            return
        self._looked = len(self.sim.receiver.taken)
        written = {row["event_id"]: row for row in self.sim.mirror.rows("SELECT id, event_id, record FROM events")}
        for number, body in fresh:
            self._judge(number, body, written.get(number))

    def _judge(self, number: str, body: str, event: dict[str, Any] | None) -> None:
        if event is None:
            self.broken(f"event {number} arrived, and is not written anywhere")
            return
        if self._bodies.setdefault(number, body) != body:
            self.broken(f"event {number} arrived in two versions")
        newest = self._newest.get(event["record"], 0)
        if event["id"] < newest:
            self.broken(f"event {number} of {event['record']} arrived after a later one")
        self._newest[event["record"]] = event["id"]

    def at_the_end(self) -> None:
        missing = self.sim.mirror.rows(
            "SELECT event_id FROM events JOIN deliveries ON event = events.id WHERE state <> 'dead'"
        )
        if lost := [row["event_id"] for row in missing if row["event_id"] not in self._bodies]:
            self.broken(f"events never arrived: {', '.join(lost)}")
