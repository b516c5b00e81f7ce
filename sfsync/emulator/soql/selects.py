"""Reads the select list of a query for records: which values and which children it asks for."""

from collections.abc import Generator

from sfsync.emulator.soql.formats import formatter
from sfsync.emulator.soql.functions import conversion_function, label_function, path_argument
from sfsync.emulator.soql.moments import Calendar
from sfsync.emulator.soql.names import Column, Scope
from sfsync.emulator.soql.refusals import malformed, refusal
from sfsync.emulator.soql.rows import Read, SqlRow
from sfsync.emulator.soql.selection import ReaderOf, Selection
from sfsync.emulator.soql.syntax import Call, Path, Query, Selected, TypeOf

MAX_CHILDREN = 20
MAX_ALL_FIELDS = 200


def fill(selection: Selection, scope: Scope, query: Query, calendar: Calendar) -> Generator[Query]:
    """Select everything but the children of a query, and yield these in their places.

    Raises:
        ApiError: MALFORMED_QUERY for an alias, an unknown function, or too many inner queries.
    """
    if sum(isinstance(item, Query) for item in query.items) > MAX_CHILDREN:
        raise malformed(f"Maximum {MAX_CHILDREN} child relationship queries are allowed in one query")
    for item in query.items:
        match item:
            case Query():
                yield item
            case TypeOf():
                selection.add_type_of(item)
            case Selected(Path() as path, alias):
                if alias is not None:
                    raise refusal(scope.text, alias.pos, "only aggregate expressions use field aliasing")
                selection.add(scope.column(path), path)
            case Selected(Call() as call, alias):
                _call(selection, scope, query, call, alias, calendar)


def _call(selection: Selection, scope: Scope, query: Query, call: Call, alias: Path | None, calendar: Calendar) -> None:
    match call.upper:
        case "FIELDS":
            if alias is not None:
                raise refusal(scope.text, alias.pos, "only aggregate expressions use field aliasing")
            for path in spelled_out(scope, query, call):
                selection.add(scope.column(path), path)
        case "TOLABEL":
            path = path_argument(scope.text, call)
            selection.add(label_function(call, scope, scope.column), path, alias=alias)
        case "CONVERTCURRENCY":
            column = conversion_function(call, scope, calendar)
            selection.add(column, path_argument(scope.text, call), alias=alias)
        case "FORMAT":
            inner = call.arguments[0] if len(call.arguments) == 1 else None
            converts = isinstance(inner, Call) and inner.upper == "CONVERTCURRENCY"
            path = path_argument(scope.text, inner if isinstance(inner, Call) and converts else call)
            column = conversion_function(inner, scope, calendar) if isinstance(inner, Call) else scope.column(path)
            selection.add(column, path, alias=alias, shown=formatted(scope.text, call, calendar))
        case _:
            raise refusal(scope.text, call.pos, f"unexpected token: '{call.name}'")


def formatted(text: str, call: Call, calendar: Calendar) -> ReaderOf:
    """Return how to make readers of values that format() writes.

    They raise:
        ApiError: INVALID_FIELD for a field that is neither number, date nor amount.
    """

    def shown(column: Column, index: int) -> Read:
        write = formatter(column.field, calendar.zone)
        if write is None:
            reason = f"field {column.field.name} does not support function {call.name}"
            raise refusal(text, call.pos, reason, "INVALID_FIELD")

        def read(row: SqlRow) -> str | None:
            return write(row[index])

        return read

    return shown


def spelled_out(scope: Scope, query: Query, call: Call) -> Generator[Path]:
    """Yield the fields that FIELDS() stands for.

    Raises:
        ApiError: MALFORMED_QUERY for an unknown group, or one that needs a LIMIT and has none.
    """
    argument = call.arguments[0].text if len(call.arguments) == 1 else ""
    group = argument.upper()
    if group not in {"ALL", "STANDARD", "CUSTOM"}:
        supported = "(all), (custom), (standard)"
        reason = f"The SOQL FIELDS function only supports arguments of {supported}; ({argument}) is not supported."
        raise malformed(reason)
    if group != "STANDARD" and (query.limit is None or query.limit > MAX_ALL_FIELDS):
        raise malformed(f"The SOQL FIELDS function must have a LIMIT of at most {MAX_ALL_FIELDS}")
    for one in scope.schema.visible_fields(scope.sobject.name).values():
        if group == "ALL" or one.custom == (group == "CUSTOM"):
            yield Path(one.name, call.pos)
