"""What the demo's org has before the first deal: people, accounts, price books, products and contracts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from sfsync.demo import catalogue
from sfsync.demo.past import at
from sfsync.demo.sales import CENT, Product

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from sfsync.demo.catalogue import Article, Customer
    from sfsync.emulator.org import Org

YEARS_AGO = timedelta(days=800)


@dataclass(frozen=True, slots=True)
class Account:
    """A customer in the org, with the activated contract that covers the last two years, if it has one."""

    sf_id: str
    name: str
    family: str
    contract: str | None


@dataclass(frozen=True)
class Stock:
    """The ids of what was put in. `books` is by short name: standard, enterprise, channel, retired."""

    cobalt: Account
    apex: Account
    novatech: Account
    customers: tuple[Account, ...]
    books: dict[str, str]
    products: tuple[Product, ...]
    legacy_product: Product
    legacy_entry: Product
    owners: tuple[str, ...]

    @property
    def accounts(self) -> tuple[Account, ...]:
        """All accounts, the three main ones first."""
        return (self.cobalt, self.apex, self.novatech, *self.customers)

    def product(self, code_or_name: str) -> Product:
        """Return the product of that name.

        Raises:
            KeyError: if there is none.
        """
        return {product.name: product for product in self.products}[code_or_name]


def fill_stock(org: Org, today: date) -> Stock:
    """Put people, accounts, price books, products and contracts into the org, stamped two years ago."""
    start = datetime.combine(today, time(9), UTC) - YEARS_AGO
    with at(org, start):
        owners = _owners(org)
        books = _books(org)
        products = _products(org, catalogue.articles(), books)
        legacy_product, legacy_entry = _products(org, [catalogue.LEGACY_PRODUCT, catalogue.LEGACY_ENTRY], books)
        customers = [catalogue.COBALT, catalogue.APEX, catalogue.NOVATECH, *catalogue.customers()]
        accounts = _accounts(org, customers, owners)
    first_day = (start + timedelta(days=30)).date()
    cobalt, apex, novatech, *others = [
        replace(account, contract=contract(org, account.sf_id, first_day, months=36)) if place % 3 == 0 else account
        for place, account in enumerate(accounts)
    ]
    return Stock(
        cobalt, apex, novatech, tuple(others), books, tuple(products), legacy_product, legacy_entry, tuple(owners)
    )


def contract(
    org: Org, account: str, starts_on: date, *, months: int, activated: bool = True, book: str | None = None
) -> str:
    """Make a contract from `starts_on` for so many months, and activate it two days after it was made."""
    made = datetime.combine(starts_on, time(10), UTC) - timedelta(days=12)
    values = {"AccountId": account, "StartDate": starts_on.isoformat(), "ContractTerm": months, "Pricebook2Id": book}
    with at(org, made):
        sf_id = org.insert("Contract", {**values, "Status": "Draft"})
    if activated:
        with at(org, made + timedelta(days=2)):
            org.update("Contract", sf_id, {"Status": "Activated"})
    return sf_id


def _owners(org: Org) -> list[str]:
    profile = org.query("SELECT ProfileId FROM User LIMIT 1")[0]["ProfileId"]
    owners = []
    for name in catalogue.REPS:
        first, last = name.split()
        mail = f"{first}.{last}@sales.example".lower()
        person = {"FirstName": first, "LastName": last, "Username": mail, "Email": mail, "IsActive": True}
        person |= {"Alias": first[:8].lower(), "CommunityNickname": name, "ProfileId": profile}
        person |= {"TimeZoneSidKey": "UTC", "LocaleSidKey": "en_US", "LanguageLocaleKey": "en_US"}
        owners.append(org.insert("User", {**person, "EmailEncodingKey": "UTF-8"}))
    return owners


def _books(org: Org) -> dict[str, str]:
    standard = org.query("SELECT Id FROM Pricebook2 WHERE IsStandard = true")[0]["Id"]
    own = {
        short: org.insert("Pricebook2", {"Name": name, "IsActive": True})
        for short, name in catalogue.PRICE_BOOKS.items()
    }
    return {"standard": standard, **own}


def _products(org: Org, articles: Sequence[Article], books: dict[str, str]) -> list[Product]:
    products = []
    for article in articles:
        values = {"Name": article.name, "ProductCode": article.code, "Family": article.family, "IsActive": True}
        sf_id = org.insert("Product2", values)
        entries = {}
        for short, book in books.items():
            factor = catalogue.PRICE_FACTORS.get(short, Decimal(1))
            price = (article.price * factor).quantize(CENT, rounding=ROUND_HALF_UP)
            entry = {"Pricebook2Id": book, "Product2Id": sf_id, "UnitPrice": price, "IsActive": True}
            entries[book] = (org.insert("PricebookEntry", entry), price)
        products.append(Product(sf_id, article.name, article.family, article.most, entries))
    return products


def _accounts(org: Org, customers: Sequence[Customer], owners: Sequence[str]) -> list[Account]:
    rows = [
        {
            "Name": customer.name,
            "Type": "Customer - Direct",
            "Industry": customer.industry,
            "BillingCity": customer.city,
            "BillingCountry": customer.country,
            "OwnerId": owners[place % len(owners)],
        }
        for place, customer in enumerate(customers)
    ]
    ids = org.insert_many("Account", rows)
    return [
        Account(sf_id, customer.name, customer.family, None) for sf_id, customer in zip(ids, customers, strict=True)
    ]
