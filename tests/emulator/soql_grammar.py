"""Random SOQL: queries of the reference's classes, and their text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from tests.emulator.soql_reference import (
    CHILDREN,
    DATE_FUNCTIONS,
    PARENTS,
    TYPES,
    Aggregate,
    Among,
    Compare,
    Junction,
    Key,
    Like,
    Literal,
    Not,
    Query,
    Row,
    SemiJoin,
    World,
)

NOW = datetime(2026, 3, 4, 2, 30, tzinfo=UTC)  # still the day before in New York
ZONE = "America/New_York"
FISCAL_MONTH = 4

TEXTS = (
    *("alpha", "Alpha", "ALPHA", "beta", "Beta_1", "50%", "5", "Ärger", "ärger", "Arger", "Azur", "Zoë", "zoe", "-5"),
    *("日本", "O'Neil", 'say "x"', "back\\slash", "a b", "new\nline", "École", "ecole", "Straße"),
)
NUMBERS = (-100.0, -1.0, 0.0, 1.0, 2.0, 7.0, 100.0, 1e6)
_UNITS = ("WEEK", "MONTH", "QUARTER", "YEAR", "FISCAL_QUARTER", "FISCAL_YEAR")
LITERALS = (
    *("YESTERDAY", "TODAY", "TOMORROW", "LAST_90_DAYS", "NEXT_90_DAYS"),
    *(f"{side}_{unit}" for side in ("LAST", "THIS", "NEXT") for unit in _UNITS),
    *(f"{side}_N_{unit}S:{n}" for side in ("LAST", "NEXT") for unit in ("DAY", *_UNITS) for n in (1, 3)),
    *(f"N_{unit}S_AGO:{n}" for unit in ("DAY", *_UNITS) for n in (1, 2)),
)
_DAYS = (-800, -400, -366, -365, -100, -91, -90, -89, -40, -31, -8, -7, -3, -2, -1, 0, 1, 2, 6, 7, 30, 89, 90, 91, 400)
_MOMENTS = tuple(NOW.replace(tzinfo=None) + timedelta(days=day, hours=hour) for day in _DAYS for hour in (0, 3, 21))


def make_world() -> World:
    """Rows with nulls, ties, mixed case, accents, negative numbers and equal stamps; always the same."""
    chance = Random(7)  # noqa: S311 - repeatable, not secret

    def some(values: tuple[Any, ...], *, nulls: bool = True) -> Any:
        return None if nulls and chance.random() < 0.25 else chance.choice(values)

    days = tuple((NOW.date() + timedelta(days=day)).isoformat() for day in _DAYS)
    stamps = tuple(one.isoformat(timespec="seconds") for one in _MOMENTS)
    accounts: list[Row] = []
    for number in range(24):
        parent = some(tuple(one["Id"] for one in accounts)) if accounts else None
        accounts.append(
            {
                "Id": _id("001", number),
                "Name": some(TEXTS, nulls=False),
                "Site": some(TEXTS),
                "AnnualRevenue": some(NUMBERS),
                "NumberOfEmployees": some((-3, 0, 1, 5, 50)),
                "IsPartner": chance.random() < 0.5,
                "LastActivityDate": some(days),
                "CreatedDate": some(stamps, nulls=False),
                "ParentId": parent,
            }
        )
    ids = tuple(one["Id"] for one in accounts)
    contacts = [
        {
            "Id": _id("003", number),
            "LastName": some(TEXTS, nulls=False),
            "Email": some(TEXTS),
            "CreatedDate": some(stamps[:4], nulls=False),
            "AccountId": some(ids),
        }
        for number in range(30)
    ]
    orders = [
        {
            "Id": _id("801", number),
            "Name": some(TEXTS),
            "Status": some(("Draft", "draft", "Activated"), nulls=False),
            "TotalAmount": some((-1.25, 0.1, 0.2, 33.33, 66.66, 100.0), nulls=False),
            "EffectiveDate": some(days, nulls=False),
            "IsReductionOrder": chance.random() < 0.5,
            "SystemModstamp": some(stamps, nulls=False),
            "AccountId": some(ids),
        }
        for number in range(30)
    ]
    return World({"Account": accounts, "Contact": contacts, "Order": orders}, NOW, ZONE, FISCAL_MONTH)


def _id(prefix: str, number: int) -> str:
    # Digits and lower-case letters only: their check characters are all A.
    return f"{prefix}5e0000000{'0123456789abcdefghijklmnopqrstuvwxyz'[number]}{number % 10}xAAA"


# -- queries
# Strategies are made once: making them anew for each draw would take most of the time.

_cached = lru_cache(maxsize=None)
_sample: Any = _cached(st.sampled_from)
_upto: Any = _cached(lambda last: st.integers(0, last))
_maybe: Any = _cached(lambda inner: st.one_of(st.none(), inner))
_list: Any = _cached(lambda inner, low, high: st.lists(inner, min_size=low, max_size=high))
_BOOLEAN = st.booleans()


def paths(sobject: str) -> tuple[str, ...]:
    """The fields of an object, and of its parents."""
    own = list(TYPES[sobject])
    for (child, name), (_, parent) in PARENTS.items():
        if child == sobject:
            own += [f"{name}.{field}" for field in TYPES[parent]]
            if sobject != "Account":
                own += [f"{name}.Parent.{field}" for field in TYPES["Account"]]
    return tuple(own)


PATHS = {sobject: paths(sobject) for sobject in TYPES}
WORLD = make_world()
OF_TYPE = {
    sobject: {
        kind: tuple(path for path in PATHS[sobject] if WORLD.type_of(sobject, path) == kind)
        for kind in ("id", "text", "number", "boolean", "date", "datetime")
    }
    for sobject in TYPES
}


@_cached
def _values(sobject: str, path: str) -> Any:
    kind = WORLD.type_of(sobject, path)
    if kind == "text":
        return _sample((*TEXTS, "ALPHA", "zoë", "ÄRGER", "", "none of them"))
    if kind == "number":
        return _sample((*NUMBERS, 0.1, 33.33, 5.0, -3.0))
    if kind == "boolean":
        return _BOOLEAN
    if kind == "id":
        return _sample(tuple(row["Id"] for rows in WORLD.rows.values() for row in rows)[:60])
    days = _sample(_DAYS)
    if kind == "date":
        return days.map(lambda day: (NOW.date() + timedelta(days=day)).isoformat())
    return _sample(_MOMENTS).map(lambda moment: moment.isoformat(timespec="seconds"))


_PATTERNS = (
    *((True, "%"), (True, "_"), (True, "%"), (True, "_")),
    *((False, text) for text in ("a", "A", "ä", "Ä", "e", "5", "%", "_", "\\", "'", " ", "alp", "ger")),
)
_AGGREGATES = ("COUNT", "COUNT_DISTINCT", "SUM", "AVG", "MIN", "MAX")
_OBJECTS = tuple(TYPES)
_FUNCTIONS = tuple(DATE_FUNCTIONS)
_RELATIONSHIPS = tuple(name for _, name in CHILDREN)
_ALL = ("=", "!=", "<", "<=", ">", ">=")


@_cached
@st.composite
def comparisons(draw: st.DrawFn, sobject: str) -> Any:
    choice = draw(_upto(9))
    kinds = OF_TYPE[sobject]
    if choice in {1, 2, 3}:
        path = draw(_sample(kinds["date"] + kinds["datetime"]))
        if choice != 3:
            return Compare(path, draw(_sample(_ALL)), Literal(draw(_sample(LITERALS))))
        value = draw(_sample((1, 2, 3, 4, 7, 9, 12, 52, 63, 2025, 2026)))
        return Compare(path, draw(_sample(_ALL)), value, draw(_sample(_FUNCTIONS)))
    if choice == 4:
        return Like(draw(_sample(kinds["text"])), tuple(draw(_list(_sample(_PATTERNS), 1, 4))))
    path = draw(_sample(PATHS[sobject]))
    kind = WORLD.type_of(sobject, path)
    if choice == 0:
        return Compare(path, draw(_sample(("=", "!="))), None)
    if choice in {5, 6} and kind != "boolean":
        return Among(path, draw(_BOOLEAN), tuple(draw(_list(_maybe(_values(sobject, path)), 1, 12))))
    operators = ("=", "!=") if kind == "boolean" else _ALL
    return Compare(path, draw(_sample(operators)), draw(_values(sobject, path)))


@_cached
def conditions(sobject: str) -> st.SearchStrategy[Any]:
    """Conditions without semi-joins, of any depth."""

    def deeper(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        joined = st.builds(Junction, _sample(("AND", "OR")), st.lists(inner, min_size=2, max_size=3).map(tuple))
        return st.one_of(joined, st.builds(Not, inner))

    return st.recursive(comparisons(sobject), deeper, max_leaves=5)


_SEMI_JOINS = {
    "Account": (("Id", "Contact", "AccountId"), ("Id", "Order", "AccountId")),
    "Contact": (
        ("AccountId", "Account", "Id"),
        ("AccountId", "Order", "AccountId"),
        ("AccountId", "Account", "ParentId"),
    ),
    "Order": (("AccountId", "Account", "Id"), ("AccountId", "Contact", "AccountId")),
}


@_cached
@st.composite
def wheres(draw: st.DrawFn, sobject: str, *, semi: bool = True) -> Any:
    where = draw(_maybe(conditions(sobject)))
    if not semi or draw(_upto(3)):
        return where
    path, other, selected = draw(_sample(_SEMI_JOINS[sobject]))
    join = SemiJoin(path, draw(_BOOLEAN), other, selected, draw(_maybe(conditions(other))))
    return join if where is None else Junction("AND", (join, where))


def _distinct(values: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


@_cached
@st.composite
def keys(draw: st.DrawFn, choices: tuple[str, ...]) -> tuple[Key, ...]:
    return tuple(Key(path, draw(_BOOLEAN), draw(_BOOLEAN)) for path in draw(_list(_sample(choices), 0, 3)))


@_cached
@st.composite
def record_queries(draw: st.DrawFn, sobject: str | None = None, *, with_children: bool = False) -> Query:
    name = sobject or draw(_sample(_OBJECTS))
    inner = sobject is not None and not with_children
    children: list[tuple[str, Query]] = []
    if with_children:
        chosen = _distinct(draw(_list(_sample(_RELATIONSHIPS), 1, 2)))
        children = [(one, draw(record_queries(CHILDREN[name, one][0]))) for one in chosen]
    return Query(
        name,
        _distinct(["Id", *draw(_list(_sample(PATHS[name]), 0, 5))]),
        tuple(children),
        draw(wheres(name, semi=not inner)),
        draw(keys(PATHS[name])),
        draw(_maybe(_upto(12))),
        draw(_maybe(_upto(5))),
    )


@_cached
@st.composite
def aggregates(
    draw: st.DrawFn, sobject: str, groups: tuple[str, ...], functions: tuple[str, ...] = _AGGREGATES
) -> Aggregate:
    function = draw(_sample(functions))
    kinds = ("number",) if function in {"SUM", "AVG"} else ("id", "text", "number", "date", "datetime")
    choices = tuple(path for kind in kinds for path in OF_TYPE[sobject][kind] if path not in groups)
    return Aggregate(function, draw(_sample(choices)))


@_cached
@st.composite
def group_queries(draw: st.DrawFn) -> Query:
    name = draw(_sample(_OBJECTS))
    kinds = OF_TYPE[name]
    choices = tuple(path for kind in ("id", "text", "boolean", "date") for path in kinds[kind])
    groups = _distinct(draw(_list(_sample(choices), 0, 2)))
    having = None
    if groups and draw(_upto(1)):
        counted = draw(aggregates(name, groups, ("COUNT", "COUNT_DISTINCT", "SUM")))
        having = (counted, draw(_sample(_ALL)), draw(_sample((0.0, 1.0, 2.0, 5.0, 100.0))))
    made = draw(_list(aggregates(name, groups), 0 if groups else 1, 3))
    # Every group is a key of ORDER BY, so that the order is total.
    ordered: list[str] = draw(st.permutations(list(groups)))
    order = tuple(Key(path, bool(draw(_upto(1))), bool(draw(_upto(1)))) for path in ordered)
    limit = draw(_maybe(_upto(8))) if groups else None
    return Query(
        name,
        groups=groups,
        aggregates=tuple(made),
        where=draw(wheres(name)),
        order=order,
        having=having,
        limit=limit,
        offset=draw(_maybe(_upto(3))) if groups else None,
    )


@_cached
@st.composite
def count_queries(draw: st.DrawFn) -> Query:
    name = draw(_sample(_OBJECTS))
    return Query(name, count=True, where=draw(wheres(name)), limit=draw(_maybe(_upto(20))))


def queries() -> st.SearchStrategy[Query]:
    return _QUERIES


_QUERIES = st.one_of(
    *(record_queries(), record_queries(), record_queries("Account", with_children=True)),
    *(group_queries(), count_queries()),
)


# -- text


def text_of(query: Query, sobject: str | None = None) -> str:
    """Write a query; `sobject` is the name to write after FROM, if it is a child relationship."""
    items: list[str] = list(query.fields)
    items += [f"({text_of(inner, name)})" for name, inner in query.children]
    if query.count:
        items = ["COUNT()"]
    items += [f"{path} g{number}" for number, path in enumerate(query.groups)]
    items += [f"{_aggregate(one)} a{number}" for number, one in enumerate(query.aggregates)]
    parts = [f"SELECT {', '.join(items)} FROM {sobject or query.sobject}"]
    if query.where is not None:
        parts.append(f"WHERE {_condition(query.sobject, query.where, nested=False)}")
    if query.groups:
        parts.append(f"GROUP BY {', '.join(query.groups)}")
    if query.having is not None:
        one, operator, value = query.having
        parts.append(f"HAVING {_aggregate(one)} {operator} {value}")
    if query.order:
        written = [
            f"{one.path}{' DESC' if one.descending else ''} NULLS {'LAST' if one.nulls_last else 'FIRST'}"
            for one in query.order
        ]
        parts.append(f"ORDER BY {', '.join(written)}")
    parts += [f"LIMIT {query.limit}"] if query.limit is not None else []
    parts += [f"OFFSET {query.offset}"] if query.offset is not None else []
    return " ".join(parts)


def _aggregate(one: Aggregate) -> str:
    return f"{one.function}({one.path})"


def _condition(sobject: str, condition: Any, *, nested: bool = True) -> str:
    match condition:
        case Junction(operator, terms):
            joined = f" {operator} ".join(_condition(sobject, term) for term in terms)
            return f"({joined})" if nested else joined
        case Not(term):
            written = f"NOT {_condition(sobject, term)}"
            return f"({written})" if nested else written
        case Compare(path, operator, value, function):
            kind = "number" if function else WORLD.type_of(sobject, path)
            written = f"{function}({path})" if function else path
            return f"{written} {operator} {_literal(kind, value)}"
        case Like(path, parts):
            pattern = "".join(text if wild else _escaped(text, pattern=True) for wild, text in parts)
            return f"{path} LIKE '{pattern}'"
        case Among(path, negated, values):
            kind = WORLD.type_of(sobject, path)
            listed = ", ".join(_literal(kind, value) for value in values)
            return f"{path} {'NOT ' if negated else ''}IN ({listed})"
        case SemiJoin(path, negated, other, selected, where):
            inner = "" if where is None else f" WHERE {_condition(other, where, nested=False)}"
            return f"{path} {'NOT ' if negated else ''}IN (SELECT {selected} FROM {other}{inner})"
    raise AssertionError(condition)


def _literal(kind: str, value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, Literal):
        return value.name
    if kind == "text":
        return f"'{_escaped(value)}'"
    if kind == "id":
        return f"'{value[:15]}'"
    if kind == "datetime":
        moment = datetime.fromisoformat(value).replace(tzinfo=UTC)
        local = moment.astimezone(ZoneInfo(ZONE)).isoformat()
        return local if moment.hour else f"{value}Z"
    return str(value)


def _escaped(text: str, *, pattern: bool = False) -> str:
    made = text.replace("\\", "\\\\").replace("'", "\\'").replace('"', '\\"').replace("\n", "\\n")
    return made.replace("%", "\\%").replace("_", "\\_") if pattern else made
