"""Random interleavings of reductions by us, by deals and by others, of shipments, lost answers and dying processes.

After every cycle that goes through, the net of every order is what its activated reductions leave, the org's
available quantity is never negative, originals are as they were, each reduction and shipment is there exactly once,
and the percentage is what was shipped and not voided of that net, with an alarm where that is too much.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from sfsync.app import App
from sfsync.config import load_settings
from sfsync.domain.holdings import Demand
from sfsync.domain.money import round_money
from sfsync.emulator.adapter import EmulatorAdapter
from sfsync.emulator.errors import ApiError
from sfsync.errors import OrgUnavailable, ReductionRefused, UsageError
from sfsync.store import events, reductions
from sfsync.store.engine import open_database
from sfsync.store.entitlements import as_of
from sfsync.store.find import find_order
from sfsync.sync.cycle import run_cycle
from sfsync.sync.reduce import Request, reduce
from tests.mirror import mirrored
from tests.shipping import add_objects, in_org, shipped_by_others, sql
from tests.world import World, new_org

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.untraced

EXAMPLES = int(os.environ.get("SFSYNC_TEST_EXAMPLES", "3"))
"""Raise it for a longer search."""
QUANTITY = 10
ORDERS = 2
ONE_DAY = date(2030, 1, 1)


class Killed(BaseException):
    """The process dies here; nothing catches it."""


@dataclass
class Box:
    """A shipment: of which order, how much, and the one name that it has (its row here, or its Id in the org)."""

    order: str
    quantity: int
    row: int | None = None
    sf_id: str | None = None
    is_void: bool = False


@dataclass
class Play:
    """The real thing, and what was done to it."""

    app: App
    world: World
    orders: list[str]
    planned: dict[str, tuple[str, Decimal]] = field(default_factory=dict)
    """Every reduction that was accepted here, by its key: of which order, how much."""
    untouched: list[dict[str, Any]] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)
    deals: dict[str, int] = field(default_factory=dict)
    """Every deal that takes back: how many."""
    certain: bool = True
    """The mirror has seen all that happened in the org."""

    def __post_init__(self) -> None:
        self.untouched = self.originals()

    def originals(self) -> list[dict[str, Any]]:
        """What of the originals must never change."""
        volatile = {"SystemModstamp", "LastModifiedDate", "LastModifiedById", "AvailableQuantity"}
        rows = [self.world.org.get("Order", order) for order in self.orders]
        rows += [self.world.org.get("OrderItem", self.line(order)) for order in self.orders]
        return [{name: value for name, value in row.items() if name not in volatile} for row in rows]

    def line(self, order: str) -> str:
        return str(self.world.org.query(f"SELECT Id FROM OrderItem WHERE OrderId = '{order}'")[0]["Id"])

    def there(self) -> list[dict[str, Any]]:
        """All reductions that the org has."""
        rows = self.world.org.query(
            "SELECT Id, OriginalOrderId, StatusCode, SFSync_Key__c, (SELECT Quantity FROM OrderItems) FROM Order"
            " WHERE IsReductionOrder = true ORDER BY Id"
        )
        return [row | {"lines": (row["OrderItems"] or {"records": []})["records"]} for row in rows]

    def taken(self, order: str, *codes: str) -> Decimal:
        """What the org's reductions of these categories take of an order."""
        return sum(
            (-Decimal(str(line["Quantity"])) for one in self.there() for line in one["lines"]
             if one["OriginalOrderId"] == order and one["StatusCode"] in codes),
            Decimal(0),
        )  # fmt: skip

    def plan(self, which: int, quantity: int, activate: bool) -> None:  # noqa: FBT001 - drawn
        """Somebody here reduces."""
        order = self.orders[which]
        in_org = {one["SFSync_Key__c"] for one in self.there()}
        rows = mirrored(self.app.db, "orders", is_reduction=True, original_order_id=order)
        takes = {row.order_id: -row.quantity for row in mirrored(self.app.db, "order_items") if row.original_item_id}
        waiting = sum((takes[row.id] for row in rows if row.sf_id is None and row.key not in in_org), Decimal(0))
        left = QUANTITY - self.taken(order, "Draft", "Activated") - waiting
        asked = Request((Demand("1", by=Decimal(quantity)),), order, activate=activate)
        try:
            [made] = reduce(self.app, asked, actor="anna").plans
        except ReductionRefused:
            assert not self.certain or quantity > left, "it would have fitted"
            return
        assert not self.certain or quantity <= left, "more than there was"
        assert made.key not in self.planned, "a key was used twice"
        self.planned[made.key] = (order, Decimal(quantity))

    def renewal(self, quantity: int) -> None:
        """A deal is won that takes back so many."""
        self.world.org.advance(1)
        self.deals[self.world.deal((-quantity, 100))] = quantity

    def withdraw(self, which: int) -> None:
        """Somebody takes one back that was not sent."""
        keys = sorted(self.planned)
        if keys:
            key = keys[which % len(keys)]
            with suppress(UsageError), self.app.db.begin() as tx:
                order = find_order(tx, "default", key)
                reductions.withdraw(tx, "default", order, actor="anna", now=self.app.clock())

    def want(self) -> None:
        """Somebody wants all drafts activated, those of others too."""
        with self.app.db.begin() as tx:
            tx.exec_driver_sql("UPDATE orders SET status = 'Activated' WHERE is_reduction AND org_status = 'Draft'")

    def others(self, which: int, quantity: int, activate: bool) -> None:  # noqa: FBT001 - drawn
        """Somebody reduces in Salesforce, as far as that lets them."""
        order, org = self.orders[which], self.world.org
        values = {"AccountId": org.get("Order", order)["AccountId"], "EffectiveDate": "2026-03-01", "Status": "Draft"}
        org.advance(1)
        made = org.insert("Order", {**values, "IsReductionOrder": True, "OriginalOrderId": order})
        with suppress(ApiError):
            line = {"OriginalOrderItemId": self.line(order), "Quantity": -quantity}
            org.insert("OrderItem", {"OrderId": made, **line})
            if activate:
                org.update("Order", made, {"Status": "Activated"})
        self.certain = False

    def in_org(self, which: int, act: str) -> None:
        """Somebody activates, deactivates or deletes a reduction in Salesforce, as far as that lets them."""
        found = self.there()
        if found:
            self.world.org.advance(1)
            one = found[which % len(found)]["Id"]
            with suppress(ApiError):
                if act == "delete":
                    self.world.org.delete("Order", one)
                else:
                    self.world.org.update("Order", one, {"Status": act})
            self.certain = False

    def ship(self, which: int, quantity: int, here: bool) -> None:  # noqa: FBT001 - drawn
        """Something is shipped, and recorded here by plain SQL, or in Salesforce; nobody keeps them from too much."""
        order, line = self.orders[which], self.line(self.orders[which])
        if not here:
            self.world.org.advance(1)
            made = shipped_by_others(self.world, order, line, quantity)
            self.boxes.append(Box(order, quantity, sf_id=made))
            return
        with self.app.db.begin() as tx:
            tx.exec_driver_sql(f"INSERT INTO shipments (org, order_sf_id) VALUES ('default', '{order}')")
            row = tx.exec_driver_sql("SELECT max(id) FROM shipments").scalar()
            tx.exec_driver_sql(
                "INSERT INTO shipment_lines (org, shipment_id, order_item_sf_id, quantity)"
                f" VALUES ('default', {row}, '{line}', {quantity})"
            )
        self.boxes.append(Box(order, quantity, row=row))

    def void(self, which: int) -> None:
        """What somebody recorded was wrong: it is void, where it was recorded."""
        if self.boxes:
            box = self.boxes[which % len(self.boxes)]
            box.is_void = True
            self.world.org.advance(1)
            if box.sf_id is not None:
                self.world.org.update("Shipment__c", box.sf_id, {"Status__c": "Voided"})
            else:
                sql(self.app.db, f"UPDATE shipments SET status = 'Voided' WHERE id = {box.row}")

    def cycle(self) -> None:
        """A cycle that goes through, and one more for what it has found."""
        for _ in range(2):
            self.world.org.advance(30 * 3600)
            run_cycle(self.app)
        self.certain = True
        self.check()

    def disturbed(self, disturb: Callable[[], object]) -> None:
        """A cycle that goes wrong somewhere."""
        self.world.org.advance(30 * 3600)
        disturb()
        with suppress(OrgUnavailable, Killed):
            run_cycle(self.app)
        self.world.org.faults.clear()
        self.world.org.on_call.clear()
        self.certain = False

    def lost(self, nth: int, fault: str) -> None:
        self.disturbed(lambda: self.world.org.faults.add(fault, nth=nth, path="composite"))

    def dies(self, nth: int, moment: str) -> None:
        def hook(_call: object, when: str) -> None:
            nonlocal nth
            nth -= when == moment
            if nth == 0:
                nth = -1
                raise Killed

        self.disturbed(lambda: self.world.org.on_call.append(hook))

    def check(self) -> None:
        """Compare with what has to be."""
        found = self.there()
        with self.app.db.read() as tx:
            nets = {line.order_id: line.quantity - sum((one.quantity for one in line.reductions), Decimal(0))
                    for held in as_of(tx, "default", ONE_DAY) for line in held.lines}  # fmt: skip
            told = [one for one in events.read(tx, "default", limit=1000) if "reduction" in one.data]
        for order in self.orders:
            available = Decimal(str(self.world.org.get("OrderItem", self.line(order))["AvailableQuantity"]))
            assert nets[order] == available == QUANTITY - self.taken(order, "Activated") >= 0
        self.shipped()
        assert self.originals() == self.untouched
        self.each_once(found)
        standing = Counter[str]()
        for one in told:
            standing[one.data["reduction"]["sf_id"]] += 1 if one.type == "order.reduced" else -1
        active = {one["Id"] for one in found if one["StatusCode"] == "Activated"}
        assert {sf_id for sf_id, times in standing.items() if times == 1} == active
        assert set(standing.values()) <= {0, 1}

    def shipped(self) -> None:
        """What was shipped of each order, here and in the org, and what follows from it."""
        there = in_org(self.world.org)
        keys = [row["SFSync_Key__c"] for row in there if row["SFSync_Key__c"]]
        here = {row.id: row.key for row in mirrored(self.app.db, "shipments")}
        ours = {here[box.row]: box.is_void for box in self.boxes if box.row is not None}
        assert len(keys) == len(set(keys))
        # What was void before it was sent is not sent.
        assert {key for key, is_void in ours.items() if not is_void} <= set(keys) <= ours.keys()
        view = {row[0]: row[1:] for row in sql(self.app.db, "SELECT order_sf_id, reduced, shipped, confirmed, percent,"
                                                            " state FROM order_progress")}  # fmt: skip
        alarms = {row.order_id: row.over for row in mirrored(self.app.db, "shipping_states")}
        for order in self.orders:
            due = sum(box.quantity for box in self.boxes if box.order == order and not box.is_void)
            sent = sum(line["Quantity__c"] for row in there for line in row["lines"]
                       if row["Order__c"] == order and row["Status__c"] != "Voided")  # fmt: skip
            net = QUANTITY - int(self.taken(order, "Activated"))
            reduced, shipped, confirmed, percent, state = view[order]
            assert (QUANTITY - reduced, shipped, confirmed, sent) == (net, due, due, due)
            assert percent == (None if net == 0 else float(round_money(Decimal(100 * due) / net, None)))
            over, none = due > net, "none" if net else "n/a"
            assert state == ("over" if over else none if not due else "shipped" if due == net else "partial")
            [row] = mirrored(self.app.db, "orders", sf_id=order)
            assert bool(alarms.get(row.id)) is over

    def each_once(self, found: list[dict[str, Any]]) -> None:
        """What was accepted is in the org once, or has been deleted there, taken back, or refused by the org."""
        keys = [one["SFSync_Key__c"] for one in found if one["SFSync_Key__c"]]
        assert len(keys) == len(set(keys))
        for one in found:
            if "-R" in (one["SFSync_Key__c"] or ""):
                order, quantity = self.planned[one["SFSync_Key__c"]]
                [line] = one["lines"]
                assert (one["OriginalOrderId"], Decimal(str(line["Quantity"]))) == (order, -quantity)
        for deal, quantity in self.deals.items():
            [mine] = mirrored(self.app.db, "opportunities", sf_id=deal)
            rows = {row.id: row for row in mirrored(self.app.db, "orders", opportunity_id=deal)}
            # All of it or nothing, whatever the org or anybody does to its reductions afterwards.
            lines = [line for row in rows for line in mirrored(self.app.db, "order_items", order_id=row)]
            assert -sum(line.quantity for line in lines) == (quantity if mine.rejected_at is None else 0)
            assert {row.key for row in rows.values() if row.sf_id and not row.is_deleted} == {
                key for key in keys if key.startswith(deal)
            }
        withdrawn = {row.key for row in mirrored(self.app.db, "reductions") if row.withdrawn_at is not None}
        for key in self.planned.keys() - set(keys) - withdrawn:
            [row] = mirrored(self.app.db, "orders", key=key)
            assert row.is_deleted if row.sf_id else row.problem_code == "FIELD_INTEGRITY_EXCEPTION"
            assert row.in_doubt is None


def _steps() -> st.SearchStrategy[list[tuple[str, tuple[Any, ...]]]]:
    which, quantity, flag = st.integers(0, ORDERS - 1), st.integers(1, QUANTITY // 2 + 1), st.booleans()
    edit = st.one_of(
        st.tuples(st.just("plan"), st.tuples(which, quantity, flag)),
        st.tuples(st.just("plan"), st.tuples(which, quantity, flag)),
        st.tuples(st.just("others"), st.tuples(which, quantity, flag)),
        st.tuples(st.just("ship"), st.tuples(which, quantity, flag)),
        st.tuples(st.just("void"), st.tuples(st.integers(0, 5))),
        st.tuples(st.just("withdraw"), st.tuples(st.integers(0, 5))),
        st.tuples(st.just("renewal"), st.tuples(quantity)),
        st.tuples(st.just("want"), st.just(())),
        st.tuples(st.just("in_org"), st.tuples(st.integers(0, 5), st.sampled_from(["Activated", "Draft", "delete"]))),
    )
    upset = st.sampled_from(
        [
            *(("lost", (nth, fault)) for nth in (1, 2) for fault in ("lost_answer", "reset", "late_commit")),
            *(("dies", (nth, moment)) for nth in (3, 4, 5) for moment in ("before", "after")),
        ]
    )
    rounds = st.tuples(st.lists(edit, min_size=3, max_size=7), st.one_of(st.none(), upset, upset))
    return st.lists(rounds, min_size=3, max_size=4).map(
        lambda found: [
            step for edits, wrong in found for step in (*edits, *([wrong, edits[0]] if wrong else []), ("cycle", ()))
        ]
    )


@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    phases=[Phase.generate],
)
@given(steps=_steps())
def test_whatever_happens_net_and_percent_are_right_and_everything_is_there_once(
    sqlite_template: Path, monkeypatch: pytest.MonkeyPatch, steps: list[tuple[str, tuple[Any, ...]]]
) -> None:
    monkeypatch.setenv("SFSYNC_SHIPMENTS__ENABLED", "true")
    monkeypatch.setenv("SFSYNC_SALESFORCE__LOGIN_URL", "https://org.example")
    monkeypatch.setenv("SFSYNC_SALESFORCE__CLIENT_ID", "3MVG9sfsyncEMULATOR")
    monkeypatch.setenv("SFSYNC_SALESFORCE__CLIENT_SECRET", "emulator-secret")
    with TemporaryDirectory() as folder:
        shutil.copyfile(sqlite_template, f"{folder}/sfsync.db")
        db = open_database(f"sqlite:///{folder}/sfsync.db")
        world = World(new_org())
        add_objects(world.org)
        app = App(load_settings(), "default", db, world.org.clock, EmulatorAdapter(world.org), lambda _seconds: None)
        orders = [world.order() for _ in range(ORDERS)]
        for order in orders:
            world.item(order, Quantity=QUANTITY)
            world.org.update("Order", order, {"Status": "Activated"})
        run_cycle(app)
        play = Play(app, world, orders)
        for name, arguments in steps:
            getattr(play, name)(*arguments)
        db.close()
