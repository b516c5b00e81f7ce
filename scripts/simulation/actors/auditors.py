"""Those who compare: the nightly reconcile, with and without repair; and somebody who writes where nobody should."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from scripts.simulation.actors.service import disturbed
from scripts.simulation.actors.users import unless_locked
from sfsync.sync.reconcile import Wanted, run_reconcile

if TYPE_CHECKING:
    from random import Random

    from scripts.simulation.process import Process
    from scripts.simulation.simulation import Simulation
    from sfsync.sync.reconcile import Reconciled

TAMPERING = (
    ("orders", "order_number", "99999999"),
    ("orders", "total_amount", "1.23"),
    ("orders", "name", "Nobody's"),
    ("order_items", "order_item_number", "9999999999"),
    ("order_items", "list_price", "4.56"),
    ("opportunities", "name", "Nobody's"),
    ("opportunities", "amount", "7.89"),
    ("accounts", "name", "Nobody's"),
    ("products", "name", "Nobody's"),
)
"""Values of the mirror that are not wishes: writing them is against the rules, and no cycle reads them again."""


def reconcile(sim: Simulation, chance: Random) -> str:
    """Compare the whole org with the mirror as the daemon does at night, or only to see."""
    process = sim.second if "second" in sim.conditions.faults and chance.random() < 0.2 else sim.process  # noqa: PLR2004
    repair = chance.random() < 0.6  # noqa: PLR2004 - more often than not
    said: list[str] = []

    def act() -> None:
        found = reconciled(sim, process, repair=repair)
        said.append(f"{found.found} found, {found.open} open")

    return f"{'repair' if repair else 'look'}: {' '.join([disturbed(sim, chance, process, act), *said])}"


def reconciled(sim: Simulation, process: Process, *, repair: bool) -> Reconciled:
    """Compare; the invariants hear of what was found.

    Raises:
        SfsyncError: as the command does.
    """
    sim.comparing.append(process)
    try:
        _, found = run_reconcile(process.app, Wanted(repair=repair, tell=repair))
    finally:
        sim.comparing.remove(process)
    sim.counts["reconciles"] += 1
    sim.counts["differences mended"] += found.found - found.open
    for invariant in sim.invariants:
        invariant.compared(found)
    return found


def tamper(sim: Simulation, chance: Random) -> str:
    """Write a value over what the org has said, by plain SQL."""
    table, column, value = chance.choice(TAMPERING)
    rows = sim.mirror.rows(
        f"SELECT sf_id FROM {table} WHERE sf_id IS NOT NULL AND system_modstamp IS NOT NULL AND NOT is_deleted"
        f" AND coalesce({column}, '') <> ? ORDER BY sf_id", value,
    )  # fmt: skip
    if not rows:
        return "nothing to tamper with"
    sf_id = chance.choice(rows)["sf_id"]
    try:
        sim.mirror.write(f"UPDATE {table} SET {column} = ? WHERE sf_id = ?", value, sf_id)
    except sqlite3.OperationalError as error:
        return unless_locked(sim, error)
    sim.counts["values tampered with"] += 1
    sim.tampered[table, sf_id, column] = value
    return f"{table}.{column} of {sf_id}"
