"""Merging records, as people do in the browser and Apex does: REST has no call for it [facts: api 6.4]."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.emulator.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sfsync.emulator.dml import Writer
    from sfsync.emulator.world import Row

_MOST_LOSERS = 2


def merge(writer: Writer, sobject: str, winner: str, losers: Iterable[str]) -> None:
    """Merge one or two records into another: their children move to it and are stamped, they go to the recycle bin.

    All or nothing. The winner keeps its own values and is stamped; MasterRecordId of the losers leads to it.

    Raises:
        ApiError: if the object cannot be merged, or a record is not there or comes twice.
    """
    described = writer.plan(sobject).sobject
    if not described.mergeable:
        raise ApiError(400, "INVALID_TYPE", f"entity type {described.name} does not support merge", [])
    name = described.name
    with writer.world.savepoint():
        kept = writer.find(name, winner, for_write=True)
        gone = {row["Id"]: row for row in (writer.find(name, one, for_write=True) for one in losers)}
        if not gone or len(gone) > _MOST_LOSERS or kept["Id"] in gone:
            raise ApiError(400, "INVALID_ARGUMENT_TYPE", "a merge takes one or two other records", [])
        for row in gone.values():
            _move_children(writer, name, row, kept["Id"])
        writer.write(name, kept["Id"], {})
        for record_id in gone:
            _delete(writer, name, record_id, kept["Id"])


def _move_children(writer: Writer, sobject: str, row: Row, winner: str) -> None:
    for relation in writer.world.schema.children(sobject):
        if relation.field == "MasterRecordId":
            continue  # it tells of earlier merges
        for child in writer.world.find(relation.child, {relation.field: row["Id"]}):
            # A winner that was below a loser is below nobody then.
            writer.write(relation.child, child["Id"], {relation.field: None if child["Id"] == winner else winner})


def _delete(writer: Writer, sobject: str, record_id: str, winner: str) -> None:
    writer.write(sobject, record_id, {"MasterRecordId": winner})
    writer.world.db.delete_row(sobject, record_id, writer.world.now())
    writer.world.forget(record_id)
