"""Whether the database is well: its file, its foreign keys, and its tables beside those that this sfsync makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from sfsync.store import migrations
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
        return found or _tables(tx)


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


def _tables(tx: Tx) -> list[str]:
    from alembic.autogenerate import compare_metadata  # noqa: PLC0415 - takes 0.1 s, and only a check needs it
    from alembic.migration import MigrationContext  # noqa: PLC0415 - as above

    options = {
        "version_table": migrations.VERSION_TABLE,
        "compare_type": True,
        # A PostgreSQL database may hold other programs' tables, too.
        "include_name": lambda name, kind, _parents: kind != "table" or name in metadata.tables,
    }
    differences = compare_metadata(MigrationContext.configure(tx, opts=options), metadata)
    return [f"The tables are not as this sfsync makes them: {_said(one)}." for one in differences[:_MOST]]


def _said(difference: object) -> str:
    """Say what Alembic would do about a difference, as (operation, …, name) or a list of such."""
    first = difference[0] if isinstance(difference, list) else difference
    parts = first if isinstance(first, tuple) else (first,)
    named = [part if isinstance(part, str) else getattr(part, "name", None) for part in parts]
    return " ".join(
        str(name).replace("_", " ", 1) if place == 0 else str(name) for place, name in enumerate(named) if name
    )
