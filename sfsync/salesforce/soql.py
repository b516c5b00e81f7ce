"""SOQL text from values: quoting that cannot be broken out of, and the conditions that reading changes needs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sfsync.salesforce.wire import format_datetime

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

PAGE = 2000
"""Rows per answer: the most that a query gives at once (REST guide: batchSize 200 to 2,000)."""

_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*)*")
_ESCAPES = {
    "\\": "\\\\",
    "'": "\\'",
    '"': '\\"',
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\b": "\\b",
    "\f": "\\f",
}
_TO_ESCAPE = re.compile(r"[\\'\"\x00-\x1f]")


def quoted(value: str) -> str:
    """Quote a string, with the escapes that SOQL knows (SOQL reference: quoted string escape sequences)."""
    return "'" + _TO_ESCAPE.sub(lambda found: _ESCAPES.get(found[0]) or f"\\u{ord(found[0]):04x}", value) + "'"


def quoted_id(value: str) -> str:
    """Quote a record id.

    Raises:
        ValueError: if it is none: 15 or 18 letters and digits.
    """
    if not _ID.fullmatch(value):
        raise ValueError("that is no Salesforce record id (15 or 18 letters and digits)")
    return f"'{value}'"


def is_id(value: str) -> bool:
    """Whether the text has the form of a record id."""
    return _ID.fullmatch(value) is not None


def name(value: str) -> str:
    """Pass an API name or a path of API names.

    Raises:
        ValueError: if it is none.
    """
    if not _NAME.fullmatch(value):
        raise ValueError(f"{value!r} is no API name of a field or object")
    return value


def one_of(field: str, values: Iterable[str]) -> str:
    """Say `field IN (…)` of strings.

    Raises:
        ValueError: if there are no values, which SOQL cannot say.
    """
    listed = ",".join(quoted(value) for value in values)
    if not listed:
        raise ValueError("an IN list cannot be empty")
    return f"{name(field)} IN ({listed})"


def ids_in(ids: Iterable[str]) -> str:
    """Say `Id IN (…)`.

    Raises:
        ValueError: if one is no id, or there are none.
    """
    listed = ",".join(quoted_id(value) for value in ids)
    if not listed:
        raise ValueError("an IN list cannot be empty")
    return f"Id IN ({listed})"


def both(*conditions: str | None) -> str:
    """Join conditions by AND, each in its brackets; empty ones are left out."""
    return " AND ".join(f"({condition})" for condition in conditions if condition)


def select(
    fields: Sequence[str], sobject: str, *, where: str = "", order_by: str = "", limit: int | None = None
) -> str:
    """Put a query together from parts that are SOQL already."""
    parts = ["SELECT ", ", ".join(fields), " FROM ", sobject]
    if where:
        parts += [" WHERE ", where]
    if order_by:
        parts += [" ORDER BY ", order_by]
    if limit is not None:
        parts.append(f" LIMIT {limit}")
    return "".join(parts)


def after(stamp: datetime, last_id: str | None) -> str:
    """Say: strictly behind this row in the order (SystemModstamp, Id). Without an id: behind all of that second."""
    when = format_datetime(stamp)
    if last_id is None:
        return f"SystemModstamp > {when}"
    return f"SystemModstamp > {when} OR (SystemModstamp = {when} AND Id > {quoted_id(last_id)})"


def since(stamp: datetime, last_id: str | None, *, back_to: datetime | None = None, but_by: str | None = None) -> str:
    """Say: from this row on, inclusive, and what others changed between `back_to` and it.

    Rows get their stamp when they are written and become visible when their transaction commits, up
    to ten minutes later (Apex limits), so what lies before the cursor has to be looked at again. Rows
    that `but_by` (our own user) changed last are left out there: `behind` finds them.
    """
    when = format_datetime(stamp)
    at_cursor = f"SystemModstamp >= {when}"
    if last_id is not None:
        at_cursor = f"SystemModstamp > {when} OR (SystemModstamp = {when} AND Id >= {quoted_id(last_id)})"
    if back_to is None:
        return at_cursor
    others = f" AND LastModifiedById != {quoted_id(but_by)}" if but_by is not None else ""
    return f"{at_cursor} OR ({_between(back_to, stamp)}{others})"


def behind(stamp: datetime, *, back_to: datetime, by: str) -> str:
    """Say: stamped between `back_to` and the cursor, and changed last by this user."""
    return f"{_between(back_to, stamp)} AND LastModifiedById = {quoted_id(by)}"


def _between(first: datetime, last: datetime) -> str:
    return f"SystemModstamp >= {format_datetime(first)} AND SystemModstamp <= {format_datetime(last)}"
