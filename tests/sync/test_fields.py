"""Any writable field, set by anybody here, goes to the org in one update per order; what the org changes comes back."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy.exc import DBAPIError

from sfsync.domain.statuses import Status
from sfsync.emulator.fields import Field, PicklistValue
from sfsync.store.wants import want, want_fields
from sfsync.sync.cycle import run_cycle
from tests.mirror import everything_but_runs, mirrored
from tests.world import STATUSES, World, new_org

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfsync.app import App
    from sfsync.emulator.org import Org

ALL = ("Region__c", "Seats__c", "Urgent__c", "Due__c")


@pytest.fixture
def world() -> World:
    """An org that takes nothing beside the status of an order that is activated, with four custom fields."""
    org = new_org(order_statuses=STATUSES, strict_activation=True)
    values = tuple(PicklistValue(one, one) for one in ("EMEA", "APAC"))
    org.add_custom_field("Order", Field("Region__c", "picklist", "Region", length=255, custom=True, picklist=values))
    org.add_custom_field("Order", Field("Seats__c", "double", "Seats", precision=10, scale=2, custom=True))
    org.add_custom_field("Order", Field("Urgent__c", "boolean", "Urgent", custom=True, default=False))
    org.add_custom_field("Order", Field("Due__c", "date", "Due", custom=True))
    return World(org)


@pytest.fixture
def app(world: World, make_app: Callable[[Org], App], monkeypatch: pytest.MonkeyPatch) -> App:
    monkeypatch.setenv("SFSYNC_ORDERS__WRITABLE_FIELDS", ",".join(ALL))
    return make_app(world.org)


@pytest.fixture
def order(world: World, app: App) -> str:
    """The Id of a draft order in the org, mirrored."""
    deal = world.deal()
    run_cycle(app)
    world.org.advance(1200)
    world.org.calls.clear()
    return str(world.orders(deal)[0]["Id"])


def sql(app: App, **values: Any) -> None:
    """Set columns as another program would."""
    sets = ", ".join(f"{name} = " + ("NULL" if value is None else f"'{value}'") for name, value in values.items())
    with app.db.begin() as tx:
        tx.exec_driver_sql(f"UPDATE orders SET {sets}")


def updates(org: Org) -> int:
    return sum(call.method == "PATCH" for call in org.calls)


@pytest.mark.parametrize("values", [{"end_date": "soon"}, {"end_date": "2027-02-30"}, {"custom": "{Region"}])
def test_what_is_no_date_or_no_json_is_refused_when_it_is_written(
    world: World, app: App, order: str, values: dict[str, str]
) -> None:
    with pytest.raises(DBAPIError):
        sql(app, **values)

    assert run_cycle(app).exit_code == 0
    assert updates(world.org) == 0


def test_fields_set_by_plain_sql_are_in_the_org_after_one_update(world: World, app: App, order: str) -> None:
    custom = {"Region__c": "EMEA", "Seats__c": 12.5, "Urgent__c": True, "Due__c": "2026-05-01"}
    sql(app, description="By truck.", po_number="PO-7", end_date="2027-02-28", custom=json.dumps(custom))

    report = run_cycle(app)

    assert (report.exit_code, report.counts["fields_pushed"], updates(world.org)) == (0, 1, 1)
    found = world.org.get("Order", order)
    assert (found["Description"], found["PoNumber"], found["EndDate"]) == ("By truck.", "PO-7", "2027-02-28")
    assert {name: found[name] for name in ALL} == custom
    [row] = mirrored(app.db, "orders")
    assert (row.org_description, row.org_po_number, row.org_end_date) == ("By truck.", "PO-7", date(2027, 2, 28))
    assert (row.custom, row.org_custom, row.in_doubt, row.sent) == (custom, custom, None, None)


def test_the_org_is_left_alone_once_it_has_what_is_wanted(world: World, app: App, order: str) -> None:
    sql(app, po_number="PO-7", custom='{"Seats__c":   5.0}')
    run_cycle(app)
    world.org.advance(1200)
    run_cycle(app)
    before = everything_but_runs(app.db)
    world.org.calls.clear()

    run_cycle(app)

    assert world.org.calls.count() <= 2
    assert everything_but_runs(app.db) == before


def test_what_somebody_changes_in_the_org_comes_back_into_both_columns(world: World, app: App, order: str) -> None:
    world.org.update("Order", order, {"PoNumber": "PO-9", "EndDate": "2027-01-01", "Seats__c": 3})

    run_cycle(app)

    [row] = mirrored(app.db, "orders")
    assert (row.po_number, row.org_po_number) == ("PO-9", "PO-9")
    assert (row.end_date, row.org_end_date) == (date(2027, 1, 1), date(2027, 1, 1))
    assert (row.custom["Seats__c"], row.org_custom["Seats__c"]) == (3, 3)
    told = mirrored(app.db, "journal", action="order.changed_in_org")
    assert {entry.details["field"]: entry.actor for entry in told} == dict.fromkeys(
        ("po_number", "end_date", "Seats__c"), "org"
    )


def test_an_activation_travels_alone_and_after_the_other_fields(world: World, app: App, order: str) -> None:
    sql(app, status="Activated", po_number="PO-7")

    report = run_cycle(app)

    assert (report.exit_code, updates(world.org)) == (0, 2)
    found = world.org.get("Order", order)
    assert (found["Status"], found["PoNumber"]) == ("Activated", "PO-7")


def test_an_order_whose_other_fields_are_refused_is_not_activated(world: World, app: App, order: str) -> None:
    sql(app, status="Activated", po_number="x" * 81)

    report = run_cycle(app)

    assert [problem.code for problem in report.attention] == ["STRING_TOO_LONG"]
    assert world.org.get("Order", order)["Status"] == "Draft"

    sql(app, po_number="PO-7")
    assert run_cycle(app).exit_code == 0
    assert world.org.get("Order", order)["Status"] == "Activated"


def test_refused_values_are_not_sent_again_until_one_of_them_changes(world: World, app: App, order: str) -> None:
    sql(app, po_number="x" * 81, description="good")
    run_cycle(app)
    run_cycle(app)
    assert updates(world.org) == 1

    sql(app, po_number="short")
    run_cycle(app)

    assert updates(world.org) == 2
    assert mirrored(app.db, "orders")[0].problem_code is None


def test_a_move_that_is_not_legal_does_not_hold_up_the_other_fields(world: World, app: App, order: str) -> None:
    sql(app, status="Fulfilled", po_number="PO-7")

    report = run_cycle(app)

    assert [problem.code for problem in report.attention] == ["illegal_move"]
    assert world.org.get("Order", order)["PoNumber"] == "PO-7"


@pytest.mark.parametrize(
    ("custom", "code"),
    [
        ("[1]", "not_writable"),
        ('{"Seats__c": "many"}', "bad_value"),
        ('{"Nowhere__c": 1}', "not_writable"),
        ('{"Due__c": "soon"}', "bad_value"),
    ],
)
def test_a_value_that_cannot_be_sent_is_put_before_a_person_once(
    world: World, app: App, order: str, custom: str, code: str
) -> None:
    sql(app, custom=custom)

    report = run_cycle(app)
    entries = len(mirrored(app.db, "journal"))
    run_cycle(app)

    assert [problem.code for problem in report.attention] == [code]
    assert (updates(world.org), len(mirrored(app.db, "journal"))) == (0, entries)

    sql(app, custom=None)
    assert run_cycle(app).exit_code == 0


def test_a_custom_field_that_is_configured_later_is_read_of_all_orders(
    world: World, make_app: Callable[[Org], App], monkeypatch: pytest.MonkeyPatch
) -> None:
    world.deal()
    first = make_app(world.org)
    run_cycle(first)
    world.org.update("Order", world.orders()[0]["Id"], {"Region__c": "APAC"})
    run_cycle(first)
    world.org.advance(3600)
    run_cycle(first)
    monkeypatch.setenv("SFSYNC_ORDERS__WRITABLE_FIELDS", "Region__c")

    run_cycle(make_app(world.org))

    [row] = mirrored(first.db, "orders")
    assert (row.custom, row.org_custom) == ({"Region__c": "APAC"}, {"Region__c": "APAC"})


def test_the_journal_says_who_wanted_what_and_that_it_is_in_the_org(world: World, app: App, order: str) -> None:
    [row] = mirrored(app.db, "orders")
    with app.db.begin() as tx:
        assert want_fields(tx, "default", row.id, {"po_number": "PO-7"}, actor="anna", now=app.clock()) == ["po_number"]
        assert want_fields(tx, "default", row.id, {"po_number": "PO-7"}, actor="ben", now=app.clock()) == []
    sql(app, description="By truck.")

    run_cycle(app)

    [wanted] = mirrored(app.db, "journal", action="order.field_wanted")
    assert (wanted.actor, wanted.details["wanted"], wanted.details["before"]) == ("anna", "PO-7", None)
    [pushed] = mirrored(app.db, "journal", action="order.fields_pushed")
    assert pushed.actor == "anna, sql"
    assert {name: one["by"] for name, one in pushed.details["fields"].items()} == {
        "po_number": "anna",
        "description": "sql",
    }


def test_the_first_activation_is_kept_when_the_org_moves_its_own(world: World, app: App, order: str) -> None:
    sql(app, status="Activated")
    run_cycle(app)
    [row] = mirrored(app.db, "orders")
    first = row.first_activated_at
    assert first is not None
    for status in ("Draft", "Activated"):
        world.org.advance(3600)
        world.org.update("Order", order, {"Status": status})
        run_cycle(app)

    [row] = mirrored(app.db, "orders")
    assert (row.first_activated_at, row.activated_at > first) == (first, True)


@pytest.mark.untraced
def test_a_thousand_status_changes_cost_twelve_calls(many: int, make_app: Callable[[Org], App]) -> None:
    world = World(new_org())
    world.deals(many)
    app = make_app(world.org)
    run_cycle(app)
    world.org.advance(1200)
    sql(app, status="Activated")
    world.org.calls.clear()

    report = run_cycle(app)

    assert report.counts["statuses_pushed"] == many
    assert world.org.calls.count() <= 12


def test_ten_rapid_edits_of_one_order_are_one_update(world: World, app: App, order: str) -> None:
    [row] = mirrored(app.db, "orders")
    for number in range(8):
        sql(app, po_number=f"PO-{number}")
    with app.db.begin() as tx:
        want(tx, "default", row.id, Status.CANCELLED, actor="anna", now=app.clock())
        want(tx, "default", row.id, Status.DRAFT, actor="anna", now=app.clock())

    run_cycle(app)

    assert (updates(world.org), world.org.get("Order", order)["PoNumber"]) == (1, "PO-7")


def test_a_field_that_is_hidden_from_us_is_told_and_holds_up_no_other(make_app: Callable[[Org], App]) -> None:
    world = World(new_org())
    world.org.hide_field("Order", "PoNumber")
    world.deal()
    app = make_app(world.org)
    run_cycle(app)
    sql(app, po_number="PO-7", description="good")

    report = run_cycle(app)

    assert [problem.code for problem in report.attention] == ["not_writable"]
    [row] = mirrored(app.db, "orders")
    assert (row.po_number, row.org_po_number, row.org_description) == ("PO-7", None, "good")
