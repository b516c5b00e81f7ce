"""Compiles WHERE and HAVING to SQL.

Two-valued logic, as on the platform: a comparison with a null field is false, `!=` and NOT IN are true for null.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from json import dumps
from typing import cast

from sfsync.emulator.schema import TEXT, Field
from sfsync.emulator.soql.names import Column
from sfsync.emulator.soql.refusals import refusal
from sfsync.emulator.soql.syntax import (
    Comparison,
    Condition,
    Junction,
    Literal,
    Membership,
    Negation,
    Operand,
    SemiJoin,
)
from sfsync.emulator.soql.values import Scalar, Span, convert, mismatch, string

_RANGES = {
    "=": "({0} >= ? AND {0} < ?)",
    "!=": "({0} < ? OR {0} >= ? OR {0} IS NULL)",
    "<": "{0} < ?",
    "<=": "{0} < ?",
    ">": "{0} >= ?",
    ">=": "{0} >= ?",
}
_RANGE_ENDS = {"=": ("start", "end"), "!=": ("start", "end"), "<": ("start",), "<=": ("end",), ">": ("end",)}
_FEW = 8  # lists longer than this are bound as one JSON value: SQLite limits the number of variables


@dataclass
class Conditions:
    """Compiles the conditions of one query; `parameters` collects the values in the order of the SQL.

    `resolve` looks an operand up and checks that it may be filtered; `semi_join` compiles the query inside an IN.
    """

    text: str
    now: datetime
    resolve: Callable[[Operand], Column]
    semi_join: Callable[[SemiJoin, "Conditions"], str]
    parameters: list[Scalar] = field(default_factory=list)

    def compile(self, condition: Condition, *, top: bool = True) -> str:
        """Return the SQL of a condition; `top` says that only ANDs stand above it.

        Raises:
            ApiError: INVALID_FIELD, INVALID_QUERY_FILTER_OPERATOR or MALFORMED_QUERY.
        """
        match condition:
            case Junction(operator, terms):
                inner = top and operator == "AND"
                return "(" + f" {operator} ".join(self.compile(term, top=inner) for term in terms) + ")"
            case Negation(term):
                return f"NOT IFNULL({self.compile(term, top=False)}, 0)"
            case Comparison():
                return self._comparison(condition)
            case Membership():
                return self._membership(condition)
            case SemiJoin():
                if not top:
                    reason = (
                        "Semi join sub-selects are only allowed at the top level WHERE expressions "
                        "and not in nested WHERE expressions."
                    )
                    raise refusal(self.text, condition.operand.pos, reason)
                return self.semi_join(condition, self)

    def _comparison(self, one: Comparison) -> str:
        column = self.resolve(one.operand)
        self._check_operator(column.field, one)
        if one.operator == "LIKE":
            return self._like(column, one.literal)
        value = convert(self.text, column.field, one.literal, self.now)
        if isinstance(value, Span):
            return self._range(column.sql, one.operator, value)
        if value is None:
            if one.operator not in {"=", "!="}:
                raise refusal(self.text, one.literal.pos, f"unexpected token: '{one.literal.text}'")
            return f"{column.sql} IS {'NOT ' if one.operator == '!=' else ''}NULL"
        sql, value = _foldable(column, value)
        self.parameters.append(value)
        return f"{sql} IS NOT ?" if one.operator == "!=" else f"{sql} {one.operator} ?"

    def _check_operator(self, known: Field, one: Comparison) -> None:
        wrong = (known.type == "boolean" and one.operator not in {"=", "!="}) or (
            one.operator == "LIKE" and known.type not in TEXT
        )
        if wrong:
            reason = f"invalid operator on {known.type} field"
            raise refusal(self.text, one.operand.pos, reason, "INVALID_FIELD")

    def _range(self, sql: str, operator: str, span: Span) -> str:
        ends = _RANGE_ENDS.get(operator, ("start",))
        self.parameters.extend(span.start if end == "start" else span.end for end in ends)
        return _RANGES[operator].format(sql)

    def _like(self, column: Column, literal: Literal) -> str:
        if not literal.text.startswith("'"):
            raise mismatch(self.text, column.field, literal)
        pattern = string(self.text, literal, pattern=True)
        if column.field.case_sensitive:
            self.parameters.append(_glob(pattern))
            return f"{column.sql} GLOB ?"
        sql, value = _foldable(column, pattern)
        self.parameters.append(value)
        return rf"{sql} LIKE ? ESCAPE '\'"

    def _membership(self, one: Membership) -> str:
        column = self.resolve(one.operand)
        converted = [convert(self.text, column.field, literal, self.now) for literal in one.literals]
        spans = [value for value in converted if isinstance(value, Span)]
        scalars = [cast("Scalar", value) for value in converted if value is not None and not isinstance(value, Span)]
        tests = []
        if scalars:
            tests.append(self._among(column, scalars))
        tests += [self._range(column.sql, "=", span) for span in spans]
        if None in converted:
            tests.append(f"{column.sql} IS NULL")
        among = "(" + " OR ".join(tests) + ")"
        return f"NOT IFNULL({among}, 0)" if one.negated else among

    def _among(self, column: Column, values: list[Scalar]) -> str:
        folded = [_foldable(column, value) for value in values]
        sql = column.sql
        if any(other != sql for other, _ in folded):
            # One value outside ASCII: compare all of them folded.
            sql = f"sf_fold({sql})"
            values = [str(value).casefold() for value in values]
        if len(values) <= _FEW:
            self.parameters.extend(values)
            return f"{sql} IN ({', '.join('?' * len(values))})"
        self.parameters.append(dumps(values))
        return f"{sql} IN (SELECT value FROM json_each(?))"


def _foldable(column: Column, value: Scalar) -> tuple[str, Scalar]:
    """Return how to compare text without regard to case: SQLite's own way knows ASCII only, so other text is folded."""
    plain = not isinstance(value, str) or value.isascii() or column.field.case_sensitive
    if plain or column.field.type not in TEXT:
        return column.sql, value
    return f"sf_fold({column.sql})", str(value).casefold()


def _glob(pattern: str) -> str:
    """Return a LIKE pattern in the language of GLOB, which regards case."""
    made, escaped = "", False
    for char in pattern:
        if escaped or char not in "%_\\":
            made += f"[{char}]" if char in "*?[" else char
            escaped = False
        elif char == "\\":
            escaped = True
        else:
            made += "*" if char == "%" else "?"
    return made
