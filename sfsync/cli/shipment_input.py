"""What somebody gives a command about a shipment, read and checked before anything is written."""

from __future__ import annotations

import sys
from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING

from sfsync.domain.recording import choose, header_value, overs, quantity
from sfsync.domain.sfid import full_id
from sfsync.errors import UsageError
from sfsync.store import recording
from sfsync.store.find import find_order

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    from sfsync.app import App
    from sfsync.store.engine import Tx
    from sfsync.store.recording import Owner


def given_values(given: Sequence[str | None], *, keep_empty: bool = False) -> dict[str, str | date | None]:
    """Read the options of a shipment's header, in the order of `FIELDS`.

    Raises:
        UsageError: for a status or day that is none.
    """
    names = ("status", "carrier", "tracking_number", "tracking_url", "shipped_on", "delivered_on")
    values: dict[str, str | date | None] = {}
    for name, text in zip(names, given, strict=True):
        if text is None:
            continue
        value = header_value(name, text)
        if isinstance(value, ValueError):
            raise UsageError(f"{value}.")
        if value is not None or keep_empty:
            values[name] = value
    return values


def owner_of(tx: Tx, org: str, name: str) -> Owner:
    """Find the order to ship.

    Raises:
        RecordNotFound: if there is none.
        UsageError: if nothing of it is shipped.
    """
    order = find_order(tx, org, name)
    handle = order.sf_id or order.key or ""
    [owner] = recording.owners(tx, org, [full_id(handle) or handle])[handle]
    if owner.refusal is not None:
        raise UsageError(f"{owner.refusal[0].upper()}{owner.refusal[1:]}.")
    return owner


def chosen_lines(tx: Tx, owner: Owner, given: Sequence[str], *, over: bool) -> dict[int, Decimal]:
    """Read LINE=QTY options: how many of which order item, by its row.

    Raises:
        UsageError: naming everything that is wrong with them; or that they are more than is due, without `over`.
    """
    items = recording.items(tx, [owner.id])[owner.id]
    wanted: dict[int, Decimal] = defaultdict(Decimal)
    problems = []
    for text in given:
        name, divided, number = text.rpartition("=")
        item, many = choose(items, name.strip()), quantity(number)
        if not divided:
            problems.append(f"“{text}” should be LINE=QTY")
        problems += [one for one in (item, many) if isinstance(one, str) and divided]
        if not isinstance(item, str) and isinstance(many, Decimal):
            wanted[item.id] += many
    if problems:
        raise UsageError(f"Order {owner.handle}: {'; '.join(problems)}.", remedy=f"sfsync orders show {owner.handle}")
    if not over and (too_much := overs(items, wanted)):
        said = f"More would be shipped of order {owner.handle} than is due: {'; '.join(too_much)}."
        raise UsageError(said, remedy="If it was shipped all the same, record it with --over.")
    return dict(wanted)


def refuse_disabled(app_: App) -> None:
    """Let nothing be recorded that would never be sent.

    Raises:
        UsageError: if shipments are not enabled.
    """
    if not app_.settings.shipments.enabled:
        raise UsageError(
            "Shipments are not enabled, so nothing that is recorded would be sent.",
            remedy="Set shipments.enabled (SFSYNC_SHIPMENTS__ENABLED=true); `sfsync setup-org` makes the objects.",
        )


def file_text(file: Path) -> str:
    """Read a file, or standard input for “-”.

    Raises:
        UsageError: if it cannot be read.
    """
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"The file {file} cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError:
        raise UsageError(f"The file {file} is no text in UTF-8.", remedy="Save it as CSV in UTF-8.") from None
