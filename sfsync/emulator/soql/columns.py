"""Tells the columns of a query without running it: `?columns=true`, which the sf CLI asks [facts: api 13].

Keys and values are those of answers that the CLI's own tests hold; the platform does not document them.
"""

from typing import Any

from sfsync.emulator.fields import ID_TYPES, NUMERIC, Field
from sfsync.emulator.schema import Schema, SObject
from sfsync.emulator.soql.aggregates import is_aggregate
from sfsync.emulator.soql.compiler import Compiler
from sfsync.emulator.soql.moments import Calendar
from sfsync.emulator.soql.names import Scope, find_object
from sfsync.emulator.soql.parser import parse
from sfsync.emulator.soql.selects import spelled_out
from sfsync.emulator.soql.syntax import Call, Path, Query, Selected, TypeOf
from sfsync.emulator.soql.values import WORDS

_APEX = {
    "boolean": "Boolean",
    "date": "Date",
    "datetime": "Datetime",
    "int": "Integer",
    "address": "Address",
    **dict.fromkeys(NUMERIC, "Decimal"),
    **dict.fromkeys(ID_TYPES, "Id"),
}


def columns_of(text: str, schema: Schema) -> dict[str, Any]:
    """Return what a query's columns are.

    Raises:
        ApiError: as running the query.
    """
    query = parse(text)
    Compiler(schema, text, include_deleted=False, sobjects_url="", calendar=Calendar()).plan(query)
    sobject = find_object(schema, text, query.source)
    columns = _columns(schema, text, sobject, query)
    return {
        "columnMetadata": columns,
        "entityName": sobject.name,
        "groupBy": bool(query.grouping),
        "idSelected": any(one["columnName"] == "Id" for one in columns),
        "keyPrefix": sobject.key_prefix,
    }


def _columns(schema: Schema, text: str, sobject: SObject, query: Query) -> list[dict[str, Any]]:
    scope = Scope(schema, text, sobject, query)
    grouped = is_aggregate(query)
    made: list[dict[str, Any]] = []
    unnamed = 0
    for item in query.items:
        match item:
            case Query():
                (child,) = (one for one in schema.children(sobject.name) if _same(one.name, item.source.text))
                inner = _columns(schema, text, schema.objects[child.child], item)
                made.append(_column(str(child.name), aggregate=True, joined=inner))
            case TypeOf():
                _nest(made, scope, item.relationship, None)
            case Selected(Path() as path) if not grouped:
                _nest(made, scope, path, scope.column(path).field)
            case Selected(Path() as path, alias):
                known = scope.column(path).field
                made.append(_of_field(known, alias.text if alias else known.name))
            case Selected(Call() as call, alias):
                if call.upper == "FIELDS":
                    made += [_of_field(known, known.name) for known in _spelled(scope, query, call)]
                    continue
                name = alias.text if alias else f"expr{unnamed}"
                unnamed += alias is None
                made.append(_of_call(scope, call, name, grouped=grouped))
    return made


def _spelled(scope: Scope, query: Query, call: Call) -> list[Field]:
    return [scope.column(path).field for path in spelled_out(scope, query, call)]


def _nest(columns: list[dict[str, Any]], scope: Scope, path: Path, known: Field | None) -> None:
    """Add a field in the columns of its parents, which have the fields they lend as columns of their own."""
    table = scope.column(path).table if known is not None else scope.relationship(path)
    for end in range(1, len(table.steps) + 1):
        above = scope.tables[table.steps[:end]]
        name = above.steps[-1]
        column = next((one for one in columns if one["columnName"] == name), None)
        if column is None:
            column = _column(name, foreign_key=above.reference.name if above.reference else None)
            columns.append(column)
        columns = column["joinColumns"]
    if known is not None:
        columns.append(_of_field(known, known.name))


def _of_field(known: Field, name: str) -> dict[str, Any]:
    return _column(name, field=known, display=known.name)


def _of_call(scope: Scope, call: Call, name: str, *, grouped: bool) -> dict[str, Any]:
    """A function: shown under its own text, the field's name as the object has it."""
    argument = call.arguments[0] if call.arguments else None
    written = argument.text if argument else ""
    known = scope.column(argument).field if isinstance(argument, Path) else None
    if isinstance(argument, Path) and "." not in argument.text and known is not None:
        written = known.name
    if not grouped and known is not None:
        return _of_field(known, name if not name.startswith("expr") else known.name)
    made = _column(name, aggregate=True, display=f"{call.name.lower()}({written})")
    counted = call.upper in {"COUNT", "COUNT_DISTINCT", "AVG", "GROUPING"}
    made["numberType"] = counted or (known is not None and known.type in NUMERIC | {"int"})
    return made


def _column(
    name: str,
    *,
    field: Field | None = None,
    display: str | None = None,
    aggregate: bool = False,
    foreign_key: str | None = None,
    joined: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    kind = field.type if field else ""
    return {
        "aggregate": aggregate,
        "apexType": _APEX.get(kind, "String") if field else None,
        "booleanType": kind == "boolean",
        "columnName": name,
        "custom": bool(field and field.custom),
        "displayName": display or name,
        "foreignKeyName": foreign_key,
        "insertable": bool(field and field.createable),
        "joinColumns": joined or [],
        "numberType": kind in NUMERIC | {"int"},
        "textType": kind in WORDS,
        "updatable": bool(field and field.updateable),
    }


def _same(name: str | None, other: str) -> bool:
    return name is not None and name.lower() == other.lower()
