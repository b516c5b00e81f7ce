"""The custom objects of shipments: their API names, what is asked for, and how a row becomes ours and back."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from sfsync.domain.fields import plain
from sfsync.domain.shipments import OrgShipment, OrgShipmentLine
from sfsync.salesforce.wire import boolean, decimal, parse_date, parse_datetime, required, text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

_DATES = frozenset(("shipped_on", "delivered_on"))
_STANDARD = ("Id", "IsDeleted", "SystemModstamp")


@dataclass(frozen=True, slots=True)
class ShipmentNames:
    """The API names of the two objects and of their fields; an empty name is a field that the org does without."""

    shipment: str = "Shipment__c"
    key: str = "SFSync_Key__c"
    order: str = "Order__c"
    status: str = "Status__c"
    carrier: str = "Carrier__c"
    tracking_number: str = "Tracking_Number__c"
    tracking_url: str = "Tracking_URL__c"
    shipped_on: str = "Shipped_Date__c"
    delivered_on: str = "Delivered_Date__c"
    line: str = "Shipment_Line__c"
    line_key: str = "SFSync_Key__c"
    line_shipment: str = "Shipment__c"
    line_item: str = "Order_Item__c"
    line_quantity: str = "Quantity__c"

    @property
    def objects(self) -> tuple[str, str]:
        """The two objects, the parent first."""
        return self.shipment, self.line

    @property
    def of_shipment(self) -> dict[str, str]:
        """The fields of a shipment: our name → the org's."""
        return {one.name: getattr(self, one.name) for one in fields(self)[1:9] if getattr(self, one.name)}

    @property
    def of_line(self) -> dict[str, str]:
        """The fields of a line: our name → the org's."""
        return {one.name: getattr(self, one.name) for one in fields(self)[10:]}

    @property
    def wanted(self) -> dict[str, str]:
        """The writable fields of a shipment: our name → the org's."""
        return {name: api for name, api in self.of_shipment.items() if name not in ("key", "order")}

    def shipment_select(self) -> tuple[str, ...]:
        """The SELECT list of a shipment."""
        return (*_STANDARD, "Name", "CreatedDate", *self.of_shipment.values())

    def line_select(self) -> tuple[str, ...]:
        """The SELECT list of a shipment line."""
        return (*_STANDARD, *self.of_line.values())


def shipment_parser(names: ShipmentNames) -> Callable[[Mapping[str, Any]], OrgShipment]:
    """Return what makes an OrgShipment of a row; it raises ValueError, naming the field that is wrong."""
    optional = {name: api for name, api in names.wanted.items() if name != "status"}

    def parse(row: Mapping[str, Any]) -> OrgShipment:
        get, sobject = row.get, names.shipment
        read: dict[str, str | date | None] = {
            name: (parse_date if name in _DATES else text)(get(api), f"{sobject}.{api}")
            for name, api in optional.items()
        }
        return OrgShipment(
            sf_id=required(text(get("Id"), f"{sobject}.Id"), f"{sobject}.Id"),
            key=text(get(names.key), f"{sobject}.{names.key}"),
            number=text(get("Name"), f"{sobject}.Name"),
            order_sf_id=text(get(names.order), f"{sobject}.{names.order}"),
            status_label=text(get(names.status), f"{sobject}.{names.status}"),
            fields=read,
            created_at=_stamp(row, sobject, "CreatedDate"),
            is_deleted=boolean(get("IsDeleted"), f"{sobject}.IsDeleted"),
            system_modstamp=_stamp(row, sobject, "SystemModstamp"),
        )

    return parse


def line_parser(names: ShipmentNames) -> Callable[[Mapping[str, Any]], OrgShipmentLine]:
    """Return what makes an OrgShipmentLine of a row; it raises ValueError, naming the field that is wrong."""

    def parse(row: Mapping[str, Any]) -> OrgShipmentLine:
        get, sobject = row.get, names.line
        quantity = decimal(get(names.line_quantity), f"{sobject}.{names.line_quantity}")
        return OrgShipmentLine(
            sf_id=required(text(get("Id"), f"{sobject}.Id"), f"{sobject}.Id"),
            key=text(get(names.line_key), f"{sobject}.{names.line_key}"),
            shipment_sf_id=text(get(names.line_shipment), f"{sobject}.{names.line_shipment}"),
            order_item_sf_id=text(get(names.line_item), f"{sobject}.{names.line_item}"),
            quantity=_NOTHING if quantity is None else quantity,
            is_deleted=boolean(get("IsDeleted"), f"{sobject}.IsDeleted"),
            system_modstamp=_stamp(row, sobject, "SystemModstamp"),
        )

    return parse


def body(values: Mapping[str, str | date | None], names: ShipmentNames) -> dict[str, Any]:
    """Write writable values of a shipment as a record's fields; those that the org has no field for are left out."""
    return {names.wanted[name]: plain(value) for name, value in values.items() if name in names.wanted}


def _stamp(row: Mapping[str, Any], sobject: str, field: str) -> Any:
    return required(parse_datetime(row.get(field), f"{sobject}.{field}"), f"{sobject}.{field}")


_NOTHING = required(decimal(0, "0"), "0")
