"""Reading back and updating Orders many at a time, by sObject Collections."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sfsync.salesforce import failures, order_fields, soql, wire
from sfsync.salesforce.codes import Class, classify
from sfsync.salesforce.outcomes import InDoubt, Locked, Refused, Updated
from sfsync.salesforce.schema import FieldNames

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sfsync.domain.fields import Value
    from sfsync.salesforce.client import OrgClient
    from sfsync.salesforce.order_fields import Readers
    from sfsync.salesforce.outcomes import UpdateOutcome

UPDATES_PER_CALL = 200
IDS_PER_CALL = 2000
"""REST guide: sObject Collections take 200 records to update and 2,000 ids to retrieve."""


@dataclass(frozen=True, slots=True)
class OrderState:
    """What the org says of an order's status, and of its other writable fields, at this moment."""

    status_label: str
    status_code: str
    system_modstamp: datetime
    key: str | None
    modified_by: str | None
    """Id of the user who changed the order last."""
    values: Mapping[str, Value] = field(default_factory=dict)


def read_states(
    client: OrgClient, ids: Sequence[str], names: FieldNames | None = None, readers: Readers | None = None
) -> dict[str, OrderState | None]:
    """Read the status and writable fields of orders, 2,000 a call; None for an order that is deleted or hidden from us.

    Raises:
        OrgUnavailable, OrgRefused: the org cannot be read.
        ValueError: one is no id.
    """
    names, readers = names or FieldNames(), readers or {}
    fields = state_fields(names, readers)
    states: dict[str, OrderState | None] = {}
    for start in range(0, len(ids), IDS_PER_CALL):
        part = list(ids[start : start + IDS_PER_CALL])
        for sf_id in part:
            soql.quoted_id(sf_id)
        rows = client.read_by_post("composite/sobjects/Order", {"ids": part, "fields": fields})
        states |= states_of(part, rows, names, readers)
    return states


def state_fields(names: FieldNames, readers: Readers) -> list[str]:
    """The fields that make a state."""
    others = [soql.name(api_name) for api_name, _ in readers.values()]
    return ["Id", "Status", "StatusCode", "SystemModstamp", "LastModifiedById", soql.name(names.order_key), *others]


def states_of(ids: Sequence[str], rows: Any, names: FieldNames, readers: Readers) -> dict[str, OrderState | None]:
    """Read the answer of sObject Collections: a row for each id, in the order of the ids, null where there is none.

    Raises:
        OrgUnavailable: if it is anything else.
    """
    if not isinstance(rows, list) or len(rows) != len(ids):
        raise failures.unreadable(write=False)
    return {sf_id: _state(row, names.order_key, readers) for sf_id, row in zip(ids, rows, strict=True)}


def update_orders(client: OrgClient, changes: Sequence[tuple[str, Mapping[str, Any]]]) -> list[UpdateOutcome]:
    """Write fields of up to 200 orders in ONE call, each on its own (a failure holds up no other); in their order.

    Raises:
        ValueError: for more than 200, or what is no id.
        OrgUnavailable: `in_doubt` says whether orders may have been changed.
        OrgRefused: the org refused the call as a whole.
    """
    if len(changes) > UPDATES_PER_CALL:
        raise ValueError(f"{len(changes)} updates are more than the {UPDATES_PER_CALL} that fit into a call")
    for sf_id, _ in changes:
        soql.quoted_id(sf_id)
    records = [{"attributes": {"type": "Order"}, "id": sf_id, **fields} for sf_id, fields in changes]
    answers = client.write("PATCH", "composite/sobjects", {"allOrNone": False, "records": records})
    if not isinstance(answers, list):
        raise failures.unreadable(write=True)
    return [
        outcome_of(sf_id, answers[index] if index < len(answers) else None) for index, (sf_id, _) in enumerate(changes)
    ]


def _state(row: Any, key_field: str, readers: Readers) -> OrderState | None:
    if row is None:
        return None
    try:
        return OrderState(
            status_label=wire.required(wire.text(row["Status"], "Order.Status"), "Order.Status"),
            status_code=wire.required(wire.text(row["StatusCode"], "Order.StatusCode"), "Order.StatusCode"),
            system_modstamp=wire.required(
                wire.parse_datetime(row["SystemModstamp"], "Order.SystemModstamp"), "Order.SystemModstamp"
            ),
            key=wire.text(row.get(key_field), key_field),
            modified_by=wire.text(row.get("LastModifiedById"), "Order.LastModifiedById"),
            values=order_fields.read(row, readers),
        )
    except (KeyError, TypeError, ValueError) as exc:
        raise failures.unreadable(write=False) from exc


def outcome_of(sf_id: str, answer: Any) -> UpdateOutcome:
    """Read what sObject Collections say of one record; what says neither success nor error leaves it in doubt."""
    if not isinstance(answer, dict):
        return InDoubt(sf_id)
    if answer.get("success") is True:
        return Updated(sf_id)
    errors = failures.errors_of(answer.get("errors"))
    if not errors:
        return InDoubt(sf_id)
    code, message, fields = errors[0]
    if classify(code, message) in {Class.LOCK, Class.RETRY}:
        return Locked(sf_id, code, message)
    return Refused(sf_id, code, message, fields)
