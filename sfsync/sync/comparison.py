"""One object of the org beside its mirror, record by record: what differs, and why, and the mending of it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sfsync.domain.drift import Drift, Held, Kind, Shown, Tally, is_on_its_way, judge, looks_hidden
from sfsync.errors import OrgRefused
from sfsync.salesforce.census import delete_log, look_up
from sfsync.salesforce.rows import parsed, stamp_of
from sfsync.store import census
from sfsync.sync.mend import mend, mend_deleted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sfsync.domain.position import Position
    from sfsync.salesforce.census import Slice
    from sfsync.store.census import Record
    from sfsync.store.engine import Tx
    from sfsync.sync.counted import Counted
    from sfsync.sync.reconcile import Reconciled, Wanted
    from sfsync.sync.work import Work

BATCH = 1000
"""So many records that differ are read again, and repaired, at once."""
_SHOWN = 1000
_MOST_ABSENT = 20_000
_HIDDEN = (
    "{many:,} of {held:,} records are neither shown by the org nor in its delete log: that looks like a right that "
    "was taken away, not like deletion, so none of them was marked as deleted. Give the user “View All” of the object."
)


class Comparison:
    """One object of the org beside its mirror: two streams in the order of Ids, of which only a page is held."""

    def __init__(
        self,
        work: Work,
        tx: Tx,
        one: Counted,
        wanted: Wanted,
        read_to: Mapping[str, Position],
        found: Reconciled,
        spoilt: Mapping[str, tuple[str, ...]],
    ) -> None:
        self.counted = one
        self.tally = Tally(one.feed.sobject)
        self.noted: set[str] = set()
        self.empty_orders: set[str] = set()
        self._work, self._tx, self._wanted, self._read_to, self._found = work, tx, wanted, read_to, found
        self._lookback = timedelta(seconds=work.app.settings.sync.lookback_seconds)
        self._ledger = census.LEDGERS[one.name]
        self._spelling = census.Spelling(work.app.status_map.to_local, work.app.ship_labels)
        self._stream = census.stream(tx, work.org, one.name, since=wanted.since)
        self._held: Iterator[Record] = self._stream
        self._next: Record | None = next(self._held, None)
        self._absent: list[str] = []
        self._to_read: dict[str, list[Drift]] = {}
        self._dead: list[Drift] = []
        self._beyond = False
        self._spoilt = spoilt
        self._unread = set() if wanted.repair else set(spoilt)
        found.tallies.append(self.tally)
        for sf_id, columns in spoilt.items():
            self.add(Drift(one.feed.sobject, sf_id, Kind.TAMPERED, columns, repaired=wanted.repair))
        if wanted.repair and spoilt:
            self.tally.repaired[Kind.TAMPERED] += len(spoilt)

    def take(self, part: Slice) -> None:
        """Compare a page of the org with the stretch of the mirror that it covers."""
        if part.failed is not None:
            self.tally.failed = str(part.failed)
            self._held = iter(())
            self._next = None
            self._absent.clear()
            return
        rows = {row["Id"]: row for row in part.rows}
        held = {}
        for row in self._up_to(part.upto):
            self.tally.in_mirror += not row.is_deleted
            if row.sf_id in rows:
                held[row.sf_id] = row
            elif not row.is_deleted and len(self._absent) < _MOST_ABSENT:
                self._absent.append(row.sf_id)
        # Should the org order its Ids in another way than we think, they are in another stretch of the mirror.
        elsewhere = rows.keys() - held.keys() - self._unread
        held |= census.by_ids(self._tx, self._work.org, self.counted.name, elsewhere)
        self.tally.in_mirror += len(rows.keys() & self._unread)
        self.tally.in_org += sum(row.get("IsDeleted") is not True for row in rows.values())
        self._judge_all(rows, held)

    def close(self) -> None:
        """Let go of the mirror, wherever the comparison stands."""
        self._stream.close()

    def finish(self) -> None:
        """Look for those that the sweep did not show, by their Ids, in the recycle bin and in the delete log."""
        feed, work = self.counted.alone, self._work
        # What the feed leaves out on purpose no pull reads.
        self._beyond = bool(feed.where) and self.counted.otherwise is None
        gone = dict.fromkeys(self._absent)
        for start in range(0, len(self._absent), BATCH):
            ids = self._absent[start : start + BATCH]
            rows = {row["Id"]: row for row in look_up(work.client, work.schema, feed, ids)}
            for sf_id in rows:
                del gone[sf_id]
            self._judge_all(rows, census.by_ids(self._tx, work.org, self.counted.name, rows))
        if gone:
            self._gone(list(gone))
        self._mend()

    def _up_to(self, last: str | None) -> Iterator[Record]:
        while self._next is not None and (last is None or self._next.sf_id <= last):
            yield self._next
            self._next = next(self._held, None)

    def _judge_all(self, rows: Mapping[str, Mapping[str, Any]], held: Mapping[str, Record]) -> None:
        new: list[Mapping[str, Any]] = []
        for sf_id, row in rows.items():
            if sf_id in self._spoilt:
                if self._wanted.repair:
                    self._to_read.setdefault(row[self.counted.whole_id], [])
                continue
            try:
                kind, columns = self._judge(row, held.get(sf_id))
            except OrgRefused:
                kind, columns = Kind.UNREADABLE, ()
            if kind is Kind.MISSED_NEW and self.counted.whole is not None:
                new.append(row)
            elif kind is not None:
                self._note(row, Drift(self.counted.feed.sobject, sf_id, kind, columns))
        empty = set(census.lineless(self._tx, self._work.org, {row[self.counted.whole_id] for row in new}))
        empty = empty if self.counted.name == "order_items" else set()
        self.empty_orders |= empty
        for row in new:
            kind = Kind.ORDER_WITHOUT_LINES if row[self.counted.whole_id] in empty else Kind.MISSED_NEW
            self._note(row, Drift(self.counted.feed.sobject, row["Id"], kind))

    def _judge(self, row: Mapping[str, Any], record: Record | None) -> tuple[Kind | None, tuple[str, ...]]:
        shown = Shown(stamp_of(row), row.get("IsDeleted") is True, row.get("MasterRecordId") is not None)
        held: Held | None = None
        columns: tuple[str, ...] = ()
        if record is not None:
            touched = False
            parent = row.get(self.counted.parent_id) if self.counted.parent_id else None
            if not shown.is_deleted and not record.is_deleted:
                [value] = parsed(self.counted.alone, [row])
                values = self._ledger.values(self._work.org, value, self._spelling)
                columns, misplaced = census.differing(self._tx, record, values), self._ledger.misplaced(record, parent)
                touched = bool(misplaced) or (bool(columns) and census.touched(record, values))
                columns += misplaced
            held = Held(record.system_modstamp, record.is_deleted, touched, self._ledger.orphan(record, parent))
        kind = judge(shown, held, columns, on_its_way=False)
        if kind is None or judge(shown, held, columns, on_its_way=self._on_its_way(row, shown, held)) is not None:
            return kind, columns or (("is_deleted",) if kind is Kind.TAMPERED else ())
        self.tally.on_its_way += 1
        return None, ()

    def _on_its_way(self, row: Mapping[str, Any], shown: Shown, held: Held | None) -> bool:
        feed = self.counted.feed
        if self._beyond:
            logged = self._read_to.get(f"{self.counted.name}.deleted")
            # The log is read from there on again, so what is deleted since is on its way.
            late = feed.tracks_deletes and (logged is None or shown.stamp >= logged.stamp)
            return late if shown.is_deleted else self.counted.rests
        ours = row.get("LastModifiedById") == self._work.client.user_id
        cursor, sf_id = self.counted.read_with(row, ours=ours)
        moved = held is None or (held.stamp, held.is_deleted) != (shown.stamp, shown.is_deleted)
        again = not ours or (feed.skip_writer is None and (moved or not feed.echoes))
        position = self._read_to.get(cursor)
        return is_on_its_way(shown.stamp, sf_id, position, lookback=self._lookback, again=again)

    def _note(self, row: Mapping[str, Any], drift: Drift) -> None:
        self.add(drift)
        if not self._wanted.repair or drift.kind is Kind.UNREADABLE:
            return
        if self.counted.whole is not None and row.get("IsDeleted") is True:
            self._dead.append(drift)
        else:
            self._to_read.setdefault(row[self.counted.whole_id], []).append(drift)
        if len(self._to_read) + len(self._dead) >= BATCH:
            self._mend()

    def _mend(self) -> None:
        to_read, self._to_read = self._to_read, {}
        dead, self._dead = self._dead, []
        if to_read:
            self._repaired(mend(self._work, self.counted, to_read))
        if dead:
            self._repaired(mend_deleted(self._work, self.counted, dead))

    def _gone(self, ids: Sequence[str]) -> None:
        work, name = self._work, self.counted.name
        log = delete_log(work.client, self.counted.feed)
        read_to = self._read_to.get(f"{name}.deleted")
        drifts = []
        for sf_id in ids:
            since = log.get(sf_id)
            late = since is not None and self.counted.feed.tracks_deletes and (not read_to or since >= read_to.stamp)
            kind = judge(None, Held(None), (), on_its_way=late, logged=since is not None)
            self.tally.on_its_way += kind is None
            if kind is not None:
                drifts.append(Drift(self.counted.feed.sobject, sf_id, kind))
                self.add(drifts[-1])
        vanished = sum(drift.kind is Kind.VANISHED for drift in drifts)
        if looks_hidden(vanished, self.tally.in_mirror):
            self.tally.failed = _HIDDEN.format(many=vanished, held=self.tally.in_mirror)
            drifts = [drift for drift in drifts if drift.kind is not Kind.VANISHED]
        if self._wanted.repair and drifts:
            self._repaired(mend_deleted(work, self.counted, drifts))

    def add(self, drift: Drift) -> None:
        """Count a difference."""
        self.tally.found[drift.kind] += 1
        self.noted.add(drift.sf_id)
        if len(self._found.drifts) < _SHOWN:
            self._found.drifts.append(drift)

    def _repaired(self, drifts: Sequence[Drift]) -> None:
        done = {(drift.sobject, drift.sf_id) for drift in drifts}
        self.tally.repaired.update(drift.kind for drift in drifts)
        for place, one in enumerate(self._found.drifts):
            if (one.sobject, one.sf_id) in done:
                self._found.drifts[place] = Drift(one.sobject, one.sf_id, one.kind, one.columns, repaired=True)
