"""Place Order: one order with up to 2,000 records in one transaction [facts: orders 8]."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfsync.emulator.errors import ApiError
from sfsync.emulator.http import Answer

if TYPE_CHECKING:
    from sfsync.emulator.dml import Writer
    from sfsync.emulator.http import Request
    from sfsync.emulator.org import Org
    from sfsync.emulator.world import Row

_MOST = 2_000
_ITEMS = "orderitems"


def create(org: Org, request: Request) -> Answer:
    """POST /commerce/sale/order: a new order with its items and custom children, all or nothing."""
    order = _order_of(request)
    header, children = _split(order)
    _check_count(children)
    writer = org.writer(request.user_id)
    writer.plan("Order")
    with org.world.savepoint():
        order_id = writer.insert("Order", header)
        made = _insert_children(org, writer, order_id, children)
    record = {"attributes": _attributes(request, "Order", order_id), "Id": order_id, **_shown(request, made)}
    return Answer(org.settings.place_order_status, {"totalSize": 1, "done": True, "records": [record]})


def extend(org: Org, request: Request, record_id: str) -> Answer:
    """PATCH /commerce/sale/order/id: add items; existing records cannot be changed here."""
    writer = org.writer(request.user_id)
    order_id = writer.find("Order", record_id)["Id"]
    header, children = _split(_order_of(request))
    others = [name for name in header if name.lower() not in {"id", "attributes"}]
    if others:
        raise ApiError(400, "INVALID_INPUT", f"You can't update existing records: {', '.join(others)}")
    _check_count(children)
    with org.world.savepoint():
        made = _insert_children(org, writer, order_id, children)
    record = {"attributes": {"type": "Order"}, **_shown(request, made)}
    return Answer(200, {"totalSize": 1, "done": True, "records": [record]})


def read(org: Org, request: Request, record_id: str) -> Answer:
    """GET /commerce/sale/order/id: ids and attributes only."""
    order_id = org.writer(request.user_id).find("Order", record_id)["Id"]
    items = [str(item["Id"]) for item in org.db.find("OrderItem", {"OrderId": order_id})]
    shown = _shown(request, {"OrderItems": [("OrderItem", item) for item in items]}) if items else {"OrderItems": None}
    record = {"attributes": _attributes(request, "Order", order_id), "Id": order_id, **shown}
    return Answer(200, {"totalSize": 1, "done": True, "records": [record]})


def _order_of(request: Request) -> Row:
    orders = request.json_object().get("order")
    if not isinstance(orders, list) or len(orders) != 1 or not isinstance(orders[0], dict):
        raise ApiError(400, "INVALID_INPUT", "The request body must have the array order with exactly one order")
    order: Row = orders[0]
    return order


def _split(order: Row) -> tuple[Row, dict[str, list[Row]]]:
    """Part the order's own fields from its lists of children."""
    header: Row = {}
    children: dict[str, list[Row]] = {}
    for name, value in order.items():
        records = value.get("records") if isinstance(value, dict) else None
        if isinstance(records, list):
            children[name] = records
        else:
            header[name] = value
    return header, children


def _check_count(children: dict[str, list[Row]]) -> None:
    total = 1
    for records in children.values():
        for record in records:
            if not isinstance(record, dict):
                raise ApiError(400, "INVALID_INPUT", "Each record must be an object")
            total += 1 + sum(len(one) for one in _split(record)[1].values())
    if total > _MOST:
        raise ApiError(400, "LIMIT_EXCEEDED", f"The request can't contain more than {_MOST} records.")


def _insert_children(
    org: Org, writer: Writer, parent_id: str, children: dict[str, list[Row]], parent: str = "Order"
) -> dict[str, list[tuple[str, str]]]:
    made: dict[str, list[tuple[str, str]]] = {}
    for name, records in children.items():
        relation = next(
            (one for one in org.schema.children(parent) if one.name and one.name.lower() == name.lower()), None
        )
        if relation is None or relation.name is None:
            raise ApiError(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type {parent}")
        ids = made[relation.name] = []
        for record in records:
            values, below = _split(record)
            values = {field: value for field, value in values.items() if field.lower() != relation.field.lower()}
            child_id = writer.insert(relation.child, {**values, relation.field: parent_id})
            ids.append((relation.child, child_id))
            if below:
                if parent != "Order" or name.lower() != _ITEMS:
                    raise ApiError(400, "INVALID_INPUT", "Custom objects can be one level below only")
                _insert_children(org, writer, child_id, below, relation.child)
    return made


def _attributes(request: Request, sobject: str, record_id: str) -> dict[str, str]:
    return {"type": sobject, "url": f"/services/data/v{request.version}/sobjects/{sobject}/{record_id}"}


def _shown(request: Request, made: dict[str, list[tuple[str, str]]]) -> dict[str, Any]:
    return {
        name: {
            "totalSize": len(ids),
            "done": True,
            "records": [
                {"attributes": _attributes(request, sobject, record_id), "Id": record_id} for sobject, record_id in ids
            ],
        }
        for name, ids in made.items()
    }
