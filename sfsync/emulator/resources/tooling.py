"""The Tooling API: custom fields as records, and queries over the schema [facts: api 10]."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sfsync.emulator import describe, soql
from sfsync.emulator.clock import as_json
from sfsync.emulator.customising.changes import create_field, delete_field, update_field
from sfsync.emulator.customising.definitions import Definition, all_definitions
from sfsync.emulator.customising.tables import tooling_tables
from sfsync.emulator.errors import ApiError, not_found
from sfsync.emulator.http import Answer
from sfsync.emulator.ids import normalise
from sfsync.emulator.links import row_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sfsync.emulator.database import Database
    from sfsync.emulator.http import Request
    from sfsync.emulator.org import Org

_NO_ID = "000000000000000AAA"
_DEFINITIONS = {"EntityDefinition", "FieldDefinition"}
_ONE_ROW = frozenset({"metadata", "fullname"})


def root(org: Org, request: Request) -> Answer:  # noqa: ARG001 - the shape of a resource
    """GET /tooling."""
    base = f"/services/data/v{request.version}/tooling"
    return Answer(200, {name: f"{base}/{name}" for name in ("sobjects", "query")})


def everything(org: Org, request: Request) -> Answer:
    """GET /tooling/sobjects."""
    schema, _ = tooling_tables(org)
    return Answer(200, _moved(request, describe.describe_global(schema, version=request.version)))


def basic(org: Org, request: Request, sobject: str) -> Answer:
    """GET /tooling/sobjects/X."""
    schema, _ = tooling_tables(org)
    return Answer(200, _moved(request, describe.describe_basic(schema, sobject, version=request.version)))


def full(org: Org, request: Request, sobject: str) -> Answer:
    """GET /tooling/sobjects/X/describe."""
    schema, _ = tooling_tables(org)
    url = org.settings.instance_url
    return Answer(200, _moved(request, describe.describe(schema, sobject, version=request.version, instance_url=url)))


def query(org: Org, request: Request) -> Answer:
    """GET /tooling/query?q=: always one page, for no schema has that many rows."""
    text = request.query.get("q", "")
    if not text.strip():
        raise ApiError(400, "MALFORMED_QUERY", "A query string has to be specified")
    schema, db = tooling_tables(org)
    result = soql.execute(text, schema=schema, db=db, now=org.clock(), user=request.user_id, version=request.version)
    shows_metadata = any(name.lower() in _ONE_ROW for record in result.records for name in record)
    if shows_metadata and len(result.records) > 1:
        message = (
            "When retrieving results with Metadata or FullName fields, the query qualifications must specify no more "
            f"than one row for retrieval. Result size: {len(result.records)}"
        )
        raise ApiError(400, "MALFORMED_QUERY", message)
    records = [_shown(request, record, db) for record in result.records]
    kind = records[0]["attributes"]["type"] if records and "attributes" in records[0] else None
    listing = {"size": len(records), "totalSize": result.total_size, "done": True, "queryLocator": None}
    return Answer(200, {**listing, "entityTypeName": kind, "records": records})


def _shown(request: Request, record: Mapping[str, Any], db: Database) -> dict[str, Any]:
    """A record as the Tooling API writes it: definitions have no Id, and are named by their DurableId."""
    shown: dict[str, Any] = {}
    for name, value in record.items():
        if name == "Metadata" and isinstance(value, str):
            shown[name] = json.loads(value)
        else:
            shown[name] = _shown(request, value, db) if isinstance(value, dict) and "attributes" in value else value
    about = shown.get("attributes")
    if about is None:
        return shown
    shown["attributes"] = about = dict(_moved(request, about))
    if about["type"] in _DEFINITIONS:
        base, _, record_id = about["url"].rpartition("/")
        row = db.get_row(about["type"], record_id)
        about["url"] = f"{base}/{row['DurableId'] if row else record_id}"
        if "Id" in shown:
            shown["Id"] = _NO_ID
    return shown


def _moved(request: Request, value: Any) -> Any:
    """Let URLs lead to the Tooling API."""
    here = f"/services/data/v{request.version}/sobjects"
    there = f"/services/data/v{request.version}/tooling/sobjects"
    if isinstance(value, dict):
        return {name: _moved(request, one) for name, one in value.items()}
    if isinstance(value, list):
        return [_moved(request, one) for one in value]
    return value.replace(here, there) if isinstance(value, str) else value


# -- records


def create(org: Org, request: Request, sobject: str) -> Answer:
    """POST /tooling/sobjects/CustomField."""
    _must_be_writeable(org, sobject)
    body = _body(request, {"fullname": "FullName", "metadata": "Metadata"})
    for name in ("FullName", "Metadata"):
        if not body.get(name):
            raise ApiError(400, "REQUIRED_FIELD_MISSING", f"Required fields are missing: [{name}]", [name])
    made = create_field(org, request.user_id, str(body["FullName"]), _metadata(body))
    location = f"/services/data/v{request.version}/tooling/sobjects/CustomField/{made.id}"
    done = {"id": made.id, "success": True, "errors": [], "warnings": [], "infos": []}
    return Answer(201, done, {"Location": location})


def read(org: Org, request: Request, sobject: str, record_id: str) -> Answer:
    """GET /tooling/sobjects/X/id; definitions are found by their DurableId."""
    schema, db = tooling_tables(org)
    known = schema.get(sobject)
    if known is None:
        raise not_found()
    key = {"DurableId": record_id} if known.name in _DEFINITIONS else {"Id": normalise(record_id)}
    rows = db.find(known.name, key)
    if not rows:
        raise not_found()
    row = rows[0]
    url = row_url(request.version, known.name, row["Id"])
    record: dict[str, Any] = {"attributes": {"type": known.name, "url": url}}
    for name, field in known.fields.items():
        value = row[name]
        record[name] = as_json(str(value)) if field.type == "datetime" and value else value
    return Answer(200, _shown(request, record, db))


def update(org: Org, request: Request, sobject: str, record_id: str) -> Answer:
    """PATCH /tooling/sobjects/CustomField/id with the whole metadata."""
    one = _custom_field(org, sobject, record_id)
    body = _body(request, {"metadata": "Metadata", "fullname": "FullName"})
    if not body.get("Metadata"):
        raise ApiError(400, "REQUIRED_FIELD_MISSING", "Required fields are missing: [Metadata]", ["Metadata"])
    update_field(org, request.user_id, one.name, _metadata(body))
    return Answer(204)


def delete(org: Org, request: Request, sobject: str, record_id: str) -> Answer:  # noqa: ARG001 - a resource
    """DELETE /tooling/sobjects/CustomField/id."""
    delete_field(org, _custom_field(org, sobject, record_id).name)
    return Answer(204)


def _custom_field(org: Org, sobject: str, record_id: str) -> Definition:
    _must_be_writeable(org, sobject)
    wanted = normalise(record_id)
    for one in all_definitions(org).values():
        if one.id == wanted and "." in one.name:
            return one
    raise not_found()


def _must_be_writeable(org: Org, sobject: str) -> None:
    schema, _ = tooling_tables(org)
    known = schema.get(sobject)
    if known is None:
        raise not_found()
    if not known.createable:
        message = "entity type cannot be inserted, updated or deleted"
        raise ApiError(400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message, [])


def _body(request: Request, known: Mapping[str, str]) -> dict[str, Any]:
    body: dict[str, Any] = {}
    for name, value in request.json_object().items():
        if name.lower() not in known:
            message = f"No such column '{name}' on sobject of type CustomField"
            raise ApiError(400, "INVALID_FIELD", message)
        body[known[name.lower()]] = value
    return body


def _metadata(body: Mapping[str, Any]) -> dict[str, Any]:
    metadata = body["Metadata"]
    if not isinstance(metadata, dict):
        raise ApiError(400, "JSON_PARSER_ERROR", "Cannot deserialize instance of complexvalue at [line:1, column:2]")
    return metadata


ROUTES = (
    ("tooling", {"GET": root}),
    ("tooling/query", {"GET": query}),
    ("tooling/sobjects", {"GET": everything}),
    ("tooling/sobjects/{sobject}", {"GET": basic, "POST": create}),
    ("tooling/sobjects/{sobject}/describe", {"GET": full}),
    ("tooling/sobjects/{sobject}/{record_id}", {"GET": read, "PATCH": update, "DELETE": delete}),
)
