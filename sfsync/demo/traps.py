"""The deals of the demo's org that a simple script gets wrong: one function makes one of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from sfsync.demo.past import at
from sfsync.demo.rejected import make_rejected
from sfsync.demo.sales import WON, Line
from sfsync.demo.stock import contract

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sfsync.demo.sales import Sales
    from sfsync.demo.stock import Account, Stock

BIG = 700
"""More lines than one composite graph takes (499 and the order)."""


@dataclass(frozen=True, slots=True)
class Named:
    """Opportunity ids of the deals worth looking at (and the orders that were there before sfsync)."""

    # -- become orders
    cobalt: str
    """Subscriptions of Cobalt Ventures, some discounted."""
    apex: str
    """Goods of Apex Manufacturing, to be shipped in parts."""
    novatech: str
    """100 developer licences of NovaTech Software, under a contract."""
    thirds: str
    """3 units for 100.00: no unit price of two decimals gives that."""
    free: str
    """One line costs nothing."""
    early: str
    """A service date before the order can start."""
    fraction: str
    """7.5 hours of consulting."""
    long_name: str
    """A name of more than the 80 characters that an order's may have."""
    big: str
    """700 lines."""
    reclosed: str
    """Won, opened again for one more product, and won again."""
    # -- have orders already
    flow: str
    """A Flow made a draft order with all lines when the deal was won."""
    flow_order: str
    by_hand: str
    """A person made the order, and has activated it."""
    by_hand_order: str
    # -- cannot become orders
    no_account: str
    no_lines: str
    no_price_book: str
    price_book_inactive: str
    entry_inactive: str
    product_inactive: str
    contract_ended: str
    contract_not_started: str
    contract_not_activated: str
    contract_other_account: str
    contract_other_price_book: str
    negative_quantity: str
    two_problems: str
    """No account, and an inactive price book entry."""
    # -- is not won any more
    reopened: str


def make_traps(sales: Sales, stock: Stock) -> Named:
    """Make all of them; the price book, product and entry that are inactive are switched off at the end."""
    orders = _become_orders(sales, stock)
    return Named(
        **orders, **_have_orders(sales, stock), **make_rejected(sales, stock), reopened=_reopened(sales, stock)
    )


def _become_orders(sales: Sales, stock: Stock) -> dict[str, str]:
    deal, day, book, product = sales.deal, sales.day, stock.books, stock.product
    discounted = [
        Line(product("Platform Team, yearly"), Decimal(12), discount=Decimal("12.5"), starts=7),
        Line(product("Additional seat, yearly"), Decimal(85), discount=Decimal("33.33"), starts=7),
        Line(product("Gold support, yearly"), Decimal(1)),
        Line(product("Sandbox environment, yearly"), Decimal(1)),
    ]
    goods = [
        Line(product("Belt conveyor, 6 m"), Decimal(4), discount=Decimal("7.5")),
        Line(product("GPS Tracker"), Decimal(60)),
        Line(product("Steel roller, 50 mm"), Decimal(480), discount=Decimal(15)),
        Line(product("Freight"), Decimal(2)),
    ]
    licences = [
        Line(product("Developer licence"), Decimal(100), starts=0),
        Line(product("Maintenance, yearly"), Decimal(1), starts=0),
    ]
    thirds = [Line(product("Workshop, per day"), Decimal(3), total=Decimal("100.00"))]
    free = [
        Line(product("Platform Starter, monthly"), Decimal(12)),
        Line(product("Onboarding package"), Decimal(1), price=Decimal(0)),
    ]
    early = [
        Line(
            product("Professional licence"),
            Decimal(15),
            starts=-20,
            description="Use was granted before the signature.",
        )
    ]
    fraction = [Line(product("Consulting, per hour"), Decimal("7.5"), price=Decimal("162.00"))]
    long_name = "Harborview Hospitals - Platform roll-out to all clinics of the northern region, phase two of three"
    customers = {account.name: account for account in stock.customers}
    harborview, novatech = customers["Harborview Hospitals"], stock.novatech
    agreement = contract(sales.org, novatech.sf_id, day(420), months=24)
    first = deal(
        stock.cobalt.sf_id,
        "Cobalt Ventures - Platform for the whole company",
        discounted,
        book=book["standard"],
        closed=day(9),
    )
    return {
        "cobalt": first,
        "apex": deal(
            stock.apex.sf_id, "Apex Manufacturing - Conveyor line 4", goods, book=book["enterprise"], closed=day(12)
        ),
        "novatech": deal(
            novatech.sf_id,
            "NovaTech Software - 100 developer licences",
            licences,
            book=book["standard"],
            closed=day(15),
            contract=agreement,
        ),
        "thirds": deal(
            customers["Polaris Bank"].sf_id,
            "Polaris Bank - Three workshops for 100",
            thirds,
            book=book["standard"],
            closed=day(20),
        ),
        "free": deal(
            customers["Larkspur Insurance Group"].sf_id,
            "Larkspur - Platform, onboarding included",
            free,
            book=book["standard"],
            closed=day(23),
        ),
        "early": deal(
            customers["Nimbus Airlines"].sf_id,
            "Nimbus Airlines - Professional licences",
            early,
            book=book["enterprise"],
            closed=day(31),
        ),
        "fraction": deal(
            customers["Quantia Biotech"].sf_id,
            "Quantia Biotech - Consulting",
            fraction,
            book=book["standard"],
            closed=day(18),
        ),
        "long_name": deal(
            harborview.sf_id,
            long_name,
            [Line(product("Platform Team, yearly"), Decimal(30))],
            book=book["enterprise"],
            closed=day(40),
        ),
        "big": deal(
            customers["Ironbridge Steelworks"].sf_id,
            "Ironbridge Steelworks - Plant equipment",
            _many(stock),
            book=book["enterprise"],
            closed=day(27),
        ),
        "reclosed": _reclosed(sales, stock, customers["Delta Freight Lines"]),
    }


def _many(stock: Stock) -> list[Line]:
    goods = [stock.product(name) for name in ("Steel roller, 50 mm", "Geared motor, 1.5 kW", "Proximity sensor")]
    goods += [stock.product(name) for name in ("Shielded cable, 10 m", "GPS Tracker", "Spare parts kit")]
    return [
        Line(goods[place % len(goods)], Decimal(place % 7 + 1), description=f"Bay {place // 20 + 1}, item {place + 1}")
        for place in range(BIG)
    ]


def _reclosed(sales: Sales, stock: Stock, account: Account) -> str:
    book, closed, product = stock.books["standard"], sales.day(16), stock.product
    lines = [Line(product("Handheld scanner"), Decimal(12))]
    deal = sales.deal(account.sf_id, "Delta Freight Lines - Scanner replacement", lines, book=book, closed=closed)
    more = [Line(product("Label printer"), Decimal(2), discount=Decimal(10))]
    again = sales.moment(closed + timedelta(days=2))
    with at(sales.org, again - timedelta(hours=3)):
        sales.org.update("Opportunity", deal, {"StageName": "Negotiation/Review"})
    with at(sales.org, again - timedelta(hours=2)):
        sales.add_lines(deal, more, book, closed)
    with at(sales.org, again):
        sales.org.update("Opportunity", deal, {"StageName": WON})
    made = sales.made[deal]
    sales.made[deal] = replace(
        made,
        order_lines=made.order_lines + sum(line.parts_in(book) for line in more),
        amount=made.amount + sum((line.total_in(book) for line in more), Decimal(0)),
    )
    return deal


def _reopened(sales: Sales, stock: Stock) -> str:
    lines = [Line(stock.product("Build agent"), Decimal(4))]
    account = stock.customers[-1]
    deal = sales.deal(
        account.sf_id, f"{account.name} - Build farm", lines, book=stock.books["standard"], closed=sales.day(8)
    )
    with at(sales.org, sales.moment(sales.day(6))):
        sales.org.update("Opportunity", deal, {"StageName": "Negotiation/Review"})
    sales.made[deal] = replace(sales.made[deal], is_won=False)
    return deal


def _have_orders(sales: Sales, stock: Stock) -> dict[str, str]:
    flow, by_hand = stock.customers[24], stock.customers[45]
    product, book = stock.product, stock.books["standard"]
    conveyors = [Line(product("Belt conveyor, 2 m"), Decimal(3)), Line(product("Line controller"), Decimal(1))]
    licences = [Line(product("Enterprise licence"), Decimal(40))]
    of_flow = sales.deal(flow.sf_id, f"{flow.name} - Sorting line", conveyors, book=book, closed=sales.day(11))
    of_hand = sales.deal(
        by_hand.sf_id, f"{by_hand.name} - Enterprise licences", licences, book=book, closed=sales.day(35)
    )
    return {
        "flow": of_flow,
        "flow_order": _order(sales, flow, of_flow, conveyors, book, after=timedelta(seconds=3)),
        "by_hand": of_hand,
        "by_hand_order": _order(sales, by_hand, of_hand, licences, book, after=timedelta(hours=5), activated=True),
    }


def _order(
    sales: Sales,
    account: Account,
    deal: str,
    lines: Sequence[Line],
    book: str,
    *,
    after: timedelta,
    activated: bool = False,
) -> str:
    row = sales.org.get("Opportunity", deal)
    made = datetime.fromisoformat(row["SystemModstamp"]).replace(tzinfo=UTC) + after
    header = {"AccountId": account.sf_id, "OpportunityId": deal, "EffectiveDate": row["CloseDate"], "Status": "Draft"}
    with at(sales.org, made):
        order = sales.org.insert("Order", {**header, "Pricebook2Id": book, "Name": row["Name"][:80]})
        items = [
            {
                "OrderId": order,
                "PricebookEntryId": line.product.entries[book][0],
                "Quantity": line.quantity,
                "UnitPrice": line.price_in(book),
            }
            for line in lines
        ]
        sales.org.insert_many("OrderItem", items)
    if activated:
        with at(sales.org, made + timedelta(hours=1)):
            sales.org.update("Order", order, {"Status": "Activated"})
    sales.made[deal] = replace(sales.made[deal], is_ordered_already=True)
    return order
