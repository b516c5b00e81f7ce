"""Reads the rows that a compiled query selects into JSON-ready records."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from json import dumps
from operator import itemgetter
from typing import Any

from sfsync.emulator.database import Database
from sfsync.emulator.fields import Field
from sfsync.emulator.soql.moments import Moment, Parameter

SqlRow = Sequence[Any]
Record = dict[str, Any]
Read = Callable[[SqlRow], Any]
Spill = Callable[["Block", list[str], int], str]
"""Keeps the children that found no place: their block, the ids of all, how many were shown; returns the next URL."""

_ID_LENGTH = 18
_AT_ONCE = 10_000


class Ids:
    """Ids in their order, in little memory: a million take 18 MB."""

    def __init__(self, ids: Iterable[str]) -> None:
        left = iter(ids)
        # Joining all at once would first collect them, four times as large.
        self._joined = "".join(iter(lambda: "".join(islice(left, _AT_ONCE)), ""))

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._joined) // _ID_LENGTH

    def part(self, start: int, count: int) -> list[str]:
        """Return up to `count` ids from the given one on."""
        end = min(start + count, len(self)) * _ID_LENGTH
        return [self._joined[at : at + _ID_LENGTH] for at in range(start * _ID_LENGTH, end, _ID_LENGTH)]


@dataclass
class Node:
    """One record in the answer: the queried one, or a parent nested in it (null if there is none).

    `type_index` is the column with the name of its object, if it may be of several.
    """

    sobject: str
    url: str
    id_index: int
    type_index: int | None = None
    entries: list[tuple[str, Read]] = field(default_factory=list)

    def read(self, row: SqlRow) -> Record | None:
        """Return the record of a row, attributes first, fields in the order of the select list [facts: api 8.3]."""
        record_id = row[self.id_index]
        if record_id is None:
            return None
        sobject = self.sobject if self.type_index is None else row[self.type_index]
        record: Record = {"attributes": {"type": sobject, "url": f"{self.url}/{sobject}/{record_id}"}}
        for key, read in self.entries:
            record[key] = read(row)
        return record


@dataclass(frozen=True, slots=True)
class Leaf:
    """One selected value, for answers without nesting: its name along the path, its field, its reader."""

    name: str
    field: Field
    read: Read


@dataclass(slots=True)
class Fetched:
    """A record that was read: the key it was asked for by, its id, and its rows, itself and children counted."""

    key: str
    record_id: str
    record: Record
    size: int


@dataclass(frozen=True)
class Block:
    """The SQL for the rows of some records, given their ids (or the ids of their parents), and how to read them.

    The first column is that id; `parameters` follow the list of ids. `by_id` is the SQL by the records' own ids.
    """

    sql: str
    by_id: str
    parameters: tuple[Parameter, ...]
    root: Node
    children: tuple[tuple[str, "Block"], ...]
    leaves: tuple[Leaf, ...]

    def bound(self, moment: Moment) -> "Block":
        """Return the block with the values its parameters have at that moment."""
        if not self.parameters and not self.children:
            return self
        children = tuple((name, child.bound(moment)) for name, child in self.children)
        return replace(self, parameters=tuple(moment.bind(self.parameters)), children=children)

    def itself(self) -> "Block":
        """Return the block to be fetched by the records' own ids."""
        return replace(self, sql=self.by_id)

    def rows(self, db: Database, ids: list[str]) -> list[SqlRow]:
        """Return the rows with these keys as SQL gives them."""
        return db.connection.execute(self.sql, [dumps(ids), *self.parameters]).fetchall()

    def fetch(self, db: Database, ids: list[str], room: int = 0, spill: Spill | None = None) -> list[Fetched]:
        """Return the records with these keys in the order of the SQL.

        With `spill`, no record shows more than `room` children of one relationship [facts: api 3.7].
        """
        found = [Fetched(row[0], row[self.root.id_index], self.root.read(row) or {}, 1) for row in self.rows(db, ids)]
        for name, block in self.children:
            groups: dict[str, list[Fetched]] = {}
            for child in block.fetch(db, [one.record_id for one in found], room, spill):
                groups.setdefault(child.key, []).append(child)
            for one in found:
                group = groups.get(one.record_id, [])
                one.record[name] = _nested(block, group, room, spill) if group else None
                one.size += sum(child.size for child in (group if spill is None else group[:room]))
        return found


def _nested(block: Block, group: list[Fetched], room: int, spill: Spill | None) -> Record:
    records = [child.record for child in group]
    if spill is None or len(group) <= room:
        return {"totalSize": len(group), "done": True, "records": records}
    url = spill(block.itself(), [child.record_id for child in group], room)
    return {"totalSize": len(group), "done": False, "nextRecordsUrl": url, "records": records[:room]}


def as_answered(known: Field, sql: str) -> str:
    """Return the SQL of a value in the form of the answer, as far as SQL can do it [facts: api 9.2]."""
    return f"{sql} || '.000+0000'" if known.type == "datetime" else sql


def reader(known: Field, index: int) -> Read:
    """Return how to take a field's value out of a row."""
    if known.type == "boolean":
        return lambda row: None if row[index] is None else bool(row[index])
    return itemgetter(index)
