"""Recording shipments: which line of an order somebody means, what may be recorded, and the file of many."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from sfsync.domain.shipments import ShipStatus
from sfsync.domain.shipping import amount

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

REQUIRED = ("shipment", "order", "line", "quantity")
OPTIONAL = ("status", "carrier", "tracking_number", "tracking_url", "shipped_on", "delivered_on")
_CENT = Decimal("0.01")
_MOST = Decimal("1e12")
_LONGEST_REFERENCE = 200


@dataclass(frozen=True, slots=True)
class Item:
    """One line of an order, as somebody may name it, and how much of it is still to be shipped."""

    id: int
    key: str | None
    sf_id: str | None
    number: str | None
    product_code: str | None
    product_name: str | None
    physical: bool
    net: Decimal
    """Ordered, less what active reductions took back."""
    shipped: Decimal
    """Recorded and not voided, in the org or on its way."""

    @property
    def name(self) -> str:
        """What people call it."""
        return self.product_name or self.number or self.key or self.sf_id or ""

    def is_called(self, name: str) -> bool:
        """Whether somebody means this line: by its product's code or name, its number, its key or Salesforce Id."""
        short = self.key.rsplit("-", 1)[-1] if self.key else None
        exact = (self.key, self.sf_id, self.sf_id and self.sf_id[:15], self.number, short)
        loose = (self.product_code, self.product_name)
        return name in exact or name.casefold() in [one.casefold() for one in loose if one]


def choose(items: Sequence[Item], name: str) -> Item | str:
    """Return the line of an order that somebody means, or what is wrong with the name."""
    found = [item for item in items if item.is_called(name)]
    if len(found) == 1:
        one = found[0]
        if not one.physical:
            return f"“{one.name}” is not shipped: by the settings its product is no physical good"
        if one.sf_id is None:
            return f"the line “{one.name}” is not in the org yet: run `sfsync sync` first"
        return one
    if found:
        numbers = ", ".join(item.number or item.key or item.sf_id or "" for item in found)
        return f"“{name}” are {len(found)} lines of the order: name one of {numbers}"
    names = ", ".join(dict.fromkeys(item.product_code or item.name for item in items if item.physical)) or "none"
    return f"the order has no line “{name}”; it has {names}"


def quantity(text: str) -> Decimal | str:
    """Read a quantity: above 0, with two decimals at most; or say what is wrong with it."""
    try:
        value = Decimal(text.strip())
        if Decimal(0) < value < _MOST and value == value.quantize(_CENT):
            return value.quantize(_CENT)
    except InvalidOperation:
        pass
    return f"“{text}” is no quantity: give a number above 0, with two decimals at most"


def header_value(name: str, text: str) -> str | date | ValueError | None:
    """Read a value of a shipment's header by its column; empty is None, and what is none of its kind a ValueError."""
    text = text.strip()
    if not text:
        return None
    if name == "status":
        known = next((status for status in ShipStatus if status.casefold() == text.casefold()), None)
        words = ", ".join(ShipStatus)
        return known.value if known else ValueError(f"“{text}” is no status of a shipment: there are {words}")
    if name in ("shipped_on", "delivered_on"):
        try:
            return date.fromisoformat(text)
        except ValueError:
            return ValueError(f"{name}: “{text}” is no day: give it as 2026-12-31")
    return text


def overs(items: Sequence[Item], wanted: Mapping[int, Decimal]) -> list[str]:
    """Say of which lines more would be shipped than is due; `wanted` is what is to be recorded, by the line's row."""
    found = []
    for item in items:
        more = wanted.get(item.id, Decimal(0))
        if more and item.shipped + more > item.net:
            found.append(
                f"“{item.name}”: {amount(item.net)} due, {amount(item.shipped)} shipped already, {amount(more)} more"
            )
    return found


@dataclass(frozen=True, slots=True)
class FileRow:
    """One row of a file: a line of a shipment, with what it says of the shipment itself."""

    at: int
    """Its number in the file; the header is 1."""
    shipment: str
    order: str
    line: str
    quantity: Decimal
    header: Mapping[str, str | date | None]


@dataclass(frozen=True, slots=True)
class BadLine:
    """What is wrong with a line of the file."""

    at: int
    problem: str
    shipment: str | None = None
    """The shipment that it is a line of, where that is known."""


def read_file(text: str) -> tuple[list[FileRow], list[BadLine]]:
    """Read a CSV file of shipments: its rows, and everything that is wrong with it by itself.

    The first line names the columns, in any order: shipment, order, line, quantity, and any of status, carrier,
    tracking_number, tracking_url, shipped_on, delivered_on. Commas or semicolons divide.
    """
    text = text.removeprefix("\ufeff")
    first = text.split("\n", 1)[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";" if first.count(";") > first.count(",") else ",")
    names: list[str] | None = None
    rows: list[FileRow] = []
    bad: list[BadLine] = []
    try:
        for values in reader:
            if not any(value.strip() for value in values):
                continue
            if names is None:
                names = [name.strip().lower() for name in values]
                bad = list(_bad_columns(names))
                if bad:
                    return [], bad
                continue
            row = _row(names, values, reader.line_num)
            bad += row if isinstance(row, list) else []
            rows += [] if isinstance(row, list) else [row]
    except csv.Error as error:
        bad.append(BadLine(reader.line_num, f"the file is no CSV from here on ({error})"))
    if names is None:
        bad.append(BadLine(1, f"the file is empty; its first line should be {','.join(REQUIRED)}"))
    elif not rows and not bad:
        bad.append(BadLine(1, "the file has no shipments below its first line"))
    return rows, sorted([*bad, *_disagreeing(rows)], key=lambda one: one.at)


def _bad_columns(names: Sequence[str]) -> Iterator[BadLine]:
    known = (*REQUIRED, *OPTIONAL)
    for name in dict.fromkeys(names):
        if name not in known:
            yield BadLine(1, f"“{name}” is no column of this file; there are {', '.join(known)}")
        elif names.count(name) > 1:
            yield BadLine(1, f"the column {name} is there {names.count(name)} times")
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        yield BadLine(1, f"the column {', '.join(missing)} is missing")


def _row(names: Sequence[str], values: Sequence[str], at: int) -> FileRow | list[BadLine]:
    if len(values) != len(names):
        return [BadLine(at, f"it has {len(values)} values, and the first line names {len(names)} columns")]
    given = dict(zip(names, (value.strip() for value in values), strict=True))
    problems = [f"{name} is empty" for name in REQUIRED if not given[name]]
    if len(given["shipment"]) > _LONGEST_REFERENCE:
        problems.append(f"shipment is longer than {_LONGEST_REFERENCE} characters")
    many = quantity(given["quantity"]) if given["quantity"] else Decimal(0)
    header = {name: header_value(name, given[name]) for name in OPTIONAL if name in given}
    problems += [many] if isinstance(many, str) else []
    problems += [str(value) for value in header.values() if isinstance(value, ValueError)]
    if problems or isinstance(many, str):
        return [BadLine(at, problem, given["shipment"]) for problem in problems]
    kept = {name: value for name, value in header.items() if not isinstance(value, ValueError)}
    return FileRow(at, given["shipment"], given["order"], given["line"], many, kept)


def _disagreeing(rows: Sequence[FileRow]) -> Iterator[BadLine]:
    """Rows of one shipment must say the same of it; what a later row leaves empty was said before."""
    said: dict[str, dict[str, tuple[int, object]]] = defaultdict(dict)
    for row in rows:
        for name, value in {"order": row.order, **row.header}.items():
            if value is None:
                continue
            before = said[row.shipment].setdefault(name, (row.at, value))
            if before[1] != value:
                yield BadLine(
                    row.at, f"{name} of shipment “{row.shipment}” is {value}, and {before[1]} in line {before[0]}"
                )
