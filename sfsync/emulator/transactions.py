"""Transactions that stay open: stamped when written, visible when committed, the source of late rows."""

from __future__ import annotations

import contextlib
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self, TypeVar

from sfsync.emulator.clock import from_stored
from sfsync.emulator.errors import ApiError
from sfsync.emulator.world import Journal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from sfsync.emulator.org import Org

T = TypeVar("T")

LONGEST = timedelta(minutes=10)
"""How long a transaction lasts at most [facts: api 6.1]."""


class _UndoError(Exception):
    """Ends a rehearsal: what it wrote must not be seen."""


class BlockedError(Exception):
    """A write must wait until this transaction has ended; all it did so far is undone and done again then."""

    def __init__(self, transaction: OpenTransaction) -> None:
        super().__init__("blocked by an open transaction")
        self.transaction = transaction


class OpenTransaction:
    """Writes of somebody else that have not been committed yet.

    Each write is done on trial and undone, which yields its id, its stamp and its errors; commit does all of them
    again with the same ids and stamps. Until then the records it wrote, their parents (`locks.py`) and their unique
    keys are locked.
    """

    def __init__(self, org: Org, *, due: int | None = None) -> None:
        self._org = org
        self.journal = Journal()
        self._steps: list[tuple[str, Callable[[], Any]]] = []
        self.started = org.world.now()
        self.due = due

    def insert(self, sobject: str, values: Mapping[str, Any]) -> str:
        """Create a record that others cannot see yet; returns its id."""
        record_id: str = self.do(lambda: self._org.admin().insert(sobject, values))
        return record_id

    def update(self, sobject: str, record_id: str, values: Mapping[str, Any]) -> None:
        """Change a record; others see the old values until the commit."""
        self.do(lambda: self._org.admin().update(sobject, record_id, values))

    def delete(self, sobject: str, record_id: str) -> None:
        """Delete a record; others see it until the commit."""
        self.do(lambda: self._org.admin().delete(sobject, record_id))

    def do(self, step: Callable[[], Any]) -> Any:
        """Add a step of any kind and return what it returned on trial.

        Raises:
            ApiError: if the platform refuses it; the step is then no part of the transaction.
        """

        def attempt() -> Any:
            stamped = (self._org.world.now(), step)
            result = self._run([*self._steps, stamped], keep=False)
            self._steps.append(stamped)
            return result

        with self._org.lock:
            return patiently(self._org, attempt)

    def commit(self) -> None:
        """Make everything visible, with the stamps of the time of writing; does nothing once it has ended.

        Raises:
            ApiError: if what others committed meanwhile forbids a step; nothing is written then.
        """
        with self._org.lock:
            if self not in self._org.transactions:
                return
            try:
                if self._steps:
                    patiently(self._org, lambda: self._run(self._steps, keep=True))
            finally:
                self._org.close_transaction(self)

    def rollback(self) -> None:
        """Drop everything."""
        with self._org.lock:
            self._org.close_transaction(self)

    def is_due(self, call: int) -> bool:
        """Whether it ends by itself, and before this call: its own call has come, or it has lasted the longest."""
        if self.due is None:
            return False
        return self.due <= call or self._org.clock() - from_stored(self.started) >= LONGEST

    def holds(self, record_id: str | None, key: tuple[str, str, Any] | None) -> bool:
        """Whether it has locked this record or this unique key."""
        return record_id in self.journal.touched or key in self.journal.keys

    def _run(self, steps: list[tuple[str, Callable[[], Any]]], *, keep: bool) -> Any:
        world = self._org.world
        self.journal.rewind()
        world.journal = self.journal
        result: Any = None
        try:
            with world.savepoint():
                for at, step in steps:
                    world.frozen = at
                    result = step()
                if not keep:
                    raise _UndoError  # noqa: TRY301 - leaves the savepoint
        except _UndoError:
            pass
        finally:
            world.journal = world.frozen = None
        return result

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self in self._org.transactions:
            self.rollback() if kind else self.commit()


def ask_lock(org: Org, record_id: str | None, key: tuple[str, str, Any] | None) -> None:
    """Let a write wait for, or fail on, what other transactions hold. A transaction is never in its own way.

    Raises:
        BlockedError: if the holder will commit by itself, or the org waits for locks.
        ApiError: UNABLE_TO_LOCK_ROW if nobody waits, or has waited long enough [facts: api 5.5].
    """
    for transaction in org.transactions:
        if transaction.journal is not org.world.journal and transaction.holds(record_id, key):
            if transaction.due is not None or org.world.patient:
                raise BlockedError(transaction)
            raise cannot_lock(record_id)


def patiently(org: Org, attempt: Callable[[], T]) -> T:
    """Make attempts until no other transaction is in the way, or the patience of the org has ended.

    One that ends by itself is committed; for others it waits with the org's lock let go, so that they can end. Inside
    of a transaction or savepoint nothing can be undone to wait: the outermost attempt does that.
    """
    world = org.world
    if world.depth or world.journal is not None:
        return attempt()
    left = org.settings.lock_wait_seconds
    until = time.monotonic() + left
    while True:
        world.patient = left > 0
        try:
            return attempt()
        except BlockedError as blocked:
            holder = blocked.transaction
        finally:
            world.patient = False
        if holder.due is not None:
            commit_due(holder)
        else:
            org.freed.wait(left)
        left = until - time.monotonic()


def commit_due(transaction: OpenTransaction) -> None:
    """Commit for somebody who is not there to hear of a refusal: the transaction is rolled back then."""
    with contextlib.suppress(ApiError):
        transaction.commit()


def cannot_lock(record_id: str | None) -> ApiError:
    """The refusal of a write to a row that somebody else is writing."""
    what = f"1 records: {record_id[:15]}" if record_id else "1 records"
    message = f"unable to obtain exclusive access to this record or {what}"
    return ApiError(400, "UNABLE_TO_LOCK_ROW", message, [])
