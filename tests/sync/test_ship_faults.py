"""Shipments when things go wrong: lost answers, refusals, rows that cannot be sent; each once, none in the way."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from sfsync.app import App
from sfsync.config import load_settings
from sfsync.emulator.customs import ValidationRule
from sfsync.errors import OrgUnavailable
from sfsync.salesforce import ship as graphs
from sfsync.store import to_ship
from sfsync.store.engine import open_database
from sfsync.sync import packs, ship_updates
from sfsync.sync.arrows import ARROWS
from sfsync.sync.cycle import rehearse, run_cycle
from sfsync.sync.running import run
from tests.mirror import mirrored
from tests.shipping import activated, add_objects, in_org, record, sql
from tests.sync.answers import Changed
from tests.sync.idle import until_idle
from tests.world import just_before, kinds

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from sfsync.emulator.org import Org
    from sfsync.store.engine import Database
    from tests.world import World

GRAPH, COLLECTIONS = "composite/graph", "composite/sobjects"


@pytest.fixture
def db(sqlite_url: str) -> Generator[Database]:
    """What goes wrong here goes wrong in the org: one kind of database shows it."""
    database = open_database(sqlite_url)
    yield database
    database.close()


@pytest.fixture(autouse=True)
def enabled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SFSYNC_SHIPMENTS__ENABLED", "true")


@pytest.fixture
def world(world: World) -> World:
    add_objects(world.org)
    return world


@pytest.fixture
def order(world: World, app: App) -> str:
    key = activated(world, app, (100, 5))
    world.org.calls.clear()
    return key


def whole(world: World, app: App, shipments: int) -> None:
    """Run cycles as the daemon would, until all is in the org, once."""
    until_idle(world, app, lambda: is_sent(app), cycles=3, seconds=3700)
    found = in_org(world.org)
    assert len(found) == shipments == len({one["SFSync_Key__c"] for one in found})
    assert all(len(one["lines"]) == 1 for one in found)
    rows = mirrored(app.db, "shipments")
    assert {row.key: row.sf_id for row in rows} == {one["SFSync_Key__c"]: one["Id"] for one in found}
    assert is_sent(app)
    assert len(mirrored(app.db, "events", type="shipment.created")) == shipments


def is_sent(app: App) -> bool:
    """Whether all of it is in the org, for all that we know."""
    return all(row.in_doubt is None and row.problem_code is None for row in mirrored(app.db, "shipments")) and all(
        row.sf_id for row in mirrored(app.db, "shipment_lines")
    )


@pytest.mark.parametrize(("fault", "times"), [("lost_answer", 1), ("truncated", 1), ("reset", 3)])
def test_lost_answers_to_creations_double_nothing(world: World, app: App, order: str, fault: str, times: int) -> None:
    for _ in range(3):
        record(app.db, order, 1)
    world.org.faults.add(fault, path=GRAPH, times=times)

    run_cycle(app)

    whole(world, app, 3)


def test_a_shipment_that_is_never_answered_alone_waits_and_the_others_go(
    world: World, app: App, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packs, "LOST_ANSWERS_IN_A_ROW", 20)
    first, second = record(app.db, order, 1), record(app.db, order, 2)
    # The pack twice, then the first alone until it is given up; the second goes through.
    world.org.faults.add("reset", path=GRAPH, times=4)

    run_cycle(app)

    found = {row.id: row for row in mirrored(app.db, "shipments")}
    assert found[second].sf_id is not None
    assert (found[first].sf_id, found[first].problem_code) == (None, "not_answered")
    whole(world, app, 2)


def test_an_org_that_answers_nothing_ends_the_run_and_loses_nothing(world: World, app: App, order: str) -> None:
    record(app.db, order, 1)
    world.org.faults.add("reset", path=GRAPH, times=3)

    with pytest.raises(OrgUnavailable):
        run_cycle(app)

    whole(world, app, 1)


def test_an_org_that_loses_one_answer_after_the_other_is_left_alone(
    world: World, app: App, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packs, "LOST_ANSWERS_IN_A_ROW", 2)
    record(app.db, order, 1)
    world.org.faults.add("reset", path=GRAPH, times=2)

    with pytest.raises(OrgUnavailable):
        run_cycle(app)

    whole(world, app, 1)


def test_an_org_that_is_away_before_anything_was_sent_leaves_no_doubt(world: World, app: App, order: str) -> None:
    record(app.db, order, 1)
    run_cycle(app)
    sql(app.db, "UPDATE shipments SET carrier = 'DHL'")
    record(app.db, order, 1)
    for path in (GRAPH, COLLECTIONS):
        world.org.faults.add("request_limit", path=path, times=9)
        with suppress(OrgUnavailable):
            run_cycle(app)
        assert {row.in_doubt for row in mirrored(app.db, "shipments")} == {None}
        world.org.faults.clear()


@pytest.mark.parametrize("times", [1, 3])
def test_lost_answers_to_updates_are_settled_by_reading(world: World, app: App, order: str, times: int) -> None:
    for _ in range(2):
        record(app.db, order, 1)
    run_cycle(app)
    sql(app.db, "UPDATE shipments SET status = 'Shipped', carrier = 'DHL'")
    world.org.faults.add("lost_answer" if times == 1 else "reset", path=COLLECTIONS, times=times)

    run_cycle(app)

    whole(world, app, 2)
    assert {(one["Status__c"], one["Carrier__c"]) for one in in_org(world.org)} == {("Shipped", "DHL")}
    assert mirrored(app.db, "journal", action="shipment.conflict") == []


def test_an_update_that_is_never_answered_waits(world: World, app: App, order: str) -> None:
    record(app.db, order, 1)
    run_cycle(app)
    sql(app.db, "UPDATE shipments SET carrier = 'DHL'")
    world.org.faults.add("reset", path=COLLECTIONS, times=3)

    with pytest.raises(OrgUnavailable):
        run_cycle(app)

    whole(world, app, 1)


def test_an_update_that_is_not_answered_while_others_are_waits(
    world: World, app: App, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ship_updates, "UPDATES_PER_CALL", 1)
    for _ in range(2):
        record(app.db, order, 1)
    run_cycle(app)
    sql(app.db, "UPDATE shipments SET carrier = 'DHL'")
    world.org.faults.add("reset", path=COLLECTIONS, times=3)

    run_cycle(app)

    assert [row.problem_code for row in mirrored(app.db, "shipments")] == ["not_answered", None]
    whole(world, app, 2)


def test_an_update_that_the_org_refuses_is_remembered_and_one_that_is_gone_too(
    world: World, app: App, order: str
) -> None:
    for _ in range(3):
        record(app.db, order, 1)
    run_cycle(app)
    sql(app.db, "UPDATE shipments SET carrier = 'much too long for the org' WHERE id = 1")
    sql(app.db, "UPDATE shipments SET carrier = 'DHL' WHERE id > 1")
    world.org.advance(1200)
    gone = mirrored(app.db, "shipments")[2].sf_id

    def deleted() -> None:
        world.org.delete("Shipment__c", gone)
        world.org.empty_recycle_bin()

    just_before(world.org, "composite", lambda: just_before(world.org, "composite", deleted))
    run_cycle(app)

    assert [row.problem_code for row in mirrored(app.db, "shipments")] == ["STRING_TOO_LONG", None, "NOT_FOUND"]
    sql(app.db, "UPDATE shipments SET carrier = NULL WHERE id = 1")
    world.org.advance(60)
    run_cycle(app)
    # By now the org's delete log has told of the third.
    rows = [(row.problem_code, row.is_deleted) for row in mirrored(app.db, "shipments")]
    assert rows == [(None, False), (None, False), (None, True)]


def test_shipments_that_share_a_graph_with_a_bad_one_go_and_the_bad_one_is_remembered(
    world: World, app: App, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graphs, "GRAPHS_PER_CALL", 2)
    for number in range(6):
        record(app.db, order, 1, carrier="much too long for the org" if number == 1 else "DHL")

    report = run_cycle(app)

    assert len(in_org(world.org)) == 5
    [held] = [row for row in mirrored(app.db, "shipments") if row.sf_id is None]
    assert held.problem_code == "STRING_TOO_LONG"
    assert [(one.kind, one.code) for one in report.attention] == [("shipment", "STRING_TOO_LONG")]
    world.org.calls.clear()
    run_cycle(app)
    assert "graph" not in kinds(world.org)

    sql(app.db, "UPDATE shipments SET carrier = 'UPS' WHERE sf_id IS NULL")
    whole(world, app, 6)


def test_a_line_that_the_org_refuses_is_named_and_its_shipment_is_not_made_in_part(
    world: World, app: App, order: str
) -> None:
    rule = ValidationRule("Shipment_Line__c", "Nothing is shipped today.")
    world.org.world.customs.rules.append(rule)
    record(app.db, order, 7)

    run_cycle(app)

    assert in_org(world.org) == []
    [row] = mirrored(app.db, "shipments")
    assert row.problem_code == "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    assert row.problem.startswith("Line 1: ")


def test_rows_that_cannot_be_sent_are_said_so_and_hold_up_nobody(world: World, app: App, order: str) -> None:
    other = activated(world, app, (1, 5), name="Other")
    good = record(app.db, order, 1)
    wrong = {record(app.db, order, -1): "bad_quantity", record(app.db, order, 1, key="a.b"): "bad_key"}
    sql(app.db, "INSERT INTO shipments (org) VALUES ('default')")
    [(nobody,)] = sql(app.db, "SELECT max(id) FROM shipments")
    crossed = record(app.db, order, 1)
    wrong |= {nobody: "no_order", crossed: "other_order"}
    [row] = mirrored(app.db, "orders", key=other)
    [item] = mirrored(app.db, "order_items", order_id=row.id)
    sql(app.db, f"UPDATE shipment_lines SET order_item_id = {item.id} WHERE shipment_id = {crossed}")
    sql(app.db, f"INSERT INTO shipment_lines (org, shipment_id, quantity) VALUES ('default', {nobody}, 1)")
    record(app.db, order)  # no lines yet: it waits

    report = run_cycle(app)

    found = {row.id: row for row in mirrored(app.db, "shipments")}
    assert {number: found[number].problem_code for number in wrong} == wrong
    assert found[good].sf_id is not None
    assert len(in_org(world.org)) == 1
    assert report.exit_code == 1
    journalled = len(mirrored(app.db, "journal", action="shipment.not_sent"))
    run_cycle(app)
    assert len(mirrored(app.db, "journal", action="shipment.not_sent")) == journalled == 4
    sql(app.db, "UPDATE shipments SET status = 'Voided' WHERE sf_id IS NULL")
    assert run_cycle(app).exit_code == 0


def test_rows_that_name_orders_and_items_by_salesforce_id_are_linked(world: World, app: App, order: str) -> None:
    [row] = mirrored(app.db, "orders", key=order)
    [item] = mirrored(app.db, "order_items", order_id=row.id)
    sql(app.db, f"INSERT INTO shipments (org, order_sf_id) VALUES ('default', '{row.sf_id}')")
    sql(
        app.db,
        "INSERT INTO shipment_lines (org, shipment_id, order_item_sf_id, quantity) "
        f"SELECT org, id, '{item.sf_id}', 2 FROM shipments",
    )

    run_cycle(app)

    whole(world, app, 1)


def test_an_order_without_a_key_and_lines_added_later_and_more_lines_than_travel_at_once(
    world: World, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(to_ship, "LINES_AT_ONCE", 2)
    by_hand = world.order()
    for _ in range(5):
        world.item(by_hand, Quantity=1)
    run_cycle(app)
    [row] = mirrored(app.db, "orders")
    sql(app.db, f"INSERT INTO shipments (org, order_id) VALUES ('default', {row.id})")
    line = "INSERT INTO shipment_lines (org, shipment_id, order_item_id, quantity) SELECT 'default', s.id, i.id, 1"
    sql(app.db, f"{line} FROM shipments s JOIN order_items i ON i.order_id = s.order_id")

    run_cycle(app)
    [shipment] = in_org(world.org)
    assert shipment["SFSync_Key__c"] == f"{by_hand}-S1"
    assert len(shipment["lines"]) == 5

    sql(app.db, f"{line} FROM shipments s JOIN order_items i ON i.order_id = s.order_id WHERE i.id = 1")
    run_cycle(app)
    assert [one["SFSync_Key__c"] for one in in_org(world.org)[0]["lines"]][-1] == f"{by_hand}-S1-6"
    assert len(mirrored(app.db, "journal", action="shipment.lines_added")) == 3


def test_a_key_that_the_org_has_already_is_adopted(world: World, app: App, order: str) -> None:
    [row] = mirrored(app.db, "orders", key=order)
    number = record(app.db, order, 3, key="BOX-1")

    def made_meanwhile() -> None:
        world.org.insert("Shipment__c", {"Order__c": row.sf_id, "SFSync_Key__c": "BOX-1", "Status__c": "Created"})

    before = len(world.org.on_call)

    def hook(call: Any, moment: str) -> None:
        if moment == "before" and call.path.endswith(GRAPH):
            world.org.on_call.pop(before)
            made_meanwhile()

    world.org.on_call.append(hook)
    run_cycle(app)

    assert {row.id: bool(row.sf_id) for row in mirrored(app.db, "shipments")} == {number: True}
    whole(world, app, 1)


def in_graphs(change: Callable[[dict[str, Any]], None]) -> Callable[[Any], Any]:
    def changed(body: Any) -> Any:
        for graph in body["graphs"]:
            change(graph)
        return body

    return changed


def test_a_key_that_is_taken_and_not_shown_waits_for_a_person(
    world: World, make_app: Callable[[Org], App], app: App, order: str
) -> None:
    def taken(graph: dict[str, Any]) -> None:
        graph["isSuccessful"] = False
        for element in graph["graphResponse"]["compositeResponse"]:
            message = "duplicate value found: <unknown> duplicates value on record with id: <unknown>"
            element |= {"httpStatusCode": 400, "body": [{"errorCode": "DUPLICATE_VALUE", "message": message}]}

    record(app.db, order, 1)
    world.org.faults.add("request_limit", path=GRAPH, times=1)
    with suppress(OrgUnavailable):
        run_cycle(app)
    hiding = App(load_settings(), "default", app.db, clock=app.clock, adapter=Refusing(world.org, taken))
    run_cycle(hiding)

    [row] = mirrored(app.db, "shipments")
    assert (row.sf_id, row.problem_code) == (None, "DUPLICATE_VALUE")
    assert "does not show it" in row.problem


class Refusing(Changed):
    """An org whose graphs are not carried out, and answered otherwise."""

    def __init__(self, org: Org, change: Callable[[dict[str, Any]], None]) -> None:
        super().__init__(org, "POST", GRAPH, in_graphs(change))

    def send(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        if request.path_url.endswith(GRAPH):
            # The org answers as ever; then somebody takes back what was made.
            answer = super().send(request, *args, **kwargs)
            for name in ("Shipment_Line__c", "Shipment__c"):
                for row in self._org.query(f"SELECT Id FROM {name}"):
                    self._org.delete(name, row["Id"])
            self._org.empty_recycle_bin()
            return answer
        return super().send(request, *args, **kwargs)


def test_an_answer_that_lacks_a_shipment_or_blames_nobody_is_settled_or_remembered(
    world: World, app: App, order: str
) -> None:
    def silent(graph: dict[str, Any]) -> None:
        graph["graphResponse"]["compositeResponse"][0]["body"] = None

    def blameless(graph: dict[str, Any]) -> None:
        graph["isSuccessful"] = False
        for element in graph["graphResponse"]["compositeResponse"]:
            halted = [{"errorCode": "PROCESSING_HALTED", "message": "The transaction was rolled back."}]
            element |= {"httpStatusCode": 400, "body": halted}

    def locked(graph: dict[str, Any]) -> None:
        blameless(graph)
        busy = [{"errorCode": "UNABLE_TO_LOCK_ROW", "message": "unable to obtain exclusive access to this record"}]
        graph["graphResponse"]["compositeResponse"][0]["body"] = busy

    def mute(graph: dict[str, Any]) -> None:
        del graph["graphResponse"]

    for change, code in ((blameless, "PROCESSING_HALTED"), (locked, "UNABLE_TO_LOCK_ROW")):
        number = record(app.db, order, 1)
        adapter = Refusing(world.org, change)
        run_cycle(App(load_settings(), "default", app.db, clock=app.clock, adapter=adapter))
        [row] = mirrored(app.db, "shipments", id=number)
        assert (row.sf_id, row.problem_code) == (None, code)
        sql(app.db, "UPDATE shipments SET status = 'Voided'")
    for change in (silent, mute):
        number = record(app.db, order, 1)
        adapter = Changed(world.org, "POST", GRAPH, in_graphs(change))
        run_cycle(App(load_settings(), "default", app.db, clock=app.clock, adapter=adapter))
        [row] = mirrored(app.db, "shipments", id=number)
        assert row.sf_id is not None
        assert row.in_doubt is None


def test_an_update_whose_answer_says_nothing_stays_in_doubt_until_it_is_settled(
    world: World, app: App, order: str
) -> None:
    record(app.db, order, 1)
    run_cycle(app)
    sql(app.db, "UPDATE shipments SET carrier = 'DHL'")
    busy = [{"success": False, "errors": [{"statusCode": "UNABLE_TO_LOCK_ROW", "message": "busy", "fields": []}]}]
    for answer in (busy, [], [{"success": False, "errors": []}]):
        adapter = Changed(world.org, "PATCH", COLLECTIONS, lambda _, told=answer: told)
        run_cycle(App(load_settings(), "default", app.db, clock=app.clock, adapter=adapter))
        sql(app.db, "UPDATE shipments SET carrier = carrier || '!', retry_at = NULL, problem_code = NULL")

    whole(world, app, 1)


def test_the_arrows_alone_settle_and_push_shipments_and_a_rehearsal_writes_nothing(
    world: World, app: App, order: str
) -> None:
    record(app.db, order, 1)
    world.org.calls.clear()
    rehearse(app)
    assert "graph" not in kinds(world.org)

    run(app, "push", ARROWS["push"])
    assert len(in_org(world.org)) == 1
    sql(app.db, "UPDATE shipments SET in_doubt = 'update', sent_at = '2026-03-02 00:00:00'")
    run(app, "settle", ARROWS["settle"])

    whole(world, app, 1)


def test_one_deal_alone_ships_only_its_own(world: World, app: App, order: str) -> None:
    other = activated(world, app, (1, 5), name="Other")
    for key in (order, other):
        record(app.db, key, 1)
    run_cycle(app, only=order.split("-", maxsplit=1)[0])
    assert [one["SFSync_Key__c"] for one in in_org(world.org)] == [f"{order}-S1"]

    run_cycle(app)
    sql(app.db, "UPDATE shipments SET carrier = 'DHL'")
    run_cycle(app, only=order.split("-", maxsplit=1)[0])
    assert [one["Carrier__c"] for one in in_org(world.org)] == ["DHL", None]
