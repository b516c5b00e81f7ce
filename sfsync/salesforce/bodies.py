"""The request bodies that create orders: graphs, one big order, and single lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfsync.errors import OrgUnfit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sfsync.domain.model import OrderPlan, PlannedLine
    from sfsync.salesforce.schema import FieldNames, OrgSchema

ORDER = "o"
"""The reference of the order in its graph; lines are l0, l1, … in the order of the plan."""


def graphs_body(
    plans: Sequence[OrderPlan], names: FieldNames, schema: OrgSchema, *, status: str | None, version: str
) -> dict[str, Any]:
    """Write one graph per plan; graph g0 is the first plan's. Each graph is a transaction of its own."""
    base = f"/services/data/v{version}/sobjects"
    order_url, item_url = f"{base}/Order", f"{base}/OrderItem"
    reference = "@{" + ORDER + ".id}"
    graphs = []
    for number, plan in enumerate(plans):
        nodes = [_node(order_url, ORDER, order_body(plan, names, schema, status=status))]
        nodes += [
            _node(item_url, f"l{index}", {"OrderId": reference, **item_body(line, names, schema)})
            for index, line in enumerate(plan.lines)
        ]
        graphs.append({"graphId": f"g{number}", "compositeRequest": nodes})
    return {"graphs": graphs}


def place_order_body(plan: OrderPlan, names: FieldNames, schema: OrgSchema, *, status: str | None) -> dict[str, Any]:
    """Write one order with its items as the Place Order resource takes them (Place Order guide: create an order)."""
    attributes = {"attributes": {"type": "OrderItem"}}
    return {
        "order": [
            {
                "attributes": {"type": "Order"},
                **order_body(plan, names, schema, status=status),
                "OrderItems": {"records": [{**attributes, **item_body(line, names, schema)} for line in plan.lines]},
            }
        ]
    }


def items_body(order_id: str, lines: Sequence[PlannedLine], names: FieldNames, schema: OrgSchema) -> dict[str, Any]:
    """Write lines of an order that exists, as sObject Collections take them: all or none."""
    return {
        "allOrNone": True,
        "records": [
            {"attributes": {"type": "OrderItem"}, "OrderId": order_id, **item_body(line, names, schema)}
            for line in lines
        ],
    }


def order_body(plan: OrderPlan, names: FieldNames, schema: OrgSchema, *, status: str | None) -> dict[str, Any]:
    """Write the header. Fields that the user may not set are left out, where the order can do without.

    A reduction order takes price book and contract from its original, and belongs to no opportunity: none of these
    is sent (connectors that create reduction orders send neither).

    Raises:
        OrgUnfit: if no status of category Draft is known, which every new order must have.
    """
    draft = status or schema.draft_status
    if draft is None:
        raise OrgUnfit("The org shows no Order status of category Draft.", remedy="Check Order.Status in Setup.")
    body: dict[str, Any] = {
        "AccountId": plan.account_id,
        "EffectiveDate": plan.effective_date.isoformat(),
        "Status": draft,
        names.order_key: plan.key,
    }
    optional = {"Name": plan.name, "CurrencyIsoCode": plan.currency}
    if plan.original_order_id is not None:
        body |= {"IsReductionOrder": True, "OriginalOrderId": plan.original_order_id}
    else:
        body["Pricebook2Id"] = plan.pricebook_id
        optional |= {"ContractId": plan.contract_id, names.opportunity_lookup: plan.deal_id}
    body |= {name: value for name, value in optional.items() if value is not None and schema.createable("Order", name)}
    return body


def item_body(line: PlannedLine, names: FieldNames, schema: OrgSchema) -> dict[str, Any]:
    """Write one line, without the order it belongs to; one of a reduction has entry and price of its original."""
    if line.original_item_id is not None:
        return {
            "OriginalOrderItemId": line.original_item_id,
            "Quantity": line.quantity,
            names.item_key: line.key,
        }
    body: dict[str, Any] = {
        "PricebookEntryId": line.pricebook_entry_id,
        "Quantity": line.quantity,
        "UnitPrice": line.unit_price,
        names.item_key: line.key,
    }
    if line.service_date is not None and schema.createable("OrderItem", "ServiceDate"):
        body["ServiceDate"] = line.service_date.isoformat()
    if line.description is not None and schema.createable("OrderItem", "Description"):
        body["Description"] = line.description
    return body


def _node(url: str, reference: str, body: dict[str, Any]) -> dict[str, Any]:
    return {"method": "POST", "url": url, "referenceId": reference, "body": body}
