"""The clauses of a query that choose no values: USING SCOPE, WITH, FOR, ALL ROWS."""

from sfsync.emulator.soql.moments import Parameter, RunningUser
from sfsync.emulator.soql.names import Scope
from sfsync.emulator.soql.refusals import malformed, refusal
from sfsync.emulator.soql.syntax import Query

_MODES = {"SECURITY_ENFORCED", "USER_MODE", "SYSTEM_MODE"}
_SCOPES = {"everything", "mine"}


def check_clauses(text: str, query: Query) -> None:
    """Check what has no influence on the answer: the user sees only what it may see, and REST locks nothing.

    Raises:
        ApiError: MALFORMED_QUERY for what the platform refuses.
    """
    if query.all_rows is not None:
        raise refusal(text, query.all_rows.pos, "ALL ROWS not allowed in this context")
    if query.security is not None and query.security.text.upper() not in _MODES:
        raise refusal(text, query.security.pos, f"unexpected token: '{query.security.text}'")
    locks = [one.text for one in query.locks]
    if len(set(locks)) < len(locks):
        raise refusal(text, query.locks[-1].pos, "unexpected token: 'FOR'")
    if "UPDATE" in locks and query.order:
        raise malformed("Explicit ORDER BY not allowed when locking rows (Id order is implied)")
    if "UPDATE" in locks and query.offset is not None:
        raise malformed("FOR UPDATE cannot be used in conjunction with the OFFSET clause")


def scope_test(scope: Scope, query: Query) -> tuple[str, list[Parameter]]:
    """Return the SQL that keeps to USING SCOPE, and its parameters; of `mine`, the records the user owns.

    Raises:
        ApiError: INVALID_QUERY_SCOPE for a scope the object has not, or that we have no data for (teams).
    """
    if query.scope is None:
        return "", []
    name = query.scope.text.lower()
    if name not in _SCOPES or name not in {one for one, _ in scope.sobject.scopes}:
        reason = f"Scope '{query.scope.text}' is not supported for entity '{scope.sobject.name}'"
        raise refusal(scope.text, query.scope.pos, reason, "INVALID_QUERY_SCOPE")
    if name == "everything":
        return "", []
    return f' AND {scope.base.alias}."OwnerId" = ?', [RunningUser()]
