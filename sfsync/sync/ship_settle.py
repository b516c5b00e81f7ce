"""Finding out what became of shipments whose answers were lost, before any is sent again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.salesforce import feeds
from sfsync.salesforce.changes import read_by_field, read_by_ids
from sfsync.store import to_ship
from sfsync.sync.ship_pull import apply_rows

if TYPE_CHECKING:
    from sfsync.sync.work import Work


def settle_shipments(work: Work) -> None:
    """Read all shipments in doubt, by key or Id, and write down what the org says of them now.

    What it does not have is free to be sent again: the unique key lets only one of two requests through.

    Raises:
        OrgUnavailable: if the org cannot be read; all stay in doubt.
    """
    names = work.schema.names.shipments
    if names is None:
        return
    with work.db.read() as tx:
        doubtful = to_ship.in_doubt(tx, work.org)
        created, updated = doubtful["create"], doubtful["update"]
        lines = to_ship.line_keys(tx, [row.id for row in created])
    if not created and not updated:
        return
    parents, children = feeds.shipments(names), feeds.shipment_lines(names)
    found = read_by_field(work.client, parents, names.key, [row.key for row in created if row.sf_id is None])
    found += read_by_ids(work.client, parents, [row.sf_id for row in updated])
    made = read_by_field(work.client, children, names.line_key, lines)
    living = {one.key for one in found if not one.is_deleted}
    # One in the recycle bin counts only where no living one has its key.
    found = [one for one in found if not one.is_deleted or one.key not in living]
    with work.db.begin() as tx:
        apply_rows(work, tx, parents, found)
        apply_rows(work, tx, children, made)
        to_ship.release(tx, [row.id for row in (*created, *updated)])
    work.counts["updates_settled"] += len(created) + len(updated)
