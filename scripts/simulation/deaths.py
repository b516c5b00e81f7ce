"""Death at every step, by kill -9: all moments of the rich cycle on one database, by several processes, added up."""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scripts.simulation.kill import World
from scripts.simulation.kinds import COMMIT
from scripts.simulation.lifeline import AFTER, BEFORE, SENT
from scripts.simulation.play import Stage
from scripts.simulation.stores import PostgresStore, SqliteStore
from sfsync.store.engine import open_database

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path
    from types import ModuleType

    from scripts.simulation.kill import Life, Moment, Store

DATABASES = ("sqlite", "postgresql")
_TEMPLATE = "sfsync_empty"


@dataclass
class Deaths:
    """What came of all deaths on one database."""

    database: str
    moments: list[Moment] = field(default_factory=list)
    """Those of the process that nobody killed."""
    killed: int = 0
    differing: list[str] = field(default_factory=list)
    left_behind: int = 0
    """How many of the dead left a write-ahead log of SQLite to recover."""
    second_cycles: int = 0
    """How often one more cycle was not enough, and the one after was."""
    seconds: float = 0.0

    def add(self, lived: Life, calm: Life) -> None:
        """Take one death in."""
        told = calm.moments[lived.number - 1]
        where = f"{self.database}, {lived.number}, {told.when} {told.kind} ({told.what})"
        if lived.breach:
            self.differing.append(f"{where}: {lived.breach}")
            return
        last = lived.moments[-1]
        if not lived.killed or (last.when, last.what) != (told.when, told.what):
            self.differing.append(f"{where}: nobody died there")
        self.differing += [
            f"{where}: {name} {lived.state[name]} instead of {value}"
            for name, value in calm.state.items()
            if lived.state[name] != value
        ]
        self.killed += lived.killed
        self.left_behind += lived.left_behind
        self.second_cycles += lived.cycles > 1

    def as_data(self) -> dict[str, Any]:
        """JSON-ready data."""
        calls, commits = (
            {
                kind: {when: times[when] for when in (BEFORE, SENT, AFTER) if times[when]}
                for kind, times in _by_kind(one for one in self.moments if (one.what == COMMIT) is wanted).items()
            }
            for wanted in (False, True)
        )
        return {
            "database": self.database,
            "moments": len(self.moments),
            "calls": calls,
            "commits": commits,
            "killed": self.killed,
            "left_behind": self.left_behind,
            "second_cycles": self.second_cycles,
            "differing": self.differing,
            "seconds": round(self.seconds, 1),
        }


def everywhere(stage: Stage, store: Store, *, first: int = 1, every: int = 1) -> Deaths:
    """Die at moment `first` and at every so many from there, one life after the other."""
    world = World(stage, store)
    calm, found = _begin(world, store.kind)
    for number in range(first, len(calm.moments) + 1, every) if not found.differing else ():
        found.add(world.life(number, calm.state), calm)
    world.close()
    return found


def in_parallel(database: str, jobs: int) -> Deaths:
    """Die at every moment on a kind of database, in so many processes at once.

    Raises:
        PostgresMissingError: if PostgreSQL is asked for, and there is no server to start.
    """
    started = time.monotonic()
    with ExitStack() as stack:
        folder = None
        if database == "postgresql":
            postgres, stop = _postgres().Postgres.watch()
            stack.callback(stop)
            folder = postgres.folder
        stage = Stage()
        stack.callback(stage.close)
        calm, found = _begin(World(stage, _store(stage, folder)), database)
        tasks = [(number, calm.state, folder) for number in range(1, len(calm.moments) + 1)]
        with multiprocessing.get_context("spawn").Pool(jobs) as pool:
            for lived in pool.imap_unordered(_task, tasks if not found.differing else ()):
                found.add(lived, calm)
            # Not ended but left to end: they remove their folders.
            pool.close()
            pool.join()
    found.differing.sort()
    found.seconds = time.monotonic() - started
    return found


def usable(databases: Sequence[str] = DATABASES) -> list[str]:
    """Those kinds of databases that there are here; it says which one is missing, and what to install."""
    found = list(databases)
    if "postgresql" in found:
        try:
            _postgres().find_programs()
        except _postgres().PostgresMissingError as error:
            sys.stderr.write(f"not on postgresql: {error}\n")
            found.remove("postgresql")
    return found


def as_text(found: Deaths) -> str:
    """What came of it, for people."""
    calls = sum(moment.what != COMMIT for moment in found.moments)
    summary = (
        f"{found.database}: {found.killed} processes killed by signal 9, one at each of {len(found.moments)} moments "
        f"({calls} of calls, {len(found.moments) - calls} of commits): {len(found.differing)} end elsewhere than an "
        f"undisturbed run; {found.seconds:.0f} s"
    )
    return "".join(f"{line}\n" for line in (*found.differing, summary))


def all_kinds(databases: Sequence[str], jobs: int | None) -> Iterator[Deaths]:
    """Die everywhere on each kind of database in turn, and tell how far it is."""
    for database in databases:
        sys.stderr.write(f"death at every step on {database}\n")
        yield in_parallel(database, jobs or os.cpu_count() or 1)


def _begin(world: World, database: str) -> tuple[Life, Deaths]:
    calm = world.life()
    found = Deaths(database, calm.moments)
    if calm.breach:
        found.differing.append(f"{database}, without any death: {calm.breach}")
    return calm, found


def _store(stage: Stage, folder: Path | None) -> Store:
    if folder is None:
        return SqliteStore(stage.empty)
    server = _postgres().Postgres(folder).server(_TEMPLATE, lambda url: open_database(url).close())
    return PostgresStore(lambda: server.emptied(f"play_{os.getpid()}", _TEMPLATE))


def _postgres() -> ModuleType:
    """The server of the tests. Not on top: copies of the tree without the tests die on SQLite only."""
    from tests import postgres  # noqa: PLC0415

    return postgres


_kept: list[World] = []


def _task(task: tuple[int, dict[str, Any], Path | None]) -> Life:
    """Live one life in a process of the pool, which keeps its world."""
    number, calm, folder = task
    if not _kept:
        stage = Stage()
        _kept.append(World(stage, _store(stage, folder)))
    return _kept[0].life(number, calm)


def _by_kind(moments: Iterable[Moment]) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for moment in moments:
        found.setdefault(moment.kind, Counter())[moment.when] += 1
    return found
