"""Rules of an org with several currencies: which one a record has, when it may change, and how amounts are rounded."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from sfsync.emulator.rounding import round_half_up
from sfsync.emulator.rules.hooks import Rules, integrity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sfsync.emulator.currencies import Currency
    from sfsync.emulator.dml import Writer
    from sfsync.emulator.world import Row

CODE = "CurrencyIsoCode"
_PARENTS = {"OrderItem": ("OrderId", "Order"), "OpportunityLineItem": ("OpportunityId", "Opportunity")}
_LINES = {
    "Contract": ("Order", "ContractId"),
    "Opportunity": ("OpportunityLineItem", "OpportunityId"),
    "Order": ("OrderItem", "OrderId"),
}
_OTHER_ENTRY = (
    "field integrity exception: PricebookEntryId "
    "(pricebook entry currency code does not match opportunity currency code)"
)


def around(sobject: str, rules: Rules) -> Rules:
    """The rules of an object with those of its currency around them."""

    def before_insert(writer: Writer, new: Row) -> None:
        if _has_currency(writer, sobject):
            new[CODE] = _inherited(writer, sobject, new) or new.get(CODE) or _default(writer, sobject, new)
            round_amounts(writer, sobject, new)
        if rules.before_insert:
            rules.before_insert(writer, new)
        if _has_currency(writer, sobject):
            _check(writer, sobject, new)
            round_amounts(writer, sobject, new)

    def before_update(writer: Writer, old: Row, new: Row, sent: frozenset[str]) -> bool | None:
        concerned = _has_currency(writer, sobject)
        if concerned and new.get(CODE) is None:
            new[CODE] = old[CODE]
        changed = concerned and new[CODE] != old[CODE]
        if changed:
            _check_change(writer, sobject, old)
            _convert(writer, sobject, old, new, sent)
        if concerned:
            round_amounts(writer, sobject, new)
        if rules.before_update and rules.before_update(writer, old, new, sent) is False:
            return False
        if changed or (concerned and "ContractId" in sent):
            _check(writer, sobject, new)
        if concerned:
            round_amounts(writer, sobject, new)
        return None

    return replace(rules, before_insert=before_insert, before_update=before_update)


def _has_currency(writer: Writer, sobject: str) -> bool:
    described = writer.world.schema.get(sobject)
    return described is not None and sobject != "User" and described.field(CODE) is not None


def _inherited(writer: Writer, sobject: str, new: Row) -> str | None:
    """The currency of lines is that of their parent, the currency of a reduction order that of the original."""
    if sobject in _PARENTS:
        field, parent = _PARENTS[sobject]
        row = writer.row(parent, new.get(field))
        return row[CODE] if row else None
    if sobject != "Order" or not new.get("IsReductionOrder"):
        return None
    original = writer.row("Order", new.get("OriginalOrderId"))
    if original is not None and new.get(CODE) not in {None, original[CODE]}:
        raise integrity("A reduction order has the currency of its original order.: Currency ISO Code", CODE)
    return original[CODE] if original else None


def _default(writer: Writer, sobject: str, new: Row) -> str:
    settings = writer.settings
    if sobject == "Order" and settings.order_currency_of == "account":
        account = writer.row("Account", new.get("AccountId"))
        if account is not None and account[CODE]:
            return str(account[CODE])
    return settings.user_currency or settings.corporate_currency


def _check(writer: Writer, sobject: str, new: Row) -> None:
    """Refuse a currency that is not that of the price or the contract [facts: orders 4.2, 4.6, 6.2]."""
    if sobject == "Order":
        contract = writer.row("Contract", new.get("ContractId"))
        if contract is not None and contract[CODE] != new[CODE] and writer.settings.contract_currency_must_match:
            raise integrity("The order's currency must be the same as its contract's.: Currency ISO Code", CODE)
        return
    if sobject not in _PARENTS:
        return
    entry = writer.row("PricebookEntry", new.get("PricebookEntryId"))
    if entry is not None and entry[CODE] != new[CODE]:
        if sobject == "OpportunityLineItem":
            raise integrity(_OTHER_ENTRY, "PricebookEntryId")
        raise integrity("Enter the same currency as the parent Order.: Currency ISO Code", CODE)


def _check_change(writer: Writer, sobject: str, old: Row) -> None:
    """Refuse a new currency for what has lines, or orders, in the old one [facts: orders 6.1]."""
    if old.get("IsReductionOrder"):
        raise integrity("A reduction order has the currency of its original order.: Currency ISO Code", CODE)
    if sobject not in _LINES:
        return
    lines, field = _LINES[sobject]
    if writer.world.find(lines, {field: old["Id"]}):
        raise integrity(f"The currency can't be changed while there are records of {lines}.: Currency ISO Code", CODE)


def _convert(writer: Writer, sobject: str, old: Row, new: Row, sent: frozenset[str]) -> None:
    """Keep the worth of amounts that were not sent; those that were are meant in the new currency."""
    if not writer.settings.currency_change_converts:
        return
    was, becomes = _currency(writer, old[CODE]), _currency(writer, new[CODE])
    for name, _ in _amounts(writer, sobject):
        if name not in sent and new.get(name) is not None:
            new[name] = new[name] / Decimal(was.rate) * Decimal(becomes.rate)


def round_amounts(writer: Writer, sobject: str, row: Row) -> None:
    """Round all amounts of a row half up to the decimals of its currency; nothing in an org with one currency."""
    if row.get(CODE) is None:
        return
    decimals = _currency(writer, row[CODE]).decimals if writer.settings.currency_decimals_kept else None
    for name, scale in _amounts(writer, sobject):
        value = row.get(name)
        if value is not None:
            places = scale if decimals is None else min(scale, decimals)
            row[name] = round_half_up(value, places)


def _amounts(writer: Writer, sobject: str) -> Iterable[tuple[str, int]]:
    described = writer.world.schema.get(sobject)
    fields = described.fields.values() if described else ()
    return ((one.name, one.scale) for one in fields if one.type == "currency")


def _currency(writer: Writer, iso_code: str) -> Currency:
    return next(one for one in writer.settings.currencies if one.iso_code == iso_code)
