"""Making what an org lacks: each step once, and what was made already is as good as made."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from sfsync.errors import OrgRefused
from sfsync.salesforce import failures, soql
from sfsync.salesforce.codes import explain
from sfsync.salesforce.setup import PERMISSION_SET, StepKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sfsync.salesforce.client import OrgClient
    from sfsync.salesforce.setup import Step

_ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
_METADATA = "http://soap.sforce.com/2006/04/metadata"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_THERE = frozenset(("DUPLICATE_DEVELOPER_NAME", "DUPLICATE_VALUE", "DUPLICATE_OR_CREATE_ID"))


def perform(client: OrgClient, step: Step) -> None:
    """Do one step; what is there already counts as done.

    Raises:
        OrgRefused: the org said no.
        OrgUnavailable: `in_doubt` says whether it may have been done: look at the org again, then decide.
    """
    match step.kind:
        case StepKind.OBJECT:
            _create_object(client, step)
        case StepKind.FIELD:
            _create(client, "tooling/sobjects/CustomField", step.body)
        case StepKind.PERMISSION_SET:
            _create(client, "sobjects/PermissionSet", step.body)
        case StepKind.OBJECT_RIGHTS:
            _grant(client, "ObjectPermissions", "SobjectType", step.body)
        case StepKind.FIELD_RIGHTS:
            _grant(client, "FieldPermissions", "Field", step.body)
        case StepKind.ASSIGNMENT:
            body = {"AssigneeId": client.user_id, "PermissionSetId": _permission_set(client)}
            _create(client, "sobjects/PermissionSetAssignment", body)
        case StepKind.BY_HAND:
            raise OrgRefused(step.words)


def _create(client: OrgClient, path: str, body: Mapping[str, Any]) -> bool:
    """Insert a record; False if it is there already."""
    try:
        client.write("POST", path, dict(body))
    except OrgRefused as refusal:
        if refusal.code not in _THERE:
            raise
        return False
    return True


def _grant(client: OrgClient, sobject: str, field: str, body: Mapping[str, Any]) -> None:
    """Grant rights, or add what is missing to a grant that is there."""
    parent = _permission_set(client)
    where = f"ParentId = {soql.quoted_id(parent)} AND {field} = {soql.quoted(str(body[field]))}"
    rows = client.read("query", {"q": f"SELECT Id FROM {sobject} WHERE {where}"})["records"]
    if not rows and _create(client, f"sobjects/{sobject}", {"ParentId": parent, **body}):
        return
    rights = {name: value for name, value in body.items() if name.startswith("Permissions")}
    for row in rows:
        client.write("PATCH", f"sobjects/{sobject}/{row['Id']}", rights)


def _permission_set(client: OrgClient) -> str:
    text = f"SELECT Id FROM PermissionSet WHERE Name = {soql.quoted(PERMISSION_SET)}"
    rows = client.read("query", {"q": text})["records"]
    if not rows:
        raise OrgRefused(f"The permission set {PERMISSION_SET} is not there.", remedy="It has to be made first.")
    return str(rows[0]["Id"])


def _create_object(client: OrgClient, step: Step) -> None:
    """Create a custom object by the Metadata API: the Tooling API only reads those."""
    name, label, plural = escape(step.name), escape(step.body["label"]), escape(step.body["plural"])
    inside = (
        '<m:createMetadata><m:metadata xsi:type="m:CustomObject">'
        f"<m:fullName>{name}</m:fullName><m:deploymentStatus>Deployed</m:deploymentStatus><m:label>{label}</m:label>"
        f"<m:nameField><m:displayFormat>{label[:1]}-{{00000000}}</m:displayFormat><m:label>{label} Number</m:label>"
        "<m:type>AutoNumber</m:type></m:nameField>"
        f"<m:pluralLabel>{plural}</m:pluralLabel><m:sharingModel>ReadWrite</m:sharingModel>"
        "</m:metadata></m:createMetadata>"
    )

    def envelope(session: str) -> bytes:
        return (
            f'<?xml version="1.0" encoding="utf-8"?><e:Envelope xmlns:e="{_ENVELOPE}" xmlns:m="{_METADATA}" '
            f'xmlns:xsi="{_XSI}"><e:Header><m:SessionHeader><m:sessionId>{escape(session)}</m:sessionId>'
            f"</m:SessionHeader></e:Header><e:Body>{inside}</e:Body></e:Envelope>"
        ).encode()

    answer = client.write_soap(f"/services/Soap/m/{client.version}", envelope)
    try:
        told = {one.tag.rpartition("}")[2]: one.text or "" for one in ET.fromstring(answer).iter()}  # noqa: S314 - the org's own answer over TLS, and Expat expands no entities of others
    except ET.ParseError as exc:
        raise failures.unreadable(write=True) from exc
    if told.get("success") == "true":
        return
    code = told.get("statusCode") or told.get("faultcode", "").rpartition(":")[2]
    if not code:
        raise failures.unreadable(write=True)
    if code not in _THERE:
        raise OrgRefused(explain(code, told.get("message") or told.get("faultstring", "")), code=code)
