"""The section [shipments]: the custom objects of the org that hold shipments, and what is shipped at all."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_settings import NoDecode

from sfsync.config.orgs import ApiName
from sfsync.config.section import Section


def _as_list(value: Any) -> Any:
    """Let a variable hold several values, divided by commas."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def _custom_object(value: str) -> str:
    if not value.endswith("__c"):
        raise ValueError("should be the API name of a custom object, ending in __c")
    return value


ObjectName = Annotated[ApiName, AfterValidator(_custom_object)]
Optional = ApiName | Literal[""]
"""A field that an org may do without: empty for none."""
Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_as_list)]
Label = Annotated[str, Field(min_length=1)]
_LABEL = "Label of the org's picklist for shipments that are"


class ShipmentsSettings(Section):
    """Shipments of physical goods: custom objects of the org, mirrored both ways. Off unless enabled."""

    enabled: bool = Field(
        default=False,
        description="Mirror shipments and push those recorded here; `sfsync setup-org` makes the objects.",
    )
    shipment_object: ObjectName = Field(default="Shipment__c", description="The custom object of shipments.")
    key_field: ApiName = Field(
        default="SFSync_Key__c",
        description="Its external id field (text, unique, case-sensitive) for sfsync's key.",
    )
    order_field: ApiName = Field(default="Order__c", description="Its lookup to Order.")
    status_field: ApiName = Field(default="Status__c", description="Its status, a picklist or text.")
    carrier_field: Optional = Field(default="Carrier__c", description="Its carrier; empty for none.")
    tracking_number_field: Optional = Field(
        default="Tracking_Number__c", description="Its tracking number; empty for none."
    )
    tracking_url_field: Optional = Field(default="Tracking_URL__c", description="Its tracking URL; empty for none.")
    shipped_on_field: Optional = Field(
        default="Shipped_Date__c", description="The day it was shipped (date); empty for none."
    )
    delivered_on_field: Optional = Field(
        default="Delivered_Date__c", description="The day it was delivered (date); empty for none."
    )
    line_object: ObjectName = Field(default="Shipment_Line__c", description="The custom object of shipment lines.")
    line_key_field: ApiName = Field(
        default="SFSync_Key__c",
        description="Its external id field (text, unique, case-sensitive) for sfsync's key.",
    )
    line_shipment_field: ApiName = Field(default="Shipment__c", description="Its lookup to the shipment.")
    line_order_item_field: ApiName = Field(default="Order_Item__c", description="Its lookup to OrderItem.")
    line_quantity_field: ApiName = Field(default="Quantity__c", description="Its quantity, a number.")
    status_created: Label = Field(default="Created", description=f"{_LABEL} recorded and not yet on their way.")
    status_shipped: Label = Field(default="Shipped", description=f"{_LABEL} handed to the carrier.")
    status_in_transit: Label = Field(default="In Transit", description=f"{_LABEL} on their way.")
    status_delivered: Label = Field(default="Delivered", description=f"{_LABEL} delivered.")
    status_voided: Label = Field(default="Voided", description=f"{_LABEL} void: they count as never shipped.")
    conflict: Literal["org_wins", "local_wins"] = Field(
        default="org_wins",
        description="Who wins when a field of a shipment was changed here and in the org: org_wins or local_wins.",
    )
    percent_field: ApiName | None = Field(
        default=None,
        description="Number or percent field of Order that gets the percentage shipped; not set: left to the org.",
        examples=["Percent_Shipped__c"],
    )
    physical_field: ApiName | None = Field(
        default=None,
        description="Checkbox of Product2 that says whether a product is shipped at all; it goes before the families.",
        examples=["Is_Physical__c"],
    )
    physical_families: Words = Field(
        default=(), description="Only products of these families are shipped; empty for all (divide by commas)."
    )
    not_physical_families: Words = Field(
        default=(), description="Products of these families (services, licences) are not shipped (divide by commas)."
    )
    fulfil_when_shipped: bool = Field(
        default=False, description="Have an activated order marked as Fulfilled when the last of it was shipped."
    )
