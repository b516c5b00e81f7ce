"""The Metadata API: custom objects and fields, created, changed, read and removed by component [facts: api 10]."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfsync.emulator.customising.changes import (
    create_field,
    create_object,
    delete_field,
    delete_object,
    update_field,
    update_object,
    upsert,
)
from sfsync.emulator.customising.definitions import all_definitions
from sfsync.emulator.customising.metadata import field_metadata
from sfsync.emulator.customising.wording import as_list, bad_value
from sfsync.emulator.errors import ApiError
from sfsync.emulator.resources.soap.envelope import (
    Call,
    Nil,
    NoOperationError,
    SoapFault,
    Typed,
    check_version,
    fault,
    no_operation,
    read_call,
    reply,
)
from sfsync.emulator.resources.soap.partner import session_of

if TYPE_CHECKING:
    from sfsync.emulator.http import Answer, Request
    from sfsync.emulator.org import Org
    from sfsync.emulator.schema import SObject

_NAMESPACE = "http://soap.sforce.com/2006/04/metadata"
_TYPES = frozenset({"CustomField", "CustomObject"})
_MOST = 10  # components in one call [facts: api 10]
_CREATE = {"CustomField": create_field, "CustomObject": create_object}
_UPDATE = {"CustomField": update_field, "CustomObject": update_object}
_DELETE = {"CustomField": delete_field, "CustomObject": delete_object}


def metadata(org: Org, request: Request, version: str, org_id: str = "") -> Answer:  # noqa: ARG001 - any org's URL
    """POST /services/Soap/m/VERSION."""
    call = None
    try:
        check_version(version)
        call = read_call(request)
        user_id, _ = session_of(org, call)
        org.usage(count=True)
        return reply(call, _results(org, call, user_id))
    except SoapFault as refusal:
        return fault(_NAMESPACE, refusal)
    except NoOperationError:
        return no_operation(call) if call is not None else fault(_NAMESPACE, SoapFault("UNKNOWN_EXCEPTION", ""))


def _results(org: Org, call: Call, user_id: str) -> Any:
    match call.operation:
        case "createMetadata" | "updateMetadata" | "upsertMetadata":
            return [_write(org, call.operation, user_id, one) for one in _few(call.parameters.get("metadata"))]
        case "deleteMetadata":
            kind = str(call.parameters.get("type"))
            return [_delete(org, kind, str(name)) for name in _few(call.parameters.get("fullNames"))]
        case "readMetadata":
            kind = str(call.parameters.get("type"))
            records = [_read(org, kind, str(name)) for name in _few(call.parameters.get("fullNames"))]
            return {"records": records}
        case _:
            raise NoOperationError


def _few(given: Any) -> list[Any]:
    several = as_list(given)
    if len(several) > _MOST:
        raise SoapFault("LIMIT_EXCEEDED", f"Only {_MOST} components may be sent in one call", "UnexpectedErrorFault")
    return several


def _write(org: Org, operation: str, user_id: str, component: dict[str, Any]) -> dict[str, Any]:
    values = {name: value for name, value in component.items() if name not in {"xsi:type", "fullName"}}
    kind, name = str(component.get("xsi:type")), str(component.get("fullName") or "")
    created = False
    try:
        _check_kind(kind, name)
        if operation == "upsertMetadata":
            created = upsert(org, user_id, name, values)
        else:
            actions = _CREATE if operation == "createMetadata" else _UPDATE
            actions[kind](org, user_id, name, values)
    except ApiError as refusal:
        return _refused(name, refusal)
    done: dict[str, Any] = {"fullName": name, "success": True}
    return {"created": created, **done} if operation == "upsertMetadata" else done


def _check_kind(kind: str, name: str) -> None:
    if kind not in _TYPES or (kind == "CustomField") != ("." in name):
        raise bad_value("Metadata type", f"{kind} {name}")


def _delete(org: Org, kind: str, name: str) -> dict[str, Any]:
    try:
        _check_kind(kind, name)
        _DELETE[kind](org, name)
    except ApiError as refusal:
        return _refused(name, refusal)
    return {"fullName": name, "success": True}


def _refused(name: str, refusal: ApiError) -> dict[str, Any]:
    error: dict[str, Any] = {"fields": list(refusal.fields or [])} if refusal.fields else {}
    error |= {"message": refusal.message, "statusCode": refusal.code}
    return {"errors": error, "fullName": name, "success": False}


def _read(org: Org, kind: str, name: str) -> Typed | Nil:
    sobject = org.schema.get(name.partition(".")[0])
    if kind not in _TYPES or sobject is None:
        return Nil()
    if kind == "CustomObject":
        return Typed(kind, _object(org, sobject)) if "." not in name else Nil()
    found = _custom_fields(org, sobject, name.partition(".")[2])
    return Typed(kind, {"fullName": f"{sobject.name}.{found[0].pop('fullName')}", **found[0]}) if found else Nil()


def _object(org: Org, sobject: SObject) -> dict[str, Any]:
    known = all_definitions(org).get(sobject.name.lower())
    own = (known.metadata if known else None) or {}
    told = {key: value for key, value in own.items() if not key.startswith("_")}
    named = {"fullName": sobject.name, "fields": _custom_fields(org, sobject), "label": sobject.label}
    return {**told, **named, "pluralLabel": sobject.label_plural}


def _custom_fields(org: Org, sobject: SObject, only: str | None = None) -> list[dict[str, Any]]:
    known = all_definitions(org)
    return [
        {"fullName": field.name, **field_metadata(field, known[f"{sobject.name}.{field.name}".lower()].metadata)}
        for field in sobject.fields.values()
        if field.custom and (only is None or field.name.lower() == only.lower())
    ]
