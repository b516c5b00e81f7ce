"""`sfsync emulator`: a Salesforce org in a box, for trying things out and for tests."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from sfsync.demo.world import build, new_org
from sfsync.emulator.cli import main
from sfsync.emulator.org import Org

app = typer.Typer(no_args_is_help=True, help="A Salesforce org in a box, for trying things out and for tests.")


class Contents(StrEnum):
    """What the org is to hold."""

    EMPTY = "empty"
    DEMO = "demo"


Port = Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 for any free one.")]
Seed = Annotated[int, typer.Option(help="Seed of everything that is left to chance.")]
World = Annotated[
    Contents, typer.Option(help="What the org holds: nothing, or the 400 opportunities of `sfsync demo`.")
]
Data = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="JSON file of records to begin with.", exists=True, dir_okay=False),
]
Faults = Annotated[
    str | None,
    typer.Option(
        metavar="SPEC", help="What goes wrong, as in lost_answer:path=graph,nth=2;http_503:rate=0.1", show_default=False
    ),
]
Latency = Annotated[int, typer.Option("--latency-ms", min=0, help="How long every answer takes, in milliseconds.")]
DailyLimit = Annotated[
    int | None, typer.Option(min=1, help="API calls that the org allows in 24 hours.", show_default="100000")
]
ListCalls = Annotated[bool, typer.Option("--list-calls", help="Write each call to stderr as it is answered.")]
Database = Annotated[
    Path | None,
    typer.Option("--path", metavar="FILE", help="SQLite file that keeps the org.", show_default="in memory"),
]


@app.callback()
def emulator() -> None:
    """Keep `serve` a command of its own: Typer leaves the name of a single command out."""


@app.command()
def serve(
    *,
    port: Port = 8443,
    seed: Seed = 0,
    world: World = Contents.EMPTY,
    data: Data = None,
    faults: Faults = None,
    latency_ms: Latency = 0,
    daily_limit: DailyLimit = None,
    list_calls: ListCalls = False,
    path: Database = None,
) -> None:
    """Serve the org over HTTPS until SIGTERM or Ctrl-C; prints how to reach it, and at the end the calls it got."""
    slow = f"latency:ms={latency_ms},times=0" if latency_ms else None
    raise typer.Exit(
        main(
            _org(world, seed, ":memory:" if path is None else str(path)),
            port=port,
            data=data,
            faults=";".join(filter(None, (faults, slow))) or None,
            daily_limit=daily_limit,
            list_calls=list_calls,
        )
    )


def _org(world: Contents, seed: int, path: str) -> Org:
    if world is Contents.EMPTY:
        return Org(seed=seed, path=path)
    org = new_org(seed, path=path)
    if not org.db.count("Opportunity"):  # else the file has been filled before
        build(org, seed, org.clock().date())
    return org
