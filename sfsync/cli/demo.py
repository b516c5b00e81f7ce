"""`sfsync demo`: the whole story on an org in a box."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - Typer reads the annotations
from typing import Annotated

import typer

from sfsync.demo.story import run_story


def command(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead of the story.")] = False,
    keep: Annotated[
        Path | None, typer.Option("--keep", help="Folder to leave the database in.", file_okay=False)
    ] = None,
) -> None:
    """Turn the won deals of a make-believe org into orders, and show what happens; needs no Salesforce org."""
    raise typer.Exit(run_story(json=as_json, keep=keep))
