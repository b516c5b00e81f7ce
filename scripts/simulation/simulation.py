"""One play: a company, its org, two instances of the service, a receiver, and everything that is true about them."""

from __future__ import annotations

import shutil
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, Any
from unittest import mock

from scripts.simulation import invariants
from scripts.simulation.company import founded
from scripts.simulation.mirror import Mirror
from scripts.simulation.process import Killed, Process
from scripts.simulation.receiver import Receiver
from scripts.simulation.record import Record
from scripts.simulation.settings import settings_for
from scripts.simulation.wire import Wire
from sfsync.errors import SfsyncError
from sfsync.webhooks import post

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from decimal import Decimal
    from pathlib import Path

    from scripts.simulation.settings import Conditions
    from scripts.simulation.wire import Sent


class Violation(BaseException):
    """An invariant does not hold. Nothing that is simulated may catch it."""

    def __init__(self, invariant: str, message: str) -> None:
        super().__init__(f"{invariant}: {message}")
        self.invariant = invariant


@dataclass
class Simulation:
    """Everything of one play. Actors act through it; invariants look at it and are told what happens."""

    conditions: Conditions
    folder: Path
    empty: Path
    seed: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    found: Violation | None = None
    at_work: list[Process] = field(default_factory=list)
    """The processes that work at the moment, the one that acts last: another one may be in the middle of a cycle."""
    broken: dict[str, Callable[[], object]] = field(default_factory=dict)
    """What an administrator has changed, and how to undo it."""
    supplements: set[str] = field(default_factory=set)
    """Keys of orders that an amendment has planned on top of a deal's first one."""
    deactivations: set[str] = field(default_factory=set)
    """Orders that somebody has asked to go back to Draft."""
    shipped: dict[int, tuple[str, Decimal]] = field(default_factory=dict)
    """Every shipment that was recorded here, by its row: of which order item, how much."""
    adjusted: set[str] = field(default_factory=set)
    """Orders (Salesforce Ids) whose lines somebody has changed or taken back by hand: that is meant so."""
    from_mirror: bool = False
    """Whether orders are being made of deals as the mirror knows them: `sfsync generate` does not read them again."""
    comparing: list[Process] = field(default_factory=list)
    """The processes that are in the middle of a reconcile."""
    tampered: dict[tuple[str, str, str], str] = field(default_factory=dict)
    """What somebody wrote into the mirror that is the org's to say, by (table, Id, column)."""
    interrupt: Callable[[Sent], None] | None = None
    """Called before each call of the service: somebody acts in the middle of a cycle."""

    def __post_init__(self) -> None:
        self.company = founded(self.seed, ships=self.conditions.ships, stock=self.conditions.stock)
        self.org = self.company.org
        self.record = Record(self.org)
        self.mirror, url = self.database()
        self.wire = Wire(self.org)
        self.wire.before, self.wire.after = self._sending, self._sent
        settings = settings_for(self.conditions)
        self.process, self.second = (Process(settings, url, self.org.clock, self.wire) for _ in range(2))
        for process in (self.process, self.second):
            process.on_commit = self._committed
        self.receiver = Receiver()
        self.invariants = [invariant(self) for invariant in invariants.ALL]
        self.look()

    def database(self) -> tuple[Mirror, str]:
        """Make the mirror's database; return how to look into it, and its URL."""
        path = self.folder / "mirror.db"
        shutil.copyfile(self.empty, path)
        return Mirror(path), f"sqlite:///{path}"

    # -- what actors do

    def look(self) -> None:
        """Take note of what became different in the org; the invariants are told."""
        for change in self.record.look():
            for invariant in self.invariants:
                invariant.changed(change)

    def run(self, process: Process, act: Callable[[], object]) -> str:
        """Have a process do something; return how it ended. What it should never raise is a violation."""
        self.at_work.append(process)
        outer, self.wire.process = self.wire.process, process
        self.record.tick += 1
        for invariant in self.invariants:
            invariant.begins(process)
        ended = "done"
        try:
            act()
        except SfsyncError as error:
            ended = type(error).__name__
            for invariant in self.invariants:
                invariant.said(str(error))
        except Killed:
            ended = "killed"
            self.counts["crashes"] += 1
        except Violation:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a bug of the service
            self.violated("the service never breaks", f"{type(error).__name__}: {error}")
        finally:
            self.at_work.pop()
            self.wire.process = outer
        if self.found is not None:
            raise self.found
        for invariant in self.invariants:
            invariant.ended(process, ended)
        if process.dead:
            process.restart()
        process.calm()
        return ended

    def violated(self, invariant: str, message: str) -> None:
        """An invariant does not hold: the play ends here.

        Raises:
            Violation: always; the first one again if there was one before.
        """
        self.found = self.found or Violation(invariant, message)
        raise self.found

    def step_done(self) -> None:
        """A step is over: everything that can be looked at now is."""
        self.record.tick += 1
        self.look()
        for invariant in self.invariants:
            invariant.step_done()
        self.counts["steps"] += 1

    def tampering(self) -> dict[tuple[str, str, str], str]:
        """What was written into the mirror that is the org's to say, and still stands there."""
        for (table, sf_id, column), value in list(self.tampered.items()):
            rows = self.mirror.rows(f"SELECT {column} AS value FROM {table} WHERE sf_id = ? AND NOT is_deleted", sf_id)
            if [str(row["value"]) for row in rows] != [value]:
                del self.tampered[table, sf_id, column]
        return self.tampered

    def state(self) -> list[Any]:
        """Everything that lasts, as text is made of it: the org's orders and the mirror, without process numbers."""
        tables = (
            "opportunities",
            "orders",
            "order_items",
            "journal",
            "events",
            "deliveries",
            "cursors",
            "conflicts",
            "discrepancies",
            "reductions",
            "shipments",
            "shipment_lines",
        )
        return [
            sorted(self.record.orders.items()),
            self.record.items(),
            *(self.mirror.rows(f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables),
            self.receiver.taken,
        ]

    def digest(self, trace: list[str]) -> str:
        """A digest of the trace and of where it led."""
        # Messages about the database name its file, and each play has one of its own.
        text = repr((trace, self.state())).replace(str(self.folder), "")
        return blake2b(text.encode(), digest_size=8).hexdigest()

    def close(self) -> None:
        """Let go of everything."""
        self.process.close()
        self.second.close()
        self.mirror.close()
        self.org.db.close()

    @contextmanager
    def promising(self, process: Process) -> Generator[None]:
        """Let a user's command commit: the invariants look once they know what was promised."""
        process.on_commit = lambda _process: None
        try:
            yield
        finally:
            process.on_commit = self._committed

    @contextmanager
    def receiving(self) -> Generator[None]:
        """Put the receiver where the network would be."""
        with mock.patch.object(post, "HTTPAdapter", return_value=self.receiver):
            yield

    # -- what the wire and the processes tell

    def _sending(self, sent: Sent) -> None:
        self.record.tick += 1
        self.counts["calls"] += 1
        if self.interrupt is not None:
            self.interrupt(sent)
            self.record.tick += 1
        self.look()
        if self.at_work:
            for invariant in self.invariants:
                invariant.sending(self.at_work[-1], sent)

    def _sent(self, sent: Sent, lost: bool) -> None:  # noqa: FBT001 - the wire's one word
        self.record.tick += 1
        if lost and sent.writes:
            self.counts["answers of writes lost"] += 1
        self.look()
        if self.at_work:
            for invariant in self.invariants:
                invariant.sent(self.at_work[-1], sent, lost=lost)

    def _committed(self, process: Process) -> None:
        self.counts["commits"] += 1
        for invariant in self.invariants:
            invariant.committed(process)
