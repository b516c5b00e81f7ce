"""`sfsync why`: the whole chain of one record, what blocks it, what to do, and what happened to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text

from sfsync.cli.chain import chain_of, chain_table
from sfsync.cli.options import AsJson, Org, Record, opened
from sfsync.cli.render import bullets, pairs, plain, show, show_json, title
from sfsync.domain.steps import State
from sfsync.store.find import find

if TYPE_CHECKING:
    from sfsync.cli.chain import Chain
    from sfsync.store.find import Found

_MARKS = {
    State.DONE: ("ok", "green"),
    State.WAITING: ("waits", "yellow"),
    State.DOUBT: ("in doubt", "yellow"),
    State.BLOCKED: ("blocked", "red"),
    State.NONE: ("-", "dim"),
}


def command(record: Record, *, org: Org = None, as_json: AsJson = False) -> None:
    """Explain one deal or order: how it stands, what blocks it, what to do, and its chain from the deal to billing.

    Looks only into the mirror; run `sfsync pull` first if it may be old.
    """
    with opened(org) as app, app.db.read() as tx:
        found = find(tx, app.org_name, record)
        chain = chain_of(app, tx, found)
    explanation = chain.explanation
    if as_json:
        show_json(_document(record, found, chain))
        return
    show(
        pairs({step.subject.capitalize(): _marked(step.state, step.text) for step in explanation.steps}),
    )
    if explanation.obstacles:
        points = ("\n".join(filter(None, (obstacle.what, obstacle.remedy))) for obstacle in explanation.obstacles)
        show(title("What blocks it"), bullets(*points))
    show(title("What to do"), explanation.next_step)
    if chain.milestones:
        show(title("What happened, and who was told (UTC)"), chain_table(chain, to_come=False))
    if chain.is_cut:
        show(f"\nThere is more: `sfsync logs --order {record} --limit 1000`.")


def _marked(state: State, text: str) -> Text:
    word, style = _MARKS[state]
    return Text.assemble((f"{word}: " if state is not State.NONE else "", style), plain(text))


def _document(record: str, found: Found, chain: Chain) -> dict[str, Any]:
    return {
        "record": record,
        "opportunity_id": found.opportunity_id,
        "orders": list(found.orders),
        "steps": list(chain.explanation.steps),
        "obstacles": list(chain.explanation.obstacles),
        "next": chain.explanation.next_step,
        "timeline": list(chain.milestones),
        "journal": list(chain.entries),
        "events": [one.document() for one in chain.told],
    }
