"""CSV as the Bulk API reads it (strictly) and writes it (everything in quotes) [facts: api 4.1, 4.2]."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

DELIMITERS = {"BACKQUOTE": "`", "CARET": "^", "COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "TAB": "\t"}
ENDINGS = {"LF": "\n", "CRLF": "\r\n"}
MOST_IN_FIELD = 131_072
MOST_IN_ROW = 400_000
MOST_IN_HEADER = 32_000
MOST_FIELDS = 5_000

_UNESCAPED = "Found unescaped quote. A value with quote should be within a quote"
_UNCLOSED = "EOF reached before closing an opened quote"
_TEXT_BEHIND = "Not expecting more text after end quote"
_QUOTED = re.compile(r'"[^"]*(?:""[^"]*)*"')


@dataclass(frozen=True, slots=True)
class Form:
    """The two properties of a job that tell one CSV from another, by their names in the API."""

    line_ending: str = "LF"
    column_delimiter: str = "COMMA"

    @property
    def delimiter(self) -> str:
        """The character between columns."""
        return DELIMITERS[self.column_delimiter]

    @property
    def ending(self) -> str:
        """What ends a line."""
        return ENDINGS[self.line_ending]


DEFAULT_FORM = Form()


class BadCsvError(Exception):
    """Text that is no CSV; says why."""


@lru_cache(maxsize=len(DELIMITERS))
def _field_pattern(delimiter: str) -> re.Pattern[str]:
    mark = re.escape(delimiter)
    return re.compile(rf'(?:"([^"]*(?:""[^"]*)*)"|([^"\r\n{mark}]*))({mark}|\r?\n|\r|\Z)')


def rows(text: str, delimiter: str) -> Iterator[list[str]]:
    """Yield the rows of a CSV text, the header first; rows of which all cells are empty do not count.

    Raises:
        BadCsvError: at a quote out of place, or one that is never closed.
    """
    match = _field_pattern(delimiter).match
    place, end = 0, len(text)
    row: list[str] = []
    while place < end or row:
        found = match(text, place)
        if found is None:
            raise BadCsvError(_problem(text, place))
        quoted, plain, border = found.groups()
        row.append(plain if quoted is None else quoted.replace('""', '"'))
        place = found.end()
        if border == delimiter:
            continue
        if any(row):
            yield row
        row = []


def _problem(text: str, place: int) -> str:
    if not text.startswith('"', place):
        return _UNESCAPED
    return _TEXT_BEHIND if _QUOTED.match(text, place) else _UNCLOSED


def ending_of(text: str) -> str | None:
    """LF or CRLF, as the first line ends; None if there is no second line."""
    first = text.find("\n")
    if first < 0:
        return None
    return "CRLF" if text[first - 1 : first] == "\r" else "LF"


def written(many: Iterable[Iterable[Any]], form: Form = DEFAULT_FORM) -> str:
    """Rows as text, every value in quotes; None is the empty text."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=form.delimiter, lineterminator=form.ending, quoting=csv.QUOTE_ALL).writerows(many)
    return buffer.getvalue()
