"""A naive evaluator of SOQL, to compare the emulator with.

It knows no SQL and no SOQL text: a query is a tree of the classes below, an org is lists of dicts, and every rule is
the plainest reading of the facts [facts: api 8.1-8.3]. Slow on purpose.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from unicodedata import combining, normalize
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Row = dict[str, Any]

PARENTS = {
    ("Account", "Parent"): ("ParentId", "Account"),
    ("Contact", "Account"): ("AccountId", "Account"),
    ("Order", "Account"): ("AccountId", "Account"),
}
CHILDREN = {
    ("Account", "ChildAccounts"): ("Account", "ParentId"),
    ("Account", "Contacts"): ("Contact", "AccountId"),
    ("Account", "Orders"): ("Order", "AccountId"),
}
TYPES = {
    "Account": {
        "Id": "id",
        "Name": "text",
        "Site": "text",
        "AnnualRevenue": "number",
        "NumberOfEmployees": "number",
        "IsPartner": "boolean",
        "LastActivityDate": "date",
        "CreatedDate": "datetime",
        "ParentId": "id",
    },
    "Contact": {"Id": "id", "LastName": "text", "Email": "text", "CreatedDate": "datetime", "AccountId": "id"},
    "Order": {
        "Id": "id",
        "Name": "text",
        "Status": "text",
        "TotalAmount": "number",
        "EffectiveDate": "date",
        "IsReductionOrder": "boolean",
        "SystemModstamp": "datetime",
        "AccountId": "id",
    },
}


@dataclass(frozen=True)
class Literal:
    """A date literal, such as LAST_N_DAYS:3."""

    name: str


@dataclass(frozen=True)
class Compare:
    """A field (with `function`, what a date function makes of it) compared with a value, null or a date literal."""

    path: str
    operator: str
    value: Any
    function: str | None = None


@dataclass(frozen=True)
class Like:
    """A text and a pattern: parts are plain text, or % or _ as wildcards."""

    path: str
    parts: tuple[tuple[bool, str], ...]


@dataclass(frozen=True)
class Among:
    """A field that is, or is not, in a list."""

    path: str
    negated: bool
    values: tuple[Any, ...]


@dataclass(frozen=True)
class SemiJoin:
    """A field that is, or is not, among a field of the rows of another object."""

    path: str
    negated: bool
    sobject: str
    selected: str
    where: Any


@dataclass(frozen=True)
class Junction:
    """Conditions joined by AND or OR."""

    operator: str
    terms: tuple[Any, ...]


@dataclass(frozen=True)
class Not:
    """The opposite of a condition."""

    term: Any


@dataclass(frozen=True)
class Key:
    """One key of ORDER BY."""

    path: str
    descending: bool = False
    nulls_last: bool = False


@dataclass(frozen=True)
class Aggregate:
    """An aggregate of a field; `path` None is COUNT(Id)."""

    function: str
    path: str


@dataclass(frozen=True)
class Query:
    """A query for records, for groups (if `groups` or `aggregates` are given) or for a number (`count`)."""

    sobject: str
    fields: tuple[str, ...] = ()
    children: tuple[tuple[str, Query], ...] = ()
    where: Any = None
    order: tuple[Key, ...] = ()
    limit: int | None = None
    offset: int | None = None
    count: bool = False
    groups: tuple[str, ...] = ()
    aggregates: tuple[Aggregate, ...] = ()
    having: tuple[Aggregate, str, float] | None = None


@dataclass
class World:
    """All rows, the moment, the user's time zone and the month in which the fiscal year starts."""

    rows: dict[str, list[Row]]
    now: datetime
    zone: str
    fiscal_month: int
    _by_id: dict[str, Row] = field(default_factory=dict)

    def get(self, record_id: str | None) -> Row | None:
        if not self._by_id:
            self._by_id = {row["Id"]: row for rows in self.rows.values() for row in rows}
        return None if record_id is None else self._by_id[record_id]

    # -- values

    def value(self, sobject: str, row: Row | None, path: str) -> Any:
        """Follow a path; nothing is found beyond a parent that is not there."""
        *steps, name = path.split(".")
        for step in steps:
            if row is None:
                return None
            reference, sobject = PARENTS[sobject, step]
            row = self.get(row[reference])
        return None if row is None else row[name]

    def type_of(self, sobject: str, path: str) -> str:
        *steps, name = path.split(".")
        for step in steps:
            sobject = PARENTS[sobject, step][1]
        return TYPES[sobject][name]

    def local_day(self, value: str) -> date:
        """The day of a date, or of a datetime where the user is."""
        if len(value) == len("2026-01-01"):
            return date.fromisoformat(value)
        return datetime.fromisoformat(value).replace(tzinfo=UTC).astimezone(ZoneInfo(self.zone)).date()

    # -- conditions

    def holds(self, sobject: str, row: Row, condition: Any) -> bool:
        match condition:
            case None:
                return True
            case Junction("AND", terms):
                return all(self.holds(sobject, row, term) for term in terms)
            case Junction(_, terms):
                return any(self.holds(sobject, row, term) for term in terms)
            case Not(term):
                return not self.holds(sobject, row, term)
            case Compare():
                return self._compares(sobject, row, condition)
            case Like(path, parts):
                value = self.value(sobject, row, path)
                pattern = "".join(
                    (".*" if text == "%" else ".") if wild else re.escape(text.lower()) for wild, text in parts
                )
                return value is not None and re.fullmatch(pattern, value.lower(), re.DOTALL) is not None
            case Among(path, negated, values):
                found = any(self._compares(sobject, row, Compare(path, "=", value)) for value in values)
                return found != negated
            case SemiJoin(path, negated, other, selected, where):
                inner = [self.value(other, one, selected) for one in self.rows[other] if self.holds(other, one, where)]
                value = self.value(sobject, row, path)
                return (value is not None and value in inner) != negated
        raise AssertionError(condition)

    def _compares(self, sobject: str, row: Row, one: Compare) -> bool:
        value, kind = self.value(sobject, row, one.path), self.type_of(sobject, one.path)
        wanted = one.value
        if kind == "boolean":  # there is no null: it counts as false
            value, wanted = bool(value), bool(wanted)
        if isinstance(wanted, Literal):
            return self._in_days(value, one.operator, wanted.name)
        if one.function is not None:
            value, kind = None if value is None else DATE_FUNCTIONS[one.function](self, value), "number"
        if wanted is None or wanted == "":
            return {"=": value is None, "!=": value is not None}.get(one.operator, False)
        if value is None:
            return one.operator == "!="
        if kind == "text":
            if one.operator in {"=", "!="}:
                value, wanted = value.lower(), wanted.lower()
            else:
                value, wanted = alphabetic(value), alphabetic(wanted)
        return bool(_OPERATORS[one.operator](value, wanted))

    def _in_days(self, value: str | None, operator: str, name: str) -> bool:
        """Compare with a range of whole units; each unit has a number, today's unit is that of today."""
        if value is None:
            return operator == "!="
        unit, first, last = literal_units(name)
        index = self._unit(unit, self.local_day(value)) - self._unit(
            unit, self.now.astimezone(ZoneInfo(self.zone)).date()
        )
        return {
            "=": first <= index <= last,
            "!=": not first <= index <= last,
            "<": index < first,
            "<=": index <= last,
            ">": index > last,
            ">=": index >= first,
        }[operator]

    def _unit(self, unit: str, day: date) -> int:
        months = day.year * 12 + day.month - 1
        fiscal = months - (self.fiscal_month - 1)
        return {
            "DAY": day.toordinal(),
            "WEEK": (day - timedelta(days=day.isoweekday() % 7)).toordinal() // 7,  # weeks start on Sunday
            "MONTH": months,
            "QUARTER": months // 3,
            "YEAR": months // 12,
            "FISCAL_QUARTER": fiscal // 3,
            "FISCAL_YEAR": fiscal // 12,
        }[unit]

    # -- answers

    def run(self, query: Query, among: list[Row] | None = None) -> Any:
        """Return the number, the groups or the records of a query; `among` are the children of one record."""
        rows = self.rows[query.sobject] if among is None else among
        found = [row for row in rows if self.holds(query.sobject, row, query.where)]
        if query.count:
            return len(_cut(found, query))
        if query.groups or query.aggregates:
            return self._grouped(query, found)
        return [self._record(query, row) for row in _cut(self._sorted(query, found), query)]

    def _sorted(self, query: Query, rows: list[Row]) -> list[Row]:
        rows = sorted(rows, key=lambda row: row["Id"])
        for key in reversed(query.order):
            values = [(self.value(query.sobject, row, key.path), row) for row in rows]
            rows = _ordered(values, key, self.type_of(query.sobject, key.path))
        return rows

    def _record(self, query: Query, row: Row) -> Row:
        made: Row = {}
        for path in query.fields:
            *steps, name = path.split(".")
            place: Row | None = made
            at: Row | None = row
            sobject = query.sobject
            for step in steps:
                reference, sobject = PARENTS[sobject, step]
                at = None if at is None else self.get(at[reference])
                if at is None:
                    if place is not None:
                        place[step] = None
                    place = None
                elif place is not None:
                    place = place.setdefault(step, {})
            if place is not None and at is not None:
                place[name] = at[name]
        for name, inner in query.children:
            sobject, reference = CHILDREN[query.sobject, name]
            members = [one for one in self.rows[sobject] if one[reference] == row["Id"]]
            made[name] = self.run(inner, members) or None
        return made

    def _grouped(self, query: Query, rows: list[Row]) -> list[Row]:
        groups: dict[tuple[Any, ...], list[Row]] = {}
        for row in rows:
            keys = [(self.type_of(query.sobject, path), self.value(query.sobject, row, path)) for path in query.groups]
            folded = tuple(key.lower() if kind == "text" and key is not None else key for kind, key in keys)
            groups.setdefault(folded, []).append(row)
        if not query.groups and not groups:
            groups[()] = []
        made = []
        for folded, members in groups.items():
            if query.having is not None:
                aggregate, operator, limit = query.having
                value = self._aggregate(query.sobject, aggregate, members)
                if not (operator == "!=" if value is None else _OPERATORS[operator](value, limit)):
                    continue
            one = {f"g{number}": key for number, key in enumerate(folded)}
            for number, aggregate in enumerate(query.aggregates):
                one[f"a{number}"] = self._aggregate(query.sobject, aggregate, members)
            made.append(one)
        for key in reversed(query.order):
            name = f"g{query.groups.index(key.path)}"
            made = _ordered([(one[name], one) for one in made], key, self.type_of(query.sobject, key.path))
        return _cut(made, query)

    def _aggregate(self, sobject: str, one: Aggregate, members: Iterable[Row]) -> Any:
        values = [self.value(sobject, row, one.path) for row in members]
        values = [value for value in values if value is not None]
        text = self.type_of(sobject, one.path) == "text"
        match one.function:
            case "COUNT":
                return len(values)
            case "COUNT_DISTINCT":
                return len({value.lower() if text else value for value in values})
            case "SUM":
                return sum(values) if values else None
            case "AVG":
                return sum(values) / len(values) if values else None
        if not values:
            return None
        pick: Callable[..., Any] = min if one.function == "MIN" else max
        return pick(values, key=alphabetic).lower() if text else pick(values)


def alphabetic(text: str) -> tuple[str, str]:
    """As people sort: letters without accents and case first, then accents."""
    folded = text.lower()
    return "".join(char for char in normalize("NFKD", folded) if not combining(char)), folded


def literal_units(name: str) -> tuple[str, int, int]:
    """The unit of a date literal, and its first and last unit, counted from the current one."""
    word, _, number = name.upper().partition(":")
    count = int(number or 0)
    if word in {"YESTERDAY", "TODAY", "TOMORROW"}:
        index = ["YESTERDAY", "TODAY", "TOMORROW"].index(word) - 1
        return "DAY", index, index
    if word in {"LAST_90_DAYS", "LAST_N_DAYS"}:
        return "DAY", -(count or 90) if word == "LAST_90_DAYS" else -count, 0  # today included
    if word == "NEXT_90_DAYS":
        return "DAY", 1, 90
    if match := re.fullmatch(r"N_(\w+)S_AGO", word):
        return match[1], -count, -count
    if match := re.fullmatch(r"(LAST|NEXT)_N_(\w+)S", word):
        return match[2], *((-count, -1) if match[1] == "LAST" else (1, count))
    side, unit = word.split("_", 1)
    index = {"LAST": -1, "THIS": 0, "NEXT": 1}[side]
    return unit, index, index


def _fiscal(world: World, value: str) -> tuple[int, int]:
    """The number of the fiscal year, named after the year it ends in, and of the month in it."""
    day = date.fromisoformat(value[:10])
    months = day.year * 12 + day.month - 1 - (world.fiscal_month - 1)
    return months // 12 + (world.fiscal_month > 1), months % 12 + 1


DATE_FUNCTIONS: dict[str, Callable[[World, str], int]] = {
    "CALENDAR_YEAR": lambda _, value: date.fromisoformat(value[:10]).year,
    "CALENDAR_QUARTER": lambda _, value: (date.fromisoformat(value[:10]).month - 1) // 3 + 1,
    "CALENDAR_MONTH": lambda _, value: date.fromisoformat(value[:10]).month,
    "DAY_IN_MONTH": lambda _, value: date.fromisoformat(value[:10]).day,
    "DAY_IN_WEEK": lambda _, value: date.fromisoformat(value[:10]).isoweekday() % 7 + 1,
    "DAY_IN_YEAR": lambda _, value: date.fromisoformat(value[:10]).timetuple().tm_yday,
    "FISCAL_YEAR": lambda world, value: _fiscal(world, value)[0],
    "FISCAL_QUARTER": lambda world, value: (_fiscal(world, value)[1] - 1) // 3 + 1,
    "FISCAL_MONTH": lambda world, value: _fiscal(world, value)[1],
    "WEEK_IN_MONTH": lambda _, value: (date.fromisoformat(value[:10]).day - 1) // 7 + 1,
    "WEEK_IN_YEAR": lambda _, value: (date.fromisoformat(value[:10]).timetuple().tm_yday - 1) // 7 + 1,
}

_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def _ordered(values: list[tuple[Any, Any]], key: Key, kind: str) -> list[Any]:
    """Sort stably by one key; nulls first unless told otherwise, in either direction."""
    nulls = [one for value, one in values if value is None]
    rest = [(alphabetic(value) if kind == "text" else value, one) for value, one in values if value is not None]
    rest.sort(key=lambda pair: pair[0], reverse=key.descending)  # stable, also backwards
    shown = [one for _, one in rest]
    return shown + nulls if key.nulls_last else nulls + shown


def _cut(rows: list[Any], query: Query) -> list[Any]:
    start = query.offset or 0
    return rows[start:] if query.limit is None else rows[start : start + query.limit]
