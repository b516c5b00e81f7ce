"""Helps indexes: finds the bound that every branch of an OR implies, as in paging by keyset."""

from collections.abc import Iterator

from sfsync.emulator.soql.syntax import Comparison, Condition, Junction, Kind

_SIDES = ((frozenset({"=", ">", ">="}), ">="), (frozenset({"=", "<", "<="}), "<="))


def common_bound(junction: Junction) -> Comparison | None:
    """Return `a >= x` for `a > x OR (a = x AND ...)`, or `<=` likewise; None if there is no such bound.

    SQLite then reads an index from x on instead of from its beginning.
    """
    if junction.operator != "OR":
        return None
    first, *others = junction.terms
    for one in _comparisons(first):
        for operators, bound in _SIDES:
            if one.operator in operators and all(_has(term, one, operators) for term in others):
                return Comparison(one.operand, bound, one.literal)
    return None


def _has(term: Condition, wanted: Comparison, operators: frozenset[str]) -> bool:
    return any(
        one.operator in operators
        and one.operand.text.lower() == wanted.operand.text.lower()
        and one.literal.text == wanted.literal.text
        for one in _comparisons(term)
    )


def _comparisons(term: Condition) -> Iterator[Comparison]:
    """Yield the comparisons that hold whenever the term holds, of values that have an order."""
    terms = term.terms if isinstance(term, Junction) and term.operator == "AND" else (term,)
    for one in terms:
        if isinstance(one, Comparison) and one.literal.kind in {Kind.NUMBER, Kind.DATE, Kind.DATETIME}:
            yield one
