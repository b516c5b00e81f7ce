"""Reads the metadata of a component, from JSON or XML, and refuses what the platform refuses, in its words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sfsync.emulator.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_API_NAME = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9])*__c")
_LONGEST_NAME = 43  # 40 characters and the suffix __c


def refused(message: str, *fields: str) -> ApiError:
    """The refusal of a component that is not as its type must be."""
    return ApiError(400, "FIELD_INTEGRITY_EXCEPTION", message, list(fields))


def bad_value(label: str, value: object, *fields: str) -> ApiError:
    """The refusal of a value that is none of those a restricted picklist has."""
    message = f"{label}: bad value for restricted picklist field: {value}"
    return ApiError(400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, list(fields))


def check_api_name(name: str, what: str) -> None:
    """Refuse what cannot be the API name of a custom field or object.

    Raises:
        ApiError: FIELD_INTEGRITY_EXCEPTION.
    """
    if not _API_NAME.fullmatch(name) or len(name) > _LONGEST_NAME:
        message = (
            f"The {what} API Name can only contain underscores and alphanumeric characters. It must be unique, begin "
            "with a letter, not include spaces, not end with an underscore, and not contain two consecutive "
            "underscores."
        )
        raise refused(message, "FullName")


class Component:
    """The metadata of one component. Numbers and truth values come as such in JSON and as text in XML."""

    def __init__(self, kind: str, given: Mapping[str, Any], known: frozenset[str]) -> None:
        """Raise ApiError (INVALID_FIELD) for a property that such components do not have."""
        self.kind = kind
        self._given = {name: value for name, value in given.items() if value is not None}
        for name in self._given:
            if name not in known:
                raise ApiError(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type {kind}")

    def has(self, name: str) -> bool:
        """Whether the property is given; one that is false counts as not given."""
        return self._given.get(name) not in (None, False, "", "false", [])

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A truth value.

        Raises:
            ApiError: if it is none.
        """
        value = self._given.get(name, default)
        if str(value).lower() not in {"true", "false"}:
            raise refused(f"{name}: value not of required type: {value}", name)
        return str(value).lower() == "true"

    def number(self, name: str, lowest: int, highest: int) -> int:
        """A whole number within bounds.

        Raises:
            ApiError: if it is none, or outside.
        """
        try:
            value = int(self._given[name])
        except (TypeError, ValueError):
            raise refused(f"{name}: value not of required type: {self._given[name]}", name) from None
        if not lowest <= value <= highest:
            raise refused(f"{name} must be between {lowest} and {highest}", name)
        return value

    def text(self, name: str, default: str = "") -> str:
        """A text."""
        return str(self._given.get(name, default)).strip()

    def part(self, name: str) -> Mapping[str, Any]:
        """A property that has properties.

        Raises:
            ApiError: if it is something else.
        """
        value = self._given.get(name, {})
        if not isinstance(value, dict):
            raise refused(f"{name}: value not of required type: {value}", name)
        return value

    def must_have(self, names: Iterable[str], of: str) -> None:
        """Refuse the component unless it has all these."""
        for name in names:
            if name not in self._given or self._given[name] == "":
                raise refused(f"Must specify '{name}' for a {of}", name)

    def must_not_have(self, names: Iterable[str], of: str) -> None:
        """Refuse the component if it has one of these."""
        for name in names:
            if self.has(name):
                raise refused(f"Can not specify '{name}' for a {of}", name)

    def as_dict(self) -> dict[str, Any]:
        """The properties that are given."""
        return dict(self._given)


def as_list(value: Any) -> list[Any]:
    """What may come once or several times (XML does not tell a list of one)."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
