"""Shipments: what they are, their keys, and what is wrong with one that cannot be sent."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from decimal import Decimal  # noqa: TC003 - dataclass fields are read at run time
from enum import StrEnum
from typing import TYPE_CHECKING

from sfsync.domain.model import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

FIELDS = ("status", "carrier", "tracking_number", "tracking_url", "shipped_on", "delivered_on")
"""The fields of a shipment that may be wanted; each has its `org_…` twin in the mirror."""
_KEY = re.compile(r"[A-Za-z0-9_-]{1,255}")


class ShipStatus(StrEnum):
    """Where a shipment stands, in the words that the mirror stores (those of Salesforce's own Shipment object)."""

    CREATED = "Created"
    """Recorded; not yet handed to the carrier."""
    SHIPPED = "Shipped"
    """Handed to the carrier."""
    IN_TRANSIT = "In Transit"
    """On its way."""
    DELIVERED = "Delivered"
    """With the customer."""
    VOIDED = "Voided"
    """Called off or recorded by mistake: it counts as never shipped."""


@dataclass(frozen=True, slots=True)
class ShipLabels:
    """How the org's picklist spells our statuses (API names)."""

    labels: Mapping[ShipStatus, str]

    def to_local(self, label: str | None) -> ShipStatus:
        """Return our status for the org's label. One that is not mapped, or none, is a shipment that was created."""
        return next((status for status, known in self.labels.items() if known == label), ShipStatus.CREATED)

    def to_org(self, status: ShipStatus) -> str:
        """Return the org's API name for a status."""
        return self.labels[status]


@dataclass(frozen=True, slots=True)
class OrgShipment:
    """A shipment as the org last showed it."""

    sf_id: str
    key: str | None
    number: str | None
    order_sf_id: str | None
    status_label: str | None
    fields: Mapping[str, str | date | None]
    """Of `FIELDS`, but for the status, those that the org has a field for."""
    created_at: datetime
    is_deleted: bool
    system_modstamp: datetime


@dataclass(frozen=True, slots=True)
class OrgShipmentLine:
    """A shipment line as the org last showed it."""

    sf_id: str
    key: str | None
    shipment_sf_id: str | None
    order_item_sf_id: str | None
    quantity: Decimal
    is_deleted: bool
    system_modstamp: datetime


@dataclass(frozen=True, slots=True)
class LineToShip:
    """A shipment line that is not in the org yet."""

    id: int
    key: str
    quantity: Decimal
    item_sf_id: str | None
    """None while its order item is not in the org, or not known."""
    item_order_id: int | None
    """The order that its order item is of, by its row here."""
    item_deleted: bool = False


@dataclass(frozen=True, slots=True)
class ToShip:
    """A shipment of which something is not in the org yet: all of it, or lines."""

    id: int
    key: str
    sf_id: str | None
    order_id: int | None
    order_sf_id: str | None
    order_deleted: bool
    order_key: str | None
    opportunity_id: str | None
    fields: Mapping[str, str | date | None]
    lines: tuple[LineToShip, ...]
    attempts: int = 0
    problem_code: str | None = None
    problem_want: str | None = None
    retry_at: datetime | None = None
    has_more: bool = False
    """It has more lines than travel at once: the rest goes after these."""

    @property
    def want(self) -> str:
        """What it is remembered by when it is refused: any change of it is tried again."""
        lines = [(line.key, str(line.quantity), line.item_sf_id) for line in self.lines]
        text = repr((self.sf_id, self.order_sf_id, sorted((k, str(v)) for k, v in self.fields.items()), lines))
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

    def is_held(self, now: datetime) -> bool:
        """Whether just this was refused, and its time to be tried again has not come."""
        if self.problem_code is None or self.problem_want != self.want:
            return False
        return self.retry_at is None or self.retry_at > now

    @property
    def waits(self) -> bool:
        """Whether the order or an item is to be created first; nobody has to do anything."""
        return self.order_sf_id is None or any(line.item_sf_id is None for line in self.lines)


def judge(one: ToShip) -> Problem | None:
    """Return what is wrong with a shipment so that it is not sent; None when it may be, or only has to wait."""
    if one.order_id is None:
        said = "It names no order that is mirrored (order_id, or order_sf_id)."
        return Problem("no_order", f"{said} Write one, or run `sfsync pull` if it is new.")
    if one.order_deleted:
        return Problem("order_deleted", "Its order was deleted in Salesforce. Void it, or restore the order there.")
    if not _KEY.fullmatch(one.key):
        said = f"Its key “{one.key}” is none that can be sent: letters, digits, - and _ can."
        return Problem("bad_key", f"{said} Write another one, or null for one of ours.")
    for line in one.lines:
        if line.item_order_id is None:
            said = f"Its line {line.key} names no order item that is mirrored (order_item_id, or order_item_sf_id)."
            return Problem("no_item", f"{said} Write one.")
        if line.item_order_id != one.order_id:
            return Problem(
                "other_order", f"Its line {line.key} is of another order's item. Write one of its own order."
            )
        if line.item_deleted:
            return Problem("item_deleted", f"The order item of its line {line.key} was deleted in Salesforce.")
        if line.quantity <= 0:
            return Problem(
                "bad_quantity", f"The quantity of its line {line.key} is {line.quantity}: it must be above 0."
            )
        if not _KEY.fullmatch(line.key):
            return Problem("bad_key", f"The key “{line.key}” of a line is none that can be sent. Write null for ours.")
    return None


def shipment_key(order: str, number: int) -> str:
    """Return the key of an order's shipment. `order` is the order's key, or its Salesforce Id where it has none."""
    return f"{order}-S{number}"


def reference_key(order: str, reference: str) -> str:
    """Return the key of a shipment that the warehouse has a name for: the same name gives the same key, always."""
    return f"{order}-R{hashlib.blake2b(reference.encode(), digest_size=6).hexdigest()}"


def line_key(shipment: str, number: int) -> str:
    """Return the key of a shipment's line; `number` counts from 1."""
    return f"{shipment}-{number}"


def next_number(keys: Sequence[str | None], before: str) -> int:
    """Return the number after the highest that keys of the form `before` + number have."""
    taken = [key.removeprefix(before) for key in keys if key is not None and key.startswith(before)]
    return max((int(text) for text in taken if text.isdecimal()), default=0) + 1


@dataclass(frozen=True, slots=True)
class PhysicalRule:
    """Which products are shipped at all."""

    by_flag: bool = False
    """A checkbox of the product decides, where it is known."""
    families: tuple[str, ...] = ()
    """Only these; empty for all."""
    not_families: tuple[str, ...] = ()

    def holds(self, *, flag: bool | None, family: str | None) -> bool:
        """Whether a product is shipped."""
        if self.by_flag and flag is not None:
            return flag
        return family not in self.not_families and (not self.families or family in self.families)
