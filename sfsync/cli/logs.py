"""`sfsync logs`: the journal, filtered, and followed if wanted."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from sfsync.cli.entries import moment, show_entries
from sfsync.cli.options import AsJson, Org, opened
from sfsync.cli.render import show, show_json
from sfsync.errors import RecordNotFound
from sfsync.store import journal
from sfsync.store.find import find

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sfsync.app import App
    from sfsync.store.journal import Written

_POLL_SECONDS = 1.0
_AT_ONCE = 1000


def command(
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what happens next, until Ctrl-C.")] = False,
    run: Annotated[int | None, typer.Option("--run", metavar="ID", help="Only this run.")] = None,
    order: Annotated[
        str | None, typer.Option("--order", metavar="RECORD", help="Only this order or deal; any name of it will do.")
    ] = None,
    level: Annotated[
        Literal["info", "warning", "error"], typer.Option("--level", help="This level and graver ones.")
    ] = "info",
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="TIME", help="From then on: 30min, 2h, 3d, or a date or time (UTC)."),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=100_000, help="The newest so many.")] = 100,
    org: Org = None,
    as_json: AsJson = False,
) -> None:
    """Show what happened to which record, oldest first; times are UTC.

    With --json: one document; with --follow, too: one entry per line.
    """
    with opened(org) as app:
        wanted: dict[str, Any] = {"run": run, "level": level, **_record(app, order)}
        if since is not None:
            wanted["since"] = moment(since, app.clock())
        with app.db.read() as tx:
            entries = journal.read(tx, app.org_name, limit=limit, **wanted)
        if follow:
            _follow(app, entries, wanted, as_json=as_json)
    if as_json:
        show_json({"entries": entries})
    elif entries:
        show_entries(entries)
    else:
        show("Nothing of that kind has happened.")


def _follow(app: App, entries: Sequence[Written], wanted: dict[str, Any], *, as_json: bool) -> None:
    """Print entries as they come, for ever."""
    waiting = threading.Event()
    last = entries[-1].id if entries else 0
    while True:
        if as_json:
            for entry in entries:
                show_json(entry)
        elif entries:
            show_entries(entries)
        waiting.wait(_POLL_SECONDS)
        with app.db.read() as tx:
            entries = journal.read(tx, app.org_name, after_id=last, limit=_AT_ONCE, **wanted)
        last = entries[-1].id if entries else last


def _record(app: App, record: str | None) -> dict[str, Any]:
    if record is None:
        return {}
    with app.db.read() as tx:
        try:
            found = find(tx, app.org_name, record)
        except RecordNotFound:
            # What was deleted or dropped here is still told of in the journal.
            return {"order_key": record, "sf_ids": [record]}
    keys = [order.key for order in found.orders if order.key]
    return {
        "opportunity_id": found.opportunity_id,
        "order_key": keys[0] if len(keys) == 1 else None,
        "sf_ids": [order.sf_id for order in found.orders if order.sf_id],
    }
