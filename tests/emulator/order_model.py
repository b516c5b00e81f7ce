"""A naive model of an org's orders: plain dictionaries, every rule a question of its own [facts: orders].

It is written from the facts, not from the emulator. Records go by names ("sold", "Std/seat") in place of ids. What
the platform derives (totals, available quantities) is computed anew whenever somebody looks. In which order the
platform checks is unknown [facts: orders 4.10], so a refusal may carry the code of any rule that is broken.
"""

from __future__ import annotations

from collections import Counter
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import permutations
from typing import TYPE_CHECKING, Any

from tests.emulator import order_model_rules as rules
from tests.emulator.order_model_words import (
    FIELDS,
    FREE,
    KEY,
    Breach,
    Codes,
    Row,
    broken,
    no_such_record,
    rounded,
    statuses,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sfsync.emulator.settings import Settings

NOWHERE = "nowhere"  # a well-formed id that no record has
_TOO_LARGE = Decimal(10) ** 16  # numbers are of 18 digits, 2 of them decimals [facts: orders 3]


@dataclass(frozen=True)
class Op:
    """One write. An insert makes the record `name`; `@name` in a value means what another op of the batch made."""

    name: str
    verb: str
    sobject: str
    target: str | None = None
    fields: dict[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        target = "" if self.target is None else f" {self.target}"
        return f"{self.name}: {self.verb} {self.sobject}{target} {self.fields or ''}".rstrip()

    @property
    def needs(self) -> set[str]:
        """The ops of the batch whose results this one uses."""
        values = [*self.fields.values(), self.target]
        return {value[1:] for value in values if isinstance(value, str) and value.startswith("@")}


@dataclass(frozen=True)
class Outcome:
    """What became of an op: the record it wrote, or the codes it may have been refused with.

    A silent one succeeded and left even the stamps alone.
    """

    record: str | None = None
    created: bool = False
    silent: bool = False
    codes: Codes = frozenset()
    rules: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.ok:
            return f"accepted: {self.record}{' created' if self.created else ''}"
        codes = "any code" if self.codes is None else " or ".join(sorted(self.codes))
        return f"{codes}, because: {', '.join(self.rules)}"

    @property
    def ok(self) -> bool:
        """Whether it was accepted."""
        return self.record is not None


def _refused(*breaches: Breach) -> Outcome:
    free = any(one.codes is FREE for one in breaches)
    codes = FREE if free else frozenset().union(*(one.codes or () for one in breaches))
    return Outcome(codes=codes, rules=tuple(one.rule for one in breaches))


HALTED = _refused(broken("another op failed", "PROCESSING_HALTED"))
_ROLLED_BACK = _refused(broken("another op failed", "ALL_OR_NONE_OPERATION_ROLLED_BACK"))
_UNDONE = _refused(broken("another op failed"))


class Model:
    """Rows by name. A row has its object under "sobject"; deleted ones stay, marked, where there is a recycle bin."""

    def __init__(self, settings: Settings, rows: dict[str, Row]) -> None:
        self.settings = settings
        self.rows = rows
        self.vanished: set[str] = set()

    def copy(self) -> Model:
        """A model that can be changed without this one noticing."""
        other = Model(self.settings, deepcopy(self.rows))
        other.vanished = set(self.vanished)
        return other

    def live(self, sobject: str, name: str | None) -> Row | None:
        """The row of that name if it is there and not deleted."""
        row = self.rows.get(name) if name else None
        return row if row and row["sobject"] == sobject and not row.get("deleted") else None

    def all(self, sobject: str, **values: Any) -> list[Row]:
        """The living rows of an object that have these values."""
        found = (row for row in self.rows.values() if row["sobject"] == sobject and not row.get("deleted"))
        return [row for row in found if all(row.get(name) == value for name, value in values.items())]

    # -- batches

    def each(self, ops: Sequence[Op]) -> list[Outcome]:
        """One op after the other, each for itself; one that needs a failed one is halted [facts: api 3.12]."""
        done: dict[str, Outcome] = {}
        for op in ops:
            done[op.name] = self.apply(op, done)
        return list(done.values())

    def chunk(self, ops: Sequence[Op], *, all_or_none: bool = False) -> list[Outcome]:
        """Records of one collections call or bulk chunk: keys given twice are refused [facts: api 3.4, 3.10]."""
        before = self.copy()
        keys = Counter(op.target for op in ops if op.verb == "upsert")
        twice = _refused(broken("key twice in a call", "DUPLICATE_VALUE"))
        outcomes = [twice if keys[op.target] > 1 else self.apply(op, {}) for op in ops]
        if all_or_none and not all(one.ok for one in outcomes):
            self.rows, self.vanished = before.rows, before.vanished
            outcomes = [_ROLLED_BACK if one.ok else one for one in outcomes]
        return outcomes

    def all_or_none(self, ops: Sequence[Op]) -> list[Outcome]:
        """A composite or graph that is one transaction: the first refusal undoes everything [facts: api 3.12, 3.14]."""
        before = self.copy()
        done: dict[str, Outcome] = {}
        for op in ops:
            done[op.name] = outcome = self.apply(op, done)
            if not outcome.ok:
                self.rows, self.vanished = before.rows, before.vanished
                return [outcome if one is op else HALTED for one in ops]
        return [done[op.name] for op in ops]

    def tree(self, ops: Sequence[Op]) -> list[Outcome]:
        """Records with their children: all or nothing; which of several refusals are told is open [facts: api 3.11]."""
        before = self.copy()
        outcomes = self.each(ops)
        if not all(one.ok for one in outcomes):
            self.rows, self.vanished = before.rows, before.vanished
            outcomes = [_UNDONE if one.ok or one == HALTED else one for one in outcomes]
        return outcomes

    def in_any_order(self, ops: Sequence[Op]) -> Iterator[tuple[Model, list[Outcome]]]:
        """What `all_or_none` may come to where only references promise an order [facts: api 3.14]."""
        for order in permutations(ops):
            earlier: set[str] = set()
            if all(op.needs <= earlier and not earlier.add(op.name) for op in order):  # type: ignore[func-returns-value]
                model = self.copy()
                outcomes = dict(zip((op.name for op in order), model.all_or_none(order), strict=True))
                yield model, [outcomes[op.name] for op in ops]

    # -- one op

    def apply(self, op: Op, done: dict[str, Outcome]) -> Outcome:
        """Do one op, or refuse it and change nothing."""
        if any(not done[name].ok for name in op.needs):
            return HALTED
        sent = {name: self._resolved(value, done) for name, value in op.fields.items()}
        target = self._resolved(op.target, done)
        if op.verb == "insert":
            return self._insert(op.name, op.sobject, sent)
        if op.verb == "upsert":
            found = self.all(op.sobject, **{KEY: target})
            if not found:
                return self._insert(op.name, op.sobject, {**sent, KEY: target})
            target = found[0]["name"]
        row = self.live(op.sobject, target)
        if row is None:
            return _refused(*no_such_record(self, op.sobject, target))
        if op.verb == "delete":
            return self._delete(row)
        return self._update(row, sent)

    @staticmethod
    def _resolved(value: Any, done: dict[str, Outcome]) -> Any:
        return done[value[1:]].record if isinstance(value, str) and value.startswith("@") else value

    def _insert(self, name: str, sobject: str, sent: Row) -> Outcome:
        row: Row = {"sobject": sobject, "name": name, **dict.fromkeys(FIELDS[sobject])}
        breaches = [*self._read(sobject, sent, row, creating=True)]
        breaches += rules.on_insert(self, row)
        if breaches:
            return _refused(*breaches)
        self.rows[name] = row
        return Outcome(name, created=True)

    def _update(self, row: Row, sent: Row) -> Outcome:
        new = dict(row)
        breaches = [*self._read(row["sobject"], sent, new, creating=False)]
        if not breaches and rules.is_silent(self, row, new, set(sent)):
            return Outcome(row["name"], silent=True)
        breaches += rules.on_update(self, row, new, set(sent))
        if breaches:
            return _refused(*breaches)
        self.rows[row["name"]] = new
        return Outcome(row["name"])

    def _delete(self, row: Row) -> Outcome:
        breaches = [*rules.on_delete(self, row)]
        if breaches:
            return _refused(*breaches)
        if row["sobject"] == "OrderItem":
            del self.rows[row["name"]]  # no recycle bin for order products [facts: orders 1]
            self.vanished.add(row["name"])
        else:
            for one in [row, *self.all("OrderItem", OrderId=row["name"])]:
                one["deleted"] = True
        return Outcome(row["name"])

    def _read(self, sobject: str, sent: Row, row: Row, *, creating: bool) -> Iterator[Breach]:
        """Put the values sent into a row; what cannot be read counts as not sent."""
        right = "C" if creating else "U"
        for name, value in sent.items():
            kind, rights = FIELDS[sobject].get(name, ("", ""))
            if not kind:
                yield broken("unknown field", "INVALID_FIELD")
            elif right not in rights:
                yield broken("field not writeable", "INVALID_FIELD_FOR_INSERT_UPDATE")
            else:
                breach = self._unreadable(sobject, kind, value)
                if breach:
                    yield breach
                else:
                    row[name] = self._stored(kind, value)
        for name, (_, rights) in FIELDS[sobject].items():
            if "!" in rights and row[name] is None and (creating or name in sent):
                codes = {"REQUIRED_FIELD_MISSING"}
                yield Breach(f"{name} is required", frozenset(codes))
        if row.get(KEY) and any(one["name"] != row["name"] for one in self.all(sobject, **{KEY: row[KEY]})):
            yield broken("key of another record", "DUPLICATE_VALUE")

    def _unreadable(self, sobject: str, kind: str, value: Any) -> Breach | None:
        if value is None or kind in {"text", "boolean"}:
            return None
        if kind == "status":
            known = {one.api_name for one in statuses(self, sobject)}
            return None if value in known else broken("unknown status", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST")
        if kind == "date":
            return None if _is_date(value) else Breach("no date", FREE)
        if kind == "number":
            if abs(Decimal(value)) >= _TOO_LARGE or (
                not self.settings.round_unit_price and Decimal(value) != rounded(Decimal(value))
            ):
                return broken("number out of range", "NUMBER_OUTSIDE_VALID_RANGE")
            return None
        if value == NOWHERE or value in self.vanished:
            return broken("reference to nothing", "INVALID_CROSS_REFERENCE_KEY")
        row = self.rows.get(value)
        if row is None or row["sobject"] != kind:
            return broken("id of another object", "MALFORMED_ID")
        if row.get("deleted"):
            return broken("reference to a deleted record", "ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY")
        return None

    @staticmethod
    def _stored(kind: str, value: Any) -> Any:
        return rounded(Decimal(value)) if kind == "number" and value is not None else value


def _is_date(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False
