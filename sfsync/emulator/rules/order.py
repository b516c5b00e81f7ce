"""Rules of Order: status by category, contract, price book, activation, and what is locked afterwards."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from sfsync.emulator.errors import ApiError
from sfsync.emulator.rules import reductions
from sfsync.emulator.rules.hooks import Rules, failed_activation, integrity, read_only

if TYPE_CHECKING:
    from sfsync.emulator.dml import Writer
    from sfsync.emulator.world import Row

DRAFT = "Draft"
_STATUS_FIELDS = {"Status", "StatusCode"}


def _category(writer: Writer, status: str) -> str:
    for value in writer.settings.order_statuses:
        if value.api_name == status:
            return value.code
    return DRAFT


def _before_insert(writer: Writer, new: Row) -> None:
    new["StatusCode"] = _category(writer, new["Status"])
    if new["StatusCode"] != DRAFT:
        raise failed_activation("For a new or cloned order, choose Draft. An Activated order's status can't be edited.")
    if new.get("IsReductionOrder"):
        reductions.inherit_header(writer, new)
    elif new.get("OriginalOrderId") is not None:  # for reduction orders only [facts: orders 2]
        raise integrity("Only a reduction order has an original order.: Original Order", "OriginalOrderId")
    if new.get("AccountId") is None and writer.settings.account_from_contract:
        contract = writer.row("Contract", new.get("ContractId"))
        new["AccountId"] = contract and contract["AccountId"]
    if new.get("AccountId") is None:
        raise ApiError(400, "REQUIRED_FIELD_MISSING", "Select an account.", [])
    _check_contract(writer, new)
    _check_dates(new)
    _check_pricebook(writer, new)
    new["TotalAmount"] = Decimal("0.00")


def _check_contract(writer: Writer, new: Row) -> None:
    contract = writer.row("Contract", new.get("ContractId"))
    if contract is None:
        return
    if contract["AccountId"] != new["AccountId"]:
        raise integrity("The order's account must be the same as its contract's account.: Contract ID", "ContractId")
    if contract.get("Pricebook2Id") is not None and new.get("Pricebook2Id") not in {None, contract["Pricebook2Id"]}:
        raise integrity(
            "The order's price book must be the same as its contract's price book.: Price Book ID", "Pricebook2Id"
        )  # [facts: orders 4.6, 7]
    start, end, effective = contract.get("StartDate"), contract.get("EndDate"), new["EffectiveDate"]
    if end is not None and effective > end:
        raise integrity(
            "Order Start Date can't be later than its contract's end date.: Order Start Date", "EffectiveDate"
        )
    if start is not None and effective < start:
        raise integrity(
            "Order Start Date can't be earlier than the contract's start date.: Order Start Date", "EffectiveDate"
        )


def _check_dates(new: Row) -> None:
    if new.get("EndDate") is not None and new["EndDate"] < new["EffectiveDate"]:
        raise integrity("Order End Date can't be earlier than Order Start Date.: Order End Date", "EndDate")


def _check_pricebook(writer: Writer, new: Row) -> None:
    book = writer.row("Pricebook2", new.get("Pricebook2Id"))
    if book is not None and not book["IsActive"] and writer.settings.inactive_pricebook_refused:
        raise integrity("The price book is inactive.: Price Book ID", "Pricebook2Id")


def _before_update(writer: Writer, old: Row, new: Row, sent: frozenset[str]) -> bool | None:
    new["StatusCode"] = _category(writer, new["Status"])
    was, becomes = old["StatusCode"], new["StatusCode"]
    if "StatusCode" in sent and "Status" not in sent and becomes != old["StatusCode"]:
        raise integrity("Status category follows the status.: Status Category", "StatusCode")
    again = was != DRAFT and sent == {"Status"} and new["Status"] == old["Status"]
    if again and writer.settings.same_activation_is_silent:
        return False
    if was != DRAFT and not writer.may("edit_activated_orders"):
        raise read_only(writer)
    if was != DRAFT:
        _check_header_unchanged(writer, old, new)
    _check_changes(writer, old, new)
    if was == DRAFT and becomes != DRAFT:
        _activate(writer, old, new, sent)
    elif was != DRAFT and becomes == DRAFT:
        _deactivate(writer, old, new)
    return None


def _check_header_unchanged(writer: Writer, old: Row, new: Row) -> None:
    for field, label in (("AccountId", "Account ID"), ("ContractId", "Contract ID")):
        if old.get(field) != new.get(field):
            message = f"{label} can't be changed on an activated order.: {label}"
            raise ApiError(400, writer.settings.reparent_code, message, [field])


def _check_changes(writer: Writer, old: Row, new: Row) -> None:
    if new.get("AccountId") is None:
        raise ApiError(400, "REQUIRED_FIELD_MISSING", "Select an account.", [])
    if any(old.get(field) != new.get(field) for field in ("AccountId", "ContractId", "EffectiveDate", "Pricebook2Id")):
        _check_contract(writer, new)
    if new.get("IsReductionOrder"):
        reductions.keep_header(writer, new)
    _check_dates(new)
    book = old.get("Pricebook2Id")
    if book is not None and new.get("Pricebook2Id") != book:
        items = writer.world.find("OrderItem", {"OrderId": old["Id"]})
        if items or not writer.settings.pricebook_change_without_items:
            raise integrity(
                "After a price book is assigned to an order, it can't be changed.: Price Book ID", "Pricebook2Id"
            )


def _activate(writer: Writer, old: Row, new: Row, sent: frozenset[str]) -> None:
    if not writer.may("activate_orders"):
        raise read_only(writer)
    others = {field for field in sent - _STATUS_FIELDS if not field.endswith("__c")}
    if others and writer.settings.strict_activation:
        raise failed_activation("When you activate an order, the status is the only field you can update.")
    items = writer.world.find("OrderItem", {"OrderId": old["Id"]})
    if not items:
        raise failed_activation("An order must have at least one product.")
    contract = writer.row("Contract", new.get("ContractId"))
    if contract is not None and contract["StatusCode"] != "Activated" and writer.settings.contract_must_be_active:
        raise failed_activation("The order's contract must be activated first.")
    if old.get("IsReductionOrder"):
        reductions.take(writer, items)
    new["ActivatedDate"] = writer.world.now()
    new["ActivatedById"] = writer.user_id


def _deactivate(writer: Writer, old: Row, new: Row) -> None:
    items = writer.world.find("OrderItem", {"OrderId": old["Id"]})
    if old.get("IsReductionOrder"):
        reductions.give_back(writer, items)
    elif reductions.block_deactivation(writer, items):
        raise failed_activation("An order that has reduction order products can't be deactivated.")
    if writer.settings.deactivation_clears_date:
        new["ActivatedDate"] = new["ActivatedById"] = None


def _before_delete(writer: Writer, row: Row, *, cascaded: bool) -> None:  # noqa: ARG001 - a parent's delete asks the same
    if row["StatusCode"] != DRAFT:
        raise ApiError(400, "DELETE_FAILED", "unable to modify activated order", [])
    items = writer.world.find("OrderItem", {"OrderId": row["Id"]})
    reduced = any(reductions.is_reduced(writer, item["Id"]) for item in items)
    if reduced or writer.world.find("Order", {"OriginalOrderId": row["Id"]}):
        raise ApiError(400, "DELETE_FAILED", "An order that has reduction orders can't be deleted", [])


def add_to_total(writer: Writer, order_id: str, amount: Decimal) -> None:
    """Move TotalAmount by the price of one line that came, changed or went [facts: orders 4.9]."""
    order = writer.row("Order", order_id)
    if order is not None and amount:
        writer.write("Order", order_id, {"TotalAmount": order["TotalAmount"] + amount})


RULES = Rules(before_insert=_before_insert, before_update=_before_update, before_delete=_before_delete)
