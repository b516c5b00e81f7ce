"""`sfsync runs`: what was run, and how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from sfsync.cli.entries import show_entries
from sfsync.cli.options import AsJson, Org, opened
from sfsync.cli.render import pairs, show, show_json, span, table, title, when
from sfsync.errors import RecordNotFound
from sfsync.store import journal, runs

if TYPE_CHECKING:
    from sfsync.store.runs import Run

_WORDS = {
    "rows_read": "read",
    "orders_created": "created",
    "orders_adopted": "adopted",
    "deals_rejected": "rejected",
    "orders_refused": "refused",
    "orders_pushed": "pushed",
    "pushes_held": "held",
    "answers_lost": "answers lost",
}
"""The counts that a list of runs has room for."""

_MOST_ENTRIES = 200

app = typer.Typer(help="List runs, show one.")

Limit = Annotated[int, typer.Option("--limit", "-n", min=1, max=10_000, help="The newest so many.")]


@app.callback(invoke_without_command=True)
def runs_or_one(ctx: typer.Context, *, org: Org = None, as_json: AsJson = False) -> None:
    """List the newest runs, or show one."""
    if ctx.invoked_subcommand is None:
        list_runs(org=org, as_json=as_json)


@app.command("list")
def list_runs(*, limit: Limit = 20, org: Org = None, as_json: AsJson = False) -> None:
    """List the newest runs, newest first."""
    with opened(org) as app_, app_.db.read() as tx:
        found = runs.recent(tx, app_.org_name, limit)
    if as_json:
        show_json({"runs": found})
    elif not found:
        show("Nothing has run yet: `sfsync sync` is a good beginning.")
    else:
        rows = [
            (str(run.id), when(run.started_at), run.command, _outcome(run), _took(run), _calls(run), _did(run))
            for run in found
        ]
        show(
            table(
                "Run", "Started (UTC)", "Command", "Outcome", "Took", "Calls", "Did", rows=rows, right=("Run", "Calls")
            )
        )


@app.command("show")
def show_run(
    run_id: Annotated[int, typer.Argument(metavar="ID", help="The run's number.", show_default=False)],
    *,
    org: Org = None,
    as_json: AsJson = False,
) -> None:
    """Show one run, and what happened in it."""
    with opened(org) as app_, app_.db.read() as tx:
        run = runs.get(tx, run_id)
        if run is None or run.org != app_.org_name:
            raise RecordNotFound(
                f"There is no run {run_id} of {app_.org_name}.", remedy="`sfsync runs` lists the newest ones."
            )
        entries = journal.read(tx, app_.org_name, run=run_id, limit=_MOST_ENTRIES)
    if as_json:
        show_json({"run": run, "entries": entries})
        return
    usage = f"{run.api_used:,} of {run.api_limit:,} in 24 hours" if run.api_used and run.api_limit else None
    show(
        pairs(
            {
                "Run": f"{run.id}, {run.command} of {run.org}",
                "Outcome": _outcome(run),
                "Started": f"{when(run.started_at)} UTC, process {run.pid} on {run.host}",
                "Took": _took(run),
                "Calls": None if run.api_calls is None else f"{run.api_calls:,}",
                "API usage": usage,
                "Counts": ", ".join(f"{name.replace('_', ' ')} {many:,}" for name, many in run.counts.items()) or None,
                "Error": run.error,
            }
        )
    )
    if entries:
        show(title("What happened (UTC)"))
        show_entries(entries)


def _outcome(run: Run) -> str:
    return run.outcome or "running"


def _took(run: Run) -> str | None:
    return None if run.finished_at is None else span(run.finished_at - run.started_at)


def _calls(run: Run) -> str | None:
    return None if run.api_calls is None else f"{run.api_calls:,}"


def _did(run: Run) -> str:
    if run.error:
        return run.error
    return (
        ", ".join(f"{run.counts[name]:,} {word}" for name, word in _WORDS.items() if run.counts.get(name)) or "nothing"
    )
