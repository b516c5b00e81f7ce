"""Random writes to orders, plausible and not, fit for each door; and the small org they meet."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from tests.emulator.order_model import NOWHERE, Model, Op
from tests.emulator.order_model_words import KEY, Row, category

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import DrawFn

DOORS = (
    "single",
    "collections",
    "collections, all or none",
    "composite",
    "composite, all or none",
    "graph",
    "tree",
    "bulk",
)
KEYS = ("k1", "k2", "k3", "k4", "k5", "K1")
_DATES = ("2025-12-31", "2026-01-01", "2026-02-28", "2026-03-01", "2026-03-02", "2026-12-31", "2027-01-01")
_STATUSES = ("Draft", "Activated", "Activated", "Review", "Shipped")
_QUANTITIES = ("1", "2", "5", "0.01", "1.5", "2.345", "0.005")
_NO_QUANTITIES = (None, "0.004", "0", "-1", "-0.005", "10000000000000000", "1.001")
_PRICES = ("10.5", "0", "0.01", "33.33", "33.335", "0.005", "0.333", "-2.5", "-0.005", "1234567.89")
_LESS = ("-1", "-2", "-0.01", "-1.5", "-5", "-0.005", "-2.345", "-0.004", "0", "1")


@dataclass(frozen=True)
class Batch:
    """Ops that go through one door together."""

    door: str
    ops: tuple[Op, ...]

    def __repr__(self) -> str:
        return f"by {self.door}: [" + "; ".join(map(repr, self.ops)) + "]"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: ARG002, FBT001 - what Hypothesis prints by
        printer.text(repr(self))


def catalogue() -> dict[str, Row]:
    """What the org sells, to whom, under which contracts."""
    rows: dict[str, Row] = {name: {"sobject": "Account"} for name in ("Acme", "Bolt")}
    rows |= {name: {"sobject": "Pricebook2", "IsActive": name != "Closed"} for name in ("Std", "Partner", "Closed")}
    rows |= {name: {"sobject": "Product2", "IsActive": True} for name in ("seat", "desk", "lamp")}
    prices = {"Std/seat": "12", "Std/desk": "0.35", "Std/lamp": "7", "Partner/seat": "9", "Closed/seat": "8"}
    for name, price in prices.items():
        book, _, product = name.partition("/")
        entry = {"Pricebook2Id": book, "Product2Id": product, "UnitPrice": price, "IsActive": product != "lamp"}
        rows[name] = {"sobject": "PricebookEntry", **entry}
    contracts: dict[str, tuple[str, str | None, str | None, str | None, str]] = {
        "year": ("Acme", None, "2026-01-01", "2026-12-31", "Draft"),
        "february": ("Acme", None, "2026-02-01", "2026-02-28", "Activated"),
        "partners": ("Acme", "Partner", "2026-03-01", None, "Activated"),
        "bolts": ("Bolt", None, None, None, "In Approval Process"),
    }
    fields = ("AccountId", "Pricebook2Id", "StartDate", "EndDate", "Status")
    for name, values in contracts.items():
        rows[name] = {"sobject": "Contract", **dict(zip(fields, values, strict=True)), "Description": None}
    return {name: {"name": name, **row} for name, row in rows.items()}


def first_ops() -> list[Op]:
    """What happened before: a draft, a sold order with a draft reduction, and a draft under a contract."""
    header = {"AccountId": "Acme", "EffectiveDate": "2026-03-01", "Status": "Draft", "Pricebook2Id": "Std"}
    seat, desk = {"PricebookEntryId": "Std/seat"}, {"PricebookEntryId": "Std/desk", "UnitPrice": "0.35"}
    reduction = {"OrderId": "back", "OriginalOrderItemId": "sold1"}
    return [
        Op("draft", "insert", "Order", fields={**header, "EndDate": "2026-12-31"}),
        Op("draft1", "insert", "OrderItem", fields={"OrderId": "draft", **seat, "Quantity": "2", "UnitPrice": "10.5"}),
        Op("sold", "insert", "Order", fields={**header, KEY: "k1"}),
        Op("sold1", "insert", "OrderItem", fields={"OrderId": "sold", **seat, "Quantity": "5", "UnitPrice": "33.33"}),
        Op("sold2", "insert", "OrderItem", fields={"OrderId": "sold", **desk, "Quantity": "2", KEY: "k1"}),
        Op("sell", "update", "Order", "sold", {"Status": "Activated"}),
        Op("back", "insert", "Order", fields={**header, "IsReductionOrder": True, "OriginalOrderId": "sold"}),
        Op("back1", "insert", "OrderItem", fields={**reduction, "Quantity": "-2"}),
        Op("bound", "insert", "Order", fields={**header, "ContractId": "year"}),
        Op("bound1", "insert", "OrderItem", fields={"OrderId": "bound", **seat, "Quantity": "1", "UnitPrice": "12"}),
    ]


ODD: dict[str, dict[str, tuple[Any, ...]]] = {
    "Order": {
        "AccountId": (None, "Acme", "Bolt", NOWHERE, "Std"),
        "ContractId": (None, "year", "february", "partners", "bolts", NOWHERE, "Acme"),
        "Pricebook2Id": (None, "Std", "Partner", "Closed", NOWHERE, "Acme"),
        "EffectiveDate": (None, *_DATES, "2026-02-30", "2026-03-01T00:00:00Z"),
        "EndDate": (None, *_DATES),
        "Status": (None, "Draft", "Activated", "Review", "Shipped", "Nowhere"),
        "IsReductionOrder": (True, False),
        "TotalAmount": ("5",),
        "OrderNumber": ("1",),
        "StatusCode": ("Draft",),
        KEY: (None, *KEYS),
        "Bogus": ("1",),
    },
    "OrderItem": {
        "PricebookEntryId": (None, "Std/seat", "Std/desk", "Std/lamp", "Partner/seat", "Closed/seat", NOWHERE, "Acme"),
        "Quantity": (*_NO_QUANTITIES, *_QUANTITIES),
        "UnitPrice": (None, "10000000000000000", *_PRICES),
        "ServiceDate": (None, *_DATES, "tomorrow"),
        "EndDate": (None, *_DATES),
        "TotalPrice": ("5",),
        "AvailableQuantity": ("5",),
        "OrderId": (None, "draft", "sold", NOWHERE, "Acme"),
        KEY: (None, *KEYS),
        "Bogus": ("1",),
    },
}
_ONLY_SETTABLE_ONCE = {"StatusCode"}  # its effect on an update is not known [facts: orders 2.2]


class Writes:
    """Draws ops against the state a model is in; `made` are earlier ops of the batch whose results may be used."""

    def __init__(self, draw: DrawFn, model: Model, number: int) -> None:
        self.draw = draw
        self.model = model
        self.number = number
        self.careful = False
        self.made: list[Op] = []
        self.referring = False

    def one_of(self, *values: Any) -> Any:
        """One of the values, the first as the simplest."""
        return self.draw(st.sampled_from(values))

    def one_time_less_in(self, times: int) -> bool:
        """True but one time in so many."""
        return bool(self.draw(st.integers(0, times - 1)))

    def rarely(self) -> bool:
        """True one time in six, and never when writing carefully."""
        return not self.careful and bool(self.draw(st.integers(0, 5)) == 5)

    def go_on(self) -> bool:
        """Whether the batch gets another op."""
        return self.one_time_less_in(6)

    def name(self, letter: str) -> str:
        """A new name for an op."""
        self.number += 1
        return f"{letter}{self.number}"

    def names(self, sobject: str) -> list[str]:
        """The records of an object one may mean: living ones, one that is deleted, those the batch makes."""
        living = [str(row["name"]) for row in self.model.all(sobject)]
        gone = [name for name, row in self.model.rows.items() if row["sobject"] == sobject and row.get("deleted")]
        making = [op for op in self.made if op.sobject == sobject and op.verb in {"insert", "upsert"}]
        made = [f"@{op.name}" for op in making] if self.referring else []
        return [*made, *made, *reversed(living), *([] if self.careful else gone[:1])] or [NOWHERE]

    def drafts(self) -> list[str]:
        """Orders that take lines."""
        drafts = [row["name"] for row in self.model.all("Order") if category(self.model, row) == "Draft"]
        made = [name for name in self.names("Order") if name.startswith("@")]
        return [*made, *made, *reversed(drafts)] or [NOWHERE]

    def oddly(self, op: Op) -> Op:
        """The op with up to two of its fields made implausible, or left out."""
        fields = dict(op.fields)
        for _ in range(0 if self.careful else self.one_of(0, 0, 0, 1, 1, 2)):
            field = self.one_of(*ODD[op.sobject])
            if self.rarely():
                fields.pop(field, None)
            elif op.verb == "insert" or field not in _ONLY_SETTABLE_ONCE:
                fields[field] = self.one_of(*ODD[op.sobject][field])
        return replace(op, fields=fields)

    def new_order(self) -> Op:
        fields: Row = {"AccountId": "Acme", "EffectiveDate": "2026-03-01", "Status": "Draft", "Pricebook2Id": "Std"}
        flavour = self.one_of("plain", "contract", "reduction", "reduction")
        if flavour == "contract":
            fields["ContractId"] = contract = self.one_of("year", "february", "partners", "bolts")
            row = self.model.rows[contract]
            fields |= {"AccountId": row["AccountId"], "Pricebook2Id": row["Pricebook2Id"] or "Std"}
            edges = [row[name] for name in ("StartDate", "EndDate") if row[name]]
            fields["EffectiveDate"] = self.one_of(*edges, *_DATES)
            if self.rarely():
                del fields["AccountId"]
        if flavour == "reduction":
            fields["IsReductionOrder"] = True
            sold = [row["name"] for row in self.model.all("Order") if category(self.model, row) == "Activated"]
            fields["OriginalOrderId"] = self.one_of(*(sold or ["sold"]))
            if self.rarely():
                fields["OriginalOrderId"] = self.one_of(*self.names("Order"))
            for name in ("AccountId", "Pricebook2Id"):
                if self.one_time_less_in(2):
                    del fields[name]
            if self.rarely():
                del fields["OriginalOrderId"]
        return self.oddly(Op(self.name("o"), "insert", "Order", fields=fields))

    def new_line(self, order: str | None = None) -> Op:
        order = order or self.one_of(*(self.names("Order") if self.rarely() else self.drafts()))
        by_op = next((op for op in self.made if f"@{op.name}" == order), None)
        row = self.model.rows.get(order) or (by_op.fields if by_op else {})
        fields: Row = {"OrderId": order, "Quantity": self.one_of(*_QUANTITIES), "UnitPrice": self.one_of(*_PRICES)}
        if row.get("IsReductionOrder"):
            originals = [one["name"] for one in self.model.all("OrderItem", OrderId=row.get("OriginalOrderId"))]
            fields = {"OrderId": order, "Quantity": self.one_of(*_LESS)}
            fields["OriginalOrderItemId"] = self.one_of(*(originals or self.names("OrderItem")))
            if self.rarely():
                fields["OriginalOrderItemId"] = self.one_of(*self.names("OrderItem"))
            if self.rarely():
                del fields["OriginalOrderItemId"]
            if self.rarely():
                fields["UnitPrice"] = self.one_of("33.33", *_PRICES)
        else:
            on_sale = {"Pricebook2Id": row.get("Pricebook2Id"), "IsActive": True}
            entries = [one["name"] for one in self.model.all("PricebookEntry", **on_sale)]
            fields["PricebookEntryId"] = self.one_of(*(entries or ["Std/seat"]))
        if self.rarely():
            fields["ServiceDate"] = self.one_of("2026-03-01", *_DATES)
        return self.oddly(Op(self.name("l"), "insert", "OrderItem", fields=fields))

    def change_order(self) -> Op:
        fields: Row = {"Status": self.one_of(*_STATUSES)} if self.one_time_less_in(3) else {}
        op = Op(self.name("s"), "update", "Order", self.one_of(*self.names("Order")), fields)
        return op if fields and not self.rarely() else self.oddly(self.oddly(op))

    def change_line(self) -> Op:
        target = self.one_of(*self.names("OrderItem"))
        row = self.model.live("OrderItem", target)
        reduction = row is not None and row["OriginalOrderItemId"]
        fields = {"Quantity": self.one_of(*(_LESS if reduction else _QUANTITIES))} if self.one_time_less_in(2) else {}
        return self.oddly(Op(self.name("u"), "update", "OrderItem", target, fields))

    def change_other(self) -> Op:
        what = self.one_of("Contract", "Contract", "PricebookEntry", "Product2")
        target = self.one_of(*self.names(what))
        if what == "Contract":
            fields: Row = {"Status": self.one_of("Activated", "Draft", "In Approval Process", "Nowhere", None)}
            if self.rarely():
                fields["Description"] = "x"
        elif what == "PricebookEntry" and self.one_time_less_in(2):
            fields = {"UnitPrice": self.one_of("9.99", "0", "0.005")}
        else:
            fields = {"IsActive": self.one_time_less_in(2)}
        return Op(self.name("c"), "update", what, target, fields)

    def delete(self) -> Op:
        sobject = self.one_of("OrderItem", "Order")
        return Op(self.name("d"), "delete", sobject, self.one_of(*self.names(sobject), NOWHERE))

    def upsert(self, sobject: str | None = None) -> Op:
        sobject = sobject or self.one_of("Order", "OrderItem")
        changes = self.change_order if sobject == "Order" else self.change_line
        news = self.new_order if sobject == "Order" else self.new_line
        key = self.one_of(*KEYS)
        known = bool(self.model.all(sobject, **{KEY: key}))
        op = (changes if known != self.rarely() else news)()
        fields = {name: value for name, value in op.fields.items() if name != KEY}
        return replace(op, verb="upsert", target=key, fields=fields)

    def any(self) -> Op:
        """Any op at all."""
        makers: tuple[Callable[[], Op], ...] = (
            *(self.change_order,) * 4,
            *(self.new_line,) * 4,
            *(self.new_order, self.change_line) * 2,
            *(self.delete, self.upsert, self.change_other),
        )
        op: Op = self.one_of(*makers)()
        return op


@st.composite
def batches(draw: DrawFn, model: Model, number: int, room: int, doors: tuple[str, ...] = DOORS) -> Batch:
    """A batch of at most `room` ops, whose names count on from `number`."""
    door = draw(st.sampled_from(doors))
    writes = Writes(draw, model, number)
    most = min(4, room)
    together = "all or none" in door or door in {"graph", "tree"}
    writes.careful = together and writes.one_time_less_in(2)  # else hardly a batch would succeed
    if door == "tree":
        return Batch(door, tuple(_tree(writes, most)))
    if door in {"single", "composite", "composite, all or none", "graph"}:
        writes.referring = door != "single"
        while len(writes.made) < most and writes.go_on():
            writes.made.append(writes.any())
        return Batch(door, tuple(writes.made))
    return Batch(door, tuple(_alike(writes, door, most)))


def _tree(writes: Writes, most: int) -> list[Op]:
    orders = [writes.new_order()]
    writes.made = orders
    if most > 1 and writes.rarely():
        orders.append(writes.new_order())
    lines: list[Op] = []
    while len(orders) + len(lines) < most and writes.go_on():
        lines.append(writes.new_line(f"@{writes.one_of(*orders).name}"))
    inside = {f"@{order.name}" for order in orders}
    return [*orders, *(line for line in lines if line.fields.get("OrderId") in inside)]


def _alike(writes: Writes, door: str, most: int) -> list[Op]:
    """Ops of one verb, as collections and jobs take them; no record twice, which the facts say nothing about."""
    verb = writes.one_of("insert", "update", "upsert", "delete")
    bulk = door == "bulk"
    sobject = writes.one_of("Order", "OrderItem") if bulk or verb == "upsert" else None
    ops: list[Op] = []
    for _ in range(most):
        if not writes.go_on():
            break
        op = _of(writes, verb, sobject)
        if verb in {"update", "delete"} and any(op.target == other.target for other in ops):
            continue
        if bulk:
            fields = {name: value for name, value in op.fields.items() if name != "Bogus"}
            op = replace(op, fields=fields if verb == "delete" else {**fields, "Description": op.name})
        ops.append(op)
    return ops


def _of(writes: Writes, verb: str, sobject: str | None) -> Op:
    orders, lines = sobject != "OrderItem", sobject != "Order"
    if verb == "upsert":
        return writes.upsert(sobject)
    if verb == "delete":
        kind = sobject or writes.one_of("OrderItem", "Order")
        return Op(writes.name("d"), "delete", kind, writes.one_of(*writes.names(kind), NOWHERE))
    if verb == "insert":
        makers = [*(writes.new_order,) * orders, *(writes.new_line,) * lines]
    else:
        others = (writes.change_other,) * (sobject is None)
        makers = [*(writes.change_order,) * orders, *(writes.change_line,) * lines, *others]
    op: Op = writes.one_of(*makers)()
    return op
