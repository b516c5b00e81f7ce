"""`sfsync db`: the schema of the database."""

from __future__ import annotations

from typing import Any

import typer

from sfsync.cli.options import AsJson  # noqa: TC001 - Typer reads the annotations
from sfsync.cli.render import show, show_json
from sfsync.config import load_settings
from sfsync.errors import EXIT_DONE, EXIT_USAGE
from sfsync.store import migrations
from sfsync.store.connect import parse, shown

app = typer.Typer(no_args_is_help=True, help="Check or upgrade the database's schema.")


@app.command()
def check(*, as_json: AsJson = False) -> None:
    """Say whether the database has the schema that this sfsync needs; changes nothing. Exit code 2 if it has not."""
    url = load_settings().database_url
    state = migrations.check(url)
    document: dict[str, Any] = {
        "database": shown(parse(url)),
        "current": state.current,
        "needed": state.head,
        "ok": state.ok,
    }
    if as_json:
        show_json(document)
    elif state.ok:
        show(f"{document['database']} has schema {state.head}, which this sfsync needs.")
    elif state.current is None:
        show(f"{document['database']} is empty. The first command that needs it sets it up, or `sfsync db upgrade`.")
    else:
        show(
            f"{document['database']} has schema {state.current}; this sfsync needs {state.head}. "
            "Run `sfsync db upgrade` if it is older; if it is newer, use the sfsync that wrote it."
        )
    raise typer.Exit(EXIT_DONE if state.ok else EXIT_USAGE)


@app.command()
def upgrade(*, as_json: AsJson = False) -> None:
    """Bring the database to the schema that this sfsync needs: all of it, or nothing."""
    url = load_settings().database_url
    before = migrations.upgrade(url)
    database = shown(parse(url))
    if as_json:
        show_json({"database": database, "before": before.current, "current": before.head, "changed": not before.ok})
    elif before.ok:
        show(f"{database} has schema {before.head} already.")
    else:
        show(f"{database} now has schema {before.head}; it was {before.current or 'empty'}.")
