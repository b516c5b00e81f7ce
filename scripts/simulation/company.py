"""The company that plays are about: an org with accounts, products and prices, and how its people make records."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sfsync.emulator.customising.fields import read_field
from sfsync.emulator.customising.objects import read_object
from sfsync.emulator.errors import ApiError
from sfsync.emulator.fields import Field
from sfsync.emulator.org import Org
from sfsync.emulator.settings import Settings, StatusValue

if TYPE_CHECKING:
    from collections.abc import Callable

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
NOTE = "Note__c"
STATUSES = (
    StatusValue("Draft", "Draft", default=True),
    StatusValue("Activated", "Activated"),
    StatusValue("Fulfilled", "Activated"),
    StatusValue("Cancelled", "Activated"),
)
_KEY = {"type": "Text", "length": 64, "unique": True, "externalId": True, "caseSensitive": True}
SHIPMENTS: dict[str, dict[str, dict[str, Any]]] = {
    "Shipment__c": {
        "SFSync_Key__c": _KEY,
        "Order__c": {"type": "Lookup", "referenceTo": "Order", "relationshipName": "Shipments"},
        "Status__c": {"type": "Text", "length": 20},
        "Carrier__c": {"type": "Text", "length": 20},
        "Tracking_Number__c": {"type": "Text", "length": 80},
        "Tracking_URL__c": {"type": "Url"},
        "Shipped_Date__c": {"type": "Date"},
        "Delivered_Date__c": {"type": "Date"},
    },
    "Shipment_Line__c": {
        "SFSync_Key__c": _KEY,
        "Shipment__c": {"type": "Lookup", "referenceTo": "Shipment__c", "relationshipName": "Lines"},
        "Order_Item__c": {"type": "Lookup", "referenceTo": "OrderItem", "relationshipName": "Shipment_Lines"},
        "Quantity__c": {"type": "Number", "precision": 18, "scale": 2},
    },
}
PRICES = (100, 250, 7.5)
ACCOUNTS = 3


@dataclass
class Company:
    """An org and what deals are made of. `deals` are all that were ever made, deleted ones too."""

    org: Org
    book: str = ""
    accounts: list[str] = field(default_factory=list)
    entries: list[str] = field(default_factory=list)
    deals: list[str] = field(default_factory=list)
    takes_back: set[str] = field(default_factory=set)
    """The deals that ever had a line of negative quantity."""

    def __post_init__(self) -> None:
        self.book = self.org.standard_pricebook_id
        self.org.update("Pricebook2", self.book, {"IsActive": True})
        self.accounts = [self.org.insert("Account", {"Name": f"Customer {number}"}) for number in range(ACCOUNTS)]
        for number, price in enumerate(PRICES):
            product = self.org.insert("Product2", {"Name": f"Licence {number}", "IsActive": True})
            entry = {"Pricebook2Id": self.book, "Product2Id": product, "UnitPrice": price, "IsActive": True}
            self.entries.append(self.org.insert("PricebookEntry", entry))

    def deal(self, account: str, lines: list[dict[str, Any]], **fields: Any) -> str:
        """Make an open deal with lines."""
        values = {
            "Name": f"Deal {len(self.deals)}",
            "StageName": "Negotiation/Review",
            "CloseDate": "2026-03-01",
            "AccountId": account,
            "Pricebook2Id": self.book,
        }
        deal = self.org.insert("Opportunity", values | fields)
        self.deals.append(deal)
        for line in lines:
            self.org.insert("OpportunityLineItem", {"OpportunityId": deal, **line})
            if line["Quantity"] < 0:
                self.takes_back.add(deal)
        return deal

    def order(self, deal: str, account: str, **fields: Any) -> str:
        """Make a draft order with one line by hand."""
        values = {"AccountId": account, "Pricebook2Id": self.book, "EffectiveDate": "2026-03-01", "Status": "Draft"}
        order = self.org.insert("Order", values | {"OpportunityId": deal} | fields)
        item = {"OrderId": order, "PricebookEntryId": self.entries[0], "Quantity": 1, "UnitPrice": 100}
        self.org.insert("OrderItem", item)
        return order

    def ids(self, sobject: str, where: str = '"IsDeleted" = 0') -> list[str]:
        """Ids of the records of an object, oldest first."""
        found = self.org.db.connection.execute(f'SELECT "Id" FROM "{sobject}" WHERE {where} ORDER BY "Id"')
        return [row[0] for row in found]


def founded(seed: int, *, ships: bool = False, stock: bool = False) -> Company:
    """Found a company in an org of its own; the org's clock stands still until somebody advances it.

    With `stock` it has sold before: each account holds an activated order.
    """
    org = Org(seed=seed, clock=START, settings=Settings(order_statuses=STATUSES, lock_wait_seconds=0))
    org.add_custom_field("Order", Field(NOTE, "string", "Note", length=255, custom=True))
    if ships:
        _add_shipments(org)
    company = Company(org)
    if stock:
        for account in company.accounts:
            _sold_before(company, account)
    return company


def _sold_before(company: Company, account: str) -> None:
    header = {"AccountId": account, "Pricebook2Id": company.book, "EffectiveDate": "2026-02-01", "Status": "Draft"}
    order = company.org.insert("Order", header)
    for entry, price, quantity in zip(company.entries, PRICES, (20, 8), strict=False):
        line = {"OrderId": order, "PricebookEntryId": entry, "Quantity": quantity, "UnitPrice": price}
        company.org.insert("OrderItem", line)
    company.org.update("Order", order, {"Status": "Activated"})


def _add_shipments(org: Org) -> None:
    """Let the administrator have made the objects of shipments, for everybody to see."""
    for number, (name, own) in enumerate(SHIPMENTS.items()):
        metadata = {
            "label": name.removesuffix("__c").replace("_", " "),
            "pluralLabel": name.removesuffix("__c").replace("_", " ") + "s",
            "nameField": {"label": "Number", "type": "AutoNumber", "displayFormat": "S-{00000}"},
            "deploymentStatus": "Deployed",
            "sharingModel": "ReadWrite",
        }
        org.add_object(read_object(name, metadata, f"a5{number}"))
        for field_name, described in own.items():
            org.add_custom_field(name, read_field(field_name, {"label": field_name, **described}, org.schema))


def tried(act: Callable[[], object]) -> str:
    """Do something in the org by its rules; return what came of it: "done", or the code of the org's refusal."""
    try:
        act()
    except ApiError as refusal:
        return refusal.code
    return "done"
