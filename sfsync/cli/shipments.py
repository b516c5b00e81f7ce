"""`sfsync shipments`: record what was shipped, by command or file; look at it; correct it."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - Typer reads the annotations
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from sfsync.cli.options import AsJson, Org, actor, opened
from sfsync.cli.render import bullets, count, show, show_json, table
from sfsync.cli.shipment_input import chosen_lines, file_text, given_values, owner_of, refuse_disabled
from sfsync.cli.shipment_view import LIST_COLUMNS, list_row, shipment_parts
from sfsync.domain.recording import header_value, read_file
from sfsync.domain.shipments import ShipStatus
from sfsync.errors import EXIT_USAGE, UsageError
from sfsync.store import importing, recording, shipment_list, to_ship
from sfsync.store.find import find_order

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from sfsync.domain.recording import BadLine

app = typer.Typer(no_args_is_help=True, help="Record, import, list and void shipments.")

Shipment = Annotated[
    str,
    typer.Argument(
        metavar="SHIPMENT", help="Its reference, key, number in the org or Salesforce Id.", show_default=False
    ),
]
Status = Annotated[str | None, typer.Option("--status", metavar="STATUS", help=f"{', '.join(ShipStatus)}.")]
Carrier = Annotated[str | None, typer.Option("--carrier", metavar="NAME", help="Who carries it.")]
Number = Annotated[str | None, typer.Option("--tracking-number", metavar="TEXT", help="Its tracking number.")]
Url = Annotated[str | None, typer.Option("--tracking-url", metavar="URL", help="Where to follow it.")]
ShippedOn = Annotated[str | None, typer.Option("--shipped-on", metavar="DATE", help="The day it was shipped.")]
DeliveredOn = Annotated[str | None, typer.Option("--delivered-on", metavar="DATE", help="The day it was delivered.")]
Over = Annotated[bool, typer.Option("--over", help="Record even more than is due; it is alarmed.")]
_SENT = "`sfsync sync` or the daemon sends it."


@app.command()
def add(
    order: Annotated[
        str,
        typer.Argument(metavar="ORDER", help="Order key, number, Salesforce Id or Opportunity Id.", show_default=False),
    ],
    *,
    line: Annotated[
        list[str],
        typer.Option(
            "--line", metavar="LINE=QTY", help="Product code or name, or line number, and how many; repeatable."
        ),
    ],
    reference: Annotated[
        str | None, typer.Option("--reference", metavar="TEXT", help="What the warehouse calls it; recorded once only.")
    ] = None,
    status: Status = None,
    carrier: Carrier = None,
    tracking_number: Number = None,
    tracking_url: Url = None,
    shipped_on: ShippedOn = None,
    delivered_on: DeliveredOn = None,
    over: Over = False,
    org: Org = None,
    as_json: AsJson = False,
) -> None:
    """Record a shipment of an order; the next sync sends it."""
    given = (status, carrier, tracking_number, tracking_url, shipped_on, delivered_on)
    values = given_values(given)
    with opened(org) as app_, app_.db.begin() as tx:
        refuse_disabled(app_)
        owner = owner_of(tx, app_.org_name, order)
        if reference is not None and recording.known(tx, app_.org_name, {reference: owner}):
            raise UsageError(
                f"A shipment “{reference}” was recorded before.", remedy=f"sfsync shipments show {reference}"
            )
        wanted = chosen_lines(tx, owner, line, over=over or values.get("status") == ShipStatus.VOIDED)
        new = recording.NewShipment(owner, tuple(wanted.items()), values, reference)
        [key] = recording.add(tx, app_.org_name, [new], actor=actor(), now=app_.clock())
    if as_json:
        show_json({"key": key, "reference": reference, "order": owner.handle, "lines": len(wanted)})
    else:
        show(f"Shipment {key} of order {owner.handle} is recorded with {count(len(wanted), 'line')}. {_SENT}")


@app.command("import")
def import_(
    file: Annotated[
        Path, typer.Argument(metavar="FILE.csv", help="The file; - for standard input.", show_default=False)
    ],
    *,
    over: Over = False,
    update: Annotated[
        bool, typer.Option("--update", help="Give shipments imported before the file's status, tracking and dates.")
    ] = False,
    org: Org = None,
    as_json: AsJson = False,
) -> None:
    """Record the shipments of a CSV file: all of them, or none and say what is wrong with which line.

    Its first line names the columns: shipment (what the warehouse calls it), order, line and quantity; and any of
    status, carrier, tracking_number, tracking_url, shipped_on, delivered_on. Each further line is one line of a
    shipment. The same file imported again records nothing twice.
    """
    rows, wrong = read_file(file_text(file))
    with opened(org) as app_, app_.db.begin() as tx:
        refuse_disabled(app_)
        # Good rows are looked at even in a bad file: everything that is wrong is said at once.
        imported = importing.import_rows(
            tx, app_.org_name, rows, wrong=wrong, allow_over=over, update=update, actor=actor(), now=app_.clock()
        )
    if isinstance(imported, list):
        _refuse(file, imported, as_json=as_json)
    if as_json:
        show_json(imported)
        return
    said = f"{count(len(imported.recorded), 'shipment')} with {count(imported.lines, 'line')} recorded"
    if imported.known:
        said += f"; {count(imported.known, 'shipment')} had been imported before"
        said += f", {imported.updated:,} of them updated" if update else " and stay as they are"
    show(f"{said}." + (f" {_SENT}" if imported.recorded or imported.updated else ""))


@app.command("list")
def list_(
    *,
    order: Annotated[str | None, typer.Option("--order", metavar="RECORD", help="Only those of this order.")] = None,
    status: Status = None,
    partial: Annotated[bool, typer.Option("--partial", help="Only of orders that are partially shipped.")] = False,
    over: Annotated[bool, typer.Option("--over", help="Only of orders of which too much was shipped.")] = False,
    waiting: Annotated[bool, typer.Option("--waiting", help="Only those that have not crossed yet.")] = False,
    held: Annotated[bool, typer.Option("--held", help="Only those with a problem.")] = False,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=100_000, help="The newest so many.")] = 50,
    org: Org = None,
    as_json: AsJson = False,
) -> None:
    """List shipments, newest first, with how much of their orders was shipped."""
    if partial and over:
        raise UsageError("An order is either partially shipped or over-shipped.", remedy="Give --partial or --over.")
    wanted = header_value("status", status or "")
    if isinstance(wanted, ValueError):
        raise UsageError(f"{wanted}.")
    with opened(org) as app_, app_.db.read() as tx:
        name = app_.org_name
        number = find_order(tx, name, order).id if order else None
        state = "partial" if partial else "over" if over else None
        found, many = shipment_list.list_shipments(
            tx, name, order=number, status=str(wanted) if wanted else None, progress=state, held=held, waiting=waiting,
            limit=limit,
        )  # fmt: skip
        progress = shipment_list.progress_of(tx, {one.order_id for one in found if one.order_id is not None})
    if as_json:
        told = {one.order_id: progress.get(one.order_id or 0) for one in found}
        show_json({"shipments": [{"shipment": one, "progress": told[one.order_id]} for one in found], "found": many})
    elif not found:
        show("There are no such shipments.")
    else:
        rows = [list_row(one, progress.get(one.order_id or 0)) for one in found]
        show(table(*LIST_COLUMNS, rows=rows, right=("Quantity", "Of order")))
        if many > len(found):
            show(f"\n{len(found):,} of {many:,} shown; --limit shows more.")


@app.command("show")
def show_(shipment: Shipment, *, org: Org = None, as_json: AsJson = False) -> None:
    """Show one shipment with its lines."""
    with opened(org) as app_, app_.db.read() as tx:
        one = shipment_list.find(tx, app_.org_name, shipment)
        lines = shipment_list.lines_of(tx, one.id)
        progress = shipment_list.progress_of(tx, [one.order_id] if one.order_id else []).get(one.order_id or 0)
    if as_json:
        show_json({"shipment": one, "lines": lines, "progress": progress})
    else:
        show(*shipment_parts(one, lines, progress))


@app.command("set")
def set_(
    shipment: Shipment,
    *,
    status: Status = None,
    carrier: Carrier = None,
    tracking_number: Number = None,
    tracking_url: Url = None,
    shipped_on: ShippedOn = None,
    delivered_on: DeliveredOn = None,
    org: Org = None,
    as_json: AsJson = False,
) -> None:
    """Say which status, tracking and dates a shipment is to have; an empty value empties a field."""
    given = (status, carrier, tracking_number, tracking_url, shipped_on, delivered_on)
    values = given_values(given, keep_empty=True)
    if not values or ("status" in values and values["status"] is None):
        raise UsageError("There is nothing to set.", remedy="Give --status, --carrier, --tracking-number and so on.")
    _want(shipment, values, org, as_json=as_json)


@app.command()
def void(shipment: Shipment, *, org: Org = None, as_json: AsJson = False) -> None:
    """Void a shipment: it counts as never shipped."""
    _want(shipment, {"status": ShipStatus.VOIDED.value}, org, as_json=as_json)


@app.command()
def retry(shipment: Shipment, *, org: Org = None, as_json: AsJson = False) -> None:
    """Forget why a shipment was refused, so that the next sync tries it at once."""
    with opened(org) as app_, app_.db.begin() as tx:
        one = shipment_list.find(tx, app_.org_name, shipment)
        held = to_ship.retry(tx, app_.org_name, one.id)
    if as_json:
        show_json({"shipment": one.handle, "retried": held})
    else:
        show(f"{one.handle}: " + ("tried again by the next `sfsync sync`." if held else "nothing is held against it."))


def _want(shipment: str, values: Mapping[str, str | date | None], org: str | None, *, as_json: bool) -> None:
    with opened(org) as app_, app_.db.begin() as tx:
        one = shipment_list.find(tx, app_.org_name, shipment)
        changed = recording.want(tx, app_.org_name, one.id, values, actor=actor(), now=app_.clock())
    if as_json:
        show_json({"shipment": one.handle, "key": one.key, "sf_id": one.sf_id, "changed": changed})
    elif changed:
        show(f"Shipment {one.handle}: {', '.join(changed)} changed. {_SENT}")
    else:
        show(f"Shipment {one.handle} is as wanted already.")


def _refuse(file: Path, bad: Sequence[BadLine], *, as_json: bool) -> NoReturn:
    if as_json:
        show_json({"recorded": [], "bad_lines": [{"line": one.at, "problem": one.problem} for one in bad]})
    else:
        lines = len({one.at for one in bad})
        show(f"{file}: nothing was recorded, for {count(lines, 'line')} of it {'is' if lines == 1 else 'are'} wrong.")
        show(bullets(*(f"line {one.at}: {one.problem}." for one in bad)))
    raise typer.Exit(EXIT_USAGE)
