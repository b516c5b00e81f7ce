"""Running commands of sfsync as a user does: each in a process of its own, with its folder and its settings."""

from __future__ import annotations

import multiprocessing
import os
import runpy
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_LOADED = [
    f"sfsync.cli.{name}" for name in ("main", "sync", "orders", "why", "status", "entitlements", "shipments", "events")
]
"""Modules that each command would load anew for most of a second."""


class Commands:
    """Starts commands from a process that has loaded sfsync already, where the system can do that."""

    def __init__(self) -> None:
        forks = "forkserver" in multiprocessing.get_all_start_methods()
        self._context = multiprocessing.get_context("forkserver") if forks else multiprocessing.get_context("spawn")
        self._context.set_forkserver_preload(_LOADED)

    def run(self, words: Sequence[str], folder: Path, variables: Mapping[str, str], *, into: Path | None = None) -> int:
        """Run a command in a folder with these variables of the environment, and return its exit code.

        What it prints goes where our own output goes, or `into` a file.
        """
        process = self._context.Process(
            target=_run, args=(list(words), str(folder), dict(variables), into and str(into))
        )
        process.start()
        process.join()
        return process.exitcode or 0


def _run(words: list[str], folder: str, variables: dict[str, str], into: str | None) -> None:
    if into is not None:
        file = os.open(into, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(file, sys.stdout.fileno())
        os.dup2(file, sys.stderr.fileno())
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(variables)
    sys.argv = ["sfsync", *words]
    runpy.run_module("sfsync", run_name="__main__")
