"""What Salesforce asks of `field IN (SELECT ...)` [facts: api 8.1]."""

from sfsync.emulator.fields import ID_TYPES
from sfsync.emulator.soql.clauses import check_clauses
from sfsync.emulator.soql.names import Column, Scope
from sfsync.emulator.soql.refusals import refusal
from sfsync.emulator.soql.syntax import Call, Path, Query, Selected, SemiJoin


def check_semi_join(one: SemiJoin, outer: Column, outer_scope: Scope, inner_scope: Scope) -> Column:
    """Return the column that the inner query selects.

    Raises:
        ApiError: MALFORMED_QUERY or INVALID_FIELD if the platform does not allow the combination.
    """
    text, query = outer_scope.text, one.query
    if isinstance(one.operand, Call) or outer.table.reference is not None or outer.field.type not in ID_TYPES:
        reason = (
            "The left operand field in the where expression for outer query should be an id field, "
            f"cannot use: '{_written(one.operand)}'"
        )
        raise refusal(text, one.operand.pos, reason)
    selected = _selected(text, query)
    inner = inner_scope.column(selected)
    if inner.table.reference is not None or inner.field.type not in ID_TYPES:
        reason = f"The inner select field in the inner query should be an id field, cannot use: '{selected.text}'"
        raise refusal(text, selected.pos, reason)
    if inner_scope.sobject.name == outer_scope.sobject.name:
        raise refusal(text, query.pos, "The inner and outer selects should not be on the same object type")
    if not _targets(outer, outer_scope) & _targets(inner, inner_scope):
        reason = (
            f"The selected field '{selected.text}' in the inner query does not refer to what the outer one compares"
        )
        raise refusal(text, selected.pos, reason)
    return inner


def _selected(text: str, query: Query) -> Path:
    only = query.items[0] if len(query.items) == 1 else None
    if not isinstance(only, Selected) or not isinstance(only.operand, Path) or only.alias is not None:
        raise refusal(text, query.pos, "semi join sub-selects can only select one field")
    if query.order or query.limit is not None or query.offset is not None or query.grouping or query.locks:
        reason = "ORDER BY, LIMIT, GROUP BY and FOR are not allowed in semi join sub-selects"
        raise refusal(text, query.pos, reason)
    check_clauses(text, query)
    if query.scope is not None:
        raise refusal(text, query.scope.pos, f"unexpected token: '{query.scope.text}'")
    return only.operand


def _targets(column: Column, scope: Scope) -> set[str]:
    """Return the objects whose ids the column holds."""
    return {scope.sobject.name} if column.field.type == "id" else set(column.field.reference_to)


def _written(operand: Path | Call) -> str:
    return operand.text
