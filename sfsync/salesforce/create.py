"""Creating orders, each with all its lines or not at all, under keys that let no order exist twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfsync.errors import OrgRefused, OrgUnavailable
from sfsync.salesforce import bodies, failures
from sfsync.salesforce.codes import Class, classify
from sfsync.salesforce.outcomes import AlreadyThere, Created, Halted, InDoubt, ItemCreated, Locked, Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sfsync.domain.model import OrderPlan, PlannedLine
    from sfsync.salesforce.client import OrgClient
    from sfsync.salesforce.outcomes import CreateOutcome, ItemOutcome
    from sfsync.salesforce.schema import FieldNames, OrgSchema

GRAPHS_PER_CALL = 75
NODES_PER_CALL = 500
"""Limits of a composite graph call (REST guide: composite graph limits)."""
PLACE_ORDER_RECORDS = 2000
"""Place Order guide: 2,000 records a request, the order included."""
ITEMS_PER_CALL = 200
"""REST guide: sObject Collections."""
_CREATED = 201


def pack(plans: Sequence[OrderPlan]) -> Iterator[list[OrderPlan]]:
    """Yield what fits into one call of `create_orders`, in the order given.

    Raises:
        ValueError: if a plan has more than 499 lines: those go by `create_big_order`.
    """
    batch: list[OrderPlan] = []
    nodes = 0
    for plan in plans:
        size = 1 + len(plan.lines)
        if size > NODES_PER_CALL:
            raise ValueError(f"order {plan.key} has {len(plan.lines)} lines: too many for a graph")
        if batch and (nodes + size > NODES_PER_CALL or len(batch) == GRAPHS_PER_CALL):
            yield batch
            batch, nodes = [], 0
        batch.append(plan)
        nodes += size
    if batch:
        yield batch


def create_orders(
    client: OrgClient,
    plans: Sequence[OrderPlan],
    names: FieldNames,
    schema: OrgSchema,
    *,
    status: str | None = None,
) -> list[CreateOutcome]:
    """Create the orders in ONE composite graph call, one all-or-nothing graph each; outcomes in the same order.

    Args:
        client: The org.
        plans: As `pack` yields them.
        names: The fields that carry the keys.
        schema: What our user may write.
        status: The Order.Status to create with, of category Draft; by default the org's own default.

    Raises:
        OrgUnavailable: `in_doubt` says whether orders may have been made.
        OrgRefused: the org refused the call as a whole; nothing was done.
    """
    body = bodies.graphs_body(plans, names, schema, status=status, version=client.version)
    answer = client.write("POST", "composite/graph", body)
    graphs = answer.get("graphs") if isinstance(answer, dict) else None
    if not isinstance(graphs, list):
        raise failures.unreadable(write=True)
    by_id = {graph.get("graphId"): graph for graph in graphs if isinstance(graph, dict)}
    outcomes = [_graph_outcome(plan, by_id.get(f"g{number}"), names) for number, plan in enumerate(plans)]
    if not any(isinstance(outcome, Refused | Locked | AlreadyThere) for outcome in outcomes):
        # Nobody failed who could have halted the others: what looks halted was refused without a cause.
        return [_refused_halt(outcome) if isinstance(outcome, Halted) else outcome for outcome in outcomes]
    return outcomes


def create_big_order(
    client: OrgClient, plan: OrderPlan, names: FieldNames, schema: OrgSchema, *, status: str | None = None
) -> CreateOutcome:
    """Create one order of up to 1,999 lines by the Place Order resource, in ONE call, all or nothing.

    The answer does not say which id belongs to which line, so `item_ids` is empty: read the order back.

    Raises:
        ValueError: if there are more lines.
        OrgUnavailable: `in_doubt` says whether the order may have been made.
        OrgRefused: only for what concerns the org as a whole (rights, limits, API); nothing was done.
    """
    if 1 + len(plan.lines) > PLACE_ORDER_RECORDS:
        raise ValueError(f"order {plan.key} has {len(plan.lines)} lines: more than Place Order takes")
    body = bodies.place_order_body(plan, names, schema, status=status)
    try:
        answer = client.write("POST", "commerce/sale/order", body)
    except (OrgRefused, OrgUnavailable) as failure:
        outcome = _said(plan, failure, names)
        if outcome is None:
            raise
        return outcome
    records = answer.get("records") if isinstance(answer, dict) else None
    order_id = records[0].get("Id") if isinstance(records, list) and records and isinstance(records[0], dict) else None
    return Created(plan.key, order_id, {}) if isinstance(order_id, str) else InDoubt(plan.key)


def create_items(
    client: OrgClient, order_id: str, lines: Sequence[PlannedLine], names: FieldNames, schema: OrgSchema
) -> list[ItemOutcome]:
    """Add lines to an order that exists, 200 a call, each call all or nothing; outcomes in the same order.

    Raises:
        OrgUnavailable: `in_doubt` says whether lines of the last call may have been made; those of
            earlier calls have been answered, and are in the org.
        OrgRefused: the org refused the call as a whole.
    """
    outcomes: list[ItemOutcome] = []
    for start in range(0, len(lines), ITEMS_PER_CALL):
        part = lines[start : start + ITEMS_PER_CALL]
        answer = client.write("POST", "composite/sobjects", bodies.items_body(order_id, part, names, schema))
        if not isinstance(answer, list):
            raise failures.unreadable(write=True)
        outcomes += [
            _item_outcome(line, answer[index] if index < len(answer) else None, names)
            for index, line in enumerate(part)
        ]
    return outcomes


def _said(plan: OrderPlan, failure: OrgRefused | OrgUnavailable, names: FieldNames) -> CreateOutcome | None:
    """What a failed Place Order call says of this one order; None where it says nothing of it."""
    if isinstance(failure, OrgUnavailable) and failure.in_doubt:
        return None
    for code, message, fields in failures.errors_behind(failure):
        meaning = classify(code, message)
        if meaning is Class.LOCK:
            return Locked(plan.key, code, message)
        if meaning is Class.DUPLICATE and _is_our_key(message, names.order_key):
            return AlreadyThere(plan.key)
        if meaning in {Class.FIX, Class.CHECK, Class.DUPLICATE, Class.PERMISSION}:
            return Refused(plan.key, code, message, fields)
    return None


def _graph_outcome(plan: OrderPlan, graph: Mapping[str, Any] | None, names: FieldNames) -> CreateOutcome:
    response = graph.get("graphResponse") if graph else None
    elements = response.get("compositeResponse") if isinstance(response, dict) else None
    if graph is None or not isinstance(elements, list):
        return InDoubt(plan.key)
    by_reference = {element.get("referenceId"): element for element in elements if isinstance(element, dict)}
    if graph.get("isSuccessful") is True:
        return _created(plan, by_reference)
    return _failed(plan, by_reference, names)


def _created(plan: OrderPlan, by_reference: Mapping[Any, Mapping[str, Any]]) -> CreateOutcome:
    ids = {}
    for reference in (bodies.ORDER, *(f"l{index}" for index in range(len(plan.lines)))):
        element = by_reference.get(reference) or {}
        body = element.get("body")
        sf_id = body.get("id") if element.get("httpStatusCode") == _CREATED and isinstance(body, dict) else None
        if not isinstance(sf_id, str):
            return InDoubt(plan.key)
        ids[reference] = sf_id
    return Created(plan.key, ids[bodies.ORDER], {line.key: ids[f"l{index}"] for index, line in enumerate(plan.lines)})


def _failed(plan: OrderPlan, by_reference: Mapping[Any, Mapping[str, Any]], names: FieldNames) -> CreateOutcome:
    """Find the culprit of a graph that was rolled back: the one that was not merely halted with the others."""
    lines: dict[str, str | None] = {f"l{index}": line.key for index, line in enumerate(plan.lines)}
    halted = False
    for reference, line_key in {bodies.ORDER: None, **lines}.items():
        for code, message, fields in failures.errors_of((by_reference.get(reference) or {}).get("body")):
            meaning = classify(code, message)
            if meaning is Class.HALTED:
                halted = True
            elif meaning in {Class.LOCK, Class.RETRY}:
                return Locked(plan.key, code, message)
            elif meaning is Class.DUPLICATE and line_key is None and _is_our_key(message, names.order_key):
                return AlreadyThere(plan.key)
            else:
                return Refused(plan.key, code, message, fields, line_key)
    return Halted(plan.key) if halted else InDoubt(plan.key)


def _item_outcome(line: PlannedLine, answer: Any, names: FieldNames) -> ItemOutcome:
    if not isinstance(answer, dict):
        return InDoubt(line.key)
    if answer.get("success") is True and isinstance(answer.get("id"), str):
        return ItemCreated(line.key, answer["id"])
    errors = failures.errors_of(answer.get("errors"))
    if not errors:
        return InDoubt(line.key)
    code, message, fields = errors[0]
    meaning = classify(code, message)
    if meaning is Class.HALTED:
        return Halted(line.key)
    if meaning in {Class.LOCK, Class.RETRY}:
        return Locked(line.key, code, message)
    if meaning is Class.DUPLICATE and _is_our_key(message, names.item_key):
        return AlreadyThere(line.key)
    return Refused(line.key, code, message, fields, line.key)


def _is_our_key(message: str, field: str) -> bool:
    """Whether a DUPLICATE_VALUE is about our key; the org says <unknown> where it hides the other record."""
    return field.lower() in message.lower() or "<unknown>" in message


def _refused_halt(outcome: Halted) -> Refused:
    return Refused(outcome.key, "PROCESSING_HALTED", "The org rolled the order back without naming a cause.")
