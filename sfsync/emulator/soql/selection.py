"""Collects what a select list needs: the SQL columns, and the tree of records they become."""

from collections.abc import Callable
from dataclasses import replace

from sfsync.emulator.errors import ApiError
from sfsync.emulator.soql.names import Column, Scope, Table
from sfsync.emulator.soql.refusals import no_such_object, refusal
from sfsync.emulator.soql.rows import Leaf, Node, Read, Record, SqlRow, as_answered, reader
from sfsync.emulator.soql.syntax import Path, TypeOf

ReaderOf = Callable[[Column, int], Read]
"""Makes the reader of a value: of which column, and where in the row it stands."""


class Selection:
    """The columns and records of one select list; the first column is the key by which rows are asked for."""

    def __init__(self, scope: Scope, key: str, sobjects_url: str) -> None:
        self._scope = scope
        self._url = sobjects_url
        self._nodes: dict[tuple[str, ...], Node] = {}
        self._seen: set[tuple[tuple[str, ...], str]] = set()
        self._typed: set[tuple[str, ...]] = set()
        self.columns = [key]
        self.leaves: list[Leaf] = []
        self.root = self._node(scope.base)

    def add(
        self,
        column: Column,
        path: Path,
        *,
        alias: Path | None = None,
        shown: ReaderOf | None = None,
    ) -> None:
        """Select a value; `shown` makes its reader if it is not shown as it is.

        Raises:
            ApiError: INVALID_FIELD if it is selected already.
        """
        steps, name = ((), alias.text) if alias else (column.table.steps, column.field.name)
        self._claim(steps, name, path)
        if any(steps[:end] in self._typed for end in range(1, len(steps) + 1)):
            raise self._twice(path)
        node = self.root if alias else self._node(column.table)
        if shown is not None:
            read = shown(column, self._column(column.sql))
        elif column.field.type == "address":
            read = self._address(column)
        else:
            read = reader(column.field, self._column(as_answered(column.field, column.sql)))
        node.entries.append((name, read))
        self.leaves.append(Leaf(".".join((*steps, name)), column.field, read))

    def add_children(self, name: str, path: Path) -> None:
        """Keep a place for the records of a child relationship."""
        self._claim((), name, path)
        self.root.entries.append((name, _nothing))

    def add_type_of(self, one: TypeOf) -> None:
        """Select from a parent that may be of several objects the fields of the one it is of.

        Raises:
            ApiError: MALFORMED_QUERY if it is always of the same; INVALID_TYPE or INVALID_FIELD for unknown names.
        """
        scope = self._scope
        table = scope.relationship(one.relationship)
        if table.reference is None or not table.reference.polymorphic:
            reason = f"TYPEOF needs a polymorphic relationship: '{one.relationship.text}' is none"
            raise refusal(scope.text, one.relationship.pos, reason)
        self._claim(table.steps[:-1], table.steps[-1], one.relationship)
        self._typed.add(table.steps)
        nodes: dict[str, Node] = {}
        for name, paths in one.whens:
            variant = next((each for each in table.variants if each.sobject.name.lower() == name.text.lower()), None)
            if variant is None or variant.sobject.name in nodes:
                raise no_such_object(scope.text, name.pos, name.text)
            variant = replace(variant, steps=(*table.steps, f":{variant.sobject.name}"), others=())
            nodes[variant.sobject.name] = self._branch(variant, paths)
        other = self._branch(table, one.otherwise)
        kind = self._column(table.type_sql)

        def read(row: SqlRow) -> Record | None:
            return nodes.get(row[kind], other).read(row)

        above = self._node(scope.tables[table.steps[:-1]])
        above.entries.append((table.steps[-1], read))

    def _branch(self, table: Table, paths: tuple[Path, ...]) -> Node:
        node = self._nodes[table.steps] = self._made(table)
        for path in paths:
            column = self._scope.column_from(table, path)
            self._claim(column.table.steps, column.field.name, path)
            read = reader(column.field, self._column(as_answered(column.field, column.sql)))
            self._node(column.table).entries.append((column.field.name, read))
        return node

    def _claim(self, steps: tuple[str, ...], name: str, path: Path) -> None:
        if (steps, name.lower()) in self._seen:
            raise self._twice(path)
        self._seen.add((steps, name.lower()))

    def _twice(self, path: Path) -> ApiError:
        return refusal(self._scope.text, path.pos, f"duplicate field selected: {path.text}", "INVALID_FIELD")

    def _column(self, sql: str) -> int:
        self.columns.append(sql)
        return len(self.columns) - 1

    def _made(self, table: Table) -> Node:
        kind = self._column(table.type_sql) if table.others else None
        return Node(table.sobject.name, self._url, self._column(table.id_sql), kind)

    def _node(self, table: Table) -> Node:
        node = self._nodes.get(table.steps)
        if node is None:
            node = self._nodes[table.steps] = self._made(table)
            if table.steps:
                self._seen.add((table.steps[:-1], table.steps[-1].lower()))
                above = self._nodes.get(table.steps[:-1]) or self._node(self._scope.tables[table.steps[:-1]])
                above.entries.append((table.steps[-1], node.read))
        return node

    def _address(self, column: Column) -> Read:
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


def _nothing(_row: SqlRow) -> None:
    return None
