"""The uploaded data of an ingest job: read strictly, handed out in chunks, and where each of its rows ended."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from sfsync.emulator.bulk.columns import BadBatchError, Column, read_header, record_of
from sfsync.emulator.bulk.csvtext import (
    MOST_IN_FIELD,
    MOST_IN_ROW,
    BadCsvError,
    Form,
    ending_of,
    rows,
)
from sfsync.emulator.bulk.results import ResultFile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfsync.emulator.bulk.writes import Outcome
    from sfsync.emulator.dml import Writer
    from sfsync.emulator.world import Row


class Table:
    """Rows of text under a header, not yet known to be good; `total` is their number once they have been checked."""

    def __init__(self, text: str, form: Form) -> None:
        self._text = text
        self._form = form
        self._columns: list[Column] = []
        self.total = 0
        try:
            self._header = next(rows(text, form.delimiter), [])
        except BadCsvError:
            self._header = []
        self._rows: Iterator[list[str]] = islice(rows(text, form.delimiter), 1, None)
        self.successes = self._results("sf__Id", "sf__Created")
        self.failures = self._results("sf__Id", "sf__Error")
        self.unprocessed = self._results()

    def _results(self, *first: str) -> ResultFile:
        return ResultFile([*first, *self._header], self._form)

    def check(self, writer: Writer, sobject: str, operation: str) -> None:
        """Read everything once: what cannot be processed at all is found before anything is written.

        Raises:
            BadBatchError: in the words of the platform.
        """
        found = ending_of(self._text)
        if found is not None and found != self._form.line_ending:
            setting = f"Current LineEnding setting is {self._form.line_ending}"
            raise BadBatchError(f"ClientInputError : LineEnding is invalid on user data. {setting}")
        try:
            source = rows(self._text, self._form.delimiter)
            self._columns = read_header(writer, sobject, next(source, []))
            check_deletion(operation, self._header)
            self.total = sum(1 for row in source if _fits(row, len(self._columns)))
        except BadCsvError as bad:
            raise BadBatchError(f"InvalidBatch : Failed to parse CSV. {bad}") from None

    def chunk(self, size: int) -> list[list[str]]:
        """The next rows that have not been handed out."""
        return list(islice(self._rows, size))

    def record(self, row: list[str]) -> Row:
        """The record a row stands for."""
        return record_of(self._columns, row)

    def keep(self, chunk: list[list[str]], outcomes: list[Outcome]) -> int:
        """Note what became of a chunk; returns how many of its rows were refused."""
        done, refused = [], []
        for row, one in zip(chunk, outcomes, strict=True):
            if one.refusal is None:
                done.append([one.record_id, "true" if one.created else "false", *row])
            else:
                refused.append([one.record_id, one.error, *row])
        self.successes.extend(done)
        self.failures.extend(refused)
        return len(refused)

    def give_up(self) -> None:
        """Put the rows that were not handed out aside; where the text is no CSV, those before the fault."""

        def readable() -> Iterator[list[str]]:
            try:
                yield from self._rows
            except BadCsvError:
                return

        self.unprocessed.extend(readable())
        self.forget()

    def forget(self) -> None:
        """Give the memory of the data back; the results stay."""
        self._text, self._rows = "", iter(())

    def close(self) -> None:
        """Give the results up, too."""
        for results in (self.successes, self.failures, self.unprocessed):
            results.close()


def check_deletion(operation: str, header: list[str]) -> None:
    """Refuse other columns than the id where records are to be deleted.

    Raises:
        BadBatchError: in our words; the platform's are unknown.
    """
    if operation in {"delete", "hardDelete"} and header and [name.lower() for name in header] != ["id"]:
        raise BadBatchError(f"InvalidBatch : Data of a {operation} job must have the column Id and no other")


def _fits(row: list[str], width: int) -> bool:
    if len(row) != width:
        text = f"The number of columns of a row ({len(row)}) differs from that of the header ({width})"
        raise BadBatchError(f"InvalidBatch : Failed to parse CSV. {text}")
    sizes = [len(cell) for cell in row]
    if max(sizes) > MOST_IN_FIELD:
        raise BadBatchError(f"InvalidBatch : Failed to parse CSV. Exceeded max field size: {max(sizes)}")
    if sum(sizes) > MOST_IN_ROW:
        most = f"Max length for one record should be less than or equal to {MOST_IN_ROW}"
        text = f"Exceeded max length for one record: {sum(sizes)}. {most}"
        raise BadBatchError(f"InvalidBatch : Failed to parse CSV. {text}")
    return True
