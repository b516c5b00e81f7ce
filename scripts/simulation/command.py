"""The command: which plays, under which faults, and how what came of them is shown."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.simulation import batch, crash, deaths, evidence, planted
from scripts.simulation.play import STEPS, Plan, Stage, play
from scripts.simulation.settings import KINDS
from scripts.simulation.shrink import shrunk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scripts.simulation.play import Played

_SHOWN = 5
"""So many failing seeds are made short and shown."""
_REPORT_EVERY = 100


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code: 0 all holds, 1 something does not, 2 wrong use."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.database and not options.kill:
        parser.error("--database goes with --kill: without it, the processes are simulated, on SQLite")
    if os.environ.get("PYTHONHASHSEED") != "0":
        # The order of sets would differ from run to run.
        os.execve(  # noqa: S606 - itself again
            sys.executable,
            [sys.executable, "-m", "scripts.simulation", *(sys.argv[1:] if arguments is None else arguments)],
            {**os.environ, "PYTHONHASHSEED": "0"},
        )
    if options.planted_faults:
        return planted.main(options.seeds, as_json=options.json, only=options.only)
    if options.crash_steps or options.kill:
        return _kill(options) if options.kill else crash.main(as_json=options.json)
    plan = Plan(options.faults, options.mode, options.steps)
    if options.put_together:
        result, seeds, wall, died = evidence.put_together([Path(name) for name in options.put_together])
        evidence.write(result, seeds, plan, wall, Path("docs/EVIDENCE.md"), died)
        sys.stdout.write(evidence.as_text(result, seeds, plan, wall))
        return 0
    if options.only_steps is not None:
        return _replay(options.seeds[0], plan, options.only_steps)
    return _play(options.seeds, plan, options)


def _play(seeds: Sequence[int], plan: Plan, options: argparse.Namespace) -> int:
    started = time.monotonic()
    done = 0

    def tell(played: Played) -> None:
        nonlocal done
        done += 1
        if played.breach:
            sys.stderr.write(f"seed {played.seed}: {played.breach}\n")
        if done % _REPORT_EVERY == 0:
            sys.stderr.write(f"{done} of {len(seeds)} plays, {time.monotonic() - started:.0f} s\n")

    result = batch.run(seeds, plan, options.jobs or 1, tell, first=options.first)
    wall = time.monotonic() - started
    if options.json:
        sys.stdout.write(json.dumps(evidence.as_data(result, seeds, plan, wall), indent=2) + "\n")
    else:
        sys.stdout.write(evidence.as_text(result, seeds, plan, wall))
        for failed in result.failed[:_SHOWN]:
            _show(failed, plan, options.shrink_seconds)
    if result.failed:
        return 1
    if options.evidence:
        died = list(deaths.all_kinds(deaths.usable(), options.jobs))
        sys.stderr.writelines(map(deaths.as_text, died))
        if any(one.differing for one in died):
            return 1
        evidence.write(result, seeds, plan, wall, Path("docs/EVIDENCE.md"), [one.as_data() for one in died])
    return 0


def _kill(options: argparse.Namespace) -> int:
    asked = options.database or deaths.DATABASES
    there = deaths.usable(asked)
    if options.database and len(there) < len(asked):
        return 2
    died: list[deaths.Deaths] = []
    for one in deaths.all_kinds(there, options.jobs):
        died.append(one)
        if not options.json:
            sys.stdout.write(deaths.as_text(one))
            sys.stdout.flush()
    if options.json:
        sys.stdout.write(json.dumps({"deaths": [one.as_data() for one in died]}, indent=2) + "\n")
    return 1 if any(one.differing for one in died) else 0


def _show(failed: Played, plan: Plan, seconds: float) -> None:
    stage = Stage()
    try:
        short = shrunk(stage, failed, plan, seconds)
    finally:
        stage.close()
    steps = ",".join(str(number) for number, _ in short.steps)
    out = sys.stdout.write
    out(f"\nseed {failed.seed}, {len(failed.steps)} steps, made {len(short.steps)}: {short.breach}\n")
    for line in short.trace:
        out(f"  {line}\n")
    faults = f" --faults {','.join(sorted(plan.faults))}" if plan.faults != frozenset(KINDS) else ""
    out(f"replay: scripts/simulate --seeds {failed.seed}:{failed.seed + 1} --mode {plan.mode} --steps {plan.steps}")
    out(f"{faults} --only-steps {steps}\n")


def _replay(seed: int, plan: Plan, numbers: frozenset[int]) -> int:
    from scripts.simulation.play import drawn_steps  # noqa: PLC0415 - of this path only

    stage = Stage()
    try:
        played = play(stage, seed, plan, [step for step in drawn_steps(seed, plan) if step[0] in numbers])
    finally:
        stage.close()
    sys.stdout.writelines(f"{line}\n" for line in played.trace)
    sys.stdout.write(f"digest {played.digest}: {played.breach or 'all holds'}\n")
    return 1 if played.breach else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/simulate",
        description="Play the service against the emulated org by seeds, and look whether all that must hold holds.",
    )
    add = parser.add_argument
    add("--seeds", type=_seeds, default=range(200), metavar="A:B", help="the seeds, B not among them (default 0:200)")
    add("--mode", choices=("safety", "liveness", "both"), default="both", help="see scripts/simulation/play.py")
    add(
        "--faults",
        type=_kinds,
        default=frozenset(KINDS),
        help=f"only these kinds of faults: {','.join(KINDS)}, or none",
    )
    add("--steps", type=int, default=STEPS, help="acts per play (default %(default)s)")
    add("--jobs", "--workers", type=int, help="processes (default: one for plays, one for each processor with --kill)")
    add("--json", action="store_true", help="figures as one JSON document")
    add("--only-steps", type=_numbers, metavar="N,N", help="of the first seed, only these steps: what a failure prints")
    add("--shrink-seconds", type=float, default=60.0, help="how long a failing play may be made shorter")
    add("--first", action="store_true", help="stop at the first play that fails")
    add(
        "--evidence",
        action="store_true",
        help="when all holds, die at every step, too (as --kill), and write the figures of both into docs/EVIDENCE.md",
    )
    add(
        "--put-together",
        nargs="+",
        metavar="FILE",
        help="write the page from the --json of runs over parts of the seeds, and of --kill",
    )
    add("--planted-faults", action="store_true", help="plant faults into copies of the service, and find each")
    add("--only", help="with --planted-faults: only this one")
    add("--crash-steps", action="store_true", help="die before each call and each commit of a rich cycle")
    add(
        "--kill",
        action="store_true",
        help="with --crash-steps: real processes, each killed by signal 9 before, in or after a call or a commit",
    )
    add("--database", nargs="+", choices=deaths.DATABASES, help="with --kill: on which databases (default: on both)")
    return parser


def _seeds(text: str) -> range:
    first, _, last = text.partition(":")
    try:
        return range(int(first), int(last) if last else int(first) + 1)
    except ValueError:
        raise argparse.ArgumentTypeError("write A:B, two whole numbers") from None


def _kinds(text: str) -> frozenset[str]:
    kinds = frozenset(filter(None, text.split(","))) - {"none"}
    if unknown := kinds - set(KINDS):
        raise argparse.ArgumentTypeError(f"there is no kind {', '.join(sorted(unknown))}; there are {', '.join(KINDS)}")
    return kinds


def _numbers(text: str) -> frozenset[int]:
    try:
        return frozenset(int(part) for part in text.split(",") if part)
    except ValueError:
        raise argparse.ArgumentTypeError("write numbers, divided by commas") from None
