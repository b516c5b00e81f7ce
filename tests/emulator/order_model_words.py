"""What the modules of the naive model share: its words, its fields, and what is derived from rows."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfsync.emulator.settings import StatusValue
    from tests.emulator.order_model import Model

KEY = "SFSync_Key__c"
Row = dict[str, Any]
Codes = frozenset[str] | None
FREE: Codes = None  # the facts name no code

_CENT = Decimal("0.01")

# Per field: what it takes (an object's name: a reference to it), and whether it may be sent on create and update; "!"
# marks what may not be null [facts: orders 2 and 3].
FIELDS: dict[str, dict[str, tuple[str, str]]] = {
    "Order": {
        "AccountId": ("Account", "CU"),
        "ContractId": ("Contract", "CU"),
        "Pricebook2Id": ("Pricebook2", "CU"),
        "OriginalOrderId": ("Order", "C"),
        "EffectiveDate": ("date", "CU!"),
        "EndDate": ("date", "CU"),
        "IsReductionOrder": ("boolean", "C"),
        "Status": ("status", "CU!"),
        "Description": ("text", "CU"),
        KEY: ("text", "CU"),
        "StatusCode": ("text", "U"),
        "TotalAmount": ("number", ""),
        "OrderNumber": ("text", ""),
    },
    "OrderItem": {
        "OrderId": ("Order", "C!"),
        "PricebookEntryId": ("PricebookEntry", "C"),
        "OriginalOrderItemId": ("OrderItem", "C"),
        "Quantity": ("number", "CU!"),
        "UnitPrice": ("number", "CU"),
        "ServiceDate": ("date", "CU"),
        "EndDate": ("date", "CU"),
        "Description": ("text", "CU"),
        KEY: ("text", "CU"),
        "Product2Id": ("Product2", "C"),
        "ListPrice": ("number", "C"),
        "TotalPrice": ("number", ""),
        "AvailableQuantity": ("number", ""),
    },
    "Contract": {"Status": ("status", "CU!"), "Description": ("text", "CU")},
    "PricebookEntry": {"UnitPrice": ("number", "CU!"), "IsActive": ("boolean", "CU")},
    "Product2": {"IsActive": ("boolean", "CU")},
}


@dataclass(frozen=True)
class Breach:
    """A rule that an op breaks, with the codes that may say so."""

    rule: str
    codes: Codes


class UnknownError(Exception):
    """The facts do not say what the platform does here."""


def broken(rule: str, *codes: str) -> Breach:
    """A breach with known codes."""
    return Breach(rule, frozenset(codes))


def statuses(model: Model, sobject: str) -> tuple[StatusValue, ...]:
    """The values of a status picklist."""
    return model.settings.contract_statuses if sobject == "Contract" else model.settings.order_statuses


def category(model: Model, row: Row) -> str | None:
    """StatusCode: the category of the status [orders 2.2]."""
    return next((one.code for one in statuses(model, row["sobject"]) if one.api_name == row["Status"]), None)


def no_such_record(model: Model, sobject: str, name: str | None) -> Iterator[Breach]:
    """The refusal of a change to what is not there: by id or in a collection, deleted or never there [api 3.3]."""
    row = model.rows.get(name or "")
    if row is not None and row["sobject"] != sobject:
        yield broken("id of another object", "MALFORMED_ID")
    else:
        yield broken("no such record", "NOT_FOUND", "ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY")


# -- what is derived


def rounded(number: Decimal) -> Decimal:
    """Half up, to the two decimals that prices and quantities have [orders 3, 6.3]."""
    return number.quantize(_CENT, rounding=ROUND_HALF_UP)


def lines(model: Model, order: Row) -> list[Row]:
    """The living lines of an order."""
    return model.all("OrderItem", OrderId=order["name"])


def total_price(line: Row) -> Decimal:
    """UnitPrice x Quantity, rounded half up to the cent [orders 3, 6.3]."""
    price: Decimal = line["UnitPrice"]
    return rounded(price * line["Quantity"])


def total_amount(model: Model, order: Row) -> Decimal:
    """The sum of the lines [orders 2]."""
    return sum((total_price(line) for line in lines(model, order)), Decimal(0))


def taken(model: Model, line: Row, *, but: Row | None = None) -> Decimal:
    """What activated reductions take of a line [orders 5.3]; the lines of one order can be left out."""
    total = Decimal(0)
    for one in model.all("OrderItem", OriginalOrderItemId=line["name"]):
        order = model.rows[one["OrderId"]]
        if category(model, order) == "Activated" and order is not but:
            total -= one["Quantity"]
    return total


def available(model: Model, line: Row) -> Decimal:
    """AvailableQuantity: always 0 on lines of reductions, never negative [orders 5.3]."""
    if model.rows[line["OrderId"]]["IsReductionOrder"]:
        return Decimal(0)
    quantity: Decimal = line["Quantity"]
    return max(quantity - taken(model, line), Decimal(0))


def reductions(model: Model, order: Row) -> list[Row]:
    """The reduction lines of an order's lines."""
    return [one for line in lines(model, order) for one in model.all("OrderItem", OriginalOrderItemId=line["name"])]


def is_reduced(model: Model, line: Row) -> bool:
    """Whether reduction lines name it, also those of drafts [orders 4.5]."""
    return bool(model.all("OrderItem", OriginalOrderItemId=line["name"]))
