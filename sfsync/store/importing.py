"""A file of shipments becomes rows, all of it or nothing; what was imported before is known by its reference."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from sfsync.domain.recording import BadLine, Item, choose, overs
from sfsync.domain.shipments import ShipStatus
from sfsync.store import recording
from sfsync.store.recording import NewShipment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from sfsync.domain.recording import FileRow
    from sfsync.store.engine import Tx
    from sfsync.store.recording import Owner

    Header = Mapping[str, str | date | None]


@dataclass(frozen=True, slots=True)
class Imported:
    """What importing a file did."""

    recorded: tuple[str, ...]
    """Keys of the shipments that are new."""
    lines: int
    known: int
    """Shipments that had been imported before, and stayed as they are."""
    updated: int
    """Of those, how many got another status, tracking or dates (asked for only)."""


@dataclass(slots=True)
class _Group:
    """The rows of one shipment."""

    owner: Owner
    header: dict[str, str | date | None]
    first: int
    wanted: dict[int, Decimal]


def import_rows(
    tx: Tx,
    org: str,
    rows: Sequence[FileRow],
    *,
    wrong: Sequence[BadLine] = (),
    allow_over: bool,
    update: bool,
    actor: str,
    now: datetime,
) -> Imported | list[BadLine]:
    """Record the shipments of a file, all of them, or none and say what is wrong with which line.

    A shipment is known again by its reference: one of the same lines is left alone (with `update` it gets the
    file's status, tracking and dates), one of other lines is wrong.

    Args:
        tx: The caller's transaction; nothing is written if the file is refused.
        org: The org's name in the mirror.
        rows: As `read_file` returns them.
        wrong: What it found wrong: the file is refused, and this only says what else is wrong.
        allow_over: Record what is more than is due, too; it is alarmed, not refused.
        update: See above.
        actor: Who imports.
        now: When.
    """
    groups, items, bad = _resolved(tx, org, rows)
    # A shipment that lacks a line of the file cannot be compared with what was imported before.
    spoiled = {one.shipment for one in (*wrong, *bad)}
    before = recording.known(tx, org, {name: group.owner for name, group in groups.items()})
    new = {name: group for name, group in groups.items() if name not in before}
    for name, group in groups.items():
        if name in before and name not in spoiled and before[name][1] != group.wanted:
            said = f"shipment “{name}” was imported before with other lines; void it, and give the new one another name"
            bad.append(BadLine(group.first, said))
    if not allow_over:
        bad += _too_much(new, items)
    if bad or wrong:
        return sorted([*wrong, *bad], key=lambda one: one.at)
    shipments = [
        NewShipment(group.owner, tuple(group.wanted.items()), group.header, name) for name, group in new.items()
    ]
    keys = recording.add(tx, org, shipments, actor=actor, now=now)
    changed = 0
    if update:
        for name, (number, _) in before.items():
            header = {field: value for field, value in groups[name].header.items() if value is not None}
            changed += bool(_set(tx, org, number, header, actor, now))
    return Imported(tuple(keys), sum(len(one.lines) for one in shipments), len(before), changed)


def _resolved(
    tx: Tx, org: str, rows: Sequence[FileRow]
) -> tuple[dict[str, _Group], dict[int, list[Item]], list[BadLine]]:
    owners = recording.owners(tx, org, [row.order for row in rows])
    items = recording.items(tx, {owner.id for found in owners.values() for owner in found})
    groups: dict[str, _Group] = {}
    bad: list[BadLine] = []
    for row in rows:
        found = owners.get(row.order, [])
        if len(found) != 1:
            many = f"there are {len(found)} orders" if found else "the mirror holds no order"
            bad.append(BadLine(row.at, f"{many} “{row.order}”", row.shipment))
            continue
        owner = found[0]
        if owner.refusal is not None:
            bad.append(BadLine(row.at, owner.refusal, row.shipment))
            continue
        item = choose(items[owner.id], row.line)
        if isinstance(item, str):
            bad.append(BadLine(row.at, item, row.shipment))
            continue
        group = groups.setdefault(row.shipment, _Group(owner, {}, row.at, defaultdict(Decimal)))
        group.wanted[item.id] += row.quantity
        group.header |= {name: value for name, value in row.header.items() if value is not None}
    for group in groups.values():
        group.wanted = dict(group.wanted)
    return groups, items, bad


def _too_much(new: Mapping[str, _Group], items: Mapping[int, list[Item]]) -> list[BadLine]:
    """All shipments of an order in the file count together; voided ones count as nothing."""
    wanted: dict[int, dict[int, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    last: dict[int, int] = {}
    for group in new.values():
        if group.header.get("status") == ShipStatus.VOIDED:
            continue
        for item, many in group.wanted.items():
            wanted[group.owner.id][item] += many
        last[group.owner.id] = group.first
    return [
        BadLine(last[order], f"more would be shipped than is due: {problem}")
        for order, of_order in wanted.items()
        for problem in overs(items[order], of_order)
    ]


def _set(tx: Tx, org: str, number: int, header: Header, actor: str, now: datetime) -> list[str]:
    if recording.is_voided(tx, number):
        return []
    return recording.want(tx, org, number, header, actor=actor, now=now)
