"""Reads SOQL text into a `Query`."""

import re
from functools import lru_cache
from pathlib import Path as FilePath
from typing import Any

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedCharacters, UnexpectedToken

from sfsync.emulator.errors import ApiError
from sfsync.emulator.soql.refusals import malformed, refusal
from sfsync.emulator.soql.syntax import (
    Call,
    Comparison,
    Condition,
    Junction,
    Kind,
    Literal,
    Membership,
    Negation,
    Operand,
    Ordering,
    Path,
    Query,
    Selected,
    SemiJoin,
)

MAX_LENGTH = 100_000
_CACHED_LENGTH = 20_000  # longer texts are lists of ids, which do not come again
_STRING = re.compile(r"'(?:[^'\\]|\\.)*'", re.DOTALL)
_WORD = re.compile(r"[\w.:]+|[<>!]=|<>|\S")
_BLANK_ZONE = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(?= \d\d:?\d\d)")


def parse(text: str) -> Query:
    """Read a query.

    Raises:
        ApiError: MALFORMED_QUERY.
    """
    if not text.strip():
        raise malformed("A query string has to be specified")
    if len(text) > MAX_LENGTH:
        raise malformed(f"SOQL statements cannot be longer than {MAX_LENGTH} characters.")
    return _parse_cached(text) if len(text) <= _CACHED_LENGTH else _parse(text)


@lru_cache(maxsize=512)
def _parse_cached(text: str) -> Query:
    return _parse(text)


def _parse(text: str) -> Query:
    try:
        parsed: Any = _LARK.parse(text)
    except UnexpectedToken as wrong:
        if wrong.token.type == "$END":
            raise malformed("unexpected token: <EOF>") from None
        raise _unexpected(text, int(wrong.token.start_pos or 0)) from None
    except UnexpectedCharacters as wrong:
        raise _unexpected(text, int(wrong.pos_in_stream or 0)) from None
    query: Query = parsed
    return query


def _unexpected(text: str, pos: int) -> ApiError:
    """A blank where a plus was not encoded, and an open string, are noticed by the platform's lexer, not its parser."""
    stamp = next((one for one in _BLANK_ZONE.finditer(text) if one.start() <= pos <= one.end()), None)
    row = text.count("\n", 0, pos) + 1
    line_start = text.rfind("\n", 0, pos) + 1
    if stamp:
        return malformed(f"line {row}:{stamp.end() - line_start} no viable alternative at character ' '")
    if text[pos] == "'" and not _STRING.match(text, pos):
        return malformed(f"line {row}:{len(text) - line_start} mismatched character '<EOF>' expecting '''")
    word = _WORD.match(text, pos)
    found = word.group() if word else text[pos]
    if not (found[0].isalnum() or found[0] in "_'()<>=!,.:+-"):
        return malformed(f"line {row}:{pos - line_start} no viable alternative at character '{found}'")
    return refusal(text, pos, f"unexpected token: '{found}'")


@v_args(inline=True)
class _Builder(Transformer[Token, Query]):
    def start(self, query: Query) -> Query:
        return query

    def query(self, items: tuple[Any, ...], source: tuple[Path, Path | None], *rest: Any) -> Query:
        where, group, order, limit, offset = rest[:5]
        grouping, having = group or ((), None)
        table, alias = source
        return Query(items, table, alias, where, grouping, having, order or (), limit, offset, table.pos)

    def select_list(self, *items: Selected | Query) -> tuple[Selected | Query, ...]:
        return items

    def selected(self, operand: Operand, alias: Token | None) -> Selected:
        return Selected(operand, _path(alias) if alias else None)

    def children(self, query: Query) -> Query:
        return query

    def source(self, name: Token, alias: Token | None) -> tuple[Path, Path | None]:
        return _path(name), _path(alias) if alias else None

    def where(self, condition: Condition) -> Condition:
        return condition

    def both(self, *terms: Condition) -> Junction:
        return Junction("AND", terms)

    def either(self, *terms: Condition) -> Junction:
        return Junction("OR", terms)

    def negation(self, term: Condition) -> Negation:
        return Negation(term)

    def comparison(self, operand: Operand, operator: Token, literal: Literal) -> Comparison:
        name = operator.upper()
        return Comparison(operand, "!=" if name == "<>" else name, literal)

    def is_in(self, operand: Operand, members: tuple[Literal, ...] | Query) -> Condition:
        return _membership(operand, members, negated=False)

    def is_not_in(self, operand: Operand, members: tuple[Literal, ...] | Query) -> Condition:
        return _membership(operand, members, negated=True)

    def strings(self, token: Token) -> tuple[Literal, ...]:
        start = int(token.start_pos or 0)
        return tuple(Literal(Kind.STRING, one.group(), start + one.start()) for one in _STRING.finditer(token))

    def literals(self, *literals: Literal) -> tuple[Literal, ...]:
        return literals

    def path(self, name: Token) -> Path:
        return _path(name)

    def call(self, name: Token, argument: Token | None) -> Call:
        return Call(str(name), _path(argument) if argument else None, int(name.start_pos or 0))

    def literal(self, token: Token) -> Literal:
        return Literal(Kind[token.type], str(token), int(token.start_pos or 0))

    def group(self, *parts: Any) -> tuple[tuple[Operand, ...], Condition | None]:
        return parts[:-1], parts[-1]

    def order(self, *keys: Ordering) -> tuple[Ordering, ...]:
        return keys

    def ordering(self, operand: Operand, direction: Token | None, nulls: Token | None) -> Ordering:
        descending = direction is not None and direction.upper() == "DESC"
        return Ordering(operand, descending, nulls is not None and nulls.upper() == "LAST")

    def limit(self, number: Token) -> int:
        return _whole(number)

    def offset(self, number: Token) -> int:
        return _whole(number)


def _path(token: Token) -> Path:
    return Path(str(token), int(token.start_pos or 0))


def _membership(operand: Operand, members: tuple[Literal, ...] | Query, *, negated: bool) -> Condition:
    if isinstance(members, Query):
        return SemiJoin(operand, negated, members)
    return Membership(operand, negated, members)


def _whole(number: Token) -> int:
    if not number.isdecimal():
        raise malformed(f"unexpected token: '{number}'")
    return int(number)


_LARK = Lark(
    (FilePath(__file__).parent / "grammar.lark").read_text(encoding="utf-8"),
    parser="lalr",
    transformer=_Builder(),
    maybe_placeholders=True,
)
