"""A rich cycle: work of every kind waits for it, and what it leads to can be compared."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from scripts.simulation.actors import users, warehouse
from scripts.simulation.actors.service import served
from scripts.simulation.settings import Conditions
from sfsync.domain.holdings import Demand
from sfsync.salesforce.schema import OrgSchema
from sfsync.sync.cycle import run_cycle
from sfsync.sync.reduce import Request
from sfsync.sync.reduce import reduce as carry_out
from sfsync.sync.supplement import amend_orders_of

if TYPE_CHECKING:
    from scripts.simulation.mirror import Row
    from scripts.simulation.simulation import Simulation

CONDITIONS = Conditions(policy="org_wins", ships=True)
ORDERS = ("sf_id", "key", "origin", "status", "org_status", "org_po_number", "in_doubt", "problem_code", "total_amount")


def prepare(sim: Simulation) -> None:
    """Have work of every kind wait.

    Deals to order, an order to adopt, a draft whose deal has changed, a supplementary order, fields and statuses to
    push, a reduction to make and to activate, a shipment to make, one to update, and with all that events to deliver.
    """
    company, org = sim.company, sim.org
    line = {"PricebookEntryId": company.entries[0], "Quantity": 3, "TotalPrice": 100}
    waiting = [company.deal(account, [line]) for account in company.accounts]
    grows, sold = (company.deal(company.accounts[number], [{**line, "Quantity": 4}]) for number in (1, 2))
    _win(sim, *waiting[:2], grows, sold)
    sim.look()
    _cycle(sim)
    org.advance(1200)
    first, second, larger, third = sim.mirror.rows("SELECT id, sf_id FROM orders ORDER BY id")
    for order in (larger, third):
        org.update("Order", order["sf_id"], {"Status": "Activated"})
    _change_line(sim, grows, Quantity=6, TotalPrice=150)
    item, *_ = sim.mirror.rows("SELECT id, sf_id, order_id FROM order_items WHERE order_id = ?", third["id"])
    warehouse.by_sql(sim, item, 1)
    _cycle(sim)
    served(sim, sim.process)
    org.advance(1200)
    sim.look()
    _want(sim, third, grows)
    warehouse.by_sql(sim, item, 2)
    sim.mirror.write("UPDATE shipments SET status = 'Shipped' WHERE sf_id IS NOT NULL")
    users.wish(sim, first, {"Status": "Activated", "PoNumber": "PO-1"})
    users.wish(sim, second, {"PoNumber": "PO-2"})
    _change_line(sim, waiting[1], TotalPrice=120)
    for deal in (
        waiting[2],
        company.deal(company.accounts[0], [line, line]),
        company.deal(company.accounts[1], [line]),
    ):
        # Farther apart than the look-back reaches: what is read and not kept is lost for good.
        org.advance(900)
        _win(sim, deal)
    company.order(company.deals[-1], company.accounts[1])
    sim.look()


def _win(sim: Simulation, *deals: str) -> None:
    for deal in deals:
        sim.org.update("Opportunity", deal, {"StageName": "Closed Won"})


def _change_line(sim: Simulation, deal: str, **values: float) -> None:
    [line] = sim.company.ids("OpportunityLineItem", f"\"OpportunityId\" = '{deal}'")
    sim.org.update("OpportunityLineItem", line, values)


def _want(sim: Simulation, reduced: Row, grown: str) -> None:
    """Take one piece of an order back, and bring the orders of a deal that has grown to it."""
    app = sim.second.app
    [schema] = sim.mirror.rows("SELECT content FROM schema_cache")
    with sim.promising(sim.second):
        asked = Request((Demand("1", by=Decimal(1)),), reduced["sf_id"], activate=True)
        taken = carry_out(app, asked, actor="anna").plans[0]
        with app.db.begin() as tx:
            known = OrgSchema.from_json(json.loads(schema["content"]))
            done = amend_orders_of(app, tx, grown, known, actor="anna", activate=True)
    for invariant in sim.invariants:
        invariant.reserved(taken.key)
    assert done.plan is not None  # noqa: S101 - the deal has grown
    sim.supplements.add(done.plan.key)


def act(sim: Simulation) -> None:
    """The cycle that is killed, and what follows it."""
    run_cycle(sim.process.app)
    served(sim, sim.process)


def end_state(sim: Simulation) -> dict[str, Any]:
    """Where it all led: org, mirror, who did what, and which events arrived; numbers and times of runs are not part."""
    sim.look()
    names = ("SFSync_Key__c", "OpportunityId", "Status", "PoNumber", "TotalAmount", "IsDeleted")
    rows = sim.mirror.rows
    events = {row["event_id"]: row["type"] for row in rows("SELECT event_id, type FROM events")}
    arrived = [(events[number], number) for number in dict.fromkeys(number for number, _ in sim.receiver.taken)]
    pushed = rows(
        "SELECT DISTINCT sf_id, actor FROM journal WHERE action IN ('order.status_pushed', 'order.fields_pushed', "
        "'order.adopted') ORDER BY 1, 2"
    )
    return {
        "org orders": sorted(
            (tuple(str(row[name]) for name in names), len(sim.record.items(number)))
            for number, row in sim.record.orders.items()
        ),
        "org lines": sorted(
            tuple(str(item[name]) for name in ("SFSync_Key__c", "OriginalOrderItemId", "Quantity", "UnitPrice"))
            for item in sim.record.items()
        ),
        "open lists": rows("SELECT opportunity_id FROM discrepancies WHERE resolved_at IS NULL ORDER BY 1")
        + rows("SELECT order_id, field FROM conflicts WHERE resolved_at IS NULL ORDER BY 1, 2"),
        "mirror": sorted(tuple(str(row[name]) for name in ORDERS) for row in rows("SELECT * FROM orders")),
        "shipments": rows("SELECT key, status, org_status, in_doubt FROM shipments ORDER BY key"),
        "shipped in the org": [
            tuple(map(str, row))
            for row in sim.org.db.connection.execute('SELECT "SFSync_Key__c", "Status__c" FROM "Shipment__c"')
        ],
        "progress": rows("SELECT order_sf_id, reduced, shipped, confirmed, state FROM order_progress ORDER BY 1"),
        "lines without id": rows("SELECT id FROM order_items WHERE sf_id IS NULL"),
        "authors": sorted(f"{row['sf_id']} {row['actor']}" for row in pushed),
        "events": sorted((row["type"], row["sf_id"]) for row in rows("SELECT type, sf_id FROM events")
                         if row["type"].startswith(("order.", "shipment."))),
        "arrived": sorted(kind for kind, _ in arrived if kind.startswith(("order.", "shipment."))),
    }  # fmt: skip


def _cycle(sim: Simulation) -> None:
    sim.run(sim.process, lambda: run_cycle(sim.process.app))
