"""Who acts in a play: one module per kind of people or trouble, all of their acts in one table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scripts.simulation.actors import (
    administrator,
    auditors,
    clock,
    colleagues,
    network,
    sales,
    service,
    storage,
    takers,
    users,
    warehouse,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from scripts.simulation.simulation import Simulation


@dataclass(frozen=True)
class Act:
    """One thing that somebody does: how often beside others, and which kind of fault it is, if any."""

    name: str
    weight: int
    do: Callable[[Simulation, Random], str]
    """Does it, and says in a few words what it did and what came of it."""
    fault: str | None = None
    person: bool = False
    """Somebody here wants something, which may need a person's answer later."""
    ships: bool = False
    """Only where shipments are enabled."""


ALL: tuple[Act, ...] = (
    Act("win", 14, sales.win),
    Act("take_back", 7, sales.take_back),
    Act("edit_deal", 6, sales.edit_deal),
    Act("edit_lines", 8, sales.edit_lines),
    Act("reopen", 3, sales.reopen),
    Act("delete_deal", 2, sales.delete),
    Act("undelete_deal", 2, sales.undelete),
    Act("late_deal", 4, sales.late),
    Act("order_by_hand", 6, colleagues.order_by_hand),
    Act("edit_order", 10, colleagues.edit_order),
    Act("edit_items", 4, colleagues.edit_items),
    Act("delete_order", 2, colleagues.delete),
    Act("undelete_order", 2, colleagues.undelete),
    Act("merge_accounts", 1, colleagues.merge),
    Act("command", 8, users.command, person=True),
    Act("sql", 10, users.sql, person=True),
    Act("decide", 4, users.decide, person=True),
    Act("reduce", 14, takers.reduce, person=True),
    Act("reduce_in_org", 4, takers.reduce_in_org, person=True),
    Act("withdraw", 1, takers.withdraw, person=True),
    Act("amend", 6, takers.amend, person=True),
    Act("deactivate", 2, takers.deactivate, person=True),
    Act("ship", 16, warehouse.ship, person=True, ships=True),
    Act("ship_in_org", 4, warehouse.ship_in_org, ships=True),
    Act("move_shipment", 4, warehouse.move, person=True, ships=True),
    Act("cycle", 20, service.cycle),
    Act("arrow", 4, service.arrow),
    Act("reconcile", 3, auditors.reconcile),
    Act("tamper", 3, auditors.tamper, person=True),
    Act("deliver", 6, service.deliver),
    Act("moods", 3, service.moods, fault="receiver"),
    Act("network", 9, network.trouble, fault="http"),
    Act("storage", 3, storage.trouble, fault="storage"),
    Act("administrator", 2, administrator.meddle, fault="setup"),
    Act("repair", 6, administrator.repair, fault="setup"),
    Act("minutes", 8, clock.minutes),
    Act("hour", 0, clock.hour),
    Act("days", 1, clock.days, fault="clock"),
    Act("skew", 1, clock.skew, fault="clock"),
)
"""A new one is a function here or in a module of its own, and a line in this table."""
BY_NAME = {act.name: act for act in ALL}
