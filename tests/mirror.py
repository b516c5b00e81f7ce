"""Looking into the mirror in tests, past the functions of the store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from sfsync.store.tables import metadata

if TYPE_CHECKING:
    from sqlalchemy import Row

    from sfsync.store.engine import Database


def mirrored(db: Database, table: str, **values: Any) -> list[Row[*tuple[Any, ...]]]:
    """All rows of a table in which these columns have these values."""
    rows = metadata.tables[table]
    query = select(rows).order_by(*rows.primary_key.columns)
    for name, value in values.items():
        query = query.where(rows.c[name] == value)
    with db.read() as tx:
        return list(tx.execute(query).all())


def everything_but_runs(db: Database) -> dict[str, list[Any]]:
    """All rows of all tables but the log of runs."""
    return {name: mirrored(db, name) for name in metadata.tables if name != "runs"}
