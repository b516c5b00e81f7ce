"""`sfsync status`: what waits in each lane and since when, how the last run ended, what to do next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from sfsync.cli.options import AsJson, Org, opened
from sfsync.cli.render import age, bullets, count, show, show_json, table, title, when
from sfsync.cli.report import attention_lines
from sfsync.domain.usage import Sample, used_up_at
from sfsync.store import deliveries, lanes, overview, runs, shipment_list
from sfsync.store.deals import DueFilter
from sfsync.store.lanes import Lane

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from sfsync.app import App
    from sfsync.store.overview import Attention, Standing
    from sfsync.store.runs import Run

_SHOWN = 10
_PLENTY = 0.8
_WORDS = {
    "plan": "Won deals to be planned",
    "rejected": "Won deals that cannot be ordered",
    "create": "Orders to be created",
    "refused": "Orders that the org refused",
    "doubt": "Writes whose answer was lost",
    "push": "Orders with changes to be sent",
    "held": "Orders with a problem",
    "conflict": "Fields changed on both sides",
    "on_hold": "Drafts whose deal is not won any more",
    "changed": "Deals that differ from their orders",
    "ship": "Shipments to be sent",
    "deliver": "Events to be delivered",
    "given_up": "Events that a sink never took",
}


@dataclass(frozen=True, slots=True)
class Api:
    """The org's API usage as it was last told, our own part in it, and when it would run out."""

    used: int
    limit: int
    at: datetime
    own_calls: int
    used_up_at: datetime | None


def command(
    *,
    everything: Annotated[
        bool, typer.Option("--all", help="List all that needs attention, not only the first.")
    ] = False,
    org: Org = None,
    as_json: AsJson = False,
) -> None:
    """Show what has not crossed yet and how long it has been waiting, and what to do about it."""
    with opened(org) as app, app.db.read() as tx:
        now, settings = app.clock(), app.settings.orders
        standing = overview.standing(tx, app.org_name)
        by_status = lanes.statuses(tx, app.org_name)
        waiting = lanes.lanes(tx, app.org_name, DueFilter(settings.since, tuple(settings.opportunity_types)))
        attention = overview.attention(tx, app.org_name)
        last = next(iter(runs.recent(tx, app.org_name, 1)), None)
        api = _api(*lanes.usage(tx, app.org_name, now), now)
        told = deliveries.standings(tx, app.org_name, [sink.name for sink in app.sinks])
        ship = [Lane("ship", shipment_list.waiting(tx, app.org_name), None)] if app.settings.shipments.enabled else []
    waiting = (*waiting, *ship, *_event_lanes(told))
    steps = list(_next(last, waiting, api))
    if as_json:
        show_json(_document(app, now, standing, by_status, waiting, attention, last, api, steps))
        return
    show(Text(f"{app.org_name}: {_holds(standing, by_status)}", style="bold"))
    show("", table("Not across yet", "Waiting", "Oldest", rows=_rows(waiting, now), right=("Waiting",)))
    show("", _last_run(last, now), _api_line(api, now))
    show(*attention_lines(attention, limit=None if everything else _SHOWN))
    show(title("What to do"), bullets(*steps))


def _event_lanes(told: Sequence[deliveries.Standing]) -> Iterator[Lane]:
    """Events that wait for their sinks, and those that were given up; nothing without sinks."""
    if told:
        oldest = min((one.oldest_pending for one in told if one.oldest_pending), default=None)
        yield Lane("deliver", sum(one.pending for one in told), oldest)
        yield Lane("given_up", sum(one.dead for one in told), None)


def _holds(standing: Standing, by_status: Mapping[str, int]) -> str:
    statuses = ", ".join(f"{many:,} {status}" for status, many in by_status.items())
    orders = count(standing.orders, "order") + (f" ({statuses})" if statuses else "")
    return f"{count(standing.deals_won, 'won deal')}, {orders}, {count(standing.lines, 'order line')}"


def _rows(waiting: Sequence[Lane], now: datetime) -> Iterator[tuple[str, str, str | None]]:
    for lane in waiting:
        unknown = "unknown" if lane.waiting else None
        yield _WORDS[lane.name], f"{lane.waiting:,}", age(lane.oldest, now) if lane.oldest else unknown


def _last_run(last: Run | None, now: datetime) -> str:
    if last is None:
        return "Last run: none yet."
    if last.outcome is None:
        return f"Last run: {last.id} ({last.command}), running since {age(last.started_at, now)}."
    ended = f"{age(last.finished_at, now)} ago" if last.finished_at else f"began {age(last.started_at, now)} ago"
    return f"Last run: {last.id} ({last.command}), {last.outcome}, {ended}." + (f" {last.error}" if last.error else "")


def _api(samples: Sequence[Sample], own_calls: int, now: datetime) -> Api | None:
    if not samples:
        return None
    last = samples[-1]
    return Api(last.used, last.limit, last.at, own_calls, used_up_at(samples, now))


def _api_line(api: Api | None, now: datetime) -> str:
    if api is None:
        return "API usage: not known; no run in the last 24 hours was told."
    line = (
        f"API usage: {api.used:,} of {api.limit:,} calls in 24 hours ({api.used / api.limit:.1%}), "
        f"{api.own_calls:,} by sfsync; told {age(api.at, now)} ago."
    )
    if api.used_up_at is not None:
        line += f" At the pace of the last hours it is used up at {when(api.used_up_at)} UTC."
    return line


def _next(last: Run | None, waiting: Sequence[Lane], api: Api | None) -> Iterator[str]:
    found = {lane.name for lane in waiting if lane.waiting}
    if last is None:
        yield "Run `sfsync doctor` to see whether all is ready, then `sfsync plan` and `sfsync sync`."
        return
    if last.outcome == "failed":
        yield f"The last run failed: `sfsync runs show {last.id}`."
    if found & {"plan", "create", "push", "doubt", "ship"}:
        yield "Run `sfsync sync`, or wait for the daemon: it does what waits."
    if "rejected" in found:
        yield "Fix the rejected deals in Salesforce; they are ordered by the next sync."
    if found & {"refused", "held"}:
        yield "See to the orders above (`sfsync why RECORD`), then `sfsync orders retry RECORD`."
    if "conflict" in found:
        yield "Decide the conflicts: `sfsync conflicts list` shows both sides of each."
    if "changed" in found:
        yield "See to the deals that were changed: `sfsync orders list --changed`, then `sfsync orders amend RECORD`."
    if "deliver" in found:
        yield "Events wait for their sinks: `sfsync events sinks` says how each is doing."
    if "given_up" in found:
        yield "When the sink is well again: `sfsync events replay --since TIME`."
    if api is not None and (api.used_up_at is not None or api.used >= _PLENTY * api.limit):
        yield "Find out what uses the API (Setup, Company Information), or let sfsync run less often."
    if not found - {"on_hold"} and last.outcome != "failed":
        yield "Nothing: everything has crossed."


def _document(
    app: App,
    now: datetime,
    standing: Standing,
    by_status: Mapping[str, int],
    waiting: Sequence[Lane],
    attention: Sequence[Attention],
    last: Run | None,
    api: Api | None,
    steps: list[str],
) -> dict[str, Any]:
    return {
        "org": app.org_name,
        "at": now,
        "deals_won": standing.deals_won,
        "deals_rejected": standing.deals_rejected,
        "orders": standing.orders,
        "orders_by_status": dict(by_status),
        "lines": standing.lines,
        "lanes": [
            {
                "lane": lane.name,
                "waiting": lane.waiting,
                "oldest": lane.oldest,
                "oldest_seconds": max(0, int((now - lane.oldest).total_seconds())) if lane.oldest else None,
            }
            for lane in waiting
        ],
        "last_run": last,
        "api": api,
        "attention": list(attention),
        "next": steps,
    }
