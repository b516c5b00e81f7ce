"""All that there is to tell of a deal or order: how it stands, and its chain in the order of time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from sfsync.cli.render import plain, when
from sfsync.cli.told import told_of
from sfsync.domain import told as words
from sfsync.domain.explain import Story, explain
from sfsync.domain.steps import State
from sfsync.domain.timeline import NOW, Note, timeline
from sfsync.salesforce.codes import remedy
from sfsync.store import deals, deliveries, journal
from sfsync.store.find import around, of_deal, rejection
from sfsync.store.shipped import shipped_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from sfsync.app import App
    from sfsync.cli.told import Told
    from sfsync.domain.explain import Explanation
    from sfsync.domain.timeline import Milestone
    from sfsync.store.engine import Tx
    from sfsync.store.find import Found
    from sfsync.store.journal import Written

MOST = 200
_STYLES = {State.WAITING: "yellow", State.DOUBT: "yellow", State.BLOCKED: "red", State.NONE: "dim"}


@dataclass(frozen=True, slots=True)
class Chain:
    """What is known of a record. `entries` and `told` are the newest `MOST`, oldest first."""

    explanation: Explanation
    milestones: tuple[Milestone, ...]
    entries: Sequence[Written]
    told: Sequence[Told]

    @property
    def is_cut(self) -> bool:
        """Whether there may be more entries than are shown."""
        return len(self.entries) == MOST


def chain_of(app: App, tx: Tx, found: Found) -> Chain:
    """Put together what the mirror, the journal and the events know of a record."""
    org, settings = app.org_name, app.settings.orders
    reduced = {order.id: around(tx, org, order) for order in found.orders}
    originals = [
        name for it in reduced.values() if it.original for name in (it.original.key, it.original.sf_id) if name
    ]
    entries, told = _entries(tx, org, found), told_of(tx, org, found, limit=MOST, originals=originals)
    standings = deliveries.standings(tx, org, ())
    paused = {one.sink for one in standings if one.paused_at is not None}
    heard = tuple(_in_words(one, paused) for one in told)
    problems, rejected_at = rejection(tx, org, found.opportunity_id or "")
    story = Story(
        deal=deals.load(tx, org, found.opportunity_id) if found.opportunity_id else None,
        orders=found.orders,
        problems=problems,
        rejected_at=rejected_at,
        since=settings.since,
        types=tuple(settings.opportunity_types),
        told=heard,
        reduced=reduced,
        shipped={order.id: shipped_of(tx, org, order.id) for order in found.orders}
        if app.settings.shipments.enabled
        else {},
    )
    explanation = explain(story, remedy=remedy)
    return Chain(explanation, timeline(story, explanation, map(_noted, entries), heard), entries, told)


def chain_table(chain: Chain, *, to_come: bool = True) -> RenderableType:
    """Show the chain, one thing a line: when, what, how; with `to_come` also what has still to happen."""
    lines = Table.grid(padding=(0, 2, 0, 0))
    lines.add_column(style="dim", no_wrap=True)
    lines.add_column(no_wrap=True)
    lines.add_column(overflow="fold")
    for one in chain.milestones:
        if one.what == NOW and not to_come:
            continue
        lines.add_row(when(one.at) or str(one.day or ""), Text(one.what, _STYLES.get(one.state, "green")), _text(one))
    return lines


def _text(one: Milestone) -> Text:
    name = (f"{one.order}: ", "cyan") if one.order else ""
    how = ", ".join(filter(None, (one.by, f"run\N{NO-BREAK SPACE}{one.run}" if one.run is not None else None)))
    return Text.assemble(name, plain(one.text), (f"  ({plain(how)})", "dim") if how else "")


def _entries(tx: Tx, org: str, found: Found) -> list[Written]:
    """The entries of the deal and these orders, and of no other order of the deal."""
    keys = [order.key for order in found.orders if order.key]
    entries = journal.read(
        tx,
        org,
        opportunity_id=found.opportunity_id,
        order_key=keys[0] if len(keys) == 1 else None,
        sf_ids=[order.sf_id for order in found.orders if order.sf_id],
        limit=MOST,
    )
    mine = {order.id for order in found.orders}
    others = {
        name
        for order in (of_deal(tx, org, found.opportunity_id) if found.opportunity_id else ())
        if order.id not in mine
        for name in (order.key, order.sf_id)
    }
    return [entry for entry in entries if not {entry.order_key, entry.sf_id} & (others - {None})]


def _noted(entry: Written) -> Note:
    return Note(
        entry.at, entry.run_id, entry.action, entry.message, entry.level, entry.actor, entry.order_key, entry.sf_id,
        entry.details or {},
    )  # fmt: skip


def _in_words(one: Told, paused: set[str]) -> words.Told:
    sent = (
        words.Sent(d.sink, d.state, d.attempts, d.next_at, d.last_error, d.delivered_at, d.sink in paused)
        for d in one.deliveries
    )
    event = one.event
    return words.Told(event.event_id, event.type, event.at, event.record, tuple(sent))
