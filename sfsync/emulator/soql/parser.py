"""Reads SOQL text into a `Query`."""

import re
from concurrent.futures import ThreadPoolExecutor
from functools import cache, lru_cache
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
    Inclusion,
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
    TypeOf,
)

MAX_LENGTH = 100_000
_MOST_DIGITS = 10  # of LIMIT and OFFSET
_CACHED_LENGTH = 20_000  # longer texts are lists of ids, which do not come again
_STRING = re.compile(r"'(?:[^'\\]|\\.)*'", re.DOTALL)
_WORD = re.compile(r":|[\w.:]+|[<>!]=|<>|\S")
_BLANK_ZONE = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(?= \d\d:?\d\d)")


def parse(text: str) -> Query:
    """Read a query.

    Raises:
        ApiError: MALFORMED_QUERY.
    """
    if not text.strip():
        raise malformed("A query string has to be specified")
    if len(text) > MAX_LENGTH:
        raise malformed(f"SOQL statements can not be longer than {MAX_LENGTH} characters.")
    return _parse_cached(text) if len(text) <= _CACHED_LENGTH else _parse(text)


@lru_cache(maxsize=512)
def _parse_cached(text: str) -> Query:
    return _parse(text)


def _parse(text: str) -> Query:
    try:
        parsed: Any = _lark().parse(text)
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
        reason = f"line {row}:{stamp.end() - line_start} no viable alternative at character ' '"
        return refusal(text, stamp.end() - 1, reason)
    if text[pos] == "'" and not _STRING.match(text, pos):
        return malformed(f"line {row}:{len(text) - line_start} mismatched character '<EOF>' expecting '''")
    word = _WORD.match(text, pos)
    found = word.group() if word else text[pos]
    if found == ":":
        return malformed("Bind variables only allowed in Apex code")
    if not (found[0].isalnum() or found[0] in "_'()<>=!,.:+-"):
        return malformed(f"line {row}:{pos - line_start} no viable alternative at character '{found}'")
    return refusal(text, pos, f"unexpected token: '{found}'")


@v_args(inline=True)
class _Builder(Transformer[Token, Query]):
    def start(self, query: Query) -> Query:
        return query

    def query(self, items: tuple[Any, ...], sources: tuple[tuple[Path, Path | None], ...], *rest: Any) -> Query:
        scope, where, security, group, order, limit, offset, *last = rest
        *locks, all_rows = last
        grouping: tuple[Operand, ...] = group[0] if group else ()
        having: Condition | None = group[1] if group else None
        subtotals = ""
        if len(grouping) == 1 and isinstance(grouping[0], Call) and grouping[0].upper in {"ROLLUP", "CUBE"}:
            subtotals, grouping = grouping[0].upper, grouping[0].arguments
        (table, alias), *related = sources
        return Query(
            items,
            table,
            alias,
            tuple(related),
            scope,
            where,
            security,
            grouping,
            subtotals,
            having,
            order or (),
            limit,
            offset,
            tuple(locks),
            _path(all_rows) if all_rows else None,
            table.pos,
        )

    def select_list(self, *items: Selected | TypeOf | Query) -> tuple[Selected | TypeOf | Query, ...]:
        return items

    def selected(self, operand: Operand, alias: Token | None) -> Selected:
        return Selected(operand, _path(alias) if alias else None)

    def children(self, query: Query) -> Query:
        return query

    def type_of(self, word: Token, relationship: Token, *rest: Any) -> TypeOf:
        *whens, otherwise = rest
        return TypeOf(_path(relationship), tuple(whens), otherwise or (), int(word.start_pos or 0))

    def when(self, name: Token, fields: tuple[Path, ...]) -> tuple[Path, tuple[Path, ...]]:
        return _path(name), fields

    def otherwise(self, fields: tuple[Path, ...]) -> tuple[Path, ...]:
        return fields

    def fields(self, *names: Token) -> tuple[Path, ...]:
        return tuple(_path(name) for name in names)

    def source(self, *names: tuple[Path, Path | None]) -> tuple[tuple[Path, Path | None], ...]:
        return names

    def named(self, name: Token, alias: Token | None) -> tuple[Path, Path | None]:
        return _path(name), _path(alias) if alias else None

    def scope(self, name: Token) -> Path:
        return _path(name)

    def security(self, name: Token) -> Path:
        return _path(name)

    def for_clause(self, words: Token) -> Path:
        return Path(words.split()[1].upper(), int(words.start_pos or 0))

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

    def includes(self, operand: Operand, members: tuple[Literal, ...] | Query) -> Inclusion:
        return Inclusion(operand, negated=False, literals=_listed(members))

    def excludes(self, operand: Operand, members: tuple[Literal, ...] | Query) -> Inclusion:
        return Inclusion(operand, negated=True, literals=_listed(members))

    def strings(self, token: Token) -> tuple[Literal, ...]:
        start = int(token.start_pos or 0)
        return tuple(Literal(Kind.STRING, one.group(), start + one.start()) for one in _STRING.finditer(token))

    def literals(self, *literals: Literal) -> tuple[Literal, ...]:
        return literals

    def path(self, name: Token) -> Path:
        return _path(name)

    def call(self, name: Token, *arguments: Operand | None) -> Call:
        return Call(str(name), tuple(one for one in arguments if one is not None), int(name.start_pos or 0))

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


def _listed(members: tuple[Literal, ...] | Query) -> tuple[Literal, ...]:
    if isinstance(members, Query):
        raise malformed("unexpected token: 'SELECT'")
    return members


def _whole(number: Token) -> int:
    if not number.isdecimal() or len(number) > _MOST_DIGITS:
        raise malformed(f"unexpected token: '{number}'")
    return int(number)


@cache
def _lark() -> Lark:
    """The parser, built when a query first needs it: that takes half a second.

    In a thread of its own, so on a fresh stack: at an unlucky depth of calls CPython 3.11 gets and gives back memory at
    each call of its hot loops, and takes ten times as long.
    """
    with ThreadPoolExecutor(1) as fresh:
        return fresh.submit(_build).result()


def _build() -> Lark:
    return Lark(
        (FilePath(__file__).parent / "grammar.lark").read_text(encoding="utf-8"),
        parser="lalr",
        transformer=_Builder(),
        maybe_placeholders=True,
    )
