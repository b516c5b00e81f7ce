"""Salesforce's own errors, in the two shapes in which the REST API words them."""

from collections.abc import Sequence
from typing import Any

# The order of the two keys varies: these were seen with the code first [facts: api 1.5, 3.3, 3.10, 3.12].
_CODE_FIRST = frozenset(
    {"API_DISABLED_FOR_ORG", "EXCEEDED_ID_LIMIT", "LIMIT_EXCEEDED", "NOT_FOUND", "PROCESSING_HALTED"}
)
REQUEST_LIMITS = {
    "total": "TotalRequests Limit exceeded.",
    "concurrent": "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
    "long": "ConcurrentPerOrgLongTxn Limit exceeded.",
}
"""What REQUEST_LIMIT_EXCEEDED says, by the limit [facts: api 5.1, 5.4]."""


class ApiError(Exception):
    """A refusal as the platform words it [facts: api 5.2].

    `fields` is None where the platform leaves the key out of the body (errors of a request), and a list where it
    names the fields of a record (errors of a record; the list may be empty).
    """

    def __init__(self, status: int, code: str, message: str, fields: Sequence[str] | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.fields = None if fields is None else list(fields)

    def as_rest(self) -> Any:
        """Return the body of a plain REST answer."""
        error: dict[str, Any] = {"message": self.message, "errorCode": self.code}
        if self.code in _CODE_FIRST:
            error = {"errorCode": self.code, "message": self.message}
        if self.fields is not None:
            error["fields"] = list(self.fields)
        return [error]

    def as_collection(self) -> dict[str, Any]:
        """Return the entry of one record's `errors` list in collections and trees [facts: api 3.10]."""
        return {"statusCode": self.code, "message": self.message, "fields": list(self.fields or [])}


def not_found() -> ApiError:
    """Return the error of a resource or record that is not there or not visible [facts: api 3.3]."""
    return ApiError(404, "NOT_FOUND", "The requested resource does not exist")


def request_limit(limit: str = "total") -> ApiError:
    """Return the refusal of a call beyond one of the `REQUEST_LIMITS`."""
    return ApiError(403, "REQUEST_LIMIT_EXCEEDED", REQUEST_LIMITS[limit])


def wrong_session() -> ApiError:
    """Return the refusal of a session that is for something else [facts: api 1.5]."""
    return ApiError(401, "INVALID_SESSION_ID", "This session is not valid for use with the REST API")


def api_disabled() -> ApiError:
    """Return the refusal of a user without the right to use the API [facts: api 1.5]."""
    return ApiError(403, "API_DISABLED_FOR_ORG", "The REST API is not enabled for this Organization")


def too_many_records(most: int) -> ApiError:
    """Return the refusal of a call with more records than it may have [facts: api 3.10, 3.11]."""
    message = f"record limit reached. cannot submit more than {most} records into this call"
    return ApiError(400, "EXCEEDED_ID_LIMIT", message)
