"""Describe answers, with every key of a recorded org's [facts: api 3.2, A.2]."""

from typing import Any

from sfsync.emulator.errors import not_found
from sfsync.emulator.schema import ID_TYPES, NUMERIC, TEXT, ChildRelationship, Field, PicklistValue, Schema, SObject

_SOAP_TYPES = {
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    "address": "urn:address",
}
_BYTES_PER_CHARACTER = 3
_MASTER_RECORD_TYPE = "012000000000000AAA"


def describe_global(schema: Schema, *, version: str = "66.0") -> dict[str, Any]:
    """Return the answer of `GET /sobjects`."""
    listed = [_summary(one, version) for one in sorted(schema.objects.values(), key=lambda one: one.name)]
    return {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": listed}


def describe_basic(schema: Schema, sobject: str, *, version: str = "66.0") -> dict[str, Any]:
    """Return the answer of `GET /sobjects/X`.

    Raises:
        ApiError: NOT_FOUND if there is no such object.
    """
    return {"objectDescribe": _summary(_known(schema, sobject), version), "recentItems": []}


def describe(
    schema: Schema, sobject: str, *, version: str = "66.0", instance_url: str = "https://org.example"
) -> dict[str, Any]:
    """Return the answer of `GET /sobjects/X/describe`; fields hidden from the API user are left out.

    Raises:
        ApiError: NOT_FOUND if there is no such object.
    """
    one = _known(schema, sobject)
    summary = _summary(one, version)
    base = f"/services/data/v{version}/sobjects/{one.name}"
    summary["urls"] |= {
        "uiDetailTemplate": f"{instance_url}/{{ID}}",
        "uiEditTemplate": f"{instance_url}/{{ID}}/e",
        "uiNewRecord": f"{instance_url}/{one.key_prefix}/e",
        "defaultValues": f"{base}/defaultValues?recordTypeId&fields",
    }
    details = summary | {
        "actionOverrides": [],
        "childRelationships": [_child(child) for child in schema.children(one.name)],
        "compactLayoutable": one.compact_layoutable,
        "defaultImplementation": None,
        "extendedBy": None,
        "extendsInterfaces": None,
        "fields": [_field(field) for field in schema.visible_fields(one.name).values()],
        "implementedBy": None,
        "implementsInterfaces": None,
        "listviewable": None,
        "lookupLayoutable": None,
        "namedLayoutInfos": [],
        "networkScopeFieldName": None,
        "recordTypeInfos": [_master_record_type(base)],
        "searchLayoutable": one.search_layoutable,
        "sobjectDescribeOption": "FULL",
        "supportedScopes": [{"label": label, "name": name} for name, label in one.scopes],
    }
    return dict(sorted(details.items()))


def _known(schema: Schema, name: str) -> SObject:
    known = schema.get(name)
    if known is None:
        raise not_found()
    return known


def _summary(one: SObject, version: str) -> dict[str, Any]:
    base = f"/services/data/v{version}/sobjects/{one.name}"
    urls = {
        "compactLayouts": f"{base}/describe/compactLayouts",
        "rowTemplate": f"{base}/{{ID}}",
        "approvalLayouts": f"{base}/describe/approvalLayouts",
        "listviews": f"{base}/listviews",
        "describe": f"{base}/describe",
        "quickActions": f"{base}/quickActions",
        "layouts": f"{base}/describe/layouts",
        "sobject": base,
    }
    return {
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
        "urls": urls,
    }


def _field(one: Field) -> dict[str, Any]:
    return {
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
        "validFor": None,
        "value": value.value,
    }


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


def _master_record_type(base: str) -> dict[str, Any]:
    return {
        "active": True,
        "available": True,
        "defaultRecordTypeMapping": True,
        "developerName": "Master",
        "master": True,
        "name": "Master",
        "recordTypeId": _MASTER_RECORD_TYPE,
        "urls": {"layout": f"{base}/describe/layouts/{_MASTER_RECORD_TYPE}"},
    }
