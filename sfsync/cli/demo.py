"""`sfsync demo`: the whole story on an org in a box."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sfsync.demo.story import run_story

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of the story.")]
Keep = Annotated[
    Path | None,
    typer.Option("--keep", metavar="FOLDER", help="Leave the database there.", file_okay=False, show_default=False),
]


def command(*, as_json: Json = False, keep: Keep = None) -> None:
    """Turn the won deals of a make-believe org into orders, and show what happens; needs no Salesforce org."""
    raise typer.Exit(run_story(json=as_json, keep=keep))
