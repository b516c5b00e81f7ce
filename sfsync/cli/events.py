"""`sfsync events`: what other systems are told, and what became of it; `sfsync deliver`."""

from __future__ import annotations

import base64
import secrets
from typing import TYPE_CHECKING, Annotated

import typer

from sfsync.cli.entries import moment
from sfsync.cli.events_prune import prune_events
from sfsync.cli.options import AsJson, Org, actor, opened
from sfsync.cli.render import age, pairs, show, show_json, table, title, when
from sfsync.cli.told import records_of, told_table, with_deliveries
from sfsync.config.sinks import PREFIX
from sfsync.domain.events import EventType  # noqa: TC001 - Typer reads the annotations
from sfsync.errors import EXIT_ATTENTION, EXIT_DONE, RecordNotFound, UsageError
from sfsync.store import deliveries, events, journal
from sfsync.store.find import find

if TYPE_CHECKING:
    from sfsync.app import App
    from sfsync.store.deliveries import Standing
    from sfsync.store.engine import Tx

_SECRET_BYTES = 32

app = typer.Typer(help="List events, show one, deliver again; pause a sink.")

Event = Annotated[str, typer.Argument(metavar="EVENT", help="The event's id, as in evt_0123…", show_default=False)]
SinkName = Annotated[
    str, typer.Argument(metavar="SINK", help="The sink, by its name in the settings.", show_default=False)
]
Since = Annotated[str | None, typer.Option("--since", metavar="TIME", help="30min, 2h, 3d, or a date or time (UTC).")]


@app.callback(invoke_without_command=True)
def events_or_one(ctx: typer.Context, *, org: Org = None, as_json: AsJson = False) -> None:
    """List the newest events, or show one."""
    if ctx.invoked_subcommand is None:
        list_events(org=org, as_json=as_json)


@app.command("list")
def list_events(
    *,
    kind: Annotated[EventType | None, typer.Option("--type", help="Only events of this type.")] = None,
    order: Annotated[str | None, typer.Option("--order", metavar="RECORD", help="Only of this order or deal.")] = None,
    since: Since = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=10_000, help="The newest so many.")] = 20,
    org: Org = None,
    as_json: AsJson = False,
) -> None:
    """List events and what became of each at every sink, oldest first."""
    with opened(org) as app_, app_.db.read() as tx:
        found = events.read(
            tx,
            app_.org_name,
            kind=kind.value if kind else None,
            records=records_of(find(tx, app_.org_name, order)) if order else None,
            since=moment(since, app_.clock()) if since else None,
            limit=limit,
        )
        told = with_deliveries(tx, found)
    if as_json:
        show_json({"events": [one.document() for one in told]})
    elif not told:
        show("There is no such event.")
    else:
        show(told_table(told))


@app.command("show")
def show_event(event: Event, *, org: Org = None, as_json: AsJson = False) -> None:
    """Show one event: what is sent, and each sink's answer."""
    with opened(org) as app_, app_.db.read() as tx:
        found = events.read(tx, app_.org_name, event_id=event, limit=1)
        if not found:
            raise RecordNotFound(f"There is no event {event}.", remedy="`sfsync events list` shows them.")
        [told] = with_deliveries(tx, found)
        now = app_.clock()
    if as_json:
        show_json({"event": told.document()})
        return
    one = told.event
    show(pairs({"Event": f"{one.event_id}, {one.type}", "Record": one.record, "Written": f"{when(one.at)} UTC"}))
    rows = [
        (d.sink, d.state, str(d.attempts), d.last_error or (f"HTTP {d.last_status}" if d.last_status else None),
         age(d.next_at, now) if d.state == deliveries.PENDING else when(d.delivered_at) if d.delivered_at else None)
        for d in told.deliveries
    ]  # fmt: skip
    show(title("Deliveries"), table("Sink", "State", "Tries", "Last answer", "Since", rows=rows, right=("Tries",)))


@app.command()
def replay(
    *,
    event: Annotated[str | None, typer.Option("--id", metavar="EVENT", help="This event.")] = None,
    since: Since = None,
    sink: Annotated[str | None, typer.Option("--sink", metavar="NAME", help="Only to this sink.")] = None,
    org: Org = None,
    as_json: AsJson = False,
) -> None:
    """Have events delivered again, under their old ids; the next `deliver`, sync or the daemon sends them."""
    with opened(org) as app_:
        served = [one for one in app_.sinks if sink in (None, one.name)]
        _check_sink(app_, sink)
        start = moment(since, app_.clock()) if since else None
        with app_.db.begin() as tx:
            many = deliveries.replay(tx, app_.org_name, served, app_.clock(), event_id=event, since=start)
            said = f"{many} deliveries are to be made again."
            entry = journal.Entry(action="events.replayed", message=said, actor=actor())
            journal.write(tx, app_.org_name, None, [entry], app_.clock())
    if as_json:
        show_json({"deliveries": many})
    else:
        show(said)


@app.command()
def sinks(*, org: Org = None, as_json: AsJson = False) -> None:
    """Show how each sink is doing. Exit code 1 if one is paused, or has given up on an event."""
    with opened(org) as app_:
        with app_.db.read() as tx:
            found = deliveries.standings(tx, app_.org_name, [sink.name for sink in app_.sinks])
        now = app_.clock()
    if as_json:
        show_json({"sinks": found})
    elif not found:
        show("No sink is configured: a section [sinks.NAME] makes one.")
    else:
        rows = [
            (s.sink, _how(s), f"{s.pending:,}", age(s.oldest_pending, now) if s.oldest_pending else None, f"{s.dead:,}")
            for s in found
        ]
        show(table("Sink", "State", "Pending", "Oldest", "Given up", rows=rows, right=("Pending", "Given up")))
    raise typer.Exit(EXIT_ATTENTION if any(s.dead or s.paused_at for s in found) else EXIT_DONE)


@app.command()
def pause(
    sink: SinkName,
    *,
    reason: Annotated[str | None, typer.Option("--reason", help="Why, for those who come after.")] = None,
    org: Org = None,
) -> None:
    """Send nothing to a sink until it is resumed; its events are kept."""
    with opened(org) as app_:
        _check_sink(app_, sink)
        with app_.db.begin() as tx:
            now = app_.clock()
            fresh = deliveries.pause(tx, app_.org_name, sink, actor=actor(), reason=reason, now=now)
            if fresh:
                _journal(app_, tx, "sink.paused", f"Sink {sink} is paused. {reason or ''}".strip())
    show(f"Sink {sink} is paused." if fresh else f"Sink {sink} was paused already.")


@app.command()
def resume(sink: SinkName, *, org: Org = None) -> None:
    """Send to a sink again, what waited first."""
    with opened(org) as app_:
        _check_sink(app_, sink)
        with app_.db.begin() as tx:
            fresh = deliveries.resume(tx, app_.org_name, sink)
            if fresh:
                _journal(app_, tx, "sink.resumed", f"Sink {sink} is served again.")
    show(f"Sink {sink} is served again." if fresh else f"Sink {sink} was not paused.")


app.command("prune")(prune_events)


@app.command("new-secret")
def new_secret() -> None:
    """Print a new secret for a sink. It is kept nowhere."""
    show(PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode(), wrap=False)


def deliver(*, org: Org = None, as_json: AsJson = False) -> None:
    """Only send events to their sinks, what is due.

    Exit code 1: something was not taken; it is tried again later by itself.
    """
    from sfsync.sync.deliver import deliver as send  # noqa: PLC0415 - the other commands need no HTTP

    with opened(org) as app_:
        if not app_.sinks:
            raise UsageError("No sink is configured.", remedy="Make one with a section [sinks.NAME] in the settings.")
        done = send(app_)
    if as_json:
        show_json({"sinks": done})
    else:
        rows = [
            (d.sink, "served elsewhere" if d.busy else f"{d.delivered:,}", f"{d.failed:,}", f"{d.dead:,}") for d in done
        ]
        show(
            table("Sink", "Delivered", "Not taken", "Given up", rows=rows, right=("Delivered", "Not taken", "Given up"))
        )
    raise typer.Exit(EXIT_ATTENTION if any(d.failed for d in done) else EXIT_DONE)


def _check_sink(app_: App, name: str | None) -> None:
    known = [sink.name for sink in app_.sinks]
    if name is not None and name not in known:
        raise UsageError(f"There is no sink “{name}”.", remedy=f"There are: {', '.join(known) or 'none'}.")


def _journal(app_: App, tx: Tx, action: str, message: str) -> None:
    journal.write(tx, app_.org_name, None, [journal.Entry(action=action, message=message, actor=actor())], app_.clock())


def _how(standing: Standing) -> str:
    if standing.paused_at:
        by = f" by {standing.paused_by}" if standing.paused_by else ""
        return f"paused since {when(standing.paused_at)}{by}" + (f": {standing.reason}" if standing.reason else "")
    if standing.resume_at:
        return f"does not answer; next try {when(standing.resume_at)}"
    return "served"
