"""Between us and the org: every fault of the emulator's catalogue that strikes calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from random import Random

    from scripts.simulation.simulation import Simulation

FAULTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("lost_answer", {}),
    ("lost_answer_timeout", {}),
    ("reset", {}),
    ("lost_request", {}),
    ("truncated", {}),
    ("truncated_json", {}),
    ("http_500", {}),
    ("http_500", {"done": True}),
    ("http_502", {"done": True}),
    ("http_503", {}),
    ("http_503", {"done": True}),
    ("html_503", {}),
    ("http_504", {"done": True}),
    ("html_420", {}),
    ("http_429", {}),
    ("empty_406", {"done": True}),
    ("request_limit", {}),
    ("request_limit", {"limit": "concurrent"}),
    ("query_timeout", {}),
    ("lock_row", {"rate": 0.5, "times": 2}),
    ("part_fails", {"code": "ENTITY_IS_LOCKED", "rate": 0.5, "times": 1}),
    ("part_fails", {"code": "CANNOT_EXECUTE_FLOW_TRIGGER", "rate": 0.3, "times": 1}),
    ("refuse", {"code": "SERVER_UNAVAILABLE"}),
    ("refuse", {"code": "TXN_SECURITY_METERING_ERROR"}),
    ("expired_token", {}),
    ("expired_mid_page", {}),
    ("late_commit", {"after": 1}),
    ("late_commit", {"after": 3}),
    ("cursor_expired", {}),
    ("short_pages", {"rows": 1, "times": 3}),
    ("latency", {"ms": 500}),
    ("slow_body", {}),
)
"""Names and options, as the catalogue has them; most strike once. Left out are those of streams and
Bulk jobs, which have nothing to hit, and those of calls that last: they take real time."""
KINDS = (None, None, *("graph",) * 4, *("collections",) * 4, "composite", "composite", "oauth", "describe")
"""Mostly calls that write: of these there are few, and they are what can go wrong for good."""
MOST_PLANNED = 4


def trouble(sim: Simulation, chance: Random) -> str:
    """Plan a fault of one of the next calls."""
    if len(sim.org.faults) >= MOST_PLANNED:
        sim.org.faults.clear()
        return "the network is well"
    name, options = chance.choice(FAULTS)
    options = dict(options)
    kind = chance.choice(KINDS)
    if kind is not None and name not in ("query_timeout", "expired_mid_page", "cursor_expired", "part_fails"):
        options["kind"] = kind
    if "times" not in options:
        first = 2 if kind in ("graph", "collections") else 7
        options |= {"nth": chance.randrange(1, first), "times": chance.choice((1, 1, 2, 4))}
    sim.counts[f"fault {name}"] += 1
    sim.org.faults.add(name, **options)
    return f"{name} {sorted(options.items())}"
