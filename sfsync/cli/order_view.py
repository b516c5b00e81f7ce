"""One order as a row of a list, and as a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from sfsync.cli.render import money, number, pairs, plain, table, title, when
from sfsync.domain.disputes import sides
from sfsync.domain.fields import plain as plain_value
from sfsync.domain.fields import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from sfsync.domain.facts import ItemFacts, OrderFacts
    from sfsync.domain.fields import Value

_ORIGINS = {
    "sfsync": "created by sfsync",
    "adopted": "made by somebody else, adopted",
    "org": "made in Salesforce, not by sfsync",
}


def list_row(order: OrderFacts) -> tuple[RenderableType | None, ...]:
    """Return order, account and name, start, lines, total, status."""
    name = Text(plain(order.account_name or "-"))
    if order.name and order.name != order.account_name:
        name.append(f"\n{plain(order.name)}", style="dim")
    return (
        order.handle,
        name,
        str(order.effective_date) if order.effective_date else None,
        f"{order.lines:,}",
        money(order.total, order.currency),
        _standing(order),
    )


def order_parts(
    order: OrderFacts, items: Sequence[ItemFacts], more: Sequence[RenderableType] = ()
) -> list[RenderableType]:
    """Return an order and its lines, as a page; `more` stands below the lines."""
    kind = "Reduction order" if order.is_reduction else "Order"
    facts = pairs(
        {
            kind: Text(order.handle, style="bold"),
            "Name": order.name,
            "Status": _standing(order),
            "Total": _total(order),
            "Account": _named(order.account_name, order.account_id),
            "Deal": _named(order.opportunity_name, order.opportunity_id),
            "Contract": _named(order.contract_number, order.contract_id),
            "Dates": _dates(order),
            "PO number": _field(order, "po_number", order.org_po_number),
            "Description": _field(order, "description", order.org_description),
            **{name: _field(order, name, value) for name, value in (order.org_custom or {}).items()},
            "Origin": _ORIGINS.get(order.origin, order.origin),
            "Key": order.key,
            "Salesforce Id": order.sf_id,
            "Activated": f"{when(order.activated_at)} UTC" if order.activated_at else None,
            "First activated": _first(order),
            "Changed": f"{when(order.system_modstamp)} UTC" if order.system_modstamp else None,
            "Problem": _problem(order),
            "Conflict": Text("\n".join(plain(sides(one)) for one in order.conflicts), style="red")
            if order.conflicts
            else None,
        }
    )
    shipping = any(item.shipped for item in items)
    columns = ["Line", "Product", "Code", "Quantity", "Unit price", "Total", "Service date"]
    columns += ["Shipped"] if shipping else []
    rows = [
        (
            item.number or (item.key.rsplit("-", 1)[-1] if item.key else None),
            item.product_name,
            item.product_code,
            number(item.quantity),
            money(item.unit_price),
            money(item.total_price),
            str(item.service_date) if item.service_date else None,
            *([_shipped(item)] if shipping else []),
        )
        for item in items
    ]
    lines: list[RenderableType] = (
        [title("Lines"), table(*columns, rows=rows, right=(*columns[3:6], *columns[7:]))] if rows else []
    )
    return [facts, *lines, *more]


def _shipped(item: ItemFacts) -> Text | None:
    """How much of a line was shipped; what is too much stands out."""
    if item.shipped is None:
        return None
    percent = "n/a" if item.percent_shipped is None else f"{number(item.percent_shipped)} %"
    return Text(f"{number(item.shipped)} ({percent})", style="red" if item.shipping == "over" else "")


def _standing(order: OrderFacts) -> Text:
    if order.is_deleted:
        return Text("deleted in Salesforce", style="dim")
    if order.sf_id is None:
        return _unsent(order)
    shown = Text(order.org_status or "unknown")
    if order.waits:
        shown.append(f" → {order.status}", style="yellow")
    if order.in_doubt:
        shown.append(" (in doubt)", style="yellow")
    elif order.problem_code:
        shown.append(f" ({order.problem_code})", style="red")
    elif order.conflicts:
        shown.append(" (conflict)", style="red")
    return shown


def _field(order: OrderFacts, name: str, in_org: Value) -> Text | None:
    """What the org has in a field, and what is wanted instead; None for an empty one."""
    text = Text("" if plain_value(in_org) is None else plain(shown(in_org)))
    if name in order.wanted_fields:
        text.append(f" → {plain(shown(order.wanted_fields[name][0]))}".lstrip(), style="yellow")
    return text or None


def _first(order: OrderFacts) -> str | None:
    first = order.first_activated_at
    return f"{when(first)} UTC" if first and first != order.activated_at else None


def _unsent(order: OrderFacts) -> Text:
    if order.in_doubt:
        return Text("sent, in doubt", style="yellow")
    if order.problem_code:
        return Text(f"refused ({order.problem_code})", style="red")
    return Text("planned, not sent", style="yellow")


def _total(order: OrderFacts) -> str | None:
    shown = money(order.total, order.currency)
    if order.total_amount is not None and order.planned_total not in (None, order.total_amount):
        return f"{shown}; the deal says {money(order.planned_total, order.currency)}"
    return shown


def _named(name: str | None, sf_id: str | None) -> str | None:
    return f"{name} ({sf_id})" if name and sf_id else name or sf_id


def _dates(order: OrderFacts) -> str | None:
    if order.effective_date is None:
        return None
    ends = f" to {order.end_date}" if order.end_date else ""
    wanted = " (wanted)" if "end_date" in order.wanted_fields else ""
    return f"from {order.effective_date}{ends}{wanted}"


def _problem(order: OrderFacts) -> Text | None:
    if order.problem is None:
        return None
    again = f" It is tried again at {when(order.retry_at)} UTC." if order.retry_at else ""
    return Text(plain(order.problem + again), style="red")
