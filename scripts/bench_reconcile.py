"""What it costs to compare a whole org with its mirror, in which drifts of all kinds were planted: calls, seconds."""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bench_cycle import RSS_UNIT
from sqlalchemy import delete, insert, select, update
from sqlalchemy.sql import expression

from sfsync.app import App
from sfsync.config import Settings
from sfsync.demo.bulk import fill
from sfsync.domain.drift import Kind
from sfsync.emulator.adapter import EmulatorAdapter
from sfsync.emulator.org import Org
from sfsync.service.setup import apply
from sfsync.store import tables
from sfsync.store.engine import open_database
from sfsync.store.shipment_tables import shipment_lines, shipments
from sfsync.sync.cycle import run_cycle
from sfsync.sync.reconcile import Wanted, run_reconcile

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ROWS = 100_000
LINES = 4
ROWS_PER_DEAL = 11
"""A deal, its lines, its order, the order's lines, a quarter of an account, and for every fourth a shipment of two."""
SHIPPED = 4
TOUCHED = (
    "Account",
    "OrderItem",
    "Product2",
    "Opportunity",
    "OpportunityLineItem",
    "Order",
    "Shipment__c",
    "Shipment_Line__c",
)
HOUR = 3600
DAY = timedelta(days=1)
MOST_CALLS = 0.55
"""For each thousand rows that are read, of as many as the default."""


@dataclass
class Drifts:
    """Ways to make a mirror differ, each noted with the kind it should be found as."""

    app: App
    expected: dict[str, Kind] = field(default_factory=dict)

    def ids(self, table: expression.TableClause, **where: Any) -> list[str]:
        """Return Salesforce Ids of the mirror."""
        query = select(table.c.sf_id).filter_by(**where).order_by(table.c.sf_id)
        with self.app.db.read() as tx:
            return list(tx.scalars(query))

    def wrote(self, table: Any, ids: list[str], kind: Kind, **values: Any) -> None:
        """Write something into rows."""
        with self.app.db.begin() as tx:
            tx.execute(update(table).where(table.c.sf_id.in_(ids)).values(**values))
        self.expected |= dict.fromkeys(ids, kind)

    def lost(self, table: Any, ids: list[str], kind: Kind) -> None:
        """Delete rows, and what belongs to them."""
        with self.app.db.begin() as tx:
            tx.execute(delete(table).where(table.c.sf_id.in_(ids)))
        self.expected |= dict.fromkeys(ids, kind)

    def older(self, table: Any, ids: list[str], kind: Kind, **values: Any) -> None:
        """Put rows back to what they may have been a day before."""
        with self.app.db.read() as tx:
            query = select(table.c.sf_id, table.c.system_modstamp).where(table.c.sf_id.in_(ids))
            stamps = {row.sf_id: row.system_modstamp for row in tx.execute(query)}
        for sf_id, stamp in stamps.items():
            self.wrote(table, [sf_id], kind, system_modstamp=stamp - DAY, **values)


def later(org: Org, app: App) -> None:
    """Let time pass, and something happen in every object, so that the cursors stand behind all there was."""
    org.advance(HOUR)
    for name in TOUCHED:
        last = org.query(f"SELECT Id FROM {name} ORDER BY Id DESC LIMIT 1")[0]["Id"]
        org.update(name, last, {})
    for _ in range(2):
        run_cycle(app)


def plant(org: Org, app: App) -> Drifts:
    """Make more than fifty records of the mirror differ from the org, in all ways there are."""
    drifts = Drifts(app)
    o, i, d, line = tables.orders, tables.order_items, tables.opportunities, tables.opportunity_lines
    orders, deals, accounts, products = (drifts.ids(one) for one in (o, d, tables.accounts, tables.products))
    boxes = drifts.ids(shipments, is_deleted=False)

    def items(order: str) -> list[str]:
        with app.db.read() as tx:
            owner = select(o.c.id).where(o.c.sf_id == order).scalar_subquery()
            return list(tx.scalars(select(i.c.sf_id).where(i.c.order_id == owner).order_by(i.c.id)))

    # What happens in the org, and is read in time; some of it is put back in the mirror below.
    vanished, binned, torn, gone_box = orders[1], orders[2], orders[3], boxes[-1]
    org.delete("Order", vanished)
    org.delete("Shipment__c", gone_box)
    run_cycle(app)
    org.empty_recycle_bin()
    org.advance(60)
    org.purge_delete_log(org.clock())
    org.advance(50 * HOUR)
    hard, dead = items(torn)[0], items(binned)[0]
    org.delete("OrderItem", hard)
    org.delete("Order", binned)
    org.merge("Account", accounts[10], [accounts[11]])
    org.update("Account", accounts[20], {"Name": "Renamed in the org"})
    later(org, app)
    org.advance(2 * HOUR)
    later(org, app)
    drifts.expected[accounts[11]] = Kind.MERGED
    drifts.expected |= dict.fromkeys(drifts.ids(d, account_id=accounts[20]), Kind.UNSTAMPED)

    drifts.wrote(o, [binned], Kind.MISSED_DELETE, is_deleted=False)
    drifts.wrote(i, [dead], Kind.MISSED_DELETE, is_deleted=False)
    drifts.wrote(o, [vanished], Kind.VANISHED, is_deleted=False)
    drifts.wrote(i, [hard], Kind.HARD_DELETED, is_deleted=False)
    for order in orders[100:102]:
        drifts.expected |= dict.fromkeys(items(order), Kind.MISSED_NEW)
    drifts.lost(o, orders[100:102], Kind.MISSED_NEW)
    for deal in deals[200:202]:
        drifts.expected |= dict.fromkeys(drifts.ids(line, opportunity_id=deal), Kind.LINE_WITHOUT_ORDER)
    drifts.lost(d, deals[200:202], Kind.MISSED_NEW)
    drifts.older(o, orders[300:303], Kind.MISSED_CHANGE, name="Of old")
    drifts.older(d, deals[310:313], Kind.MISSED_CHANGE, amount=1)
    drifts.wrote(o, orders[320:323], Kind.TAMPERED, total_amount=5, org_status="Fulfilled")
    drifts.wrote(i, [items(order)[0] for order in orders[330:333]], Kind.TAMPERED, quantity=77)
    drifts.wrote(i, [items(orders[340])[0]], Kind.TAMPERED, order_id=1)
    for order in orders[350:352]:
        drifts.expected |= dict.fromkeys(items(order), Kind.LINE_WITHOUT_ORDER)
    drifts.wrote(o, orders[350:352], Kind.TAMPERED, is_deleted=True)
    drifts.lost(i, items(orders[360]), Kind.ORDER_WITHOUT_LINES)
    drifts.lost(line, drifts.ids(line, opportunity_id=deals[370])[:2], Kind.MISSED_NEW)
    drifts.older(tables.accounts, [accounts[30]], Kind.UNDELETED, is_deleted=True)
    drifts.wrote(tables.products, products[:1], Kind.AHEAD, system_modstamp=org.clock())
    drifts.wrote(tables.products, products[1:2], Kind.TAMPERED, family="Toys")
    if app.db.kind == "sqlite":
        drifts.wrote(d, deals[380:382], Kind.TAMPERED, amount=expression.literal_column("'much'"))

    plant_shipments(drifts, boxes[:-1], gone_box)
    return drifts


def plant_shipments(drifts: Drifts, boxes: list[str], gone: str) -> None:
    """Make shipments and their lines differ."""
    lines = drifts.ids(shipment_lines)
    drifts.wrote(shipments, [gone], Kind.VANISHED, is_deleted=False)
    drifts.wrote(shipments, boxes[10:12], Kind.TAMPERED, org_carrier="UPS")
    drifts.older(shipments, boxes[20:22], Kind.MISSED_CHANGE, org_status="Created")
    with drifts.app.db.read() as tx:
        owned = shipment_lines.c.shipment_id == select(shipments.c.id).filter_by(sf_id=boxes[30]).scalar_subquery()
        lost = list(tx.scalars(select(shipment_lines.c.sf_id).where(owned)))
    drifts.lost(shipments, [boxes[30]], Kind.MISSED_NEW)
    drifts.expected |= dict.fromkeys(lost, Kind.MISSED_NEW)
    drifts.wrote(shipment_lines, lines[80:82], Kind.TAMPERED, quantity=9)
    drifts.wrote(shipment_lines, lines[90:91], Kind.LINE_WITHOUT_ORDER, shipment_id=None)


def ship(app: App) -> None:
    """Record a shipment of two lines for every fourth order, as a warehouse's own program would, and push them."""
    o, i = tables.orders, tables.order_items
    with app.db.begin() as tx:
        chosen = list(tx.scalars(select(o.c.id).where(o.c.id % SHIPPED == 0).order_by(o.c.id)))
        for order in chosen:
            made = tx.scalar(insert(shipments).values(org="default", order_id=order).returning(shipments.c.id))
            of_order = tx.scalars(select(i.c.id).where(i.c.order_id == order).order_by(i.c.id).limit(2)).all()
            rows = [{"org": "default", "shipment_id": made, "order_item_id": item, "quantity": 1} for item in of_order]
            tx.execute(insert(shipment_lines), rows)
    run_cycle(app)


def measured(app: App, org: Org, wanted: Wanted, expected: dict[str, Kind] | None = None) -> dict[str, Any]:
    """Reconcile once, and return what that took, and whether it found what was expected."""
    org.calls.clear()
    started, cpu = time.monotonic(), time.process_time()
    report, found = run_reconcile(app, wanted)
    calls = org.calls.count()
    rows = sum(tally.in_org for tally in found.tallies)
    kinds = {drift.sf_id: drift.kind for drift in found.drifts}
    return {
        "rows": rows,
        "found": found.found,
        "repaired": found.found - found.open,
        "calls": calls,
        "calls_per_1000_rows": round(calls * 1000 / rows, 3),
        "seconds": round(time.monotonic() - started, 2),
        "cpu_seconds": round(time.process_time() - cpu, 2),
        "exit_code": found.exit_code,
        "run": report.run_id,
        "missed": sorted(kinds.items() ^ (expected or {}).items()),
    }


def main() -> int:
    """Measure a look, a repair and a look again; return 1 if a drift was missed, taken for another, or left."""
    parser = argparse.ArgumentParser(prog="scripts/bench reconcile", description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS, help=f"records in the mirror, about (default {ROWS})")
    parser.add_argument("--database", help="database URL for sfsync (default: a fresh SQLite file)")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    given = parser.parse_args()
    if given.rows < 5_000:  # noqa: PLR2004 - the drifts need room
        parser.error("rows are at least 5000")
    secrets = {"login_url": "https://org.example", "client_id": "3MVG9sfsyncEMULATOR"}
    settings = Settings.model_validate(
        {"salesforce": {**secrets, "client_secret": "emulator-secret"}, "shipments": {"enabled": True}}
    )
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)  # no settings file of ours changes what is measured
        org = Org(clock=START)
        org.settings.daily_limit = 10_000_000
        fill(org, given.rows // ROWS_PER_DEAL, LINES)
        db = open_database(given.database or f"sqlite:///{folder}/mirror.db")
        app = App(settings, "default", db, clock=org.clock, adapter=EmulatorAdapter(org))
        list(apply(app))
        run_cycle(app)
        ship(app)
        later(org, app)
        planted = plant(org, app).expected
        passes = {
            "look": measured(app, org, Wanted(), planted),
            "repair": measured(app, org, Wanted(repair=True), planted),
            "again": measured(app, org, Wanted()),
        }
        db.close()
    memory = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * RSS_UNIT / 1e6, 1)
    kinds = {kind.value: list(planted.values()).count(kind) for kind in Kind}
    if given.json:
        found = {"planted": len(planted), "kinds": kinds, "peak_memory_mb_with_org": memory, **passes}
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
    else:
        said = ", ".join(f"{many} {kind}" for kind, many in kinds.items() if many)
        sys.stdout.write(f"planted {len(planted)}: {said}\n")
        for name, one in passes.items():
            sys.stdout.write(
                f"{name:<8}{one['rows']:>9,} records {one['calls']:>5} calls ({one['calls_per_1000_rows']} per 1,000)"
                f" {one['seconds']:>7} s  found {one['found']}, repaired {one['repaired']},"
                f" missed {len(one['missed'])}\n"
            )
            for sf_id, kind in one["missed"][:20]:
                sys.stdout.write(f"        {sf_id} {kind}\n")
    dear = given.rows >= ROWS and any(one["calls_per_1000_rows"] > MOST_CALLS for one in passes.values())
    wrong = any(one["missed"] for one in passes.values()) or passes["repair"]["exit_code"] or passes["again"]["found"]
    return int(dear or bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
