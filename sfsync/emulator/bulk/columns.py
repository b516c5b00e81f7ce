"""The header of a batch: which field each column fills, and the records that its rows stand for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfsync.emulator.bulk.csvtext import MOST_FIELDS, MOST_IN_HEADER

if TYPE_CHECKING:
    from sfsync.emulator.dml import Writer
    from sfsync.emulator.fields import Field
    from sfsync.emulator.plans import WritePlan
    from sfsync.emulator.world import Row

NULL = "#N/A"


class BadBatchError(Exception):
    """A batch or job that cannot be processed at all; the message is what the platform says of it."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column fills `field`; with a `key` it names the parent (an object `target`) by that key of the parent."""

    field: Field
    target: str | None = None
    key: str | None = None


def read_header(writer: Writer, sobject: str, names: list[str]) -> list[Column]:
    """Resolve the names of a header row.

    Raises:
        BadBatchError: in the words of the platform, for the first name that stands for nothing.
    """
    if len(names) > MOST_FIELDS:
        text = f"Exceeded max number of columns per record : {MOST_FIELDS}"
        raise BadBatchError(f"InvalidBatch : Failed to parse CSV. {text}")
    if sum(map(len, names)) > MOST_IN_HEADER:
        raise BadBatchError(f"InvalidBatch : The header row may not have more than {MOST_IN_HEADER} characters")
    plan = writer.plan(sobject)
    columns = [_column(writer, plan, name) for name in names]
    seen: set[tuple[str, str | None]] = set()
    for name, column in zip(names, columns, strict=True):
        place = (column.field.name, column.key)
        if place in seen:
            raise BadBatchError(f"InvalidBatch : Duplicate field name found : {name}")
        seen.add(place)
    return columns


def _column(writer: Writer, plan: WritePlan, name: str) -> Column:
    field = plan.names.get(name.lower())
    if field is not None and field.stored:
        return Column(field)
    path, dot, key = name.partition(".")
    if not dot:
        raise _not_found(name)
    target, colon, relation = path.rpartition(":")
    reference = plan.relations.get(relation.lower())
    if reference is None:
        raise BadBatchError(f"InvalidBatch : Unable to find relationship: {relation}")
    if colon and not reference.polymorphic:
        raise BadBatchError(f"InvalidBatch : type is not needed for non polymorphic foreign key references: {relation}")
    if not colon and reference.polymorphic:
        raise BadBatchError(f"InvalidBatch : type is needed for polymorphic foreign key references: {relation}")
    wanted = (target or reference.reference_to[0]).lower()
    parent = next((one for one in reference.reference_to if one.lower() == wanted), None)
    if parent is None or writer.world.schema.get(parent) is None:
        raise _not_found(name)
    by = writer.plan(parent).names.get(key.lower())
    if by is None or not (by.external_id or by.id_lookup):
        raise _not_found(name)
    return Column(reference, parent, by.name)


def _not_found(name: str) -> BadBatchError:
    return BadBatchError(f"InvalidBatch : Field name not found : {name}")


def record_of(columns: list[Column], row: list[str]) -> Row:
    """The record of a row: an empty cell says nothing of its field, `#N/A` empties it [facts: api 4.2]."""
    record: Row = {}
    for column, cell in zip(columns, row, strict=True):
        if not cell:
            continue
        if cell == NULL:
            record[column.field.name] = None
        elif column.key is None:
            record[column.field.name] = cell
        else:
            parent = {"attributes": {"type": column.target}, column.key: cell}
            record[str(column.field.relationship)] = parent
    return record
