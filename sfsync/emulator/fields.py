"""The fields of objects: what describe says of them, and what follows from their type."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any

LONG_TEXT = 256  # text areas of 255 characters and less behave like strings [facts: api 3.2]
NUMERIC = frozenset({"double", "currency", "percent"})
TEXT = frozenset({"string", "textarea", "picklist", "phone", "url", "email"})
ID_TYPES = frozenset({"id", "reference"})
_NOT_GROUPABLE = NUMERIC | {"datetime", "address"}


@dataclass(frozen=True, slots=True)
class PicklistValue:
    """One value of a picklist; `label` is shown to people, `value` is what the API reads and writes."""

    value: str
    label: str = ""
    active: bool = True
    default: bool = False
    valid_for: str | None = None


@dataclass(frozen=True)
class Field:
    """One field as describe tells it. Flags left at None follow the type, as they do on the platform.

    `more` has the describe keys that neither type nor flags give (help texts, formulas, masks).
    """

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
    more: Mapping[str, Any] = dataclass_field(default_factory=dict, compare=False)

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
