"""An org that is served over TLS, and real sfsync processes in a folder of their own that work with it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from sfsync.emulator.server import serve
from tests.world import World, new_org

if TYPE_CHECKING:
    from collections.abc import Generator

    from sfsync.emulator.org import Org
    from sfsync.emulator.server import Server

ROOT = Path(__file__).parents[1]
SECONDS = 60
SECRET = "emulator-secret"


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def said(self) -> str:
        """Everything it printed."""
        return self.stdout + self.stderr

    def json(self) -> Any:
        return json.loads(self.stdout)


@dataclass
class Running:
    """A command that runs, and the lines of its log as they come."""

    process: subprocess.Popen[str]
    lines: SimpleQueue[str | None]

    def event(self, action: str) -> dict[str, Any]:
        """Wait for the next event of that action in the log, and return it."""
        passed: list[str] = []
        deadline = time.monotonic() + SECONDS
        while True:
            try:
                line = self.lines.get(timeout=max(0.0, deadline - time.monotonic()))
            except Empty:
                raise AssertionError(f"no {action} in {SECONDS} seconds, but: {passed}") from None
            if line is None:
                raise AssertionError(f"the process ended without {action}: {passed}")
            passed.append(line)
            if line.startswith("{") and (event := json.loads(line))["action"] == action:
                return dict(event)

    def rest(self) -> list[str]:
        """Wait for the end, and return the lines that are left of the log."""
        self.process.wait(SECONDS)
        return list(iter(lambda: self.lines.get(timeout=SECONDS), None))

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def exit_code(self) -> int:
        return self.process.wait(SECONDS)


@dataclass
class Box:
    """The org and its records, its server, and the folder and the variables of the processes."""

    world: World
    server: Server
    folder: Path
    variables: dict[str, str]

    @property
    def org(self) -> Org:
        return self.world.org

    @property
    def database(self) -> Path:
        return self.folder / "sfsync.db"

    def set(self, **variables: str) -> None:
        """Set settings for all processes to come: `set(ORDERS__SINCE="2026-01-01")`."""
        self.variables |= {f"SFSYNC_{name}": value for name, value in variables.items()}

    def run(self, *arguments: str) -> Ended:
        """Run a command to its end."""
        ended = subprocess.run(
            [sys.executable, "-m", "sfsync", *arguments],
            cwd=self.folder,
            env=self.variables,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        return Ended(ended.returncode, ended.stdout, ended.stderr)

    @contextmanager
    def running(self, *arguments: str) -> Generator[Running]:
        """Run a command, with its log as JSON, as long as the block lasts; it is killed if it runs on."""
        process = subprocess.Popen(
            [sys.executable, "-m", "sfsync", *arguments],
            cwd=self.folder,
            env=self.variables | {"SFSYNC_LOG__FORMAT": "json"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        running = Running(process, SimpleQueue())
        reader = threading.Thread(target=_read, args=(running,))
        with process:
            reader.start()
            try:
                yield running
            finally:
                process.kill()
                reader.join()


@contextmanager
def open_box(folder: Path) -> Generator[Box]:
    """Serve a small org, and set up variables by which a process finds it."""
    with serve(new_org(), directory=folder / "server") as server:
        home = folder / "home"
        home.mkdir()
        plain = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("SFSYNC_", "NOTIFY_", "WATCHDOG_", "COLUMNS"))
        }
        box = Box(World(server.org), server, home, plain | {"PYTHONPATH": str(ROOT)})
        box.set(
            SALESFORCE__LOGIN_URL=server.url,
            SALESFORCE__CLIENT_ID=server.client_id,
            SALESFORCE__CLIENT_SECRET=server.client_secret,
            SALESFORCE__CA_FILE=str(server.ca_file),
        )
        yield box


def _read(running: Running) -> None:
    assert running.process.stderr is not None
    for line in running.process.stderr:
        running.lines.put(line.rstrip("\n"))
    running.lines.put(None)
