"""Discovery: which API versions there are, and what a version offers [facts: api 3.1]."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.emulator.http import Answer

if TYPE_CHECKING:
    from sfsync.emulator.http import Request
    from sfsync.emulator.org import Org

RETIRED = range(21, 31)
SUPPORTED = range(31, 69)
_WINTER_26 = 65
# In the order of an org; what an org lists besides is no part of this one, and a 404.
_RESOURCES = (
    *("tooling", "metadata", "queryAll", "commerce", "search", "identity", "composite", "parameterizedSearch"),
    *("event", "recent", "limits", "query", "jobs", "sobjects", "actions"),
)
_SEASONS = ("Winter", "Spring", "Summer")


def _label(number: int) -> str:
    releases = number - _WINTER_26
    return f"{_SEASONS[releases % 3]} '{(26 + releases // 3) % 100:02d}"


def listing(org: Org, request: Request) -> Answer:  # noqa: ARG001 - the shape of a resource
    """GET /services/data: needs no session and costs no call."""
    return Answer(
        200,
        [
            {"label": _label(number), "url": f"/services/data/v{number}.0", "version": f"{number}.0"}
            for number in SUPPORTED
        ],
    )


def resources(org: Org, request: Request) -> Answer:
    """GET /services/data/vXX.X: names and where they lead; `identity` is an absolute URL [facts: api 13]."""
    base = f"/services/data/v{request.version}"
    identity = f"{org.settings.instance_url}/id/{org.settings.org_id}/{request.user_id}"
    return Answer(200, {name: identity if name == "identity" else f"{base}/{name}" for name in _RESOURCES})


def composite_resources(org: Org, request: Request) -> Answer:  # noqa: ARG001 - the shape of a resource
    """GET /composite."""
    base = f"/services/data/v{request.version}/composite"
    return Answer(200, {name: f"{base}/{name}" for name in ("tree", "batch", "sobjects", "graph")})
