"""What the mirror holds, read past the service: plain SQL on a connection of the simulator's own."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

Row = dict[str, Any]


class Mirror:
    """The tables of an SQLite mirror as any other program sees them: what is committed, and nothing else."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, timeout=0.1)
        self._connection.row_factory = lambda cursor, row: dict(
            zip((column[0] for column in cursor.description), row, strict=True)
        )

    def rows(self, query: str, *values: Any) -> list[Row]:
        """Run a query."""
        return list(self._connection.execute(query, values))

    def write(self, statement: str, *values: Any) -> None:
        """Write as another program does, in a transaction of its own."""
        self._connection.execute(statement, values)

    def orders(self) -> dict[str, Row]:
        """The orders that are in the org, by their Ids, custom fields unpacked."""
        found = {row["sf_id"]: row for row in self.rows("SELECT * FROM orders WHERE sf_id IS NOT NULL ORDER BY id")}
        for row in found.values():
            for column in ("custom", "org_custom", "sent"):
                row[column] = json.loads(row[column]) if row[column] else {}
        return found

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def template(folder: Path, open_database: Any) -> Path:
    """Make an empty mirror of the newest schema to copy from."""
    path = folder / "template.db"
    open_database(f"sqlite:///{path}").close()
    return path
