"""An org with the objects of shipments, an activated order to ship, and shipments recorded as other programs do."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sfsync.emulator.customising.fields import read_field
from sfsync.emulator.customising.objects import read_object
from sfsync.sync.cycle import run_cycle
from tests.mirror import mirrored

if TYPE_CHECKING:
    from sfsync.app import App
    from sfsync.emulator.org import Org
    from sfsync.store.engine import Database
    from tests.world import World

KEY = {"type": "Text", "length": 64, "unique": True, "externalId": True, "caseSensitive": True}
STATUSES = ("Created", "Shipped", "In Transit", "Delivered", "Voided")
PICKLIST = {"restricted": True, "valueSetDefinition": {"value": [{"fullName": one, "label": one} for one in STATUSES]}}
OBJECTS: dict[str, dict[str, dict[str, Any]]] = {
    "Shipment__c": {
        "SFSync_Key__c": KEY,
        "Order__c": {"type": "Lookup", "referenceTo": "Order", "relationshipName": "Shipments"},
        "Status__c": {"type": "Picklist", "valueSet": PICKLIST},
        "Carrier__c": {"type": "Text", "length": 20},
        "Tracking_Number__c": {"type": "Text", "length": 80},
        "Tracking_URL__c": {"type": "Url"},
        "Shipped_Date__c": {"type": "Date"},
        "Delivered_Date__c": {"type": "Date"},
    },
    "Shipment_Line__c": {
        "SFSync_Key__c": KEY,
        "Shipment__c": {"type": "Lookup", "referenceTo": "Shipment__c", "relationshipName": "Lines"},
        "Order_Item__c": {"type": "Lookup", "referenceTo": "OrderItem", "relationshipName": "Shipment_Lines"},
        "Quantity__c": {"type": "Number", "precision": 18, "scale": 2},
    },
}


def add_objects(org: Org, names: tuple[str, ...] = tuple(OBJECTS)) -> None:
    """Let an administrator have made the objects of shipments, for everybody to see."""
    for number, name in enumerate(names):
        label = name.removesuffix("__c").replace("_", " ")
        metadata = {
            "label": label,
            "pluralLabel": f"{label}s",
            "nameField": {"label": "Number", "type": "AutoNumber", "displayFormat": "S-{00000}"},
            "deploymentStatus": "Deployed",
            "sharingModel": "ReadWrite",
        }
        org.add_object(read_object(name, metadata, f"a5{number}"))
        for field, described in OBJECTS[name].items():
            org.add_custom_field(name, read_field(field, {"label": field, **described}, org.schema))


def activated(world: World, app: App, *lines: tuple[float, float], **fields: Any) -> str:
    """Make a deal and its order, activated, and read them; return the order's key."""
    key = ordered(world, *(lines or ((10, 5),)), **fields)
    run_cycle(app)
    return key


def ordered(world: World, *lines: tuple[float, float], **fields: Any) -> str:
    """Make a deal and its order, as sfsync would have, and activate it; return the order's key."""
    deal = world.deal(*lines, **fields)
    opportunity, key = world.org.get("Opportunity", deal), f"{deal}-1"
    order = world.order(OpportunityId=deal, SFSync_Key__c=key, EffectiveDate=opportunity["CloseDate"])
    sold = world.org.query(
        "SELECT PricebookEntryId, Quantity, UnitPrice FROM OpportunityLineItem"
        f" WHERE OpportunityId = '{deal}' ORDER BY Id"
    )
    for number, line in enumerate(sold, start=1):
        values = {name: line[name] for name in ("PricebookEntryId", "Quantity", "UnitPrice")}
        world.item(order, SFSync_Key__c=f"{key}-{number}", **values)
    world.org.update("Order", order, {"Status": "Activated"})
    world.org.advance(60)
    return key


def record(db: Database, order_key: str, *quantities: float, **values: Any) -> int:
    """Record a shipment of an order's first lines by plain SQL, as a warehouse's own program would."""
    [order] = mirrored(db, "orders", key=order_key)
    items = mirrored(db, "order_items", order_id=order.id)
    names = ["org", "order_id", *values]
    with db.begin() as tx:
        marks = ", ".join(f"'{value}'" for value in (order.org, order.id, *values.values()))
        tx.exec_driver_sql(f"INSERT INTO shipments ({', '.join(names)}) VALUES ({marks})")
        shipment = tx.exec_driver_sql("SELECT max(id) FROM shipments").scalar()
        for item, quantity in zip(items, quantities, strict=False):
            tx.exec_driver_sql(
                "INSERT INTO shipment_lines (org, shipment_id, order_item_id, quantity) "
                f"VALUES ('default', {shipment}, {item.id}, {quantity})"
            )
    return int(shipment or 0)


def sql(db: Database, statement: str) -> list[tuple[Any, ...]]:
    """Run a statement as another program would."""
    with db.begin() as tx:
        result = tx.exec_driver_sql(statement)
        return [tuple(row) for row in result] if result.returns_rows else []


def in_org(org: Org) -> list[dict[str, Any]]:
    """The org's shipments with their lines' quantities."""
    rows = org.query(
        "SELECT Id, SFSync_Key__c, Order__c, Status__c, Carrier__c, Tracking_Number__c, Shipped_Date__c,"
        " (SELECT SFSync_Key__c, Quantity__c, Order_Item__c FROM Lines__r ORDER BY SFSync_Key__c)"
        " FROM Shipment__c ORDER BY SFSync_Key__c"
    )
    for row in rows:
        nested = row["Lines__r"]
        row["lines"] = nested["records"] if isinstance(nested, dict) else nested or []
    return rows


def progress(app: App) -> list[tuple[str, ...]]:
    """What was shipped, and what of it the org has confirmed; the percentage and the state, by order."""
    rows = sql(app.db, "SELECT shipped, confirmed, percent, state FROM order_progress ORDER BY order_id")
    return [(*(f"{Decimal(str(value)):.2f}" if value is not None else "" for value in row[:3]), row[3]) for row in rows]


def reduction(world: World, original: str, item: str, by: float) -> str:
    """Have somebody in the org reduce a line of an order; return the reduction, still a draft."""
    order = world.order(IsReductionOrder=True, OriginalOrderId=original)
    [entry] = world.org.query(f"SELECT PricebookEntryId, UnitPrice FROM OrderItem WHERE Id = '{item}'")
    values = {name: value for name, value in entry.items() if name != "attributes"}
    world.org.insert("OrderItem", {"OrderId": order, "OriginalOrderItemId": item, "Quantity": -by, **values})
    return order


def shipped_by_others(world: World, order: str, item: str, quantity: float, **fields: object) -> str:
    """Have somebody in the org make a shipment."""
    shipment = world.org.insert("Shipment__c", {"Order__c": order, "Status__c": "Shipped", **fields})
    line = {"Shipment__c": shipment, "Order_Item__c": item, "Quantity__c": quantity}
    world.org.insert("Shipment_Line__c", line)
    return shipment


def told(app: App) -> list[str]:
    """The events about shipping, oldest first."""
    kinds = [row.type for row in mirrored(app.db, "events")]
    return [kind for kind in kinds if "ship" in kind]
