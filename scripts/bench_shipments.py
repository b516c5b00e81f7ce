"""What many shipments cost: a file imported and pushed to an org in this process; calls, seconds, statements."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from datetime import UTC, datetime
from typing import Any

from sfsync.app import App
from sfsync.config import Settings
from sfsync.demo.bulk import fill
from sfsync.domain.recording import read_file
from sfsync.emulator.adapter import EmulatorAdapter
from sfsync.emulator.org import Org
from sfsync.service.setup import apply
from sfsync.store import importing
from sfsync.store.engine import open_database
from sfsync.sync.cycle import run_cycle

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MOST_CALLS = 60
"""What importing and pushing 10,000 lines may cost at most."""


def measure(lines: int, each: int, database: str) -> dict[str, Any]:
    """Import a file of so many lines, `each` lines a shipment, push it, and read it back."""
    org = Org(clock=START)
    fill(org, -(-lines // each), each)
    settings = Settings.model_validate(
        {
            "salesforce": {"login_url": "https://org.example", "client_id": "3MVG9sfsyncEMULATOR"}
            | {"client_secret": "emulator-secret"},
            "shipments": {"enabled": True},
        }
    )
    db = open_database(database)
    app = App(settings, "default", db, clock=org.clock, adapter=EmulatorAdapter(org))
    made = {result.outcome for result in apply(app)}
    if made - {"done"}:
        raise SystemExit("bench: the org could not be set up")
    run_cycle(app)
    for row in org.query("SELECT Id FROM Order"):
        org.update("Order", row["Id"], {"Status": "Activated"})
    # What others changed within the look-back before the last change is looked at in each cycle: that is not measured.
    org.advance(1200)
    org.update("Order", org.query("SELECT Id FROM Order LIMIT 1")[0]["Id"], {"Description": "Last"})
    run_cycle(app)
    file = _file(org, lines)
    started = time.perf_counter()
    rows, wrong = read_file(file)
    with db.begin() as tx:
        imported = importing.import_rows(
            tx, "default", rows, wrong=wrong, allow_over=False, update=False, actor="bench", now=org.clock()
        )
    if isinstance(imported, list):
        raise SystemExit(f"bench: {imported[0].problem} (line {imported[0].at})")
    seconds = {"import": time.perf_counter() - started}
    org.calls.clear()
    statements = db.statements
    started = time.perf_counter()
    run_cycle(app)
    seconds["push"] = time.perf_counter() - started
    calls = {"push": org.calls.count()}
    run_cycle(app)
    calls["push and read back"] = org.calls.count()
    run_cycle(app)
    calls["idle"] = org.calls.count() - calls["push and read back"]
    with db.read() as tx:
        found = tx.exec_driver_sql("SELECT state, count(*) FROM order_progress GROUP BY state").all()
    db.close()
    return {
        "lines": imported.lines,
        "shipments": len(imported.recorded),
        "calls": calls,
        "seconds": {name: round(value, 2) for name, value in seconds.items()},
        "statements": db.statements - statements,
        "orders": {state: many for state, many in found},  # noqa: C416 - rows are not pairs to mypy
    }


def _file(org: Org, lines: int) -> str:
    rows = org.query("SELECT OrderNumber, (SELECT OrderItemNumber, Quantity FROM OrderItems) FROM Order")
    text = ["shipment,order,line,quantity,status,carrier"]
    for row in rows:
        nested = row["OrderItems"]
        for item in nested["records"] if isinstance(nested, dict) else nested:
            values = (row["OrderNumber"], row["OrderNumber"], item["OrderItemNumber"], item["Quantity"])
            text.append(",".join(str(value) for value in (f"BOX-{values[0]}", *values[1:], "Shipped", "DHL")))
    return "\n".join(text[: lines + 1]) + "\n"


def main() -> int:
    """Measure, print, and return 1 if it took more calls than it may, or a percentage is wrong."""
    parser = argparse.ArgumentParser(prog="scripts/bench shipments", description=__doc__)
    parser.add_argument("--lines", type=int, default=10_000, help="shipment lines (default 10000)")
    parser.add_argument("--each", type=int, default=10, help="lines of each order and shipment (default 10)")
    parser.add_argument("--database", help="database URL (default: a fresh SQLite file)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)  # no settings file of ours changes what is measured
        found = measure(given.lines, given.each, given.database or f"sqlite:///{folder}/mirror.db")
    sys.stdout.write(json.dumps(found, indent=2) + "\n")
    allowed = MOST_CALLS * max(1, given.lines / 10_000)
    return int(found["calls"]["push and read back"] > allowed or found["calls"]["idle"] > 2)  # noqa: PLR2004 - what an idle cycle costs


if __name__ == "__main__":
    sys.exit(main())
