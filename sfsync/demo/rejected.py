"""The won deals of the demo's org that cannot become orders before somebody fixes them, one of each kind or more."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from sfsync.demo.past import at
from sfsync.demo.sales import Line
from sfsync.demo.stock import contract

if TYPE_CHECKING:
    from sfsync.demo.sales import Sales
    from sfsync.demo.stock import Account, Stock


def make_rejected(sales: Sales, stock: Stock) -> dict[str, str]:
    """Make them, switch off what is inactive by now, and return one id of each kind."""
    made = _about_the_deal(sales, stock) | _about_products(sales, stock) | _about_contracts(sales, stock)
    with at(sales.org, sales.moment(sales.day(1))):
        sales.org.update("Pricebook2", stock.books["retired"], {"IsActive": False})
        sales.org.update("Product2", stock.legacy_product.sf_id, {"IsActive": False})
        entry, _ = stock.legacy_entry.entries[stock.books["enterprise"]]
        sales.org.update("PricebookEntry", entry, {"IsActive": False})
    return made


def _about_the_deal(sales: Sales, stock: Stock) -> dict[str, str]:
    def deal(account: Account | None, name: str, ago: int, *reasons: str, lines: int = 2, **more: Decimal) -> str:
        family = account.family if account else "Goods"
        goods = sales.some_lines(family, stock.products)[:lines]
        sf_id = account.sf_id if account else None
        name = f"{account.name} - {name}" if account else name
        book = stock.books["retired" if "price_book_inactive" in reasons else "standard"]
        return sales.deal(
            sf_id, name, goods, book=book, closed=sales.day(ago), reasons=reasons, amount=more.get("amount")
        )

    customers = stock.customers
    deal(None, "Trade fair - Handshake deal", 44, "no_account")
    deal(customers[8], "Early adopter offer", 130, "price_book_inactive")
    deal(customers[17], "Framework for next year", 29, "no_lines", "no_price_book", lines=0, amount=Decimal(24000))
    return {
        "no_account": deal(None, "Web shop - Order of a new customer", 6, "no_account"),
        # A price book is only filled in with the first product, so a deal without products has none either.
        "no_lines": deal(
            customers[3], "Verbal agreement", 13, "no_lines", "no_price_book", lines=0, amount=Decimal(18500)
        ),
        "no_price_book": deal(
            customers[41], "Volume deal", 50, "no_lines", "no_price_book", lines=0, amount=Decimal(9900)
        ),
        "price_book_inactive": deal(customers[1], "Launch offer", 95, "price_book_inactive"),
    }


def _about_products(sales: Sales, stock: Stock) -> dict[str, str]:
    standard, enterprise = stock.books["standard"], stock.books["enterprise"]
    old_tracker, connector = stock.legacy_entry, stock.legacy_product
    drill = [Line(stock.product("GPS Tracker"), Decimal(25)), Line(old_tracker, Decimal(10))]
    bank, school, fleet, mine = (stock.customers[place] for place in (44, 55, 27, 38))

    def deal(account: Account | None, name: str, lines: list[Line], book: str, ago: int, *reasons: str) -> str:
        sf_id = account.sf_id if account else None
        return sales.deal(sf_id, name, lines, book=book, closed=sales.day(ago), reasons=reasons)

    deal(mine, f"{mine.name} - Trackers for the fleet", drill, enterprise, 72, "entry_inactive")
    deal(school, f"{school.name} - Connector", [Line(connector, Decimal(2))], standard, 88, "product_inactive")
    # The same product is fine in the standard price book: only its enterprise entry is switched off.
    deal(mine, f"{mine.name} - Spare trackers", [Line(old_tracker, Decimal(4))], standard, 61)
    credit = [Line(stock.product("Build agent"), Decimal(6)), Line(stock.product("Build agent"), Decimal(-2))]
    return {
        "entry_inactive": deal(fleet, f"{fleet.name} - GPS trackers", drill, enterprise, 19, "entry_inactive"),
        "product_inactive": deal(
            bank, f"{bank.name} - Legacy integration", [Line(connector, Decimal(5))], standard, 26, "product_inactive"
        ),
        "negative_quantity": deal(
            bank, f"{bank.name} - Build agents, two taken back", credit, standard, 33, "not_held"
        ),
        "two_problems": deal(None, "Roadshow - Trackers", drill, enterprise, 37, "no_account", "entry_inactive"),
    }


def _about_contracts(sales: Sales, stock: Stock) -> dict[str, str]:
    org, customers = sales.org, [account for account in stock.customers if account.contract is None]

    def deal(place: int, name: str, ago: int, under: str, reason: str) -> str:
        account = customers[place]
        lines = sales.some_lines(account.family, stock.products)[:3]
        name = f"{account.name} - {name}"
        book, closed = stock.books["standard"], sales.day(ago)
        return sales.deal(account.sf_id, name, lines, book=book, closed=closed, contract=under, reasons=(reason,))

    def agreement(place: int, starts_ago: int, months: int, *, activated: bool = True, book: str | None = None) -> str:
        starts_on = sales.today - timedelta(days=starts_ago)
        return contract(org, customers[place].sf_id, starts_on, months=months, activated=activated, book=book)

    deal(4, "Renewal", 66, agreement(4, 500, 12), "contract_ended")
    deal(9, "Second site", 21, agreement(9, 60, 24, activated=False), "contract_not_activated")
    of_another = agreement(6, 300, 24)
    enterprise_only = agreement(10, 300, 24, book=stock.books["enterprise"])
    return {
        "contract_ended": deal(5, "Renewal", 14, agreement(5, 400, 12), "contract_ended"),
        "contract_not_started": deal(7, "Pilot", 10, agreement(7, 4, 12), "contract_not_started"),
        "contract_not_activated": deal(
            8, "New branch", 17, agreement(8, 90, 12, activated=False), "contract_not_activated"
        ),
        "contract_other_account": deal(11, "Joint purchase", 22, of_another, "contract_other_account"),
        "contract_other_price_book": deal(10, "Extension", 28, enterprise_only, "contract_other_price_book"),
    }
