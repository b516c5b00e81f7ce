"""Single records: create, read, update, delete, and the same by external id [facts: api 3.3, 3.4]."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfsync.emulator.clock import from_stored
from sfsync.emulator.errors import ApiError, not_found
from sfsync.emulator.http import Answer
from sfsync.emulator.resources.conditions import check, etag, http_date
from sfsync.emulator.resources.render import row_json
from sfsync.emulator.values import coerce

if TYPE_CHECKING:
    from sfsync.emulator.dml import Writer
    from sfsync.emulator.http import Request
    from sfsync.emulator.org import Org
    from sfsync.emulator.schema import Field
    from sfsync.emulator.world import Row

_FIRST_WITH_BODY = 46  # upsert answers 200 with a body from this version on [facts: api 3.4]


@dataclass(frozen=True)
class Upserted:
    """What an upsert did."""

    record_id: str
    created: bool


class SeveralMatchesError(ApiError):
    """An external id that several records share: 300 with the list of them."""

    def __init__(self, urls: list[str]) -> None:
        super().__init__(300, "DUPLICATE_EXTERNAL_ID", "Duplicate external id specified", [])
        self.urls = urls

    def as_rest(self) -> Any:
        """The list of record URLs takes the place of an error."""
        return self.urls


def create(org: Org, request: Request, sobject: str) -> Answer:
    """POST /sobjects/X."""
    writer = org.writer(request.user_id)
    name = writer.plan(sobject).sobject.name
    return _created(request, name, writer.insert(name, request.json_object()))


def _created(request: Request, sobject: str, record_id: str) -> Answer:
    location = f"/services/data/v{request.version}/sobjects/{sobject}/{record_id}"
    return Answer(201, {"id": record_id, "success": True, "errors": []}, {"Location": location})


def read(org: Org, request: Request, sobject: str, record_id: str) -> Answer:
    """GET /sobjects/X/id, with `fields` to choose."""
    writer = org.writer(request.user_id)
    name = writer.plan(sobject).sobject.name
    return _shown(org, request, name, writer.find(name, record_id))


def _shown(org: Org, request: Request, sobject: str, row: Row) -> Answer:
    headers: dict[str, str] = {}
    changed = row.get("LastModifiedDate")
    tag = etag(f"{row['Id']}{row.get('SystemModstamp')}") if sobject == "Account" else None
    if changed is not None:
        unchanged = check(request, org.settings, from_stored(changed), tag)
        if unchanged is not None:
            return unchanged
        if org.settings.row_last_modified:
            headers["Last-Modified"] = http_date(from_stored(changed))
    if tag is not None:
        headers["ETag"] = tag
    names = request.query.get("fields")
    return Answer(200, row_json(org, sobject, row, request.version, names.split(",") if names else None), headers)


def update(org: Org, request: Request, sobject: str, record_id: str) -> Answer:
    """PATCH /sobjects/X/id."""
    writer = org.writer(request.user_id)
    name = writer.plan(sobject).sobject.name
    body = request.json_object()
    _check_unchanged(org, request, writer.find(name, record_id, for_write=True))
    writer.update(name, record_id, body)
    return Answer(204)


def delete(org: Org, request: Request, sobject: str, record_id: str) -> Answer:
    """DELETE /sobjects/X/id."""
    writer = org.writer(request.user_id)
    name = writer.plan(sobject).sobject.name
    if org.settings.conditional_delete:
        _check_unchanged(org, request, writer.find(name, record_id, for_write=True))
    writer.delete(name, record_id)
    return Answer(204)


def _check_unchanged(org: Org, request: Request, row: Row) -> None:
    if row.get("LastModifiedDate") is not None:
        tag = etag(f"{row['Id']}{row.get('SystemModstamp')}") if row["Id"].startswith("001") else None
        check(request, org.settings, from_stored(row["LastModifiedDate"]), tag)


def key_field(writer: Writer, sobject: str, name: str) -> Field:
    """The field of an external id path.

    Raises:
        ApiError: 404 if it is no external id or other lookup field, or hidden.
    """
    field = writer.plan(sobject).names.get(name.lower())
    if field is None or not (field.external_id or field.id_lookup):
        message = f"Provided external ID field does not exist or is not accessible: {name}"
        raise ApiError(404, "NOT_FOUND", message)
    return field


def find_by_key(org: Org, sobject: str, field: Field, value: Any, version: str) -> Row | None:
    """The one live record with that key, or None.

    Raises:
        SeveralMatchesError: if there are several.
    """
    found = org.db.find(sobject, {field.name: coerce(field, value)})
    if len(found) > 1:
        base = f"/services/data/v{version}/sobjects/{sobject}"
        raise SeveralMatchesError([f"{base}/{row['Id']}" for row in found])
    return found[0] if found else None


def upsert_one(
    org: Org,
    writer: Writer,
    sobject: str,
    field: Field,
    value: Any,
    body: Row,
    *,
    version: str,
    update_only: bool = False,
) -> Upserted:
    """Update the record with that key, or create it; `body` is without the key."""
    row = find_by_key(org, sobject, field, value, version)
    if row is not None:
        writer.update(sobject, row["Id"], body)
        return Upserted(row["Id"], created=False)
    if update_only:
        raise not_found()
    key = {} if field.name == "Id" else {field.name: value}
    return Upserted(writer.insert(sobject, {**body, **key}), created=True)


def upsert(org: Org, request: Request, sobject: str, field: str, value: str) -> Answer:
    """PATCH /sobjects/X/Ext__c/value."""
    writer = org.writer(request.user_id)
    name = writer.plan(sobject).sobject.name
    key = key_field(writer, name, field)
    body = request.json_object()
    if any(sent.lower() == key.name.lower() for sent in body):
        message = f"The {key.name} field should not be specified in the sobject data."
        raise ApiError(400, "INVALID_FIELD", message)
    only = request.query.get("updateOnly", "").lower() == "true"
    done = upsert_one(org, writer, name, key, value, body, version=request.version, update_only=only)
    if not done.created and float(request.version) < _FIRST_WITH_BODY:
        return Answer(204)
    result = {"id": done.record_id, "success": True, "errors": [], "created": done.created}
    if not done.created:
        return Answer(200, result)
    location = f"/services/data/v{request.version}/sobjects/{name}/{done.record_id}"
    return Answer(201, result, {"Location": location})


def create_by_key(org: Org, request: Request, sobject: str, field: str, value: str) -> Answer:
    """POST /sobjects/X/Id/ creates; POST by another key is an upsert [facts: api 3.4, 3.14]."""
    return upsert(org, request, sobject, field, value)


def read_by_key(org: Org, request: Request, sobject: str, field: str, value: str) -> Answer:
    """GET /sobjects/X/Ext__c/value."""
    writer = org.writer(request.user_id)
    name = writer.plan(sobject).sobject.name
    row = find_by_key(org, name, key_field(writer, name, field), value, request.version)
    if row is None:
        raise not_found()
    return _shown(org, request, name, row)


def delete_by_key(org: Org, request: Request, sobject: str, field: str, value: str) -> Answer:
    """DELETE /sobjects/X/Ext__c/value."""
    writer = org.writer(request.user_id)
    name = writer.plan(sobject).sobject.name
    row = find_by_key(org, name, key_field(writer, name, field), value, request.version)
    if row is None:
        raise not_found()
    writer.delete(name, row["Id"])
    return Answer(204)
