"""What it costs to compare a whole org with its mirror, in which fifty records drift: calls, seconds, memory."""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from typing import TYPE_CHECKING, Any

from bench_cycle import RSS_UNIT, program
from sqlalchemy import delete, select, update

from sfsync.app import App, open_app
from sfsync.store import tables
from sfsync.sync.cycle import run_cycle
from sfsync.sync.reconcile import Wanted, run_reconcile

if TYPE_CHECKING:
    from bench_cycle import Program
    from sqlalchemy import Table

LINES = 4
ROWS_PER_DEAL = 10
"""A deal, its lines, its order, the order's lines (one in five is cut in two), and a quarter of an account."""
EACH = 10


def seed(app: App) -> int:
    """Make records of the mirror differ from the org in five ways, ten each; return how many."""

    def some(table: Table, skip: int) -> list[str]:
        query = select(table.c.sf_id).order_by(table.c.sf_id).offset(skip).limit(EACH)
        return list(tx.scalars(query))

    with app.db.begin() as tx:
        for table, skip, values in (
            (tables.orders, 0, {"total_amount": 1}),
            (tables.orders, 100, {"is_deleted": True}),
            (tables.opportunities, 200, {"amount": 1, "row_hash": None}),
            (tables.opportunity_lines, 300, {"quantity": 77}),
        ):
            tx.execute(update(table).where(table.c.sf_id.in_(some(table, skip))).values(values))
        items = tables.order_items
        tx.execute(delete(items).where(items.c.sf_id.in_(some(items, 400 * LINES))))
        orphans = select(tables.orders.c.id).where(tables.orders.c.is_deleted)
        return 5 * EACH + len(list(tx.scalars(select(items.c.id).where(items.c.order_id.in_(orphans)))))


def measured(app: App, org: Program, wanted: Wanted) -> dict[str, Any]:
    """Reconcile once, and return what that took."""
    org.ask("calls")
    started, cpu = time.monotonic(), time.process_time()
    report, found = run_reconcile(app, wanted)
    calls = org.ask("calls")["counted"]
    rows = sum(tally.in_org for tally in found.tallies)
    return {
        "rows": rows,
        "found": found.found,
        "repaired": found.found - found.open,
        "calls": calls,
        "calls_per_1000_rows": round(calls * 1000 / rows, 3),
        "seconds": round(time.monotonic() - started, 2),
        "cpu_seconds": round(time.process_time() - cpu, 2),
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * RSS_UNIT / 1e6, 1),
        "exit_code": found.exit_code,
        "run": report.run_id,
    }


def main() -> int:
    """Measure a look, a repair and a look again; return 1 if a drift was missed or left."""
    parser = argparse.ArgumentParser(prog="scripts/bench reconcile", description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000, help="records in the mirror, about (default 100000)")
    parser.add_argument("--database", help="database URL for sfsync (default: a fresh SQLite file)")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    given = parser.parse_args()
    if given.rows < 5_000:  # noqa: PLR2004 - the fifty drifts need room
        parser.error("rows are at least 5000")
    sizes = ("--deals", str(given.rows // ROWS_PER_DEAL), "--lines", str(LINES), "--latency-ms", "0")
    with tempfile.TemporaryDirectory() as folder, program("bench_org.py", *sizes, folder=folder) as org:
        ready = org.read()
        os.chdir(folder)
        for name in ("login_url", "ca_file", "client_id", "client_secret"):
            os.environ[f"SFSYNC_SALESFORCE__{name.upper()}"] = ready[name]
        os.environ["SFSYNC_DATABASE_URL"] = given.database or f"sqlite:///{folder}/mirror.db"
        with open_app() as app:
            run_cycle(app)
            seeded = seed(app)
            passes = {
                "look": measured(app, org, Wanted()),
                "repair": measured(app, org, Wanted(repair=True)),
                "again": measured(app, org, Wanted()),
            }
    found = {"seeded": seeded, **passes}
    if given.json:
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
    else:
        for name, one in passes.items():
            sys.stdout.write(
                f"{name:<8}{one['rows']:>9,} records {one['calls']:>5} calls ({one['calls_per_1000_rows']} per 1,000)"
                f" {one['seconds']:>7} s {one['peak_memory_mb']:>7} MB  found {one['found']} of {seeded},"
                f" repaired {one['repaired']}\n"
            )
    well = passes["look"]["found"] == seeded == passes["repair"]["repaired"] and not passes["again"]["found"]
    return int(not well)


if __name__ == "__main__":
    sys.exit(main())
