"""What reductions have to do with an order, as parts of its page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfsync.cli.render import money, number, table, title

if TYPE_CHECKING:
    from rich.console import RenderableType

    from sfsync.domain.explain_reductions import Reduced
    from sfsync.domain.facts import OrderFacts
    from sfsync.domain.holdings import Holding


def reduction_parts(order: OrderFacts, around: Reduced) -> list[RenderableType]:
    """Return what takes of an order, and what that leaves; of a reduction, the order that it takes of."""
    if around.original is not None:
        return [f"It reduces order {around.original.handle}, which stays as it is."]
    if not around.reductions:
        return []
    rows = [
        (
            one.handle,
            str(one.effective_date) if one.effective_date else None,
            money(one.total, one.currency),
            _state(one),
        )
        for one in around.reductions
    ]
    lines = [_line(line, order.currency) for line in around.lines]
    columns = ("Line", "Product", "Ordered", "Reduced", "Open", "Left", "Net money")
    return [
        title("Reductions"),
        table("Reduction", "From", "Total", "Status", rows=rows, right=("Total",)),
        title("What that leaves"),
        table(*columns, rows=lines, right=columns[2:]),
    ]


def reduction_json(around: Reduced) -> dict[str, Any]:
    """Return the same for programs."""
    return {
        "original": around.original,
        "reductions": list(around.reductions),
        "net": [
            {
                "line_id": line.sf_id,
                "product_id": line.product_id,
                "ordered": line.quantity,
                "reduced": line.reduced,
                "open": line.reserved,
                "left": line.left,
                "net": line.quantity - line.reduced,
                "net_amount": (line.quantity - line.reduced) * line.unit_price,
            }
            for line in (around.lines if around.reductions else ())
        ],
    }


def _line(line: Holding, currency: str | None) -> tuple[str | None, ...]:
    quantities = (line.quantity, line.reduced, line.reserved, line.left)
    net = money((line.quantity - line.reduced) * line.unit_price, currency)
    return (str(line.place), line.name, *(number(one) for one in quantities), net)


def _state(one: OrderFacts) -> str:
    if one.sf_id is None:
        return one.problem_code or "planned, not sent"
    waits = f" → {one.status}" if one.waits else ""
    return f"{one.org_status}{waits}"
