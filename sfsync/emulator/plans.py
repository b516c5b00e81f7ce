"""The write plan of an object: its field names resolved once, so that a row costs no describe work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfsync.emulator.errors import ApiError
from sfsync.emulator.values import coerce

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sfsync.emulator.fields import Field
    from sfsync.emulator.schema import Schema, SObject
    from sfsync.emulator.world import Row

_BY_RULE = {"PricebookEntryId"}  # whether it is needed depends on the order [facts: orders 5.2]
_STAMPS = {"Id", "IsDeleted", "CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById", "SystemModstamp"}


@dataclass(frozen=True)
class WritePlan:
    """How rows of one object are read from what a client sends; hidden fields do not exist in it."""

    sobject: SObject
    names: dict[str, Field]
    hidden: frozenset[str]
    relations: dict[str, Field]
    required: tuple[Field, ...]
    uniques: tuple[Field, ...]
    autos: tuple[Field, ...]
    defaults: Row
    blank: Row
    references: frozenset[str]
    has_is_deleted: bool
    unstamped: tuple[str, ...] = ()

    def read(self, given: Mapping[str, Any], *, creating: bool, round_decimals: bool) -> tuple[Row, Row]:
        """Return the coerced values, and the parents named by external id (relationship field -> key object).

        Checks run in this order: unknown fields, fields not writeable, required ones, values [facts: orders 4.10].

        Raises:
            ApiError: for the first check that fails.
        """
        values: list[tuple[Field, Any]] = []
        parents: Row = {}
        refused: list[str] = []
        for name, value in given.items():
            key = name.lower()
            field = self.names.get(key)
            if field is None:
                if key == "attributes":
                    continue
                relation = self.relations.get(key)
                if relation is not None and isinstance(value, dict):
                    parents[relation.name] = value
                    continue
                if key in self.hidden:
                    refused.append(name)
                    continue
                message = f"No such column '{name}' on sobject of type {self.sobject.name}"
                raise ApiError(400, "INVALID_FIELD", message)
            if not (field.createable if creating else field.updateable):
                refused.append(field.name)
            values.append((field, value))
        if refused:
            raise _not_writeable(refused)
        self._check_required(values, parents, creating=creating)
        row = {field.name: coerce(field, value, round_decimals=round_decimals) for field, value in values}
        return row, parents

    def _check_required(self, values: list[tuple[Field, Any]], parents: Row, *, creating: bool) -> None:
        if creating:
            sent = {field.name for field, value in values if not _is_empty(value)} | set(parents)
            missing = [field.name for field in self.required if field.name not in sent]
        else:
            never_null = [(field, value) for field, value in values if not field.nillable and field.type != "boolean"]
            missing = [field.name for field, value in never_null if _is_empty(value)]
        if missing:
            message = f"Required fields are missing: [{', '.join(missing)}]"
            raise ApiError(400, "REQUIRED_FIELD_MISSING", message, missing)


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _not_writeable(names: list[str]) -> ApiError:
    message = (
        f"Unable to create/update fields: {', '.join(names)}. Please check the security settings of this field and "
        "verify that it is read/write for your profile or permission set."
    )
    return ApiError(400, "INVALID_FIELD_FOR_INSERT_UPDATE", message, names)


def build_plan(schema: Schema, sobject: SObject, *, see_all: bool) -> WritePlan:
    """Work out the plan of an object; see_all ignores field-level security."""
    everything = {name.lower(): field for name, field in sobject.fields.items()}
    visible = everything if see_all else dict(schema.visible_fields(sobject.name))
    fields = [field for field in visible.values() if field.stored]
    everywhere = list(sobject.fields.values())
    return WritePlan(
        sobject=sobject,
        names={field.name.lower(): field for field in visible.values()},
        hidden=frozenset(everything) - frozenset(visible),
        relations={field.relationship.lower(): field for field in fields if field.relationship},
        required=tuple(
            field for field in fields if field.required and field.type != "boolean" and field.name not in _BY_RULE
        ),
        uniques=tuple(field for field in everywhere if field.unique and field.stored and field.name not in _STAMPS),
        autos=tuple(field for field in everywhere if field.auto_number),
        defaults={
            field.name: (bool(field.default) if field.type == "boolean" else field.default)
            for field in everywhere
            if field.stored and field.name not in _STAMPS and (field.type == "boolean" or field.default is not None)
        },
        blank={field.name: False if field.type == "boolean" else None for field in everywhere if field.stored},
        references=frozenset(field.name for field in everywhere if field.type == "reference"),
        has_is_deleted=sobject.field("IsDeleted") is not None,
        unstamped=tuple(sorted(_STAMPS - {"IsDeleted"} - sobject.fields.keys())),
    )
