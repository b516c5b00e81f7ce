"""Transactions that stay open: stamped when written, visible when committed, the source of late rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from sfsync.emulator.errors import ApiError
from sfsync.emulator.world import Journal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from sfsync.emulator.org import Org


class _UndoError(Exception):
    """Ends a rehearsal: what it wrote must not be seen."""


class BlockedError(Exception):
    """A request must wait until this transaction has committed."""

    def __init__(self, transaction: OpenTransaction) -> None:
        super().__init__("blocked by an open transaction")
        self.transaction = transaction


class OpenTransaction:
    """Writes of somebody else that have not been committed yet.

    Each write is done on trial and undone, which yields its id, its stamp and its errors; commit does all of them
    again with the same ids and stamps. Until then the records and unique keys it touched are locked.
    """

    def __init__(self, org: Org, *, due: int | None = None) -> None:
        self._org = org
        self._journal = Journal()
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
        with self._org.lock:
            stamped = (self._org.world.now(), step)
            result = self._run([*self._steps, stamped], keep=False)
            self._steps.append(stamped)
            return result

    def commit(self) -> None:
        """Make everything visible, with the stamps of the time of writing."""
        with self._org.lock:
            self._org.close_transaction(self)
            if self._steps:
                self._run(self._steps, keep=True)

    def rollback(self) -> None:
        """Drop everything."""
        with self._org.lock:
            self._org.close_transaction(self)

    def holds(self, record_id: str | None, key: tuple[str, str, Any] | None) -> bool:
        """Whether it has locked this record or this unique key."""
        return record_id in self._journal.touched or key in self._journal.keys

    def _run(self, steps: list[tuple[str, Callable[[], Any]]], *, keep: bool) -> Any:
        world = self._org.world
        self._journal.rewind()
        world.journal = self._journal
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


def ask_lock(transactions: list[OpenTransaction], record_id: str | None, key: tuple[str, str, Any] | None) -> None:
    """Let a write wait for, or fail on, what other transactions hold.

    Raises:
        BlockedError: if the holder will commit by itself: the write waits for it.
        ApiError: UNABLE_TO_LOCK_ROW if nobody knows when it will [facts: api 5.5].
    """
    for transaction in transactions:
        if transaction.holds(record_id, key):
            if transaction.due is not None:
                raise BlockedError(transaction)
            raise cannot_lock(record_id)


def cannot_lock(record_id: str | None) -> ApiError:
    """The refusal of a write to a row that somebody else is writing."""
    what = f"1 records: {record_id[:15]}" if record_id else "1 records"
    message = f"unable to obtain exclusive access to this record or {what}"
    return ApiError(400, "UNABLE_TO_LOCK_ROW", message, [])
