"""Engines that share what SQLAlchemy has compiled, and tell the process that they belong to of each commit.

A play opens its database several times: each engine would compile every statement anew. A program has one engine, so
this changes what a play costs, not what it shows.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol
from unittest import mock

import sqlalchemy
from sqlalchemy import event

if TYPE_CHECKING:
    from collections.abc import Generator

    from sqlalchemy import Engine

OWNER = "simulated process"
"""Under which name a connection knows its process."""
_first: dict[str, Engine] = {}


class Owner(Protocol):
    """What hears of the commits and statements of its engine."""

    def committing(self) -> None:
        """A commit is about to be made."""

    def committed(self) -> None:
        """A commit was made."""

    def stating(self, *_: object) -> None:
        """A statement is about to be sent."""


@contextmanager
def shared() -> Generator[None]:
    """Have all engines of one kind share their dialect and their compiled statements."""

    def create_engine(*arguments: Any, **options: Any) -> Engine:
        engine = sqlalchemy.create_engine(*arguments, **options)
        known = _first.setdefault(engine.url.drivername, engine)
        # The cache is kept by dialect; SQLAlchemy has no public way to share either.
        engine.dialect, engine._compiled_cache = known.dialect, known._compiled_cache  # noqa: SLF001
        return engine

    with mock.patch("sfsync.store.connect.create_engine", create_engine):
        yield


def own(engine: Engine, owner: Owner) -> None:
    """Let a process hear of all that its engine sends and commits."""
    engine.dispose()

    def connected(_connection: object, record: Any) -> None:
        record.info[OWNER] = owner

    event.listen(engine, "connect", connected)
    event.listen(engine, "before_cursor_execute", owner.stating)
    dialect = engine.dialect
    if not hasattr(dialect.do_commit, "told"):
        dialect.do_commit = _telling(dialect.do_commit)  # type: ignore[method-assign]


def _telling(commit: Any) -> Any:
    def do_commit(connection: Any) -> None:
        # Engines of others share the dialect: theirs have no owner.
        owner = connection.info.get(OWNER)
        if owner is not None:
            owner.committing()
        commit(connection)
        if owner is not None:
            owner.committed()

    do_commit.told = True  # type: ignore[attr-defined]
    return do_commit
