"""What the mirror holds of every object, record by record in the order of Ids, to be compared with the org."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import String, and_, cast, collate, exists, or_, select, update

from sfsync.store import tables
from sfsync.store.mirrored import TABLES
from sfsync.store.opportunities import deal_row, line_row
from sfsync.store.order_items import values_of as item_values
from sfsync.store.orders import values_of as order_values
from sfsync.store.references import row_of
from sfsync.store.upserts import in_parts, row_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, FromClause, Row, Select, Table

    from sfsync.domain.statuses import Status
    from sfsync.store.engine import Tx

    Record = Row[*tuple[Any, ...]]
    """A mirrored record with all its columns."""
    ToLocal = Callable[[str, str], Status]
    Values = dict[str, Any]

ALIVE_PARENT = "parent_id"
"""Beside the columns of a line: the Id of the record it belongs to, if the mirror has that alive."""
_AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class Ledger:
    """How one feed's records are compared: its table, and what of it the org's record says.

    Attributes:
        table: Where the mirror holds them.
        values: From the org's name here, a record as the feed parses it, and the status map to the values of
            the columns that mirror it, with `row_hash` of them.
        parent: For lines: the table and the condition that joins a line to the record it belongs to.
    """

    table: Table
    values: Callable[[str, Any, ToLocal], Values]
    parent: tuple[Table, ColumnElement[bool]] | None = None

    def rows(self) -> Select[tuple[Any, ...]]:
        """Select whole rows, of lines with the Id of the record they belong to."""
        if self.parent is None:
            return select(self.table)
        table, condition = self.parent
        source: FromClause = self.table.outerjoin(table, and_(condition, ~table.c.is_deleted))
        return select(self.table, table.c.sf_id.label(ALIVE_PARENT)).select_from(source)


def stream(tx: Tx, org: str, feed: str, *, since: datetime | None = None) -> Iterator[Record]:
    """Yield the mirrored records of a feed by Id, byte by byte as the org orders them, a part at a time."""
    table = LEDGERS[feed].table
    # The org's Ids are ordered by their characters' codes; PostgreSQL would order them as words of a language.
    by_id = collate(cast(table.c.sf_id, String), "C") if tx.dialect.name == "postgresql" else table.c.sf_id
    query = LEDGERS[feed].rows().where(table.c.org == org, table.c.sf_id.is_not(None)).order_by(by_id)
    if since is not None:
        query = query.where(or_(table.c.system_modstamp >= since, table.c.system_modstamp.is_(None)))
    yield from tx.execute(query, execution_options={"yield_per": _AT_ONCE})


def by_ids(tx: Tx, org: str, feed: str, ids: Iterable[str]) -> dict[str, Record]:
    """Return the mirrored records of these Ids."""
    table = LEDGERS[feed].table
    found = {}
    for part in in_parts(ids):
        for row in tx.execute(LEDGERS[feed].rows().where(table.c.org == org, table.c.sf_id.in_(part))):
            found[row.sf_id] = row
    return found


def lineless(tx: Tx, org: str, ids: Iterable[str] | None = None) -> list[str]:
    """Return the Ids of living orders, none of whose lines the mirror has alive: of these, or of all of ours."""
    o, i = tables.orders.c, tables.order_items.c
    lines = exists().where(i.order_id == o.id, i.sf_id.is_not(None), ~i.is_deleted)
    query = select(o.sf_id).where(o.org == org, o.sf_id.is_not(None), ~o.is_deleted, ~lines)
    if ids is None:
        return list(tx.scalars(query.where(o.key.is_not(None)).order_by(o.id)))
    return [sf_id for part in in_parts(ids) for sf_id in tx.scalars(query.where(o.sf_id.in_(part)))]


def differing(tx: Tx, row: Record, values: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the columns in which the mirror's row does not hold what the org shows, in the order of the table."""
    exact = tx.dialect.name == "sqlite"
    held = row._mapping  # noqa: SLF001 - its documented name
    found = []
    for name, value in values.items():
        if name == "row_hash" or held[name] == value:
            continue
        if exact and held[name] is None and isinstance(value, Decimal) and Decimal(repr(float(value))) != value:
            continue  # SQLite holds no such amount: it is kept as unknown (store/types.py)
        if name == "opportunity_id" and (held.get("key") is not None or value is None):
            continue  # the key of an order of ours tells its deal, whatever the org's field says
        found.append(name)
    return tuple(found)


def touched(row: Record, values: Mapping[str, Any]) -> bool:
    """Whether the row does not hold what we wrote there; where we left no hash of that, nobody can tell."""
    if row.row_hash is None:
        return False
    held = row._mapping  # noqa: SLF001 - its documented name
    stored: str = row.row_hash
    return row_hash({name: held[name] for name in values if name != "row_hash"}) != stored


def forget_hashes(tx: Tx, org: str, feed: str, ids: Sequence[str]) -> None:
    """Have these records count as changed, so that what is read next of them is written whole."""
    table = LEDGERS[feed].table
    for part in in_parts(ids):
        tx.execute(update(table).where(table.c.org == org, table.c.sf_id.in_(part)).values(row_hash=None))


def _deal(org: str, deal: Any, _to_local: ToLocal) -> Values:
    return deal_row(org, deal)


def _deal_line(org: str, found: Any, _to_local: ToLocal) -> Values:
    return line_row(org, found.deal_id, found.line)


def _order(_org: str, order: Any, to_local: ToLocal) -> Values:
    return order_values(order, to_local(order.status_label, order.status_code))


def _order_item(_org: str, item: Any, _to_local: ToLocal) -> Values:
    return item_values(item)


def _reference(feed: str) -> Ledger:
    def values(org: str, record: Any, _to_local: ToLocal) -> Values:
        found = row_of(TABLES[feed], org, record)
        del found["org"]
        return found

    return Ledger(TABLES[feed], values)


LEDGERS: Mapping[str, Ledger] = {
    "deals": Ledger(tables.opportunities, _deal),
    "deal_lines": Ledger(
        tables.opportunity_lines,
        _deal_line,
        (
            tables.opportunities,
            and_(
                tables.opportunities.c.org == tables.opportunity_lines.c.org,
                tables.opportunities.c.sf_id == tables.opportunity_lines.c.opportunity_id,
            ),
        ),
    ),
    "orders": Ledger(tables.orders, _order),
    "order_items": Ledger(
        tables.order_items, _order_item, (tables.orders, tables.orders.c.id == tables.order_items.c.order_id)
    ),
    **{feed: _reference(feed) for feed in ("accounts", "contracts", "products")},
}
"""By the names of the feeds; what is not here is not compared."""
