"""The demo's org: about 400 opportunities of three companies and their customers, some 150 won, and the usual traps."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sfsync.demo import catalogue
from sfsync.demo.sales import LOST, WON, Sales
from sfsync.demo.stock import fill_stock
from sfsync.demo.traps import Named, make_traps
from sfsync.emulator.objects import standard_schema
from sfsync.emulator.org import Org
from sfsync.emulator.settings import ORDER_STATUSES, Settings, StatusValue

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date

    from sfsync.demo.sales import Made
    from sfsync.demo.stock import Account, Stock

OPPORTUNITIES, WINS = 400, 150
OPEN_STAGES = ("Prospecting", "Qualification", "Needs Analysis", "Value Proposition", "Proposal/Price Quote")
KINDS = ("New Customer", "Existing Customer - Upgrade", "Existing Customer - Replacement")
STATUSES = (*ORDER_STATUSES, StatusValue("Fulfilled", "Activated"), StatusValue("Cancelled", "Activated"))
"""Order statuses of the demo's org: Salesforce's own two, and the two that companies usually add."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What a first cycle has to come to, counted from how the deals were made."""

    opportunities: int
    won: int
    orderable: int
    """Won deals that get a new order."""
    adopted: int
    """Won deals that have an order of somebody else."""
    rejected: int
    """Won deals that can have none."""
    reasons: dict[str, int]
    """Code of a problem: how many deals have it. A deal can have several."""
    lines: int
    """Order products of the new orders; a line whose cents do not divide makes two."""
    total: Decimal
    """Sum of the new orders."""


@dataclass(frozen=True, slots=True)
class World:
    """The org's contents: the deals worth looking at, what is expected of all, and how each was made."""

    named: Named
    expected: Expected
    deals: dict[str, Made]


def new_org(seed: int = 0, *, path: str = ":memory:", **switches: Any) -> Org:
    """Open an empty org as the demo needs it: four order statuses, and discounts on opportunity products.

    `path` is an SQLite file to keep it in; what was kept there is there again. `switches` are further settings of it.
    """
    settings = Settings(**{"company": "Cobalt, Apex and NovaTech", "order_statuses": STATUSES, **switches})
    return Org(seed=seed, settings=settings, schema=standard_schema(line_discounts=True), path=path)


def build(org: Org, seed: int, today: date) -> World:
    """Fill an empty `org` with the year before `today`; the same seed and day always give the same org.

    Nothing is stamped later than the evening before `today`, whatever the org's clock says.
    """
    sales = Sales(org, random.Random(seed), today, ())  # noqa: S311 - repeatable, not secret
    stock = fill_stock(org, today)
    sales.owners = stock.owners
    named = make_traps(sales, stock)
    _make_the_rest(sales, stock)
    return World(named, _expected(sales.made.values()), dict(sales.made))


def _make_the_rest(sales: Sales, stock: Stock) -> None:
    wins = WINS - sum(made.is_won for made in sales.made.values())
    others = OPPORTUNITIES - len(sales.made) - wins
    for _ in range(wins):
        _make_one(sales, stock, WON)
    for _ in range(others):
        _make_one(sales, stock, sales.rng.choice((LOST, *OPEN_STAGES)))


def _make_one(sales: Sales, stock: Stock, stage: str) -> None:
    rng = sales.rng
    # The three main companies buy more often than others.
    account = rng.choice(stock.accounts + stock.accounts[:3] * 2)
    is_closed = stage in {WON, LOST}
    closed = sales.day(rng.randrange(2, 350) if is_closed else -rng.randrange(3, 120))
    book = stock.books[rng.choice(("standard", "standard", "standard", "enterprise", "channel"))]
    contract = rng.choice((account.contract, account.contract, None))
    sales.deal(
        account.sf_id,
        _name(sales, account, closed),
        sales.some_lines(account.family, stock.products),
        book=book,
        closed=closed,
        stage=stage,
        contract=contract,
        kind=rng.choice(KINDS),
    )


def _name(sales: Sales, account: Account, closed: date) -> str:
    subject = sales.rng.choice(catalogue.SUBJECTS[account.family])
    return f"{account.name} - {subject} {closed.year} Q{(closed.month + 2) // 3}"


def _expected(deals: Collection[Made]) -> Expected:
    won = [made for made in deals if made.is_won]
    rejected = [made for made in won if made.reasons]
    adopted = [made for made in won if made.is_ordered_already]
    orderable = [made for made in won if not made.reasons and not made.is_ordered_already]
    return Expected(
        opportunities=len(deals),
        won=len(won),
        orderable=len(orderable),
        adopted=len(adopted),
        rejected=len(rejected),
        reasons=dict(Counter(reason for made in rejected for reason in made.reasons)),
        lines=sum(made.order_lines for made in orderable),
        total=sum((made.amount for made in orderable), Decimal(0)),
    )
