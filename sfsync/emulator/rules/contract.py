"""Rules of Contract: created as a draft, activated one way by Status alone, end date computed [facts: orders 7]."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from sfsync.emulator.errors import ApiError
from sfsync.emulator.rules.hooks import Rules, failed_activation, read_only
from sfsync.emulator.values import FIRST_YEAR, LAST_YEAR, out_of_range

if TYPE_CHECKING:
    from sfsync.emulator.dml import Writer
    from sfsync.emulator.world import Row

_ACTIVATED = "Activated"
_CHOOSE = "Choose a valid contract status and save your changes"


def _category(writer: Writer, status: str | None) -> str:
    for value in writer.settings.contract_statuses:
        if value.api_name == status:
            return value.code
    return "Draft"


def _before_insert(writer: Writer, new: Row) -> None:
    if new.get("Status") is None:
        new["Status"] = next(one.api_name for one in writer.settings.contract_statuses if one.code == "Draft")
    new["StatusCode"] = _category(writer, new["Status"])
    if new["StatusCode"] != "Draft":
        raise failed_activation(_CHOOSE)
    new["EndDate"] = _end(new)


def _end(row: Row) -> str | None:
    """The last day of the term: one day before the same day so many months later, or None."""
    if row.get("StartDate") is None or row.get("ContractTerm") is None:
        return None
    start = date.fromisoformat(row["StartDate"])
    months = start.month - 1 + int(row["ContractTerm"])
    year, month = start.year + months // 12, months % 12 + 1
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise out_of_range("Contract Term", Decimal(row["ContractTerm"]), "ContractTerm")
    day = min(start.day, monthrange(year, month)[1])
    return (date(year, month, day) - timedelta(days=1)).isoformat()


def _before_update(writer: Writer, old: Row, new: Row, sent: frozenset[str]) -> None:
    new["StatusCode"] = _category(writer, new["Status"])
    was, becomes = old["StatusCode"], new["StatusCode"]
    if was == _ACTIVATED and becomes != _ACTIVATED:
        raise failed_activation(_CHOOSE)
    if was != _ACTIVATED and becomes == _ACTIVATED:
        if not writer.may("activate_contracts"):
            raise read_only(writer)
        if any(field != "Status" and not field.endswith("__c") for field in sent):
            raise failed_activation("When you activate a contract, the status is the only field you can update.")
        new["ActivatedDate"] = writer.world.now()
        new["ActivatedById"] = writer.user_id
    new["EndDate"] = _end(new)


def _before_delete(writer: Writer, row: Row, *, cascaded: bool) -> None:  # noqa: ARG001 - the parent's delete asks the same
    if row["StatusCode"] == _ACTIVATED and not writer.settings.delete_activated_contracts:
        raise ApiError(400, "DELETE_FAILED", "An activated contract can't be deleted", [])


RULES = Rules(before_insert=_before_insert, before_update=_before_update, before_delete=_before_delete)
