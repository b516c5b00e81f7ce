from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import delete, insert, update

from sfsync.domain.drift import Kind
from sfsync.errors import OrgUnavailable, UsageError
from sfsync.store import tables
from sfsync.store.engine import open_database
from sfsync.sync import comparison
from sfsync.sync.cycle import run_cycle
from sfsync.sync.reconcile import Reconciled, Wanted, run_reconcile
from sfsync.sync.work import Stopped
from tests.mirror import everything_but_runs, mirrored
from tests.sync.answers import Changed
from tests.world import World, new_org

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Table

    from sfsync.app import App
    from sfsync.emulator.org import Org

DAY = timedelta(days=1)
HOUR = 3600
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what does not depend on the kind of database."""
LOOK, REPAIR = Wanted(), Wanted(repair=True)


@dataclass
class Drifts:
    """Ways to make a mirror differ, each noted with the kind it should be found as."""

    app: App
    world: World
    expected: dict[str, Kind] = field(default_factory=dict)

    def written(self, table: Table, sf_id: str, kind: Kind, **values: Any) -> None:
        with self.app.db.begin() as tx:
            tx.execute(update(table).where(table.c.sf_id == sf_id).values(**values))
        self.expected[sf_id] = kind

    def lost(self, table: Table, sf_id: str, kind: Kind = Kind.MISSED_NEW) -> None:
        with self.app.db.begin() as tx:
            tx.execute(delete(table).where(table.c.sf_id == sf_id))
        self.expected[sf_id] = kind

    def older(self, table: Table, sf_id: str, *, kind: Kind = Kind.MISSED_CHANGE, **values: Any) -> None:
        stamp = mirrored(self.app.db, table.name, sf_id=sf_id)[0].system_modstamp - DAY
        self.written(table, sf_id, kind, system_modstamp=stamp, **values)


def ids(app: App, table: str) -> list[str]:
    return [row.sf_id for row in mirrored(app.db, table)]


def kinds(found: Reconciled) -> dict[str, Kind]:
    return {drift.sf_id: drift.kind for drift in found.drifts}


def later(world: World, app: App) -> None:
    """Let time pass, and something happen, so that the cursors stand behind all there was."""
    world.org.advance(HOUR)
    for account in ids(app, "accounts")[:1]:
        world.org.update("Account", account, {"Phone": "1"})
    world.deal((1, 10), name="The last")
    world.org.update("OrderItem", world.orders()[0]["OrderItems"]["records"][0]["Id"], {"Description": "touched"})
    for product in ids(app, "products")[:1]:
        world.org.update("Product2", product, {"Family": "Tools"})
    run_cycle(app)


@pytest.fixture
def settled(world: World, make_app: Callable[[Org], App]) -> App:
    app = make_app(world.org)
    world.deals(24, lines=3)
    run_cycle(app)
    later(world, app)
    return app


@on_sqlite
def test_a_mirror_that_follows_the_org_has_no_drift_and_looking_writes_only_the_run(world: World, settled: App) -> None:
    before = everything_but_runs(settled.db)
    world.org.calls.clear()

    report, found = run_reconcile(settled, LOOK)

    assert (found.drifts, found.exit_code) == ([], 0)
    assert {tally.sobject: (tally.in_org, tally.in_mirror) for tally in found.tallies} == {
        "Opportunity": (25, 25),
        "OpportunityLineItem": (73, 73),
        "Order": (25, 25),
        "OrderItem": (73, 73),
        "Account": (25, 25),
        "Contract": (0, 0),
        "Product2": (3, 3),
    }
    assert everything_but_runs(settled.db) == before
    assert report.counts == {}
    assert world.org.calls.count() <= 4


def test_fifty_drifts_of_all_kinds_are_found_told_apart_and_repaired(world: World, settled: App) -> None:
    seeded = seed(settled, world)
    wishes = mirrored(settled.db, "orders", status="Cancelled")

    _, looked = run_reconcile(settled, LOOK)
    _, repaired = run_reconcile(settled, REPAIR)
    _, again = run_reconcile(settled, REPAIR)

    assert len(seeded.expected) >= 50
    assert set(seeded.expected.values()) == set(Kind) - {Kind.UNREADABLE}
    assert kinds(looked) == seeded.expected
    assert looked.exit_code == 1
    assert kinds(repaired) == seeded.expected
    assert all(drift.repaired for drift in repaired.drifts)
    assert repaired.exit_code == 0
    assert (again.drifts, again.exit_code) == ([], 0)
    assert [run.outcome for run in mirrored(settled.db, "runs", command="reconcile")] == ["attention", "done", "done"]
    assert len(mirrored(settled.db, "journal", action="drift.repaired")) == len(seeded.expected)
    assert [row.sf_id for row in mirrored(settled.db, "orders", status="Cancelled")] == [row.sf_id for row in wishes]


def seed(app: App, world: World) -> Drifts:
    """Make a mirror of some two hundred rows drift in more than fifty."""
    drifts, org = Drifts(app, world), world.org
    orders, deals = ids(app, "orders"), ids(app, "opportunities")
    lines = {deal: [row.sf_id for row in mirrored(app.db, "opportunity_lines", opportunity_id=deal)] for deal in deals}
    items = {
        row.sf_id: [item.sf_id for item in mirrored(app.db, "order_items", order_id=row.id)]
        for row in mirrored(app.db, "orders")
    }
    accounts, products = ids(app, "accounts"), ids(app, "products")

    # What happens in the org, and is read in time; some of it is put back in the mirror below.
    binned, vanished, hard = orders[20], orders[21], items[orders[19]][0]
    org.delete("Order", vanished)
    run_cycle(app)
    org.empty_recycle_bin()
    org.advance(60)
    org.purge_delete_log(org.clock())
    org.advance(50 * HOUR)
    org.delete("OrderItem", hard)
    org.delete("Order", binned)
    org.merge("Account", accounts[10], [accounts[11]])
    drifts.expected[accounts[11]] = Kind.MERGED
    org.update("Account", accounts[1], {"Name": "Renamed in the org"})
    # Its deal shows the account's name, and has no newer stamp.
    drifts.expected[mirrored(app.db, "opportunities", account_id=accounts[1])[0].sf_id] = Kind.UNSTAMPED
    for _ in range(2):
        run_cycle(app)
        org.advance(2 * HOUR)
    later(world, app)

    drifts.written(tables.orders, binned, Kind.MISSED_DELETE, is_deleted=False)
    drifts.written(tables.orders, vanished, Kind.VANISHED, is_deleted=False)
    drifts.written(tables.order_items, items[binned][0], Kind.MISSED_DELETE, is_deleted=False)
    drifts.written(tables.order_items, hard, Kind.HARD_DELETED, is_deleted=False)
    for order in orders[14:17]:
        drifts.lost(tables.orders, order)
        drifts.expected |= dict.fromkeys(items[order], Kind.MISSED_NEW)
    for deal in deals[5:7]:
        drifts.lost(tables.opportunities, deal)
        drifts.expected |= dict.fromkeys(lines[deal], Kind.LINE_WITHOUT_ORDER)
    for order in orders[3:6]:
        drifts.older(tables.orders, order, name="Of old")
        drifts.written(tables.order_items, items[order][0], Kind.TAMPERED, quantity=77)
    for deal in deals[7:10]:
        drifts.older(tables.opportunities, deal, amount=1)
        drifts.older(tables.opportunity_lines, lines[deal][0], quantity=99)
        drifts.lost(tables.opportunity_lines, lines[deal][1])
    for order in orders[6:9]:
        drifts.written(tables.orders, order, Kind.TAMPERED, total_amount=5, org_status="Fulfilled")
    for deal in deals[10:12]:
        drifts.written(tables.opportunities, deal, Kind.TAMPERED, is_won=False)
    drifts.written(tables.products, products[1], Kind.AHEAD, system_modstamp=org.clock())
    drifts.written(tables.products, products[2], Kind.TAMPERED, family="Toys")
    for order in orders[9:11]:
        drifts.written(tables.orders, order, Kind.TAMPERED, is_deleted=True)
        drifts.expected |= dict.fromkeys(items[order], Kind.LINE_WITHOUT_ORDER)
    for item in items[orders[12]]:
        drifts.lost(tables.order_items, item, Kind.ORDER_WITHOUT_LINES)
    drifts.older(tables.accounts, accounts[5], kind=Kind.UNDELETED, is_deleted=True)
    # Wishes are no drift: they are on their way.
    with app.db.begin() as tx:
        wanted = tables.orders.c.sf_id.in_((orders[13], orders[3]))
        tx.execute(update(tables.orders).where(wanted).values(status="Cancelled"))
    return drifts


@on_sqlite
def test_a_drift_that_is_left_is_told_once_and_its_alarm_ends_with_the_repair(
    make_app: Callable[[Org], App], monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(new_org())
    monkeypatch.setenv("SFSYNC_SINKS__BILLING__URL", "https://billing.example")
    app = make_app(world.org)
    world.deal()
    run_cycle(app)
    Drifts(app, world).written(tables.orders, ids(app, "orders")[0], Kind.TAMPERED, total_amount=1)
    tell = Wanted(tell=True)

    for _ in range(2):
        run_reconcile(app, tell)
    [event] = mirrored(app.db, "events", type="sync.drifted")
    [alarm] = mirrored(app.db, "alarms")
    run_reconcile(app, REPAIR)

    assert event.data["sync"]["kinds"] == {"Order": {"tampered": 1}}
    assert alarm.message.startswith("Not what the org shows: 1 of the mirror's records (Order: 1 changed here).")
    assert mirrored(app.db, "alarms") == []
    assert run_reconcile(app, Wanted(objects=("Order",), tell=True))[1].exit_code == 0
    assert len(mirrored(app.db, "events", type="sync.drifted")) == 2
    assert len(mirrored(app.db, "deliveries")) == 3


@on_sqlite
def test_records_that_vanish_in_great_number_are_told_of_and_left_alone(world: World, app: App) -> None:
    world.order()
    run_cycle(app)
    made_up = [f"80199000000{number:04}AAA" for number in range(12)]
    rows = [
        {"org": "default", "sf_id": sf_id, "status": "Draft", "org_status": "Draft", "origin": "org"}
        for sf_id in made_up
    ]
    with app.db.begin() as tx:
        tx.execute(insert(tables.orders), [row | {"announced_status": "Draft"} for row in rows])

    _, found = run_reconcile(app, REPAIR)

    [orders] = [tally for tally in found.tallies if tally.sobject == "Order"]
    assert (orders.found, orders.repaired) == ({Kind.VANISHED: 12}, {})
    assert orders.failed is not None
    assert "a right that was taken away" in orders.failed
    assert found.exit_code == 1
    assert len(mirrored(app.db, "orders", is_deleted=False)) == 13


@on_sqlite
def test_a_record_that_nobody_understands_holds_up_no_other(world: World, app: App) -> None:
    world.deals(3)
    run_cycle(app)
    drifts = Drifts(app, world)
    first, second, strange = ids(app, "orders")
    for order in (first, second, strange):
        drifts.written(tables.orders, order, Kind.TAMPERED, name="Written here")

    def bend(body: Any) -> Any:
        for part in body["compositeResponse"]:
            for row in (part["body"] or {}).get("records", ()):
                if row.get("Id") == strange:
                    row["StatusCode"] = 7
        return body

    _, looked = run_reconcile(replace(app, adapter=Changed(world.org, "POST", "composite", bend)), LOOK)
    _, found = run_reconcile(app, REPAIR)

    assert kinds(looked) == {first: Kind.TAMPERED, second: Kind.TAMPERED, strange: Kind.UNREADABLE}
    assert found.exit_code == 0


@on_sqlite
def test_what_cannot_be_read_again_is_left_and_the_rest_is_mended(world: World, app: App) -> None:
    world.deals(3)
    run_cycle(app)
    drifts = Drifts(app, world)
    first, second, strange = ids(app, "orders")
    for order in (first, second, strange):
        drifts.written(tables.orders, order, Kind.TAMPERED, name="Written here")
    sweeps: list[Any] = []

    def bend_lines(body: Any) -> Any:
        for part in body["compositeResponse"]:
            for row in (part["body"] or {}).get("records", ()):
                if row.get("Id") == strange and "OrderItems" in row and len(sweeps) > 0:
                    row["OrderItems"]["records"][0]["Quantity"] = "many"
        sweeps.append(body)
        return body

    _, found = run_reconcile(replace(app, adapter=Changed(world.org, "POST", "composite", bend_lines)), REPAIR)

    assert {drift.sf_id for drift in found.drifts if drift.repaired} == {first, second}
    assert (found.open, found.exit_code) == (1, 1)


@on_sqlite
def test_an_object_that_the_org_refuses_is_named_and_the_others_are_compared(world: World, app: App) -> None:
    world.deals(2)
    run_cycle(app)
    Drifts(app, world).written(tables.orders, ids(app, "orders")[0], Kind.TAMPERED, name="Written here")
    world.org.hide_field("OrderItem", "Description")

    _, found = run_reconcile(app, LOOK)
    _, part = run_reconcile(app, Wanted(objects=("orderitem", "products")))

    assert [tally.sobject for tally in found.tallies if tally.failed] == ["OrderItem"]
    assert list(kinds(found).values()) == [Kind.TAMPERED]
    assert [tally.sobject for tally in part.tallies] == ["OrderItem", "Product2"]
    assert part.exit_code == 1
    with pytest.raises(UsageError, match=r"“Invoice” is no object that is mirrored.*"):
        run_reconcile(app, Wanted(objects=("Invoice",)))


@on_sqlite
def test_an_order_of_ours_that_lost_its_lines_in_the_org_is_told_and_cannot_be_repaired(world: World, app: App) -> None:
    world.deal()
    run_cycle(app)
    [order] = world.orders()
    with app.db.begin() as tx:
        tx.execute(delete(tables.order_items))
    _, late = run_reconcile(app, LOOK)
    world.org.delete("OrderItem", order["OrderItems"]["records"][0]["Id"])
    world.org.advance(HOUR)

    _, found = run_reconcile(app, REPAIR)

    assert (late.drifts, late.tallies[3].on_its_way) == ([], 1)
    assert kinds(found) == {order["Id"]: Kind.ORDER_WITHOUT_LINES}
    assert (found.open, found.exit_code) == (1, 1)


@on_sqlite
def test_lines_of_a_deal_that_is_open_again_are_no_difference_and_read_once_it_is_won(world: World, app: App) -> None:
    deal = world.deal((1, 10))
    run_cycle(app)
    world.org.advance(HOUR)
    world.org.update("Opportunity", deal, {"StageName": "Negotiation/Review"})
    run_cycle(app)
    world.org.advance(HOUR)
    [line] = ids(app, "opportunity_lines")
    world.org.update("OpportunityLineItem", line, {"Quantity": 7})
    run_cycle(app)
    world.org.advance(HOUR)
    run_cycle(app)

    _, found = run_reconcile(app, LOOK)

    assert (found.drifts, found.exit_code) == ([], 0)
    world.win(deal)
    run_cycle(app)
    assert [row.quantity for row in mirrored(app.db, "opportunity_lines")] == [7]


@on_sqlite
def test_lines_that_went_with_their_open_deal_are_on_their_way_until_the_delete_log_is_read(
    world: World, app: App
) -> None:
    deal = world.deal((1, 10))
    run_cycle(app)
    world.org.advance(HOUR)
    world.org.update("Opportunity", deal, {"StageName": "Negotiation/Review"})
    world.org.delete("Opportunity", deal)
    run_cycle(app)

    _, late = run_reconcile(app, LOOK)

    assert (late.drifts, late.tallies[1].on_its_way) == ([], 1)
    world.org.advance(HOUR)
    run_cycle(app)
    _, found = run_reconcile(app, LOOK)
    assert (found.drifts, [tally.on_its_way for tally in found.tallies]) == ([], [0] * 7)


@on_sqlite
def test_a_sweep_that_the_org_ends_is_in_nobodys_way(world: World, app: App, database_url: str) -> None:
    world.deals(3)
    run_cycle(app)
    world.org.faults.add("http_503", kind="composite", times=9)

    with pytest.raises(OrgUnavailable) as kept:  # as long as anybody looks at the error, its frames live
        run_reconcile(app, LOOK)
    with closing(open_database(database_url)) as others, others.begin() as other:
        other.execute(update(tables.orders).values(po_number="by another program"))
    with app.db.begin() as tx:
        tx.execute(update(tables.orders).values(po_number="by us"))

    assert kept.value.exit_code == 75


@on_sqlite
def test_what_was_not_read_yet_is_on_its_way_and_only_what_is_younger_is_compared(world: World, settled: App) -> None:
    app, org = settled, world.org
    old, young = ids(app, "orders")[0], ids(app, "orders")[-1]
    drifts = Drifts(app, world)
    drifts.written(tables.orders, old, Kind.TAMPERED, name="Written here")
    drifts.written(tables.orders, young, Kind.TAMPERED, name="Written here")
    org.advance(HOUR)
    org.update("Account", ids(app, "accounts")[3], {"Name": "New"})
    org.update("Opportunity", ids(app, "opportunities")[3], {"StageName": "Negotiation/Review"})
    org.delete("OrderItem", mirrored(app.db, "order_items")[5].sf_id)
    org.delete("Order", ids(app, "orders")[7])
    world.deal()

    _, looked = run_reconcile(app, LOOK)
    _, recent = run_reconcile(app, Wanted(since=org.clock() - timedelta(seconds=HOUR + 60)))

    assert set(kinds(looked)) == {old, young} | {deal for deal in kinds(looked) if deal.startswith("006")}
    assert sum(tally.on_its_way for tally in looked.tallies) >= 6
    assert set(kinds(recent)) == {young}


@on_sqlite
def test_more_differences_than_are_mended_at_once_are_mended_and_counted_and_the_first_are_shown(
    world: World, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparison, "BATCH", 2)
    monkeypatch.setattr(comparison, "_SHOWN", 3)
    world.deals(5)
    run_cycle(app)
    with app.db.begin() as tx:
        tx.execute(update(tables.orders).values(name="Written here"))

    _, found = run_reconcile(app, REPAIR)

    assert (len(found.drifts), found.found, found.open) == (3, 5, 0)
    assert "Written here" not in {row.name for row in mirrored(app.db, "orders")}


@on_sqlite
def test_a_sweep_that_is_told_to_stop_leaves_what_it_mended(world: World, app: App) -> None:
    world.deals(2)
    run_cycle(app)

    def stop(arrow: str, _done: int, _total: int | None) -> None:
        if arrow == "reconcile":
            raise Stopped("enough")

    with pytest.raises(Stopped):
        run_reconcile(app, REPAIR, progress=stop)

    assert mirrored(app.db, "runs")[-1].outcome == "interrupted"
    assert run_reconcile(app, REPAIR)[1].exit_code == 0
