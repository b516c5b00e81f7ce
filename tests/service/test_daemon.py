"""The daemon, as a process of its own."""

from __future__ import annotations

import signal
import socket
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from sfsync.domain.events import Event, EventType
from sfsync.store import events, lease
from sfsync.store.engine import open_database
from tests.box import SECONDS, open_box
from tests.mirror import mirrored

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from sfsync.emulator.calls import Call
    from tests.box import Box, Ended

pytestmark = pytest.mark.process

MORE_THAN_ONE_CALL = 100  # orders; a composite graph call takes 75


@pytest.fixture
def box(tmp_path: Path) -> Generator[Box]:
    with open_box(tmp_path) as box:
        box.set(DAEMON__INTERVAL_SECONDS="1", SYNC__LEASE_WAIT_SECONDS="0")
        yield box


def graph_calls(box: Box) -> int:
    return sum(call.kind == "graph" for call in box.org.calls)


def test_a_cycle_runs_at_once_and_then_one_after_every_interval(box: Box) -> None:
    box.world.deal()
    with box.running("daemon") as daemon:
        first = daemon.event("daemon.cycle")
        second = daemon.event("daemon.cycle")
        daemon.signal(signal.SIGTERM)

        assert daemon.exit_code() == 0
    assert first["counts"]["orders_created"] == 1
    assert "orders_created" not in second["counts"]
    assert second["run"] == first["run"] + 1
    assert second["calls"].get("token", 0) == 0
    assert 0 < sum(second["calls"].values()) <= 2
    assert len(box.world.orders()) == 1


def test_a_deal_that_is_won_while_the_daemon_runs_is_ordered(box: Box) -> None:
    with box.running("daemon") as daemon:
        daemon.event("daemon.cycle")
        deal = box.world.deal()
        while "orders_created" not in daemon.event("daemon.cycle")["counts"]:
            pass

    assert len(box.world.orders(deal)) == 1


def test_old_events_are_removed_once_a_day_and_first_at_the_start(box: Box) -> None:
    db = open_database(f"sqlite:///{box.database}")
    with db.begin() as tx:
        old = datetime.now(UTC) - timedelta(days=91)
        events.write(tx, "default", [Event(EventType.ORDER_ACTIVATED, "an order", {})], [], old)
    with box.running("daemon") as daemon:
        assert daemon.event("daemon.pruned")["events"] == 1

    assert mirrored(db, "events") == []
    db.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_stop_lets_the_write_in_hand_finish_and_nothing_more(box: Box, number: int) -> None:
    box.world.deals(MORE_THAN_ONE_CALL)
    with box.running("daemon") as daemon:

        def stop(call: Call, moment: str) -> None:
            if call.kind == "graph" and moment == "before":
                daemon.signal(number)
                # The answer is held back until the daemon says that it has heard.
                daemon.event("daemon.stopping")

        box.org.on_call.append(stop)

        assert daemon.exit_code() == 0
    assert graph_calls(box) == 1
    db = open_database(f"sqlite:///{box.database}")
    in_org = {order["SFSync_Key__c"] for order in box.world.orders()}
    assert {row.key for row in mirrored(db, "orders") if row.sf_id} == in_org
    assert 0 < len(in_org) < MORE_THAN_ONE_CALL
    assert not [row.key for row in mirrored(db, "orders") if row.in_doubt]
    db.close()


def test_a_signal_to_stop_ends_the_wait_before_another_try(box: Box) -> None:
    box.org.faults.add("html_503", kind="composite", times=0)
    with box.running("daemon") as daemon:

        def stop(call: Call, moment: str) -> None:
            if call.kind == "composite" and moment == "before":
                box.org.on_call.remove(stop)
                daemon.signal(signal.SIGTERM)
                daemon.event("daemon.stopping")

        box.org.on_call.append(stop)

        assert daemon.exit_code() == 0
    assert [call.kind for call in box.org.calls if call.kind == "composite"] == ["composite"]
    db = open_database(f"sqlite:///{box.database}")
    assert [run.outcome for run in mirrored(db, "runs")] == ["interrupted"]
    db.close()


def test_a_signal_to_stop_ends_the_wait_for_another_sfsync(box: Box) -> None:
    box.set(SYNC__LEASE_WAIT_SECONDS=str(10 * SECONDS))
    db = open_database(f"sqlite:///{box.database}")
    with lease.hold(db, "default", wait=timedelta(), who="test"), box.running("daemon") as daemon:
        daemon.event("daemon.started")
        daemon.signal(signal.SIGTERM)

        assert daemon.exit_code() == 0
    db.close()


def test_the_daemon_waits_for_another_sfsync_as_long_as_it_is_told_to(box: Box) -> None:
    box.set(SYNC__LEASE_WAIT_SECONDS=str(SECONDS))
    db = open_database(f"sqlite:///{box.database}")
    with box.running("daemon") as daemon:
        with lease.hold(db, "default", wait=timedelta(), who="test"):
            daemon.event("daemon.started")
        daemon.event("daemon.cycle")
        daemon.signal(signal.SIGTERM)
        rest = daemon.rest()
    db.close()

    assert not [line for line in rest if "daemon.skipped" in line]


def test_what_a_stopped_cycle_left_is_done_by_the_next(box: Box) -> None:
    box.world.deals(MORE_THAN_ONE_CALL)
    with box.running("daemon") as daemon:

        def stop(call: Call, moment: str) -> None:
            if call.kind == "graph" and moment == "before":
                daemon.signal(signal.SIGTERM)
                daemon.event("daemon.stopping")

        box.org.on_call.append(stop)
        daemon.exit_code()
    box.org.on_call.clear()

    assert box.run("sync").exit_code == 0
    assert box.world.amounts_agree()


def test_a_second_signal_ends_the_daemon_at_once(box: Box) -> None:
    box.world.deal()
    released = threading.Event()
    with box.running("daemon") as daemon:

        def hold(call: Call, moment: str) -> None:
            if call.kind == "graph" and moment == "before":
                daemon.signal(signal.SIGTERM)
                daemon.event("daemon.stopping")
                daemon.signal(signal.SIGTERM)
                released.wait(SECONDS)

        box.org.on_call.append(hold)

        assert daemon.exit_code() == -signal.SIGTERM
    released.set()


def test_while_another_sfsync_works_on_the_org_the_daemon_leaves_its_turns_out(box: Box) -> None:
    box.world.deal()
    db = open_database(f"sqlite:///{box.database}")
    with lease.hold(db, "default", wait=timedelta(), who="test"), box.running("daemon") as daemon:
        skipped = daemon.event("daemon.skipped")
        daemon.event("daemon.skipped")
    db.close()

    assert skipped["level"] == "info"
    assert "another sfsync process" in skipped["event"]
    assert len(box.org.calls) == 0


def test_an_org_that_is_away_is_asked_less_often_and_then_at_the_interval_again(box: Box) -> None:
    box.org.faults.add("request_limit", kind="composite", times=2)
    with box.running("daemon") as daemon:
        waits = [daemon.event("daemon.away")["next_try_seconds"] for _ in range(2)]
        recovered = daemon.event("daemon.recovered")
        daemon.event("daemon.cycle")
        daemon.event("daemon.cycle")

    assert waits == [2, 4]
    assert recovered["failures"] == 2


def test_a_user_who_is_not_let_in_is_tried_once_and_then_only_every_five_minutes(box: Box) -> None:
    box.org.settings.users[0].active = False
    with box.running("daemon") as daemon:
        refused = daemon.event("daemon.refused")
        daemon.signal(signal.SIGTERM)
        daemon.event("daemon.stopped")

        assert daemon.exit_code() == 0
    assert refused["level"] == "error"
    assert "inactive user" in refused["event"]
    assert "unfreeze" in refused["remedy"]
    assert refused["next_try_seconds"] == 300
    assert [call.kind for call in box.org.calls] == ["oauth"]


def test_settings_that_are_not_complete_end_the_daemon_before_it_starts(box: Box) -> None:
    del box.variables["SFSYNC_SALESFORCE__CLIENT_SECRET"]

    ended: Ended = box.run_python("daemon")

    assert ended.exit_code == 2
    assert "client_secret" in ended.stderr


def test_systemd_hears_when_the_daemon_is_ready_alive_and_stopping(box: Box, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(SECONDS)
        box.variables |= {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "200000"}
        with box.running("daemon") as daemon:
            heard = [listener.recv(100) for _ in range(4)]
            daemon.signal(signal.SIGTERM)
            while (last := listener.recv(100)) == b"WATCHDOG=1":
                pass

            assert daemon.exit_code() == 0
    assert heard == [b"READY=1", *[b"WATCHDOG=1"] * 3]
    assert last == b"STOPPING=1"
