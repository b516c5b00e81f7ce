"""What an org consists of: objects, fields, the references between them, and what is hidden from the API user."""

from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from types import MappingProxyType

LONG_TEXT = 256  # text areas of 255 characters and less behave like strings [facts: api 3.2]
NUMERIC = frozenset({"double", "currency", "percent"})
TEXT = frozenset({"string", "textarea", "picklist", "phone", "url", "email"})
ID_TYPES = frozenset({"id", "reference"})
_NOT_GROUPABLE = NUMERIC | {"datetime", "address"}

SYSTEM_SCOPES = (("everything", "All"),)


@dataclass(frozen=True, slots=True)
class PicklistValue:
    """One value of a picklist; `label` is shown to people, `value` is what the API reads and writes."""

    value: str
    label: str = ""
    active: bool = True
    default: bool = False


@dataclass(frozen=True)
class Field:
    """One field as describe tells it. Flags left at None follow the type, as they do on the platform."""

    name: str
    type: str
    label: str
    length: int = 0
    precision: int = 0
    scale: int = 0
    digits: int = 0
    createable: bool = True
    updateable: bool = True
    nillable: bool = True
    defaulted_on_create: bool = False
    unique: bool = False
    case_sensitive: bool = False
    external_id: bool = False
    id_lookup: bool = False
    auto_number: str | None = None
    calculated: bool = False
    restricted: bool = False
    picklist: tuple[PicklistValue, ...] = ()
    reference_to: tuple[str, ...] = ()
    relationship: str | None = None
    child_relationship: str | None = None
    cascade_delete: bool = False
    restricted_delete: bool = False
    filterable: bool | None = None
    sortable: bool | None = None
    groupable: bool | None = None
    aggregatable: bool | None = None
    permissionable: bool | None = None
    search_prefilterable: bool = False
    custom: bool = False
    name_field: bool = False
    default: str | bool | None = None
    compound: str | None = None
    extra_type_info: str | None = None
    byte_length: int | None = None

    def __post_init__(self) -> None:
        follows_type = {
            "filterable": not self.is_long_text,
            "sortable": not self.is_long_text and self.type != "address",
            "groupable": not self.is_long_text and self.type not in _NOT_GROUPABLE,
            "aggregatable": not self.is_long_text and self.type not in {"boolean", "address"},
            "permissionable": self.custom and (self.nillable or self.type == "boolean"),
        }
        for flag, value in follows_type.items():
            if getattr(self, flag) is None:
                object.__setattr__(self, flag, value)

    @property
    def is_long_text(self) -> bool:
        """Long text areas can neither be filtered, sorted nor grouped [facts: api 8.5]."""
        return self.type == "textarea" and self.length >= LONG_TEXT

    @property
    def stored(self) -> bool:
        """Compound fields have no value of their own: they show their components."""
        return self.type != "address"

    @property
    def polymorphic(self) -> bool:
        """Whether the reference may point to records of more than one object."""
        return len(self.reference_to) > 1

    @property
    def required(self) -> bool:
        """Whether a create must carry the field, as clients decide it from describe [facts: api 3.2]."""
        return self.createable and not self.nillable and not self.defaulted_on_create


@dataclass(frozen=True, slots=True)
class ChildRelationship:
    """The other end of a reference, seen from the object that is referred to; unnamed ones cannot be queried."""

    name: str | None
    child: str
    field: str
    cascade_delete: bool = False
    restricted_delete: bool = False


@dataclass(frozen=True)
class SObject:
    """One object: its names, its fields in describe order, and what may be done with it."""

    name: str
    label: str
    label_plural: str
    key_prefix: str | None
    fields: dict[str, Field]
    createable: bool = True
    updateable: bool = True
    deletable: bool = True
    undeletable: bool = True
    queryable: bool = True
    retrieveable: bool = True
    replicateable: bool = True
    searchable: bool = True
    layoutable: bool = True
    triggerable: bool = True
    mergeable: bool = False
    mru_enabled: bool = True
    feed_enabled: bool = True
    deep_cloneable: bool = False
    compact_layoutable: bool = True
    search_layoutable: bool = True
    scopes: tuple[tuple[str, str], ...] = SYSTEM_SCOPES
    custom: bool = False
    _by_lower: dict[str, Field] = dataclass_field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_lower", {name.lower(): one for name, one in self.fields.items()})

    def field(self, name: str) -> Field | None:
        """Return the field of that name in any case, hidden or not, or None."""
        return self._by_lower.get(name.lower())

    def components(self, compound: str) -> list[Field]:
        """Return the fields that a compound field (an address) is made of."""
        return [one for one in self.fields.values() if one.compound == compound and one.name != compound]

    @property
    def name_field(self) -> Field | None:
        """The field that stands for a record when people look at it, if the object has one."""
        return next((one for one in self.fields.values() if one.name_field), None)


class Schema:
    """All objects of an org. `version` rises with each change, so that what was derived can be kept until then."""

    def __init__(self, objects: list[SObject]) -> None:
        self._objects = {one.name.lower(): one for one in objects}
        self._hidden_fields: set[tuple[str, str]] = set()
        self._hidden_objects: set[str] = set()
        self._visible: dict[str, MappingProxyType[str, Field]] = {}
        self._children: dict[str, tuple[ChildRelationship, ...]] = {}
        self.version = 0

    @property
    def objects(self) -> dict[str, SObject]:
        """The objects that exist for the API, by name."""
        return {one.name: one for key, one in self._objects.items() if key not in self._hidden_objects}

    def all_objects(self) -> list[SObject]:
        """Return every object, also those switched off (their data stays, out of sight)."""
        return list(self._objects.values())

    def get(self, name: str) -> SObject | None:
        """Return the object of that name in any case; None if there is none or it is switched off."""
        key = name.lower()
        return None if key in self._hidden_objects else self._objects.get(key)

    def by_prefix(self, key_prefix: str) -> SObject | None:
        """Return the object whose ids start with these three characters."""
        return next((one for one in self.objects.values() if one.key_prefix == key_prefix), None)

    def visible_fields(self, sobject: str) -> MappingProxyType[str, Field]:
        """Return the fields the API user may see, in describe order, by lower-case name."""
        key = sobject.lower()
        if key not in self._visible:
            self._visible[key] = MappingProxyType(
                {
                    name.lower(): one
                    for name, one in self._objects[key].fields.items()
                    if (key, name.lower()) not in self._hidden_fields
                }
            )
        return self._visible[key]

    def is_hidden(self, sobject: str, name: str) -> bool:
        """Say whether field-level security hides the field from the API user [facts: api 6.5]."""
        return (sobject.lower(), name.lower()) in self._hidden_fields

    def children(self, sobject: str) -> tuple[ChildRelationship, ...]:
        """Return who refers to this object, computed from the reference fields of the visible objects."""
        key = sobject.lower()
        if key not in self._children:
            self._children[key] = tuple(
                ChildRelationship(
                    one.child_relationship, child.name, one.name, one.cascade_delete, one.restricted_delete
                )
                for child in self.objects.values()
                for one in self.visible_fields(child.name).values()
                if any(target.lower() == key for target in one.reference_to)
            )
        return self._children[key]

    def add_object(self, sobject: SObject) -> None:
        """Add a (custom) object. The database must be synchronised afterwards."""
        self._objects[sobject.name.lower()] = sobject
        self._changed()

    def add_custom_field(self, sobject: str, new: Field) -> None:
        """Add a field to an object, or replace the one of that name. The database must be synchronised afterwards."""
        known = self._objects[sobject.lower()]
        self._objects[sobject.lower()] = replace(known, fields={**known.fields, new.name: new})
        self._changed()

    def replace_field(self, sobject: str, changed: Field) -> None:
        """Change how a field is described, for instance its picklist values; its place in describe stays."""
        self.add_custom_field(sobject, changed)

    def hide_field(self, sobject: str, name: str) -> None:
        """Take the field out of the API user's sight (field-level security)."""
        self._require(sobject, name)
        self._hidden_fields.add((sobject.lower(), name.lower()))
        self._changed()

    def show_field(self, sobject: str, name: str) -> None:
        """Undo `hide_field`."""
        self._require(sobject, name)
        self._hidden_fields.discard((sobject.lower(), name.lower()))
        self._changed()

    def hide_object(self, name: str) -> None:
        """Switch an object off: for the API it does not exist any more [facts: orders 1]."""
        self._hidden_objects.add(name.lower())
        self._changed()

    def show_object(self, name: str) -> None:
        """Undo `hide_object`."""
        self._hidden_objects.discard(name.lower())
        self._changed()

    def _require(self, sobject: str, name: str) -> None:
        if self._objects[sobject.lower()].field(name) is None:
            raise KeyError(f"{sobject}.{name}")

    def _changed(self) -> None:
        self.version += 1
        self._visible.clear()
        self._children.clear()
