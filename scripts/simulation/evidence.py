"""Figures of many plays: for people, for programs, and as the page docs/EVIDENCE.md."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from scripts.simulation import invariants
from scripts.simulation.batch import Result
from scripts.simulation.settings import KINDS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from scripts.simulation.play import Plan

FIGURES = (
    ("steps", "acts of people, programs, time and the service"),
    ("calls", "calls from the service to the org"),
    ("commits", "transactions that the service committed"),
    ("crashes", "processes that died at a call or commit"),
    ("cycles beside another", "cycles begun while another instance was in the middle of one"),
    ("answers of writes lost", "writes to the org whose answer was lost"),
    ("in-doubt outcomes settled", "writes that nobody knew the outcome of, settled by reading"),
    ("orders created", "orders made by sfsync"),
    ("statuses pushed", "statuses sent to the org"),
    ("wishes", "wishes of users and programs that were acknowledged"),
    ("reductions accepted", "reductions that were accepted here"),
    ("reductions made", "reductions made by sfsync"),
    ("reconciles", "times that mirror and org were compared record by record"),
    ("values tampered with", "values of the org's that somebody wrote over in the mirror"),
    ("differences mended", "differences that a reconcile found and mended"),
    ("drafts brought to their deals", "drafts that were brought to their changed deals"),
    ("reductions of deals that take back", "reductions made for deals with negative quantities"),
    ("deals that took back", "deals with negative quantities whose orders are the deal to the cent"),
    ("shipments recorded", "shipments recorded here"),
    ("events", "events of orders"),
    ("days passed", "days passed at a time"),
    ("duplicates", "orders, reductions or shipments made twice"),
    ("lost", "deals, wishes, reductions or shipments lost"),
)


def command(seeds: Sequence[int], plan: Plan) -> str:
    """The command that plays the same again."""
    faults = "" if plan.faults == frozenset(KINDS) else f" --faults {','.join(sorted(plan.faults)) or 'none'}"
    return f"scripts/simulate --seeds {seeds[0]}:{seeds[-1] + 1} --mode {plan.mode} --steps {plan.steps}{faults}"


def as_data(result: Result, seeds: Sequence[int], plan: Plan, wall: float) -> dict[str, Any]:
    """The figures as JSON-ready data."""
    return {
        "command": command(seeds, plan),
        "seeds": [seeds[0], seeds[-1] + 1],
        "plays": result.plays,
        "failed": [
            {"seed": one.seed, "step": one.step, "invariant": one.invariant, "breach": one.breach}
            for one in result.failed
        ],
        "figures": {name: result.counts[name] for name, _ in FIGURES},
        "faults": _faults(result),
        "cpu_seconds": round(result.seconds, 1),
        "wall_seconds": round(wall, 1),
        "digest": f"{result.digest:016x}",
    }


def put_together(paths: Sequence[Path]) -> tuple[Result, range, float, list[dict[str, Any]]]:
    """Add up the figures of runs over consecutive seeds, as `--json` wrote them, and take those of `--kill` along.

    Returns them, the seeds, the time, and what came of the deaths on each database.

    Raises:
        ValueError: if a run failed, or seeds are missing or counted twice.
    """
    documents = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    died = [one for document in documents for one in document.get("deaths", ())]
    if failed := [one["database"] for one in died if one["differing"]]:
        raise ValueError(f"a death on {', '.join(failed)} leads elsewhere")
    parts = sorted((document for document in documents if "seeds" in document), key=lambda one: one["seeds"])
    result = Result()
    for before, part in zip([None, *parts], parts, strict=False):
        if part["failed"] or (before and before["seeds"][1] != part["seeds"][0]):
            raise ValueError(f"the run over {part['seeds']} failed, or does not begin where the one before ended")
        result.plays += part["plays"]
        result.counts.update(part["figures"])
        result.counts.update({f"fault {name}": many for name, many in part["faults"].items()})
        result.seconds += part["cpu_seconds"]
        result.digest ^= int(part["digest"], 16)
    seeds = range(parts[0]["seeds"][0], parts[-1]["seeds"][1])
    return result, seeds, sum(part["wall_seconds"] for part in parts), died


def as_text(result: Result, seeds: Sequence[int], plan: Plan, wall: float) -> str:
    """The figures for people."""
    lines = [f"{result.plays} plays, {len(result.failed)} failed: {command(seeds, plan)}"]
    lines += [f"  {result.counts[name]:>9,}  {what}" for name, what in FIGURES]
    lines += [f"  {sum(_faults(result).values()):>9,}  faults of {len(_faults(result))} kinds"]
    lines += [f"{result.seconds:.0f} s of processor time, {wall:.0f} s by the clock; digest {result.digest:016x}"]
    return "\n".join(lines) + "\n"


def write(
    result: Result, seeds: Sequence[int], plan: Plan, wall: float, path: Path, died: Sequence[dict[str, Any]] = ()
) -> None:
    """Write the page, with what came of the deaths on each database if there were any."""
    page = as_page(result, seeds, plan, wall) + (deaths_section(died) if died else "")
    path.write_text(page, encoding="utf-8")


def deaths_section(died: Sequence[dict[str, Any]]) -> str:
    """What came of killing the rich cycle everywhere, as a section of the page."""
    names = [one["database"] for one in died]
    rows = [
        ("moments, each the last one of a process", "moments"),
        ("processes killed by signal 9", "killed"),
        ("of these, left a write-ahead log to recover (SQLite)", "left_behind"),
        ("needed more than one cycle of the next process", "second_cycles"),
        ("ended elsewhere than the process that nobody killed", "differing"),
    ]
    figures = "\n".join(
        _row(what, *(len(one[key]) if key == "differing" else one[key] for one in died)) for what, key in rows
    )
    seconds = ", ".join(f"{one['seconds']:,.0f} s on {one['database']}" for one in died)
    return f"""
## Death at every step

A rich cycle of a real process, on a real file or server, over real sockets to org and receiver: it makes orders, a
supplementary order, a reduction and a shipment, adopts an order, brings a draft to its changed deal, pushes fields,
statuses and a shipment's status, and delivers the events of all that. It is killed by signal 9 right before and right
after each commit and each call, and when a call (on PostgreSQL also a COMMIT) is sent and not answered yet. Another
process takes over. Org, mirror, shipments, events and what the receiver got are then compared with a run in which
nobody died; what must always hold is looked at all the time. All of it again:

```sh
scripts/simulate --crash-steps --kill --database {" ".join(names)}
```

{_row("", *names)}
{_row("---", *("---:" for _ in names))}
{figures}

The moments, by what the call or the commit does (a commit by what it writes into the journal):

{_row("Call", *names)}
{_row("---", *("---:" for _ in names))}
{_kinds(died, "calls")}

{_row("Commit", *names)}
{_row("---", *("---:" for _ in names))}
{_kinds(died, "commits")}

By the clock: {seconds}.
"""


def _kinds(died: Sequence[dict[str, Any]], part: str) -> str:
    kinds = dict.fromkeys(kind for one in died for kind in one[part])
    return "\n".join(_row(kind, *(sum(one[part].get(kind, {}).values()) for one in died)) for kind in kinds)


def _row(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def as_page(result: Result, seeds: Sequence[int], plan: Plan, wall: float) -> str:
    """The figures as a page of the documentation."""
    figures = "\n".join(f"| {what} | {result.counts[name]:,} |" for name, what in FIGURES)
    faults = "\n".join(f"| {name} | {many:,} |" for name, many in sorted(_faults(result).items()))
    held = "\n".join(f"- {one.name}: {(one.__doc__ or '').strip().splitlines()[0]}" for one in invariants.ALL)
    return f"""<!-- Written by scripts/simulate --evidence from a run. Do not edit. -->
# Evidence: nothing lost, nothing doubled

The real service and the real emulator, in one process, on one virtual clock. Each play is drawn from its seed: the same
seed gives the same play, byte for byte. All of it again:

```sh
{command(seeds, plan)}   # digest {result.digest:016x}
```

{result.plays:,} plays, {len(result.failed)} failed; {result.seconds:,.0f} s of processor time, {wall:,.0f} s by the
clock.

| What happened | |
| --- | ---: |
{figures}

## Faults

| Fault | planned |
| --- | ---: |
{faults}

## What held

After every step, and where it says so at every call and commit:

{held}
- in the end everything has come together: once the faults stop, at most four cycles and no human hand make mirror
  and org equal, every won deal has its order or a listed reason, every event has arrived, and an idle cycle costs two
  calls.
"""


def _faults(result: Result) -> dict[str, int]:
    return {name.removeprefix("fault "): many for name, many in result.counts.items() if name.startswith("fault ")}
