"""What everything in an org shares: rows, schema, settings, ids, numbers and the clock."""

from __future__ import annotations

from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sfsync.emulator.clock import stored
from sfsync.emulator.customs import Customs

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from sfsync.emulator.clock import Clock
    from sfsync.emulator.database import Database
    from sfsync.emulator.fields import Field
    from sfsync.emulator.ids import IdFactory
    from sfsync.emulator.locks import Acts
    from sfsync.emulator.schema import Schema
    from sfsync.emulator.settings import Settings

Row = dict[str, Any]
_FIRST_NUMBER = {8: 100}  # order and contract numbers start at 00000100, line numbers at 0000000001 [facts: orders 2.4]


@dataclass
class Journal:
    """What one open transaction drew and locked, so that it can be done again exactly so at its commit."""

    drawn: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    position: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    touched: set[str] = field(default_factory=set)
    keys: set[tuple[str, str, Any]] = field(default_factory=set)

    def rewind(self) -> None:
        """Start a run from the beginning: ids and numbers come again as they came the first time."""
        self.position.clear()

    def draw(self, kind: str, fresh: Callable[[], str]) -> str:
        """Return the next id or number of a kind: as drawn in an earlier run, else a fresh one."""
        at = self.position[kind]
        self.position[kind] = at + 1
        if at == len(self.drawn[kind]):
            self.drawn[kind].append(fresh())
        return self.drawn[kind][at]


@dataclass
class World:
    """The shared state of one org. Rows read are kept until a rollback; all of it is used under the org's lock."""

    db: Database
    schema: Schema
    settings: Settings
    ids: IdFactory
    clock: Clock
    customs: Customs = field(default_factory=Customs)
    rows: dict[str, Row] = field(default_factory=dict)
    numbers: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    journal: Journal | None = None
    frozen: str | None = None
    locked: Callable[[str | None, tuple[str, str, Any] | None], None] | None = None
    patient: bool = False
    depth: int = 0
    lookups: dict[tuple[object, ...], list[tuple[str, Acts]]] = field(default_factory=dict)

    def schema_changed(self) -> None:
        """Drop what was kept of rows and of the schema."""
        self.rows.clear()
        self.lookups.clear()

    def now(self) -> str:
        """The stamp for writes made now: the org's clock, cut to the second [facts: api 6.1]."""
        return self.frozen or stored(self.clock())

    @contextmanager
    def savepoint(self) -> Generator[None]:
        """All or nothing for the writes inside."""
        self.depth += 1
        rights = self.schema.rights_version
        try:
            with self.db.savepoint():
                yield
        except BaseException:
            self.rows.clear()
            if self.schema.rights_version != rights:
                self.schema.rights_changed()
            raise
        finally:
            self.depth -= 1

    def lock_row(self, record_id: str) -> None:
        """Take the lock of a row for the transaction that is writing; others see it held until the commit.

        Raises:
            BlockedError: if another transaction holds it and the write may wait.
            ApiError: UNABLE_TO_LOCK_ROW if it may not.
        """
        if self.locked is not None:
            self.locked(record_id, None)
        if self.journal is not None:
            self.journal.touched.add(record_id)

    def lock_key(self, key: tuple[str, str, Any]) -> None:
        """Take the lock of a unique key (object, field, value), as `lock_row` does for a row."""
        if self.locked is not None:
            self.locked(None, key)
        if self.journal is not None:
            self.journal.keys.add(key)

    def row(self, sobject: str, record_id: str | None) -> Row | None:
        """Return the live row of that id, or None. The caller must not change it."""
        if record_id is None:
            return None
        known = self.rows.get(record_id)
        if known is None:
            known = self.db.get_row(sobject, record_id)
            if known is not None:
                self.rows[record_id] = known
        return known

    def find(self, sobject: str, values: Row, *, include_deleted: bool = False) -> list[Row]:
        """Return the rows that have all these values, by Id."""
        rows: list[Row] = list(self.db.find(sobject, values, include_deleted=include_deleted))
        return rows

    def deleted_row(self, sobject: str, record_id: str) -> Row | None:
        """Return the row of that id, also from the recycle bin."""
        return self.db.get_row(sobject, record_id, include_deleted=True)

    def forget(self, record_id: str) -> None:
        """Read that row afresh the next time."""
        self.rows.pop(record_id, None)

    def new_id(self, prefix: str) -> str:
        """A new record id; inside a replay the id given the first time."""
        if self.journal is None:
            return self.ids.next(prefix)
        return self.journal.draw(prefix, lambda: self.ids.next(prefix))

    def next_number(self, sobject: str, auto: Field) -> str:
        """The next auto number; a number once given is never given again, not after a rollback either."""
        key = f"{sobject}.{auto.name}"

        def count() -> str:
            pattern = auto.auto_number or "{00000000}"
            before, _, rest = pattern.partition("{")
            zeros, _, after = rest.partition("}")
            self.numbers[key] = max(self.numbers[key] + 1, _FIRST_NUMBER.get(len(zeros), 1))
            return f"{before}{str(self.numbers[key]).rjust(len(zeros), '0')}{after}"

        return count() if self.journal is None else self.journal.draw(key, count)
