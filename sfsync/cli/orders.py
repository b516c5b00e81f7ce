"""`sfsync orders`: look at orders, say which status they are to have, have refused ones tried again."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from sfsync.cli import amend, reduce
from sfsync.cli.chain import chain_of, chain_table
from sfsync.cli.changed_view import discrepancy_parts
from sfsync.cli.deactivate import deactivate
from sfsync.cli.field_values import field_values, named
from sfsync.cli.options import AsJson, Org, Record, actor, opened
from sfsync.cli.order_view import list_row, order_parts
from sfsync.cli.reduction_view import reduction_json, reduction_parts
from sfsync.cli.render import show, show_json, table, title
from sfsync.domain.fields import api_name, shown
from sfsync.domain.sfid import full_id
from sfsync.domain.statuses import Status
from sfsync.errors import UsageError
from sfsync.store import schemas, wants
from sfsync.store.find import Found, OrderFilter, around, find, find_order, items_of, list_orders

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sfsync.domain.facts import OrderFacts

app = typer.Typer(no_args_is_help=True, help="List and show orders, set their fields, amend, reduce, retry.")
app.command("amend")(amend.command)

Records = Annotated[
    list[str],
    typer.Argument(
        metavar="RECORD...", help="Order keys, order numbers, Salesforce Ids or Opportunity Ids.", show_default=False
    ),
]
StatusOption = Annotated[str | None, typer.Option("--status", metavar="STATUS", help="Only those of this status.")]
StatusArgument = Annotated[
    str, typer.Argument(metavar="STATUS", help="Draft, Activated, Fulfilled or Cancelled.", show_default=False)
]


@app.command("list")
def list_(
    *,
    status: StatusOption = None,
    deal: Annotated[str | None, typer.Option("--deal", metavar="ID", help="Only those of this opportunity.")] = None,
    waiting: Annotated[bool, typer.Option("--waiting", help="Only those that have not crossed yet.")] = False,
    held: Annotated[bool, typer.Option("--held", help="Only those with a problem.")] = False,
    changed: Annotated[bool, typer.Option("--changed", help="Only those whose deal was changed and differs.")] = False,
    reductions: Annotated[bool, typer.Option("--reductions", help="Only reduction orders.")] = False,
    partially_shipped: Annotated[
        bool, typer.Option("--partially-shipped", help="Only those of which some was shipped, and not all.")
    ] = False,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=100_000, help="The newest so many.")] = 50,
    org: Org = None,
    as_json: AsJson = False,
) -> None:
    """List orders, newest first."""
    deal_id = None if deal is None else full_id(deal.strip())
    if deal is not None and deal_id is None:
        raise UsageError(f"“{deal}” is no Opportunity Id.", remedy="Give its 15 or 18 characters.")
    wanted = OrderFilter(
        status and _status(status), deal_id, waiting=waiting, held=held, changed=changed, reductions=reductions,
        partially_shipped=partially_shipped,
    )  # fmt: skip
    with opened(org) as app_, app_.db.read() as tx:
        found, number = list_orders(tx, app_.org_name, wanted, limit=limit)
    if as_json:
        show_json({"orders": found, "found": number})
    elif not found:
        show("There are no such orders.")
    else:
        columns = ("Order", "Account and name", "Starts on", "Lines", "Total", "Status")
        show(table(*columns, rows=[list_row(order) for order in found], right=("Lines", "Total")))
        show(*discrepancy_parts(found))
        if number > len(found):
            show(f"\n{len(found):,} of {number:,} shown; --limit shows more.")


@app.command("show")
def show_(record: Record, *, org: Org = None, as_json: AsJson = False) -> None:
    """Show one order: its lines, what was reduced, its chain from the deal to billing, and what to do next."""
    with opened(org) as app_, app_.db.read() as tx:
        order = find_order(tx, app_.org_name, record)
        items, reduced = items_of(tx, order), around(tx, app_.org_name, order)
        chain = chain_of(app_, tx, Found(order.opportunity_id, (order,)))
    if as_json:
        timeline, next_step = list(chain.milestones), chain.explanation.next_step
        told = {"order": order, "items": items, **reduction_json(reduced), "timeline": timeline, "next": next_step}
        show_json(told)
        return
    show(*discrepancy_parts([order]), *order_parts(order, items, reduction_parts(order, reduced)))
    show(title("What happened, and who was told (UTC)"), chain_table(chain))
    show(title("What to do"), chain.explanation.next_step)
    show(f"`sfsync why {order.handle}` explains how it stands, and why.")


@app.command()
def activate(records: Records, *, org: Org = None, as_json: AsJson = False) -> None:
    """Have orders activated by the next sync: approved and binding."""
    _want(records, Status.ACTIVATED, org, as_json=as_json)


@app.command()
def fulfil(records: Records, *, org: Org = None, as_json: AsJson = False) -> None:
    """Have orders marked as fulfilled by the next sync: delivered in full."""
    _want(records, Status.FULFILLED, org, as_json=as_json)


@app.command()
def cancel(records: Records, *, org: Org = None, as_json: AsJson = False) -> None:
    """Have orders cancelled by the next sync: nothing more will be delivered."""
    _want(records, Status.CANCELLED, org, as_json=as_json)


app.command()(deactivate)


@app.command("set-status")
def set_status(record: Record, status: StatusArgument, *, org: Org = None, as_json: AsJson = False) -> None:
    """Say which status an order is to have; the next sync sends it. The status it has in the org takes a wish back."""
    _want([record], _status(status), org, as_json=as_json)


@app.command("set")
def set_(
    record: Record,
    *,
    description: Annotated[str | None, typer.Option("--description", metavar="TEXT", help="Its description.")] = None,
    po_number: Annotated[str | None, typer.Option("--po-number", metavar="TEXT", help="Its PO number.")] = None,
    end_date: Annotated[str | None, typer.Option("--end-date", metavar="DATE", help="Its end date.")] = None,
    field: Annotated[
        list[str] | None,
        typer.Option("--field", metavar="NAME=VALUE", help="A custom field of orders.writable_fields; repeatable."),
    ] = None,
    org: Org = None,
    as_json: AsJson = False,
) -> None:
    """Say which values an order's fields are to have; the next sync sends them. An empty value empties a field."""
    given = {"description": description, "po_number": po_number, "end_date": end_date}
    with opened(org) as app_, app_.db.begin() as tx:
        content = schemas.get(tx, app_.org_name)
        custom = app_.settings.orders.writable_fields
        values = field_values({**given, **named(field or ())}, custom, content.content if content else None)
        order = find_order(tx, app_.org_name, record)
        changed = wants.want_fields(tx, app_.org_name, order.id, values, actor=actor(), now=app_.clock())
        after = find_order(tx, app_.org_name, record)
    if as_json:
        waiting = {name: {"wanted": want, "in_org": seen} for name, (want, seen) in after.wanted_fields.items()}
        show_json(
            {"record": after.handle, "key": after.key, "sf_id": after.sf_id, "changed": changed, "waiting": waiting}
        )
        return
    for name, value in values.items():
        waits = after.wanted_fields.get(name)
        there = f"; the org has “{shown(waits[1])}”" if waits else ", as the org has it"
        show(f"Order {after.handle}: {api_name(name)} is to be “{shown(value)}”{there}.")
    if after.wanted_fields:
        show("`sfsync sync` or the daemon sends it.")


@app.command()
def retry(
    records: Annotated[
        list[str] | None,
        typer.Argument(metavar="RECORD...", help="The orders, or deals; any name of them.", show_default=False),
    ] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="All orders with a problem.")] = False,
    org: Org = None,
    as_json: AsJson = False,
) -> None:
    """Forget why orders were refused or held, so that the next sync tries them at once."""
    if bool(records) == everything:
        raise UsageError(
            "Name the orders to try again, or give --all.", remedy="`sfsync orders list --held` lists them."
        )
    with opened(org) as app_, app_.db.begin() as tx:
        name, now = app_.org_name, app_.clock()
        if everything:
            meant = list_orders(tx, name, OrderFilter(held=True), limit=sys.maxsize)[0]
            bare: list[str] = []
        else:
            found = {record: find(tx, name, record).orders for record in records or ()}
            meant = [order for orders in found.values() for order in orders if not order.is_deleted]
            bare = [record for record, orders in found.items() if not orders]
        told = {
            order.handle: _RETRIED if wants.retry(tx, name, order.id, actor=actor(), now=now) else _NOT_HELD
            for order in meant
        }
    told |= dict.fromkeys(bare, _REJECTED)
    if as_json:
        show_json({"records": [{"record": it, "retried": said is _RETRIED, "said": said} for it, said in told.items()]})
    else:
        show(*(f"{record}: {said}" for record, said in told.items()) if told else ("No order has a problem.",))


app.command("reduce")(reduce.reduce)
app.command("withdraw")(reduce.withdraw)

_RETRIED = "tried again by the next `sfsync sync`."
_NOT_HELD = "nothing is held against it."
_REJECTED = "a deal without an order is looked at again by every sync: fix it in Salesforce, and it is ordered."


def _status(word: str) -> Status:
    for status in Status:
        if status.casefold() == word.strip().casefold():
            return status
    raise UsageError(f"“{word}” is no status of an order.", remedy=f"There are {', '.join(Status)}.")


def _want(records: Sequence[str], status: Status, org: str | None, *, as_json: bool) -> None:
    """Note a wish for all of the orders, or for none: one that cannot be granted refuses the whole call."""
    with opened(org) as app_, app_.db.begin() as tx:
        found = [find_order(tx, app_.org_name, record) for record in records]
        changed = {
            order.id: wants.want(tx, app_.org_name, order.id, status, actor=actor(), now=app_.clock())
            for order in found
        }
    if as_json:
        show_json({"orders": [_wish(order, status, changed=changed[order.id]) for order in found]})
        return
    for order in found:
        show(_wanted_line(order, status, changed=changed[order.id]))
        if order.problem_code == "total_mismatch":
            show(Text(f"  Mind: {order.problem}", style="yellow"))
    if any(changed.values()) and any(order.org_status != status for order in found):
        show("`sfsync sync` or the daemon sends it; until then, `sfsync orders set-status` takes it back.")


def _wish(order: OrderFacts, status: Status, *, changed: bool) -> dict[str, Any]:
    return {
        "record": order.handle,
        "key": order.key,
        "sf_id": order.sf_id,
        "status": status.value,
        "org_status": order.org_status,
        "changed": changed,
    }


def _wanted_line(order: OrderFacts, status: Status, *, changed: bool) -> str:
    if order.org_status == status:
        return f"Order {order.handle} stays {status}" + (": the wish is taken back." if changed else ", as it is.")
    again = "" if changed else " already"
    return f"Order {order.handle} is to become {status}{again}; in the org it is {order.org_status}."
