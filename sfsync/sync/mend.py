"""Mending what reconcile found: the records are read again and applied as pull applies them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfsync.domain.drift import Drift, Kind
from sfsync.errors import OrgRefused
from sfsync.salesforce.changes import read_by_ids
from sfsync.store import census, shipment_links, shipping
from sfsync.store.journal import Entry
from sfsync.sync.apply import apply_deletes, apply_rows
from sfsync.sync.shipping import review

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sfsync.salesforce.feeds import Feed
    from sfsync.sync.counted import Counted
    from sfsync.sync.work import Work


def mend(work: Work, one: Counted, to_read: Mapping[str, Sequence[Drift]]) -> list[Drift]:
    """Read these records (of lines: what they belong to) whole and write them anew; return what is mended by it.

    Raises:
        OrgUnavailable: the org cannot be read.
    """
    feed = one.whole or one.feed
    rows = _readable(work, feed, list(to_read))
    drifts = [drift for row in rows for drift in to_read[row.sf_id]]
    with work.db.begin() as tx:
        for whole, found in to_read.items():
            if misplaced := [drift.sf_id for drift in found if "order_id" in drift.columns and one.whole is not None]:
                census.put_back(tx, work.org, whole, misplaced)
        # Equal hashes count as equal rows, and the hash says what was written last, not what is there now.
        census.forget_hashes(tx, work.org, feed.name, [row.sf_id for row in rows])
        if one.whole is not None:
            census.forget_hashes(tx, work.org, one.name, [drift.sf_id for drift in drifts])
        apply_rows(work, tx, feed, rows)
        if feed.name == "shipments":
            shipping.mark_told(tx, work.org, [drift.sf_id for drift in drifts])
        work.write(tx, *(_entry(drift) for drift in drifts))
    return drifts


def make_readable(work: Work, one: Counted) -> dict[str, tuple[str, ...]]:
    """Take values out of the mirror that nobody can read; return the records, to be read again, and the columns."""
    with work.db.begin() as tx:
        found = census.unreadable(tx, work.org, one.name)
        census.clear(tx, work.org, one.name, found)
        drifts = (Drift(one.feed.sobject, sf_id, Kind.TAMPERED, columns) for sf_id, columns in found.items())
        work.write(tx, *(_entry(drift) for drift in drifts))
    return found


def relink(work: Work) -> None:
    """Find again what shipments and their lines name by Salesforce Id only: orders and items that were read anew."""
    if work.schema.names.shipments is not None:
        with work.db.begin() as tx:
            review(work, tx, shipment_links.link(tx, work.org), told=False)


def mend_deleted(work: Work, one: Counted, drifts: Sequence[Drift]) -> Sequence[Drift]:
    """Mark records as deleted that the org does not have any more; return what is mended by it."""
    with work.db.begin() as tx:
        apply_deletes(work, tx, one.feed, [drift.sf_id for drift in drifts])
        work.write(tx, *(_entry(drift) for drift in drifts))
    return drifts


def _readable(work: Work, feed: Feed, ids: Sequence[str]) -> list[Any]:
    """Read records of which some may hold what nobody understands: those are left out."""
    try:
        return read_by_ids(work.client, feed, ids)
    except OrgRefused:
        if len(ids) == 1:
            return []
        half = len(ids) // 2
        return _readable(work, feed, ids[:half]) + _readable(work, feed, ids[half:])


def _entry(drift: Drift) -> Entry:
    return Entry(
        action="drift.repaired",
        message=f"{drift.sobject} differed from the org ({drift.what}), and was read again. {drift.why}",
        level="warning",
        sf_id=drift.sf_id,
        details={"object": drift.sobject, "kind": drift.kind.value, "columns": list(drift.columns)},
    )
