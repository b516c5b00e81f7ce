"""Place Order: a contract or an order with all that hangs on it, up to 2,000 records in one call [facts: orders 8]."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sfsync.emulator.errors import ApiError
from sfsync.emulator.http import Answer
from sfsync.emulator.ids import is_id, normalise
from sfsync.emulator.links import row_url
from sfsync.emulator.resources.nested import relation, split, with_parent
from sfsync.emulator.resources.place_filters import Filters, allowed, read_filters

if TYPE_CHECKING:
    from sfsync.emulator.dml import Writer
    from sfsync.emulator.http import Request
    from sfsync.emulator.org import Org
    from sfsync.emulator.world import Row

_MOST = 2_000


@dataclass
class _Place:
    """One record of an answer; of one that was there before, only the type is told, as in the guide's samples."""

    sobject: str
    record_id: str
    existing: bool = False
    children: dict[str, list[_Place] | None] = field(default_factory=dict)


def create_contract(org: Org, request: Request) -> Answer:
    """POST /commerce/sale: a new contract with its orders, their lines, and custom children of both."""
    return _create(org, request, "Contract")


def create_order(org: Org, request: Request) -> Answer:
    """POST /commerce/sale/order: a new order with its lines, and custom children of both."""
    return _create(org, request, "Order")


def extend_contract(org: Org, request: Request, record_id: str) -> Answer:
    """PATCH /commerce/sale/id: add orders to a contract, or lines to its orders."""
    return _extend(org, request, "Contract", record_id)


def extend_order(org: Org, request: Request, record_id: str) -> Answer:
    """PATCH /commerce/sale/order/id: add lines or custom children to an order."""
    return _extend(org, request, "Order", record_id)


def read_contract(org: Org, request: Request, record_id: str) -> Answer:
    """GET /commerce/sale/id: ids and attributes only."""
    return _read(org, request, "Contract", record_id)


def read_order(org: Org, request: Request, record_id: str) -> Answer:
    """GET /commerce/sale/order/id: ids and attributes only."""
    return _read(org, request, "Order", record_id)


def _create(org: Org, request: Request, root: str) -> Answer:
    record = _entity_of(request, root)
    with _transaction(org):
        made = _Sale(org, request, root).insert(root, record)
    return _answer(request, made, org.settings.place_order_status)


def _extend(org: Org, request: Request, root: str, record_id: str) -> Answer:
    sale = _Sale(org, request, root)
    full = sale.writer.find(root, record_id)["Id"]
    record = _entity_of(request, root)
    if _id_in(record) not in {None, full}:
        raise _wrong("The Id in the request body isn't the one in the URL")
    with _transaction(org):
        made = sale.extend(root, full, record)
    return _answer(request, made, 200)


def _read(org: Org, request: Request, root: str, record_id: str) -> Answer:
    writer = org.writer(request.user_id)
    row = writer.find(root, record_id)
    filters = read_filters(org.schema, root, request.query)
    if not org.db.find(root, {"Id": row["Id"], **filters.get((), {})}):
        return Answer(200, {"totalSize": 0, "done": True, "records": []})
    return _answer(request, _found(writer, root, filters, (), _Place(root, row["Id"])), 200)


def _found(writer: Writer, root: str, filters: Filters, path: tuple[str, ...], place: _Place) -> _Place:
    """The record with its children as the user sees them; a list without records is null."""
    for one in allowed(writer.world.schema, root, place.sobject):
        name = str(one.name)
        below = (*path, name)
        rows = writer.world.find(one.child, {one.field: place.record_id, **filters.get(below, {})})
        seen = [row["Id"] for row in rows if not writer.hides(one.child, row["Id"])]
        children = [_found(writer, root, filters, below, _Place(one.child, record_id)) for record_id in seen]
        place.children[name] = children or None
    return place


def _transaction(org: Org) -> Any:
    return org.world.savepoint() if org.settings.place_order_rolls_back else nullcontext()


def _entity_of(request: Request, root: str) -> Row:
    """The one record the request is about.

    Raises:
        ApiError: if there is not exactly one, or more than 2,000 records with all that is inside.
    """
    name = root.lower()
    sent = request.json_object().get(name)
    if not isinstance(sent, list) or len(sent) != 1 or not isinstance(sent[0], dict):
        raise _wrong(f"The request body must have the array {name} with exactly one {name}")
    record: Row = sent[0]
    if _count(record) > _MOST:
        raise ApiError(400, "LIMIT_EXCEEDED", f"The request can't contain more than {_MOST} records.")
    return record


def _count(record: Row) -> int:
    return 1 + sum(_count(child) for children in split(record)[1].values() for child in children)


def _id_in(record: Row) -> str | None:
    sent = next((value for name, value in record.items() if name.lower() == "id"), None)
    if sent is None:
        return None
    return normalise(sent) if isinstance(sent, str) and is_id(sent) else str(sent)


def _wrong(message: str) -> ApiError:
    return ApiError(400, "INVALID_INPUT", message)


class _Sale:
    """One request that writes, below one contract or order."""

    def __init__(self, org: Org, request: Request, root: str) -> None:
        self._schema = org.schema
        self._root = root
        self.writer: Writer = org.writer(request.user_id)

    def insert(self, sobject: str, record: Row) -> _Place:
        """Create a record and what is inside it."""
        values, children = split(record)
        made = _Place(sobject, self.writer.insert(sobject, values))
        return self._with_children(made, children)

    def extend(self, sobject: str, record_id: str, record: Row, parent_field: str = "") -> _Place:
        """Add what is inside a record that exists; the record itself cannot be changed here."""
        values, children = split(record)
        others = [name for name in values if name.lower() not in {"id", "attributes", parent_field.lower()}]
        if others:
            raise _wrong(f"You can't update existing records: {', '.join(others)}")
        return self._with_children(_Place(sobject, record_id, existing=True), children)

    def _with_children(self, parent: _Place, children: dict[str, list[Row]]) -> _Place:
        for name, records in children.items():
            one = relation(self._schema, parent.sobject, name)
            if one not in allowed(self._schema, self._root, parent.sobject):
                raise _wrong(f"{name} can't be part of this request")
            made: list[_Place] = []
            for record in records:
                record_id = _id_in(record) if one.child == "Order" else None
                if record_id is not None and parent.existing:
                    made.append(self._extend_order(record_id, record, parent, one.field))
                else:
                    made.append(self.insert(one.child, self._inherit(one.child, record, parent, one.field)))
            parent.children[str(one.name)] = made
        return parent

    def _extend_order(self, record_id: str, record: Row, contract: _Place, parent_field: str) -> _Place:
        row = self.writer.find("Order", record_id)
        if row.get(parent_field) != contract.record_id:
            raise _wrong(f"The order {record_id} doesn't belong to the contract")
        return self.extend("Order", row["Id"], record, parent_field)

    def _inherit(self, sobject: str, record: Row, parent: _Place, parent_field: str) -> Row:
        """An order in a contract needs no account of its own: one of the two suffices."""
        values = with_parent(record, parent_field, parent.record_id)
        if sobject == "Order" and not any(name.lower() in {"accountid", "account"} for name in values):
            contract = self.writer.row("Contract", parent.record_id)
            values["AccountId"] = contract and contract["AccountId"]
        return values


def _answer(request: Request, place: _Place, status: int) -> Answer:
    return Answer(status, {"totalSize": 1, "done": True, "records": [_shown(request, place)]})


def _shown(request: Request, place: _Place) -> dict[str, Any]:
    lists = {name: children and _list(request, children) for name, children in place.children.items()}
    if place.existing:
        return {"attributes": {"type": place.sobject}, **lists}
    url = row_url(request.version, place.sobject, place.record_id)
    return {"attributes": {"type": place.sobject, "url": url}, "Id": place.record_id, **lists}


def _list(request: Request, children: list[_Place]) -> dict[str, Any]:
    return {"totalSize": len(children), "done": True, "records": [_shown(request, one) for one in children]}
