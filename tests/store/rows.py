"""Rows for every table of a schema, whatever it is: made from the columns alone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, Boolean, Date, DateTime, Integer, Numeric, insert, select

if TYPE_CHECKING:
    from sqlalchemy import Column, MetaData

    from sfsync.store.engine import Tx

PER_TABLE = 3
WORDS = {"status": "Activated", "org_status": "Draft", "level": "info", "state": "pending", "origin": "sfsync"}


def fill(tx: Tx, metadata: MetaData) -> None:
    """Insert some rows into every table; those that refer to others refer to the rows of the same number."""
    for table in metadata.sorted_tables:
        rows = [{column.name: _value(column, number) for column in table.columns} for number in range(1, PER_TABLE + 1)]
        tx.execute(insert(table), rows)


def content(tx: Tx, metadata: MetaData) -> dict[str, list[dict[str, Any]]]:
    """Return all rows of all tables, in the order of their keys."""
    return {
        table.name: [dict(row._mapping) for row in tx.execute(select(table).order_by(*table.primary_key.columns))]
        for table in metadata.sorted_tables
    }


def _value(column: Column[Any], number: int) -> Any:
    kind, name = column.type, column.name
    if column.foreign_keys or name == "id":
        return number
    if column.table.name == "shipments" and name == "status":
        return "Shipped"
    if name in WORDS:
        return WORDS[name]
    if isinstance(kind, Boolean):
        return number % 2 == 0
    if isinstance(kind, Integer):
        return number
    if isinstance(kind, JSON):
        return {"number": number, "name": "Señor"} if number > 1 else None if column.nullable else []
    if isinstance(kind, DateTime) or type(kind).__name__ == "UtcDateTime":
        return datetime(2026, 3, number, 12, 30, 15, tzinfo=UTC) + timedelta(microseconds=number)
    if isinstance(kind, Date):
        return date(2026, 3, number)
    if isinstance(kind, Numeric) or type(kind).__name__ == "Exact":
        return Decimal(f"{number}.1{number}")
    length = getattr(kind, "length", None) or 40
    return f"{name} “{number}”"[-length:] if length < 18 else f"{number:03}{name}"[:length]
