"""People and programs on our side: they want things by command and by plain SQL, and decide conflicts."""

from __future__ import annotations

import json
import sqlite3
from datetime import date
from typing import TYPE_CHECKING, Any

from scripts.simulation.actors.colleagues import VALUES
from scripts.simulation.company import NOTE
from sfsync.errors import SfsyncError
from sfsync.store import conflicts
from sfsync.store.wants import want_fields

if TYPE_CHECKING:
    from random import Random

    from scripts.simulation.mirror import Row
    from scripts.simulation.simulation import Simulation

COLUMNS = {"Status": "status", "PoNumber": "po_number", "EndDate": "end_date", NOTE: NOTE}


def command(sim: Simulation, chance: Random) -> str:
    """Want something as `sfsync orders set` does."""
    row, name, value = _drawn(sim, chance)
    if row is None:
        return "no order"
    try:
        wish(sim, row, {name: value})
    except SfsyncError as error:
        return f"{row['sf_id']} {name} to {value}: {unless_locked(sim, error)}"
    return f"{row['sf_id']} {name} to {value}: done"


def wish(sim: Simulation, row: Row, values: dict[str, str]) -> None:
    """Want values of an order's fields, by their API names, as a command does; the invariants hear of the promise.

    Raises:
        SfsyncError: if the service refuses the wish.
    """
    wanted: dict[str, Any] = {
        COLUMNS[name]: date.fromisoformat(value) if name == "EndDate" else value for name, value in values.items()
    }
    app = sim.second.app
    with sim.promising(sim.second), app.db.begin() as tx:
        want_fields(tx, app.org_name, row["id"], wanted, actor="anna", now=app.clock())
    for name, value in values.items():
        _wished(sim, row, name, value)


def sql(sim: Simulation, chance: Random) -> str:
    """Want something by plain SQL, as a program in any language does."""
    row, name, value = _drawn(sim, chance)
    if row is None:
        return "no order"
    column, text = ("custom", json.dumps({**row["custom"], NOTE: value})) if name == NOTE else (COLUMNS[name], value)
    try:
        sim.mirror.write(f"UPDATE orders SET {column} = ? WHERE id = ?", text, row["id"])
    except sqlite3.OperationalError as error:
        return unless_locked(sim, error)
    _wished(sim, row, name, value)
    return f"{row['sf_id']} {name} to {value}: done"


def decide(sim: Simulation, chance: Random) -> str:
    """Say which side is right in a conflict."""
    found = sim.mirror.rows(
        "SELECT order_id, field, sf_id FROM conflicts JOIN orders ON orders.id = order_id WHERE resolved_at IS NULL"
    )
    if not found:
        return "no conflict"
    one = chance.choice(found)
    side = chance.choice((conflicts.TAKE_ORG, conflicts.TAKE_LOCAL))
    app = sim.second.app
    try:
        with sim.promising(sim.second), app.db.begin() as tx:
            conflicts.decide(tx, app.org_name, one["order_id"], side, field=one["field"], actor="anna", now=app.clock())
    except SfsyncError as error:
        return f"{one['sf_id']} {one['field']}: {unless_locked(sim, error)}"
    if side == conflicts.TAKE_ORG and not one["field"].startswith("_"):
        name = next(api for api, column in COLUMNS.items() if column == one["field"])
        row = sim.mirror.orders()[one["sf_id"]]
        seen = row["org_custom"].get(NOTE) if name == NOTE else row[f"org_{COLUMNS[name]}"]
        _wished(sim, row, name, str(seen or ""))
    return f"{one['sf_id']} {one['field']}: {side}"


def _drawn(sim: Simulation, chance: Random) -> tuple[Row | None, str, str]:
    rows = [row for row in sim.mirror.orders().values() if not row["is_deleted"]]
    name = chance.choice(("Status", *COLUMNS))
    row = chance.choice(rows) if rows else None
    value = chance.choice(VALUES[name])
    if row and name == "Status" and chance.random() < 0.7:  # noqa: PLR2004 - mostly what can be done
        value = {"Draft": "Activated", "Activated": "Fulfilled"}.get(row["org_status"], value)
    return row, name, value


def _wished(sim: Simulation, row: Row, name: str, value: str) -> None:
    for invariant in sim.invariants:
        invariant.wished(row["sf_id"], name, value)


def unless_locked(sim: Simulation, error: Exception) -> str:
    """A wish can be refused; what must not be is that a cycle keeps others waiting while it talks to the org."""
    if "locked" in str(error):
        sim.violated("no transaction is open during a call", f"a user had to wait for the database: {error}")
    return type(error).__name__
