"""Single records: create, read, update, delete, and the same by external id [facts: api 3.3, 3.4]."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfsync.emulator.clock import from_stored, http_date
from sfsync.emulator.errors import ApiError, not_found
from sfsync.emulator.http import Answer
from sfsync.emulator.ids import is_id, normalise
from sfsync.emulator.links import row_url
from sfsync.emulator.resources.conditions import check, etag
from sfsync.emulator.resources.recent import used
from sfsync.emulator.resources.render import row_json
from sfsync.emulator.rules.hooks import read_only
from sfsync.emulator.values import coerce

if TYPE_CHECKING:
    from sfsync.emulator.dml import Writer
    from sfsync.emulator.fields import Field
    from sfsync.emulator.http import Request
    from sfsync.emulator.org import Org
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
    record_id = writer.insert(name, request.json_object())
    used(org, request, name, record_id)
    location = {"Location": row_url(request.version, name, record_id)}
    return Answer(201, {"id": record_id, "success": True, "errors": []}, location)


def create_by_id(org: Org, request: Request, sobject: str) -> Answer:
    """POST /sobjects/X/Id: an upsert by Id without an id, which always creates [facts: api 3.4]."""
    answer = create(org, request, sobject)
    return Answer(answer.status, {**answer.payload, "created": True}, answer.headers)


def read(org: Org, request: Request, sobject: str, record_id: str) -> Answer:
    """GET /sobjects/X/id, with `fields` to choose."""
    writer = org.writer(request.user_id)
    name = writer.plan(sobject).sobject.name
    row = writer.find(name, record_id)
    changed, tag = row.get("LastModifiedDate"), _tag(name, row)
    headers: dict[str, str] = {}
    if changed is not None:
        unchanged = check(request, org.settings, from_stored(changed), tag)
        if unchanged is not None:
            return unchanged
        if org.settings.row_last_modified:
            headers["Last-Modified"] = http_date(from_stored(changed))
    if tag is not None:
        headers["ETag"] = tag
    return _shown(org, request, name, row, headers)


def _tag(sobject: str, row: Row) -> str | None:
    """Rows of Account alone have ETags [facts: api 3.6]."""
    return etag(f"{row['Id']}{row.get('SystemModstamp')}") if sobject == "Account" else None


def _shown(org: Org, request: Request, sobject: str, row: Row, headers: dict[str, str]) -> Answer:
    names = request.query.get("fields")
    shown = row_json(org, sobject, row, request.version, names.split(",") if names else None)
    used(org, request, sobject, row["Id"])
    return Answer(200, shown, headers)


def update(org: Org, request: Request, sobject: str, record_id: str) -> Answer:
    """PATCH /sobjects/X/id."""
    writer = org.writer(request.user_id)
    name = writer.plan(sobject).sobject.name
    body = request.json_object()
    row = writer.find(name, record_id, for_write=True)
    _check_unchanged(org, request, name, row)
    writer.update(name, record_id, body)
    used(org, request, name, row["Id"])
    return Answer(204)


def delete(org: Org, request: Request, sobject: str, record_id: str) -> Answer:
    """DELETE /sobjects/X/id; what is gone for good, not only in the recycle bin, has an error of its own."""
    writer = org.writer(request.user_id)
    name = writer.plan(sobject).sobject.name
    try:
        row = writer.find(name, record_id, for_write=True)
    except ApiError as refusal:
        if refusal.code == "NOT_FOUND" and is_id(record_id) and org.db.was_deleted(name, normalise(record_id)):
            raise ApiError(404, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", []) from None
        raise
    if org.settings.conditional_delete:
        _check_unchanged(org, request, name, row)
    writer.delete(name, record_id)
    return Answer(204)


def _check_unchanged(org: Org, request: Request, sobject: str, row: Row) -> None:
    if row.get("LastModifiedDate") is not None:
        check(request, org.settings, from_stored(row["LastModifiedDate"]), _tag(sobject, row))


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


def _check_key(writer: Writer, value: str) -> None:
    """Refuse a key that is blank, or ends like the name of a file: in a URL it is taken for one."""
    if not value.strip():
        raise not_found()
    if "." in value and value.rpartition(".")[2].lower() in writer.settings.keys_like_files:
        raise not_found()


def find_by_key(writer: Writer, sobject: str, field: Field, value: Any, version: str) -> Row | None:
    """The one live record with that key, or None if there is none that the user sees.

    Raises:
        SeveralMatchesError: if there are several.
    """
    wanted = coerce(field, value)
    found = [] if wanted is None else writer.world.find(sobject, {field.name: wanted})
    found = [row for row in found if not writer.hides(sobject, row["Id"])]
    if len(found) > 1:
        raise SeveralMatchesError([row_url(version, sobject, row["Id"]) for row in found])
    return found[0] if found else None


def upsert_one(
    writer: Writer,
    sobject: str,
    field: Field,
    value: Any,
    body: Row,
    *,
    version: str,
    update_only: bool = False,
) -> Upserted:
    """Update the record with that key, or create it; `body` is without the key.

    Raises:
        ApiError: the platform's refusal, also for want of View All Data if the key is not unique [facts: api 3.4].
    """
    if field.external_id and not field.unique and not writer.may("view_all_data"):
        raise read_only(writer)
    by_id = field.name == "Id"  # an id that is none, or of nothing, is an error and never creates
    row = writer.find(sobject, str(value)) if by_id else find_by_key(writer, sobject, field, value, version)
    if row is not None:
        writer.update(sobject, row["Id"], body)
        return Upserted(row["Id"], created=False)
    if update_only:
        raise not_found()
    return Upserted(writer.insert(sobject, {**body, field.name: value}), created=True)


def upsert(org: Org, request: Request, sobject: str, field: str, value: str) -> Answer:
    """PATCH /sobjects/X/Ext__c/value."""
    writer = org.writer(request.user_id)
    name = writer.plan(sobject).sobject.name
    key = key_field(writer, name, field)
    _check_key(writer, value)
    body = request.json_object()
    if any(sent.lower() == key.name.lower() for sent in body):
        message = f"The {key.name} field should not be specified in the sobject data."
        raise ApiError(400, "INVALID_FIELD", message)
    only = request.query.get("updateOnly", "").lower() == "true"
    done = upsert_one(writer, name, key, value, body, version=request.version, update_only=only)
    used(org, request, name, done.record_id)
    if not done.created and float(request.version) < _FIRST_WITH_BODY:
        return Answer(204)
    result = {"id": done.record_id, "success": True, "errors": [], "created": done.created}
    if not done.created:
        return Answer(200, result)
    return Answer(201, result, {"Location": row_url(request.version, name, done.record_id)})


def create_by_key(org: Org, request: Request, sobject: str, field: str, value: str) -> Answer:
    """POST /sobjects/X/Ext__c/value: an upsert, as graphs may send it [facts: api 3.14]."""
    return upsert(org, request, sobject, field, value)


def read_by_key(org: Org, request: Request, sobject: str, field: str, value: str) -> Answer:
    """GET /sobjects/X/Ext__c/value."""
    writer = org.writer(request.user_id)
    name, row = _by_key(writer, request, sobject, field, value)
    return _shown(org, request, name, row, {})


def delete_by_key(org: Org, request: Request, sobject: str, field: str, value: str) -> Answer:
    """DELETE /sobjects/X/Ext__c/value."""
    writer = org.writer(request.user_id)
    name, row = _by_key(writer, request, sobject, field, value)
    writer.delete(name, str(row["Id"]))
    return Answer(204)


def _by_key(writer: Writer, request: Request, sobject: str, field: str, value: str) -> tuple[str, Row]:
    name = writer.plan(sobject).sobject.name
    _check_key(writer, value)
    row = find_by_key(writer, name, key_field(writer, name, field), value, request.version)
    if row is None:
        raise not_found()
    return name, row
