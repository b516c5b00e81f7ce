"""How far a run is: a bar with counts on a terminal, a line per arrow elsewhere, on stderr."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from sfsync.cli.render import console, count

if TYPE_CHECKING:
    from collections.abc import Generator

    from rich.progress import TaskID

    from sfsync.sync.work import Progress as Report

_WORDS = {
    "pull": ("Reading", "record"),
    "plan": ("Planning", "deal"),
    "generate": ("Creating", "order"),
    "push": ("Pushing statuses", "order"),
    "reconcile": ("Comparing", "record"),
    "deliver": ("Delivering", "event"),
}


@contextmanager
def shown_progress(*, quiet: bool) -> Generator[Report]:
    """Show how far the arrows of a run are, until the block ends; `quiet` shows nothing."""
    if quiet:
        yield lambda _arrow, _done, _total: None
    elif sys.stderr.isatty():
        with _Bars() as bars:
            yield bars.report
    else:
        lines = _Lines()
        try:
            yield lines.report
        finally:
            lines.end()


class _Bars:
    """One bar per arrow, as long as it takes; then it goes, because the report says it all."""

    def __init__(self) -> None:
        self._shown = Progress(
            SpinnerColumn(finished_text=" "),
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            TextColumn("{task.fields[counted]}"),
            TimeElapsedColumn(),
            console=console(sys.stderr),
            transient=True,
        )
        self._bars: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._shown.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._shown.stop()

    def report(self, arrow: str, done: int, total: int | None) -> None:
        if arrow not in self._bars:
            self._finish()
            self._bars[arrow] = self._shown.add_task(_words(arrow)[0], total=None, counted="")
        counted = _counted(arrow, done) if total is None else f"{done:,} of {_counted(arrow, total)}"
        self._shown.update(self._bars[arrow], completed=done, total=total, counted=counted)

    def _finish(self) -> None:
        for bar in self._bars.values():
            self._shown.update(bar, completed=1, total=1)


class _Lines:
    """One line per arrow, when it is over; an arrow that comes again tells what came on top."""

    def __init__(self) -> None:
        self._arrow: str | None = None
        self._done = 0
        self._told: dict[str, int] = {}

    def report(self, arrow: str, done: int, _total: int | None) -> None:
        if arrow != self._arrow:
            self.end()
        self._arrow, self._done = arrow, done

    def end(self) -> None:
        if self._arrow is not None:
            again = "" if self._arrow not in self._told else " again"
            more = self._done - self._told.get(self._arrow, 0)
            sys.stderr.write(f"{_words(self._arrow)[0]}{again}: {_counted(self._arrow, more)}\n")
            self._told[self._arrow] = self._done
        self._arrow = None


def _words(arrow: str) -> tuple[str, str]:
    return _WORDS.get(arrow, (arrow.capitalize(), "record"))


def _counted(arrow: str, done: int) -> str:
    return count(done, _words(arrow)[1])
