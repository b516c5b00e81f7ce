"""Real processes that use the database at the same time, or die while they do."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

ROOT = Path(__file__).parents[2]


@contextmanager
def python(code: str, *arguments: str) -> Generator[subprocess.Popen[str]]:
    """Run Python code in a process of its own; it is killed when the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def says(process: subprocess.Popen[str]) -> str:
    """Return the next line that the process prints; its errors if it prints none."""
    assert process.stdout is not None
    assert process.stderr is not None
    return process.stdout.readline().strip() or process.stderr.read()


def tell(process: subprocess.Popen[str], line: str = "") -> None:
    assert process.stdin is not None
    process.stdin.write(line + "\n")
    process.stdin.flush()


def all_at_once(count: int, code: str, *arguments: str) -> list[str]:
    """Run the code in several processes, which go on together after their first `input()`; return what each says."""
    with ExitStack() as stack:
        processes = [stack.enter_context(python(code, *arguments)) for _ in range(count)]
        ready = [says(process) for process in processes]
        assert ready == ["ready"] * count
        for process in processes:
            tell(process)
        return [says(process) for process in processes]


def as_ordinary_user(act: Callable[[], object]) -> str:
    """Do something without the powers of root, and return the type and text of the error it ends with."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        answer = "no error"
        try:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setresgid(65534, 65534, 65534)
                os.setresuid(65534, 65534, 65534)
            act()
        except BaseException as exc:  # noqa: BLE001 - whatever it is, the parent hears of it
            answer = f"{type(exc).__name__}: {exc}"
        os.write(writing, answer.encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    return answer
