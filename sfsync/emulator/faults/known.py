"""The platform's own status and words for the errors that a fault may be asked to answer with [facts: api 5.4]."""

from __future__ import annotations

from sfsync.emulator.errors import REQUEST_LIMITS, ApiError

_KNOWN = {
    "API_CURRENTLY_DISABLED": (400, "API is currently disabled for this organization"),
    "API_DISABLED_FOR_ORG": (403, "The REST API is not enabled for this Organization"),
    "APEX_ERROR": (500, "An unexpected Apex error occurred"),
    "CANNOT_EXECUTE_FLOW_TRIGGER": (400, "We can't save this record because a process or flow failed."),
    "DUPLICATE_VALUE": (400, "duplicate value found: <unknown> duplicates value on record with id: <unknown>"),
    "DUPLICATES_DETECTED": (400, "Use one of these records?"),
    "ENTITY_IS_DELETED": (404, "entity is deleted"),
    "ENTITY_IS_LOCKED": (400, "the entity is locked for editing"),
    "INSUFFICIENT_ACCESS_OR_READONLY": (400, "insufficient access rights on object id"),
    "INVALID_CROSS_REFERENCE_KEY": (400, "invalid cross reference id"),
    "INVALID_QUERY_LOCATOR": (400, "invalid query locator"),
    "INVALID_SESSION_ID": (401, "Session expired or invalid"),
    "NOT_FOUND": (404, "The requested resource does not exist"),
    "OPERATION_TOO_LARGE": (400, "exceeded 100000 distinct who/what's"),
    "QUERY_TIMEOUT": (400, "Your query request was running for too long."),
    "QUERY_TOO_COMPLICATED": (400, "the query is too complicated"),
    "REQUEST_LIMIT_EXCEEDED": (403, REQUEST_LIMITS["total"]),
    "SERVER_UNAVAILABLE": (503, "Server Unavailable"),
    "STORAGE_LIMIT_EXCEEDED": (400, "storage limit exceeded"),
    "TXN_SECURITY_METERING_ERROR": (400, "Transaction security metering error"),
    "UNABLE_TO_LOCK_ROW": (400, "unable to obtain exclusive access to this record or 1 records"),
}


def refusal_of(code: str) -> ApiError:
    """The refusal of that code in the words of the platform; for a code not known here, 400 and the code itself."""
    status, message = _KNOWN.get(code, (400, code))
    return ApiError(status, code, message)
