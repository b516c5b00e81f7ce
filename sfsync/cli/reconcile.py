"""`sfsync reconcile`: the whole org beside the mirror, record by record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from sfsync.cli.entries import moment
from sfsync.cli.options import AsJson, Org, opened
from sfsync.cli.progress import shown_progress
from sfsync.cli.render import count, show, show_json, table, title
from sfsync.domain.drift import WHY, WORDS, kinds
from sfsync.sync.reconcile import Wanted, run_reconcile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from sfsync.sync.reconcile import Reconciled
    from sfsync.sync.running import Report

_SHOWN = 20


def command(
    *,
    objects: Annotated[
        list[str] | None,
        typer.Option("--object", metavar="NAME", help="Only this object, Order for example; may be repeated."),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="TIME", help="Only what changed since then: 2h, 3d, or a date or time (UTC)."),
    ] = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="Read what differs again, and put the mirror right.")
    ] = False,
    org: Org = None,
    as_json: AsJson = False,
) -> None:
    """Read the whole org and compare it with the mirror: what differs, and why it probably arose.

    Without --repair nothing is changed. Wishes, and changes that the next sync reads, are no differences.

    Exit code 0: nothing differs, or not any more. Exit code 1: something does.
    """
    with opened(org) as app:
        wanted = Wanted(tuple(objects or ()), moment(since, app.clock()) if since else None, repair)
        with shown_progress(quiet=as_json) as progress:
            report, found = run_reconcile(app, wanted, progress=progress)
        if as_json:
            show_json(document(report, found))
        else:
            show(*_lines(report, found, app.org_name))
    raise typer.Exit(found.exit_code)


def document(report: Report, found: Reconciled) -> dict[str, Any]:
    """Return what was compared and found as programs get it."""
    return {
        "run": report.run_id,
        "exit_code": found.exit_code,
        "seconds": round(report.seconds, 3),
        "calls": dict(report.calls),
        "objects": [
            {
                "object": tally.sobject,
                "in_org": tally.in_org,
                "in_mirror": tally.in_mirror,
                "on_its_way": tally.on_its_way,
                "found": dict(tally.found),
                "repaired": dict(tally.repaired),
                "failed": tally.failed,
            }
            for tally in found.tallies
        ],
        "found": found.found,
        "open": found.open,
        "differences": [
            {
                "object": drift.sobject,
                "sf_id": drift.sf_id,
                "kind": drift.kind,
                "columns": drift.columns,
                "why": drift.why,
                "repaired": drift.repaired,
            }
            for drift in found.drifts
        ],
    }


def _lines(report: Report, found: Reconciled, org: str) -> Iterator[RenderableType]:
    calls = sum(many for kind, many in report.calls.items() if kind != "token")
    yield Text(f"{org}: {_verdict(found)}", style="bold")
    read = count(sum(tally.in_org for tally in found.tallies), "record")
    yield f"  {read} read in {count(calls, 'call')}; run {report.run_id}"
    rows = [
        (
            tally.sobject,
            f"{tally.in_org:,}",
            f"{tally.in_mirror:,}",
            f"{tally.on_its_way:,}",
            kinds(tally.found) or None,
            f"{tally.repaired.total():,}",
        )
        for tally in found.tallies
    ]
    right = ("In the org", "Mirrored", "On its way", "Repaired")
    yield table("Object", "In the org", "Mirrored", "On its way", "Differences", "Repaired", rows=rows, right=right)
    for tally in found.tallies:
        if tally.failed:
            yield f"{tally.sobject}: {tally.failed}"
    if found.drifts:
        shown = found.drifts[:_SHOWN]
        for kind in dict.fromkeys(drift.kind for drift in shown):
            alike = [drift for drift in shown if drift.kind is kind]
            yield title(WORDS[kind].capitalize())
            yield WHY[kind]
            yield table(
                "Record",
                "Object",
                "Columns",
                "Repaired",
                rows=[(d.sf_id, d.sobject, ", ".join(d.columns) or None, "yes" if d.repaired else "no") for d in alike],
            )
        if found.found > len(shown):
            yield f"and {found.found - len(shown):,} more: --json lists the first 1,000."
    if found.open and not report.counts.get("drift_repaired"):
        yield "`sfsync reconcile --repair` puts the mirror right; nothing is written to the org."


def _verdict(found: Reconciled) -> str:
    if not found.found:
        return "the mirror is what the org shows." if not found.exit_code else "not everything could be compared."
    said = f"{count(found.found, 'record')} {'differs' if found.found == 1 else 'differ'} from the org"
    if found.open == found.found:
        return f"{said}."
    return f"{said}, {'all' if not found.open else f'{found.found - found.open:,}'} repaired."
