"""The table of Salesforce's error codes: what each means for us, in words, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Class(StrEnum):
    """What an error code means for the one who sent the request."""

    RETRY = "retry"  # passes by itself: the same request may succeed later
    LOCK = "lock"  # somebody else works on the same rows: soon again, with jitter
    LIMIT = "limit"  # the org's allowance is used up: nothing may be sent for a while
    STOP = "stop"  # the org as a whole refuses until an administrator has acted
    AUTH = "auth"  # the session is not accepted
    FIX = "fix"  # this record must be changed by somebody; also every code that is not in the table
    CHECK = "check"  # look at the org's state, then decide
    DUPLICATE = "duplicate"  # a unique value is taken
    SCHEMA = "schema"  # a field, object or query that the org does not know, or hides
    PERMISSION = "permission"  # the integration user lacks a right
    HALTED = "halted"  # rolled back or never tried because of another element: not a cause
    BUG = "bug"  # we sent something malformed


@dataclass(frozen=True, slots=True)
class Code:
    """One row of the table; `words` may be empty where the org's own message says it all."""

    meaning: Class
    words: str = ""
    remedy: str = ""


_FLS = (
    "Give the integration user's permission set read and edit access to the field"
    " (Setup, Object Manager, the field, Set Field-Level Security)."
)

NO_SUCH_VALUE = "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
"""The picklist has changed since it was last looked at."""

CODES: dict[str, Code] = {
    "INVALID_SESSION_ID": Code(Class.AUTH, "The org no longer accepts the session."),
    "INVALID_AUTH_HEADER": Code(Class.AUTH, "The org did not understand the session that was sent."),
    "REQUEST_LIMIT_EXCEEDED": Code(
        Class.LIMIT,
        "The org's API allowance is used up.",
        "Calls are counted over the last 24 hours: try again later, or find out what else uses the API"
        " (Setup, Company Information).",
    ),
    "UNABLE_TO_LOCK_ROW": Code(
        Class.LOCK, "Somebody else is changing the same record, or its account, at this moment."
    ),
    "QUERY_TIMEOUT": Code(Class.RETRY, "The query took longer than the org allows."),
    "UNKNOWN_EXCEPTION": Code(Class.RETRY, "The org failed inside."),
    "SERVER_UNAVAILABLE": Code(Class.RETRY, "The org is too busy."),
    "REQUEST_RUNNING_TOO_LONG": Code(Class.RETRY, "The org gave up on the request, which ran for too long."),
    "TXN_SECURITY_METERING_ERROR": Code(Class.RETRY, "The org's transaction security did not keep up."),
    "TOO_MANY_APEX_REQUESTS": Code(Class.RETRY, "Too much Apex code of the org runs at this moment."),
    "CONCURRENT_REQUESTS_LIMIT_EXCEEDED": Code(Class.RETRY, "Too many requests run in the org at this moment."),
    "INVALID_QUERY_LOCATOR": Code(Class.RETRY, "The org has forgotten the result that was being paged through."),
    "QUERY_LOCATOR_NOT_FOUND": Code(Class.RETRY, "The org has forgotten the result that was being paged through."),
    "API_CURRENTLY_DISABLED": Code(Class.STOP, "The org's API is switched off.", "Ask the org's administrator."),
    "API_DISABLED_FOR_ORG": Code(
        Class.STOP,
        "The integration user may not use the API.",
        "Give it the permission “API Enabled”, and check API Access Control.",
    ),
    "STORAGE_LIMIT_EXCEEDED": Code(
        Class.STOP, "The org's data storage is full.", "Free or buy storage (Setup, Storage Usage)."
    ),
    "UNSUPPORTED_API_VERSION": Code(
        Class.STOP, "The org does not offer this version of the API.", "Change the setting api_version."
    ),
    "REQUIRED_FIELD_MISSING": Code(Class.FIX, "A field that the org requires was left empty."),
    "STRING_TOO_LONG": Code(Class.FIX, "A text is longer than its field."),
    NO_SUCH_VALUE: Code(
        Class.FIX,
        "The picklist does not have this value.",
        "Compare the settings under [statuses] with the values of the picklist in Setup.",
    ),
    "INVALID_TYPE_ON_FIELD_IN_RECORD": Code(Class.FIX, "A value is not of its field's type."),
    "NUMBER_OUTSIDE_VALID_RANGE": Code(Class.FIX, "A number is too large for its field."),
    "INVALID_EMAIL_ADDRESS": Code(Class.FIX),
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": Code(
        Class.FIX,
        "A validation rule of the org says no.",
        "Correct the record as the rule asks, or change the rule; then retry.",
    ),
    "FIELD_INTEGRITY_EXCEPTION": Code(
        Class.FIX,
        "The values do not fit each other (dates, price book, contract).",
        "Correct the deal, its contract or its price book; then retry.",
    ),
    "FAILED_ACTIVATION": Code(
        Class.FIX,
        "The org did not let the order be activated.",
        "Check that it has products and an activated contract, and that the user has “Activate Orders”.",
    ),
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": Code(
        Class.FIX, "Automation of the org (Apex) failed.", "Ask whoever maintains the org's Apex triggers."
    ),
    "CANNOT_EXECUTE_FLOW_TRIGGER": Code(
        Class.FIX, "Automation of the org (a flow) failed.", "Ask whoever maintains the org's flows."
    ),
    "APEX_ERROR": Code(Class.FIX, "Automation of the org (Apex) failed."),
    "DUPLICATE_VALUE": Code(Class.DUPLICATE, "Another record has this unique value already."),
    "DUPLICATES_DETECTED": Code(
        Class.FIX, "A duplicate rule of the org took the record for a copy of another.", "Adapt the duplicate rule."
    ),
    "DUPLICATE_EXTERNAL_ID": Code(
        Class.FIX,
        "Several records carry the same external id.",
        "Make the external id field unique, and remove the copies.",
    ),
    "INVALID_FIELD": Code(Class.SCHEMA, "The org does not know the field, or hides it from the user.", _FLS),
    "INVALID_TYPE": Code(
        Class.SCHEMA,
        "The org does not know the object, or hides it from the user.",
        "Enable the feature (Setup, Order Settings), or give the integration user access to the object.",
    ),
    "INVALID_FIELD_FOR_INSERT_UPDATE": Code(Class.PERMISSION, "The user may not write this field.", _FLS),
    "INVALID_CROSS_REFERENCE_KEY": Code(Class.CHECK, "A record that is referred to does not exist."),
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": Code(
        Class.PERMISSION,
        "The integration user has no access to a record that is referred to.",
        "Give it “View All” on the object, or share the record.",
    ),
    "INSUFFICIENT_ACCESS_OR_READONLY": Code(
        Class.PERMISSION,
        "The integration user may not change this record.",
        "For activated orders it needs “Edit Activated Orders”; for drafts, Edit on Order.",
    ),
    "INSUFFICIENT_ACCESS": Code(Class.PERMISSION, "The integration user lacks a right."),
    "MALFORMED_ID": Code(Class.FIX, "An id is not that of a record of this kind."),
    "NOT_FOUND": Code(Class.CHECK, "The org has no such record, or hides it from the user."),
    "ENTITY_IS_DELETED": Code(Class.CHECK, "The record has been deleted in the org."),
    "ENTITY_IS_LOCKED": Code(
        Class.FIX,
        "The record is locked for changes (activated, or in an approval process).",
        "Finish the approval, or return the order to Draft in the org; then retry.",
    ),
    "DELETE_FAILED": Code(Class.FIX),
    "INACTIVE_OWNER_OR_USER": Code(Class.FIX, "The owner is an inactive user.", "Give the record an active owner."),
    "PRECONDITION_FAILED": Code(Class.CHECK, "The record has changed in the org in the meantime."),
    "INVALID_REPLICATION_DATE": Code(Class.CHECK, "The org no longer knows what was deleted since then."),
    "EXCEEDED_ID_LIMIT": Code(Class.BUG),
    "PROCESSING_HALTED": Code(Class.HALTED, "Rolled back because another record of the same request failed."),
    "ALL_OR_NONE_OPERATION_ROLLED_BACK": Code(
        Class.HALTED, "Rolled back because another record of the same request failed."
    ),
    "METHOD_NOT_ALLOWED": Code(Class.BUG),
    "JSON_PARSER_ERROR": Code(Class.BUG),
    "MALFORMED_QUERY": Code(Class.BUG),
    "LIMIT_EXCEEDED": Code(Class.BUG),
}

_UNKNOWN = Code(Class.FIX)


def classify(code: str, message: str = "") -> Class:
    """Say what an error means for us. Unknown codes are final for the record: FIX, never a loop.

    Apex hands a lock that its own statement met on as CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY, with the
    lock in its text: that is a lock.
    """
    meaning = CODES.get(code, _UNKNOWN).meaning
    if meaning is Class.FIX and "UNABLE_TO_LOCK_ROW" in message:
        return Class.LOCK
    return meaning


def explain(code: str, message: str) -> str:
    """Say in one line what happened: our words for the code, then the org's own."""
    words = CODES.get(code, _UNKNOWN).words
    said = " ".join(message.split())
    if not said:
        return words or f"The org refused without a reason ({code or 'no code'})."
    if not words:
        return f"{said} ({code})" if code else said
    return f"{words} The org says: {said} ({code})"


def remedy(code: str) -> str | None:
    """Say what somebody can do about an error of this code, if the table knows."""
    return CODES.get(code, _UNKNOWN).remedy or None
