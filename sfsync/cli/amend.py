"""`sfsync orders amend`: bring a deal's orders to the deal as it is now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from sfsync.cli.options import AsJson, Org, Record, actor, opened
from sfsync.cli.render import count, money, number, show, show_json, table, title
from sfsync.store.discrepancies import plain_amendment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from sfsync.sync.supplement import Amended

DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what it would take.")]


def command(record: Record, *, dry_run: DryRun = False, org: Org = None, as_json: AsJson = False) -> None:
    """Bring a deal's orders to the deal as it is now.

    The next sync changes a draft, whatever others changed in it; for an activated order it creates a supplementary one
    over what is more. What is less takes reductions, which are listed.
    """
    # Here, not on top: they bring the client along, which other commands of `orders` do without.
    from sfsync.sync.running import known_schema  # noqa: PLC0415
    from sfsync.sync.supplement import amend_orders_of  # noqa: PLC0415

    with opened(org) as app:
        schema = known_schema(app, app.db)
        with app.db.begin() as tx:
            done = amend_orders_of(app, tx, record, schema, actor=actor(), dry_run=dry_run)
    if as_json:
        show_json(_document(done, dry_run=dry_run))
    else:
        show(*_lines(done, dry_run=dry_run))


def _lines(done: Amended, *, dry_run: bool) -> Iterator[RenderableType]:
    order, amendment = done.order.handle, done.amendment
    would = "would be" if dry_run else "is to be"
    if done.agrees:
        yield f"Order {order} is what its deal says: there is nothing to do."
    elif done.update:
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
    if amendment.less:
        yield title("What the deal says less takes a reduction")
        yield table(
            "Order", "Line", "By", "Unit price", "Total",
            rows=[(one.order, one.line_key or one.line_sf_id, number(one.quantity), money(one.unit_price),
                   money(one.total)) for one in amendment.less],
            right=("By", "Unit price", "Total"),
        )  # fmt: skip
        yield "Nothing is reduced by this command."
    if not dry_run and (done.update or done.plan is not None):
        yield "`sfsync sync` or the daemon sends it."


def _document(done: Amended, *, dry_run: bool) -> dict[str, Any]:
    return {
        "record": done.order.handle,
        "key": done.order.key,
        "dry_run": dry_run,
        "agrees": done.agrees,
        "draft": list(done.update),
        "supplementary": done.plan.key if done.plan else None,
        **plain_amendment(done.amendment),
        "amount": done.amendment.amount,
    }
