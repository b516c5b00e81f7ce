"""`sfsync conflicts`: fields that were changed here and in the org at the same time, and who is right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from sfsync.cli.options import AsJson, Org, Record, actor, opened
from sfsync.cli.render import show, show_json, table, when
from sfsync.domain.fields import api_name, shown
from sfsync.store import conflicts
from sfsync.store.find import find_order

if TYPE_CHECKING:
    from sfsync.domain.facts import ConflictFacts

app = typer.Typer(no_args_is_help=True, help="Settle fields that were changed here and in the org at the same time.")

Field = Annotated[
    str | None,
    typer.Option(
        "--field",
        metavar="FIELD",
        help="Only this one: status, description, po_number, end_date or a custom field's API name.",
        show_default=False,
    ),
]


@app.command("list")
def list_(
    *,
    everything: Annotated[bool, typer.Option("--all", help="Those too that are settled, and how.")] = False,
    org: Org = None,
    as_json: AsJson = False,
) -> None:
    """List conflicts that wait for somebody to decide, oldest first."""
    with opened(org) as app_, app_.db.read() as tx:
        found = conflicts.facts(tx, app_.org_name, everything=everything)
    if as_json:
        show_json({"conflicts": found})
    elif not found:
        show("There is no conflict.")
    else:
        columns = ("Order", "Field", "Before", "Wanted here", "In the org", "Since (UTC)")
        show(table(*columns, *(["Settled"] if everything else []), rows=[_row(one, everything) for one in found]))
        show("\n`sfsync conflicts take-local RECORD` sends ours, take-org keeps the org's; --field names one field.")


@app.command("take-org")
def take_org(record: Record, *, field: Field = None, org: Org = None, as_json: AsJson = False) -> None:
    """Keep what the org has, and drop what was wanted here."""
    _decide(record, conflicts.TAKE_ORG, field, org, as_json=as_json)


@app.command("take-local")
def take_local(record: Record, *, field: Field = None, org: Org = None, as_json: AsJson = False) -> None:
    """Have the next sync send what is wanted here over what the org has."""
    _decide(record, conflicts.TAKE_LOCAL, field, org, as_json=as_json)


def _decide(record: str, resolution: str, field: str | None, org: str | None, *, as_json: bool) -> None:
    with opened(org) as app_, app_.db.begin() as tx:
        order = find_order(tx, app_.org_name, record)
        open_ones = {one.field: one for one in order.conflicts}
        decided = conflicts.decide(
            tx, app_.org_name, order.id, resolution, field=field, actor=actor(), now=app_.clock()
        )
    if as_json:
        show_json({"record": order.handle, "fields": decided, "resolution": resolution})
        return
    for name in decided:
        one = open_ones[name]
        if resolution == conflicts.TAKE_ORG:
            said = f"stays “{shown(one.org_value)}”, as the org has it; “{shown(one.wanted)}” is wanted no more."
        else:
            said = f"“{shown(one.wanted)}” is sent by the next `sfsync sync` over “{shown(one.org_value)}”."
        show(f"Order {order.handle}: {api_name(name)} {said}")


def _row(one: ConflictFacts, everything: bool) -> tuple[str | None, ...]:  # noqa: FBT001 - one caller
    sides = (shown(one.base), shown(one.wanted), shown(one.org_value))
    row = (one.record, api_name(one.field), *sides, when(one.since))
    if not everything:
        return row
    return (*row, f"{one.resolution} by {one.resolved_by}" if one.resolution else None)
