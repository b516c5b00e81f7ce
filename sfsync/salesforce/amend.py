"""Bringing draft orders up to date: each order's changes as a whole or not at all, many orders in one call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfsync.salesforce import bodies, failures, soql
from sfsync.salesforce.codes import Class, classify
from sfsync.salesforce.create import GRAPHS_PER_CALL, NODES_PER_CALL
from sfsync.salesforce.outcomes import AlreadyThere, Halted, InDoubt, Locked, Refused, Updated

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sfsync.domain.bring_up import Update
    from sfsync.salesforce.client import OrgClient
    from sfsync.salesforce.schema import FieldNames, OrgSchema

    AmendOutcome = Updated | Refused | AlreadyThere | Halted | Locked | InDoubt

HEADER = {"account_id": "AccountId", "contract_id": "ContractId", "effective_date": "EffectiveDate"}
LINE = {
    "quantity": "Quantity",
    "unit_price": "UnitPrice",
    "service_date": "ServiceDate",
    "description": "Description",
}
"""The fields of drafts that can be changed, by our names. An item's entry, product and order never can."""
_LOOK_AGAIN = frozenset(("NOT_FOUND", "ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY"))


def writable(schema: OrgSchema) -> frozenset[str]:
    """Return those of the fields that our user may change, by our names."""
    fields = [("Order", *pair) for pair in HEADER.items()] + [("OrderItem", *pair) for pair in LINE.items()]
    return frozenset(
        name for sobject, name, field in fields if (info := schema.info(sobject, field)) and info.updateable
    )


def pack_updates(updates: Sequence[Update]) -> Iterator[list[Update]]:
    """Yield what fits into one call of `amend_orders`, in the order given; each takes 500 records at most."""
    batch: list[Update] = []
    nodes = 0
    for update in updates:
        if batch and (nodes + update.size > NODES_PER_CALL or len(batch) == GRAPHS_PER_CALL):
            yield batch
            batch, nodes = [], 0
        batch.append(update)
        nodes += update.size
    if batch:
        yield batch


def amend_orders(
    client: OrgClient, updates: Sequence[Update], names: FieldNames, schema: OrgSchema
) -> list[AmendOutcome]:
    """Send the updates in ONE composite graph call, one all-or-nothing graph each; outcomes in the same order.

    AlreadyThere: a line that was to be made is there, or one that was to be changed is gone: read the order again.

    Raises:
        OrgUnavailable: `in_doubt` says whether orders may have been changed.
        OrgRefused: the org refused the call as a whole; nothing was done.
    """
    base = f"/services/data/v{client.version}/sobjects"
    graphs = [
        {"graphId": f"g{number}", "compositeRequest": list(_nodes(update, base, names, schema))}
        for number, update in enumerate(updates)
    ]
    answer = client.write("POST", "composite/graph", {"graphs": graphs})
    found = answer.get("graphs") if isinstance(answer, dict) else None
    if not isinstance(found, list):
        raise failures.unreadable(write=True)
    by_id = {graph.get("graphId"): graph for graph in found if isinstance(graph, dict)}
    return [_outcome(update, by_id.get(f"g{number}"), names) for number, update in enumerate(updates)]


def _nodes(update: Update, base: str, names: FieldNames, schema: OrgSchema) -> Iterator[dict[str, Any]]:
    """The header first: lines must not start before their order."""
    order = _id(update.order.sf_id)
    if update.header:
        body = {HEADER[name]: _plain(value) for name, value in update.header.items()}
        yield {"method": "PATCH", "url": f"{base}/Order/{order}", "referenceId": "o", "body": body}
    for number, line in enumerate(update.remove):
        url = f"{base}/OrderItem/{_id(line.sf_id)}"
        yield {"method": "DELETE", "url": url, "referenceId": f"d{number}"}
    for number, change in enumerate(update.change):
        url = f"{base}/OrderItem/{_id(change.line.sf_id)}"
        body = {LINE[name]: _plain(value) for name, value in change.values.items()}
        yield {"method": "PATCH", "url": url, "referenceId": f"c{number}", "body": body}
    for number, added in enumerate(update.add):
        body = {"OrderId": order, **bodies.item_body(added, names, schema)}
        yield {"method": "POST", "url": f"{base}/OrderItem", "referenceId": f"n{number}", "body": body}


def _id(sf_id: str | None) -> str:
    """What goes into an address must be an id."""
    return soql.quoted_id(sf_id or "").strip("'")


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def _outcome(update: Update, graph: Mapping[str, Any] | None, names: FieldNames) -> AmendOutcome:
    order = update.order.sf_id or ""
    response = graph.get("graphResponse") if graph else None
    elements = response.get("compositeResponse") if isinstance(response, dict) else None
    if graph is None or not isinstance(elements, list):
        return InDoubt(order)
    if graph.get("isSuccessful") is True:
        return Updated(order)
    return _failed(update, elements, names)


def _failed(update: Update, elements: Sequence[Any], names: FieldNames) -> AmendOutcome:
    """Find the culprit of a graph that was rolled back: the one that was not merely halted with the others."""
    order = update.order.sf_id or ""
    lines = {f"n{number}": line.key for number, line in enumerate(update.add)}
    lines |= {f"c{number}": change.line.key or "" for number, change in enumerate(update.change)}
    lines |= {f"d{number}": line.key or "" for number, line in enumerate(update.remove)}
    halted = False
    for element in elements:
        reference, body = (element.get("referenceId"), element.get("body")) if isinstance(element, dict) else ("", None)
        for code, message, fields in failures.errors_of(body):
            meaning = classify(code, message)
            if meaning is Class.HALTED:
                halted = True
            elif meaning in {Class.LOCK, Class.RETRY}:
                return Locked(order, code, message)
            elif code in _LOOK_AGAIN or (meaning is Class.DUPLICATE and names.item_key.lower() in message.lower()):
                return AlreadyThere(order)
            else:
                return Refused(order, code, message, fields, lines.get(str(reference)) or None)
    return Halted(order) if halted else InDoubt(order)
