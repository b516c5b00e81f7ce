"""kill -9 before and after each call of a cycle, in real processes: the end state is that of a run without."""

from __future__ import annotations

import signal
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from sfsync.emulator.calls import Call
    from tests.box import Box

pytestmark = pytest.mark.process


class Dropped(ConnectionError):
    """The org never saw the call: whoever sent it is dead."""


def killed_at(box: Box, number: int, moment: str) -> bool:
    """Run one cycle and kill it with signal 9 at its call `number`; False if it ended before that call."""
    process = box.start("sync", "--json")
    seen = 0

    def hook(call: Call, when: str) -> None:
        nonlocal seen
        if when != moment:
            return
        seen += 1
        if seen == number:
            process.kill()
            process.wait()
            if moment == "before":
                raise Dropped(call.kind)

    box.org.on_call.append(hook)
    try:
        return process.wait(60) == -signal.SIGKILL
    finally:
        box.org.on_call.remove(hook)


def mirror_says(box: Box, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(box.database)) as connection:
        return connection.execute(query).fetchall()


def want(box: Box, deal: str, status: str) -> None:
    with closing(sqlite3.connect(box.database)) as connection, connection:
        connection.execute("UPDATE orders SET status = ? WHERE opportunity_id = ?", (status, deal))


@pytest.mark.parametrize(("moment", "first_call"), [("before", 1), ("after", 2)])
def test_a_process_killed_at_a_call_leaves_nothing_lost_and_nothing_doubled(
    box: Box, moment: str, first_call: int
) -> None:
    # Each second call here, in real processes; tests/sync/test_lost_answers.py dies at every one.
    first = box.world.deals(1)[0]
    assert box.run("sync").exit_code == 0
    kills = 0
    for number in range(first_call, 30, 2):
        box.org.advance(1200)
        box.world.deals(2, lines=2)
        drafted = box.world.orders(first)[0]["Status"] == "Draft"
        want(box, first, "Activated" if drafted else "Fulfilled")
        if not killed_at(box, number, moment):
            break
        kills += 1

    ended = box.run("sync")

    assert kills >= 3
    assert ended.exit_code == 0, ended.said
    assert box.world.amounts_agree()
    orders = box.world.orders()
    assert all(len(order["OrderItems"]["records"]) in (1, 2) for order in orders)
    assert mirror_says(box, "SELECT count(*) FROM orders WHERE in_doubt IS NOT NULL OR problem_code IS NOT NULL") == [
        (0,)
    ]
    assert set(mirror_says(box, "SELECT sf_id, key, org_status FROM orders")) == {
        (order["Id"], order["SFSync_Key__c"], order["Status"]) for order in orders
    }
    assert mirror_says(box, "SELECT count(*) FROM order_items WHERE sf_id IS NULL") == [(0,)]
    assert mirror_says(box, "SELECT count(*) FROM runs WHERE outcome = 'interrupted'") == [(kills,)]
    assert box.world.orders(first)[0]["Status"] in ("Activated", "Fulfilled")
