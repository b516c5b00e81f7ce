"""A small org for tests: one account, one price book, a few products, and deals made in a line."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sfsync.emulator.http import Request
from sfsync.emulator.org import Org
from sfsync.emulator.settings import Settings, StatusValue
from sfsync.emulator.soql import plans

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sfsync.emulator.calls import Call, Moment

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
STATUSES = (
    StatusValue("Draft", "Draft", default=True),
    StatusValue("Activated", "Activated"),
    StatusValue("Fulfilled", "Activated"),
    StatusValue("Cancelled", "Activated"),
)


_DESCRIBED = (
    "Opportunity",
    "OpportunityLineItem",
    "Order",
    "OrderItem",
    "Account",
    "Contract",
    "Product2",
    "PricebookEntry",
)
_ALIKE: dict[str, tuple[Org, OrderedDict[Any, Any]]] = {}
"""By their settings: an org that nobody works with, and the compiled queries of all that are like it."""


def new_org(**settings: Any) -> Org:
    """An empty org with the four statuses, on a clock that stands still."""
    settings.setdefault("order_statuses", STATUSES)
    org = Org(clock=START, settings=Settings(**settings))
    _share(org, settings)
    return org


def _share(org: Org, settings: dict[str, Any]) -> None:
    """Let orgs of the same settings share describes and compiled queries, until the schema of one is changed.

    Programs have one org, so this changes what a test costs, not what it shows.
    """
    kind = repr(sorted(settings.items()))
    if kind not in _ALIKE:
        like = Org(clock=START, settings=Settings(**settings))
        headers = {"Authorization": f"Bearer {like.login()}"}
        for name in _DESCRIBED:
            like.handle(Request.of("GET", f"/services/data/v66.0/sobjects/{name}/describe", headers=headers))
        _ALIKE[kind] = like, OrderedDict()
    like, queries = _ALIKE[kind]
    assert org.schema.version == like.schema.version
    org.derived.update(like.derived)
    plans._KEPT[org.schema] = org.schema.version, queries


@dataclass
class World:
    """An org and the records that deals are made of."""

    org: Org
    account: str = ""
    book: str = ""
    entries: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.book = self.org.standard_pricebook_id
        self.org.update("Pricebook2", self.book, {"IsActive": True})
        self.account = self.org.insert("Account", {"Name": "Cobalt Ventures"})
        self.entries = [self.entry(f"Licence {name}", price) for name, price in (("A", 100), ("B", 250), ("C", 7.5))]

    def entry(self, product: str, price: float, **fields: Any) -> str:
        """Make a product with a standard price; return the price book entry."""
        product_id = self.org.insert("Product2", {"Name": product, "ProductCode": product[-1], "IsActive": True})
        values = {"Pricebook2Id": self.book, "Product2Id": product_id, "UnitPrice": price, "IsActive": True}
        return self.org.insert("PricebookEntry", values | fields)

    def deal(
        self,
        *lines: tuple[float, float],
        name: str = "Deal",
        won: bool = True,
        total: float | None = None,
        **fields: Any,
    ) -> str:
        """Make a deal with lines of (quantity, unit price), one line when none is given, and win it."""
        values = {
            "Name": name,
            "StageName": "Negotiation/Review",
            "CloseDate": "2026-03-01",
            "AccountId": self.account,
            "Pricebook2Id": self.book,
        }
        deal = self.org.insert("Opportunity", values | fields)
        for number, (quantity, price) in enumerate(lines or ((1, 100),)):
            self.line(deal, quantity, price, entry=self.entries[number % len(self.entries)], total=total)
        if won:
            self.win(deal)
        return deal

    def line(
        self, deal: str, quantity: float, price: float, *, entry: str | None = None, total: float | None = None
    ) -> str:
        """Add a line to a deal, by unit price or by its total."""
        values = {"OpportunityId": deal, "PricebookEntryId": entry or self.entries[0], "Quantity": quantity}
        values |= {"TotalPrice": total} if total is not None else {"UnitPrice": price}
        return self.org.insert("OpportunityLineItem", values)

    def win(self, deal: str) -> None:
        """Close a deal as won."""
        self.org.update("Opportunity", deal, {"StageName": "Closed Won"})

    def deals(self, count: int, lines: int = 1) -> list[str]:
        """Make and win many deals, each on an account of its own."""
        return [
            self.deal(
                *(((number + 1), 100 + number),) * lines,
                name=f"Deal {number}",
                AccountId=self.org.insert("Account", {"Name": f"Customer {number}"}),
            )
            for number in range(count)
        ]

    def order(self, **fields: Any) -> str:
        """Make a draft order by hand, as a person or a Flow in the org does."""
        values = {
            "AccountId": self.account,
            "Pricebook2Id": self.book,
            "EffectiveDate": "2026-03-01",
            "Status": "Draft",
        }
        return self.org.insert("Order", values | fields)

    def item(self, order: str, **fields: Any) -> str:
        """Add a line to an order by hand: one piece for 100."""
        values = {"OrderId": order, "PricebookEntryId": self.entries[0], "Quantity": 1, "UnitPrice": 100}
        return self.org.insert("OrderItem", values | fields)

    def orders(self, deal: str | None = None) -> list[dict[str, Any]]:
        """The org's orders, of one deal or all, with their items."""
        where = f" WHERE OpportunityId = '{deal}'" if deal else ""
        return self.org.query(
            "SELECT Id, OrderNumber, Status, StatusCode, TotalAmount, OpportunityId, SFSync_Key__c, AccountId,"
            " (SELECT Id, Quantity, UnitPrice, TotalPrice, SFSync_Key__c FROM OrderItems)"
            f" FROM Order{where} ORDER BY Id"
        )

    def amounts_agree(self) -> bool:
        """Whether every deal with orders has exactly one, over exactly its amount."""
        deals = {
            row["Id"]: Decimal(str(row["Amount"]))
            for row in self.org.query("SELECT Id, Amount FROM Opportunity WHERE IsWon = true")
        }
        orders = self.orders()
        return {o["OpportunityId"]: Decimal(str(o["TotalAmount"])) for o in orders} == deals and len(orders) == len(
            deals
        )


def kinds(org: Org) -> Sequence[str]:
    """The kinds of the counted calls that an org got, in order."""
    return [call.kind for call in org.calls if call.counted]


def just_before(org: Org, path: str, act: Callable[[], object]) -> None:
    """Have somebody act in the org once, just before it gets a call whose path ends so."""

    def hook(call: Call, moment: Moment) -> None:
        if moment == "before" and call.path.endswith(path):
            org.on_call.remove(hook)
            act()

    org.on_call.append(hook)
