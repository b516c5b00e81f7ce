"""Creating shipments with their lines, several in a graph, and updating them, under keys that let none exist twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfsync.salesforce import failures, soql
from sfsync.salesforce.codes import Class, classify
from sfsync.salesforce.outcomes import AlreadyThere, Halted, InDoubt, Locked, Refused
from sfsync.salesforce.push import UPDATES_PER_CALL, outcome_of
from sfsync.salesforce.shipment_fields import body

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sfsync.domain.shipments import ShipLabels, ToShip
    from sfsync.salesforce.client import OrgClient
    from sfsync.salesforce.outcomes import UpdateOutcome
    from sfsync.salesforce.shipment_fields import ShipmentNames

GRAPHS_PER_CALL = 75
NODES_PER_CALL = 500
"""Limits of a composite graph call (REST guide: composite graph limits)."""
_CREATED = 201


@dataclass(frozen=True, slots=True)
class Shipped:
    """The shipment is in the org with these lines: line key → Salesforce Id."""

    key: str
    shipment_id: str
    line_ids: dict[str, str]


ShipOutcome = Shipped | Refused | AlreadyThere | Halted | Locked | InDoubt


def pack(shipments: Sequence[ToShip]) -> Iterator[list[list[ToShip]]]:
    """Yield what fits into one call of `create_shipments`: graphs of shipments, each graph all or nothing.

    A call takes more small shipments than graphs, so several share one.
    """
    call: list[ToShip] = []
    nodes = 0
    for one in shipments:
        size = 1 + len(one.lines)
        if call and nodes + size > NODES_PER_CALL:
            yield _graphs(call)
            call, nodes = [], 0
        call.append(one)
        nodes += size
    if call:
        yield _graphs(call)


def pack_alone(shipments: Sequence[ToShip]) -> Iterator[list[list[ToShip]]]:
    """Yield what fits into one call, each shipment in a graph of its own: one that is refused takes no other along."""
    for call in pack(shipments):
        together = [one for graph in call for one in graph]
        for start in range(0, len(together), GRAPHS_PER_CALL):
            yield [[one] for one in together[start : start + GRAPHS_PER_CALL]]


def create_shipments(
    client: OrgClient, graphs: Sequence[Sequence[ToShip]], names: ShipmentNames, labels: ShipLabels
) -> list[ShipOutcome]:
    """Create shipments, or lines of such as exist, in ONE composite graph call; outcomes in the order given.

    Raises:
        OrgUnavailable: `in_doubt` says whether any may have been made.
        OrgRefused: the org refused the call as a whole; nothing was done.
    """
    base = f"/services/data/v{client.version}/sobjects"
    bodies = [
        {
            "graphId": f"g{number}",
            "compositeRequest": [
                node for index, one in enumerate(graph) for node in _nodes(base, index, one, names, labels)
            ],
        }
        for number, graph in enumerate(graphs)
    ]
    answer = client.write("POST", "composite/graph", {"graphs": bodies})
    found = answer.get("graphs") if isinstance(answer, dict) else None
    if not isinstance(found, list):
        raise failures.unreadable(write=True)
    by_id = {graph.get("graphId"): graph for graph in found if isinstance(graph, dict)}
    return [
        outcome
        for number, graph in enumerate(graphs)
        for outcome in _outcomes(graph, by_id.get(f"g{number}") or {}, names)
    ]


def update_shipments(
    client: OrgClient, changes: Sequence[tuple[str, Mapping[str, Any]]], names: ShipmentNames
) -> list[UpdateOutcome]:
    """Write fields of up to 200 shipments in ONE call, each on its own; outcomes in their order.

    Raises:
        ValueError: for more than 200, or what is no id.
        OrgUnavailable: `in_doubt` says whether shipments may have been changed.
        OrgRefused: the org refused the call as a whole.
    """
    if len(changes) > UPDATES_PER_CALL:
        raise ValueError(f"{len(changes)} updates are more than the {UPDATES_PER_CALL} that fit into a call")
    records = [
        {"attributes": {"type": names.shipment}, "id": sf_id, **fields} for sf_id, fields in changes if _is_id(sf_id)
    ]
    answers = client.write("PATCH", "composite/sobjects", {"allOrNone": False, "records": records})
    if not isinstance(answers, list):
        raise failures.unreadable(write=True)
    return [outcome_of(sf_id, answers[at] if at < len(answers) else None) for at, (sf_id, _) in enumerate(changes)]


def _is_id(sf_id: str) -> bool:
    soql.quoted_id(sf_id)
    return True


def _graphs(call: Sequence[ToShip]) -> list[list[ToShip]]:
    each = -(-len(call) // GRAPHS_PER_CALL)
    return [list(call[start : start + each]) for start in range(0, len(call), each)]


def _nodes(base: str, index: int, one: ToShip, names: ShipmentNames, labels: ShipLabels) -> Iterator[dict[str, Any]]:
    parent = one.sf_id
    if parent is None:
        parent = f"@{{s{index}.id}}"
        values = {**body(one.fields, names), names.key: one.key, names.order: one.order_sf_id}
        values[names.status] = labels.to_org(_status(one))
        yield {"method": "POST", "url": f"{base}/{names.shipment}", "referenceId": f"s{index}", "body": _given(values)}
    for number, line in enumerate(one.lines):
        values = {
            names.line_key: line.key,
            names.line_shipment: parent,
            names.line_item: line.item_sf_id,
            names.line_quantity: line.quantity,
        }
        yield {"method": "POST", "url": f"{base}/{names.line}", "referenceId": f"l{index}_{number}", "body": values}


def _status(one: ToShip) -> Any:
    return one.fields["status"]


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _references(index: int, one: ToShip) -> dict[str, str | None]:
    """The references of a shipment's nodes, and the line that each is about."""
    lines: dict[str, str | None] = {f"l{index}_{number}": line.key for number, line in enumerate(one.lines)}
    return lines if one.sf_id is not None else {f"s{index}": None, **lines}


def _outcomes(graph: Sequence[ToShip], answer: Mapping[str, Any], names: ShipmentNames) -> list[ShipOutcome]:
    response = answer.get("graphResponse")
    elements = response.get("compositeResponse") if isinstance(response, dict) else None
    if not isinstance(elements, list):
        return [InDoubt(one.key) for one in graph]
    by_reference = {element.get("referenceId"): element for element in elements if isinstance(element, dict)}
    if answer.get("isSuccessful") is True:
        return [_shipped(index, one, by_reference) for index, one in enumerate(graph)]
    found = [_failed(index, one, by_reference, names) for index, one in enumerate(graph)]
    if any(isinstance(outcome, InDoubt) for outcome in found):
        return [InDoubt(one.key) for one in graph]
    return found


def _shipped(index: int, one: ToShip, by_reference: Mapping[Any, Mapping[str, Any]]) -> ShipOutcome:
    ids: dict[str | None, str] = {None: one.sf_id} if one.sf_id is not None else {}
    for reference, line_key in _references(index, one).items():
        element = by_reference.get(reference) or {}
        content = element.get("body")
        sf_id = content.get("id") if element.get("httpStatusCode") == _CREATED and isinstance(content, dict) else None
        if not isinstance(sf_id, str):
            return InDoubt(one.key)
        ids[line_key] = sf_id
    return Shipped(one.key, ids[None], {key: sf_id for key, sf_id in ids.items() if key is not None})


def _failed(
    index: int, one: ToShip, by_reference: Mapping[Any, Mapping[str, Any]], names: ShipmentNames
) -> ShipOutcome:
    """Find the culprit among the nodes of a shipment whose graph was rolled back, if it is one of them."""
    told = False
    for reference, line_key in _references(index, one).items():
        for code, message, fields in failures.errors_of((by_reference.get(reference) or {}).get("body")):
            meaning = classify(code, message)
            told = True
            if meaning is Class.HALTED:
                continue
            if meaning in {Class.LOCK, Class.RETRY}:
                return Locked(one.key, code, message)
            key_field = names.key if line_key is None else names.line_key
            if meaning is Class.DUPLICATE and (key_field.lower() in message.lower() or "<unknown>" in message):
                return AlreadyThere(one.key)
            return Refused(one.key, code, message, fields, line_key)
    return Halted(one.key) if told else InDoubt(one.key)
