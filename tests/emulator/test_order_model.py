"""Random writes through every door leave the state that the naive model of the Order rules says [facts: orders].

Repeatable by default; SFSYNC_EXAMPLES=5000 runs so many random sequences of each kind instead.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import fields as dataclass_fields
from dataclasses import replace
from decimal import Decimal
from functools import partial
from itertools import cycle
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from sfsync.emulator.clock import as_json, stored
from sfsync.emulator.org import Org
from sfsync.emulator.settings import Settings, StatusValue
from tests.emulator.api import NOW, Api
from tests.emulator.doors import Client, Reply
from tests.emulator.order_model import Model, Op, Outcome
from tests.emulator.order_model_words import (
    FREE,
    KEY,
    Row,
    UnknownError,
    available,
    category,
    total_amount,
    total_price,
)
from tests.emulator.order_writes import DOORS, ODD, Batch, batches, catalogue, first_ops

if TYPE_CHECKING:
    from collections.abc import Generator

    from hypothesis.strategies import DataObject

MOST_OPS = 25
_MORE = int(os.environ.get("SFSYNC_EXAMPLES", "0"))
_STATUSES = (*Settings().order_statuses, StatusValue("Review", "Draft"), StatusValue("Shipped", "Activated"))
_NOT_A_CAUSE = {"PROCESSING_HALTED", "ALL_OR_NONE_OPERATION_ROLLED_BACK", ""}
_SHOWN = {
    "Order": (
        "Status StatusCode TotalAmount AccountId ContractId Pricebook2Id OriginalOrderId EffectiveDate EndDate "
        f"IsReductionOrder ActivatedDate {KEY} OrderNumber"
    ),
    "OrderItem": (
        "OrderId PricebookEntryId Product2Id OriginalOrderItemId Quantity UnitPrice ListPrice TotalPrice "
        f"AvailableQuantity ServiceDate EndDate {KEY} OrderItemNumber"
    ),
    "Contract": "Status",
}
_NUMBERS = {"TotalAmount", "Quantity", "UnitPrice", "ListPrice", "TotalPrice", "AvailableQuantity"}
_OWN = {"OrderNumber", "OrderItemNumber", "SystemModstamp"}


class World:
    """An org and the model of it, side by side."""

    def __init__(self, org: Org, model: Model, client: Client) -> None:
        self.org = org
        self.model = model
        self.client = client
        self.numbers: dict[tuple[str, str], str] = {}
        self.codes: list[str | None] = []
        self.shown = self.look()

    @property
    def now(self) -> str:
        """The stamp of what is written now."""
        return as_json(stored(self.org.clock()))

    def look(self) -> dict[str, Row]:
        """The state of the org as SOQL shows it, by the names of the model."""
        names = {record_id: name for name, record_id in self.client.ids.items()}
        state = {}
        for sobject, fields in _SHOWN.items():
            text = f"SELECT Id, IsDeleted, SystemModstamp, {', '.join(fields.split())} FROM {sobject}"
            answer = self.client.api.call("GET", f"queryAll?q={quote(text)}")
            assert answer.status == 200, answer.body
            for record in answer.json()["records"]:
                del record["attributes"]
                record_id = record.pop("Id")
                row = {name: _read(name, value, names) for name, value in record.items()}
                state[names.get(record_id, record_id)] = {"sobject": sobject, "Id": record_id, **row}
        return state

    def write(self, batch: Batch) -> None:
        """Send a batch and compare everything; one that leads where the facts do not is left out."""
        if not batch.ops:
            return
        try:
            expected = _possible(self.model, batch)
        except UnknownError:
            return
        self.org.advance(60)
        replies = self.client.send(batch.door, batch.ops)
        self.codes += [reply.code for reply in replies]
        fitting = [one for one in expected if all(map(partial(_agree, batch.door), one[1], replies))]
        assert fitting, _report(batch, [outcomes for _, outcomes in expected], replies)
        for outcome, reply in zip(fitting[0][1], replies, strict=True):
            if outcome.record is not None and reply.record_id is not None:
                known = self.client.ids.setdefault(outcome.record, reply.record_id)
                assert known == reply.record_id, f"{outcome.record} is not what was written: {batch}"
        before, self.shown = self.shown, self.look()
        found = {name: _compared(row) for name, row in self.shown.items()}
        states = [visible(model) for model, _ in fitting]
        assert any(state == found for state in states), _difference(batch, states[0], found)
        self.model, outcomes = next(one for one, state in zip(fitting, states, strict=True) if state == found)
        self.check(batch, before, {one.record for one in outcomes if one.ok and not one.silent})

    def check(self, batch: Batch, before: dict[str, Row], written: set[str | None]) -> None:
        """What must hold whatever the model says."""
        for name, row in self.shown.items():
            old = before.get(name)
            moved = name in written or old is None or _compared(row) != _compared(old)
            stamps = {self.now} if moved or old is None else {old["SystemModstamp"]}
            if written and len(batch.ops) > 1:
                stamps.add(self.now)  # one op may have undone what another did
            assert row["SystemModstamp"] in stamps, f"{name} {'did not get' if moved else 'got'} a new stamp: {batch}"
            for number in ("OrderNumber", "OrderItemNumber"):
                if number in row:
                    holder = self.numbers.setdefault((number, row[number]), row["Id"])
                    assert holder == row["Id"], f"two records have the number {row[number]}"
        living = {name: row for name, row in self.shown.items() if not row["IsDeleted"]}
        lines = [row for row in living.values() if row["sobject"] == "OrderItem"]
        for name, row in living.items():
            if row["sobject"] == "Order":
                assert row["TotalAmount"] == sum(line["TotalPrice"] for line in lines if line["OrderId"] == name)
            if row["sobject"] == "OrderItem" and not living[row["OrderId"]]["IsReductionOrder"]:
                reductions = [line for line in lines if line["OriginalOrderItemId"] == name]
                activated = [one for one in reductions if living[one["OrderId"]]["StatusCode"] == "Activated"]
                taken = -sum(one["Quantity"] for one in activated)
                assert row["AvailableQuantity"] == max(row["Quantity"] - taken, 0)
                assert taken <= max(row["Quantity"], 0)


def _read(name: str, value: Any, names: dict[str, str]) -> Any:
    if name in _NUMBERS:
        return Decimal(str(value))
    if name == "ActivatedDate":
        return value is not None
    return names.get(value, value) if name.endswith("Id") else value


def _compared(row: Row) -> Row:
    """What the model knows of a row; of one in the recycle bin, that it is there."""
    if row["IsDeleted"]:
        return {"sobject": row["sobject"], "IsDeleted": True}
    return {name: value for name, value in row.items() if name not in _OWN and name != "Id"}


def visible(model: Model) -> dict[str, Row]:
    """The state of the model in the same form."""
    state: dict[str, Row] = {}
    for name, row in model.rows.items():
        sobject = row["sobject"]
        if sobject not in _SHOWN:
            continue
        if row.get("deleted"):
            state[name] = {"sobject": sobject, "IsDeleted": True}
            continue
        derived: Row = {"IsDeleted": False}
        if sobject == "Order":
            derived |= {"StatusCode": category(model, row), "TotalAmount": total_amount(model, row)}
        if sobject == "OrderItem":
            derived |= {"TotalPrice": total_price(row), "AvailableQuantity": available(model, row)}
        shown = {field: {**row, **derived}[field] for field in _SHOWN[sobject].split() if field not in _OWN}
        state[name] = {"sobject": sobject, "IsDeleted": False, **shown}
    return state


def _possible(model: Model, batch: Batch) -> list[tuple[Model, list[Outcome]]]:
    if batch.door == "graph":
        return list(model.in_any_order(batch.ops))
    after = model.copy()
    run = {
        "single": after.each,
        "composite": after.each,
        "collections": after.chunk,
        "bulk": after.chunk,
        "collections, all or none": lambda ops: after.chunk(ops, all_or_none=True),
        "composite, all or none": after.all_or_none,
        "tree": after.tree,
    }
    return [(after, run[batch.door](batch.ops))]


def _agree(door: str, outcome: Outcome, reply: Reply) -> bool:
    if outcome.ok or reply.ok:
        return outcome.ok == reply.ok and reply.created in {None, outcome.created}
    if door == "tree" and reply.code == "":
        return True  # undone like the rest: which of several refusals are told is open
    if outcome.codes is FREE:
        return reply.code not in _NOT_A_CAUSE
    return reply.code in (outcome.codes or ())


def _report(batch: Batch, expected: list[list[Outcome]], replies: list[Reply]) -> str:
    text = [f"by {batch.door}:"]
    for place, (op, reply) in enumerate(zip(batch.ops, replies, strict=True)):
        said = sorted({str(outcomes[place]) for outcomes in expected})
        text.append(f"  {op}\n    the model says {' or '.join(said)}\n    the org says {reply.code or 'accepted'}")
    return "\n".join(text)


def _difference(batch: Batch, expected: dict[str, Row], found: dict[str, Row]) -> str:
    text = [f"after {batch}:"]
    for name in sorted({*expected, *found}):
        ours, theirs = expected.get(name, {}), found.get(name, {})
        wrong = [field for field in {*ours, *theirs} if ours.get(field, "-") != theirs.get(field, "-")]
        text += [f"  {name}.{one}: the model has {ours.get(one, '-')}, the org {theirs.get(one, '-')}" for one in wrong]
    return "\n".join(text)


# -- the org


class _UndoError(Exception):
    """Ends an example: the next one finds the org as this one did."""


class Site:
    """One org for all examples, each of which is undone."""

    def __init__(self) -> None:
        self.org = Org(clock=NOW, settings=Settings(order_statuses=_STATUSES, daily_limit=10**9))
        self.defaults = {one.name: getattr(self.org.settings, one.name) for one in dataclass_fields(Settings)}
        self.rows = catalogue()
        self.ids = self._fill()
        self.api = Api(self.org, self.org.login(), "", "", "", "")
        for row in self.rows.values():
            if row["sobject"] == "PricebookEntry":
                row["UnitPrice"] = Decimal(row["UnitPrice"])
        world = self._world()
        for op in first_ops():
            world.write(Batch("single", (op,)))
        self.rows, self.ids = world.model.rows, world.client.ids

    def _world(self) -> World:
        model = Model(self.org.settings, self.rows).copy()
        return World(self.org, model, Client(self.api, dict(self.ids)))

    def _fill(self) -> dict[str, str]:
        ids = {"Std": self.org.standard_pricebook_id}
        for name, row in self.rows.items():
            if name == "Std":
                continue
            given = {field: value for field, value in row.items() if field not in {"sobject", "name"}}
            values: Row = {field: ids.get(value, value) for field, value in given.items()}
            status, end = values.pop("Status", None), values.pop("EndDate", None)
            if end is not None:
                values["ContractTerm"] = 12 if name == "year" else 1
            if row["sobject"] in {"Account", "Product2", "Pricebook2"}:
                values["Name"] = name
            ids[name] = self.org.insert(row["sobject"], values)
            if status is not None:
                self.org.update("Contract", ids[name], {"Status": status})
        return ids

    @contextmanager
    def world(self, **switches: Any) -> Generator[World]:
        """The org with these switches and the model of it; what is done to them is undone."""
        try:
            with self.org.world.savepoint():
                for name, value in switches.items():
                    setattr(self.org.settings, name, value)
                yield self._world()
                raise _UndoError  # noqa: TRY301 - leaves the savepoint
        except _UndoError:
            pass
        finally:
            for name, value in self.defaults.items():
                setattr(self.org.settings, name, value)


@pytest.fixture(scope="module")
def site() -> Site:
    return Site()


OTHERWISE: dict[str, Any] = {
    "account_from_contract": False,
    "activate_contracts": False,
    "activate_orders": False,
    "contract_must_be_active": False,
    "create_reduction_orders": False,
    "deactivation_clears_date": False,
    "draft_reductions_block_deactivation": False,
    "edit_activated_orders": False,
    "inactive_entry_refused": False,
    "inactive_pricebook_refused": False,
    "item_delete_code": "DELETE_FAILED",
    "missing_unit_price_code": "FIELD_INTEGRITY_EXCEPTION",
    "negative_quantity": True,
    "pricebook_change_without_items": False,
    "reduced_lines_frozen": False,
    "reduction_orders": False,
    "reduction_price_must_match": False,
    "reparent_code": "ENTITY_IS_LOCKED",
    "round_unit_price": False,
    "same_activation_is_silent": False,
    "strict_activation": True,
    "zero_quantity": True,
    "zero_quantity_code": "NUMBER_OUTSIDE_VALID_RANGE",
}


def switches() -> st.SearchStrategy[dict[str, Any]]:
    """Some switches set otherwise than by default."""
    names = st.lists(st.sampled_from(sorted(OTHERWISE)), unique=True, max_size=4)
    return names.map(lambda some: {name: OTHERWISE[name] for name in some})


def _run(world: World, data: DataObject, most: int = MOST_OPS) -> None:
    done = place = 0
    while done < most and data.draw(st.integers(0, 15), label="go on"):
        place += 1
        batch = data.draw(batches(world.model, 10 * place, most - done), label=f"batch {place}")
        world.write(batch)
        done += len(batch.ops) or 1


def _examples(usually: int) -> hypothesis_settings:
    return hypothesis_settings(
        max_examples=_MORE or usually,
        derandomize=not _MORE,
        database=None,
        deadline=None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )


@_examples(30)
@given(data=st.data())
def test_random_writes_through_every_door_leave_the_state_of_the_model(site: Site, data: DataObject) -> None:
    with site.world() as world:
        _run(world, data)


@_examples(10)
@given(otherwise=switches(), data=st.data())
def test_random_writes_do_so_however_the_org_is_set_up(site: Site, otherwise: Row, data: DataObject) -> None:
    with site.world(**otherwise) as world:
        _run(world, data)


_DRAFT: Row = {"AccountId": "Acme", "EffectiveDate": "2026-03-01", "Status": "Draft", "Pricebook2Id": "Std"}
_SEAT: Row = {"OrderId": "draft", "PricebookEntryId": "Std/seat", "Quantity": "1", "UnitPrice": "1"}
_LESS: Row = {"OrderId": "back", "OriginalOrderItemId": "sold1", "Quantity": "-1"}
_REDUCTION: Row = {**_DRAFT, "IsReductionOrder": True, "OriginalOrderId": "sold"}


def _insert(sobject: str, **fields: Any) -> Op:
    return Op("new", "insert", sobject, fields={name: value for name, value in fields.items() if value is not None})


def _set(sobject: str, target: str, **fields: Any) -> Op:
    return Op("change", "update", sobject, target, fields)


_TOUCHED_BY: dict[str, list[Op]] = {
    "account_from_contract": [_insert("Order", **{**_DRAFT, "AccountId": None, "ContractId": "year"})],
    "activate_contracts": [_set("Contract", "year", Status="Activated")],
    "activate_orders": [_set("Order", "draft", Status="Activated")],
    "contract_must_be_active": [_set("Order", "bound", Status="Activated")],
    "create_reduction_orders": [_insert("Order", **_REDUCTION)],
    "deactivation_clears_date": [_set("Order", "draft", Status="Activated"), _set("Order", "draft", Status="Draft")],
    "draft_reductions_block_deactivation": [
        _set("Order", "sold", Status="Draft"),
        _set("Order", "back", Status="Activated"),
        Op("gone", "delete", "Order", "sold"),
    ],
    "edit_activated_orders": [
        _set("Order", "sold", Description="x"),
        _set("OrderItem", "sold2", Description="x"),
        _set("Order", "sold", Status="Activated"),
    ],
    "inactive_entry_refused": [_insert("OrderItem", **{**_SEAT, "PricebookEntryId": "Std/lamp"})],
    "inactive_pricebook_refused": [_insert("Order", **{**_DRAFT, "Pricebook2Id": "Closed"})],
    "item_delete_code": [Op("gone", "delete", "OrderItem", "sold2")],
    "missing_unit_price_code": [_insert("OrderItem", **{**_SEAT, "UnitPrice": None})],
    "negative_quantity": [_insert("OrderItem", **{**_SEAT, "Quantity": "-1"})],
    "pricebook_change_without_items": [_insert("Order", **_DRAFT), _set("Order", "new", Pricebook2Id="Partner")],
    "reduced_lines_frozen": [_set("OrderItem", "sold1", UnitPrice="1"), _set("OrderItem", "sold1", Quantity="9")],
    "reduction_orders": [_insert("Order", **_REDUCTION), _set("Order", "back", Status="Activated")],
    "reduction_price_must_match": [_set("OrderItem", "back1", UnitPrice="1")],
    "reparent_code": [_set("Order", "sold", AccountId="Bolt")],
    "round_unit_price": [_set("OrderItem", "draft1", UnitPrice="0.333")],
    "same_activation_is_silent": [_set("Order", "sold", Status="Activated")],
    "strict_activation": [_set("Order", "draft", Status="Activated", Description="x")],
    "zero_quantity": [_insert("OrderItem", **{**_SEAT, "Quantity": "0"})],
    "zero_quantity_code": [_insert("OrderItem", **{**_SEAT, "Quantity": "0"})],
}


_ONE_OP_DOORS = tuple(door for door in DOORS if door != "tree")
_LIFE = [
    Op("more", "insert", "OrderItem", fields={"OrderId": "back", "OriginalOrderItemId": "sold2", "Quantity": "-2"}),
    _set("Order", "back", Status="Activated"),
    _set("Order", "back", Status="Shipped"),
    _insert("Order", **{**_REDUCTION, KEY: "k2"}),
    Op("less", "insert", "OrderItem", fields={"OrderId": "new", "OriginalOrderItemId": "sold1", "Quantity": "-4"}),
    Op("less", "insert", "OrderItem", fields={"OrderId": "new", "OriginalOrderItemId": "sold1", "Quantity": "-3"}),
    _set("Order", "back", Status="Review"),
    _set("OrderItem", "less", Quantity="-5", **{KEY: "k1"}),
    _set("OrderItem", "less", Quantity="-5"),
    _set("OrderItem", "less", UnitPrice="0.01"),
    _set("Order", "new", Status="Activated"),
    _set("Order", "back", Status="Activated"),
    _set("Order", "sold", Status="Draft"),
    _set("Order", "new", Status="Draft"),
    Op("gone", "delete", "OrderItem", "sold1"),
    Op("gone", "delete", "OrderItem", "less"),
    Op("gone", "delete", "Order", "new"),
    Op("gone", "delete", "Order", "new"),
    Op("k2", "upsert", "Order", "k2", _DRAFT),
    Op("k2", "upsert", "Order", "k2", {"EndDate": "2026-03-01"}),
    Op("gone", "delete", "Order", "back"),
    _set("Order", "sold", Status="Review"),
    _set("OrderItem", "sold1", UnitPrice="0.333", Quantity="0.005"),
    Op("gone", "delete", "OrderItem", "sold1"),
    Op("gone", "delete", "Order", "sold"),
]


def _fit_for(door: str, op: Op) -> Batch:
    tagged = replace(op, fields={**op.fields, "Description": op.name})
    return Batch(door, (tagged if door == "bulk" and op.verb != "delete" else op,))


@pytest.mark.parametrize("door", _ONE_OP_DOORS)
def test_the_life_of_a_reduction_is_the_same_through_every_door(site: Site, door: str) -> None:
    with site.world() as world:
        for op in _LIFE:
            world.write(_fit_for(door, op))

    assert {row["name"] for row in world.model.all("Order")} == {"draft", "bound", "k2"}


@pytest.mark.parametrize(("sobject", "field"), [(sobject, field) for sobject in ODD for field in ODD[sobject]])
def test_every_odd_value_is_taken_or_refused_as_the_model_says(site: Site, sobject: str, field: str) -> None:
    doors = cycle(door for door in _ONE_OP_DOORS if field != "Bogus" or door != "bulk")
    targets = ("draft", "sold", "back", "bound") if sobject == "Order" else ("draft1", "sold1", "sold2", "back1")
    news = (_DRAFT, _REDUCTION) if sobject == "Order" else (_SEAT, _LESS)
    with site.world() as world:
        for place, value in enumerate(ODD[sobject][field]):
            for which, fields in enumerate(news):
                op = Op(f"new{place}and{which}", "insert", sobject, fields={**fields, field: value})
                world.write(_fit_for(next(doors), op))
            for target in targets if field != "StatusCode" else ():
                world.write(_fit_for(next(doors), _set(sobject, target, **{field: value})))

    assert len(world.codes) > len(ODD[sobject][field])


def test_every_switch_has_writes_that_it_touches() -> None:
    assert _TOUCHED_BY.keys() == OTHERWISE.keys()


@pytest.mark.parametrize("switch", sorted(OTHERWISE))
def test_a_switch_changes_the_org_as_it_changes_the_model(site: Site, switch: str) -> None:
    ends = []
    for switches_set in ({}, {switch: OTHERWISE[switch]}):
        with site.world(**switches_set) as world:
            for op in _TOUCHED_BY[switch]:
                world.write(Batch("single", (op,)))
            stamps = sorted(row.pop("SystemModstamp") == world.now for row in world.shown.values())
            ends.append((world.codes, visible(world.model), stamps))

    assert ends[0] != ends[1]
