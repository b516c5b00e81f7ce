"""Describe: the whole org, one object in short, one object in full; 304 while nothing changed [facts: api 3.2]."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfsync.emulator import describe
from sfsync.emulator.clock import http_date
from sfsync.emulator.http import Answer, Lasting
from sfsync.emulator.resources.conditions import check, etag

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfsync.emulator.http import Request
    from sfsync.emulator.org import Org


def everything(org: Org, request: Request) -> Answer:
    """GET /sobjects."""
    return _cached(org, request, "", lambda: describe.describe_global(org.schema, version=request.version))


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
        org.derived[key] = Lasting(build())
    tag = etag(f"{org.settings.org_id} {org.schema.version}")  # one for all describes of an org [recorded]
    matched = tag if org.settings.describe_matches_etag else None
    unchanged = check(request, org.settings, org.schema_changed, matched)
    headers = {"ETag": tag, "Last-Modified": http_date(org.schema_changed)}
    if unchanged is not None:
        return Answer(unchanged.status, None, headers)
    return Answer(200, org.derived[key], headers)
