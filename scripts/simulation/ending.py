"""How a play ends: all faults stop, some cycles go through, and everything has come together."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING

from scripts.simulation.actors.auditors import reconciled
from scripts.simulation.actors.service import served
from scripts.simulation.company import NOTE, tried
from scripts.simulation.invariants.audit import TABLES
from scripts.simulation.invariants.wishes import in_mirror
from scripts.simulation.record import FIELDS, money
from sfsync.domain.drift import Kind
from sfsync.errors import SfsyncError
from sfsync.sync.cycle import run_cycle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scripts.simulation.mirror import Row
    from scripts.simulation.simulation import Simulation
    from sfsync.sync.reconcile import Reconciled

WAITS = (600, 31 * 3600, 31 * 3600, 3700)
"""Seconds before each of the last cycles: what waits longest is tried again a day, and a quarter of one, later."""
LONG = 8
"""Every so many-th play works on through all of them."""
AUDITED = 2
"""Every so many-th play is compared by the service itself, too, and all in which somebody wrote in the mirror."""
IDLE_CALLS = 2
IDLE_ROWS = 1
"""The run itself."""
REFERENCES = 3
NAME = "in the end everything has come together"
_UNSEEN = ("OrderItem", Kind.UNSTAMPED, "available_quantity")


def come_together(sim: Simulation) -> None:
    """Stop the faults, let the service work, and compare both sides with each other and with the wishes.

    Raises:
        Violation: if anything differs that is not on the list of what needs a person.
    """
    _calm(sim)
    for number, wait in enumerate(WAITS):
        sim.org.advance(wait)
        _work(sim)
        # Some go on though nothing is left to do: what stands must not fall apart again, either.
        short = sim.seed % LONG and (number or not (sim.conditions.automatic or sim.conditions.ships))
        if short and next(_differences(sim), None) is None:
            break
    if sim.tampering() or sim.seed % AUDITED == 0:
        _audit(sim)
    _compare(sim)
    _idle(sim, settled=number > 0)
    _compare(sim)


def _audit(sim: Simulation) -> None:
    """Mirror and org compared as the service does it: nothing differs but what was done to the mirror by hand.

    Three things are told of that no cycle sees to: accounts that lost a merge, to which no order leads any more; orders
    whose lines somebody has deleted in the org, which nothing mends; and what is left of a line that was reduced in the
    second in which it was last read.
    """
    merged = _merged(sim)
    led_to = {row["AccountId"] for row in sim.record.orders.values()}
    found = _reconciled(sim, repair=False)
    tampered = {(table, sf_id) for table, sf_id, _ in sim.tampering()}
    done = tampered | {("accounts", sf_id) for sf_id in merged.keys() - led_to}
    empty = [one for one in found.drifts if one.kind is Kind.ORDER_WITHOUT_LINES and not sim.record.items(one.sf_id)]
    said = {(TABLES.get(one.sobject, one.sobject), one.sf_id): one for one in found.drifts}
    wrong = [
        one
        for place, one in said.items()
        if place not in tampered
        and one not in empty
        and not (one.sobject == "Account" and one.kind in merged.get(one.sf_id, ()))
        and (one.sobject, one.kind, *one.columns) != _UNSEEN
    ]
    if wrong or done - said.keys() or found.exit_code != bool(found.found):
        sim.violated("a reconcile finds what was done, and nothing else", f"{sorted(done)} was, it finds {said}")
    if found.found > len(empty):
        again = _reconciled(sim, repair=True), _reconciled(sim, repair=False)
        if {one.open for one in again} != {len(empty)}:
            sim.violated("a reconcile mends all", f"it leaves {again[1].drifts} of {found.drifts}")
        # Deals that were mended have changed here: the next cycle looks at their orders once more.
        _work(sim)


def _merged(sim: Simulation) -> dict[str, set[Kind]]:
    """The accounts of the mirror that lost a merge, each with what may be said of it.

    Only merges take accounts away here. The recycle bin keeps the losers for 15 days, or until somebody empties it; the
    delete log is asked as far back as it answers, so it need not tell of all that it names.
    """
    living, binned = (set(sim.company.ids("Account", f'"IsDeleted" = {gone}')) for gone in (0, 1))
    merged: dict[str, set[Kind]] = {}
    for row in sim.mirror.rows("SELECT sf_id FROM accounts WHERE NOT is_deleted"):
        sf_id = row["sf_id"]
        if sf_id in binned:
            merged[sf_id] = {Kind.MERGED}
        elif sf_id not in living:
            logged = sim.org.db.was_deleted("Account", sf_id)
            merged[sf_id] = {Kind.VANISHED, Kind.HARD_DELETED} if logged else {Kind.VANISHED}
    return merged


def _reconciled(sim: Simulation, *, repair: bool) -> Reconciled:
    found: list[Reconciled] = []
    sim.run(sim.process, lambda: found.append(reconciled(sim, sim.process, repair=repair)))
    if not found:
        sim.violated(NAME, "a reconcile without any fault does not go through")
    sim.run(sim.process, lambda: served(sim, sim.process))
    return found[0]


def _compare(sim: Simulation) -> None:
    for message in _differences(sim):
        sim.counts["lost"] += "has no order" in message
        sim.violated(NAME, message)


def _calm(sim: Simulation) -> None:
    sim.org.faults.clear()
    tried(lambda: sim.org.faults.now("end_long_calls"))
    for undo in sim.broken.values():
        tried(undo)
    sim.broken.clear()
    for transaction in list(sim.org.transactions):
        transaction.commit()
    sim.receiver.mood = "well"
    for process in (sim.process, sim.second):
        process.calm()
    sim.process.skew = timedelta(0)
    sim.step_done()


def _work(sim: Simulation) -> None:
    ended = sim.run(sim.process, lambda: run_cycle(sim.process.app))
    if ended != "done":
        try:
            run_cycle(sim.process.app)
        except SfsyncError as error:
            sim.violated(NAME, f"a cycle without any fault ended with {type(error).__name__}: {error}")
    sim.run(sim.process, lambda: served(sim, sim.process))
    sim.step_done()


def _waiting(sim: Simulation) -> bool:
    """Whether anything is left that a person or a later cycle has to see to."""
    return bool(
        sim.mirror.rows(
            "SELECT 1 FROM opportunities WHERE problems IS NOT NULL UNION ALL"
            " SELECT 1 FROM orders WHERE problem_code IS NOT NULL OR sf_id IS NULL UNION ALL"
            " SELECT 1 FROM conflicts WHERE resolved_at IS NULL UNION ALL"
            " SELECT 1 FROM orders WHERE ? AND status = 'Draft' AND rule_activated_at IS NULL",
            sim.conditions.automatic,
        )
    )


def _idle(sim: Simulation, *, settled: bool) -> None:
    waiting = _waiting(sim)
    sim.org.advance(60)
    random.seed("idle")
    calls, rows = sim.org.calls.count(), sim.process.app.db.rows_written
    sim.run(sim.process, lambda: run_cycle(sim.process.app))
    calls, rows = sim.org.calls.count() - calls, sim.process.app.db.rows_written - rows
    # With shipments, accounts, contracts and products take turns: their first turn writes down where it got to.
    few = IDLE_ROWS + (REFERENCES if sim.conditions.ships else 0)
    if settled and not waiting and (calls > IDLE_CALLS or rows > few):
        sim.violated("an idle cycle is cheap", f"it took {calls} calls and wrote {rows} rows")
    sim.run(sim.process, lambda: served(sim, sim.process))
    sim.step_done()


def _differences(sim: Simulation) -> Iterator[str]:
    mirrored = sim.mirror.orders()
    disputed = {row["order_id"] for row in sim.mirror.rows("SELECT order_id FROM conflicts WHERE resolved_at IS NULL")}
    for number, org in sim.record.orders.items():
        row = mirrored.get(number)
        if org["IsDeleted"]:
            if row is not None and not row["is_deleted"]:
                yield f"order {number} is deleted in the org, and not in the mirror"
        elif row is None or row["is_deleted"]:
            yield f"order {number} is in the org, and not in the mirror"
        else:
            yield from _of_order(number, org, row, disputed=row["id"] in disputed, people=sim.conditions.people)
    for number, row in mirrored.items():
        if number not in sim.record.orders and not row["is_deleted"]:
            yield f"order {number} is in the mirror, and not in the org"
    yield from _of_items(sim)
    yield from _of_deals(sim)
    for row in sim.mirror.rows("SELECT event, state FROM deliveries WHERE state = 'pending'"):
        yield f"event {row['event']} still waits to be delivered"


def _of_order(number: str, org: Row, row: Row, *, disputed: bool, people: bool) -> Iterator[str]:
    pairs = {
        "Status": (org["Status"], row["org_status_label"]),
        "StatusCode": (org["StatusCode"], row["status_code"]),
        "PoNumber": (org["PoNumber"], row["org_po_number"]),
        "EndDate": (org["EndDate"], row["org_end_date"]),
        "Description": (org["Description"], row["org_description"]),
        NOTE: (org[NOTE], row["org_custom"].get(NOTE)),
        "AccountId": (org["AccountId"], row["account_id"]),
        "SFSync_Key__c": (org["SFSync_Key__c"], row["org_key"]),
        "TotalAmount": (money(org["TotalAmount"]), money(float(row["total_amount"] or 0))),
    }
    for name, (there, here) in pairs.items():
        if (there or "") != (here or ""):
            yield f"{name} of order {number} is {there!r} in the org and {here!r} in the mirror"
    if row["in_doubt"]:
        yield f"order {number} is still in doubt ({row['in_doubt']})"
    wanting = [name for name in FIELDS if len(set(in_mirror(row, name))) > 1]
    if wanting and not row["problem_code"] and not disputed:
        yield f"{', '.join(wanting)} of order {number} waits, and nothing says why"
    if wanting and not people:
        yield f"{', '.join(wanting)} of order {number} differs, and nobody here wanted anything"


def _of_items(sim: Simulation) -> Iterator[str]:
    there = {
        item["Id"]: (item["OrderId"], money(item["Quantity"]), money(item["UnitPrice"])) for item in sim.record.items()
    }
    rows = sim.mirror.rows(
        "SELECT i.sf_id, o.sf_id AS of_order, i.quantity, i.unit_price FROM order_items i JOIN orders o"
        " ON o.id = i.order_id WHERE NOT i.is_deleted AND NOT o.is_deleted AND o.sf_id IS NOT NULL"
    )
    here = {
        row["sf_id"]: (row["of_order"], money(float(row["quantity"])), money(float(row["unit_price"]))) for row in rows
    }
    living = {number for number, row in sim.record.orders.items() if not row["IsDeleted"]}
    there = {number: values for number, values in there.items() if values[0] in living}
    for number in sorted(there.keys() | here.keys(), key=str):
        if there.get(number) != here.get(number):
            yield f"line {number} is {there.get(number)} in the org and {here.get(number)} in the mirror"


def _of_deals(sim: Simulation) -> Iterator[str]:
    known = {row["sf_id"]: row for row in sim.mirror.rows("SELECT * FROM opportunities")}
    orders = {row["opportunity_id"]: row for row in sim.mirror.rows("SELECT * FROM orders WHERE key IS NOT NULL")}
    living = {row["OpportunityId"] for row in sim.record.orders.values() if not row["IsDeleted"]}
    for deal in sim.record.deals():
        number, row = deal["Id"], known.get(deal["Id"])
        if deal["IsDeleted"]:
            if row is not None and not row["is_deleted"]:
                yield f"deal {number} is deleted in the org, and not in the mirror"
            continue
        if not deal["IsWon"]:
            if row is not None and row["is_won"]:
                yield f"deal {number} is open in the org, and won in the mirror"
            continue
        if row is None or row["is_deleted"] or not row["is_won"]:
            yield f"deal {number} is won in the org, and not in the mirror"
            continue
        if money(deal["Amount"]) != money(float(row["amount"] or 0)):
            yield f"deal {number} is over {deal['Amount']} in the org and over {row['amount']} in the mirror"
        order = orders.get(number)
        listed = row["problems"] or (order is not None and order["problem_code"])
        if not listed and (order is None or order["sf_id"] is None or number not in living):
            yield f"deal {number} has no order, and nothing says why"
