"""People who take back what was ordered: reductions by command and in the org, amendments, deactivations."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from scripts.simulation.actors.users import unless_locked
from scripts.simulation.company import tried
from sfsync.domain.holdings import Demand
from sfsync.errors import SfsyncError
from sfsync.salesforce.schema import schema_from_text
from sfsync.store import reductions, wants
from sfsync.store.find import find_order
from sfsync.sync.reduce import Request
from sfsync.sync.reduce import reduce as carry_out
from sfsync.sync.supplement import amend_orders_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from scripts.simulation.mirror import Row
    from scripts.simulation.simulation import Simulation

OFTEN = 0.85
"""How often somebody tries what can be done."""


def reduce(sim: Simulation, chance: Random) -> str:
    """Take back some or all of a line, as `sfsync orders reduce` does; whatever the order is by now."""
    row = _order(sim, chance, "Activated")
    if row is None:
        return "no order"
    by = Decimal(chance.choice(("1", "1", "2", "0.5", "6")))
    line = str(chance.choice((1, 1, 2)))
    demand = chance.choice((Demand(line, by=by), Demand(line, by=by), Demand(line, to=by), Demand(None)))
    asked = Request((demand,), row["sf_id"], activate=chance.random() < 0.5)  # noqa: PLR2004 - a coin
    app = sim.second.app
    made: list[str] = []

    def act() -> None:
        made.extend(plan.key for plan in carry_out(app, asked, actor="anna").plans)
        sim.adjusted.add(row["sf_id"])

    return f"{row['sf_id']} {demand}: {_commanded(sim, act)}{_promised(sim, made)}"


def reduce_in_org(sim: Simulation, chance: Random) -> str:
    """Take back some of a line in Salesforce; a draft reserves nothing there."""
    items = [
        item for item in sim.record.items()
        if sim.record.orders[item["OrderId"]]["StatusCode"] == "Activated" and item["Quantity"] > 0
    ]  # fmt: skip
    if not items:
        return "nothing to reduce"
    item = chance.choice(items)
    original = sim.record.orders[item["OrderId"]]
    activate = chance.random() < 0.5  # noqa: PLR2004 - a coin
    quantity = chance.choice((1, 1, 2, 0.5))
    sim.adjusted.add(original["Id"])

    def act() -> None:
        values = {"AccountId": original["AccountId"], "Pricebook2Id": sim.company.book, "Status": "Draft"}
        header = {"IsReductionOrder": True, "OriginalOrderId": original["Id"], "EffectiveDate": "2026-12-01"}
        made = sim.org.insert("Order", values | header)
        sim.org.insert("OrderItem", {"OrderId": made, "OriginalOrderItemId": item["Id"], "Quantity": -quantity})
        if activate:
            sim.org.update("Order", made, {"Status": "Activated"})

    return f"{quantity} of {item['Id']}: {tried(act)}"


def withdraw(sim: Simulation, chance: Random) -> str:
    """Take back a reduction that was not sent yet."""
    rows = sim.mirror.rows("SELECT key FROM orders WHERE is_reduction AND sf_id IS NULL ORDER BY id")
    if not rows:
        return "none waits"
    key, app = chance.choice(rows)["key"], sim.second.app

    def act() -> None:
        with app.db.begin() as tx:
            reductions.withdraw(tx, app.org_name, find_order(tx, app.org_name, key), actor="anna", now=app.clock())

    return f"{key}: {_commanded(sim, act)}"


def amend(sim: Simulation, chance: Random) -> str:
    """Bring the orders of a deal to the deal, as `sfsync orders amend` does; one that is listed, mostly."""
    listed = sim.mirror.rows("SELECT opportunity_id FROM discrepancies WHERE resolved_at IS NULL ORDER BY id")
    ordered = sim.mirror.rows("SELECT opportunity_id FROM orders WHERE opportunity_id IS NOT NULL ORDER BY id")
    schemas = sim.mirror.rows("SELECT content FROM schema_cache")
    pool = listed if listed and chance.random() < OFTEN else ordered
    if not pool or not schemas:
        return "no order"
    deal, app = chance.choice(pool)["opportunity_id"], sim.second.app
    activate = chance.random() < 0.7  # noqa: PLR2004 - seven in ten
    schema = schema_from_text(schemas[0]["content"])
    made: list[str] = []

    def act() -> None:
        with app.db.begin() as tx:
            done = amend_orders_of(app, tx, deal, schema, actor="anna", activate=activate)
        made.extend(plan.key for plan in done.reductions.plans) if done.reductions else None
        if done.plan:
            sim.supplements.add(done.plan.key)

    return f"{deal}: {_commanded(sim, act)}{_promised(sim, made)}"


def deactivate(sim: Simulation, chance: Random) -> str:
    """Have an activated order go back to Draft, as `sfsync orders deactivate` does."""
    row = _order(sim, chance, "Activated")
    if row is None:
        return "no order"
    app = sim.second.app

    def act() -> None:
        with app.db.begin() as tx:
            wants.deactivate(tx, app.org_name, row["id"], actor="anna", reason="wrong", now=app.clock())
        sim.deactivations.add(row["sf_id"])
        for invariant in sim.invariants:
            invariant.wished(row["sf_id"], "Status", "Draft")

    return f"{row['sf_id']}: {_commanded(sim, act)}"


def _order(sim: Simulation, chance: Random, status: str) -> Row | None:
    rows = [row for row in sim.mirror.orders().values() if not row["is_deleted"]]
    likely = [row for row in rows if row["org_status"] == status and not row["is_reduction"]]
    pool = likely if likely and chance.random() < OFTEN else rows
    return chance.choice(pool) if pool else None


def _commanded(sim: Simulation, act: Callable[[], Any]) -> str:
    with sim.promising(sim.second):
        try:
            act()
        except SfsyncError as error:
            return unless_locked(sim, error)
    return "done"


def _promised(sim: Simulation, keys: list[str]) -> str:
    """The invariants hear of reductions that were accepted."""
    for key in keys:
        for invariant in sim.invariants:
            invariant.reserved(key)
    return "".join(f" {key}" for key in keys)
