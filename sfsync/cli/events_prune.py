"""`sfsync events prune`: remove old events at once, as the daemon does once a day."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from sfsync.cli.entries import moment
from sfsync.cli.options import AsJson, Org, actor, opened
from sfsync.cli.render import count, show, show_json
from sfsync.store import retention


def prune_events(
    *,
    before: Annotated[
        str | None,
        typer.Option(
            "--before", metavar="TIME", help="Older than this: 30d, or a date; else as events.keep_days says."
        ),
    ] = None,
    given_up: Annotated[bool, typer.Option("--given-up", help="Also those that a sink was given up on.")] = False,
    org: Org = None,
    as_json: AsJson = False,
) -> None:
    """Remove old events that reached everybody. What a sink has still to hear of always stays."""
    from sfsync.sync.prune import prune  # noqa: PLC0415 - the other commands need nothing of it

    with opened(org) as app:
        now = app.clock()
        limit = moment(before, now) if before else now - timedelta(days=app.settings.events.keep_days)
        removed = prune(app, before=limit, given_up=given_up, actor=actor())
        with app.db.read() as tx:
            kept = retention.kept(tx, app.org_name, limit)
    if as_json:
        show_json({"removed": removed, "before": limit, "pending": kept.pending, "given_up": kept.given_up})
        return
    show(f"{count(removed, 'event')} from before {limit:%Y-%m-%d %H:%M} UTC removed.")
    if kept.pending:
        show(f"Kept: {count(kept.pending, 'event')} that a sink has still to hear of (`sfsync events sinks`).")
    if kept.given_up:
        show(f"Kept: {count(kept.given_up, 'event')} that a sink was given up on (--given-up removes such).")
