"""An org is set up on command: what it would take is shown, done once, and what cannot be done is said."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from sfsync.app import App
from sfsync.config import load_settings
from sfsync.emulator.adapter import EmulatorAdapter
from sfsync.emulator.customising.changes import drop_field
from sfsync.errors import OrgUnavailable
from sfsync.salesforce.fitness import problems
from sfsync.salesforce.schema import read_schema
from sfsync.salesforce.setup import StepKind
from sfsync.service.setup import apply, missing
from sfsync.store.engine import open_database
from sfsync.sync.cycle import run_cycle
from tests.shipping import activated, record
from tests.world import World, new_org

if TYPE_CHECKING:
    from collections.abc import Generator

    from sfsync.emulator.org import Org


@pytest.fixture
def world() -> World:
    """An org that nobody has made anything in."""
    world = World(new_org())
    for name in ("Order.SFSync_Key__c", "OrderItem.SFSync_Key__c"):
        drop_field(world.org, name)
    return world


@pytest.fixture
def app(world: World, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Generator[App]:
    monkeypatch.setenv("SFSYNC_SALESFORCE__LOGIN_URL", "https://org.example")
    monkeypatch.setenv("SFSYNC_SALESFORCE__CLIENT_ID", "3MVG9sfsyncEMULATOR")
    monkeypatch.setenv("SFSYNC_SALESFORCE__CLIENT_SECRET", "emulator-secret")
    monkeypatch.setenv("SFSYNC_SHIPMENTS__ENABLED", "true")
    monkeypatch.setenv("SFSYNC_SHIPMENTS__PERCENT_FIELD", "Percent_Shipped__c")
    db = open_database(sqlite_url)
    yield App(
        load_settings(), "default", db, clock=world.org.clock, adapter=EmulatorAdapter(world.org), sleep=lambda _: None
    )
    db.close()


def writes(org: Org) -> list[str]:
    return [call.path for call in org.calls if call.method in ("POST", "PATCH") and "/oauth2/" not in call.path]


def test_looking_writes_nothing_and_names_every_object_field_and_grant(world: World, app: App) -> None:
    steps = missing(app)

    assert [path for path in writes(world.org) if not path.endswith("/composite")] == []
    assert [step.name for step in steps if step.kind is StepKind.OBJECT] == ["Shipment__c", "Shipment_Line__c"]
    fields = {step.name for step in steps if step.kind is StepKind.FIELD}
    assert {"Order.SFSync_Key__c", "OrderItem.SFSync_Key__c", "Order.Percent_Shipped__c"} < fields
    assert {step.name for step in steps if step.kind is StepKind.FIELD_RIGHTS} == fields
    assert len(fields) == 15
    assert all(step.by_hand for step in steps)


def test_an_org_that_was_set_up_is_fit_and_takes_shipments_and_a_second_time_makes_nothing(
    world: World, app: App
) -> None:
    outcomes = {result.outcome for result in apply(app)}

    assert outcomes == {"done"}
    assert problems(read_schema(app.client, app.field_names)) == []
    assert missing(app) == []
    assert list(apply(app)) == []
    order = activated(world, app)
    record(app.db, order, 10, status="Shipped")
    run_cycle(app)
    [made] = world.org.query("SELECT SFSync_Key__c, Status__c FROM Shipment__c")
    assert (made["SFSync_Key__c"], made["Status__c"]) == (f"{order}-S1", "Shipped")
    [shown] = world.org.query("SELECT Percent_Shipped__c FROM Order")
    assert shown["Percent_Shipped__c"] == 100


@pytest.mark.parametrize("path", ["/Soap/m/66.0", "tooling/sobjects/CustomField", "sobjects/FieldPermissions"])
def test_an_answer_that_gets_lost_makes_nothing_twice(world: World, app: App, path: str) -> None:
    world.org.faults.add("lost_answer", path=path, nth=1)

    results = list(apply(app))

    assert {result.outcome for result in results} == {"done"}
    assert missing(app) == []


def test_an_org_that_loses_every_answer_is_left_for_later(world: World, app: App) -> None:
    world.org.faults.add("reset", path="tooling/sobjects/CustomField", times=9)

    with pytest.raises(OrgUnavailable):
        list(apply(app))


def test_what_the_org_refuses_is_said_with_how_to_do_it_by_hand_and_holds_up_only_what_needs_it(
    world: World, app: App
) -> None:
    world.org.settings = replace(world.org.settings, customize_application=False)

    results = {
        result.step.name: result for result in apply(app) if result.step.kind in (StepKind.OBJECT, StepKind.FIELD)
    }

    assert {result.outcome for result in results.values()} == {"failed"}
    assert "level of access" in results["Order.SFSync_Key__c"].reason
    assert "Text(64), External ID, Unique, case-sensitive" in results["Order.SFSync_Key__c"].step.by_hand
    assert results["Shipment__c.Status__c"].reason == "Shipment__c could not be made."


def test_a_field_that_is_hidden_is_granted_and_not_made_again(world: World, app: App) -> None:
    list(apply(app))
    for row in world.org.query("SELECT Id FROM FieldPermissions WHERE Field = 'Shipment__c.Carrier__c'"):
        world.org.delete("FieldPermissions", row["Id"])

    steps = missing(app)

    assert [(step.kind, step.name) for step in steps] == [(StepKind.FIELD_RIGHTS, "Shipment__c.Carrier__c")]
    assert [result.outcome for result in apply(app)] == ["done"]


def test_a_field_of_the_wrong_kind_is_left_to_a_person(world: World, app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    list(apply(app))
    monkeypatch.setenv("SFSYNC_SHIPMENTS__SHIPPED_ON_FIELD", "Carrier__c")
    monkeypatch.setenv("SFSYNC_SHIPMENTS__CARRIER_FIELD", "")
    monkeypatch.setenv("SFSYNC_SHIPMENTS__KEY_FIELD", "Tracking_Number__c")
    other = App(load_settings(), "default", app.db, clock=app.clock, adapter=app.adapter)

    results = list(apply(other))

    assert [(result.step.name, result.outcome) for result in results] == [
        ("Shipment__c.Tracking_Number__c", "by hand"),
        ("Shipment__c.Carrier__c", "by hand"),
    ]
    assert "not unique" in results[0].reason
    assert "should be Date" in results[1].reason
