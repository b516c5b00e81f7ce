"""Values that somebody wrote by SQL and that nobody can read back: text for a number, a day that there is not.

SQLite takes anything in any column. Reading such a row ends whatever reads it, so they are looked for by SQL.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, Boolean, Date, Integer, String, literal_column, select, text, update

from sfsync.store.types import Exact, UtcDateTime
from sfsync.store.upserts import in_parts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Column, ColumnElement, Table

    from sfsync.store.engine import Tx

_MOST = 1000
_TOO_FAR = "{0} < '0001-01-01' OR {0} > '9999-12-31'"
"""Python knows no other days; PostgreSQL does, and infinity beside them."""
_ODD: Mapping[str, Mapping[type[Any], str]] = {
    "sqlite": {
        Exact: "typeof({0}) NOT IN ('null', 'integer', 'real') OR abs({0}) >= 1e16",
        Boolean: "typeof({0}) NOT IN ('null', 'integer') OR {0} NOT IN (0, 1)",
        Integer: "typeof({0}) NOT IN ('null', 'integer')",
        Date: "{0} IS NOT NULL AND (date({0}, '+0 days') IS NOT {0} OR {0} < '0001')",
        UtcDateTime: "{0} IS NOT NULL AND (typeof({0}) <> 'text' OR datetime({0}) IS NULL OR {0} GLOB '* * *'"
        " OR date(substr({0}, 1, 10), '+0 days') IS NOT substr({0}, 1, 10) OR {0} < '0001')",
        JSON: "{0} IS NOT NULL AND NOT json_valid({0})",
        String: "typeof({0}) NOT IN ('null', 'text')",
    },
    "postgresql": {Exact: "{0} = 'NaN'", Date: _TOO_FAR, UtcDateTime: _TOO_FAR},
}
_NOTHING: Mapping[type[Any], str] = {Exact: "0", Boolean: "false", Integer: "0", Date: "'1970-01-01'"}
"""What a column becomes that may not be null, until it is read again; by default a moment."""


def find(tx: Tx, table: Table, org: str | None = None) -> dict[Any, tuple[str, ...]]:
    """Return which rows hold what cannot be read, and in which columns: the first thousand.

    Those of one org that have a Salesforce Id, by that; or those of all, by the last part of their key.
    """
    name = "sf_id" if org is not None else list(table.primary_key.columns)[-1].name
    flags = {column.name: condition for column in table.columns if (condition := _odd(tx, column))}
    if not flags:
        return {}
    columns: list[ColumnElement[bool]] = [
        literal_column(f"({condition})").label(column) for column, condition in flags.items()
    ]
    query = select(table.c[name].label("row_name"), *columns).where(text(f"({') OR ('.join(flags.values())})"))
    if org is not None:
        query = query.where(table.c.org == org, table.c.sf_id.is_not(None))
    rows = [row._mapping for row in tx.execute(query.limit(_MOST))]  # noqa: SLF001 - its documented name
    return {row["row_name"]: tuple(column for column in flags if row[column]) for row in rows}


def sound(tx: Tx, table: Table) -> str:
    """Return the condition that all of a row of the table can be read; empty if that is always so."""
    odd = [condition for column in table.columns if (condition := _odd(tx, column))]
    # A condition on null is neither true nor false.
    return f"NOT coalesce(({') OR ('.join(odd)}), false)" if odd else ""


def clear(tx: Tx, table: Table, org: str, found: Mapping[str, tuple[str, ...]]) -> None:
    """Put something that can be read in the place of such values; the next reading from the org puts them right.

    A wish becomes what the org last showed, so that nothing is sent to the org that nobody wanted.
    """
    alike: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for sf_id, columns in found.items():
        alike[columns].append(sf_id)
    for columns, ids in alike.items():
        values: dict[str, ColumnElement[Any]] = {
            name: literal_column(_instead(table, name, columns)) for name in columns
        }
        for part in in_parts(ids):
            here = (table.c.org == org, table.c.sf_id.in_(part))
            tx.execute(update(table).where(*here).values({**values, "row_hash": None}))


def _odd(tx: Tx, column: Column[Any]) -> str | None:
    conditions = _ODD[tx.dialect.name]
    condition = next((said for kind, said in conditions.items() if isinstance(column.type, kind)), None)
    return condition and condition.format(f'{column.table.name}."{column.name}"')


def _instead(table: Table, name: str, spoilt: tuple[str, ...]) -> str:
    twin = f"org_{name}"
    if twin in table.c and twin not in spoilt:
        return f'"{twin}"'
    if table.c[name].nullable:
        return "NULL"
    kind = next((kind for kind in _NOTHING if isinstance(table.c[name].type, kind)), None)
    return _NOTHING[kind] if kind else "'1970-01-01 00:00:00.000000'"
