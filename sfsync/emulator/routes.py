"""Which resource answers which path, and the one way in which requests and subrequests are performed."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sfsync.emulator.calls import count_parts
from sfsync.emulator.dialects import refused
from sfsync.emulator.errors import ApiError, not_found
from sfsync.emulator.http import Answer, Request
from sfsync.emulator.resources import (
    batch,
    bulk_ingest,
    bulk_jobs,
    bulk_one,
    bulk_query,
    collections,
    composite,
    describes,
    graph,
    limits,
    oauth,
    place_order,
    query,
    recent,
    records,
    replication,
    search,
    soap,
    tooling,
    tree,
    versions,
)

if TYPE_CHECKING:
    from sfsync.emulator.calls import Call
    from sfsync.emulator.org import Org

Handler = Callable[..., Answer]
_LOG = logging.getLogger("sfsync.emulator")
_MOST_WARNINGS = 1_000


@dataclass(frozen=True)
class Route:
    """A path below /services/data/vXX.X (or from the root) with `{name}` for the variable segments.

    `refused`: its answer is always that this org does not offer it.
    """

    kind: str
    path: str
    methods: dict[str, Handler]
    authenticated: bool = True
    counted: bool = True
    refused: bool = False

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
    Route("batch", "composite/batch", {"POST": batch.batch}),
    Route("graph", "composite/graph", {"POST": graph.graph}),
    Route("tree", "composite/tree/{sobject}", {"POST": tree.create}),
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
    Route("place_order", "commerce/sale", {"POST": place_order.create_contract}),
    Route("place_order", "commerce/sale/order", {"POST": place_order.create_order}),
    Route(
        "place_order",
        "commerce/sale/{record_id}",
        {"GET": place_order.read_contract, "PATCH": place_order.extend_contract},
    ),
    Route(
        "place_order",
        "commerce/sale/order/{record_id}",
        {"GET": place_order.read_order, "PATCH": place_order.extend_order},
    ),
    Route("recent", "recent", {"GET": recent.recent}),
    Route("search", "search", {"GET": search.refused}, refused=True),
    Route("search", "parameterizedSearch", {"GET": search.refused, "POST": search.refused}, refused=True),
    Route("bulk", "jobs/query", {"GET": bulk_jobs.listing, "POST": bulk_query.create}),
    Route(
        "bulk",
        "jobs/query/{job_id}",
        {"GET": bulk_query.read, "PATCH": bulk_query.change, "DELETE": bulk_query.delete},
    ),
    Route("bulk", "jobs/query/{job_id}/results", {"GET": bulk_query.results}),
    Route("bulk", "jobs/query/{job_id}/resultPages", {"GET": bulk_query.result_pages}),
    Route("bulk", "jobs/ingest", {"GET": bulk_jobs.listing, "POST": bulk_ingest.create}),
    Route(
        "bulk",
        "jobs/ingest/{job_id}",
        {"GET": bulk_ingest.read, "PATCH": bulk_ingest.change, "DELETE": bulk_ingest.delete},
    ),
    Route("bulk", "jobs/ingest/{job_id}/batches", {"PUT": bulk_ingest.upload}),
    Route("bulk", "jobs/ingest/{job_id}/successfulResults", {"GET": bulk_ingest.successful}),
    Route("bulk", "jobs/ingest/{job_id}/failedResults", {"GET": bulk_ingest.refused}),
    Route("bulk", "jobs/ingest/{job_id}/unprocessedRecords", {"GET": bulk_ingest.unprocessed}),
    Route("describe", "sobjects/{sobject}/describe", {"GET": describes.full}),
    Route("updated", "sobjects/{sobject}/updated", {"GET": replication.updated}),
    Route("deleted", "sobjects/{sobject}/deleted", {"GET": replication.deleted}),
    Route("record", "sobjects/{sobject}", {"GET": recent.basic, "POST": records.create}),
    Route("record", "sobjects/{sobject}/Id", {"POST": records.create_by_id}),
    Route(
        "record",
        "sobjects/{sobject}/{record_id}",
        {"GET": records.read, "PATCH": records.update, "DELETE": records.delete},
    ),
    *(Route("tooling", path, methods) for path, methods in tooling.ROUTES),
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
    Route("bulk", "services/async/{version}/job", {"POST": bulk_one.create}),
    Route("bulk", "services/async/{version}/job/{job_id}", {"GET": bulk_one.read, "POST": bulk_one.change}),
    Route("bulk", "services/async/{version}/job/{job_id}/batch", {"GET": bulk_one.batches, "POST": bulk_one.add_batch}),
    Route("bulk", "services/async/{version}/job/{job_id}/batch/{batch_id}", {"GET": bulk_one.batch_info}),
    Route("bulk", "services/async/{version}/job/{job_id}/batch/{batch_id}/request", {"GET": bulk_one.batch_request}),
    Route("bulk", "services/async/{version}/job/{job_id}/batch/{batch_id}/result", {"GET": bulk_one.results}),
    Route(
        "bulk",
        "services/async/{version}/job/{job_id}/batch/{batch_id}/result/{result_id}",
        {"GET": bulk_one.query_result},
    ),
    Route("versions", "services/data", {"GET": versions.listing}, authenticated=False, counted=False),
    *(Route("oauth", path, methods, authenticated=False, counted=False) for path, methods in oauth.ROUTES),
    *(Route("soap", path, methods, authenticated=False, counted=False) for path, methods in soap.ROUTES),
)


KINDS = frozenset(route.kind for route in (*DATA_ROUTES, *ROOT_ROUTES)) | {"unknown"}
"""The kinds of calls, as the call log names them."""


_Table = dict[tuple[int, str], list[tuple[tuple[str, ...], Route]]]


def _key(parts: tuple[str, ...]) -> tuple[int, str]:
    """What narrows the search: the first segment is never a variable one."""
    return len(parts), parts[0].lower() if parts else ""


def _by_key(routes: tuple[Route, ...]) -> _Table:
    table: _Table = {}
    for route in routes:
        table.setdefault(_key(route.segments), []).append((route.segments, route))
    return table


_DATA, _ROOT = _by_key(DATA_ROUTES), _by_key(ROOT_ROUTES)
_VERSION = re.compile(r"v(\d{1,3})\.0")
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


def _match(table: _Table, parts: tuple[str, ...], request: Request) -> Target:
    for segments, route in table.get(_key(parts), ()):
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
    if target.kind == "unknown":
        _warn(org, request)
    try:
        if target.refusal is not None:
            raise target.refusal
        if target.handler is None:
            raise not_found()
        answer = target.handler(org, request, **target.arguments)
    except ApiError as refusal:
        return refused(request, refusal)
    if call is not None:
        call.subrequests = count_parts(target.kind, request.payload)
    return answer


def _warn(org: Org, request: Request) -> None:
    """Say once per path that a client wants what this org has not: a real one may have it."""
    if request.path not in org.unknown_paths and len(org.unknown_paths) < _MOST_WARNINGS:
        org.unknown_paths.add(request.path)
        _LOG.warning("the emulator has no resource %s %s: answered 404", request.method, request.path)
