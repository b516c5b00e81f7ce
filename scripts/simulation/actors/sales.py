"""Sales: wins deals, changes them, opens them again, deletes them and brings them back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scripts.simulation.company import tried

if TYPE_CHECKING:
    from random import Random

    from scripts.simulation.simulation import Simulation

WON, OPEN, LOST = "Closed Won", "Negotiation/Review", "Closed Lost"
MOST_DEALS = 14
AMOUNTS = ((1, 100), (3, 100), (7, 99.99), (2, 0.01), (12, 1000), (1.5, 33.33), (9, 0.1))
"""Quantities and totals: some cannot be divided to the cent."""


def lines(sim: Simulation, chance: Random) -> list[dict[str, Any]]:
    """Draw the lines of a deal."""
    drawn = []
    for _ in range(chance.choice((1, 1, 2, 3))):
        quantity, total = chance.choice(AMOUNTS)
        entry = chance.choice(sim.company.entries)
        drawn.append({"PricebookEntryId": entry, "Quantity": quantity, "TotalPrice": total})
    return drawn


def win(sim: Simulation, chance: Random) -> str:
    """Win a deal, mostly a new one."""
    open_deals = sim.company.ids("Opportunity", '"IsDeleted" = 0 AND "IsWon" = 0')
    full = len(sim.company.deals) >= MOST_DEALS
    if open_deals and (full or chance.random() < 0.3):  # noqa: PLR2004 - three in ten
        deal = chance.choice(open_deals)
        return f"win {deal}: {tried(lambda: sim.org.update('Opportunity', deal, {'StageName': WON}))}"
    if full:
        return "nothing to win"
    account = chance.choice(live_accounts(sim))
    missing = chance.choice([{}] * 7 + [{"AccountId": None}])
    deal = sim.company.deal(account, lines(sim, chance), **missing)
    return f"new {deal}: {tried(lambda: sim.org.update('Opportunity', deal, {'StageName': WON}))}"


def take_back(sim: Simulation, chance: Random) -> str:
    """Win a deal that takes back some of what an account holds, and mostly sells something instead."""
    held = [
        item for item in sim.record.items()
        if sim.record.orders[item["OrderId"]]["StatusCode"] == "Activated" and item["Quantity"] > 0
    ]  # fmt: skip
    if not held or len(sim.company.deals) >= MOST_DEALS:
        return "nothing to take back"
    account = sim.record.orders[chance.choice(held)["OrderId"]]["AccountId"]
    held = [item for item in held if sim.record.orders[item["OrderId"]]["AccountId"] == account]
    taken = lines(sim, chance)[: chance.choice((0, 1, 1, 2))]
    for item in chance.sample(held, min(len(held), chance.choice((1, 1, 2)))):
        quantity = chance.choice((1, 2, 5, item["Quantity"]))
        price = item["UnitPrice"] if chance.random() < 0.85 else 42  # noqa: PLR2004 - mostly what it was sold at
        total = round(-quantity * price, 2)
        taken.append({"PricebookEntryId": item["PricebookEntryId"], "Quantity": -quantity, "TotalPrice": total})
    deal = sim.company.deal(account, taken)
    return f"new {deal} of {len(taken)} lines: {tried(lambda: sim.org.update('Opportunity', deal, {'StageName': WON}))}"


def edit_deal(sim: Simulation, chance: Random) -> str:
    """Change a deal's own fields; one without an account gets it."""
    deal = _any(sim, chance)
    if deal is None:
        return "no deal"
    values: dict[str, Any] = chance.choice(
        [
            {"Name": f"Renamed {chance.randrange(100)}"},
            {"CloseDate": chance.choice(("2026-02-27", "2026-03-15"))},
            {"AccountId": chance.choice(live_accounts(sim))},
        ]
    )
    return f"{deal} {sorted(values)}: {tried(lambda: sim.org.update('Opportunity', deal, values))}"


def edit_lines(sim: Simulation, chance: Random) -> str:
    """Change, add or remove a line of a deal."""
    deal = _any(sim, chance)
    if deal is None:
        return "no deal"
    present = sim.company.ids("OpportunityLineItem", f'"IsDeleted" = 0 AND "OpportunityId" = \'{deal}\'')
    kind = chance.choice(("change", "change", "add", "remove"))
    [line, *_] = lines(sim, chance)
    if kind == "add" or not present:
        done = tried(lambda: sim.org.insert("OpportunityLineItem", {"OpportunityId": deal, **line}))
    elif kind == "remove":
        done = tried(lambda: sim.org.delete("OpportunityLineItem", chance.choice(present)))
    else:
        values = {"Quantity": line["Quantity"], "TotalPrice": line["TotalPrice"]}
        done = tried(lambda: sim.org.update("OpportunityLineItem", chance.choice(present), values))
    return f"{kind} a line of {deal}: {done}"


def reopen(sim: Simulation, chance: Random) -> str:
    """Open a deal again, or lose it after all."""
    deal = _any(sim, chance)
    if deal is None:
        return "no deal"
    stage = chance.choice((OPEN, OPEN, LOST))
    return f"{deal} to {stage}: {tried(lambda: sim.org.update('Opportunity', deal, {'StageName': stage}))}"


def delete(sim: Simulation, chance: Random) -> str:
    """Delete a deal."""
    deal = _any(sim, chance)
    return "no deal" if deal is None else f"{deal}: {tried(lambda: sim.org.delete('Opportunity', deal))}"


def undelete(sim: Simulation, chance: Random) -> str:
    """Bring a deal back."""
    gone = sim.company.ids("Opportunity", '"IsDeleted" = 1')
    if not gone:
        return "nothing to undelete"
    deal = chance.choice(gone)
    return f"{deal}: {tried(lambda: sim.org.undelete('Opportunity', deal))}"


def late(sim: Simulation, chance: Random) -> str:
    """Win a deal in a transaction that lasts: it is stamped now, and seen some calls later.

    Somebody else changes another deal meanwhile, so that what a cycle reads is stamped later.
    """
    open_deals = sim.company.ids("Opportunity", '"IsDeleted" = 0 AND "IsWon" = 0')
    others = sim.company.ids("Opportunity", '"IsDeleted" = 0 AND "IsWon" = 1')
    if not open_deals or not others or sim.org.transactions:
        return "no deal"
    deal, other = chance.choice(open_deals), chance.choice(others)
    transaction = sim.org.open_transaction(due=sim.org.calls.last + chance.choice((3, 4, 6)))
    done = tried(lambda: transaction.update("Opportunity", deal, {"StageName": WON}))
    sim.org.advance(chance.randrange(2, 60))
    tried(lambda: sim.org.update("Opportunity", other, {"Name": f"Renamed {chance.randrange(100)}"}))
    return f"{deal}: {done}"


def live_accounts(sim: Simulation) -> list[str]:
    """The accounts that are still there."""
    return sim.company.ids("Account")


def _any(sim: Simulation, chance: Random) -> str | None:
    there = sim.company.ids("Opportunity")
    return chance.choice(there) if there else None
