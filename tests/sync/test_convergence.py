"""Random interleavings of edits on both sides, cycles, lost answers and dying processes end as a small model says.

Each play is made from its number. SFSYNC_TEST_PLAYS=20:300 plays those of each policy on each database instead.
"""

from __future__ import annotations

import os
import random
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import pytest

from sfsync.app import App
from sfsync.config import load_settings
from sfsync.domain.statuses import MOVES, Status
from sfsync.emulator.adapter import EmulatorAdapter
from sfsync.emulator.fields import Field
from sfsync.errors import OrgUnavailable, UsageError
from sfsync.store.wants import want, want_fields
from sfsync.sync.cycle import run_cycle
from tests.mirror import mirrored
from tests.world import World, new_org

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Row

    from sfsync.emulator.calls import Call
    from sfsync.store.engine import Database

pytestmark = pytest.mark.untraced

FIELDS = {"status": "Status", "po_number": "PoNumber", "end_date": "EndDate", "Note__c": "Note__c"}
ORDERS = 3
VALUES = {
    "status": [status.value for status in Status],
    "po_number": ["a", "b", "c"],
    "end_date": ["2027-01-31", "2027-02-28", "2027-03-31"],
    "Note__c": ["x", "y"],
}
PLAYS = range(*map(int, os.environ.get("SFSYNC_TEST_PLAYS", "0:2").split(":")))


class Killed(BaseException):
    """The process dies here; nothing catches it."""


@dataclass
class Side:
    """The reference: one field of one order, as both sides should have it after a cycle that went through."""

    want: str
    org: str
    seen: str
    asked: bool = False
    sent: str | None = field(default=None, compare=False)
    """What was sent of it and not answered: in the org, it is then taken for ours."""
    in_doubt: datetime | None = field(default=None, compare=False)
    """When the update was sent that nobody knows the outcome of."""
    touched: bool = field(default=False, compare=False)
    """Somebody changed the order in the org while ours was in doubt: it may have arrived and been set back."""

    @property
    def newer(self) -> bool:
        """Whether the org has, or may have, something that neither we nor the mirror knew."""
        set_back = self.touched and self.org == self.seen and self.sent not in (None, self.org)
        return self.org not in (self.seen, self.sent) or set_back

    def cycle(self, policy: str, sendable: Callable[[str, str], bool]) -> None:
        """What one whole cycle makes of it."""
        newer = self.newer
        if self.org == self.sent:
            self.seen = self.org
        self.sent = None
        if self.want == self.seen:
            self.want = self.org
        elif newer and self.org != self.want:
            if policy == "ask":
                self.asked = True
            elif policy == "org_wins":
                self.want = self.org
        self.seen = self.org
        if self.want == self.org:
            self.asked = False
        elif not self.asked and sendable(self.org, self.want):
            self.org = self.seen = self.want


@dataclass
class Play:
    """The real thing beside the reference: an org, a mirror, and what people do to both."""

    app: App
    world: World
    orders: list[str]
    policy: str
    sides: dict[tuple[str, str], Side] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for order in self.orders:
            for name in FIELDS:
                start = "Draft" if name == "status" else ""
                self.sides[order, name] = Side(start, start, start)

    def sql(self, which: int, name: str, value: str) -> None:
        """Another program wants something."""
        order = self.orders[which]
        column, text = ("custom", f'{{"{name}": "{value}"}}') if name.endswith("__c") else (name, value)
        with self.app.db.begin() as tx:
            tx.exec_driver_sql(f"UPDATE orders SET {column} = '{text}' WHERE sf_id = '{order}'")
        self.sides[order, name].want = value

    def command(self, which: int, name: str, value: str) -> None:
        """A person wants something; where it was asked, that is the answer."""
        order = self.orders[which]
        [row] = mirrored(self.app.db, "orders", sf_id=order)
        with suppress(UsageError), self.app.db.begin() as tx:
            if name == "status":
                want(tx, "default", row.id, Status(value), actor="anna", now=self.app.clock())
            else:
                wish = date.fromisoformat(value) if name == "end_date" else value
                want_fields(tx, "default", row.id, {name: wish}, actor="anna", now=self.app.clock())
            self.sides[order, name].want, self.sides[order, name].asked = value, False

    def in_org(self, which: int, name: str, value: str) -> None:
        """Somebody changes it in the org."""
        if self.sides[self.orders[which], name].org == value:
            return
        self.world.org.advance(1)
        self.world.org.update("Order", self.orders[which], {FIELDS[name]: value})
        self.sides[self.orders[which], name].org = value
        for (order, _), side in self.sides.items():
            side.touched |= side.in_doubt is not None and order == self.orders[which]

    def cycle(self) -> None:
        """Run one whole cycle."""
        self.world.org.advance(30 * 3600)
        self.world.org.on_call.append(self.no_flip_flop)
        run_cycle(self.app)
        self.world.org.on_call.clear()
        for (_, name), side in self.sides.items():
            side.cycle(self.policy, _legal if name == "status" else lambda _from, _to: True)
            side.in_doubt, side.touched = None, False
        self.check()

    def disturbed(self, disturb: Callable[[], object]) -> None:
        """Run a cycle that goes wrong somewhere: what it got done is taken over, as far as it may have been done."""
        self.world.org.advance(30 * 3600)
        self.world.org.on_call.append(self.no_flip_flop)
        disturb()
        with suppress(OrgUnavailable, Killed):
            run_cycle(self.app)
        self.world.org.faults.clear()
        self.world.org.on_call.clear()
        for order, name, found in self.found():
            side = self.sides[order, name]
            assert found.want in (side.want, side.org), "a wish was dropped"
            assert found.org in (side.want, side.org), "a value came from nowhere"
            if found.org != side.org:
                # Our own update has landed, whether we know it or not: it is nobody else's change.
                assert not side.newer or self.policy == "local_wins", "a newer value was overwritten"
            side.want, side.org, side.seen = found.want, found.org, found.seen
            side.asked, side.sent = found.asked, found.sent
            side.touched = side.touched and found.in_doubt == side.in_doubt
            side.in_doubt = found.in_doubt

    def lost(self, nth: int, fault: str) -> None:
        """The answer to some call is lost, done or not."""
        self.disturbed(lambda: self.world.org.faults.add(fault, nth=nth, method="PATCH"))

    def dies(self, nth: int, moment: str, method: str) -> None:
        """The process dies at some call of that method."""

        def hook(call: Call, when: str) -> None:
            nonlocal nth
            nth -= when == moment and call.method == method
            if nth == 0:
                nth = -1
                raise Killed

        self.disturbed(lambda: self.world.org.on_call.append(hook))

    def no_flip_flop(self, *_: object) -> None:
        """At every call of a cycle: readers of the mirror see a wish, or something newer in the org, never older."""
        for row in mirrored(self.app.db, "orders"):
            for name in FIELDS:
                side = self.sides[row.sf_id, name]
                newer = {side.org} if side.newer or side.org != side.seen else set()
                assert _value(row, name) in {side.want} | newer, f"{name} flips back"

    def found(self) -> Iterator[tuple[str, str, Side]]:
        """What both sides have in fact."""
        asked = {(one.order_id, one.field) for one in mirrored(self.app.db, "conflicts") if one.resolved_at is None}
        for row in mirrored(self.app.db, "orders"):
            org = self.world.org.get("Order", row.sf_id)
            for name, api_name in FIELDS.items():
                columns = (_value(row, name), str(org[api_name] or ""), _value(row, name, "org_"))
                asking, sent = (row.id, name) in asked, (row.sent or {}).get(name)
                yield row.sf_id, name, Side(*columns, asking, sent=sent, in_doubt=row.in_doubt and row.sent_at)

    def check(self) -> None:
        """Compare both sides with the reference, and that nothing is left in doubt."""
        assert {(order, name): side for order, name, side in self.found()} == self.sides
        assert mirrored(self.app.db, "orders", in_doubt="update") == []


def _value(row: Row[*tuple[Any, ...]], name: str, side: str = "") -> str:
    """What a column of the mirror holds of a field, as text: the wish, or with `org_` its twin."""
    value = (getattr(row, f"{side}custom") or {}).get(name) if name.endswith("__c") else getattr(row, f"{side}{name}")
    return str(value or "")


def _legal(org: str, wanted: str) -> bool:
    return MOVES[Status(org), Status(wanted)] is None and (org, wanted) != ("Draft", "Cancelled")


def _steps(chance: random.Random) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Some edits, then a cycle, again and again."""
    cycles = [
        ("cycle", ()),
        *(("lost", (nth, fault)) for nth in (1, 2) for fault in ("lost_answer", "reset")),
        *(("dies", (nth, moment, "PATCH")) for nth in (1, 1, 2) for moment in ("before", "after", "after")),
        *(("dies", (nth, moment, "POST")) for nth in (1, 4) for moment in ("before", "after")),
    ]
    for _ in range(chance.randint(6, 8)):
        for _ in range(chance.randint(4, 12)):
            name = chance.choice(list(FIELDS))
            edit = (chance.randrange(ORDERS), name, chance.choice(VALUES[name]))
            yield chance.choice(["sql", "command", "in_org"]), edit
        yield chance.choice(cycles)


@pytest.mark.parametrize("policy", ["ask", "org_wins", "local_wins"])
@pytest.mark.parametrize("number", PLAYS)
def test_whatever_happens_in_whatever_order_both_sides_end_as_the_policy_says(
    db: Database, monkeypatch: pytest.MonkeyPatch, policy: str, number: int
) -> None:
    monkeypatch.setenv("SFSYNC_SALESFORCE__LOGIN_URL", "https://org.example")
    monkeypatch.setenv("SFSYNC_SALESFORCE__CLIENT_ID", "3MVG9sfsyncEMULATOR")
    monkeypatch.setenv("SFSYNC_SALESFORCE__CLIENT_SECRET", "emulator-secret")
    monkeypatch.setenv("SFSYNC_ORDERS__WRITABLE_FIELDS", "Note__c")
    for name in ("STATUS", "PO_NUMBER", "END_DATE", "CUSTOM"):
        monkeypatch.setenv(f"SFSYNC_CONFLICTS__{name}", policy)
    world = World(new_org())
    world.org.add_custom_field("Order", Field("Note__c", "string", "Note", length=255, custom=True))
    app = App(load_settings(), "default", db, world.org.clock, EmulatorAdapter(world.org), lambda _seconds: None)
    world.deals(ORDERS)
    run_cycle(app)
    play = Play(app, world, [order["Id"] for order in world.orders()], policy)
    for step, arguments in _steps(random.Random(f"{policy} {number}")):  # noqa: S311 - repeatable on purpose
        getattr(play, step)(*arguments)
    play.cycle()
    play.cycle()
    only_legal_moves_with_their_authors(app)


def only_legal_moves_with_their_authors(app: App) -> None:
    """What sfsync sent is in the journal, each with who wanted it, and moves a status only as the table allows."""
    sent = [one for one in mirrored(app.db, "journal") if one.action in ("order.status_pushed", "order.fields_pushed")]
    for entry in sent:
        assert set(entry.actor.split(", ")) <= {"anna", "sql"}
        changes = entry.details.get("fields") or {entry.details.get("field"): entry.details}
        if moved := changes.get("status"):
            assert MOVES[Status(moved["before"]), Status(moved["after"])] is None
