"""The schema as rows for queries of the Tooling API, made afresh when it has changed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sfsync.emulator.customising.definitions import Definition, all_definitions
from sfsync.emulator.customising.metadata import field_metadata, type_name
from sfsync.emulator.database import Database
from sfsync.emulator.ids import IdFactory
from sfsync.emulator.objects.tooling import tooling_schema

if TYPE_CHECKING:
    from sfsync.emulator.fields import Field
    from sfsync.emulator.org import Org
    from sfsync.emulator.schema import Schema, SObject
    from sfsync.emulator.world import Row

_KEY = "tooling tables"


def tooling_tables(org: Org) -> tuple[Schema, Database]:
    """Return the objects of the Tooling API and their rows, as the org is now."""
    all_definitions(org)  # before the version is looked at: it may write ids down
    version, tables = org.derived.get(_KEY, (-1, None))
    if tables is not None and version == org.schema.version:
        found: tuple[Schema, Database] = tables
        return found
    schema = tooling_schema()
    db = Database(schema)
    with db.savepoint():
        _fill(org, db)
    if tables is not None:
        tables[1].close()
    org.derived[_KEY] = (org.schema.version, (schema, db))
    return schema, db


def _fill(org: Org, db: Database) -> None:
    known = all_definitions(org)
    durable = {
        one.name: known[one.name.lower()].id[:15] if one.custom else one.name for one in org.schema.all_objects()
    }
    ids = IdFactory()
    for sobject in org.schema.objects.values():
        own = durable[sobject.name]
        db.insert_row("EntityDefinition", {"Id": ids.next("4ie"), **_entity(sobject, own)})
        if sobject.custom:
            db.insert_row("CustomObject", _custom_object(sobject, known[sobject.name.lower()]))
        for field in org.schema.visible_fields(sobject.name).values():
            definition = known.get(f"{sobject.name}.{field.name}".lower())
            suffix = definition.id[:15] if definition else field.name
            row = _field_definition(field, own, f"{own}.{suffix}")
            db.insert_row("FieldDefinition", {"Id": ids.next("4fe"), **row})
        for field in sobject.fields.values():
            if field.custom:
                definition = known[f"{sobject.name}.{field.name}".lower()]
                db.insert_row("CustomField", _custom_field(sobject, field, own, definition))


def _times(one: Definition) -> Row:
    times: Row = {"CreatedDate": one.created, "LastModifiedDate": one.modified}
    return times | {"CreatedById": one.user_id, "LastModifiedById": one.user_id}


def _custom_field(sobject: SObject, field: Field, entity: str, one: Definition) -> Row:
    metadata = field_metadata(field, one.metadata)
    row: Row = {"Id": one.id, "TableEnumOrId": entity, "EntityDefinitionId": entity}
    row |= {"DeveloperName": field.name.removesuffix("__c"), "FullName": f"{sobject.name}.{field.name}"}
    row |= {"Metadata": json.dumps(metadata), "ManageableState": "unmanaged"}
    row |= {"Description": metadata["description"], "InlineHelpText": metadata["inlineHelpText"]}
    row |= {"Length": metadata["length"], "Precision": metadata["precision"], "Scale": metadata["scale"]}
    return row | {"RelationshipLabel": metadata["relationshipLabel"]} | _times(one)


def _custom_object(sobject: SObject, one: Definition) -> Row:
    metadata: dict[str, Any] = one.metadata or {}
    row: Row = {"Id": one.id, "DeveloperName": sobject.name.removesuffix("__c"), "Language": "en_US"}
    row |= {"Description": metadata.get("description"), "ManageableState": "unmanaged"}
    return row | {"SharingModel": metadata.get("sharingModel", "ReadWrite")} | _times(one)


def _entity(one: SObject, durable: str) -> Row:
    row: Row = {"DurableId": durable, "QualifiedApiName": one.name, "KeyPrefix": one.key_prefix}
    row |= {"DeveloperName": one.name.removesuffix("__c"), "PluralLabel": one.label_plural}
    row |= {"MasterLabel": one.label, "Label": one.label, "IsCustomizable": one.layoutable}
    row |= {"IsQueryable": one.queryable, "IsRetrieveable": one.retrieveable, "IsSearchable": one.searchable}
    row |= {"IsTriggerable": one.triggerable, "IsLayoutable": one.layoutable, "IsReplicateable": one.replicateable}
    return row | {
        "IsEverCreatable": one.createable,
        "IsEverUpdatable": one.updateable,
        "IsEverDeletable": one.deletable,
    }


def _field_definition(one: Field, entity: str, durable: str) -> Row:
    row: Row = {"DurableId": durable, "QualifiedApiName": one.name, "EntityDefinitionId": entity}
    row |= {"DeveloperName": one.name.removesuffix("__c"), "MasterLabel": one.label, "Label": one.label}
    row |= {"DataType": type_name(one), "Length": one.length, "Precision": one.precision, "Scale": one.scale}
    row |= {"IsNillable": one.nillable, "IsIndexed": one.external_id or one.unique or one.type in {"id", "reference"}}
    row |= {"IsCalculated": one.calculated, "IsNameField": one.name_field, "RelationshipName": one.relationship}
    return row | {
        "IsApiFilterable": bool(one.filterable),
        "IsApiSortable": bool(one.sortable),
        "IsApiGroupable": bool(one.groupable),
    }
