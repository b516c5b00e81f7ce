"""Search, which this org does not have: SOSL is refused, loudly, where a real org would look things up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.emulator.errors import ApiError

if TYPE_CHECKING:
    from sfsync.emulator.http import Answer, Request
    from sfsync.emulator.org import Org

_REFUSAL = "This feature is not currently enabled for this user type or org: [SOSL search]"


def refused(org: Org, request: Request) -> Answer:  # noqa: ARG001 - the shape of a resource
    """GET /search and /parameterizedSearch: never an empty answer, which would look like nothing found.

    Raises:
        ApiError: FUNCTIONALITY_NOT_ENABLED, as an org refuses what it was not given.
    """
    raise ApiError(403, "FUNCTIONALITY_NOT_ENABLED", _REFUSAL)
