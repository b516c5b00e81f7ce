"""Results of jobs: files (on disk, unless they are small) from which pages are cut."""

from __future__ import annotations

import tempfile
import weakref
from itertools import islice
from typing import TYPE_CHECKING, Any

from sfsync.emulator.bulk.csvtext import DEFAULT_FORM, Form, written

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_BLOCK = 1_000
_IN_MEMORY = 1 << 18  # bytes; small results are many, and open files few
_QUOTE = b'"'


def _temporary() -> tempfile.SpooledTemporaryFile[bytes]:
    return tempfile.SpooledTemporaryFile(_IN_MEMORY, prefix="sfsync-bulk-")


class ResultFile:
    """A table as CSV in a temporary file, which is gone with the object. Every `_BLOCK` rows their place is kept."""

    def __init__(self, columns: Iterable[str], form: Form = DEFAULT_FORM) -> None:
        self._form = form
        self._header = written([columns], form).encode()
        self._file = _temporary()
        weakref.finalize(self, self._file.close)
        self._offsets = [0]
        self._waiting: list[Iterable[Any]] = []
        self.count = 0

    def extend(self, rows: Iterable[Iterable[Any]]) -> None:
        """Add rows; no more than a block of them is held in memory."""
        source: Iterator[Iterable[Any]] = iter(rows)
        while block := list(islice(source, _BLOCK - len(self._waiting))):
            self.count += len(block)
            self._waiting += block
            if len(self._waiting) == _BLOCK:
                raw = self._raw(self._waiting)
                self._file.seek(self._offsets[-1])
                self._file.write(raw)
                self._offsets.append(self._offsets[-1] + len(raw))
                self._waiting = []

    def page(self, start: int = 0, count: int | None = None) -> bytes:
        """The header and `count` rows from `start` on, or all that are left."""
        stop = self.count if count is None else min(start + count, self.count)
        if start >= stop:
            return self._header
        first, last = start // _BLOCK, (stop - 1) // _BLOCK
        body = self._blocks(first, last)
        before, behind = start % _BLOCK, min((last + 1) * _BLOCK, self.count) - stop
        ending = self._form.ending.encode()
        cut_before = sum(map(len, _rows_of(self._blocks(first, first), ending)[:before])) if before else 0
        cut_behind = sum(map(len, _rows_of(self._blocks(last, last), ending)[-behind:])) if behind else 0
        return self._header + body[cut_before : len(body) - cut_behind]

    def _blocks(self, first: int, last: int) -> bytes:
        """Whole blocks; the last of all is not on disk while it is not full."""
        on_disk = min(last + 1, len(self._offsets) - 1)
        self._file.seek(self._offsets[min(first, on_disk)])
        raw = self._file.read(max(self._offsets[on_disk] - self._offsets[min(first, on_disk)], 0))
        return raw + self._raw(self._waiting) if last + 1 > on_disk else raw

    def _raw(self, rows: Iterable[Iterable[Any]]) -> bytes:
        return written(rows, self._form).encode()

    def close(self) -> None:
        """Give the disk back."""
        self._file.close()


def _rows_of(block: bytes, ending: bytes) -> list[bytes]:
    """Cut a block into its rows: a line ends one only where no quote is open."""
    rows: list[bytes] = []
    parts: list[bytes] = []
    quotes = 0
    for line in block.split(ending)[:-1]:
        parts.append(line + ending)
        quotes += line.count(_QUOTE)
        if quotes % 2 == 0:
            rows.append(b"".join(parts))
            parts, quotes = [], 0
    return rows


class TextFile:
    """A result without pages, in a temporary file that is gone with the object."""

    def __init__(self, parts: Iterable[str]) -> None:
        self._file = _temporary()
        weakref.finalize(self, self._file.close)
        self.count = 0
        for part in parts:
            self._file.write(part.encode())

    def page(self) -> bytes:
        """All of it."""
        self._file.seek(0)
        return self._file.read()

    def close(self) -> None:
        """Give the disk back."""
        self._file.close()
