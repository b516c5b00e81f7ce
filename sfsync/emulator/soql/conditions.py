"""Compiles WHERE and HAVING to SQL.

Two-valued logic, as on the platform: a comparison with a null field is false, `!=` and NOT IN are true for null.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from json import dumps
from typing import cast

from sfsync.emulator.fields import Field
from sfsync.emulator.soql.functions import corporate_amount
from sfsync.emulator.soql.keysets import common_bound
from sfsync.emulator.soql.moments import Parameter, Scalar
from sfsync.emulator.soql.names import Column
from sfsync.emulator.soql.refusals import refusal
from sfsync.emulator.soql.syntax import (
    Comparison,
    Condition,
    Inclusion,
    Junction,
    Kind,
    Literal,
    Membership,
    Negation,
    Operand,
    SemiJoin,
)
from sfsync.emulator.soql.text import fold, order_key
from sfsync.emulator.soql.values import WORDS, Span, convert, mismatch, string

_RANGES = {
    "=": "({0} >= ? AND {0} < ?)",
    "!=": "({0} < ? OR {0} >= ? OR {0} IS NULL)",
    "<": "{0} < ?",
    "<=": "{0} < ?",
    ">": "{0} >= ?",
    ">=": "{0} >= ?",
}
_RANGE_ENDS = {"=": ("start", "end"), "!=": ("start", "end"), "<": ("start",), "<=": ("end",), ">": ("end",)}
_MOST_JOINED = 400
_FEW = 8  # lists longer than this are bound as one JSON value: SQLite limits the number of variables


@dataclass
class Conditions:
    """Compiles the conditions of one query; `parameters` collects the values in the order of the SQL.

    `resolve` looks an operand up and checks that it may be filtered; `semi_join` compiles the query inside an IN;
    `currencies` says that amounts may be given in a currency: USD5000.
    """

    text: str
    resolve: Callable[[Operand], Column]
    semi_join: Callable[[SemiJoin, "Conditions"], str]
    currencies: bool = False
    parameters: list[Parameter] = field(default_factory=list)

    def compile(self, condition: Condition, *, top: bool = True) -> str:
        """Return the SQL of a condition; `top` says that only ANDs stand above it.

        Raises:
            ApiError: INVALID_FIELD, INVALID_QUERY_FILTER_OPERATOR or MALFORMED_QUERY.
        """
        match condition:
            case Junction(operator, terms):
                bound = common_bound(condition)
                first = f"{self.compile(bound, top=False)} AND " if bound is not None else ""
                inner = top and operator == "AND"
                joined = _joined(operator, [self.compile(term, top=inner) for term in terms])
                return f"({first}({joined}))"
            case Negation(term):
                return f"NOT IFNULL({self.compile(term, top=False)}, 0)"
            case Comparison():
                return self._comparison(condition)
            case Membership():
                return self._membership(condition)
            case Inclusion():
                return self._inclusion(condition)
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
        if one.literal.kind is Kind.CURRENCY and column.field.type == "currency" and self.currencies:
            return self._amount(column, one)
        value = convert(self.text, column, one.literal)
        if isinstance(value, Span):
            return self._range(column.sql, one.operator, value)
        if column.field.type == "multipicklist" and isinstance(value, str):
            return self._same_values(column, one, value)
        if one.operator not in {"=", "!="}:
            return self._ordered(column, one, value)
        if value is None:
            return f"{column.sql} IS {'NOT ' if one.operator == '!=' else ''}NULL"
        sql, value = _foldable(column, value)
        self.parameters.append(value)
        return f"{sql} IS NOT ?" if one.operator == "!=" else f"{sql} = ?"

    def _ordered(self, column: Column, one: Comparison, value: Scalar) -> str:
        if one.literal.is_null:
            raise refusal(self.text, one.literal.pos, f"unexpected token: '{one.literal.text}'")
        if value is None:  # the empty string is null, and nothing is less or greater
            return "0"
        sql = column.sql
        if isinstance(value, str) and caseless(column.field):
            sql, value = f"soql_order({sql})", order_key(value)
        self.parameters.append(value)
        return f"{sql} {one.operator} ?"

    def _amount(self, column: Column, one: Comparison) -> str:
        """Compare amounts of different currencies by what they are worth."""
        code, number = one.literal.text[:3].upper(), one.literal.text[3:]
        own = column.table.sobject.field("CurrencyIsoCode")
        if own is None or code not in {value.value for value in own.picklist}:
            raise refusal(self.text, one.literal.pos, f"invalid currency ISO code: {code}")
        self.parameters += [float(number), code]
        worth = '(? / (SELECT "ConversionRate" FROM "CurrencyType" WHERE "IsoCode" = ?))'
        return f"{corporate_amount(column)} {'IS NOT' if one.operator == '!=' else one.operator} {worth}"

    def _check_operator(self, known: Field, one: Comparison) -> None:
        ranged = one.operator not in {"=", "!=", "LIKE"}
        wrong = (
            (known.type == "boolean" and one.operator not in {"=", "!="})
            or (one.operator == "LIKE" and known.type not in WORDS)
            or (known.type == "multipicklist" and ranged)
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
        converted = [convert(self.text, column, literal) for literal in one.literals]
        spans = [value for value in converted if isinstance(value, Span)]
        scalars = [cast("Scalar", value) for value in converted if value is not None and not isinstance(value, Span)]
        tests = []
        if scalars:
            tests.append(self._among(column, scalars))
        tests += [self._range(column.sql, "=", span) for span in spans]
        if None in converted:
            tests.append(f"{column.sql} IS NULL")
        among = f"({_joined('OR', tests)})"
        return f"NOT IFNULL({among}, 0)" if one.negated else among

    def _among(self, column: Column, values: list[Scalar]) -> str:
        folded = [_foldable(column, value) for value in values]
        sql = column.sql
        if any(other != sql for other, _ in folded):
            # One value outside ASCII: compare all of them folded.
            sql = f"soql_fold({sql})"
            values = [fold(str(value)) for value in values]
        if len(values) <= _FEW:
            self.parameters.extend(values)
            return f"{sql} IN ({', '.join('?' * len(values))})"
        self.parameters.append(dumps(values))
        return f"{sql} IN (SELECT value FROM json_each(?))"

    def _inclusion(self, one: Inclusion) -> str:
        """INCLUDES: any of the literals, of each all its values; EXCLUDES is the opposite, so true for null."""
        column = self.resolve(one.operand)
        if column.field.type != "multipicklist":
            reason = f"invalid operator on {column.field.type} field"
            raise refusal(self.text, one.operand.pos, reason, "INVALID_FIELD")
        among = "(" + " OR ".join(self._chosen(column, literal) for literal in one.literals) + ")"
        return f"NOT IFNULL({among}, 0)" if one.negated else among

    def _chosen(self, column: Column, literal: Literal) -> str:
        value = convert(self.text, column, literal)
        if value is None:
            return f"{column.sql} IS NULL"
        wanted = [part.strip() for part in str(value).split(";") if part.strip()]
        self.parameters.extend(fold(f";{part};") for part in wanted)
        return "(" + " AND ".join([f"instr(soql_fold(';' || {column.sql} || ';'), ?)"] * len(wanted)) + ")"

    def _same_values(self, column: Column, one: Comparison, value: str) -> str:
        """`a;b` equals what has just these values chosen, in any order."""
        count = value.count(";")
        same = f"({self._chosen(column, one.literal)} AND length({column.sql}) = ?)"
        self.parameters.append(sum(len(part.strip()) for part in value.split(";")) + count)
        return same if one.operator == "=" else f"NOT IFNULL({same}, 0)"


def _joined(operator: str, tests: list[str]) -> str:
    """Join tests; many of them in groups, for SQLite takes no expression deeper than 1,000."""
    while len(tests) > _MOST_JOINED:
        groups = (tests[start : start + _MOST_JOINED] for start in range(0, len(tests), _MOST_JOINED))
        tests = [f"({f' {operator} '.join(group)})" for group in groups]
    return f" {operator} ".join(tests)


def caseless(known: Field) -> bool:
    """Say whether a field's values are compared without regard to case: text is, but for case-sensitive keys."""
    return known.type in WORDS and not known.case_sensitive


def _foldable(column: Column, value: Scalar) -> tuple[str, Scalar]:
    """Return how to compare text without regard to case: SQLite's own way knows ASCII only, so other text is folded."""
    if not isinstance(value, str) or value.isascii() or not caseless(column.field):
        return column.sql, value
    return f"soql_fold({column.sql})", fold(value)


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
