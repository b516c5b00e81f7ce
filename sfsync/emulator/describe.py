"""Describe answers, with every key of a recorded org's [facts: api 3.2, A.2]."""

from collections.abc import Mapping
from typing import Any

from sfsync.emulator.errors import not_found
from sfsync.emulator.fields import ID_TYPES, NUMERIC, TEXT, Field, PicklistValue
from sfsync.emulator.links import links, page_links
from sfsync.emulator.schema import ChildRelationship, Schema, SObject

_SOAP_TYPES = {
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    "address": "urn:address",
}
_BYTES_PER_CHARACTER = 3
_MASTER_RECORD_TYPE = {
    "active": True,
    "available": True,
    "defaultRecordTypeMapping": True,
    "developerName": "Master",
    "master": True,
    "name": "Master",
    "recordTypeId": "012000000000000AAA",
}
_NO_CHILDREN_BY = "MasterRecordId"  # the survivor of a merge does not list what was merged into it [recorded: Account]


def describe_global(schema: Schema, *, version: str = "66.0") -> dict[str, Any]:
    """Return the answer of `GET /sobjects`."""
    seen = (schema.as_seen(one) for one in schema.objects.values())
    listed = [describe_summary(one, version) for one in sorted(seen, key=lambda one: one.name)]
    return {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": listed}


def describe_basic(schema: Schema, sobject: str, *, version: str = "66.0") -> dict[str, Any]:
    """Return the answer of `GET /sobjects/X`.

    Raises:
        ApiError: NOT_FOUND if there is no such object.
    """
    return {"objectDescribe": describe_summary(_known(schema, sobject), version), "recentItems": []}


def describe(
    schema: Schema, sobject: str, *, version: str = "66.0", instance_url: str = "https://org.example"
) -> dict[str, Any]:
    """Return the answer of `GET /sobjects/X/describe`; fields hidden from the API user are left out.

    Raises:
        ApiError: NOT_FOUND if there is no such object.
    """
    one = _known(schema, sobject)
    details = describe_summary(one, version) | {
        "actionOverrides": [],
        "childRelationships": _children(schema, one),
        "compactLayoutable": one.compact_layoutable,
        "defaultImplementation": None,
        "extendedBy": None,
        "extendsInterfaces": None,
        "fields": [describe_field(field) for field in schema.visible_fields(one.name).values()],
        "implementedBy": None,
        "implementsInterfaces": None,
        "listviewable": None,
        "lookupLayoutable": None,
        "namedLayoutInfos": [],
        "networkScopeFieldName": None,
        "recordTypeInfos": _record_types(one, version),
        "searchLayoutable": one.search_layoutable,
        "sobjectDescribeOption": "FULL",
        "supportedScopes": [{"label": label, "name": name} for name, label in one.scopes],
        **one.more,
        "urls": page_links(one, version, instance_url),
    }
    return {key: value for key, value in sorted(details.items()) if key not in one.lacks}


def _known(schema: Schema, name: str) -> SObject:
    known = schema.get(name)
    if known is None:
        raise not_found()
    return schema.as_seen(known)


def describe_summary(one: SObject, version: str = "66.0") -> dict[str, Any]:
    """Return what the list of all objects says of one."""
    summary = {
        "activateable": False,
        "associateEntityType": None,
        "associateParentEntity": None,
        "createable": one.createable,
        "custom": one.custom,
        "customSetting": False,
        "deepCloneable": one.deep_cloneable,
        "deletable": one.deletable,
        "deprecatedAndHidden": False,
        "feedEnabled": one.feed_enabled,
        "hasSubtypes": False,
        "isInterface": False,
        "isSubtype": False,
        "keyPrefix": one.key_prefix,
        "label": one.label,
        "labelPlural": one.label_plural,
        "layoutable": one.layoutable,
        "mergeable": one.mergeable,
        "mruEnabled": one.mru_enabled,
        "name": one.name,
        "queryable": one.queryable,
        "replicateable": one.replicateable,
        "retrieveable": one.retrieveable,
        "searchable": one.searchable,
        "triggerable": one.triggerable,
        "undeletable": one.undeletable,
        "updateable": one.updateable,
        "urls": links(one, version),
    }
    return summary | {key: value for key, value in one.more.items() if key in summary}


def describe_field(one: Field) -> dict[str, Any]:
    """Return how a field is described, with every key in the order an org writes it."""
    described = {
        "aggregatable": one.aggregatable,
        "aiPredictionField": False,
        "autoNumber": one.auto_number is not None,
        "byteLength": _byte_length(one),
        "calculated": one.calculated,
        "calculatedFormula": None,
        "cascadeDelete": False,
        "caseSensitive": one.case_sensitive,
        "compoundFieldName": one.compound,
        "controllerName": None,
        "createable": one.createable,
        "custom": one.custom,
        "defaultValue": False if one.type == "boolean" and one.default is None else one.default,
        "defaultValueFormula": None,
        "defaultedOnCreate": one.defaulted_on_create,
        "dependentPicklist": False,
        "deprecatedAndHidden": False,
        "digits": one.digits,
        "displayLocationInDecimal": False,
        "encrypted": False,
        "externalId": one.external_id,
        "extraTypeInfo": one.extra_type_info,
        "filterable": one.filterable,
        "filteredLookupInfo": None,
        "formulaTreatNullNumberAsZero": False,
        "groupable": one.groupable,
        "highScaleNumber": False,
        "htmlFormatted": False,
        "idLookup": one.id_lookup,
        "inlineHelpText": None,
        "label": one.label,
        "length": one.length,
        "mask": None,
        "maskType": None,
        "name": one.name,
        "nameField": one.name_field,
        "namePointing": one.polymorphic,
        "nillable": one.nillable,
        "permissionable": one.permissionable,
        "picklistValues": [_picklist_value(value) for value in one.picklist],
        "polymorphicForeignKey": one.polymorphic,
        "precision": one.precision,
        "queryByDistance": one.type == "address",
        "referenceTargetField": None,
        "referenceTo": list(one.reference_to),
        "relationshipName": one.relationship,
        "relationshipOrder": None,
        "restrictedDelete": False,
        "restrictedPicklist": one.restricted,
        "scale": one.scale,
        "searchPrefilterable": one.search_prefilterable,
        "soapType": _soap_type(one),
        "sortable": one.sortable,
        "type": one.type,
        "unique": one.unique,
        "updateable": one.updateable,
        "writeRequiresMasterRead": False,
    }
    return dict(sorted((described | dict(one.more)).items())) if one.more else described


def _byte_length(one: Field) -> int:
    if one.byte_length is not None:
        return one.byte_length
    return one.length * _BYTES_PER_CHARACTER if one.type in TEXT else one.length


def _soap_type(one: Field) -> str:
    if one.type in ID_TYPES:
        return "tns:ID"
    if one.type in NUMERIC:
        return "xsd:double"
    return _SOAP_TYPES.get(one.type, "xsd:string")


def _picklist_value(value: PicklistValue) -> dict[str, Any]:
    return {
        "active": value.active,
        "defaultValue": value.default,
        "label": value.label or value.value,
        "validFor": value.valid_for,
        "value": value.value,
    }


def _children(schema: Schema, one: SObject) -> list[Mapping[str, Any]]:
    """Who refers to the object: what exists here, and what an imported object has in its own org.

    Of two imported objects, the describe of the parent knows better than the reference of the child.
    """
    known = [child for child in one.known_children or () if not schema.is_off(child["childSObject"])]
    there = {(child["childSObject"], child["field"]) for child in known}
    imported = one.known_children is not None
    here = [
        _child(child)
        for child in schema.children(one.name)
        if (child.child, child.field) not in there
        and child.field != _NO_CHILDREN_BY
        and not (imported and schema.objects[child.child].known_children is not None)
    ]
    return sorted([*known, *here], key=lambda child: (child["childSObject"], child["field"]))


def _child(one: ChildRelationship) -> dict[str, Any]:
    return {
        "cascadeDelete": one.cascade_delete,
        "childSObject": one.child,
        "deprecatedAndHidden": False,
        "field": one.field,
        "junctionIdListNames": [],
        "junctionReferenceTo": [],
        "relationshipName": one.name,
        "restrictedDelete": one.restricted_delete,
    }


def _record_types(one: SObject, version: str) -> list[dict[str, Any]]:
    layouts = f"/services/data/v{version}/sobjects/{one.name}/describe/layouts"
    known = (_MASTER_RECORD_TYPE,) if one.record_types is None else one.record_types
    return [{**info, "urls": {"layout": f"{layouts}/{info['recordTypeId']}"}} for info in known]
