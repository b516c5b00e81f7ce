"""Which resource answers which path, and the one way in which requests and subrequests are performed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sfsync.emulator.errors import ApiError, not_found
from sfsync.emulator.http import Answer, Request
from sfsync.emulator.resources import (
    collections,
    composite,
    describes,
    graph,
    limits,
    oauth,
    place_order,
    query,
    records,
    replication,
    versions,
)

if TYPE_CHECKING:
    from sfsync.emulator.calls import Call
    from sfsync.emulator.org import Org

Handler = Callable[..., Answer]


@dataclass(frozen=True)
class Route:
    """A path below /services/data/vXX.X (or from the root) with `{name}` for the variable segments."""

    kind: str
    path: str
    methods: dict[str, Handler]
    authenticated: bool = True
    counted: bool = True

    @property
    def segments(self) -> tuple[str, ...]:
        """The path, cut."""
        return tuple(self.path.split("/")) if self.path else ()


@dataclass(frozen=True)
class Target:
    """What a request is for: a handler with its arguments, or the refusal that takes its place."""

    kind: str
    authenticated: bool = True
    counted: bool = True
    handler: Handler | None = None
    arguments: dict[str, str] = field(default_factory=dict)
    refusal: ApiError | None = None


DATA_ROUTES = (
    Route("versions", "", {"GET": versions.resources}),
    Route("describe", "sobjects", {"GET": describes.everything}),
    Route("query", "query", {"GET": query.query}),
    Route("query", "queryAll", {"GET": query.query_all}),
    Route("query_more", "query/{locator}", {"GET": query.query_more}),
    Route("query_more", "queryAll/{locator}", {"GET": query.query_more}),
    Route("limits", "limits", {"GET": limits.limits}),
    Route("limits", "limits/recordCount", {"GET": limits.record_count}),
    Route("composite", "composite", {"GET": versions.composite_resources, "POST": composite.composite}),
    Route("graph", "composite/graph", {"POST": graph.graph}),
    Route(
        "collections",
        "composite/sobjects",
        {"POST": collections.insert, "PATCH": collections.update, "DELETE": collections.delete},
    ),
    Route(
        "collections",
        "composite/sobjects/{sobject}",
        {"GET": collections.retrieve, "POST": collections.retrieve_posted},
    ),
    Route("collections", "composite/sobjects/{sobject}/{field}", {"PATCH": collections.upsert}),
    Route("place_order", "commerce/sale/order", {"POST": place_order.create}),
    Route("place_order", "commerce/sale/order/{record_id}", {"GET": place_order.read, "PATCH": place_order.extend}),
    Route("describe", "sobjects/{sobject}/describe", {"GET": describes.full}),
    Route("updated", "sobjects/{sobject}/updated", {"GET": replication.updated}),
    Route("deleted", "sobjects/{sobject}/deleted", {"GET": replication.deleted}),
    Route("record", "sobjects/{sobject}", {"GET": describes.basic, "POST": records.create}),
    Route(
        "record",
        "sobjects/{sobject}/{record_id}",
        {"GET": records.read, "PATCH": records.update, "DELETE": records.delete},
    ),
    Route(
        "upsert",
        "sobjects/{sobject}/{field}/{value}",
        {
            "GET": records.read_by_key,
            "PATCH": records.upsert,
            "POST": records.create_by_key,
            "DELETE": records.delete_by_key,
        },
    ),
)
ROOT_ROUTES = (
    Route("versions", "services/data", {"GET": versions.listing}, authenticated=False, counted=False),
    Route("oauth", "services/oauth2/token", {"POST": oauth.token}, authenticated=False, counted=False),
    Route("oauth", "services/oauth2/revoke", {"POST": oauth.revoke}, authenticated=False, counted=False),
    Route(
        "oauth",
        "services/oauth2/userinfo",
        {"GET": oauth.userinfo, "POST": oauth.userinfo},
        authenticated=False,
        counted=False,
    ),
    Route("oauth", "id/{org_id}/{user_id}", {"GET": oauth.identity}, authenticated=False, counted=False),
)


def _by_length(routes: tuple[Route, ...]) -> dict[int, list[tuple[tuple[str, ...], Route]]]:
    table: dict[int, list[tuple[tuple[str, ...], Route]]] = {}
    for route in routes:
        table.setdefault(len(route.segments), []).append((route.segments, route))
    return table


_DATA, _ROOT = _by_length(DATA_ROUTES), _by_length(ROOT_ROUTES)
_VERSION = re.compile(r"v(\d+)\.0")
_DATA_PREFIX = 3


def resolve(request: Request) -> Target:
    """Find the resource of a request; sets its version. Never raises: a refusal is an answer, too."""
    parts = request.path_parts()
    if len(parts) < _DATA_PREFIX or parts[:2] != ("services", "data"):
        return _match(_ROOT, parts, request)
    version = _VERSION.fullmatch(parts[2])
    number = int(version.group(1)) if version else 0
    if number in versions.RETIRED:
        message = f"API version {number}.0 is retired and no longer available"
        return Target("unknown", refusal=ApiError(410, "GONE", message))
    if number not in versions.SUPPORTED:
        return Target("unknown", refusal=not_found())
    request.version = f"{number}.0"
    return _match(_DATA, parts[_DATA_PREFIX:], request)


def _match(table: dict[int, list[tuple[tuple[str, ...], Route]]], parts: tuple[str, ...], request: Request) -> Target:
    for segments, route in table.get(len(parts), ()):
        arguments: dict[str, str] = {}
        for wanted, found in zip(segments, parts, strict=True):
            if wanted.startswith("{"):
                arguments[wanted[1:-1]] = found
            elif wanted != found and wanted.lower() != found.lower():
                break
        else:
            return _by_method(route, arguments, request)
    return Target("unknown", refusal=not_found())


def _by_method(route: Route, arguments: dict[str, str], request: Request) -> Target:
    method = request.method
    if method == "POST" and "_HttpMethod" in request.query:
        method = request.query["_HttpMethod"].upper()
    handler = route.methods.get("GET" if method == "HEAD" else method)
    refusal = None
    if handler is None:
        allowed = [*(("HEAD",) if "GET" in route.methods else ()), *route.methods]
        message = f"HTTP Method '{method}' not allowed. Allowed are {','.join(allowed)}"
        refusal = ApiError(405, "METHOD_NOT_ALLOWED", message)
    return Target(route.kind, route.authenticated, route.counted, handler, arguments, refusal)


def perform(org: Org, request: Request, target: Target | None = None, call: Call | None = None) -> Answer:
    """Perform a request or subrequest that has been admitted; refusals become answers."""
    target = target or resolve(request)
    try:
        if target.refusal is not None:
            raise target.refusal
        if target.handler is None:
            raise not_found()
        answer = target.handler(org, request, **target.arguments)
    except ApiError as refusal:
        return Answer(refusal.status, refusal.as_rest())
    if call is not None and isinstance(request.payload, dict):
        call.subrequests = _subrequests(target.kind, request.payload)
    return answer


def _subrequests(kind: str, body: dict[str, object]) -> int:
    """How many parts a composite, graph or collections call had, for the call log."""
    parts = body.get({"composite": "compositeRequest", "graph": "graphs", "collections": "records"}.get(kind, ""))
    if not isinstance(parts, list):
        return 0
    if kind != "graph":
        return len(parts)
    return sum(len(one.get("compositeRequest") or ()) for one in parts if isinstance(one, dict))
