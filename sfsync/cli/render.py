"""What every command prints with: tables and lines for people, one JSON document for programs."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, TextIO

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sfsync.errors import EXIT_UNREAD

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rich.console import RenderableType

PIPED_WIDTH = 100

_CONTROL = dict.fromkeys((*range(32), *range(127, 160)), " ")
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def has_width(stream: TextIO) -> bool:
    """Whether anybody says how wide the output is: a terminal, or COLUMNS."""
    return stream.isatty() or os.environ.get("COLUMNS", "").isdecimal()


def console(stream: TextIO) -> Console:
    """Return the console for a stream; 100 columns wide where nobody says how wide it is."""
    # Names from the org are text, whatever brackets and colons they hold: no markup, no emoji.
    width = None if has_width(stream) else PIPED_WIDTH
    return Console(file=stream, width=width, markup=False, emoji=False, highlight=False)


def show(*parts: RenderableType, wrap: bool = True) -> None:
    """Print tables and lines to stdout; without `wrap`, lines are as long as they are."""
    out = console(sys.stdout)
    with out.capture() as captured:
        for part in parts:
            out.print(plain(part) if isinstance(part, str) else part, soft_wrap=not wrap)
    text = captured.get()
    # Tables fill their last column up with blanks, which nobody wants in a file.
    write(text if out.is_terminal else "".join(f"{line.rstrip()}\n" for line in text.splitlines()))


def write(text: str) -> None:
    """Write to stdout at once; end quietly if nobody reads it any more."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise typer.Exit(EXIT_UNREAD) from None


def plain(value: str) -> str:
    """Take control characters out of text that came from elsewhere: a terminal would obey them."""
    return "\n".join(part.translate(_CONTROL) for part in value.split("\n"))


def table(
    *columns: str,
    rows: Iterable[Sequence[RenderableType | None]],
    right: Iterable[str] = (),
    whole: Iterable[str] = (),
) -> Table:
    """Build a table without lines; columns in `right` are numbers, those in `whole` never wrap. No value is a dash."""
    built = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    numbers = set(right)
    unwrapped = numbers | set(whole)
    for column in columns:
        built.add_column(
            column, justify="right" if column in numbers else "left", no_wrap=column in unwrapped, overflow="fold"
        )
    for row in rows:
        built.add_row(*("-" if value is None else plain(value) if isinstance(value, str) else value for value in row))
    return built


def pairs(values: Mapping[str, RenderableType | None]) -> Table:
    """Build a list of names and values; what is None is left out."""
    built = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    built.add_column(style="dim", no_wrap=True)
    built.add_column(overflow="fold")
    for name, value in values.items():
        if value is not None:
            built.add_row(name, plain(value) if isinstance(value, str) else value)
    return built


def bullets(*points: str) -> Table:
    """Build a list of points that stay indented where they wrap."""
    built = Table.grid(padding=(0, 1, 0, 0))
    for point in points:
        built.add_row("-", plain(point))
    return built


def title(text: str) -> Text:
    """Return a heading."""
    return Text(f"\n{plain(text)}", style="bold")


def count(number: int, thing: str) -> str:
    """Return “1 order”, “1,200 orders”."""
    return f"{number:,} {thing}" + ("" if number == 1 else "s")


def money(amount: Decimal | None, currency: str | None = None) -> str | None:
    """Return an amount as people write it."""
    return None if amount is None else f"{amount:,.2f} {currency or ''}".rstrip()


def number(value: Decimal) -> str:
    """Return a quantity without decimals that say nothing."""
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def when(at: datetime | None) -> str | None:
    """Return a time to the second, in UTC, without saying so: headings do."""
    return None if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def age(at: datetime, now: datetime) -> str:
    """Return how long ago something was: 45 s, 12 min, 3 h 20 min, 5 d."""
    return span(max(now - at, timedelta(0)))


def span(length: timedelta) -> str:
    """Return a length of time in its two largest units."""
    seconds = int(length.total_seconds())
    if seconds < _MINUTE:
        return f"{seconds} s"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE} min"
    if seconds < _DAY:
        minutes = seconds % _HOUR // _MINUTE
        return f"{seconds // _HOUR} h" + (f" {minutes} min" if minutes else "")
    hours = seconds % _DAY // _HOUR
    return f"{seconds // _DAY} d" + (f" {hours} h" if hours else "")


def show_json(value: Any) -> None:
    """Print one JSON document on a line of its own. Decimals are strings with 2 decimals, times ISO 8601 with Z."""
    write(json.dumps(as_json(value), ensure_ascii=False) + "\n")


def as_json(value: Any) -> Any:
    """Turn what commands print into what JSON has."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: as_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {str(name): as_json(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(inner) for inner in value]
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return value.value if isinstance(value, Enum) else value
