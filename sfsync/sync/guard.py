"""The guard: after each cycle it looks whether our promises hold, and stops the lane that could do more harm."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfsync.domain import soundness as promises
from sfsync.domain.soundness import PROMISES, Breach, Lane, contradictions
from sfsync.store import alarms, journal, soundness
from sfsync.store.journal import Entry

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfsync.app import App
    from sfsync.store.alarms import Alarm
    from sfsync.store.engine import Tx
    from sfsync.sync.work import Work

_IN_ORDERS = frozenset(
    promise.code
    for promise in (
        promises.DOUBT_UNMARKED,
        promises.UPDATE_UNMARKED,
        promises.WRONG_STATUS,
        promises.TOLD_TOO_EARLY,
    )
)


def breaches(app: App) -> list[Breach]:
    """Look at all promises that need no run to be looked at; nothing is changed."""
    with app.db.read() as tx:
        found = contradictions(soundness.contradictory(tx, app.org_name), app.status_map.to_local)
        wide = [(promise, look(tx, app.org_name)) for promise, look in (*_WIDE, *_SLOW)]
    return found + [Breach(promise, tuple(records)) for promise, records in wide if records]


def lane_alarms(app: App) -> list[Alarm]:
    """Return the alarms that keep a lane from working, or would if nobody had accepted them."""
    with app.db.read() as tx:
        return [alarm for alarm in alarms.of_org(tx, app.org_name) if alarm.lane is not None]


def accept_alarms(app: App, actor: str) -> list[Alarm]:
    """Let the lanes go on in spite of what is known to be wrong, until more is; return the alarms that stopped them."""
    with app.db.begin() as tx:
        found = alarms.accept(tx, app.org_name, actor, app.clock())
        entries = [Entry(action="alarm.accepted", message=alarm.message, actor=actor) for alarm in found]
        journal.write(tx, app.org_name, None, entries, app.clock())
    return found


class Guard:
    """Stands beside one run: holds stopped lanes back, and looks at the end whether the promises hold.

    Where nothing changed that is two small reads in all.
    """

    def __init__(self, work: Work) -> None:
        self._work = work
        with work.db.read() as tx:
            self._there = work.alarms = alarms.of_org(tx, work.org)

    def let(self, lane: Lane, act: Callable[[Work], None]) -> None:
        """Let a lane do its work, unless it stands still; the alarm that stopped it is told of with the run."""
        if any(alarm.stops and alarm.lane == lane for alarm in self._there):
            self._work.counts[f"{lane.value}_stopped"] = 1
        else:
            act(self._work)

    def look(self) -> list[Breach]:
        """Look at the promises that this run could have broken, raise alarms, and lift those that are over."""
        work = self._work
        with work.db.read() as tx:
            found, looked_at = self._look(tx)
        kept = {alarm.code for alarm in self._there} & looked_at - {breach.promise.code for breach in found}
        if not found and not kept:
            return found
        with work.db.begin() as tx:
            for breach in found:
                self._raise(tx, breach)
            for code in alarms.lift(tx, work.org, kept):
                work.write(tx, Entry(action="alarm.lifted", message=f"No more: {PROMISES[code].broken}."))
            work.alarms = alarms.of_org(tx, work.org)
        return found

    def _raise(self, tx: Tx, breach: Breach) -> None:
        work, promise = self._work, breach.promise
        raised = alarms.put(
            tx, work.org, promise.code, lane=promise.lane.value, message=breach.message, records=breach.records,
            now=work.now(),
        )  # fmt: skip
        if raised:
            work.write(tx, Entry(action="alarm.raised", message=breach.message, level="error"))

    def _look(self, tx: Tx) -> tuple[list[Breach], set[str]]:
        """Return the breaches, and which promises were looked at."""
        work, open_ = self._work, {alarm.code: alarm for alarm in self._there}
        found = contradictions(soundness.contradictory(tx, work.org), work.app.status_map.to_local)
        looked_at = set(_IN_ORDERS)
        counts = work.counts
        changed = counts["orders_changed"] or counts["orders_created"] or counts["orders_adopted"]
        for promise, look in _WIDE:
            if changed or promise.code in open_:
                looked_at.add(promise.code)
                if records := look(tx, work.org):
                    found.append(Breach(promise, tuple(records)))
        made = soundness.made_in(tx, work.org, work.run_id or 0) if counts["orders_created"] else []
        if len(made) < counts["orders_created"]:
            found.append(Breach(promises.NOT_WRITTEN_DOWN, ()))
        before = open_.get(promises.WRONG_TOTAL.code)
        if made or before:
            looked_at.add(promises.WRONG_TOTAL.code)
            if records := soundness.wrong_totals(tx, work.org, [*(before.records if before else ()), *made]):
                found.append(Breach(promises.WRONG_TOTAL, tuple(records)))
        return found, looked_at


_WIDE = (
    (promises.DOUBLED, soundness.doubled),
    (promises.LINES_MISSING, soundness.lines_missing),
    (promises.OVER_REDUCED, soundness.over_reduced),
    (promises.RESERVED_TWICE, soundness.reserved_twice),
)
"""Looked at when orders were changed, and as long as they are broken."""
_SLOW = ((promises.OVER_UNTOLD, soundness.over_untold),)
"""Looked at on demand: they read every order."""
