"""Functions of a field: date functions, toLabel(), and what wraps a value for showing."""

from collections.abc import Callable

from sfsync.emulator.fields import Field
from sfsync.emulator.soql.moments import Calendar
from sfsync.emulator.soql.names import Column, Scope
from sfsync.emulator.soql.refusals import refusal
from sfsync.emulator.soql.syntax import Call, Operand, Path

_YEAR, _MONTH, _DAY = (f"CAST(substr({{0}}, {at}) AS INTEGER)" for at in ("1, 4", "6, 2", "9, 2"))
_DAY_OF_YEAR = "CAST(strftime('%j', {0}) AS INTEGER)"
# {1} is how many months the fiscal year starts after January.
_FISCAL_MONTH = f"({_MONTH} + 11 - {{1}}) % 12 + 1"
DATE_FUNCTIONS = {
    "CALENDAR_YEAR": _YEAR,
    "CALENDAR_MONTH": _MONTH,
    "CALENDAR_QUARTER": f"({_MONTH} + 2) / 3",
    "DAY_IN_MONTH": _DAY,
    "DAY_IN_WEEK": "CAST(strftime('%w', {0}) AS INTEGER) + 1",
    "DAY_IN_YEAR": _DAY_OF_YEAR,
    "DAY_ONLY": "substr({0}, 1, 10)",
    # A fiscal year is named after the calendar year in which it ends.
    "FISCAL_YEAR": f"{_YEAR} + ({{1}} > 0 AND {_MONTH} > {{1}})",
    "FISCAL_MONTH": _FISCAL_MONTH,
    "FISCAL_QUARTER": f"({_FISCAL_MONTH} + 2) / 3",
    "HOUR_IN_DAY": "CAST(substr({0}, 12, 2) AS INTEGER)",
    "WEEK_IN_MONTH": f"({_DAY} + 6) / 7",
    "WEEK_IN_YEAR": f"({_DAY_OF_YEAR} + 6) / 7",
}
"""SQL of each function over the text of a date or datetime; weeks count from the first day of the month or year."""

_OF_DATETIMES = {"DAY_ONLY", "HOUR_IN_DAY"}
_LABELLED = {"picklist", "multipicklist"}


def is_date_function(operand: Operand) -> bool:
    """Say whether an operand is a date function."""
    return isinstance(operand, Call) and operand.upper in DATE_FUNCTIONS


def dated_field(text: str, call: Call) -> tuple[Path, bool]:
    """Return the field a date function is of, and whether it is converted to the user's time zone first.

    Raises:
        ApiError: MALFORMED_QUERY if the argument is anything else.
    """
    argument, converted = _only(text, call), False
    if isinstance(argument, Call) and argument.upper == "CONVERTTIMEZONE":
        argument, converted = _only(text, argument), True
    if isinstance(argument, Call):
        raise refusal(text, argument.pos, f"unexpected token: '{argument.name}'")
    return argument, converted


def date_function(call: Call, scope: Scope, resolve: Callable[[Path], Column], calendar: Calendar) -> Column:
    """Return the column of a date function.

    Raises:
        ApiError: INVALID_FIELD if the field is no date, or no datetime where one is needed.
    """
    path, converted = dated_field(scope.text, call)
    column = resolve(path)
    wanted = {"datetime"} if converted or call.upper in _OF_DATETIMES else {"date", "datetime"}
    if column.field.type not in wanted:
        reason = f"field {column.field.name} does not support function {call.name}"
        raise refusal(scope.text, path.pos, reason, "INVALID_FIELD")
    sql = column.sql
    if converted:
        zone = calendar.zone.replace("'", "''")
        sql = f"soql_local({sql}, '{zone}')"
    made = Field(call.upper, "date" if call.upper == "DAY_ONLY" else "int", call.upper)
    pattern = DATE_FUNCTIONS[call.upper]
    return Column(made, column.table, f"({pattern.format(sql, calendar.fiscal_month - 1)})", computed=True)


def label_function(call: Call, scope: Scope, resolve: Callable[[Path], Column]) -> Column:
    """Return the column of toLabel(): what people see instead of the value of a picklist.

    Raises:
        ApiError: INVALID_FIELD if the field is no picklist.
    """
    path = path_argument(scope.text, call)
    column = resolve(path)
    if column.field.type not in _LABELLED:
        reason = f"field {column.field.name} does not support function {call.name}"
        raise refusal(scope.text, path.pos, reason, "INVALID_FIELD")
    return Column(column.field, column.table, _labelled(column.field, column.sql))


def conversion_function(call: Call, scope: Scope, calendar: Calendar) -> Column:
    """Return the column of convertCurrency(): the amount in the user's currency, at today's rates.

    Raises:
        ApiError: MALFORMED_QUERY in an org with one currency; INVALID_FIELD if the field is no amount.
    """
    if calendar.currency is None:
        reason = f"{call.name} is only supported in organizations with multiple currencies"
        raise refusal(scope.text, call.pos, reason)
    path = path_argument(scope.text, call)
    column = scope.column(path)
    if column.field.type != "currency":
        reason = f"field {column.field.name} does not support function {call.name}"
        raise refusal(scope.text, path.pos, reason, "INVALID_FIELD")
    converted = f"{corporate_amount(column)} * {_rate(_quoted(calendar.currency))}"
    return Column(column.field, column.table, f"ROUND({converted}, {column.field.scale})")


def corporate_amount(column: Column) -> str:
    """Return the SQL of an amount in the currency that all rates refer to."""
    code = column.table.sobject.field("CurrencyIsoCode")
    if code is None:
        return column.sql
    own = f'{column.table.alias}."{code.name}"'
    return f"{column.sql} / {_rate(own)}"


def _rate(code: str) -> str:
    return f"""IFNULL((SELECT "ConversionRate" FROM "CurrencyType" WHERE "IsoCode" = {code}), 1)"""


def _labelled(field: Field, sql: str) -> str:
    labels = [(one.value, one.label) for one in field.picklist if one.label and one.label != one.value]
    if not labels:
        return sql
    if field.type == "picklist":
        cases = " ".join(f"WHEN {_quoted(value)} THEN {_quoted(label)}" for value, label in labels)
        return f"(CASE {sql} {cases} ELSE {sql} END) COLLATE NOCASE"
    joined = f"';' || {sql} || ';'"
    for value, label in labels:
        joined = f"replace({joined}, {_quoted(f';{value};')}, {_quoted(f';{label};')})"
    return f"trim({joined}, ';') COLLATE NOCASE"


def path_argument(text: str, call: Call) -> Path:
    """Return the only argument of a function, a field.

    Raises:
        ApiError: MALFORMED_QUERY if it is none.
    """
    argument = _only(text, call)
    if isinstance(argument, Call):
        raise refusal(text, argument.pos, f"unexpected token: '{argument.name}'")
    return argument


def _only(text: str, call: Call) -> Operand:
    if len(call.arguments) != 1:
        raise refusal(text, call.pos, f"unexpected token: '{call.name}'")
    return call.arguments[0]


def _quoted(text: str) -> str:
    doubled = text.replace("'", "''")
    return f"'{doubled}'"
