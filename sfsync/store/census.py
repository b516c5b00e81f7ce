"""What the mirror holds of every object, record by record in the order of Ids, to be compared with the org."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import String, and_, cast, collate, exists, or_, select, text, update

from sfsync.store import spoilt, tables
from sfsync.store.mirrored import TABLES
from sfsync.store.opportunities import deal_row, line_row
from sfsync.store.order_items import values_of as item_values
from sfsync.store.orders import values_of as order_values
from sfsync.store.references import row_of
from sfsync.store.shipment_tables import shipment_lines, shipments
from sfsync.store.shipments import line_values, shipment_values
from sfsync.store.upserts import in_parts, row_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, FromClause, Row, Select, Table

    from sfsync.domain.shipments import ShipLabels
    from sfsync.domain.statuses import Status
    from sfsync.store.engine import Tx

    Record = Row[*tuple[Any, ...]]
    """A mirrored record with all its columns."""
    Values = dict[str, Any]

PARENT = "parent_id"
"""Beside the columns of a record: the Id of the one that it belongs to by our own link, if the mirror has that."""
_OURS = "key"
"""Of shipments part of the hash, but a column of ours: two records may show one key, and one row has it."""
_AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class Spelling:
    """How the org spells the statuses of orders (label and category to our word) and of shipments."""

    to_local: Callable[[str, str], Status]
    shipments: ShipLabels


@dataclass(frozen=True, slots=True)
class Ledger:
    """How one feed's records are compared: its table, and what of it the org's record says.

    Attributes:
        table: Where the mirror holds them.
        values: From the org's name here, a record as the feed parses it, and how the org spells statuses to the values
            of the columns that mirror it, with `row_hash` of them.
        parent: The table and the condition that joins a record to the one it belongs to.
        link: The column of our own that does.
        lives_with: Whether it cannot be alive without that one; otherwise a deleted one counts as none is linked.
    """

    table: Table
    values: Callable[[str, Any, Spelling], Values]
    parent: tuple[Table, ColumnElement[bool]] | None = None
    link: str = ""
    lives_with: bool = True

    def rows(self) -> Select[tuple[Any, ...]]:
        """Select whole rows, with the Id of the records they belong to."""
        if self.parent is None:
            return select(self.table)
        table, condition = self.parent
        joined = and_(condition, ~table.c.is_deleted) if self.lives_with else condition
        source: FromClause = self.table.outerjoin(table, joined)
        return select(self.table, table.c.sf_id.label(PARENT)).select_from(source)

    def misplaced(self, row: Record, parent: str | None) -> tuple[str, ...]:
        """Return the column that links a record to another one than the org's says (`parent`), if it does."""
        linked = getattr(row, PARENT) if self.link else None
        return (self.link,) if linked is not None and linked != parent else ()

    def orphan(self, row: Record, parent: str | None) -> bool:
        """Whether the mirror does not have what the org says that a record belongs to, or does not link it."""
        return self.parent is not None and parent is not None and getattr(row, PARENT) is None


def stream(tx: Tx, org: str, feed: str, *, since: datetime | None = None) -> Generator[Record]:
    """Yield the mirrored records of a feed by Id, byte by byte as the org orders them, a part at a time.

    Those that cannot be read are left out. Whoever does not read to the end has to close it: an open cursor keeps the
    connection where it is, and SQLite lets it write no more.
    """
    table = LEDGERS[feed].table
    # The org's Ids are ordered by their characters' codes; PostgreSQL would order them as words of a language.
    by_id = collate(cast(table.c.sf_id, String), "C") if tx.dialect.name == "postgresql" else table.c.sf_id
    query = LEDGERS[feed].rows().where(table.c.org == org, table.c.sf_id.is_not(None)).order_by(by_id)
    query = query.where(text(spoilt.sound(tx, table)))
    if since is not None:
        query = query.where(or_(table.c.system_modstamp >= since, table.c.system_modstamp.is_(None)))
    with tx.execute(query, execution_options={"yield_per": _AT_ONCE}) as found:
        yield from found


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
        if name in ("row_hash", _OURS) or held[name] == value:
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
    seen = {name: values[name] if name == _OURS else held[name] for name in values if name != "row_hash"}
    return row_hash(seen) != stored


def forget_hashes(tx: Tx, org: str, feed: str, ids: Sequence[str]) -> None:
    """Have these records count as changed, so that what is read next of them is written whole."""
    table = LEDGERS[feed].table
    for part in in_parts(ids):
        tx.execute(update(table).where(table.c.org == org, table.c.sf_id.in_(part)).values(row_hash=None))


def put_back(tx: Tx, org: str, order: str, items: Sequence[str]) -> None:
    """Give an order (by its Id) these of its items back, which the mirror links to another one."""
    o, i = tables.orders.c, tables.order_items.c
    owner = select(o.id).where(o.org == org, o.sf_id == order).scalar_subquery()
    for part in in_parts(items):
        tx.execute(update(tables.order_items).where(i.org == org, i.sf_id.in_(part)).values(order_id=owner))


def unreadable(tx: Tx, org: str, feed: str) -> dict[str, tuple[str, ...]]:
    """Return the records that hold what cannot be read, and in which columns."""
    return spoilt.find(tx, LEDGERS[feed].table, org)


def clear(tx: Tx, org: str, feed: str, found: Mapping[str, tuple[str, ...]]) -> None:
    """Make these records readable; their values are those of nobody until they are read again."""
    spoilt.clear(tx, LEDGERS[feed].table, org, found)


def _deal(org: str, deal: Any, _spelling: Spelling) -> Values:
    return deal_row(org, deal)


def _deal_line(org: str, found: Any, _spelling: Spelling) -> Values:
    return line_row(org, found.deal_id, found.line)


def _order(_org: str, order: Any, spelling: Spelling) -> Values:
    return order_values(order, spelling.to_local(order.status_label, order.status_code))


def _order_item(_org: str, item: Any, _spelling: Spelling) -> Values:
    return item_values(item)


def _shipment(_org: str, one: Any, spelling: Spelling) -> Values:
    return {**shipment_values(one, spelling.shipments), _OURS: one.key}


def _shipment_line(_org: str, one: Any, _spelling: Spelling) -> Values:
    return {**line_values(one), _OURS: one.key}


def _reference(feed: str) -> Ledger:
    def values(org: str, record: Any, _spelling: Spelling) -> Values:
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
        tables.order_items,
        _order_item,
        (tables.orders, tables.orders.c.id == tables.order_items.c.order_id),
        "order_id",
    ),
    "shipments": Ledger(
        shipments, _shipment, (tables.orders, tables.orders.c.id == shipments.c.order_id), "order_id", lives_with=False
    ),
    "shipment_lines": Ledger(
        shipment_lines,
        _shipment_line,
        (shipments, shipments.c.id == shipment_lines.c.shipment_id),
        "shipment_id",
        lives_with=False,
    ),
    **{feed: _reference(feed) for feed in ("accounts", "contracts", "products")},
}
"""By the names of the feeds; what is not here is not compared."""
