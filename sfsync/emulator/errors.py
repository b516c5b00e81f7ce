"""Salesforce's own errors, in the two shapes in which the REST API words them."""

from collections.abc import Sequence
from typing import Any


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
        if self.fields is not None:
            error["fields"] = list(self.fields)
        return [error]

    def as_collection(self) -> dict[str, Any]:
        """Return the entry of one record's `errors` list in collections and trees [facts: api 3.10]."""
        return {"statusCode": self.code, "message": self.message, "fields": list(self.fields or [])}


def not_found() -> ApiError:
    """Return the error of a resource or record that is not there or not visible [facts: api 3.3]."""
    return ApiError(404, "NOT_FOUND", "The requested resource does not exist")
