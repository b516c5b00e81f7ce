"""How a deal that changed after its order was activated is settled: what is ordered on top, and what is taken back."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from sfsync.domain import money
from sfsync.domain.keys import line_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sfsync.domain.model import OrderPlan, PlannedLine
    from sfsync.domain.standing import StandingLine, StandingOrder

ZERO = Decimal(0)
_Price = tuple[str, Decimal]


@dataclass(frozen=True, slots=True)
class Reduction:
    """So much to be taken back of one line of an order; quantity and total are positive."""

    order_id: int
    """The order's row in the mirror."""
    order: str
    """What to call the order on the command line."""
    is_draft: bool
    """Whether the order is no activated one: its line can be changed, and need not be reduced."""
    line_id: int
    line_key: str | None
    line_sf_id: str | None
    product_id: str | None
    pricebook_entry_id: str
    quantity: Decimal
    unit_price: Decimal
    total: Decimal


@dataclass(frozen=True, slots=True)
class Amendment:
    """What settles the difference between a deal and its orders; both empty where they agree."""

    more: tuple[PlannedLine, ...]
    """What is ordered on top, by a supplementary order."""
    less: tuple[Reduction, ...]
    """What is taken back, by reduction orders."""

    @property
    def agrees(self) -> bool:
        """Whether there is nothing to settle."""
        return not self.more and not self.less

    @property
    def amount(self) -> Decimal:
        """The deal's total minus what is ordered."""
        return sum((line.total for line in self.more), ZERO) - sum((one.total for one in self.less), ZERO)


NOTHING = Amendment((), ())


@dataclass(frozen=True, slots=True)
class Difference:
    """One price of one product: how much of it the orders hold, and how much the deal says."""

    pricebook_entry_id: str
    product_id: str | None
    unit_price: Decimal
    ordered: Decimal
    deal: Decimal

    @property
    def difference(self) -> Decimal:
        """How much more the deal says."""
        return self.deal - self.ordered


def amend(plan: OrderPlan | None, orders: Sequence[StandingOrder]) -> Amendment:
    """Compare what a deal asks for with what all of its orders hold, less what was reduced.

    Products are told apart by price book entry, and their units by price. A price book entry of which quantity and
    money agree is settled, however its lines are cut. The lines to add are those of the plan, with totals exact to the
    cent: where nothing is to be taken back, orders and `more` add up to the deal.

    Args:
        plan: What the deal asks for; None for a deal that is not won any more.
        orders: The orders that count, planned ones included.
    """
    wanted = plan.lines if plan else ()
    currency = plan.currency if plan else orders[0].currency
    more: list[PlannedLine] = []
    less: list[Reduction] = []
    ordered = _by_entry(orders)
    for entry in dict.fromkeys((*(line.pricebook_entry_id for line in wanted), *ordered)):
        of_deal = [line for line in wanted if line.pricebook_entry_id == entry]
        added, taken = _settle(of_deal, ordered.get(entry, []), currency)
        more += added
        less += taken
    key = plan.key if plan else ""
    return Amendment(
        tuple(replace(line, key=line_key(key, number)) for number, line in enumerate(more, start=1)), tuple(less)
    )


def agree(plan: OrderPlan, orders: Sequence[StandingOrder]) -> bool:
    """Whether orders, less their reductions, hold of each product what a deal asks for: in quantity, and in money."""
    ordered = _by_entry(orders)
    entries = {*(line.pricebook_entry_id for line in plan.lines), *ordered}
    of_deal = {entry: [line for line in plan.lines if line.pricebook_entry_id == entry] for entry in entries}
    return all(_missing(of_deal[one], ordered.get(one, []), plan.currency) == (ZERO, ZERO) for one in entries)


def differences(plan: OrderPlan | None, orders: Sequence[StandingOrder]) -> tuple[Difference, ...]:
    """Return every price of every product of which the orders hold another quantity than the deal says."""
    wanted: defaultdict[_Price, Decimal] = defaultdict(Decimal)
    held: defaultdict[_Price, Decimal] = defaultdict(Decimal)
    products: dict[str, str | None] = {}
    for line in plan.lines if plan else ():
        wanted[line.pricebook_entry_id, line.unit_price] += line.quantity
        products[line.pricebook_entry_id] = line.product_id
    for entry, lines in _by_entry(orders).items():
        for _, one in lines:
            held[entry, _price(one)] += _left(one)
            products.setdefault(entry, one.product_id)
    prices = dict.fromkeys((*wanted, *held))
    return tuple(
        Difference(entry, products[entry], price, held[entry, price], wanted[entry, price])
        for entry, price in prices
        if held[entry, price] != wanted[entry, price]
    )


_Held = tuple["StandingOrder", "StandingLine"]


def _settle(
    wanted: Sequence[PlannedLine], held: Sequence[_Held], currency: str | None
) -> tuple[list[PlannedLine], list[Reduction]]:
    """Settle one price book entry."""
    quantity, amount = _missing(wanted, held, currency)
    if quantity == amount == 0:
        return [], []
    if _one_price(wanted, held, currency) and quantity > 0 and amount > 0:
        # The same price on both sides, give or take the cent of a line that was cut: only more of it.
        return list(_lines(wanted[-1], quantity, amount, currency)), []
    prices: defaultdict[Decimal, Decimal] = defaultdict(Decimal)
    for line in wanted:
        prices[line.unit_price] += line.quantity
    for _, one in held:
        prices[_price(one)] -= _left(one)
    more: list[PlannedLine] = []
    for price, missing in prices.items():
        template = next((line for line in wanted if line.unit_price == price), None)
        if template is not None and (missing > 0 or (missing < 0 and template.quantity < 0)):
            total = money.line_total(missing, price, money.currency_of(price, currency))
            more.append(replace(template, quantity=missing, total=total))
            prices[price] = ZERO
    less = [one for price, missing in prices.items() if missing < 0 for one in _take(held, price, -missing, currency)]
    ordered = sum((line.total for line in wanted), ZERO)
    if wanted and min(wanted[-1].quantity, ordered) > 0 and Amendment(tuple(more), tuple(less)).amount != amount:
        # Parts of a unit: what is left of a line costs a cent more or less than the deal says. Order it all anew.
        less = [one for price in dict.fromkeys(_price(line) for _, line in held)
                for one in _take(held, price, _held_at(held, price), currency)]  # fmt: skip
        owed = amount + sum((one.total for one in less), ZERO)
        more = list(_lines(wanted[-1], sum((line.quantity for line in wanted), ZERO), owed, currency))
    return more, less


def _missing(wanted: Sequence[PlannedLine], held: Sequence[_Held], currency: str | None) -> tuple[Decimal, Decimal]:
    """How many units, and how much money, the deal says more than is held."""
    quantity = sum((line.quantity for line in wanted), ZERO) - sum((_left(line) for _, line in held), ZERO)
    amount = sum((line.total for line in wanted), ZERO) - sum((_total(line, currency) for _, line in held), ZERO)
    return quantity, amount


def _lines(template: PlannedLine, quantity: Decimal, amount: Decimal, currency: str | None) -> Iterator[PlannedLine]:
    counted = money.currency_of(amount, currency)
    for part, price in money.split_line(quantity, amount, counted):
        yield replace(template, quantity=part, unit_price=price, total=money.line_total(part, price, counted))


def _one_price(wanted: Sequence[PlannedLine], held: Sequence[_Held], currency: str | None) -> bool:
    """Whether all units cost the same but for rounding: two prices of one line differ by one minor unit at most.

    Twice that, because both sides may be cut.
    """
    prices = {line.unit_price for line in wanted} | {_price(line) for _, line in held}
    return max(prices) - min(prices) <= 2 * Decimal(1).scaleb(-money.digits(currency))


def _take(held: Sequence[_Held], price: Decimal, quantity: Decimal, currency: str | None) -> Iterator[Reduction]:
    """Take units of one price back: of activated orders first, of the newest lines first."""
    lines = [pair for pair in held if _price(pair[1]) == price and _left(pair[1]) > 0]
    for order, line in sorted(lines, key=lambda pair: (pair[0].is_draft, -pair[0].id, -pair[1].id)):
        if not quantity:
            return
        part = min(quantity, _left(line))
        quantity -= part
        yield Reduction(
            order_id=order.id,
            order=order.handle,
            is_draft=order.is_draft,
            line_id=line.id,
            line_key=line.key,
            line_sf_id=line.sf_id,
            product_id=line.product_id,
            pricebook_entry_id=line.pricebook_entry_id or "",
            quantity=part,
            unit_price=price,
            total=money.line_total(part, price, money.currency_of(price, currency)),
        )


def _held_at(held: Sequence[_Held], price: Decimal) -> Decimal:
    return sum((_left(line) for _, line in held if _price(line) == price), ZERO)


def _by_entry(orders: Iterable[StandingOrder]) -> dict[str, list[_Held]]:
    found: dict[str, list[_Held]] = {}
    for order in orders:
        for line in order.living:
            found.setdefault(line.pricebook_entry_id or "", []).append((order, line))
    return found


def _left(line: StandingLine) -> Decimal:
    return line.now.quantity - line.reduced


def _price(line: StandingLine) -> Decimal:
    return line.now.unit_price or ZERO


def _total(line: StandingLine, currency: str | None) -> Decimal:
    price = _price(line)
    counted = money.currency_of(price, currency)
    taken = money.line_total(line.reduced, price, counted) if line.reduced_total is None else line.reduced_total
    return money.line_total(line.now.quantity, price, counted) - taken
