"""`sfsync orders amend`: bring a deal's orders to the deal as it is now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from sfsync.cli.options import AsJson, Org, Record, actor, opened
from sfsync.cli.reduce import plan_parts
from sfsync.cli.render import count, money, number, show, show_json, table
from sfsync.store.discrepancies import plain_amendment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from sfsync.sync.supplement import Amended

DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what it would take.")]
Activate = Annotated[bool, typer.Option("--activate", help="Activate what is made, too; else it stays a draft.")]


def command(
    record: Record, *, activate: Activate = False, dry_run: DryRun = False, org: Org = None, as_json: AsJson = False
) -> None:
    """Bring a deal's orders to the deal as it is now.

    The next sync changes a draft, whatever others changed in it. Activated orders stay as they are: what is more goes
    into a supplementary order, and what is less is taken back by reduction orders.
    """
    # Here, not on top: they bring the client along, which other commands of `orders` do without.
    from sfsync.sync.running import known_schema  # noqa: PLC0415
    from sfsync.sync.supplement import amend_orders_of  # noqa: PLC0415

    with opened(org) as app:
        schema = known_schema(app, app.db)
        with app.db.begin() as tx:
            done = amend_orders_of(app, tx, record, schema, actor=actor(), activate=activate, dry_run=dry_run)
    if as_json:
        show_json(_document(done, dry_run=dry_run))
    else:
        show(*_lines(done, activate=activate, dry_run=dry_run))


def _lines(done: Amended, *, activate: bool, dry_run: bool) -> Iterator[RenderableType]:
    order, amendment = done.order.handle, done.amendment
    would = "would be" if dry_run else "is to be"
    if done.waiting:
        waiting = ", ".join(done.waiting)
        yield f"Taken back already once they are activated (`sfsync orders activate`): {waiting}."
    elif done.agrees:
        yield f"Order {order} is what its deal says: there is nothing to do."
    if done.update:
        yield f"Draft order {order} {would} brought to its deal: {', '.join(done.update)}."
    if done.plan is not None:
        lines = count(len(done.plan.lines), "line")
        total = money(done.plan.total, done.plan.currency)
        yield f"A supplementary order {done.plan.key} over {total} ({lines}) {would} created:"
        yield table(
            "Product", "Quantity", "Unit price", "Total",
            rows=[
                (done.names.get(one.product_id or "", one.product_id), number(one.quantity), money(one.unit_price),
                 money(one.total))
                for one in amendment.more
            ],
            right=("Quantity", "Unit price", "Total"),
        )  # fmt: skip
    if done.reductions is not None:
        yield from plan_parts(done.reductions, activate=activate)
    if not dry_run and (done.update or done.plan is not None or done.reductions is not None):
        yield "`sfsync sync` or the daemon sends it."


def _document(done: Amended, *, dry_run: bool) -> dict[str, Any]:
    return {
        "record": done.order.handle,
        "key": done.order.key,
        "dry_run": dry_run,
        "agrees": done.agrees,
        "draft": list(done.update),
        "supplementary": done.plan.key if done.plan else None,
        "reductions": [one.key for one in done.reductions.plans] if done.reductions else [],
        "waiting": list(done.waiting),
        **plain_amendment(done.amendment),
        "amount": done.amendment.amount,
    }
