"""In what deals that were changed differ from their orders, line by line."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rich.text import Text

from sfsync.cli.render import money, number, plain, table, title
from sfsync.domain.judge import HELD

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rich.console import RenderableType

    from sfsync.domain.facts import OrderFacts


def discrepancy_parts(orders: Sequence[OrderFacts]) -> Iterator[RenderableType]:
    """Yield what differs between these orders and their deals; nothing for orders that agree with theirs."""
    for order in orders:
        found = order.discrepancy
        if found is not None:
            yield title(f"Order {order.handle} and its deal differ")
            yield Text(plain(found.message))
            if found.lines:
                yield table(
                    "Product", "Unit price", "Ordered", "Deal", "Difference",
                    rows=[(line["product"] or line["product_id"], *_figures(line)) for line in found.lines],
                    right=("Unit price", "Ordered", "Deal", "Difference"),
                )  # fmt: skip
            if found.amount:
                yield f"The deal's total minus what is ordered: {money(found.amount, order.currency)}"
        elif order.held_for is not None:
            yield f"\nOrder {order.handle} is on hold, because {HELD[order.held_for]}."


def _figures(line: Mapping[str, Any]) -> tuple[str | None, ...]:
    price, *quantities = (Decimal(line[name]) for name in ("unit_price", "ordered", "deal", "difference"))
    return money(price), *map(number, quantities)
