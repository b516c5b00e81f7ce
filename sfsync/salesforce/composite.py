"""Composite calls of GETs only: what goes in, and what comes out of each element."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urlencode

import requests

from sfsync.errors import OrgLimitReached
from sfsync.salesforce import failures

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from sfsync.errors import SfsyncError

T = TypeVar("T")
SUBREQUESTS = 25
"""The most that one composite call takes (REST guide: composite)."""
QUERIES = 5
"""How many of them may be queries (REST guide: composite)."""


@dataclass(frozen=True, slots=True)
class Sub:
    """One GET inside a composite call; the path is relative to /services/data/vXX.X/."""

    path: str
    params: Mapping[str, str] | None = None

    @property
    def is_query(self) -> bool:
        """Whether it counts towards the five queries of a call."""
        return self.path.startswith("query")

    def url(self, version: str) -> str:
        """The address as composite wants it: relative to the host, encoded, blanks as %20."""
        query = f"?{urlencode(self.params, quote_via=quote, safe='')}" if self.params else ""
        return f"/services/data/v{version}/{self.path}{query}"


@dataclass(frozen=True, slots=True)
class SubAnswer:
    """The answer to one Sub. It may be an error."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def failure(self) -> SfsyncError | None:
        """The error, translated; None for what succeeded."""
        if self.status < requests.codes.multiple_choices:
            return None
        return failures.from_answer(self.status, self.body)


def request_body(subrequests: Sequence[Sub], version: str) -> dict[str, Any]:
    """Write the body of a composite call; the order is kept (collated calls may be reordered).

    Raises:
        ValueError: for none, more than 25 subrequests, or more than 5 queries.
    """
    if not 0 < len(subrequests) <= SUBREQUESTS or sum(sub.is_query for sub in subrequests) > QUERIES:
        raise ValueError(f"a composite call takes 1 to {SUBREQUESTS} subrequests and up to {QUERIES} queries")
    return {
        "allOrNone": False,
        "collateSubrequests": False,
        "compositeRequest": [
            {"method": "GET", "url": sub.url(version), "referenceId": f"r{index}"}
            for index, sub in enumerate(subrequests)
        ],
    }


def answers(body: Any, count: int) -> list[SubAnswer]:
    """Read the answer to `request_body` of `count` subrequests, in their order.

    Raises:
        OrgUnavailable: an element is missing.
        OrgLimitReached: an element met the org's limit, which is everybody's.
        OrgRefused: the call was refused as a whole; it says so in an element without a reference.
    """
    found: dict[Any, SubAnswer] = {}
    elements = body.get("compositeResponse") if isinstance(body, dict) else None
    for element in elements if isinstance(elements, list) else ():
        if isinstance(element, dict) and isinstance(element.get("httpStatusCode"), int):
            headers = element.get("httpHeaders")
            found[element.get("referenceId")] = SubAnswer(
                element["httpStatusCode"], element.get("body"), headers if isinstance(headers, dict) else {}
            )
    for reference, answer in found.items():
        failure = answer.failure
        if isinstance(failure, OrgLimitReached) or (failure is not None and reference is None):
            raise failure
    try:
        return [found[f"r{index}"] for index in range(count)]
    except KeyError:
        raise failures.unreadable(write=False) from None


def in_calls(asking: Iterable[T], queries: Callable[[T], int]) -> Iterator[list[T]]:
    """Put together what travels in one call, in the order given."""
    group: list[T] = []
    for one in asking:
        if group and sum(map(queries, group)) + queries(one) > QUERIES:
            yield group
            group = []
        group.append(one)
    if group:
        yield group
