"""sObject collections: up to 200 records in one call, all or none, or each for itself [facts: api 3.10]."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from sfsync.emulator.errors import ApiError, too_many_records
from sfsync.emulator.http import Answer
from sfsync.emulator.ids import is_id, normalise
from sfsync.emulator.resources.many import change_by_id, given_twice, upsert_among
from sfsync.emulator.resources.nested import type_of
from sfsync.emulator.resources.records import key_field
from sfsync.emulator.resources.render import check_fields, row_json

if TYPE_CHECKING:
    from sfsync.emulator.dml import Writer
    from sfsync.emulator.http import Request
    from sfsync.emulator.org import Org
    from sfsync.emulator.world import Row

_MOST = 200
_MOST_READ = 2_000
_MOST_CHUNKS = 10
Done = dict[str, Any]
Step = Callable[[], Done]
ROLLED_BACK = {
    "statusCode": "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "message": "Record rolled back because not all records were valid and the request was using AllOrNone header",
    "fields": [],
}


class _RollBackError(Exception):
    """Undoes a call of which one record failed."""


def insert(org: Org, request: Request) -> Answer:
    """POST /composite/sobjects."""
    writer = org.writer(request.user_id)

    def step(record: Row) -> Done:
        return _done(writer.insert(_type_of(writer, record), record))

    return _run(org, request, [_bound(step, record) for record in _records(request)])


def update(org: Org, request: Request) -> Answer:
    """PATCH /composite/sobjects: each record carries its id."""
    writer = org.writer(request.user_id)

    def step(record: Row) -> Done:
        name = _type_of(writer, record)
        record_id, values = _split_id(record)
        if record_id is None:
            raise ApiError(400, "MISSING_ARGUMENT", "Id not specified in an update call", [])
        return _done(change_by_id(writer, name, record_id, lambda: writer.update(name, record_id, values)))

    return _run(org, request, [_bound(step, record) for record in _records(request)])


def delete(org: Org, request: Request) -> Answer:
    """DELETE /composite/sobjects?ids=a,b."""
    writer = org.writer(request.user_id)
    ids = [one.strip() for one in request.query.get("ids", "").split(",") if one.strip()]
    _check_count(ids)

    def step(record_id: str) -> Done:
        described = org.schema.by_prefix(record_id[:3]) if is_id(record_id) else None
        if described is None:
            raise ApiError(400, "MALFORMED_ID", f"malformed id {record_id}", [])
        name = described.name
        return _done(change_by_id(writer, name, record_id, lambda: writer.delete(name, record_id)))

    all_or_none = request.query.get("allOrNone", "").lower() == "true"
    return _run(org, request, [_bound(step, record_id) for record_id in ids], all_or_none=all_or_none)


def upsert(org: Org, request: Request, sobject: str, field: str) -> Answer:
    """PATCH /composite/sobjects/X/Ext__c: rows without Id are created when the field is Id [facts: api 3.4]."""
    writer = org.writer(request.user_id)
    name = writer.plan(sobject).sobject.name
    key = key_field(writer, name, field)
    records = _records(request)
    values = [_value_of(record, key.name) for record in records]
    twice = given_twice(key, values)

    def step(record: Row) -> Done:
        _type_of(writer, record, only=name)
        value = _value_of(record, key.name)
        body = {sent: one for sent, one in record.items() if sent.lower() != key.name.lower()}
        done = upsert_among(writer, name, key, value, body, twice=twice, version=request.version)
        return {**_done(done.record_id), "created": done.created}

    return _run(org, request, [_bound(step, record) for record in records])


def retrieve(org: Org, request: Request, sobject: str) -> Answer:
    """GET /composite/sobjects/X?ids=…&fields=…."""
    ids, fields = (request.query.get(name, "").split(",") for name in ("ids", "fields"))
    return _retrieve(org, request, sobject, ids, fields)


def retrieve_posted(org: Org, request: Request, sobject: str) -> Answer:
    """POST /composite/sobjects/X with ids and fields in the body."""
    body = request.json_object()
    ids, fields = body.get("ids"), body.get("fields")
    if not isinstance(ids, list) or not isinstance(fields, list):
        raise ApiError(400, "JSON_PARSER_ERROR", "The request body must have the arrays ids and fields")
    return _retrieve(org, request, sobject, [str(one) for one in ids], [str(one) for one in fields])


def _retrieve(org: Org, request: Request, sobject: str, ids: list[str], fields: list[str]) -> Answer:
    writer = org.writer(request.user_id)
    name = writer.plan(sobject).sobject.name
    ids, fields = [one.strip() for one in ids if one.strip()], [one for one in fields if one.strip()]
    if not ids or not fields:
        raise ApiError(400, "MISSING_ARGUMENT", "The ids and fields parameters are required")
    if len(ids) > _MOST_READ:
        raise too_many_records(_MOST_READ)
    check_fields(org, name, fields)
    wanted = [normalise(one) if is_id(one) else one for one in ids]
    rows = org.db.get_rows(name, [one for one in wanted if not writer.hides(name, one)])
    shown = [row_json(org, name, rows[one], request.version, fields) if one in rows else None for one in wanted]
    return Answer(200, shown)


def _records(request: Request) -> list[Row]:
    records = request.json_object().get("records")
    if not isinstance(records, list) or not records or not all(isinstance(one, dict) for one in records):
        raise ApiError(400, "INVALID_INPUT", "The request body must have a non-empty array of records")
    _check_count(records)
    types = [str(type_of(one)).lower() for one in records]
    if 1 + sum(one != other for one, other in pairwise(types)) > _MOST_CHUNKS:
        message = f"Cannot have more than {_MOST_CHUNKS} chunks in a single operation"
        raise ApiError(400, "INVALID_INPUT", message)
    return records


def _check_count(parts: list[Any]) -> None:
    if len(parts) > _MOST:
        raise too_many_records(_MOST)


def _type_of(writer: Writer, record: Row, *, only: str | None = None) -> str:
    name = type_of(record)
    if name is None:
        raise ApiError(400, "INVALID_INPUT", "Include an entity type for each record in the request.", [])
    known = writer.world.schema.get(name)
    if known is None:
        raise ApiError(400, "INVALID_TYPE", f"sObject type '{name}' is not supported.", [])
    if only is not None and known.name != only:
        raise ApiError(400, "INVALID_TYPE", f"The record is of type {known.name}, not {only}", [])
    return known.name


def _value_of(record: Row, name: str) -> Any:
    return next((value for sent, value in record.items() if sent.lower() == name.lower()), None)


def _split_id(record: Row) -> tuple[str | None, Row]:
    record_id = _value_of(record, "Id")
    return (None if record_id is None else str(record_id)), {k: v for k, v in record.items() if k.lower() != "id"}


def _done(record_id: str) -> Done:
    return {"id": record_id, "success": True, "errors": []}


def _bound(step: Callable[[Any], Done], argument: Any) -> Step:
    return lambda: step(argument)


def _run(org: Org, request: Request, steps: list[Step], *, all_or_none: bool | None = None) -> Answer:
    if all_or_none is None:
        all_or_none = bool(request.json_object().get("allOrNone"))
    all_or_none = all_or_none or request.in_all_or_none
    results: list[Done] = []
    try:
        with org.world.savepoint():
            results.extend(_one(request, place, step) for place, step in enumerate(steps, 1))
            if all_or_none and not all(one["success"] for one in results):
                raise _RollBackError  # noqa: TRY301 - leaves the savepoint
    except _RollBackError:
        results = [_rolled_back(one) for one in results]
    failed_inside = request.in_all_or_none and not all(one["success"] for one in results)
    return Answer(400 if failed_inside else 200, results)


def _one(request: Request, place: int, step: Step) -> Done:
    try:
        if request.part_fault is not None and request.part_fault.hits_part(place):
            raise request.part_fault.refusal()
        return step()
    except ApiError as refusal:
        return {"success": False, "errors": [refusal.as_collection()]}


def _rolled_back(result: Done) -> Done:
    if not result["success"]:
        return result
    kept = {"id": result["id"]} if result.get("created") is False else {}
    return {**kept, "success": False, "errors": [ROLLED_BACK]}
