"""The objects of the Tooling API: what the org's schema looks like as records [facts: api 10]."""

from dataclasses import replace

from sfsync.emulator.objects.build import SET_UP, sobject
from sfsync.emulator.schema import Schema

_TIMES = """
CreatedDate | datetime | D | Created Date
CreatedById | string 18 | D | Created By ID
LastModifiedDate | datetime | D | Last Modified Date
LastModifiedById | string 18 | D | Last Modified By ID
"""

_CUSTOM_FIELD = f"""
TableEnumOrId | string 40 | C | Entity Enumeration Or ID
DeveloperName | string 40 | CF | Developer Name
NamespacePrefix | string 15 | N | Namespace Prefix
FullName | string 255 | CNfsga | Full Name
Metadata | textarea 32000 | CUNfsga | Metadata
EntityDefinitionId | string 40 | N | Entity Definition ID | to=EntityDefinition rel=EntityDefinition
ManageableState | string 40 | N | Manageable State
Description | textarea 1000 | N | Description
InlineHelpText | string 510 | N | Inline Help Text
Length | int 9 | N | Length
Precision | int 9 | N | Precision
Scale | int 9 | N | Scale
RelationshipLabel | string 80 | N | Relationship Label
{_TIMES}
"""

_CUSTOM_OBJECT = f"""
DeveloperName | string 40 | F | Developer Name
NamespacePrefix | string 15 | N | Namespace Prefix
Description | textarea 1000 | N | Description
Language | string 40 | N | Language
ManageableState | string 40 | N | Manageable State
SharingModel | string 40 | N | Sharing Model
{_TIMES}
"""

_ENTITY = """
DurableId | string 40 | | Durable ID
QualifiedApiName | string 70 | F | Qualified API Name
DeveloperName | string 40 | | Developer Name
NamespacePrefix | string 15 | N | Namespace Prefix
MasterLabel | string 80 | | Master Label
Label | string 80 | | Label
PluralLabel | string 80 | N | Plural Label
KeyPrefix | string 3 | N | Key Prefix
IsCustomizable | boolean | | Is Customizable
IsCustomSetting | boolean | | Is Custom Setting
IsQueryable | boolean | | Is Queryable
IsRetrieveable | boolean | | Is Retrieveable
IsSearchable | boolean | | Is Searchable
IsTriggerable | boolean | | Is Triggerable
IsLayoutable | boolean | | Is Layoutable
IsReplicateable | boolean | | Is Replicateable
IsEverCreatable | boolean | | Is Ever Creatable
IsEverUpdatable | boolean | | Is Ever Updatable
IsEverDeletable | boolean | | Is Ever Deletable
"""

_FIELD_DEFINITION = """
DurableId | string 81 | | Durable ID
QualifiedApiName | string 70 | F | Qualified API Name
EntityDefinitionId | string 40 | | Entity Definition ID | to=EntityDefinition rel=EntityDefinition
DeveloperName | string 40 | | Developer Name
NamespacePrefix | string 15 | N | Namespace Prefix
MasterLabel | string 80 | | Master Label
Label | string 80 | | Label
DataType | string 255 | | Data Type
Length | int 9 | N | Length
Precision | int 9 | N | Precision
Scale | int 9 | N | Scale
IsNillable | boolean | | Is Nillable
IsIndexed | boolean | | Is Indexed
IsCalculated | boolean | | Is Calculated
IsNameField | boolean | | Is Name Field
IsApiFilterable | boolean | | Is API Filterable
IsApiSortable | boolean | | Is API Sortable
IsApiGroupable | boolean | | Is API Groupable
RelationshipName | string 80 | N | Relationship Name
"""

_WRITEABLE = SET_UP | {"createable": True, "updateable": True, "deletable": True}


def tooling_schema() -> Schema:
    """Return the schema of the Tooling API."""
    schema = Schema(
        [
            sobject("CustomField", "00N", _CUSTOM_FIELD, label="Custom Field", **_WRITEABLE),
            sobject("CustomObject", "01I", _CUSTOM_OBJECT, label="Custom Object", **SET_UP),
            sobject("EntityDefinition", "4ie", _ENTITY, label="Entity Definition", **SET_UP),
            sobject("FieldDefinition", "4fe", _FIELD_DEFINITION, label="Field Definition", **SET_UP),
        ]
    )
    for one in schema.all_objects():
        refers = one.field("EntityDefinitionId")
        if refers is not None:
            schema.replace_field(one.name, replace(refers, more={"referenceTargetField": "DurableId"}))
    return schema
