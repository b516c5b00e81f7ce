"""Composite graph: up to 75 graphs of 500 nodes in all, each a transaction of its own [facts: api 3.14]."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfsync.emulator.errors import ApiError
from sfsync.emulator.http import Answer
from sfsync.emulator.resources.subrequests import Subrequest, as_part, as_request, check_unique, halted, malformed

if TYPE_CHECKING:
    from sfsync.emulator.http import Request
    from sfsync.emulator.org import Org

_MOST_GRAPHS = 75
_MOST_NODES = 500
_MOST_KINDS = 15
_MOST_DEPTH = 15
_MOST_FAILED = 14
_FIRST_VERSION = 50
_GRAPH_ID = re.compile(r"[A-Za-z0-9][^.]{0,38}")
_NODE = re.compile(r"/services/data/v(\d{1,3})\.0/sobjects/([^/?]+)(/[^/?]+)?(/[^/?]+)?/?(\?.*)?", re.IGNORECASE)
_NO_ROWS = {"/describe", "/updated", "/deleted"}
_ALLOWED = {1: {"POST"}, 2: {"GET", "PATCH", "DELETE"}, 3: {"GET", "PATCH", "POST", "DELETE"}}


class _RollBackError(Exception):
    """Undoes a graph of which one node failed."""


@dataclass(frozen=True)
class _Graph:
    graph_id: str
    nodes: list[Subrequest]
    order: list[Subrequest]


def graph(org: Org, request: Request) -> Answer:
    """POST /composite/graph: 200 even if every graph failed."""
    sent = request.json_object().get("graphs")
    if not isinstance(sent, list) or not sent:
        raise malformed("graphs must be a non-empty array")
    if len(sent) > _MOST_GRAPHS:
        raise ApiError(400, "LIMIT_EXCEEDED", f"The request can't contain more than {_MOST_GRAPHS} graphs.")
    graphs = [_read(one) for one in sent]
    _check_payload(graphs)
    results: list[dict[str, Any]] = []
    failed = 0
    for place, one in enumerate(graphs, 1):
        if failed >= _MOST_FAILED:
            answers, success = _halt(one, {}, "Processing halted: too many graphs of this request failed."), False
        else:
            answers, success = _execute(org, request, one, place)
            failed += not success
        response = {"compositeResponse": [as_part(node, answers[node.reference_id]) for node in one.nodes]}
        results.append({"graphId": one.graph_id, "graphResponse": response, "isSuccessful": success})
    return Answer(200, {"graphs": results})


def _read(sent: Any) -> _Graph:
    graph_id = sent.get("graphId") if isinstance(sent, dict) else None
    if not isinstance(graph_id, str) or not _GRAPH_ID.fullmatch(graph_id):
        raise malformed(f"invalid graphId {graph_id}")
    parts = sent.get("compositeRequest")
    if not isinstance(parts, list) or not parts:
        raise malformed(f"compositeRequest of graph {graph_id} must be a non-empty array")
    nodes = [Subrequest.read(part) for part in parts]
    check_unique(nodes)
    for node in nodes:
        _check_node(node)
    return _Graph(graph_id, nodes, _by_dependency(graph_id, nodes))


def _check_node(node: Subrequest) -> None:
    match = _NODE.fullmatch(node.url)
    segments = 1 + sum(part is not None for part in match.group(3, 4)) if match else 0
    no_row = segments == 2 and match is not None and match.group(3).lower() in _NO_ROWS  # noqa: PLR2004 - X/id
    if match is None or no_row or node.method not in _ALLOWED[segments]:
        raise malformed(f"{node.method} {node.url} is not supported in a graph")
    if int(match.group(1)) < _FIRST_VERSION:
        raise malformed(f"graphs need API version {_FIRST_VERSION}.0 or later: {node.url}")
    if node.headers:
        raise malformed(f"httpHeaders are not supported in a graph: {node.reference_id}")


def _kind_of(node: Subrequest) -> tuple[str, str, str]:
    match = _NODE.fullmatch(node.url)
    return (match.group(1), node.method, match.group(2).lower()) if match else ("", "", "")


def _by_dependency(graph_id: str, nodes: list[Subrequest]) -> list[Subrequest]:
    """Order the nodes by their references, level by level; alike nodes of a level come together.

    Order is promised by references only, so independent nodes may well run in another order than sent.
    """
    known = {node.reference_id for node in nodes}
    for node in nodes:
        if node.needs - known:
            raise malformed(f"{node.reference_id} refers to {min(node.needs - known)}, unknown in {graph_id}")
    order: list[Subrequest] = []
    done: set[str] = set()
    left = list(nodes)
    for _ in range(_MOST_DEPTH):
        level = [node for node in left if node.needs <= done]
        kinds = list(dict.fromkeys(_kind_of(node) for node in level))
        order += sorted(level, key=lambda node: kinds.index(_kind_of(node)))
        done.update(node.reference_id for node in level)
        left = [node for node in left if node.reference_id not in done]
        if not left:
            return order
        if not level:
            raise malformed(f"graph {graph_id} has a circular reference")
    raise malformed(f"graph {graph_id} is deeper than {_MOST_DEPTH}")


def _check_payload(graphs: list[_Graph]) -> None:
    ids = [one.graph_id for one in graphs]
    if len(set(ids)) < len(ids):
        raise malformed("graphId must be unique in the request")
    nodes = [node for one in graphs for node in one.nodes]
    if len(nodes) > _MOST_NODES:
        raise ApiError(400, "LIMIT_EXCEEDED", f"The request can't contain more than {_MOST_NODES} nodes.")
    if len({_kind_of(node) for node in nodes}) > _MOST_KINDS:
        raise ApiError(400, "LIMIT_EXCEEDED", f"The request can't contain more than {_MOST_KINDS} different nodes.")


def _execute(org: Org, outer: Request, one: _Graph, place: int) -> tuple[dict[str, Answer], bool]:
    answers: dict[str, Answer] = {}
    if outer.part_fault is not None and outer.part_fault.hits_part(place):
        refusal = outer.part_fault.refusal()
        culprit = one.order[-1].reference_id
        return _halt(one, {culprit: Answer(refusal.status, refusal.as_rest())}), False
    try:
        with org.world.savepoint():
            for node in one.order:
                answer = answers[node.reference_id] = _node(org, outer, node, answers)
                if not answer.ok:
                    raise _RollBackError  # noqa: TRY301 - leaves the savepoint
    except _RollBackError:
        return _halt(one, answers), False
    return answers, True


def _node(org: Org, outer: Request, node: Subrequest, answers: dict[str, Answer]) -> Answer:
    try:
        request = as_request(node, answers, outer)
    except ApiError as refusal:
        return Answer(refusal.status, refusal.as_rest())
    return org.perform(request)


def _halt(one: _Graph, answers: dict[str, Answer], message: str | None = None) -> dict[str, Answer]:
    """The answers of a graph that was undone: the culprit keeps its own, all others are halted."""
    refusal = halted(message) if message else halted()
    other = Answer(refusal.status, refusal.as_rest())
    kept = {name: answer for name, answer in answers.items() if not answer.ok}
    return {node.reference_id: kept.get(node.reference_id, other) for node in one.nodes}
