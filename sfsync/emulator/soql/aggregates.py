"""Queries that group or count: the answer has rows of its own, not records."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sfsync.emulator.schema import NUMERIC, Field
from sfsync.emulator.soql.names import Column, Scope
from sfsync.emulator.soql.refusals import refusal
from sfsync.emulator.soql.rows import as_answered, reader
from sfsync.emulator.soql.syntax import Call, Operand, Query, Selected

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


@dataclass(frozen=True, slots=True)
class AggregateColumn:
    """A column of the answer: its key, its SQL, and how to read it."""

    key: str
    sql: str
    read: Callable[[Any], Any]


def is_aggregate(query: Query) -> bool:
    """Say whether a query groups, or selects an aggregate."""
    calls = (item.operand for item in query.items if isinstance(item, Selected))
    return bool(query.grouping) or any(isinstance(one, Call) and one.name.upper() in _FUNCTIONS for one in calls)


def is_count(query: Query) -> bool:
    """Say whether a query is `SELECT COUNT() FROM ...`, which answers with a number and no rows."""
    only = query.items[0] if len(query.items) == 1 else None
    if query.grouping or not isinstance(only, Selected) or not isinstance(only.operand, Call):
        return False
    return only.operand.name.upper() == "COUNT" and only.operand.argument is None


class Groups:
    """The names that a grouped query may use: grouped fields, and aggregates of any field."""

    def __init__(self, scope: Scope, query: Query) -> None:
        self._scope = scope
        self._grouped: dict[str, Column] = {}
        for operand in query.grouping:
            if isinstance(operand, Call):
                raise refusal(scope.text, operand.pos, f"unexpected token: '{operand.name}'")
            column = scope.column(operand)
            if not column.field.groupable:
                reason = f"field '{column.field.name}' can not be grouped in a query call"
                raise refusal(scope.text, operand.pos, reason, "INVALID_FIELD")
            self._grouped[column.sql] = column

    @property
    def clause(self) -> str:
        """The GROUP BY clause, empty if the whole is one group."""
        return f" GROUP BY {', '.join(self._grouped)}" if self._grouped else ""

    def resolve(self, operand: Operand, complaint: str = "Field must be grouped or aggregated") -> Column:
        """Look up what a select list, HAVING or ORDER BY may name.

        Raises:
            ApiError: MALFORMED_QUERY for a field that is neither grouped nor aggregated.
        """
        if isinstance(operand, Call):
            return self._aggregate(operand)
        column = self._scope.column(operand)
        if column.sql not in self._grouped:
            raise refusal(self._scope.text, operand.pos, f"{complaint}: {operand.text}")
        return column

    def columns(self, query: Query) -> list[AggregateColumn]:
        """Return the columns of the answer; what has no alias is called expr0, expr1 ... [facts: api 8.1]."""
        made: list[AggregateColumn] = []
        unnamed = 0
        for item in query.items:
            if isinstance(item, Query):
                raise refusal(self._scope.text, item.pos, "child relationship queries can not be grouped")
            column = self.resolve(item.operand)
            key = item.alias.text if item.alias else column.field.name
            if isinstance(item.operand, Call) and item.alias is None:
                key = f"expr{unnamed}"
                unnamed += 1
            if any(one.key == key for one in made):
                raise refusal(self._scope.text, item.operand.pos, f"duplicate alias: {key}")
            sql = as_answered(column.field, column.sql)
            made.append(AggregateColumn(key, sql, reader(column.field, len(made))))
        return made

    def _aggregate(self, call: Call) -> Column:
        name = call.name.upper()
        pattern = _FUNCTIONS.get(name)
        if pattern is None or call.argument is None:
            raise refusal(self._scope.text, call.pos, f"unexpected token: '{call.name}'")
        column = self._scope.column(call.argument)
        supported = column.field.aggregatable
        if name in {"SUM", "AVG"}:
            supported = column.field.type in _NUMBER
        if not supported:
            reason = f"field {column.field.name} does not support aggregate operator {name}"
            raise refusal(self._scope.text, call.argument.pos, reason, "INVALID_FIELD")
        sql = pattern.format(column.sql, column.field.scale)
        result = {"COUNT": _COUNTED, "COUNT_DISTINCT": _COUNTED, "AVG": _AVERAGE}.get(name, column.field)
        return Column(result, column.table, sql)
