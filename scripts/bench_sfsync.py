"""sfsync as a benchmark runs it: a first and an idle cycle, with what each cost, settings from the environment."""

from __future__ import annotations

import json
import resource
import sys
import time

from sfsync.app import open_app
from sfsync.sync.cycle import run_cycle


def main() -> None:
    """Run twice, and print what that took; wait for a line of standard input in between."""
    with open_app() as app:
        for _ in ("first", "idle"):
            statements, written = app.db.statements, app.db.rows_written
            started, cpu = time.monotonic(), time.process_time()
            report = run_cycle(app)
            measured = {
                "orders": report.counts.get("orders_created", 0),
                "seconds": time.monotonic() - started,
                "max_rss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
                "cpu_seconds": time.process_time() - cpu,
                "statements": app.db.statements - statements,
                "rows_written": app.db.rows_written - written,
            }
            sys.stdout.write(json.dumps(measured) + "\n")
            sys.stdout.flush()
            sys.stdin.readline()


if __name__ == "__main__":
    main()
