"""`sfsync why`: the whole chain of one record, what blocks it, what to do, and what happened to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text

from sfsync.cli.entries import show_entries
from sfsync.cli.options import AsJson, Org, Record, opened
from sfsync.cli.render import bullets, pairs, plain, show, show_json, title, when
from sfsync.cli.told import states, told_of
from sfsync.domain.explain import Story, explain
from sfsync.domain.steps import State
from sfsync.salesforce.codes import remedy
from sfsync.store import alarms, deals, journal
from sfsync.store.find import find, rejection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sfsync.app import App
    from sfsync.domain.explain import Explanation
    from sfsync.store.alarms import Alarm
    from sfsync.store.engine import Tx
    from sfsync.store.find import Found
    from sfsync.store.journal import Written

ENTRIES = 30
_MARKS = {
    State.DONE: ("ok", "green"),
    State.WAITING: ("waits", "yellow"),
    State.DOUBT: ("in doubt", "yellow"),
    State.BLOCKED: ("blocked", "red"),
    State.NONE: ("-", "dim"),
}


def command(record: Record, *, org: Org = None, as_json: AsJson = False) -> None:
    """Explain one deal or order: the chain from the deal to its status in the org, what blocks it, and what to do.

    Looks only into the mirror; run `sfsync pull` first if it may be old.
    """
    with opened(org) as app, app.db.read() as tx:
        found = find(tx, app.org_name, record)
        explanation = explain(_story(app, tx, found), remedy=remedy)
        entries = _entries(app, tx, found)
        wrong = [alarm for alarm in alarms.of_org(tx, app.org_name) if _names(alarm, found)]
        told = told_of(tx, app.org_name, found, limit=ENTRIES)
    if as_json:
        show_json(
            _document(record, found, explanation, entries)
            | {"events": [one.document() for one in told], "alarms": wrong}
        )
        return
    show(
        pairs({step.subject.capitalize(): _marked(step.state, step.text) for step in explanation.steps}),
    )
    if wrong:
        show(title("Alarms"), bullets(*(alarm.message for alarm in wrong)))
    if explanation.obstacles:
        points = ("\n".join(filter(None, (obstacle.what, obstacle.remedy))) for obstacle in explanation.obstacles)
        show(title("What blocks it"), bullets(*points))
    show(title("What to do"), explanation.next_step)
    if entries:
        show(title("What happened (UTC)"))
        show_entries(entries, records=False)
    if told:
        show(title("What other systems were told (UTC)"))
        show(pairs({f"{when(one.event.at)}  {one.event.type}": states(one.deliveries) for one in told}))


def _story(app: App, tx: Tx, found: Found) -> Story:
    deal = deals.load(tx, app.org_name, found.opportunity_id) if found.opportunity_id else None
    settings = app.settings.orders
    problems, rejected_at = rejection(tx, app.org_name, found.opportunity_id or "")
    return Story(
        deal=deal,
        orders=found.orders,
        problems=problems,
        rejected_at=rejected_at,
        since=settings.since,
        types=tuple(settings.opportunity_types),
    )


def _names(alarm: Alarm, found: Found) -> bool:
    """Whether an alarm is about this record, or keeps its lane from working."""
    keys = {key for order in found.orders for key in (order.key, order.sf_id)}
    return bool(keys & {*alarm.records}) or (alarm.stops and not all(order.sf_id for order in found.orders))


def _entries(app: App, tx: Tx, found: Found) -> list[Written]:
    keys = [order.key for order in found.orders if order.key]
    return journal.read(
        tx,
        app.org_name,
        opportunity_id=found.opportunity_id,
        order_key=keys[0] if len(keys) == 1 else None,
        sf_ids=[order.sf_id for order in found.orders if order.sf_id],
        limit=ENTRIES,
    )


def _marked(state: State, text: str) -> Text:
    word, style = _MARKS[state]
    return Text.assemble((f"{word}: " if state is not State.NONE else "", style), plain(text))


def _document(record: str, found: Found, explanation: Explanation, entries: Sequence[Written]) -> dict[str, Any]:
    return {
        "record": record,
        "opportunity_id": found.opportunity_id,
        "orders": list(found.orders),
        "steps": list(explanation.steps),
        "obstacles": list(explanation.obstacles),
        "next": explanation.next_step,
        "journal": list(entries),
    }
