"""What sfsync wants to find in an org: custom objects and fields, as the Metadata and Tooling APIs describe them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sfsync.salesforce.schema import FieldNames
    from sfsync.salesforce.shipment_fields import ShipmentNames

_KEY = {"type": "Text", "length": 64, "externalId": True, "unique": True, "caseSensitive": True}
_TEXTS = frozenset(("string", "textarea", "url", "picklist", "phone"))


@dataclass(frozen=True, slots=True)
class WantedObject:
    """A custom object."""

    name: str
    label: str
    plural: str


@dataclass(frozen=True, slots=True)
class WantedField:
    """A field, how it would be made, and what one that is there already must be."""

    sobject: str
    name: str
    metadata: dict[str, Any]
    types: frozenset[str]
    """The types of describe that will do."""
    is_key: bool = False

    @property
    def full_name(self) -> str:
        """As in Order.SFSync_Key__c."""
        return f"{self.sobject}.{self.name}"

    @property
    def words(self) -> str:
        """How Setup would describe it."""
        kind = str(self.metadata["type"])
        match kind:
            case "Text":
                kind = f"Text({self.metadata['length']})"
            case "Number" | "Percent":
                kind = f"{kind}({self.metadata['precision'] - self.metadata['scale']}, {self.metadata['scale']})"
            case "Lookup":
                kind = f"Lookup({self.metadata['referenceTo']})"
        return f"{kind}, External ID, Unique, case-sensitive" if self.is_key else kind


def wanted_objects(names: FieldNames) -> list[WantedObject]:
    """Return the custom objects that the settings name, parents first."""
    if names.shipments is None:
        return []
    return [
        WantedObject(names.shipments.shipment, "Shipment", "Shipments"),
        WantedObject(names.shipments.line, "Shipment Line", "Shipment Lines"),
    ]


def wanted_fields(names: FieldNames, *, percent: str | None, statuses: Sequence[str]) -> list[WantedField]:
    """Return the fields that sfsync needs of its own.

    Args:
        names: The API names of the settings.
        percent: The field of Order for the percentage shipped; None for none.
        statuses: The values of the status of shipments.
    """
    fields = [_key("Order", names.order_key), _key("OrderItem", names.item_key)]
    if names.opportunity_lookup.endswith("__c"):
        fields.append(_lookup("Order", names.opportunity_lookup, "Opportunity", "Opportunity", "SFSync_Orders"))
    if percent is not None:
        number = {"label": "Percent Shipped", "type": "Percent", "precision": 16, "scale": 2}
        fields.append(WantedField("Order", percent, number, frozenset(("percent", "double"))))
    if names.shipments is not None:
        fields += _of_shipments(names.shipments, statuses)
    return fields


def _of_shipments(names: ShipmentNames, statuses: Sequence[str]) -> Iterator[WantedField]:
    shipment, line = names.shipment, names.line
    yield _key(shipment, names.key)
    yield _lookup(shipment, names.order, "Order", "Order", "Shipments")
    values = [{"fullName": one, "label": one, "default": at == 0} for at, one in enumerate(statuses)]
    picklist = {"restricted": True, "valueSetDefinition": {"sorted": False, "value": values}}
    yield WantedField(shipment, names.status, {"label": "Status", "type": "Picklist", "valueSet": picklist}, _TEXTS)
    day = frozenset(("date",))
    for name, metadata, types in (
        (names.carrier, {"label": "Carrier", "type": "Text", "length": 80}, _TEXTS),
        (names.tracking_number, {"label": "Tracking Number", "type": "Text", "length": 80}, _TEXTS),
        (names.tracking_url, {"label": "Tracking URL", "type": "Url"}, _TEXTS),
        (names.shipped_on, {"label": "Shipped Date", "type": "Date"}, day),
        (names.delivered_on, {"label": "Delivered Date", "type": "Date"}, day),
    ):
        if name:
            yield WantedField(shipment, name, metadata, types)
    yield _key(line, names.line_key)
    yield _lookup(line, names.line_shipment, "Shipment", shipment, "Shipment_Lines")
    yield _lookup(line, names.line_item, "Order Product", "OrderItem", "Shipment_Lines")
    quantity = {"label": "Quantity", "type": "Number", "precision": 18, "scale": 2}
    yield WantedField(line, names.line_quantity, quantity, frozenset(("double", "int")))


def _key(sobject: str, name: str) -> WantedField:
    return WantedField(sobject, name, {"label": "SFSync Key", **_KEY}, frozenset(("string",)), is_key=True)


def _lookup(sobject: str, name: str, label: str, target: str, children: str) -> WantedField:
    metadata = {"label": label, "type": "Lookup", "referenceTo": target, "relationshipName": children}
    return WantedField(sobject, name, {**metadata, "deleteConstraint": "SetNull"}, frozenset(("reference",)))
