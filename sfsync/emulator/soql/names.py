"""Looks names up: objects, fields, and parents along a path, each parent becoming one join."""

from dataclasses import dataclass, field

from sfsync.emulator.schema import Field, Schema, SObject
from sfsync.emulator.soql.refusals import no_such_column, no_such_object, no_such_parent, refusal
from sfsync.emulator.soql.syntax import Path

MAX_LEVELS = 5
_TYPE = Field("Type", "string", "Type", createable=False, updateable=False)


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the FROM clause: the object itself, or a parent that a path leads to."""

    sobject: SObject
    alias: str
    steps: tuple[str, ...] = ()
    reference: Field | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A field of a table, as SQL."""

    field: Field
    table: Table
    sql: str


@dataclass
class Scope:
    """The names one query can use. Parents are joined when first named, and once."""

    schema: Schema
    text: str
    sobject: SObject
    alias: str | None = None
    prefix: str = "t"
    base: Table = field(init=False)
    tables: dict[tuple[str, ...], Table] = field(init=False)
    joins: list[str] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self.base = Table(self.sobject, f"{self.prefix}0")
        self.tables = {(): self.base}

    def column(self, path: Path) -> Column:
        """Look a path up.

        Raises:
            ApiError: INVALID_FIELD if a relationship or the field is not there or is hidden.
        """
        parts = path.parts
        table = self.base
        if len(parts) > 1 and self._is_own_name(parts[0]):
            parts = parts[1:]
        if len(parts) - 1 > MAX_LEVELS:
            raise refusal(self.text, path.pos, f"relationship path '{path.text}' exceeds {MAX_LEVELS} levels")
        for step in parts[:-1]:
            table = self._parent(table, step, path.pos)
        name = parts[-1]
        found = self.schema.visible_fields(table.sobject.name).get(name.lower())
        if found is not None:
            return Column(found, table, f'{table.alias}."{found.name}"')
        if name.lower() == "type" and table.reference is not None and table.reference.polymorphic:
            present = f"""CASE WHEN {table.alias}."Id" IS NOT NULL THEN '{table.sobject.name}' END"""
            return Column(_TYPE, table, present)
        raise no_such_column(self.text, path.pos, name, table.sobject.name)

    @property
    def source(self) -> str:
        """The FROM clause, with a join for each parent named so far."""
        return " ".join([f'"{self.sobject.name}" {self.base.alias}', *self.joins])

    def _is_own_name(self, name: str) -> bool:
        """The alias, or the object's own name unless it is also a relationship."""
        lower = name.lower()
        if self.alias is not None and lower == self.alias.lower():
            return True
        return lower == self.sobject.name.lower() and self._reference(self.sobject, name) is None

    def _reference(self, sobject: SObject, relationship: str) -> Field | None:
        lower = relationship.lower()
        fields = self.schema.visible_fields(sobject.name).values()
        return next((one for one in fields if one.relationship and one.relationship.lower() == lower), None)

    def _parent(self, table: Table, step: str, pos: int) -> Table:
        reference = self._reference(table.sobject, step)
        target = None
        if reference is not None:
            targets = (self.schema.get(name) for name in reference.reference_to)
            target = next((one for one in targets if one is not None), None)
        if reference is None or reference.relationship is None or target is None:
            raise no_such_parent(self.text, pos, step)
        steps = (*table.steps, reference.relationship)
        known = self.tables.get(steps)
        if known is None:
            known = Table(target, f"{self.prefix}{len(self.tables)}", steps, reference)
            self.tables[steps] = known
            key = f'{known.alias}."Id" = {table.alias}."{reference.name}"'
            self.joins.append(f'LEFT JOIN "{target.name}" {known.alias} ON {key}')
        return known


def find_object(schema: Schema, text: str, path: Path) -> SObject:
    """Return the object a query is on.

    Raises:
        ApiError: INVALID_TYPE if there is none of that name.
    """
    found = schema.get(path.text)
    if found is None or not found.queryable:
        raise no_such_object(text, path.pos, path.text)
    return found
