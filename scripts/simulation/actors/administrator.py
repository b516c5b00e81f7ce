"""The org's administrator: withdraws rights, hides fields, adds rules, renames values; and takes it back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scripts.simulation.company import tried

if TYPE_CHECKING:
    from random import Random

    from scripts.simulation.simulation import Simulation

MEDDLING: tuple[tuple[str, dict[str, Any]], ...] = (
    ("permission_withdrawn", {"permission": "activate_orders"}),
    ("permission_withdrawn", {"permission": "edit_activated_orders"}),
    ("object_right_withdrawn", {"object": "Order", "right": "create"}),
    ("object_right_withdrawn", {"object": "Order", "right": "edit"}),
    ("object_right_withdrawn", {"object": "OrderItem", "right": "create"}),
    ("field_hidden", {"object": "Order", "field": "SFSync_Key__c"}),
    ("field_hidden", {"object": "OpportunityLineItem", "field": "TotalPrice"}),
    ("validation_rule", {"object": "Order", "message": "Not today."}),
    ("validation_rule", {"object": "OrderItem", "message": "No lines today."}),
    ("user_frozen", {}),
    ("ip_blocked", {}),
    ("api_disabled", {}),
    ("org_locked", {}),
)
"""Each ends by the same fault with `over`."""
AT_ONCE: tuple[tuple[str, dict[str, Any]], ...] = (
    ("delete_log_purged", {"hours": 2}),
    ("recycle_bin_emptied", {}),
    ("same_stamp", {"object": "Opportunity"}),
    ("same_stamp", {"object": "Order"}),
)
STATUS = {"object": "Order", "field": "Status"}


def meddle(sim: Simulation, chance: Random) -> str:
    """Change something."""
    if chance.random() < 0.3:  # noqa: PLR2004 - three in ten
        name, options = chance.choice(AT_ONCE)
        sim.counts[f"fault {name}"] += 1
        return f"{name}: {tried(lambda: sim.org.faults.now(name, **options))}"
    name, options = chance.choice(MEDDLING)
    place = f"{name} {sorted(options.items())}"
    if place in sim.broken:
        return "changed already"
    sim.counts[f"fault {name}"] += 1
    sim.broken[place] = lambda: sim.org.faults.now(name, **options, over=True)
    return f"{place}: {tried(lambda: sim.org.faults.now(name, **options))}"


def repair(sim: Simulation, chance: Random) -> str:
    """Take back something that was changed."""
    if not sim.broken:
        return "nothing to repair"
    place = chance.choice(list(sim.broken))
    return f"{place}: {tried(sim.broken.pop(place))}"
