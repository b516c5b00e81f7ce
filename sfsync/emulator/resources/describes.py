"""Describe: the whole org, one object in short, one object in full; 304 while nothing changed [facts: api 3.2]."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfsync.emulator import describe
from sfsync.emulator.http import Answer
from sfsync.emulator.resources.conditions import check, etag, http_date

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfsync.emulator.http import Request
    from sfsync.emulator.org import Org


def everything(org: Org, request: Request) -> Answer:
    """GET /sobjects."""
    return _cached(org, request, "", lambda: describe.describe_global(org.schema, version=request.version))


def basic(org: Org, request: Request, sobject: str) -> Answer:
    """GET /sobjects/X."""
    return Answer(200, describe.describe_basic(org.schema, sobject, version=request.version))


def full(org: Org, request: Request, sobject: str) -> Answer:
    """GET /sobjects/X/describe."""
    return _cached(
        org,
        request,
        sobject.lower(),
        lambda: describe.describe(org.schema, sobject, version=request.version, instance_url=org.settings.instance_url),
    )


def _cached(org: Org, request: Request, name: str, build: Callable[[], dict[str, Any]]) -> Answer:
    key = ("describe", org.schema.version, name, request.version)
    if key not in org.derived:
        org.derived[key] = build()
    tag = etag(repr(key))
    unchanged = check(request, org.settings, org.schema_changed, tag)
    if unchanged is not None:
        return unchanged
    return Answer(200, org.derived[key], {"ETag": tag, "Last-Modified": http_date(org.schema_changed)})
