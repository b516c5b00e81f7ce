"""Objects of other orgs: what an org's describe answers say becomes the schema of this one.

The answers of `GET /sobjects/X/describe` are all there is to know of an object from outside. Imported, it is described
here key for key as it was there; its fields, record types and relationships work like those of the built-in objects.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from sfsync.emulator.describe import describe_field, describe_summary
from sfsync.emulator.fields import Field, PicklistValue
from sfsync.emulator.objects import standard_schema
from sfsync.emulator.schema import Schema, SObject

Described = Mapping[str, Any]

_NEWER_KEYS = frozenset({"associateEntityType", "associateParentEntity", "sobjectDescribeOption"})
_SOBJECT_FLAGS = {
    "createable": "createable",
    "updateable": "updateable",
    "deletable": "deletable",
    "undeletable": "undeletable",
    "queryable": "queryable",
    "retrieveable": "retrieveable",
    "replicateable": "replicateable",
    "searchable": "searchable",
    "layoutable": "layoutable",
    "triggerable": "triggerable",
    "mergeable": "mergeable",
    "mru_enabled": "mruEnabled",
    "feed_enabled": "feedEnabled",
    "deep_cloneable": "deepCloneable",
    "compact_layoutable": "compactLayoutable",
    "search_layoutable": "searchLayoutable",
    "custom": "custom",
}
_FIELD_KEYS = {
    "length": "length",
    "precision": "precision",
    "scale": "scale",
    "digits": "digits",
    "createable": "createable",
    "updateable": "updateable",
    "nillable": "nillable",
    "defaulted_on_create": "defaultedOnCreate",
    "unique": "unique",
    "case_sensitive": "caseSensitive",
    "external_id": "externalId",
    "id_lookup": "idLookup",
    "calculated": "calculated",
    "restricted": "restrictedPicklist",
    "relationship": "relationshipName",
    "filterable": "filterable",
    "sortable": "sortable",
    "groupable": "groupable",
    "aggregatable": "aggregatable",
    "permissionable": "permissionable",
    "search_prefilterable": "searchPrefilterable",
    "custom": "custom",
    "name_field": "nameField",
    "compound": "compoundFieldName",
    "extra_type_info": "extraTypeInfo",
    "byte_length": "byteLength",
}
_FROM_STANDARD = ("child_relationship", "cascade_delete", "restricted_delete", "auto_number")


def imported_schema(answers: Iterable[Described]) -> Schema:
    """Return the standard schema with the objects of these describe answers added or put in place of the standard ones.

    Raises:
        ValueError: if one of the answers is not the describe of an object.
    """
    schema = standard_schema()
    import_describes(schema, answers)
    return schema


def import_describes(schema: Schema, answers: Iterable[Described]) -> None:
    """Add the described objects to a schema that no org has yet.

    A standard field that the answer does not show is kept, hidden: so does field-level security [facts: api 6.5].

    Raises:
        ValueError: if one of the answers is not the describe of an object.
    """
    described = list(answers)
    for answer in described:
        sobject = sobject_from_describe(answer)
        known = schema.get(sobject.name)
        unseen = _unseen(known, sobject) if known is not None else {}
        if known is not None:
            sobject = _completed(sobject, known, unseen)
        schema.add_object(sobject)
        for name in unseen:
            schema.hide_field(sobject.name, name)
    for answer in described:
        _name_children(schema, answer)


def sobject_from_describe(answer: Described) -> SObject:
    """Return the object that a describe answer tells of.

    Raises:
        ValueError: if it is not the describe of an object.
    """
    try:
        made = [_field(one) for one in answer["fields"]]
        flags = {name: answer[key] for name, key in _SOBJECT_FLAGS.items() if key in answer}
        sobject = SObject(
            answer["name"],
            answer["label"],
            answer["labelPlural"],
            answer["keyPrefix"],
            {one.name: one for one in made},
            **flags,
            scopes=tuple((one["name"], one["label"]) for one in answer.get("supportedScopes", ())),
            links=_links(answer.get("urls", {})),
            record_types=tuple(_without(one, "urls") for one in answer.get("recordTypeInfos", ())),
            known_children=tuple(answer.get("childRelationships", ())),
            lacks=_NEWER_KEYS - frozenset(answer),
        )
    except (KeyError, TypeError) as exc:
        raise ValueError(f"this is not the describe of an object: {exc} is missing") from exc
    summary = describe_summary(sobject)
    return replace(sobject, more={key: value for key, value in answer.items() if _is_news(key, value, summary)})


_WORKED_OUT = {"fields", "childRelationships", "recordTypeInfos", "supportedScopes", "urls"}


def _is_news(key: str, value: Any, summary: Described) -> bool:
    return key not in _WORKED_OUT and (key not in summary or summary[key] != value)


def _without(one: Described, key: str) -> dict[str, Any]:
    return {name: value for name, value in one.items() if name != key}


def _links(urls: Mapping[str, str]) -> dict[str, str]:
    """The URLs with the places marked where version and host stand."""
    base, page = urls.get("sobject", ""), urls.get("uiDetailTemplate", "")
    marks = {base: "{base}", page.removesuffix("/{ID}"): "{instance}"}
    templates = {}
    for name, url in urls.items():
        text = url
        for given, mark in marks.items():
            if given and (text == given or text.startswith(f"{given}/")):
                text = mark + text.removeprefix(given)
        templates[name] = text
    return templates


def _field(one: Described) -> Field:
    given = {name: one[key] for name, key in _FIELD_KEYS.items()}
    default = one["defaultValue"]
    made = Field(
        one["name"],
        one["type"],
        one["label"],
        **given,
        auto_number="{0}" if one["autoNumber"] else None,
        picklist=tuple(_picklist_value(value) for value in one["picklistValues"]),
        reference_to=tuple(one["referenceTo"]),
        default=default if isinstance(default, str | bool) else None,
    )
    plain = describe_field(made)
    return replace(made, more={key: value for key, value in one.items() if plain.get(key, ...) != value})


def _picklist_value(one: Described) -> PicklistValue:
    return PicklistValue(one["value"], one["label"], one["active"], one["defaultValue"], one["validFor"])


def _unseen(known: SObject, sobject: SObject) -> dict[str, Field]:
    return {name: one for name, one in known.fields.items() if sobject.field(name) is None}


def _completed(sobject: SObject, known: SObject, unseen: Mapping[str, Field]) -> SObject:
    """The imported object with what describe does not tell, and the rules of the emulator need, of the standard one."""
    made = {}
    for name, one in sobject.fields.items():
        old = known.field(name)
        kept = {} if old is None else {key: getattr(old, key) for key in _FROM_STANDARD if getattr(old, key)}
        made[name] = replace(one, **kept)
    return replace(sobject, fields={**made, **unseen})


def _name_children(schema: Schema, answer: Described) -> None:
    """Give references the names, and the effects of a delete, which the describe of their target knows."""
    for child in answer.get("childRelationships", ()):
        known = schema.get(child["childSObject"])
        one = known.field(child["field"]) if known is not None else None
        if known is None or one is None or known.name == "User":
            continue
        named = replace(
            one,
            child_relationship=child["relationshipName"],
            cascade_delete=child["cascadeDelete"],
            restricted_delete=child["restrictedDelete"],
        )
        schema.replace_field(known.name, named)
