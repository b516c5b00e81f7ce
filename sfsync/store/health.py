"""Whether the database is well: its file, its foreign keys, and its tables beside those that this sfsync makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import inspect, text

from sfsync.store import (
    migrations,  # noqa: F401 - adds all tables
    spoilt,
)
from sfsync.store.tables import metadata

if TYPE_CHECKING:
    from sfsync.store.engine import Database, Tx

_MOST = 20


def troubles(db: Database) -> list[str]:
    """Return what is wrong with the database, in sentences; nothing is changed, and every page is read.

    PostgreSQL keeps its files and foreign keys itself; only the tables are looked at there.

    Raises:
        DatabaseRefused: if it is too damaged to be looked at.
        DatabaseUnavailable: if it does not answer.
    """
    with db.read() as tx:
        found = _file(tx) if db.kind == "sqlite" else []
        return found or _tables(tx) or _values(tx)


def _file(tx: Tx) -> list[str]:
    damaged = [row[0] for row in tx.execute(text(f"PRAGMA integrity_check({_MOST})")) if row[0] != "ok"]
    if damaged:
        said = " ".join(str(damaged[0]).split())
        return [f"The file is damaged ({said}): restore a backup, or move it away and let the org be read again."]
    orphans = list(tx.execute(text("PRAGMA foreign_key_check")))
    return (
        [f"{len(orphans):,} rows refer to rows that are not there, the first of them in {orphans[0][0]}."]
        if orphans
        else []
    )


def _values(tx: Tx) -> list[str]:
    """Values that nobody can read: SQLite takes anything in any column."""
    told = []
    for table in metadata.sorted_tables:
        if rows := spoilt.find(tx, table):
            columns = ", ".join(sorted({column for found in rows.values() for column in found}))
            told.append(
                f"{len(rows):,} row{'s' if len(rows) > 1 else ''} of {table.name} cannot be read ({columns}). "
                "`sfsync reconcile --repair` mends what the org has; correct others by SQL."
            )
    return told


def _tables(tx: Tx) -> list[str]:
    """Compare names only, which is what somebody's hand changes; a PostgreSQL database may hold other tables, too."""
    seen = inspect(tx)
    there = set(seen.get_table_names())
    found = [f"The table {name} is missing." for name in metadata.tables if name not in there]
    for table in metadata.sorted_tables:
        if table.name not in there:
            continue
        for what, ours, theirs in (
            ("column", {column.name for column in table.columns}, seen.get_columns(table.name)),
            ("index", {str(index.name) for index in table.indexes}, seen.get_indexes(table.name)),
        ):
            names = {str(one["name"]) for one in theirs if not one.get("duplicates_constraint")}
            found += [f"The table {table.name} lacks the {what} {name}." for name in sorted(ours - names)]
            if what == "column":
                found += [f"The table {table.name} has a column of somebody else: {n}." for n in sorted(names - ours)]
    return found[:_MOST]
