"""sObject tree: up to 200 new records with their children in one call, all or nothing [facts: api 3.11]."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfsync.emulator.errors import ApiError, too_many_records
from sfsync.emulator.http import Answer
from sfsync.emulator.resources.nested import relation, split, type_of, with_parent

if TYPE_CHECKING:
    from sfsync.emulator.dml import Writer
    from sfsync.emulator.http import Request
    from sfsync.emulator.org import Org
    from sfsync.emulator.world import Row

_MOST = 200
_MOST_LEVELS = 5
_MOST_TYPES = 5
_NO_REFERENCE = "Include a reference ID for each record in the request."
_NO_TYPE = "Include an entity type for each record in the request."
_TWICE = "Duplicate ReferenceId provided in the request."


@dataclass
class _Node:
    """One record of a tree: `field` of its object refers to the parent."""

    reference: str
    sobject: str
    values: Row
    parent: _Node | None = None
    field: str = ""
    record_id: str = ""


class _RefusedError(Exception):
    """Undoes a tree; holds the results that say why."""

    def __init__(self, results: list[dict[str, Any]]) -> None:
        super().__init__("refused")
        self.results = results


def create(org: Org, request: Request, sobject: str) -> Answer:
    """POST /composite/tree/X: 201 with all ids, or 400 with the records that were refused and nothing created."""
    writer = org.writer(request.user_id)
    root = writer.plan(sobject).sobject.name
    records = request.json_object().get("records")
    if not isinstance(records, list) or not records or not all(isinstance(one, dict) for one in records):
        raise ApiError(400, "INVALID_INPUT", "The request body must have a non-empty array of records")
    try:
        levels = _read(org, root, records)
        with org.world.savepoint():
            for level in levels:
                _insert(writer, level)
    except _RefusedError as refused:
        return Answer(400, {"hasErrors": True, "results": refused.results})
    made = [{"referenceId": node.reference, "id": node.record_id} for level in levels for node in level]
    return Answer(org.settings.tree_status, {"hasErrors": False, "results": made})


def _read(org: Org, root: str, records: list[Row]) -> list[list[_Node]]:
    """Cut the trees into levels: parents are written, and answered, before their children."""
    levels: list[list[_Node]] = []
    wrong: list[dict[str, Any]] = []
    left: list[tuple[Row, str, _Node | None, str]] = [(one, root, None, "") for one in records]
    total = 0
    while left:
        total += len(left)
        if total > _MOST:
            raise too_many_records(_MOST)
        if len(levels) == _MOST_LEVELS:
            raise ApiError(400, "INVALID_INPUT", f"The request can't contain more than {_MOST_LEVELS} levels.")
        level: list[_Node] = []
        below: list[tuple[Row, str, _Node | None, str]] = []
        for record, sobject, parent, field in left:
            own, children = split(record)
            node = _Node(_reference_of(org, record), sobject, own, parent, field)
            level.append(node)
            try:
                _check_type(record, sobject)
                for name, inside in children.items():
                    one = relation(org.schema, sobject, name)
                    below += [(child, one.child, node, one.field) for child in inside]
            except ApiError as refusal:
                wrong.append(_result(node, refusal))
        levels.append(level)
        left = below
    _check(levels, wrong)
    return levels


def _reference_of(org: Org, record: Row) -> str:
    attributes = record.get("attributes")
    reference = attributes.get("referenceId") if isinstance(attributes, dict) else None
    if not isinstance(reference, str) or not reference:
        raise ApiError(org.settings.tree_reference_status, "INVALID_INPUT", _NO_REFERENCE)
    return reference


def _check_type(record: Row, sobject: str) -> None:
    said = type_of(record)
    if said is None:
        raise ApiError(400, "INVALID_INPUT", _NO_TYPE)
    if said.lower() != sobject.lower():
        raise ApiError(400, "INVALID_INPUT", f"The record is of type {said}, but must be of type {sobject}.")


def _check(levels: list[list[_Node]], wrong: list[dict[str, Any]]) -> None:
    nodes = [node for level in levels for node in level]
    times = Counter(node.reference for node in nodes)
    # One result for each time the id was given.
    twice = [_result(node, ApiError(400, "INVALID_INPUT", _TWICE)) for node in nodes if times[node.reference] > 1]
    if twice or wrong:
        raise _RefusedError(twice + wrong)
    if len({node.sobject for node in nodes}) > _MOST_TYPES:
        raise ApiError(400, "INVALID_INPUT", f"The request can't contain more than {_MOST_TYPES} different types.")


def _insert(writer: Writer, level: list[_Node]) -> None:
    refused = []
    for node in level:
        values = with_parent(node.values, node.field, node.parent.record_id) if node.parent else node.values
        try:
            node.record_id = writer.insert(node.sobject, values)
        except ApiError as refusal:
            refused.append(_result(node, refusal))
    if refused:
        raise _RefusedError(refused)


def _result(node: _Node, refusal: ApiError) -> dict[str, Any]:
    return {"referenceId": node.reference, "errors": [refusal.as_collection()]}
