"""What may hang on a contract or order in Place Order, and the filters of its GET [facts: orders 8]."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sfsync.emulator.errors import ApiError
from sfsync.emulator.ids import normalise
from sfsync.emulator.values import Value, coerce

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sfsync.emulator.fields import Field
    from sfsync.emulator.schema import ChildRelationship, Schema

_STANDARD = {("Contract", "Order"), ("Order", "OrderItem")}
_CUSTOM_BELOW = {"Contract": {"Contract", "Order"}, "Order": {"Order", "OrderItem"}}
_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'")
_TEXT = {"string", "textarea", "picklist", "phone", "url", "email", "id", "reference"}

Filters = dict[tuple[str, ...], dict[str, Value]]
"""The values wanted, by field, at each path of relationship names."""


def allowed(schema: Schema, root: str, parent: str) -> list[ChildRelationship]:
    """The children that records of `parent` may have in requests about a `root`: lines, orders and custom objects."""
    found = []
    for one in schema.children(parent):
        child = schema.get(one.child)
        custom = child is not None and child.custom and parent in _CUSTOM_BELOW[root]
        if one.name is not None and (custom or (parent, one.child) in _STANDARD):
            found.append(one)
    return sorted(found, key=lambda one: (parent, one.child) not in _STANDARD)


def read_filters(schema: Schema, root: str, query: Mapping[str, str]) -> Filters:
    """Read parameters such as `contract.orders.StatusCode='Activated'`; others are none of its business.

    Raises:
        ApiError: if a name leads nowhere, or a value has not the form of its field.
    """
    filters: Filters = {}
    for name, text in query.items():
        sobject, *steps = name.split(".")
        if not steps or sobject.lower() not in {"contract", "order"}:
            continue
        if sobject != root.lower():
            raise ApiError(400, "INVALID_FIELD", f"No such relation '{sobject}' in a request for {root}")
        parent, path = root, list[str]()
        for step in steps[:-1]:
            relation = _relation(schema, root, parent, step)
            parent = relation.child
            path.append(str(relation.name))
        field = schema.visible_fields(parent).get(steps[-1].lower())
        if field is None or not field.stored:
            raise ApiError(400, "INVALID_FIELD", f"No such column '{steps[-1]}' on sobject of type {parent}")
        filters.setdefault(tuple(path), {})[field.name] = _value(field, text)
    return filters


def _relation(schema: Schema, root: str, parent: str, step: str) -> ChildRelationship:
    """Relationship names are case-sensitive, but the guide's samples begin them with a small letter."""
    for one in allowed(schema, root, parent):
        name = str(one.name)
        if step in {name, name[0].lower() + name[1:]}:
            return one
    raise ApiError(400, "INVALID_FIELD", f"Didn't understand relationship '{step}' in field path")


def _value(field: Field, text: str) -> Value:
    if not field.filterable:
        raise ApiError(400, "INVALID_FIELD", f"field '{field.name}' can not be filtered in a query call")
    quoted = _QUOTED.fullmatch(text)
    if text.lower() == "null":
        return None
    if (quoted is not None) != (field.type in _TEXT):
        raise ApiError(400, "INVALID_FIELD", f"value of filter criterion for field '{field.name}' is invalid: {text}")
    if quoted is None:
        return coerce(field, text)
    value = re.sub(r"\\(.)", r"\1", quoted.group(1))
    return normalise(value) if field.type in {"id", "reference"} else value
