"""The org spells its statuses as it likes, and changes its mind: what is read and sent, and what stops the work."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from sfsync.emulator.settings import StatusValue
from sfsync.errors import OrgUnfit
from sfsync.store.engine import open_database
from sfsync.sync.cycle import run_cycle
from tests.mirror import mirrored
from tests.world import World, new_org

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from sfsync.app import App
    from sfsync.emulator.org import Org
    from sfsync.store.engine import Database

NAMES = {"draft": "Entwurf", "activated": "Aktiv", "fulfilled": "Geliefert", "cancelled": "Storniert"}
GERMAN = (
    StatusValue("Entwurf", "Draft", default=True),
    StatusValue("In Pruefung", "Draft"),
    StatusValue("Aktiv", "Activated"),
    StatusValue("Unterwegs", "Activated"),
    StatusValue("Geliefert", "Activated"),
    StatusValue("Berechnet", "Activated"),
    StatusValue("Ersetzt", "Superseded"),
    StatusValue("Storniert", "Draft"),
)


@pytest.fixture
def db(sqlite_url: str) -> Generator[Database]:
    """SQLite alone: nothing here touches SQL in another way."""
    database = open_database(sqlite_url)
    yield database
    database.close()


@pytest.fixture
def german(monkeypatch: pytest.MonkeyPatch) -> World:
    """An org of many values with other names, and the settings for it."""
    settings: dict[str, Any] = {**NAMES, "also_draft": "In Pruefung", "also_fulfilled": "Berechnet"}
    for name, label in settings.items():
        monkeypatch.setenv(f"SFSYNC_STATUSES__{name.upper()}", label)
    return World(new_org(order_statuses=GERMAN))


def rename(world: World, old: str, new: str) -> None:
    """Give a value another API name, as Setup does with “Replace”."""
    world.org.faults.now("picklist_renamed", object="Order", field="Status", old=old, new=new)


def wish(app: App, status: str) -> None:
    with app.db.begin() as tx:
        tx.exec_driver_sql(f"UPDATE orders SET status = '{status}'")


def test_custom_values_are_sent_and_several_are_read_as_one_status(
    german: World, make_app: Callable[[Org], App]
) -> None:
    app = make_app(german.org)
    german.deal()
    run_cycle(app)
    [order] = german.orders()
    assert order["Status"] == "Entwurf"

    seen = {}
    for label in ("In Pruefung", "Aktiv", "Unterwegs", "Berechnet", "Ersetzt"):
        german.org.advance(700)
        german.org.update("Order", order["Id"], {"Status": label})
        run_cycle(app)
        [row] = mirrored(app.db, "orders")
        seen[label] = row.org_status
        assert (row.status, row.org_status_label, row.problem_code) == (row.org_status, label, None)

    assert seen == {
        "In Pruefung": "Draft",
        "Aktiv": "Activated",
        "Unterwegs": "Activated",
        "Berechnet": "Fulfilled",
        "Ersetzt": "Activated",
    }
    # What is read as a status already is not sent again under another label.
    assert [call.method for call in german.org.calls if call.kind == "collections" and call.method == "PATCH"] == []


def test_each_status_is_sent_by_its_own_label(german: World, make_app: Callable[[Org], App]) -> None:
    app = make_app(german.org)
    german.deal()
    run_cycle(app)
    for status, label in (("Activated", "Aktiv"), ("Fulfilled", "Geliefert")):
        wish(app, status)
        run_cycle(app)

        assert german.orders()[0]["Status"] == label


def test_a_value_that_is_gone_holds_back_the_orders_that_want_it_and_says_which_there_are(
    german: World, make_app: Callable[[Org], App]
) -> None:
    app = make_app(german.org)
    german.deal()
    run_cycle(app)
    rename(german, "Aktiv", "Frei")
    german.org.advance(3700)
    wish(app, "Activated")

    report = run_cycle(app)

    [held] = report.attention
    assert held.code == "status_missing"
    assert "“Aktiv” for Activated (setting statuses.activated)" in held.message
    assert "“Frei”" in held.message
    [told] = mirrored(app.db, "journal", action="statuses.unfit")
    assert (told.level, "statuses.activated" in told.message) == ("warning", True)
    rename(german, "Frei", "Aktiv")
    german.org.advance(3700)
    assert run_cycle(app).exit_code == 0
    assert german.orders()[0]["Status"] == "Aktiv"
    assert len(mirrored(app.db, "journal", action="statuses.unfit")) == 1


def test_a_value_that_goes_within_the_hour_is_refused_once_and_the_values_are_read_anew(
    german: World, make_app: Callable[[Org], App]
) -> None:
    app = make_app(german.org)
    german.deal()
    run_cycle(app)
    rename(german, "Aktiv", "Frei")
    wish(app, "Activated")

    assert [one.code for one in run_cycle(app).attention] == ["INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"]
    german.org.advance(300)
    assert mirrored(app.db, "schema_cache") == []


def test_a_draft_value_that_goes_within_the_hour_stops_the_work_with_the_next_run(
    german: World, make_app: Callable[[Org], App]
) -> None:
    app = make_app(german.org)
    run_cycle(app)
    rename(german, "Entwurf", "Neu")
    german.deal()

    assert [one.code for one in run_cycle(app).attention] == ["INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"]
    with pytest.raises(OrgUnfit, match=r"“Entwurf” for Draft \(setting statuses.draft\)"):
        run_cycle(app)
    assert german.orders() == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"Entwurf": None}, "no active value “Entwurf” for Draft"),
        ({"Aktiv": "Draft"}, "“Aktiv” for Activated (setting statuses.activated) is of category Draft"),
        ({"Berechnet": "Draft"}, "“Berechnet” cannot be read as Fulfilled"),
    ],
)
@pytest.mark.usefixtures("german")
def test_an_org_in_which_an_order_could_pass_for_another_is_not_worked_with(
    make_app: Callable[[Org], App], change: dict[str, str | None], said: str
) -> None:
    kept = (value for value in GERMAN if change.get(value.api_name, "") is not None)
    values = (replace(value, code=change.get(value.api_name) or value.code) for value in kept)
    world = World(new_org(order_statuses=(*values, StatusValue("Neu", "Draft"))))
    world.deal()

    with pytest.raises(OrgUnfit) as refused:
        run_cycle(make_app(world.org))

    assert said in refused.value.message
    assert "[statuses]" in str(refused.value.remedy)
    assert world.orders() == []


def test_settings_that_change_within_the_hour_are_held_against_the_org_at_once(
    german: World, make_app: Callable[[Org], App], monkeypatch: pytest.MonkeyPatch
) -> None:
    run_cycle(make_app(german.org))
    monkeypatch.setenv("SFSYNC_STATUSES__ALSO_CANCELLED", "Geliefert")

    with pytest.raises(OrgUnfit, match="“Geliefert” stands for Fulfilled and Cancelled"):
        run_cycle(make_app(german.org))
