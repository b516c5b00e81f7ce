"""Entries of the journal as lines, and the options that choose among them."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from sfsync.cli.render import has_width, plain, show, when
from sfsync.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sfsync.store.journal import Written

_RECORD_WIDTH = 20
"""An order key has 20 characters or more, an Id 18."""
_STYLES = {"warning": "yellow", "error": "red"}
_UNITS = {"s": "seconds", "m": "minutes", "min": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def show_entries(entries: Sequence[Written], *, records: bool = True) -> None:
    """Print entries, oldest first: time, record, level where it is grave, sentence, and who if it was a person.

    On a terminal they wrap in columns; in a file each is one line, for grep.
    """
    if not has_width(sys.stdout):
        for entry in entries:
            record = [_record(entry)] if records else []
            show("  ".join([when(entry.at) or "", *record, _message(entry).plain]), wrap=False)
        return
    lines = Table.grid(padding=(0, 2, 0, 0))
    lines.add_column(style="dim", no_wrap=True)
    if records:
        lines.add_column(style="cyan", no_wrap=True, min_width=_RECORD_WIDTH)
    lines.add_column(overflow="fold")
    for entry in entries:
        record = [_record(entry)] if records else []
        lines.add_row(when(entry.at), *record, _message(entry))
    show(lines)


def _record(entry: Written) -> str:
    return plain(entry.order_key or entry.sf_id or entry.opportunity_id or "-")


def _message(entry: Written) -> Text:
    grave = (f"{entry.level}: ", _STYLES[entry.level]) if entry.level != "info" else ""
    who = (f"  ({plain(entry.actor)})", "dim") if entry.actor != "sfsync" else ""
    return Text.assemble(grave, plain(entry.message), who)


def moment(text: str, now: datetime) -> datetime:
    """Read a point in time: `2h`, `30min` or `3d` ago, or a date or time in UTC (ISO 8601).

    Raises:
        UsageError: if it is neither.
    """
    if ago := re.fullmatch(r"(\d{1,6})\s*(s|m|min|h|d|w)", text.strip()):
        return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(
            f"“{text}” is no point in time.",
            remedy="Write 30min, 2h or 3d ago, or 2026-03-02 or 2026-03-02T09:30 (UTC).",
        ) from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
