"""What a cycle of sfsync costs, side by side with a script written by hand: calls, seconds, memory, statements."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Generator

SCRIPTS = Path(__file__).resolve().parent
BY_HAND_DEALS = 50
RSS_UNIT = 1 if sys.platform == "darwin" else 1024
"""ru_maxrss is in bytes on macOS and in kilobytes elsewhere (getrusage(2))."""


@dataclass
class Program:
    """One of our own processes, which answers in lines of JSON."""

    process: subprocess.Popen[str]

    def read(self) -> dict[str, Any]:
        """Return the next line it prints."""
        line = self.process.stdout.readline() if self.process.stdout else ""
        if not line:
            raise SystemExit(f"bench: {self.process.args!r} ended early (see above)")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def tell(self, line: str) -> None:
        """Write a line to it."""
        if self.process.stdin:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()

    def ask(self, line: str) -> dict[str, Any]:
        """Write a line to it, and return the one it answers."""
        self.tell(line)
        return self.read()


@contextmanager
def program(script: str, *arguments: str, folder: str, **environment: str) -> Generator[Program]:
    """Run one of the scripts beside this one in `folder`, and see to it that it ends.

    There, no settings file of ours changes what is measured.
    """
    process = subprocess.Popen(  # noqa: S603 - our own scripts
        [sys.executable, str(SCRIPTS / script), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=folder,
        env={name: value for name, value in os.environ.items() if not name.startswith("SFSYNC_")} | environment,
    )
    try:
        yield Program(process)
    finally:
        if process.stdin:
            process.stdin.close()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()


def measure(given: argparse.Namespace, deals: int, script: str) -> dict[str, Any]:
    """Run a script's first and idle pass against a fresh org of so many won deals."""
    sizes = ("--deals", str(deals), "--lines", str(given.lines), "--latency-ms", str(given.latency_ms))
    with tempfile.TemporaryDirectory() as folder, program("bench_org.py", *sizes, folder=folder) as org:
        ready = org.read()
        access = {name: ready[name] for name in ("login_url", "ca_file", "client_id", "client_secret")}
        if script == "bench_sfsync.py":
            settings = {f"SFSYNC_SALESFORCE__{name.upper()}": value for name, value in access.items()}
            settings["SFSYNC_DATABASE_URL"] = given.database or f"sqlite:///{folder}/mirror.db"
            runner = program(script, folder=folder, **settings)
        else:
            arguments = [part for name, value in access.items() for part in (f"--{name.replace('_', '-')}", value)]
            runner = program(script, *arguments, folder=folder)
        with runner as worker:
            passes = {}
            for name in ("first", "idle"):
                passes[name] = worker.read() | {"calls": org.ask("calls")}
                worker.tell("go on")
        return {"deals": deals, "lines": given.lines, **passes, "check": org.ask("check")}


def summary(ours: dict[str, Any], by_hand: dict[str, Any], latency_ms: int) -> dict[str, Any]:
    """Put both side by side, the script's first pass projected to our number of deals."""
    deals, factor = ours["deals"], ours["deals"] / by_hand["deals"]
    seconds = by_hand["first"]["seconds"] * factor
    calls = by_hand["first"]["calls"]["counted"] * factor
    return {
        "deals": deals,
        "lines": ours["lines"],
        "latency_ms": latency_ms,
        "sfsync": _readable(ours),
        "by_hand": _readable(by_hand) | {"measured_on_deals": by_hand["deals"]},
        "by_hand_projected": {"deals": deals, "seconds": round(seconds, 1), "calls": round(calls)},
        "times_faster": round(seconds / ours["first"]["seconds"], 1),
        "times_fewer_calls": round(calls / max(1, ours["first"]["calls"]["counted"]), 1),
    }


def _readable(result: dict[str, Any]) -> dict[str, Any]:
    passes = {
        name: {
            "calls": result[name]["calls"]["counted"],
            "calls_by_kind": result[name]["calls"]["by_kind"],
            "logins_and_other_uncounted": result[name]["calls"]["uncounted"],
            "seconds": round(result[name]["seconds"], 3),
            "cpu_seconds": round(result[name]["cpu_seconds"], 3),
            "cpu_seconds_of_the_emulator": round(result[name]["calls"]["cpu_seconds"], 3),
            "orders_per_second": round(result[name]["orders"] / result[name]["seconds"], 1),
            "peak_memory_mb": round(result[name]["max_rss"] * RSS_UNIT / 1e6, 1),
            "database_statements": result[name].get("statements", 0),
            "rows_written": result[name].get("rows_written", 0),
        }
        for name in ("first", "idle")
    }
    return {**passes, **result["check"]}


def table(found: dict[str, Any]) -> str:
    """Return the summary as text for people."""
    ours, hand, projected = found["sfsync"], found["by_hand"], found["by_hand_projected"]
    measured, deals = hand["measured_on_deals"], found["deals"]
    rows: list[tuple[str, ...]] = [("", "sfsync", "", "by hand", ""), ("", "first", "idle", "first", "idle")]
    for label, key in (
        ("calls to the org", "calls"),
        ("seconds", "seconds"),
        ("  processor, own", "cpu_seconds"),
        ("  processor, emulator", "cpu_seconds_of_the_emulator"),
        ("orders per second", "orders_per_second"),
        ("peak memory, MB", "peak_memory_mb"),
        ("database statements", "database_statements"),
        ("rows written", "rows_written"),
    ):
        cells = [who[when][key] for who in (ours, hand) for when in ("first", "idle")]
        rows.append((label, *(f"{cell:,}" for cell in cells)))
    kinds = sorted({kind for who in (ours, hand) for when in ("first", "idle") for kind in who[when]["calls_by_kind"]})
    for kind in kinds:
        cells = [who[when]["calls_by_kind"].get(kind, 0) for who in (ours, hand) for when in ("first", "idle")]
        rows.append((f"  {kind} calls", *(f"{cell:,}" for cell in cells)))
    for label, key in (
        ("deals without order", "without_order"),
        ("orders too many", "duplicates"),
        ("orders over another amount", "total_mismatch"),
    ):
        rows.append((label, f"{ours[key]:,}", "", f"{hand[key]:,}", ""))
    lines = [f"{a:<28}{b:>12}{c:>12}{d:>12}{e:>12}".rstrip() for a, b, c, d, e in rows]
    head = f"{deals:,} won deals of {found['lines']} lines, {found['latency_ms']} ms a call"
    on = "" if measured == deals else f" (by hand: measured on {measured:,} deals, projected to {deals:,} below)"
    tail = (
        f"{'By hand, projected' if measured != deals else 'By hand'}: {projected['calls']:,} calls, "
        f"{projected['seconds']:,} seconds. sfsync: {found['times_fewer_calls']:,} times fewer calls, "
        f"{found['times_faster']:,} times faster."
    )
    return "\n".join([head + on, "", *lines, "", tail])


def main() -> int:
    """Measure, print, and return 1 if sfsync got an order wrong."""
    parser = argparse.ArgumentParser(prog="scripts/bench cycle", description=__doc__)
    parser.add_argument("--deals", type=int, default=1000, help="won deals in the org (default 1000)")
    parser.add_argument("--lines", type=int, default=5, help="lines of each deal (default 5)")
    parser.add_argument(
        "--latency-ms", type=int, default=100, help="how long the org takes for each call (default 100)"
    )
    parser.add_argument(
        "--by-hand-deals", type=int, help=f"deals for the script by hand (default {BY_HAND_DEALS} at most)"
    )
    parser.add_argument("--database", help="database URL for sfsync (default: a fresh SQLite file)")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    given = parser.parse_args()
    if min(given.deals, given.lines, given.by_hand_deals or 1) < 1 or given.latency_ms < 0:
        parser.error("deals and lines are at least 1, and the latency is not negative")
    ours = measure(given, given.deals, "bench_sfsync.py")
    by_hand = measure(given, given.by_hand_deals or min(given.deals, BY_HAND_DEALS), "bench_by_hand.py")
    found = summary(ours, by_hand, given.latency_ms)
    sys.stdout.write((json.dumps(found, indent=2) if given.json else table(found)) + "\n")
    wrong = ("without_order", "duplicates", "total_mismatch")
    return int(any(found["sfsync"][key] for key in wrong))


if __name__ == "__main__":
    sys.exit(main())
