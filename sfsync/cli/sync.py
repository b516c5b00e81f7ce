"""`sfsync sync`, `plan`, and the arrows one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from sfsync.cli.options import AsJson, Org, opened
from sfsync.cli.progress import shown_progress
from sfsync.cli.render import show, show_json
from sfsync.cli.report import attention_lines, outlook_lines, report_json, report_lines
from sfsync.domain.sfid import full_id
from sfsync.errors import UsageError
from sfsync.sync.arrows import ARROWS
from sfsync.sync.cycle import rehearse, run_cycle
from sfsync.sync.running import run

if TYPE_CHECKING:
    from sfsync.app import App
    from sfsync.sync.running import Report
    from sfsync.sync.work import Progress

DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be done, and do nothing; same as plan.")]
Opportunity = Annotated[
    str | None, typer.Option("--opportunity", metavar="ID", help="Only this opportunity and its orders.")
]


def sync(*, dry_run: DryRun = False, opportunity: Opportunity = None, org: Org = None, as_json: AsJson = False) -> None:
    """Read the org, create the orders of won deals, send wanted statuses; then exit.

    Exit code 1: done, and some records need attention.

    Exit code 75: the org is unavailable, or another sfsync is at work. Nothing is lost.
    """
    if dry_run:
        plan(opportunity=opportunity, org=org, as_json=as_json)
    else:
        only = _opportunity(opportunity)
        with opened(org) as app:
            with shown_progress(quiet=as_json) as progress:
                report = run_cycle(app, only=only, progress=progress)
                if app.sinks:
                    _deliver(app, progress)
            _end(report, app.org_name, as_json=as_json)


def plan(*, opportunity: Opportunity = None, org: Org = None, as_json: AsJson = False) -> None:
    """Read the org and show what a cycle would create and send; nothing is written, neither there nor here."""
    only = _opportunity(opportunity)
    with opened(org) as app, shown_progress(quiet=as_json) as progress:
        report, outlook = rehearse(app, only=only, progress=progress)
    if as_json:
        would = {"would_create": list(outlook.create), "would_push": list(outlook.push)}
        show_json(report_json(report) | would | {"would_ship": outlook.shipments})
    else:
        show(*report_lines(report, app.org_name), *outlook_lines(outlook), *attention_lines(report.attention))
    raise typer.Exit(report.exit_code)


def pull(*, opportunity: Opportunity = None, org: Org = None, as_json: AsJson = False) -> None:
    """Only read what changed in the org since the last time, into the mirror."""
    _arrow("pull", opportunity, org, as_json=as_json)


def generate(*, opportunity: Opportunity = None, org: Org = None, as_json: AsJson = False) -> None:
    """Only plan the won deals in the mirror and create their orders in the org."""
    _arrow("generate", opportunity, org, as_json=as_json)


def push(*, opportunity: Opportunity = None, org: Org = None, as_json: AsJson = False) -> None:
    """Only send what is wanted of orders and the org does not have: statuses and other fields."""
    _arrow("push", opportunity, org, as_json=as_json)


def settle(*, opportunity: Opportunity = None, org: Org = None, as_json: AsJson = False) -> None:
    """Only find out, by reading, what became of writes whose answers were lost."""
    _arrow("settle", opportunity, org, as_json=as_json)


def _arrow(name: str, opportunity: str | None, org: str | None, *, as_json: bool) -> None:
    only = _opportunity(opportunity)
    with opened(org) as app:
        with shown_progress(quiet=as_json) as progress:
            report = run(app, name, ARROWS[name], only=only, progress=progress)
        _end(report, app.org_name, as_json=as_json)


def _end(report: Report, org: str, *, as_json: bool) -> None:
    if as_json:
        show_json(report_json(report))
    else:
        show(*report_lines(report, org), *attention_lines(report.attention))
    raise typer.Exit(report.exit_code)


def _deliver(app: App, progress: Progress) -> None:
    """Send what the cycle wrote down; what is not taken is tried again later, and is no failure of the cycle."""
    from sfsync.sync.deliver import deliver  # noqa: PLC0415 - without sinks nothing of it is needed

    progress("deliver", sum(done.delivered for done in deliver(app)), None)


def _opportunity(given: str | None) -> str | None:
    if given is None:
        return None
    sf_id = full_id(given.strip())
    if sf_id is None or not sf_id.startswith("006"):
        raise UsageError(
            f"“{given}” is no Opportunity Id.", remedy="Give its 15 or 18 characters, which begin with 006."
        )
    return sf_id
