"""`sfsync` in processes of its own, forked from one that has loaded it: loading it anew would take each a second.

They are real processes, with their folder, variables, pipes and signals. A test about how `python -m sfsync` itself
starts has to start that.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import subprocess
import sys
import threading
import time
from multiprocessing import connection, forkserver
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, cast
from unittest.mock import patch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from multiprocessing.connection import Connection

ROOT = Path(__file__).parents[1]
_LOADED = [f"sfsync.cli.{name}" for name in ("main", "sync", "daemon", "emulator", "events", "orders", "reduce")]
_CONTEXT = multiprocessing.get_context("forkserver")
_LOCK = threading.Lock()


class Forked:
    """One command from its start on, with the names of `subprocess.Popen`.

    What it prints goes into the writing ends of pipes, which are closed here, or nowhere.
    """

    def __init__(
        self,
        words: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        stdout: Connection | None = None,
        stderr: Connection | None = None,
    ) -> None:
        with _LOCK:
            _ensure_server()
            self._process = _CONTEXT.Process(target=_run, args=(list(words), str(cwd), dict(env), stdout, stderr))
            self._process.start()
        for end in (stdout, stderr):
            if end is not None:
                end.close()
        self.pid = cast("int", self._process.pid)

    def poll(self) -> int | None:
        """The exit code, or minus the signal that ended it; None while it runs."""
        # The code is read from a pipe, once: two threads that ask at the same time must not both read.
        with _LOCK:
            return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end, and return its code.

        Raises:
            subprocess.TimeoutExpired: if it does not end in so many seconds.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                raise subprocess.TimeoutExpired("sfsync", timeout or 0)
            connection.wait([self._process.sentinel], left)
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal, if it still runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it by signal 9, if it still runs."""
        if self.poll() is None:
            self._process.kill()


def _ensure_server() -> None:
    _CONTEXT.set_forkserver_preload(_LOADED)
    with patch.dict(os.environ, PYTHONPATH=str(ROOT)):
        forkserver.ensure_running()


def pipe() -> tuple[TextIO, Connection]:
    """Return the end of a pipe to read from, and the one to hand to a process."""
    ours, theirs = _CONTEXT.Pipe(duplex=False)
    file = os.fdopen(os.dup(ours.fileno()), encoding="utf-8")
    ours.close()
    return file, theirs


def _run(
    words: list[str], folder: str, variables: dict[str, str], out: Connection | None, err: Connection | None
) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for number, end in ((1, out), (2, err)):
        os.dup2(nowhere if end is None else end.fileno(), number)
        if end is not None:
            end.close()
    os.close(nowhere)
    # Those that were inherited know what was there before: a file, which can be sought in.
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, encoding="utf-8", closefd=False)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(variables)
    sys.argv = ["sfsync", *words]
    runpy.run_module("sfsync", run_name="__main__")
