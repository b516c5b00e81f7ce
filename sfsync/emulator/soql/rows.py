"""Builds the JSON-ready records of a query from the rows of its SQL."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from json import dumps
from operator import itemgetter
from typing import Any

from sfsync.emulator.database import Database
from sfsync.emulator.schema import Field
from sfsync.emulator.soql.names import Column, Scope, Table
from sfsync.emulator.soql.refusals import refusal
from sfsync.emulator.soql.syntax import Path

SqlRow = Sequence[Any]
Record = dict[str, Any]


@dataclass
class Node:
    """One record in the answer: the queried one, or a parent nested in it (null if there is none)."""

    sobject: str
    url: str
    id_index: int
    entries: list[tuple[str, Callable[[SqlRow], Any]]] = field(default_factory=list)

    def read(self, row: SqlRow) -> Record | None:
        """Return the record of a row, attributes first, fields in the order of the select list [facts: api 8.3]."""
        record_id = row[self.id_index]
        if record_id is None:
            return None
        record: Record = {"attributes": {"type": self.sobject, "url": self.url + record_id}}
        for key, read in self.entries:
            record[key] = read(row)
        return record


@dataclass
class Block:
    """The SQL for the rows of some records, given their ids (or the ids of their parents), and how to read them.

    The first column is that id; `parameters` follow the list of ids.
    """

    sql: str
    parameters: list[Any]
    root: Node
    children: list[tuple[str, "Block"]]

    def fetch(self, db: Database, ids: list[str]) -> list[tuple[str, Record, int]]:
        """Return (key, record, number of rows in it, itself and its children counted) in the order of the SQL."""
        rows = db.connection.execute(self.sql, [dumps(ids), *self.parameters]).fetchall()
        found = [(str(row[0]), str(row[self.root.id_index]), self.root.read(row) or {}) for row in rows]
        sizes = dict.fromkeys((record_id for _, record_id, _ in found), 1)
        for name, block in self.children:
            groups: dict[str, list[Record]] = {}
            for parent_id, record, size in block.fetch(db, list(sizes)):
                groups.setdefault(parent_id, []).append(record)
                sizes[parent_id] += size
            for _, record_id, record in found:
                group = groups.get(record_id)
                record[name] = {"totalSize": len(group), "done": True, "records": group} if group else None
        return [(key, record, sizes[record_id]) for key, record_id, record in found]


class Selection:
    """Collects what a select list needs: the SQL columns, and the tree of records they become."""

    def __init__(self, scope: Scope, key: str, sobjects_url: str) -> None:
        self._scope = scope
        self._url = sobjects_url
        self._nodes: dict[tuple[str, ...], Node] = {}
        self._seen: set[tuple[tuple[str, ...], str]] = set()
        self.columns = [key]
        self.root = self._node(scope.base)

    def add(self, path: Path) -> None:
        """Select a field.

        Raises:
            ApiError: INVALID_FIELD if it is not there, or is selected already.
        """
        column = self._scope.column(path)
        self._claim(column.table.steps, column.field.name, path)
        node = self._node(column.table)
        node.entries.append((column.field.name, self._reader(column)))

    def add_children(self, name: str, path: Path) -> None:
        """Keep a place for the records of a child relationship."""
        self._claim((), name, path)
        self.root.entries.append((name, _nothing))

    def _claim(self, steps: tuple[str, ...], name: str, path: Path) -> None:
        if (steps, name) in self._seen:
            raise refusal(self._scope.text, path.pos, f"duplicate field selected: {path.text}", "INVALID_FIELD")
        self._seen.add((steps, name))

    def _column(self, sql: str) -> int:
        self.columns.append(sql)
        return len(self.columns) - 1

    def _node(self, table: Table) -> Node:
        node = self._nodes.get(table.steps)
        if node is None:
            url = f"{self._url}/{table.sobject.name}/"
            node = Node(table.sobject.name, url, self._column(f'{table.alias}."Id"'))
            self._nodes[table.steps] = node
            if table.steps:
                above = self._node(self._scope.tables[table.steps[:-1]])
                above.entries.append((table.steps[-1], node.read))
        return node

    def _reader(self, column: Column) -> Callable[[SqlRow], Any]:
        if column.field.type == "address":
            return self._address(column)
        return reader(column.field, self._column(as_answered(column.field, column.sql)))

    def _address(self, column: Column) -> Callable[[SqlRow], Any]:
        prefix = column.field.name.removesuffix("Address")
        parts = []
        for one in column.table.sobject.components(column.field.name):
            name = one.name.removeprefix(prefix)
            parts.append((name[0].lower() + name[1:], self._column(f'{column.table.alias}."{one.name}"')))
        parts.sort()

        def read(row: SqlRow) -> Record | None:
            address = {name: row[index] for name, index in parts}
            return address if any(value is not None for value in address.values()) else None

        return read


def as_answered(known: Field, sql: str) -> str:
    """Return the SQL of a value in the form of the answer, as far as SQL can do it [facts: api 9.2]."""
    return f"{sql} || '.000+0000'" if known.type == "datetime" else sql


def reader(known: Field, index: int) -> Callable[[SqlRow], Any]:
    """Return how to take a field's value out of a row."""
    if known.type == "boolean":
        return lambda row: None if row[index] is None else bool(row[index])
    return itemgetter(index)


def _nothing(_row: SqlRow) -> None:
    return None
