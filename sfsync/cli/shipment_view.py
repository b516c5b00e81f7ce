"""One shipment as a row of a list, and as a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from sfsync.cli.render import number, pairs, plain, table, title, when
from sfsync.domain.fields import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from sfsync.store.shipment_list import LineFacts, Progress, ShipmentFacts

LIST_COLUMNS = ("Shipment", "Order", "Status", "Carrier and tracking", "Shipped on", "Quantity", "Of order")


def list_row(one: ShipmentFacts, progress: Progress | None) -> tuple[RenderableType | None, ...]:
    """Return shipment, order, status, carrier and tracking, day, quantity, and how much of the order was shipped."""
    order = Text(plain(one.order_number or one.order_key or one.order_sf_id or "-"))
    if one.account_name:
        order.append(f"\n{plain(one.account_name)}", style="dim")
    tracking = "\n".join(text for text in (one.carrier, one.tracking_number) if text)
    return (
        one.handle,
        order,
        _standing(one),
        tracking or None,
        str(one.shipped_on) if one.shipped_on else None,
        number(one.quantity) if one.quantity is not None else None,
        percent(progress),
    )


def percent(progress: Progress | None) -> Text | None:
    """Return how much of an order was shipped; what is too much stands out."""
    if progress is None:
        return None
    text = "n/a" if progress.percent is None else f"{number(progress.percent)} %"
    return Text(text, style="red" if progress.state == "over" else "")


def shipment_parts(one: ShipmentFacts, lines: Sequence[LineFacts], progress: Progress | None) -> list[RenderableType]:
    """Return a shipment and its lines, as a page."""
    facts = pairs(
        {
            "Shipment": Text(one.handle, style="bold"),
            "Order": one.order_number or one.order_key or one.order_sf_id,
            "Account": one.account_name,
            "Status": _standing(one),
            "Carrier": _field(one, "carrier"),
            "Tracking number": _field(one, "tracking_number"),
            "Tracking URL": _field(one, "tracking_url"),
            "Shipped on": _field(one, "shipped_on"),
            "Delivered on": _field(one, "delivered_on"),
            "Recorded by": one.recorded_by,
            "Number in the org": one.number,
            "Key": one.key,
            "Salesforce Id": one.sf_id,
            "Shipped of the order": percent(progress),
            "Problem": _problem(one),
        }
    )
    rows = [(line.order_item_number, line.product_name, line.product_code, number(line.quantity)) for line in lines]
    columns = ("Line", "Product", "Code", "Quantity")
    listed: list[RenderableType] = [title("Lines"), table(*columns, rows=rows, right=("Quantity",))] if rows else []
    return [facts, *(listed or ["It has no lines yet, and is not sent before it has."])]


def _standing(one: ShipmentFacts) -> Text:
    if one.is_deleted:
        return Text("deleted in Salesforce", style="dim")
    text = Text(one.status if one.sf_id is None else one.org_status or "unknown")
    if "status" in one.waiting:
        text.append(f" → {one.status}", style="yellow")
    if one.in_doubt:
        text.append(" (in doubt)", style="yellow")
    elif one.problem_code:
        text.append(f" ({one.problem_code})", style="red")
    elif one.sf_id is None and one.status != "Voided":
        text.append(" (not sent yet)", style="yellow")
    return text


def _field(one: ShipmentFacts, name: str) -> Text | None:
    value = getattr(one, name)
    if name in one.waiting:
        text = Text(plain(shown(one.waiting[name][1])))
        text.append(f" → {plain(shown(value))}", style="yellow")
        return text
    return Text(plain(shown(value))) if value else None


def _problem(one: ShipmentFacts) -> Text | None:
    if one.problem is None:
        return None
    again = f" It is tried again at {when(one.retry_at)} UTC." if one.retry_at else ""
    return Text(plain(one.problem + again), style="red")
