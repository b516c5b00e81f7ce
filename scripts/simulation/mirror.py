"""What the mirror holds, read past the service: plain SQL on a connection of the simulator's own."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

Row = dict[str, Any]
ORDERS = "SELECT * FROM orders WHERE sf_id IS NOT NULL ORDER BY id"


class Mirror:
    """The tables of an SQLite mirror as any other program sees them: what is committed, and nothing else."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, timeout=0.1)
        self._plain = self._connection.cursor()
        self._raw: list[Any] | None = None
        self._orders: dict[str, Row] = {}

    def rows(self, query: str, *values: Any) -> list[Row]:
        """Run a query."""
        found = self._plain.execute(query, values)
        rows = found.fetchall()
        if not rows:
            return []
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in rows]

    def write(self, statement: str, *values: Any) -> None:
        """Write as another program does, in a transaction of its own."""
        self._connection.execute(statement, values)

    def orders(self) -> dict[str, Row]:
        """The orders that are in the org, by their Ids, custom fields unpacked; nobody may change what is returned."""
        raw = self._plain.execute(ORDERS).fetchall()
        if raw == self._raw:
            return self._orders
        names = [column[0] for column in self._plain.execute(f"{ORDERS} LIMIT 0").description]
        self._raw = raw
        self._orders = unpacked([dict(zip(names, row, strict=True)) for row in raw])
        return self._orders

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def unpacked(rows: list[Row]) -> dict[str, Row]:
    """Return orders by their Ids, custom fields unpacked."""
    for row in rows:
        for column in ("custom", "org_custom", "sent"):
            row[column] = json.loads(row[column]) if row[column] else {}
    return {row["sf_id"]: row for row in rows}


def template(folder: Path, open_database: Any) -> Path:
    """Make an empty mirror of the newest schema to copy from."""
    path = folder / "template.db"
    open_database(f"sqlite:///{path}").close()
    return path
