"""kill -9 at every step: a real process dies before, in and after each call and commit, and nothing comes of it.

The process is forked, works on the database by itself, and speaks to org and receiver over sockets (`lifeline`,
`door`). They live here and go on when it dies. Then another process takes its place, and has to lead to where a
process leads that nobody killed.
"""

from __future__ import annotations

import os
import pickle
import random
import shutil
import signal
import socket
import traceback
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scripts.simulation.door import Door
from scripts.simulation.kinds import COMMIT, Commits
from scripts.simulation.lifeline import AFTER, DIE, FAILED, GO, live
from scripts.simulation.process import Killed
from scripts.simulation.rich import CONDITIONS, act, end_state, prepare
from scripts.simulation.simulation import Simulation, Violation

if TYPE_CHECKING:
    from collections.abc import Callable

    from scripts.simulation.mirror import Mirror
    from scripts.simulation.play import Stage
    from scripts.simulation.stores import PostgresStore, SqliteStore

    Store = PostgresStore | SqliteStore

MOST_CYCLES = 2


@dataclass
class Moment:
    """A moment in the life of a process: `when` is before, sent (and not answered), or after."""

    when: str
    kind: str
    what: str


@dataclass
class Life:
    """What came of one life that ends at moment `number`, or, if that is 0, when its work is done."""

    number: int
    moments: list[Moment] = field(default_factory=list)
    state: dict[str, Any] = field(default_factory=dict)
    breach: str | None = None
    killed: bool = False
    cycles: int = 0
    """So many cycles of the next process brought everything to its end."""
    left_behind: bool = False
    """Whether the dead process left a write-ahead log of SQLite to recover."""


class Killable(Simulation):
    """A play whose mirror is in any store."""

    def __init__(self, stage: Stage, store: Store) -> None:
        self.store = store
        super().__init__(CONDITIONS, stage.place(), stage.empty)

    def database(self) -> tuple[Mirror, str]:
        """Begin anew in the store."""
        url = self.store.fresh(self.folder)
        return self.store.mirror(), url

    def let_go(self) -> None:
        """Close everything of the database: what is open when a process is forked, both would take for theirs."""
        self.process.close()
        self.second.close()
        self.mirror.close()


class World:
    """A world in which work of every kind waits for a process: made once, and copied for each life.

    A copy is a fork: an org in memory is copied with all it knows, and nothing that lives in it comes back.
    """

    def __init__(self, stage: Stage, store: Store) -> None:
        random.seed("crash")
        self._stage = stage  # its folder goes when nobody knows it any more
        self._sim = Killable(stage, store)
        self._breach: str | None = None
        try:
            prepare(self._sim)
        except Violation as violation:
            self._breach = str(violation)
        self._sim.let_go()
        store.save()

    def life(self, number: int = 0, calm: dict[str, Any] | None = None) -> Life:
        """Live through the rich cycle, killed at moment `number` if that is not 0, and on to the end in a new process.

        The end is where a life led that nobody killed, `calm`, or after two more cycles.
        """
        if self._breach:
            return Life(number, breach=self._breach)
        return in_a_copy(lambda: _live(self._sim, number, calm))

    def close(self) -> None:
        """Let go of everything."""
        self._sim.close()
        shutil.rmtree(self._sim.folder)


def in_a_copy(act: Callable[[], Life]) -> Life:
    """Do something in a copy of this process, and return what it returns.

    Raises:
        RuntimeError: if it breaks down; its words are on standard error.
    """
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            told = pickle.dumps(act())
            with os.fdopen(writing, "wb") as answer:
                answer.write(told)
        except BaseException:  # noqa: BLE001 - nothing may go on in two processes
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as answer:
        told = answer.read()
    _, status = os.waitpid(pid, 0)
    if status:
        raise RuntimeError("the simulator itself broke down")
    lived: Life = pickle.loads(told)  # noqa: S301 - our own process wrote it
    return lived


def _live(sim: Killable, number: int, calm: dict[str, Any] | None) -> Life:
    lived = Life(number)
    sim.store.restore()
    sim.mirror = sim.store.mirror()
    random.seed("crash")
    try:
        sim.run(sim.process, lambda: _Parent(sim, lived).run())
        sim.process.restart()
        sim.org.advance(600)
        for lived.cycles in range(1, MOST_CYCLES + 1):
            sim.run(sim.process, lambda: act(sim))
            sim.step_done()
            lived.state = end_state(sim)
            if calm in (None, lived.state):
                break
    except Violation as violation:
        lived.breach = str(violation)
    return lived


class _Parent:
    """Runs one real process, and hears what it tells."""

    def __init__(self, sim: Killable, lived: Life) -> None:
        self._sim, self._lived = sim, lived
        self._commits = Commits(sim.mirror)
        self._line, self._childs_end = socket.socketpair()
        self._said = self._line.makefile("r", encoding="utf-8")

    def run(self) -> None:
        """Run it to its end.

        Raises:
            Killed: if it was killed.
        """
        sim = self._sim
        sim.let_go()
        with self._line, self._said, Door(sim, self._hear) as door:
            pid = os.fork()
            if pid == 0:
                self._said.close()
                self._line.close()
                live(self._childs_end, door.server_port, sim.process.settings, sim.store.url, sim.org.clock())
            self._childs_end.close()
            sim.mirror = sim.store.mirror()
            try:
                door.serve(self._line, self._hear)
            finally:
                self._line.shutdown(socket.SHUT_RDWR)
                _, status = os.waitpid(pid, 0)
        if os.WIFSIGNALED(status):
            self._lived.killed = os.WTERMSIG(status) == signal.SIGKILL
            self._lived.left_behind = sim.store.left_behind()
            sim.mirror = sim.store.mirror()
            raise Killed

    def _hear(self) -> bool:
        """Hear of the next moment, and say whether life goes on; False if there is nobody any more."""
        said = self._said.readline()
        if not said:
            return False
        sim, moments = self._sim, self._lived.moments
        when, kind, what = said.rstrip("\n").split("\t")
        if when == FAILED:
            sim.violated("the service never breaks", kind)
        if (when, what) == (AFTER, COMMIT):
            sim.process.on_commit(sim.process)
            kind = self._commits.kind(sim.mirror)
            for one in moments[-2:]:
                one.kind = kind if one.kind == COMMIT else one.kind
        moments.append(Moment(when, kind, what))
        if len(moments) == self._lived.number:
            # The dead process was the only one that had the database open: the next one has to clear up.
            sim.mirror.close()
            self._line.sendall(DIE)
        else:
            self._line.sendall(GO)
        return True
