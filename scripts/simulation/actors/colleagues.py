"""People and Flows in the org: make orders, change them, activate and delete them, and merge accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scripts.simulation.company import NOTE, tried

if TYPE_CHECKING:
    from random import Random

    from scripts.simulation.simulation import Simulation

VALUES: dict[str, tuple[str, ...]] = {
    "Status": ("Activated", "Activated", "Fulfilled", "Cancelled", "Draft"),
    "PoNumber": ("a", "b", "c"),
    "EndDate": ("2027-01-31", "2027-02-28", "2027-03-31"),
    NOTE: ("x", "y"),
}


def order_by_hand(sim: Simulation, chance: Random) -> str:
    """Make an order of a won deal that has none yet, as a Flow does."""
    has = {row["OpportunityId"] for row in sim.record.orders.values() if not row["IsDeleted"]}
    deals = [one for one in sim.company.ids("Opportunity", '"IsDeleted" = 0 AND "IsWon" = 1') if one not in has]
    if not deals:
        return "no deal without order"
    deal = chance.choice(deals)
    account = sim.org.get("Opportunity", deal)["AccountId"]
    return f"{deal}: {tried(lambda: sim.company.order(deal, str(account)))}"


def edit_order(sim: Simulation, chance: Random) -> str:
    """Change one field of an order, the status too."""
    order = _any(sim, chance)
    if order is None:
        return "no order"
    name = chance.choice(list(VALUES))
    value = chance.choice(VALUES[name])
    return f"{order} {name} to {value}: {tried(lambda: sim.org.update('Order', order, {name: value}))}"


def edit_items(sim: Simulation, chance: Random) -> str:
    """Change, add or remove a line of an order."""
    order = _any(sim, chance)
    if order is None:
        return "no order"
    items = [item["Id"] for item in sim.record.items(order)]
    values: dict[str, Any] = {"Quantity": chance.randrange(1, 5)}
    sim.adjusted.add(order)
    match chance.choice(("change", "change", "add", "remove")):
        case "add":
            entry = {"OrderId": order, "PricebookEntryId": chance.choice(sim.company.entries), "UnitPrice": 10}
            done = tried(lambda: sim.org.insert("OrderItem", entry | values))
        case "remove" if items:
            done = tried(lambda: sim.org.delete("OrderItem", chance.choice(items)))
        case _ if items:
            done = tried(lambda: sim.org.update("OrderItem", chance.choice(items), values))
        case _:
            done = "no items"
    return f"{order}: {done}"


def delete(sim: Simulation, chance: Random) -> str:
    """Delete an order, if the org lets one."""
    order = _any(sim, chance)
    return "no order" if order is None else f"{order}: {tried(lambda: sim.org.delete('Order', order))}"


def undelete(sim: Simulation, chance: Random) -> str:
    """Bring an order back."""
    gone = [one for one, row in sim.record.orders.items() if row["IsDeleted"]]
    if not gone:
        return "nothing to undelete"
    order = chance.choice(gone)
    # Later than all that was read: what is undeleted in the second of a row that was read is for a reconcile to find.
    sim.org.advance(2)
    return f"{order}: {tried(lambda: sim.org.undelete('Order', order))}"


def merge(sim: Simulation, chance: Random) -> str:
    """Merge two accounts into one."""
    accounts = sim.company.ids("Account")
    if len(accounts) < 2:  # noqa: PLR2004 - a merge takes two
        return "one account left"
    winner, loser = chance.sample(accounts, 2)
    return f"{loser} into {winner}: {tried(lambda: sim.org.merge('Account', winner, [loser]))}"


def _any(sim: Simulation, chance: Random) -> str | None:
    there = [one for one, row in sim.record.orders.items() if not row["IsDeleted"]]
    return chance.choice(there) if there else None
