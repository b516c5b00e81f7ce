"""Events in real processes: kill -9 of sfsync and of the receiver, and still each event's effect once."""

from __future__ import annotations

import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.forked import ROOT
from tests.receiver import SECRET, receiving

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from tests.box import Box
    from tests.receiver import Receiver

pytestmark = pytest.mark.process

ORDERS = 6
_PAUSE = threading.Event()


def sample() -> str:
    """The receiver of the README, as it stands there."""
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    [code] = [block for block in blocks if "Webhook(" in block]
    return str(code)


@contextmanager
def listening(folder: Path, port: int) -> Generator[subprocess.Popen[str]]:
    """Run the README's receiver until the block ends."""
    variables = {**os.environ, "WEBHOOK_SECRET": SECRET, "PORT": str(port)}
    command = [sys.executable, "-c", sample()]
    with subprocess.Popen(command, cwd=folder, env=variables, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            while True:
                with closing(socket.socket()) as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                assert process.poll() is None
                _PAUSE.wait(0.02)
            yield process
        finally:
            process.kill()


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def effects(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / "events.db")) as connection:
        return [kind for (kind,) in connection.execute("SELECT type FROM events ORDER BY rowid")]


def serve(box: Box, url: str, name: str = "BILLING") -> None:
    box.set(**{f"SINKS__{name}__URL": url, f"SINKS__{name}__SECRET": SECRET, f"SINKS__{name}__ALLOW_PRIVATE": "true"})


def waiting(box: Box) -> int:
    with closing(sqlite3.connect(box.database)) as connection:
        return int(connection.execute("SELECT count(*) FROM deliveries WHERE state = 'pending'").fetchone()[0])


def at_once(box: Box) -> None:
    """Let the time pass that tries wait for each other."""
    with closing(sqlite3.connect(box.database)) as connection, connection:
        connection.execute("UPDATE deliveries SET next_at = '2026-01-01 00:00:00.000000'")
        connection.execute("UPDATE sinks SET resume_at = NULL")


def test_the_readmes_receiver_killed_in_between_gets_the_rest_and_acts_once_on_each_event(
    box: Box, tmp_path: Path
) -> None:
    port = free_port()
    serve(box, f"http://127.0.0.1:{port}")
    box.world.deals(ORDERS)
    assert box.run("sync").exit_code == 0  # nobody is there yet
    for stop in range(2):
        at_once(box)
        with listening(tmp_path, port) as receiver:
            sending = box.start("deliver")
            while len(effects_or_none(tmp_path)) < 2 * (stop + 1) and sending.poll() is None:
                _PAUSE.wait(0.01)
            receiver.kill()
            sending.wait(60)
    at_once(box)
    with listening(tmp_path, port):
        box.run("deliver")
        assert box.run("events", "replay", "--since", "1h").exit_code == 0
        assert box.run("deliver").exit_code == 0

    assert effects(tmp_path) == ["order.created"] * ORDERS
    assert waiting(box) == 0


def effects_or_none(folder: Path) -> list[str]:
    try:
        return effects(folder)
    except sqlite3.OperationalError:
        return []  # it is just being set up


def test_a_sender_killed_after_the_receiver_has_taken_an_event_sends_it_again_under_its_id(box: Box) -> None:
    number = 4
    with receiving() as receiver:
        serve(box, receiver.url)
        box.world.deals(ORDERS)
        receiver.always = 500
        box.run("sync")
        receiver.always = 204
        receiver.got.clear()
        at_once(box)
        assert killed_at(box, receiver, number) == -signal.SIGKILL
        seen = [got.id for got in receiver.got]

        assert box.run("deliver").exit_code == 0

    ids = [got.id for got in receiver.got]
    assert len(seen) == number
    assert len(set(ids)) == ORDERS
    assert ids.count(seen[-1]) == 2
    assert len(ids) == ORDERS + 1
    assert waiting(box) == 0


def killed_at(box: Box, receiver: Receiver, number: int) -> int:
    """Deliver, and kill the process with signal 9 when the receiver has its event `number`, before it is answered."""
    process = box.start("deliver")

    def kill(count: int) -> None:
        if count == number:
            process.kill()
            process.wait()

    receiver.on_event = kill
    try:
        return process.wait(60)
    finally:
        receiver.on_event = None


def test_a_sink_that_hangs_delays_no_other_in_the_daemon(box: Box) -> None:
    with receiving() as good, closing(socket.create_server(("127.0.0.1", 0))) as silent:
        serve(box, good.url, "GOOD")
        serve(box, f"http://127.0.0.1:{silent.getsockname()[1]}", "HANGS")
        box.set(SINKS__HANGS__TIMEOUT_SECONDS="50", DAEMON__INTERVAL_SECONDS="1")
        box.world.deal()
        with box.running("daemon") as daemon:
            delivered = daemon.event("daemon.delivered")
            daemon.event("daemon.cycle")
            daemon.signal(signal.SIGKILL)

    assert (delivered["sink"], delivered["delivered"]) == ("good", 1)
    assert good.types == ["order.created"]
