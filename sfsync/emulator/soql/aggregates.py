"""Queries that group or count: the answer has rows of its own, not records."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from sfsync.emulator.fields import NUMERIC, Field
from sfsync.emulator.soql.conditions import caseless
from sfsync.emulator.soql.functions import date_function, dated_field, is_date_function
from sfsync.emulator.soql.moments import Calendar
from sfsync.emulator.soql.names import Column, Scope
from sfsync.emulator.soql.refusals import malformed, refusal
from sfsync.emulator.soql.rows import Read, as_answered, reader
from sfsync.emulator.soql.selects import formatted
from sfsync.emulator.soql.syntax import Call, Operand, Path, Query, Selected

MAX_SUBTOTALS = 3
_FUNCTIONS = {
    "COUNT": "COUNT({0})",
    "COUNT_DISTINCT": "COUNT(DISTINCT {0})",
    "SUM": "ROUND(SUM({0}), {1})",
    "AVG": "ROUND(AVG({0}), 10)",
    "MIN": "MIN({0})",
    "MAX": "MAX({0})",
}
_NUMBER = NUMERIC | {"int"}
_COUNTED = Field("Count", "int", "Count")
_AVERAGE = Field("Average", "double", "Average")
_GROUPING = Field("Grouping", "int", "Grouping")


@dataclass(frozen=True, slots=True)
class AggregateColumn:
    """A column of the answer: its key, its SQL, and how to read it."""

    key: str
    sql: str
    read: Read


def is_aggregate(query: Query) -> bool:
    """Say whether a query groups, or selects what only groups have."""
    if query.grouping:
        return True
    return any(isinstance(item, Selected) and _of_groups(item.operand) for item in query.items)


def _of_groups(operand: Operand) -> bool:
    if not isinstance(operand, Call):
        return False
    if operand.upper == "FORMAT":
        return any(_of_groups(one) for one in operand.arguments)
    return operand.upper in _FUNCTIONS or operand.upper == "GROUPING" or is_date_function(operand)


def is_count(query: Query) -> bool:
    """Say whether a query is `SELECT COUNT() FROM ...`, which answers with a number and no rows."""
    only = query.items[0] if len(query.items) == 1 else None
    if query.grouping or not isinstance(only, Selected) or not isinstance(only.operand, Call):
        return False
    return only.operand.upper == "COUNT" and not only.operand.arguments


class Groups:
    """The names that a grouped query may use: grouped fields, and aggregates of any field."""

    def __init__(self, scope: Scope, query: Query, calendar: Calendar) -> None:
        self._scope = scope
        self._calendar = calendar
        self._grouped: dict[str, Column] = {}
        self._present: frozenset[str] = frozenset()
        if query.subtotals and len(query.grouping) > MAX_SUBTOTALS:
            raise malformed(f"GROUP BY {query.subtotals} allows up to {MAX_SUBTOTALS} fields")
        for operand in query.grouping:
            column = self._groupable(operand)
            self._grouped[column.sql] = column
        self._present = frozenset(self._grouped)

    def sets(self, subtotals: str) -> Iterator[frozenset[str]]:
        """Yield what to group by: everything, then fewer fields for each level of subtotals."""
        everything = list(self._grouped)
        for size in range(len(everything), -1, -1):
            if subtotals == "CUBE":
                yield from (frozenset(chosen) for chosen in combinations(everything, size))
            elif subtotals or size == len(everything):
                yield frozenset(everything[:size])

    def use(self, present: frozenset[str]) -> None:
        """Group by these from now on; the other grouped fields are null."""
        self._present = present

    @property
    def clause(self) -> str:
        """The GROUP BY clause, empty if the whole is one group."""
        keys = [_key(column) for sql, column in self._grouped.items() if sql in self._present]
        return f" GROUP BY {', '.join(keys)}" if keys else ""

    def resolve(self, operand: Operand, complaint: str = "Field must be grouped or aggregated") -> Column:
        """Look up what a select list, HAVING or ORDER BY may name.

        Raises:
            ApiError: MALFORMED_QUERY for a field that is neither grouped nor aggregated.
        """
        if isinstance(operand, Call) and not is_date_function(operand):
            return self._grouping(operand) if operand.upper == "GROUPING" else self._aggregate(operand)
        column = self._scalar(operand)
        if column.sql in self._grouped:
            return self._if_present(column, column.sql)
        if isinstance(operand, Call):
            path, _ = dated_field(self._scope.text, operand)
            base = self._scope.column(path)
            if base.sql in self._grouped and base.field.type == "date":
                return self._if_present(column, base.sql)
        raise refusal(self._scope.text, operand.pos, f"{complaint}: {operand.text}")

    def columns(self, query: Query) -> list[AggregateColumn]:
        """Return the columns of the answer; what has no alias is called expr0, expr1 ... [facts: api 8.1]."""
        made: list[AggregateColumn] = []
        unnamed = 0
        for item in query.items:
            if not isinstance(item, Selected):
                raise refusal(self._scope.text, item.pos, "child relationship queries can not be grouped")
            column, read = self._selected(item.operand, len(made))
            key = item.alias.text if item.alias else column.field.name
            if isinstance(item.operand, Call) and item.alias is None:
                key = f"expr{unnamed}"
                unnamed += 1
            if any(one.key.lower() == key.lower() for one in made):
                raise refusal(self._scope.text, item.operand.pos, f"duplicate alias: {key}")
            made.append(AggregateColumn(key, column.sql, read))
        return made

    def _selected(self, operand: Operand, index: int) -> tuple[Column, Read]:
        if isinstance(operand, Call) and operand.upper == "FORMAT" and len(operand.arguments) == 1:
            column = self.resolve(operand.arguments[0])
            return column, formatted(self._scope.text, operand, self._calendar)(column, index)
        column = self.resolve(operand)
        shown = Column(column.field, column.table, as_answered(column.field, column.sql))
        return shown, reader(column.field, index)

    def _groupable(self, operand: Operand) -> Column:
        column = self._scalar(operand)
        if not column.field.groupable or column.field.type == "multipicklist":
            reason = f"field '{column.field.name}' can not be grouped in a query call"
            raise refusal(self._scope.text, operand.pos, reason, "INVALID_FIELD")
        return column

    def _scalar(self, operand: Operand) -> Column:
        if isinstance(operand, Path):
            return self._scope.column(operand)
        if not is_date_function(operand):
            raise refusal(self._scope.text, operand.pos, f"unexpected token: '{operand.name}'")
        return date_function(operand, self._scope, self._scope.column, self._calendar)

    def _if_present(self, column: Column, key: str) -> Column:
        return column if key in self._present else Column(column.field, column.table, "NULL")

    def _grouping(self, call: Call) -> Column:
        column = self._scalar(call.arguments[0]) if len(call.arguments) == 1 else None
        if column is None or column.sql not in self._grouped:
            raise refusal(self._scope.text, call.pos, f"Grouping function takes a grouped field: {call.text}")
        return Column(_GROUPING, column.table, "0" if column.sql in self._present else "1")

    def _aggregate(self, call: Call) -> Column:
        name = call.upper
        pattern = _FUNCTIONS.get(name)
        path = call.arguments[0] if len(call.arguments) == 1 else None
        if pattern is None or not isinstance(path, Path):
            raise refusal(self._scope.text, call.pos, f"unexpected token: '{call.name}'")
        column = self._scope.column(path)
        if column.sql in self._grouped:
            raise refusal(self._scope.text, path.pos, f"Grouped field should not be aggregated: {path.text}")
        supported = column.field.aggregatable and column.field.type != "multipicklist"
        if name in {"SUM", "AVG"}:
            supported = column.field.type in _NUMBER
        if not supported:
            reason = f"field {column.field.name} does not support aggregate operator {name}"
            raise refusal(self._scope.text, path.pos, reason, "INVALID_FIELD")
        sql = column.sql
        if caseless(column.field):
            sql = f"soql_fold({sql})" if name == "COUNT_DISTINCT" else f"{sql} COLLATE soql"
        sql = pattern.format(sql, column.field.scale)
        if name == "SUM" and column.field.type == "int":
            sql = f"CAST({sql} AS INTEGER)"
        result = {"COUNT": _COUNTED, "COUNT_DISTINCT": _COUNTED, "AVG": _AVERAGE}.get(name, column.field)
        return Column(result, column.table, sql)


def _key(column: Column) -> str:
    """Texts that differ in case alone are one group, in any script."""
    return f"soql_fold({column.sql})" if caseless(column.field) else column.sql
