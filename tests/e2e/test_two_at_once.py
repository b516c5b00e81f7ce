"""Two processes on one org: one works, the other waits or says who works; nothing is doubled."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from sfsync.emulator.calls import Call
    from tests.box import Box

pytestmark = pytest.mark.process

_PAUSE = threading.Event()


@pytest.fixture
def held(box: Box) -> threading.Event:
    """The org answers no creation until the event is set."""
    go, reached = threading.Event(), threading.Event()

    def hook(call: Call, when: str) -> None:
        if call.kind == "graph" and when == "before":
            reached.set()
            go.wait(60)

    box.org.on_call.append(hook)
    go.reached = reached  # type: ignore[attr-defined]
    return go


def test_a_second_sync_waits_for_the_first_and_doubles_nothing(box: Box, held: threading.Event) -> None:
    box.world.deals(5)
    with box.running("sync") as first, box.running("sync") as second:
        assert held.reached.wait(60)  # type: ignore[attr-defined]
        held.set()

        assert (first.exit_code(), second.exit_code()) == (0, 0)
    assert box.world.amounts_agree()


def test_a_second_sync_that_may_not_wait_says_who_works_and_to_try_later(box: Box, held: threading.Event) -> None:
    box.world.deals(5)
    box.set(SYNC__LEASE_WAIT_SECONDS="0")
    with box.running("sync") as first:
        assert held.reached.wait(60)  # type: ignore[attr-defined]

        second = box.run("sync")
        held.set()

        assert first.exit_code() == 0
    assert second.exit_code == 75
    assert "sync" in second.stderr
    assert str(first.process.pid) in second.stderr
    assert box.world.amounts_agree()


def test_a_daemon_and_a_sync_get_along(box: Box) -> None:
    box.world.deals(3)
    with box.running("daemon") as daemon:
        daemon.event("daemon.cycle")
        box.world.deals(3)

        assert box.run("sync").exit_code == 0

        daemon.signal(15)
        assert daemon.exit_code() == 0
    assert box.world.amounts_agree()


def test_two_operators_who_reduce_the_same_line_at_once_never_take_more_than_there_is(box: Box) -> None:
    order = box.world.order()
    box.world.item(order, Quantity=100)
    box.org.update("Order", order, {"Status": "Activated"})
    assert box.run("pull").exit_code == 0
    asked = ("orders", "reduce", order, "--line", "1", "--by", "60", "--yes")
    with closing(sqlite3.connect(box.database, isolation_level=None)) as busy:
        # Nobody can write before both have been started, so both have seen 100 to be left.
        busy.execute("BEGIN IMMEDIATE")
        with box.running(*asked) as first, box.running(*asked) as second:
            both = (first, second)
            while any(one.process.poll() is None and not _has_open(one.process.pid, box) for one in both):
                _PAUSE.wait(0.01)
            busy.execute("ROLLBACK")
            codes = sorted(one.exit_code() for one in both)
            said = " ".join(" ".join(line for one in both for line in one.rest()).split())

    assert codes == [0, 2]
    assert "only 40 are left to reduce" in said or "The orders have changed since the plan was shown" in said
    assert box.run("sync").exit_code == 0
    [made] = box.org.query("SELECT TotalAmount FROM Order WHERE IsReductionOrder = true")
    assert made["TotalAmount"] == -6000


def _has_open(pid: int, box: Box) -> bool:
    """Whether a process has opened the database."""
    with suppress(OSError):
        return any(fd.readlink() == box.database for fd in Path(f"/proc/{pid}/fd").iterdir())
    return False
