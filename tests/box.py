"""An org that is served over TLS, and real sfsync processes in a folder of their own that work with it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, TextIO

from sfsync.emulator.server import serve
from tests.forked import ROOT, Forked, pipe
from tests.world import World, new_org

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from sfsync.emulator.org import Org
    from sfsync.emulator.server import Server

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

    process: Forked
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

    def start(self, *arguments: str) -> Forked:
        """Start a command; what it prints is lost."""
        return Forked(arguments, cwd=self.folder, env=self.variables)

    def run(self, *arguments: str) -> Ended:
        """Run a command to its end."""
        (out, out_end), (err, err_end) = pipe(), pipe()
        process = Forked(arguments, cwd=self.folder, env=self.variables, stdout=out_end, stderr=err_end)
        with out, err, ThreadPoolExecutor(2) as readers:
            said = [readers.submit(end.read) for end in (out, err)]
            try:
                code = process.wait(SECONDS)
            finally:
                process.kill()
            return Ended(code, *(one.result() for one in said))

    def run_python(self, *arguments: str) -> Ended:
        """Run `python -m sfsync` to its end, which takes a second longer than `run`."""
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
        lines, end = pipe()
        variables = self.variables | {"SFSYNC_LOG__FORMAT": "json"}
        running = Running(Forked(arguments, cwd=self.folder, env=variables, stderr=end), SimpleQueue())
        reader = threading.Thread(target=_read, args=(lines, running))
        with lines:
            reader.start()
            try:
                yield running
            finally:
                running.process.kill()
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


def _read(lines: TextIO, running: Running) -> None:
    for line in lines:
        running.lines.put(line.rstrip("\n"))
    running.lines.put(None)
