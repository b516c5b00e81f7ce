"""`sfsync emulator`: a Salesforce org in a box, for trying things out and for tests."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sfsync.cli.options import AsJson  # noqa: TC001 - Typer reads the annotations
from sfsync.cli.render import show_json
from sfsync.demo.world import build, new_org
from sfsync.emulator.cli import main
from sfsync.emulator.data import DataError, load_schema
from sfsync.emulator.database import OrgFileError
from sfsync.emulator.faults.catalogue import as_data, catalogue_text
from sfsync.emulator.org import Org
from sfsync.emulator.settings import Settings
from sfsync.emulator.switches import SwitchError, read_switches
from sfsync.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

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
Describe = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="FILE",
        help="Answer of /sobjects/X/describe of your own org, whose object this org then has; may be repeated.",
        exists=True,
        dir_okay=False,
        show_default=False,
    ),
]
Switches = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="A switch of the org, as in multicurrency=true; docs/emulator-coverage.md lists them. May be repeated.",
        show_default=False,
    ),
]
Faults = Annotated[
    str | None,
    typer.Option(
        metavar="SPEC",
        help="What goes wrong, as in lost_answer:path=graph,nth=2;http_503:rate=0.1. "
        "`sfsync emulator faults` lists all there are.",
        show_default=False,
    ),
]
Latency = Annotated[int, typer.Option("--latency-ms", min=0, help="How long every answer takes, in milliseconds.")]
DailyLimit = Annotated[
    int | None, typer.Option(min=1, help="API calls that the org allows in 24 hours.", show_default="100000")
]
ConnectProxy = Annotated[
    int | None,
    typer.Option(
        min=0,
        max=65535,
        metavar="PORT",
        help="Also be a proxy that leads login.salesforce.com and every other host here.",
        show_default=False,
    ),
]
AdminPort = Annotated[
    int | None,
    typer.Option(
        min=0, max=65535, metavar="PORT", help="Also take faults over HTTP while it runs.", show_default=False
    ),
]
ListCalls = Annotated[bool, typer.Option("--list-calls", help="Write each call to stderr as it is answered.")]
Database = Annotated[
    Path | None,
    typer.Option("--path", metavar="FILE", help="SQLite file that keeps the org.", show_default="in memory"),
]


@app.command()
def serve(
    *,
    port: Port = 8443,
    seed: Seed = 0,
    world: World = Contents.EMPTY,
    data: Data = None,
    describe: Describe = None,
    switches: Switches = None,
    faults: Faults = None,
    latency_ms: Latency = 0,
    daily_limit: DailyLimit = None,
    list_calls: ListCalls = False,
    connect_proxy: ConnectProxy = None,
    admin_port: AdminPort = None,
    path: Database = None,
) -> None:
    """Serve the org over HTTPS until SIGTERM or Ctrl-C; prints how to reach it, and at the end the calls it got."""
    slow = f"latency:ms={latency_ms},times=0" if latency_ms else None
    try:
        org = _org(world, seed, ":memory:" if path is None else str(path), describe or [], switches or [])
    except OrgFileError as exc:
        raise UsageError(f"--path: {exc}.", remedy="Name a file of its own for each org that runs.") from exc
    raise typer.Exit(
        main(
            org,
            port=port,
            data=data,
            faults=";".join(filter(None, (faults, slow))) or None,
            daily_limit=daily_limit,
            list_calls=list_calls,
            connect_proxy=connect_proxy,
            admin_port=admin_port,
        )
    )


@app.command("faults")
def list_faults(*, as_json: AsJson = False) -> None:
    """List what can be made to go wrong, with the options of each: for --faults and the admin port."""
    if as_json:
        show_json({"faults": as_data()})
    else:
        sys.stdout.write(catalogue_text())


def _org(world: Contents, seed: int, path: str, describes: Sequence[Path], switches: Sequence[str]) -> Org:
    try:
        chosen = read_switches(switches)
    except SwitchError as exc:
        raise UsageError(f"--set: {exc}.", remedy="docs/emulator-coverage.md lists the switches.") from exc
    if world is Contents.EMPTY:
        try:
            schema = load_schema(describes) if describes else None
        except DataError as exc:
            raise UsageError(str(exc), remedy="Save the answer of the org as it is, one file per object.") from exc
        return Org(seed=seed, path=path, settings=Settings(**chosen), schema=schema)
    if describes:
        raise UsageError("The demo's org has objects of its own.", remedy="Leave out --describe or --world demo.")
    org = new_org(seed, path=path, **chosen)
    if not org.db.count("Opportunity"):  # else the file has been filled before
        build(org, seed, org.clock().date())
    return org
