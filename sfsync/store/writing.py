"""Many updates in few statements."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, update

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Table

    from sfsync.store.engine import Tx


def update_by_id(tx: Tx, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Update rows by their `id`, one executemany per set of columns."""
    groups: dict[frozenset[str], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        # A bound name must differ from the column names of the SET clause.
        groups[frozenset(row)].append({f"b_{name}": value for name, value in row.items()})
    for names, batch in groups.items():
        values = {name: bindparam(f"b_{name}", type_=table.c[name].type) for name in names if name != "id"}
        tx.execute(update(table).where(table.c.id == bindparam("b_id")).values(values), batch)
