"""A parsed query: what was written, and where (offsets into the text), before any name is looked up."""

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What a literal looks like; whether it fits is a matter of the field it is compared with."""

    STRING = "string"
    NUMBER = "number"
    DATE = "date"
    DATETIME = "datetime"
    CURRENCY = "currency"
    WORD = "word"


@dataclass(frozen=True, slots=True)
class Literal:
    """A value as written, quotes and escapes included; WORD is true, false, null or a date literal."""

    kind: Kind
    text: str
    pos: int

    @property
    def is_null(self) -> bool:
        """Whether this is the word null."""
        return self.kind is Kind.WORD and self.text.lower() == "null"


@dataclass(frozen=True, slots=True)
class Path:
    """A field, perhaps of a parent (`Account.Owner.Name`) or qualified by the alias of the object."""

    text: str
    pos: int

    @property
    def parts(self) -> list[str]:
        """The names between the dots."""
        return self.text.split(".")


@dataclass(frozen=True, slots=True)
class Call:
    """A function of fields, of another function, or of nothing: COUNT()."""

    name: str
    arguments: "tuple[Operand, ...]"
    pos: int

    @property
    def upper(self) -> str:
        """The name of the function; case does not matter."""
        return self.name.upper()

    @property
    def text(self) -> str:
        """The call as written, but for blanks."""
        return f"{self.name}({', '.join(one.text for one in self.arguments)})"


Operand = Path | Call


@dataclass(frozen=True, slots=True)
class Selected:
    """One expression of the select list."""

    operand: Operand
    alias: Path | None


@dataclass(frozen=True, slots=True)
class TypeOf:
    """TYPEOF: the fields to select from a parent that may be of several objects; `otherwise` is after ELSE."""

    relationship: Path
    whens: tuple[tuple[Path, tuple[Path, ...]], ...]
    otherwise: tuple[Path, ...]
    pos: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """A field, an operator in upper case (`<>` is given as `!=`) and a value."""

    operand: Operand
    operator: str
    literal: Literal


@dataclass(frozen=True, slots=True)
class Membership:
    """A field that is, or is not, one of these values."""

    operand: Operand
    negated: bool
    literals: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Inclusion:
    """INCLUDES or (negated) EXCLUDES: `a;b` wants both values chosen, several literals are alternatives."""

    operand: Operand
    negated: bool
    literals: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class SemiJoin:
    """A field that is, or is not, among what another query selects."""

    operand: Operand
    negated: bool
    query: "Query"


@dataclass(frozen=True, slots=True)
class Junction:
    """Conditions joined by AND or by OR."""

    operator: str
    terms: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Negation:
    """NOT a condition."""

    term: "Condition"


Condition = Comparison | Membership | Inclusion | SemiJoin | Junction | Negation


@dataclass(frozen=True, slots=True)
class Ordering:
    """One key of ORDER BY; nulls come first unless told otherwise, in either direction [facts: api 8.3]."""

    operand: Operand
    descending: bool
    nulls_last: bool


@dataclass(frozen=True, slots=True)
class Query:
    """A whole SELECT, also one inside another.

    `related` are the further names of FROM, each with its alias; `subtotals` is ROLLUP, CUBE or empty; `locks` are
    VIEW, REFERENCE, UPDATE as far as written; `all_rows` is where ALL ROWS stands.
    """

    items: "tuple[Selected | TypeOf | Query, ...]"
    source: Path
    alias: Path | None
    related: tuple[tuple[Path, Path | None], ...]
    scope: Path | None
    where: Condition | None
    security: Path | None
    grouping: tuple[Operand, ...]
    subtotals: str
    having: Condition | None
    order: tuple[Ordering, ...]
    limit: int | None
    offset: int | None
    locks: tuple[Path, ...]
    all_rows: Path | None
    pos: int
