"""What an org consists of: objects, fields, the references between them, and what is hidden from the API user."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from types import MappingProxyType
from typing import Any, Literal

from sfsync.emulator.fields import Field

SYSTEM_SCOPES = (("everything", "All"),)

Right = Literal["create", "edit", "delete"]
Grants = Callable[[str], Mapping[str, bool]]
"""Of an object: the fields the API user was granted, in lower case, and whether it may edit them."""


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
    """One object: its names, its fields in describe order, and what may be done with it.

    `links` maps the names of its URLs to templates (None: those of its kind), `record_types` are those beside which
    nothing else exists (None: the master alone). What is below them is for objects that were imported from another
    org's describe: its children there, describe keys of their own, and describe keys it lacks.
    """

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
    links: Mapping[str, str] | None = None
    record_types: tuple[Mapping[str, Any], ...] | None = None
    known_children: tuple[Mapping[str, Any], ...] | None = None
    more: Mapping[str, Any] = dataclass_field(default_factory=dict)
    lacks: frozenset[str] = frozenset()
    _by_lower: dict[str, Field] = dataclass_field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_lower", {name.lower(): one for name, one in self.fields.items()})

    def field(self, name: str) -> Field | None:
        """Return the field of that name in any case, hidden or not, or None."""
        return self._by_lower.get(name.lower())

    def components(self, compound: str) -> list[Field]:
        """Return the fields that a compound field (an address) is made of."""
        return [one for one in self.fields.values() if one.compound == compound and one.name != compound]

    def governing(self, one: Field) -> Field | None:
        """Return the field whose grant decides who sees this one: itself, or the address it is part of.

        None if everybody sees it [facts: api 10].
        """
        whole = self.fields.get(one.compound or "")
        if whole is not None and not whole.stored and whole.permissionable:
            return whole
        return one if one.permissionable else None

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
        self._hidden_records: dict[str, frozenset[str]] = {}
        self._sharing = 0
        self._withheld: set[tuple[str, Right]] = set()
        self._visible: dict[str, MappingProxyType[str, Field]] = {}
        self._children: dict[str, tuple[ChildRelationship, ...]] | None = None
        self.grants: Grants | None = None
        self.all_seeing: frozenset[str] = frozenset()
        self.rights_version = 0
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

    def is_off(self, name: str) -> bool:
        """Say whether the object is there, but switched off."""
        return name.lower() in self._hidden_objects

    def by_prefix(self, key_prefix: str) -> SObject | None:
        """Return the object whose ids start with these three characters."""
        return next((one for one in self.objects.values() if one.key_prefix == key_prefix), None)

    def visible_fields(self, sobject: str) -> MappingProxyType[str, Field]:
        """Return the fields the API user may see, in describe order, by lower-case name.

        Fields it may not edit come as neither createable nor updateable.
        """
        key = sobject.lower()
        if key not in self._visible:
            known = self._objects[key]
            granted = None if self.grants is None else self.grants(known.name)
            shown = ((name.lower(), self._as_granted(known, one, granted)) for name, one in known.fields.items())
            self._visible[key] = MappingProxyType({name: one for name, one in shown if one is not None})
        return self._visible[key]

    def _as_granted(self, sobject: SObject, one: Field, granted: Mapping[str, bool] | None) -> Field | None:
        if (sobject.name.lower(), one.name.lower()) in self._hidden_fields:
            return None
        governing = None if granted is None else sobject.governing(one)
        if governing is None or granted is None:
            return one
        editable = granted.get(governing.name.lower())
        if editable is None:
            return None
        read_only = not editable and (one.createable or one.updateable)
        return replace(one, createable=False, updateable=False) if read_only else one

    def rights_changed(self) -> None:
        """Forget what was worked out from the grants: they are others now, or again those of before."""
        self.rights_version += 1
        self._changed()

    def children(self, sobject: str) -> tuple[ChildRelationship, ...]:
        """Return who refers to this object, computed from the reference fields of the visible objects."""
        if self._children is None:
            found: dict[str, list[ChildRelationship]] = {}
            for child in self.objects.values():
                for one in self.visible_fields(child.name).values():
                    relationship = ChildRelationship(
                        one.child_relationship, child.name, one.name, one.cascade_delete, one.restricted_delete
                    )
                    for target in dict.fromkeys(name.lower() for name in one.reference_to):
                        found.setdefault(target, []).append(relationship)
            self._children = {target: tuple(each) for target, each in found.items()}
        return self._children.get(sobject.lower(), ())

    def add_object(self, sobject: SObject) -> None:
        """Add a (custom) object. The database must be synchronised afterwards."""
        self._objects[sobject.name.lower()] = sobject
        self._changed()

    def remove_object(self, name: str) -> None:
        """Take a custom object away for good."""
        del self._objects[name.lower()]
        self._changed()

    def add_custom_field(self, sobject: str, new: Field) -> None:
        """Add a field to an object, or replace the one of that name. The database must be synchronised afterwards."""
        known = self._objects[sobject.lower()]
        self._objects[sobject.lower()] = replace(known, fields={**known.fields, new.name: new})
        self._changed()

    def replace_field(self, sobject: str, changed: Field) -> None:
        """Change how a field is described, for instance its picklist values; its place in describe stays."""
        self.add_custom_field(sobject, changed)

    def remove_field(self, sobject: str, name: str) -> None:
        """Take a custom field away for good; the database keeps its column."""
        known = self._objects[sobject.lower()]
        left = {key: one for key, one in known.fields.items() if key.lower() != name.lower()}
        self._objects[sobject.lower()] = replace(known, fields=left)
        self._changed()

    def hide_field(self, sobject: str, name: str) -> None:
        """Take the field out of the API user's sight, whatever its grants say (field-level security)."""
        self._require(sobject, name)
        self._hidden_fields.add((sobject.lower(), name.lower()))
        self._changed()

    def show_field(self, sobject: str, name: str) -> None:
        """Undo `hide_field`; the field is seen again if it is granted."""
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

    def withhold(self, sobject: str, right: Right, *, on: bool = True) -> None:
        """Take from the API user the right to create, edit or delete records of an object, or give it back."""
        (self._withheld.add if on else self._withheld.discard)((sobject.lower(), right))
        self._changed()

    def may(self, sobject: str, right: Right) -> bool:
        """Whether the API user has that right on the object; whether anybody can have it is for the object to say."""
        return (sobject.lower(), right) not in self._withheld

    def as_seen(self, one: SObject) -> SObject:
        """Return the object with the rights that the API user has on it."""
        if not self._withheld:
            return one
        return replace(
            one,
            createable=one.createable and self.may(one.name, "create"),
            updateable=one.updateable and self.may(one.name, "edit"),
            deletable=one.deletable and self.may(one.name, "delete"),
        )

    def hide_records(self, sobject: str, ids: Iterable[str], *, on: bool = True) -> None:
        """Take records out of the sight of all users but `all_seeing`, as sharing does, or show them again."""
        known = self._hidden_records.get(sobject.lower(), frozenset())
        self._hidden_records[sobject.lower()] = known | set(ids) if on else known - set(ids)
        self._sharing += 1

    def hidden_records(self, sobject: str) -> frozenset[str]:
        """Return the ids of the records that sharing hides [facts: api 6.3, 6.4]."""
        return self._hidden_records.get(sobject.lower(), frozenset())

    def limits(self, user_id: str | None) -> int:
        """0 if sharing hides nothing from this user, else a number that rises when it hides other records."""
        return 0 if user_id in self.all_seeing else self._sharing

    def _require(self, sobject: str, name: str) -> None:
        if self._objects[sobject.lower()].field(name) is None:
            raise KeyError(f"{sobject}.{name}")

    def _changed(self) -> None:
        self.version += 1
        self._visible.clear()
        self._children = None
