"""Rules of Opportunity: the stage decides whether it is won, its lines decide the amount [facts: orders 6.1]."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from sfsync.emulator.rules.currency import round_amounts
from sfsync.emulator.rules.hooks import Rules, cents, integrity

if TYPE_CHECKING:
    from sfsync.emulator.dml import Writer
    from sfsync.emulator.world import Row

_HUNDRED = Decimal(100)


def _before_insert(writer: Writer, new: Row) -> None:
    _follow_stage(writer, new, keep_probability=new.get("Probability") is not None)
    new["HasOpportunityLineItem"] = False
    new["LastStageChangeDate"] = None
    _derive(new)


def _follow_stage(writer: Writer, new: Row, *, keep_probability: bool) -> None:
    stage = next((one for one in writer.settings.stages if one.api_name == new["StageName"]), None)
    new["IsClosed"] = stage is not None and stage.closed
    new["IsWon"] = stage is not None and stage.won
    new["ForecastCategory"] = stage.forecast if stage else "Pipeline"
    new["ForecastCategoryName"] = stage.forecast_name if stage else "Pipeline"
    if not keep_probability:
        new["Probability"] = Decimal(stage.probability if stage else 0)


def _derive(new: Row) -> None:
    year, month = int(new["CloseDate"][:4]), int(new["CloseDate"][5:7])
    new["FiscalYear"], new["FiscalQuarter"] = year, (month - 1) // 3 + 1
    new["Fiscal"] = f"{year} {new['FiscalQuarter']}"
    amount = new.get("Amount")
    share = (new.get("Probability") or 0) / _HUNDRED
    new["ExpectedRevenue"] = None if amount is None else cents(amount * share, "Expected Amount")


def _before_update(writer: Writer, old: Row, new: Row, sent: frozenset[str]) -> None:
    if new["StageName"] != old["StageName"]:
        _follow_stage(writer, new, keep_probability="Probability" in sent)
        new["LastStageChangeDate"] = writer.world.now()
    if old["HasOpportunityLineItem"]:
        new["Amount"] = old["Amount"]  # written values are silently ignored
        if new.get("Pricebook2Id") != old.get("Pricebook2Id"):
            raise integrity(
                "The price book can't be changed while the opportunity has products.: Price Book ID", "Pricebook2Id"
            )
    _derive(new)


def roll_up(writer: Writer, opportunity_id: str) -> None:
    """Set Amount to the sum of the lines. Without lines the last amount stays, as a person could have set it."""
    row = writer.row("Opportunity", opportunity_id)
    if row is None:
        return
    sold = ("TotalPrice", "Quantity")
    lines, *sums = writer.world.db.totals("OpportunityLineItem", {"OpportunityId": opportunity_id}, sold)
    new = {**row, "HasOpportunityLineItem": lines > 0}
    if lines:
        new["Amount"], new["TotalOpportunityQuantity"] = sums
    _derive(new)
    round_amounts(writer, "Opportunity", new)
    changed = {name: value for name, value in new.items() if row.get(name) != value}
    if changed:
        writer.write("Opportunity", opportunity_id, changed)


RULES = Rules(before_insert=_before_insert, before_update=_before_update)
