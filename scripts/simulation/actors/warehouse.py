"""The warehouse: records what it ships, by command, by plain SQL or in the org, and what was wrong about it."""

from __future__ import annotations

import sqlite3
from decimal import Decimal
from typing import TYPE_CHECKING

from scripts.simulation.actors.users import unless_locked
from scripts.simulation.company import tried
from sfsync.errors import SfsyncError
from sfsync.store import recording

if TYPE_CHECKING:
    from random import Random

    from scripts.simulation.mirror import Row
    from scripts.simulation.simulation import Simulation

QUANTITIES = (1, 1, 2, 3, 0.5)


def ship(sim: Simulation, chance: Random) -> str:
    """Record a shipment here: by command, or by plain SQL as a program in any language does."""
    items = _items(sim)
    if not items:
        return "nothing to ship"
    item, quantity = chance.choice(items), chance.choice(QUANTITIES)
    plain = chance.random() < 0.5  # noqa: PLR2004 - a coin
    try:
        done = by_sql(sim, item, quantity) if plain else _by_command(sim, item, quantity)
    except (SfsyncError, sqlite3.OperationalError) as error:
        done = unless_locked(sim, error)
    return f"{quantity} of {item['sf_id']}: {done}"


def ship_in_org(sim: Simulation, chance: Random) -> str:
    """Make a shipment in Salesforce."""
    items = [
        item for item in sim.record.items()
        if sim.record.orders[item["OrderId"]]["StatusCode"] == "Activated" and item["Quantity"] > 0
    ]  # fmt: skip
    if not items:
        return "nothing to ship"
    item, quantity = chance.choice(items), chance.choice(QUANTITIES)

    def act() -> None:
        made = sim.org.insert("Shipment__c", {"Order__c": item["OrderId"], "Status__c": "Shipped"})
        line = {"Shipment__c": made, "Order_Item__c": item["Id"], "Quantity__c": quantity}
        sim.org.insert("Shipment_Line__c", line)

    return f"{quantity} of {item['Id']}: {tried(act)}"


def move(sim: Simulation, chance: Random) -> str:
    """A shipment goes on its way, or is void: here, by plain SQL, or in the org."""
    status = chance.choice(("Shipped", "Delivered", "Voided"))
    if chance.random() < 0.5:  # noqa: PLR2004 - a coin
        made = sim.company.ids("Shipment__c")
        if not made:
            return "no shipment"
        one = chance.choice(made)
        sim.org.advance(1)
        return f"{one} {status}: {tried(lambda: sim.org.update('Shipment__c', one, {'Status__c': status}))}"
    rows = sim.mirror.rows("SELECT id FROM shipments WHERE NOT is_deleted ORDER BY id")
    if not rows:
        return "no shipment"
    number = chance.choice(rows)["id"]
    try:
        sim.mirror.write("UPDATE shipments SET status = ? WHERE id = ?", status, number)
    except sqlite3.OperationalError as error:
        return unless_locked(sim, error)
    return f"shipment {number} {status}: done"


def _items(sim: Simulation) -> list[Row]:
    return sim.mirror.rows(
        "SELECT i.id, i.sf_id, i.order_id FROM order_items i JOIN orders o ON o.id = i.order_id"
        " WHERE o.status_code = 'Activated' AND NOT o.is_reduction AND NOT o.is_deleted AND NOT i.is_deleted"
        " AND i.sf_id IS NOT NULL ORDER BY i.id"
    )


def by_sql(sim: Simulation, item: Row, quantity: float) -> str:
    """Record a shipment of one line as a program in any language does."""
    # One statement after the other would let a cycle see a shipment without its line.
    sim.mirror.write("BEGIN IMMEDIATE")
    try:
        sim.mirror.write("INSERT INTO shipments (org, order_id) VALUES ('default', ?)", item["order_id"])
        [row] = sim.mirror.rows("SELECT max(id) AS id FROM shipments")
        sim.mirror.write(
            "INSERT INTO shipment_lines (org, shipment_id, order_item_id, quantity) VALUES ('default', ?, ?, ?)",
            row["id"], item["id"], str(quantity),
        )  # fmt: skip
    except BaseException:
        sim.mirror.write("ROLLBACK")
        raise
    sim.mirror.write("COMMIT")
    sim.shipped[row["id"]] = (item["sf_id"], Decimal(str(quantity)))
    return "done by SQL"


def _by_command(sim: Simulation, item: Row, quantity: float) -> str:
    app = sim.second.app
    with sim.promising(sim.second), app.db.begin() as tx:
        [order] = sim.mirror.rows("SELECT sf_id FROM orders WHERE id = ?", item["order_id"])
        [owner] = recording.owners(tx, app.org_name, [order["sf_id"]])[order["sf_id"]]
        new = recording.NewShipment(owner, ((item["id"], Decimal(str(quantity))),), {"carrier": "DHL"})
        [key] = recording.add(tx, app.org_name, [new], actor="anna", now=app.clock())
    [row] = sim.mirror.rows("SELECT id FROM shipments WHERE key = ?", key)
    sim.shipped[row["id"]] = (item["sf_id"], Decimal(str(quantity)))
    return f"done, {key}"
