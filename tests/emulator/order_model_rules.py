"""The rules of orders and contracts in the naive model, each with its section of the facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.emulator.order_model_lines import changed_line, new_line
from tests.emulator.order_model_words import (
    FREE,
    Breach,
    Row,
    UnknownError,
    available,
    broken,
    category,
    is_reduced,
    lines,
    reductions,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.emulator.order_model import Model

_INTEGRITY = "FIELD_INTEGRITY_EXCEPTION"
_MISSING = "REQUIRED_FIELD_MISSING"
_FAILED = "FAILED_ACTIVATION"
_HEADER = ("AccountId", "ContractId")


def on_insert(model: Model, row: Row) -> Iterator[Breach]:
    """Set what a new row gets from elsewhere, and say what is wrong with it."""
    if row["sobject"] == "Order":
        yield from _new_order(model, row)
    elif row["sobject"] == "OrderItem":
        yield from new_line(model, row)


def is_silent(model: Model, old: Row, new: Row, sent: set[str]) -> bool:
    """Activated again by Status alone: succeeds and changes nothing [orders 4.3]."""
    activated = old["sobject"] == "Order" and category(model, old) == "Activated"
    same = sent == {"Status"} and old["Status"] == new["Status"]
    return activated and same and model.settings.same_activation_is_silent


def on_update(model: Model, old: Row, new: Row, sent: set[str]) -> Iterator[Breach]:
    """Set what follows from a change, and say what is wrong with it."""
    if new["sobject"] == "Order":
        yield from _changed_order(model, old, new, sent)
    elif new["sobject"] == "OrderItem":
        yield from changed_line(model, old, new)
    elif new["sobject"] == "Contract":
        yield from _changed_contract(model, old, new, sent)


def on_delete(model: Model, row: Row) -> Iterator[Breach]:
    """Say why a record cannot be deleted."""
    if row["sobject"] == "Order" and category(model, row) != "Draft":
        yield broken("activated orders are not deleted", "DELETE_FAILED")  # [orders 4.5]
    if row["sobject"] == "Order" and (model.all("Order", OriginalOrderId=row["name"]) or reductions(model, row)):
        yield Breach("reductions are deleted first", FREE)  # [orders 4.5]
    if row["sobject"] == "OrderItem":
        if category(model, model.rows[row["OrderId"]]) != "Draft":
            yield broken("lines of activated orders are not deleted", model.settings.item_delete_code)  # [orders 4.5]
        if is_reduced(model, row):
            yield Breach("reduced lines are not deleted", FREE)  # [orders 4.4]


# -- orders


def _new_order(model: Model, row: Row) -> Iterator[Breach]:
    settings = model.settings
    row["IsReductionOrder"] = bool(row["IsReductionOrder"])
    row["ActivatedDate"] = False
    original = model.live("Order", row["OriginalOrderId"])
    contract = model.live("Contract", row["ContractId"])
    if row["IsReductionOrder"] and original:
        for name in ("AccountId", "ContractId", "Pricebook2Id"):  # inherited when absent [orders 5.1, 12 row 22]
            row[name] = row[name] or original[name]
        if any(row[name] != original[name] for name in ("AccountId", "ContractId", "Pricebook2Id")):
            yield Breach("a reduction has its original's header", FREE)  # [orders 5.1]
        if category(model, original) != "Activated":
            yield Breach("only activated orders are reduced", FREE)  # [orders 5.1]
        if original["IsReductionOrder"]:
            yield Breach("reductions are not reduced", FREE)  # [orders 5.1]
    if row["IsReductionOrder"] and not (settings.reduction_orders and settings.create_reduction_orders):
        yield Breach("reductions need feature and permission", FREE)  # [orders 5.1]
    if original and not row["IsReductionOrder"]:
        yield Breach("only reductions have an original", FREE)  # [orders 2]
    if not row["AccountId"] and contract and settings.account_from_contract:
        row["AccountId"] = contract["AccountId"]  # [orders 4.1]
    if not row["AccountId"]:
        yield broken("an order needs an account", _MISSING)  # [orders 4.1]
    if category(model, row) not in {"Draft", None}:
        yield broken("a new order is a draft", _FAILED)  # [orders 4.1]
    book = model.live("Pricebook2", row["Pricebook2Id"])
    if book and not book["IsActive"] and settings.inactive_pricebook_refused:
        yield broken("a new order needs an active price book", _INTEGRITY)  # [orders 4.1]
    yield from _header(model, row)


def _header(model: Model, row: Row) -> Iterator[Breach]:
    """Account, dates and price book of an order against its contract [orders 4.1, 4.6, 7]."""
    start, end = row["EffectiveDate"], row["EndDate"]
    if start and end and end < start:
        yield broken("an order ends after its start", _INTEGRITY)
    contract = model.live("Contract", row["ContractId"])
    if contract is None:
        return
    if row["AccountId"] and contract["AccountId"] != row["AccountId"]:
        yield Breach("order and contract have one account", FREE)
    if start and contract["StartDate"] and start < contract["StartDate"]:
        yield broken("an order starts inside its contract", _INTEGRITY)
    if start and contract["EndDate"] and start > contract["EndDate"]:
        yield broken("an order starts inside its contract", _INTEGRITY)
    if contract["Pricebook2Id"] and row["Pricebook2Id"] not in {None, contract["Pricebook2Id"]}:
        yield Breach("order and contract have one price book", FREE)


def _changed_order(model: Model, old: Row, new: Row, sent: set[str]) -> Iterator[Breach]:
    settings = model.settings
    was, becomes = category(model, old), category(model, new)
    if was == "Activated" and not settings.edit_activated_orders:
        yield Breach("activated orders need a permission", FREE)  # [orders 4.4]
    if not new["AccountId"]:
        yield broken("an order needs an account", _MISSING)
    moved = [name for name in _HEADER if old[name] != new[name]]
    if moved and was != "Draft":
        yield broken("account and contract change in drafts only", settings.reparent_code)  # [orders 4.4]
    if (moved or old["Pricebook2Id"] != new["Pricebook2Id"]) and new["IsReductionOrder"] and new["OriginalOrderId"]:
        yield Breach("a reduction has its original's header", FREE)  # [orders 5.1]
    if old["Pricebook2Id"] not in {None, new["Pricebook2Id"]} and (
        lines(model, old) or not settings.pricebook_change_without_items
    ):
        yield Breach("the price book is assigned once", FREE)  # [orders 4.4]
    yield from _header(model, new)
    starts, ends = new["EffectiveDate"] or "", new["EndDate"] or "9999"
    if any((line["ServiceDate"] or "9999") < starts or (line["EndDate"] or "") > ends for line in lines(model, old)):
        raise UnknownError("whether an order's dates may leave its lines outside")
    if (was, becomes) == ("Draft", "Activated"):
        yield from _activation(model, new, sent)
        new["ActivatedDate"] = True
    if (was, becomes) == ("Activated", "Draft"):
        drafts = settings.draft_reductions_block_deactivation
        if any(drafts or category(model, model.rows[one["OrderId"]]) != "Draft" for one in reductions(model, old)):
            yield Breach("reduced orders stay activated", FREE)  # [orders 4.5]
        new["ActivatedDate"] = not settings.deactivation_clears_date


def _activation(model: Model, order: Row, sent: set[str]) -> Iterator[Breach]:
    settings = model.settings
    if not settings.activate_orders:
        yield broken("activation needs a permission", _FAILED, "INSUFFICIENT_ACCESS_OR_READONLY")  # [orders 4.3]
    if not lines(model, order):
        yield broken("an activated order has lines", _FAILED)  # [orders 4.3]
    contract = model.live("Contract", order["ContractId"])
    if contract and category(model, contract) != "Activated" and settings.contract_must_be_active:
        yield broken("the contract is activated first", _FAILED)  # [orders 4.3]
    if settings.strict_activation and any(name != "Status" and not name.endswith("__c") for name in sent):
        yield Breach("activation by Status alone", FREE)  # [orders 4.3]
    if order["IsReductionOrder"] and not settings.reduction_orders:
        yield Breach("no reductions without the feature", FREE)  # [orders 5.4]
    for line in lines(model, order):
        original = model.live("OrderItem", line["OriginalOrderItemId"])
        same = [one for one in lines(model, order) if one["OriginalOrderItemId"] == line["OriginalOrderItemId"]]
        if original and -sum(one["Quantity"] for one in same) > available(model, original):
            yield broken("a reduction takes what is available", _FAILED)  # [orders 5.3]
        if original and category(model, model.rows[original["OrderId"]]) != "Activated":
            yield Breach("only activated orders are reduced", FREE)  # [orders 5.1]


# -- contracts


def _changed_contract(model: Model, old: Row, new: Row, sent: set[str]) -> Iterator[Breach]:
    was, becomes = category(model, old), category(model, new)
    if was == "Activated" and becomes != "Activated":
        yield Breach("a contract is activated for good", FREE)  # [orders 7]
    if was != "Activated" and becomes == "Activated":
        if sent != {"Status"}:
            yield Breach("activation by Status alone", FREE)  # [orders 7]
        if not model.settings.activate_contracts:
            yield Breach("activation needs a permission", FREE)  # [orders 4.7]
