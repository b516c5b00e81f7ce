"""Looks names up: objects, fields, and parents along a path, each parent becoming one join."""

from dataclasses import dataclass, field

from sfsync.emulator.fields import TEXT, Field
from sfsync.emulator.schema import Schema, SObject
from sfsync.emulator.soql.refusals import malformed, no_such_column, no_such_object, no_such_parent, refusal
from sfsync.emulator.soql.syntax import Path, Query

MAX_LEVELS = 5
MAX_PARENTS = 55
_TYPE = Field("Type", "string", "Type", createable=False, updateable=False)


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the FROM clause: the object itself, or a parent that a path leads to.

    A parent that may be of several objects has one table for each, the first of them standing for all in `others`.
    """

    sobject: SObject
    alias: str
    steps: tuple[str, ...] = ()
    reference: Field | None = None
    others: tuple["Table", ...] = ()

    @property
    def variants(self) -> tuple["Table", ...]:
        """The tables of all objects the parent may be of."""
        return (self, *self.others)

    @property
    def id_sql(self) -> str:
        """The SQL of the record's id."""
        return _first_of([f'{one.alias}."Id"' for one in self.variants])

    @property
    def type_sql(self) -> str:
        """The SQL of the name of the record's object; null without a record."""
        cases = (f"""WHEN {one.alias}."Id" IS NOT NULL THEN '{one.sobject.name}'""" for one in self.variants)
        return f"CASE {' '.join(cases)} END"


@dataclass(frozen=True, slots=True)
class Column:
    """A field of a table, as SQL; `computed` if it is what a date function makes of one."""

    field: Field
    table: Table
    sql: str
    computed: bool = False


@dataclass
class Scope:
    """The names one query can use. Parents are joined when first named, and once."""

    schema: Schema
    text: str
    sobject: SObject
    query: Query | None = None
    prefix: str = "t"
    base: Table = field(init=False)
    tables: dict[tuple[str, ...], Table] = field(init=False)
    joins: list[str] = field(init=False, default_factory=list)
    _aliases: dict[str, list[str]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.base = Table(self.sobject, f"{self.prefix}0")
        self.tables = {(): self.base}
        if self.query is not None:
            if self.query.alias is not None:
                self._aliases[self.query.alias.text.lower()] = []
            for path, alias in self.query.related:
                self._relate(path, alias)

    def column(self, path: Path) -> Column:
        """Look a path up.

        Raises:
            ApiError: INVALID_FIELD if a relationship or the field is not there or is hidden.
        """
        *steps, name = self._resolved(path)
        return self._field(self.parent(steps, path), name, path)

    def column_from(self, table: Table, path: Path) -> Column:
        """Look a path up that starts at a parent.

        Raises:
            ApiError: as `column`.
        """
        *steps, name = path.parts
        for step in steps:
            table = self._parent(table, step, path.pos)
        return self._field(table, name, path)

    def _field(self, table: Table, name: str, path: Path) -> Column:
        # Of whatever kind the parent is, Type is the name of its object, unless TYPEOF has asked for one kind.
        several = table.reference is not None and table.reference.polymorphic and not table.steps[-1].startswith(":")
        if several and name.lower() == "type":
            return Column(_TYPE, table, f"{table.type_sql} COLLATE NOCASE")
        found = [(one, self.schema.visible_fields(one.sobject.name).get(name.lower())) for one in table.variants]
        columns = [(one, known) for one, known in found if known is not None]
        if columns:
            sql = _first_of([f'{one.alias}."{known.name}"' for one, known in columns])
            if len(columns) > 1 and columns[0][1].type in TEXT:
                sql += " COLLATE NOCASE"  # a column has it of its own, what COALESCE makes of several has not
            return Column(columns[0][1], table if table.others else columns[0][0], sql)
        raise no_such_column(self.text, path.pos, name, table.sobject.name)

    def parent(self, steps: list[str], path: Path) -> Table:
        """Return the table a path of relationships leads to.

        Raises:
            ApiError: INVALID_FIELD if one of them is not there, or they are too many.
        """
        if len(steps) > MAX_LEVELS:
            raise refusal(self.text, path.pos, f"relationship path '{path.text}' exceeds {MAX_LEVELS} levels")
        table = self.base
        for step in steps:
            table = self._parent(table, step, path.pos)
        return table

    def relationship(self, path: Path) -> Table:
        """Return the table of a path that ends in a relationship."""
        return self.parent(self._resolved(path), path)

    @property
    def source(self) -> str:
        """The FROM clause, with a join for each parent named so far."""
        return " ".join([f'"{self.sobject.name}" {self.base.alias}', *self.joins])

    def _relate(self, path: Path, alias: Path | None) -> None:
        """Take in a further name of FROM, a parent: `FROM Contact c, c.Account a` [facts: api 8.1]."""
        steps = self._resolved(path)
        self.parent(steps, path)
        if not steps:
            raise refusal(self.text, path.pos, f"unexpected token: '{path.text}'")
        self._aliases[(alias.text if alias else steps[-1]).lower()] = steps

    def _resolved(self, path: Path) -> list[str]:
        """Return the parts of a path from this query's object on: without its alias or its own name."""
        first, *rest = path.parts
        known = self._aliases.get(first.lower())
        if known is not None and (rest or known):
            return [*known, *rest]
        own = rest and first.lower() == self.sobject.name.lower() and self._reference(self.sobject, first) is None
        return rest if own else path.parts

    def _reference(self, sobject: SObject, relationship: str) -> Field | None:
        lower = relationship.lower()
        fields = self.schema.visible_fields(sobject.name).values()
        return next((one for one in fields if one.relationship and one.relationship.lower() == lower), None)

    def _parent(self, table: Table, step: str, pos: int) -> Table:
        for variant in table.variants:
            reference = self._reference(variant.sobject, step)
            targets = [self.schema.get(name) for name in reference.reference_to] if reference else []
            found = [one for one in targets if one is not None]
            if reference is not None and found:
                return self._joined(variant, reference, found, (*table.steps, str(reference.relationship)))
        raise no_such_parent(self.text, pos, step)

    def _joined(self, table: Table, reference: Field, targets: list[SObject], steps: tuple[str, ...]) -> Table:
        known = self.tables.get(steps)
        if known is None:
            if len(self.tables) > MAX_PARENTS:
                raise malformed(f"Maximum {MAX_PARENTS} child-to-parent relationships are allowed in one query")
            # A user stands first: what is asked of an owner without saying of which kind is mostly a user's.
            targets = sorted(targets, key=lambda one: one.name != "User")
            made = []
            for number, target in enumerate(targets):
                alias = f"{self.prefix}{len(self.tables)}" + (f"x{number}" if number else "")
                made.append(Table(target, alias, steps, reference))
                target_field = reference.more.get("referenceTargetField") or "Id"
                key = f'{alias}."{target_field}" = {table.alias}."{reference.name}"'
                self.joins.append(f'LEFT JOIN "{target.name}" {alias} ON {key}')
            known = Table(made[0].sobject, made[0].alias, steps, reference, tuple(made[1:]))
            self.tables[steps] = known
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


def _first_of(columns: list[str]) -> str:
    return columns[0] if len(columns) == 1 else f"COALESCE({', '.join(columns)})"
