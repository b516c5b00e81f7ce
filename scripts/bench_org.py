"""The org of a benchmark, in a process of its own: the emulator with many won deals.

Prints one JSON line when it is ready, and one for each line of its standard input: `calls` counts the calls since the
last time, `check` compares all orders with their deals, `memory` tells the most memory it ever used. Ends with its
standard input.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sfsync.demo.bulk import fill
from sfsync.emulator.org import Org
from sfsync.emulator.server import serve


@dataclass
class Meter:
    """What the org was asked and what that cost it, each time since the last time."""

    org: Org
    cpu_before: float

    def read(self) -> dict[str, Any]:
        """Return the calls by kind, and processor time. Logging in is no API call, and is told apart."""
        kinds = Counter(call.kind for call in self.org.calls if call.counted)
        uncounted = sum(not call.counted for call in self.org.calls)
        self.org.calls.clear()
        now = time.process_time()
        used, self.cpu_before = now - self.cpu_before, now
        return {"counted": sum(kinds.values()), "by_kind": dict(kinds), "uncounted": uncounted, "cpu_seconds": used}


def check(org: Org) -> dict[str, int]:
    """Return how many deals have no order, more than one, or one over another amount."""
    deals = {
        row["Id"]: Decimal(str(row["Amount"]))
        for row in org.query("SELECT Id, Amount FROM Opportunity WHERE IsWon = true")
    }
    orders = org.query("SELECT OpportunityId, TotalAmount FROM Order")
    per_deal = Counter(order["OpportunityId"] for order in orders)
    wrong = sum(Decimal(str(order["TotalAmount"])) != deals.get(order["OpportunityId"]) for order in orders)
    return {
        "orders": len(orders),
        "without_order": sum(deal not in per_deal for deal in deals),
        "duplicates": sum(count - 1 for count in per_deal.values()),
        "total_mismatch": wrong,
    }


def say(what: dict[str, Any]) -> None:
    """Print one line of JSON."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Serve until the standard input ends."""
    parser = argparse.ArgumentParser(description="The org of a benchmark.")
    parser.add_argument("--deals", type=int, required=True)
    parser.add_argument("--lines", type=int, required=True)
    parser.add_argument("--latency-ms", type=int, required=True)
    given = parser.parse_args()
    org = Org()
    # A script that makes one call per line needs more calls than an org allows a day; here it may have them.
    org.settings.daily_limit = 10_000_000
    started = time.perf_counter()
    bulk = fill(org, given.deals, given.lines)
    seconds = time.perf_counter() - started
    if given.latency_ms:
        org.faults.add("latency", ms=given.latency_ms, times=0)
    with serve(org) as server:
        meter = Meter(org, time.process_time())
        say(
            {
                "login_url": server.url,
                "ca_file": str(server.ca_file),
                "client_id": server.client_id,
                "client_secret": server.client_secret,
                "order_lines": bulk.order_lines,
                "load_seconds": seconds,
            }
        )
        for line in sys.stdin:
            with org.lock:
                match line.strip():
                    case "calls":
                        say(meter.read())
                    case "memory":
                        say({"max_rss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss})
                    case _:
                        say(check(org))


if __name__ == "__main__":
    main()
