"""`sfsync setup-org`: what the org lacks of what sfsync needs; with --apply it is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from sfsync.cli.options import AsJson, Org, opened
from sfsync.cli.render import bullets, count, show, show_json, table, title
from sfsync.service.setup import apply, missing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sfsync.salesforce.setup import Step
    from sfsync.service.setup import Result

_STYLES = {"done": "green", "failed": "red", "by hand": "yellow"}


def command(
    *,
    make: Annotated[bool, typer.Option("--apply", help="Make it. Without this nothing is written.")] = False,
    org: Org = None,
    as_json: AsJson = False,
) -> None:
    """Show what sfsync would create in the org: key fields, objects of shipments, a permission set.

    It takes a user who may customise the org (Customize Application, Modify Metadata, Manage Profiles and Permission
    Sets); the user that sfsync works as from day to day needs none of that.

    Exit code 1: with --apply, something could not be made; it says how to do that by hand.
    """
    with opened(org) as app:
        if not make:
            steps = missing(app)
            _show_plan(steps, as_json=as_json)
            return
        results = list(apply(app))
    if as_json:
        show_json({"steps": [_document(one.step) | {"outcome": one.outcome, "reason": one.reason} for one in results]})
    else:
        _show_results(results)
    raise typer.Exit(max((one.exit_code for one in results), default=0))


def _show_plan(steps: Sequence[Step], *, as_json: bool) -> None:
    if as_json:
        show_json({"steps": [_document(step) for step in steps]})
    elif not steps:
        show("The org has everything: nothing would be created.")
    else:
        show(Text(f"{count(len(steps), 'step')} would be taken in the org:", style="bold"), "")
        show(table("What", "Name", "How", rows=[(step.kind.value, step.name, step.words) for step in steps]))
        show("\n`sfsync setup-org --apply` takes them.")


def _show_results(results: Sequence[Result]) -> None:
    if not results:
        show("The org has everything: nothing was created.")
        return
    rows = [(one.step.kind.value, one.step.name, Text(one.outcome, style=_STYLES[one.outcome])) for one in results]
    show(table("What", "Name", "Outcome", rows=rows))
    left = [one for one in results if one.outcome != "done"]
    if left:
        show(
            title("To be done by hand"), bullets(*(f"{one.step.name}: {one.reason} {one.step.by_hand}" for one in left))
        )
    else:
        show("\nAll of it is done. `sfsync doctor` proves it.")


def _document(step: Step) -> dict[str, str]:
    return {"kind": step.kind.value, "name": step.name, "how": step.words, "by_hand": step.by_hand}
