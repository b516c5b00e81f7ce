"""The simulator's own record of the org: what changed, when, and who did it; read from the org's rows alone."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from scripts.simulation.company import NOTE

if TYPE_CHECKING:
    from sfsync.emulator.org import Org

Row = dict[str, Any]
FIELDS = ("Status", "PoNumber", "EndDate", NOTE)
"""The fields of an order that both sides write here."""
_ORDER = (
    *("Id", "SFSync_Key__c", "OpportunityId", "StatusCode", "Description", "TotalAmount", "IsReductionOrder"),
    *(
        "OriginalOrderId",
        "EffectiveDate",
        "IsDeleted",
        "CreatedById",
        "CreatedDate",
        "LastModifiedById",
        "AccountId",
        *FIELDS,
    ),
)
_ORDERS = f'SELECT {", ".join(f""""{name}" """ for name in _ORDER)} FROM "Order" ORDER BY "Id"'
_ITEM = (
    "Id",
    "OrderId",
    "Quantity",
    "UnitPrice",
    "TotalPrice",
    "SFSync_Key__c",
    "OriginalOrderItemId",
    "PricebookEntryId",
)
_ITEMS = f'SELECT {", ".join(f""""{name}" """ for name in _ITEM)} FROM "OrderItem" WHERE "IsDeleted" = 0'
_DEALS = 'SELECT "Id", "Amount", "IsWon", "IsDeleted" FROM "Opportunity" ORDER BY "Id"'


@dataclass(frozen=True)
class Change:
    """One thing that became different in the org: a field of an order, or (`field` "") an order that is new."""

    order: str
    field: str
    before: Any
    after: Any
    ours: bool
    """The integration user did it."""
    row: Row


@dataclass
class Record:
    """The org's orders and deals as they are, and the past of them that the invariants ask for."""

    org: Org
    tick: int = 0
    """Grows with every step and every call: the simulator's own time."""
    orders: dict[str, Row] = field(default_factory=dict)
    amounts: dict[str, list[tuple[int, Decimal]]] = field(default_factory=lambda: defaultdict(list))
    """Of each deal: its amounts, each with the tick since which it has it."""
    statuses: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Of each order: every status that it ever had in the org, in order."""

    _items: list[Row] = field(default_factory=list, repr=False)
    _items_at: int = -1
    _raw: tuple[list[Any], list[Any]] = field(default=([], []), repr=False)

    def look(self) -> list[Change]:
        """See what is different since the last look."""
        rows = self.org.db.connection.execute(_ORDERS).fetchall()
        deals = self.org.db.connection.execute(_DEALS).fetchall()
        if (rows, deals) == self._raw:
            return []
        self._raw = (rows, deals)
        now = {row[0]: dict(zip(_ORDER, row, strict=True)) for row in rows}
        changes: list[Change] = []
        for number, row in now.items():
            before = self.orders.get(number)
            if before is None:
                changes.append(Change(number, "", None, row["Status"], row["CreatedById"] == self.org.user_id, row))
                self.statuses[number].append(row["Status"])
            elif before != row:
                ours = row["LastModifiedById"] == self.org.user_id
                changes += [
                    Change(number, name, before[name], row[name], ours, row)
                    for name in (*FIELDS, "IsDeleted")
                    if before[name] != row[name]
                ]
                if before["Status"] != row["Status"]:
                    self.statuses[number].append(row["Status"])
        self.orders = now
        for deal, amount, _won, _deleted in deals:
            exact = money(amount)
            if not self.amounts[deal] or self.amounts[deal][-1][1] != exact:
                self.amounts[deal].append((self.tick, exact))
        return changes

    def amounts_since(self, deal: str, tick: int) -> set[Decimal]:
        """Every amount that a deal had at that time or later."""
        history = self.amounts[deal]
        later = {amount for since, amount in history if since >= tick}
        earlier = [amount for since, amount in history if since < tick]
        return later | set(earlier[-1:])

    def items(self, order: str | None = None) -> list[Row]:
        """The lines of an order, or of all, as they are now."""
        where = "" if order is None else f""" AND "OrderId" = '{order}'"""
        found = self.org.db.connection.execute(f'{_ITEMS}{where} ORDER BY "Id"')
        return [dict(zip(_ITEM, row, strict=True)) for row in found]

    def all_items(self) -> list[Row]:
        """The lines of all orders that are not deleted, as they were at the last look; read once for all who ask."""
        if self._items_at != self.tick:
            living = {number for number, row in self.orders.items() if not row["IsDeleted"]}
            self._items = [row for row in self.items() if row["OrderId"] in living]
            self._items_at = self.tick
        return self._items

    def deals(self) -> list[Row]:
        """All deals as they are now."""
        names = ("Id", "Amount", "IsWon", "IsDeleted")
        return [dict(zip(names, row, strict=True)) for row in self.org.db.connection.execute(_DEALS)]


def money(value: Any) -> Decimal:
    """An amount of the org, to the cent."""
    return Decimal(repr(value or 0)).quantize(Decimal("0.01"))
