from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update
from structlog.testing import capture_logs

from sfsync.app import App
from sfsync.config import load_settings
from sfsync.config.settings import SyncSettings
from sfsync.emulator.adapter import EmulatorAdapter
from sfsync.log import get_logger
from sfsync.service.nightly import Nightly, next_after
from sfsync.store import lease
from sfsync.store.engine import open_database
from sfsync.store.tables import orders
from sfsync.sync.cycle import run_cycle
from sfsync.sync.work import Stopped, no_progress
from tests.mirror import mirrored
from tests.world import World, new_org

if TYPE_CHECKING:
    from collections.abc import Generator

    from sfsync.sync.work import Progress

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("02:30", datetime(2026, 3, 3, 2, 30, tzinfo=UTC)),
        ("09:00", NOW + timedelta(days=1)),
        ("09:01", NOW + timedelta(minutes=1)),
        ("", None),
    ],
)
def test_the_next_reconcile_is_at_the_next_such_time_of_day(at: str, expected: datetime | None) -> None:
    assert next_after(at, NOW) == expected


@pytest.fixture
def app(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Generator[App]:
    for name, value in {"LOGIN_URL": "https://org.example", "CLIENT_ID": "3MVG9sfsyncEMULATOR"}.items():
        monkeypatch.setenv(f"SFSYNC_SALESFORCE__{name}", value)
    monkeypatch.setenv("SFSYNC_SALESFORCE__CLIENT_SECRET", "emulator-secret")
    monkeypatch.setenv("SFSYNC_RECONCILE__AT", "10:00")
    world = World(new_org(daily_limit=100))
    world.deal()
    db = open_database(sqlite_url)
    app = App(load_settings(), "default", db, clock=world.org.clock, adapter=EmulatorAdapter(world.org))
    run_cycle(app)
    with db.begin() as tx:
        tx.execute(update(orders).values(name="Written here"))
    yield app
    db.close()


def names(app: App) -> set[str | None]:
    return {row.name for row in mirrored(app.db, "orders")}


def test_the_daemon_reconciles_once_a_day_when_its_time_has_come_and_repairs(app: App) -> None:
    nightly = Nightly(app, get_logger(__name__))
    nightly.run_if_due(no_progress)
    early = names(app)
    app.clock.advance(3600)  # type: ignore[attr-defined]

    nightly.run_if_due(no_progress)
    nightly.run_if_due(no_progress)

    assert early == {"Written here"}
    assert "Written here" not in names(app)
    assert [run.command for run in mirrored(app.db, "runs")] == ["sync", "reconcile"]
    assert nightly.due == NOW + timedelta(hours=25)


def test_an_allowance_that_is_nearly_used_up_is_left_to_what_is_more_urgent(app: App) -> None:
    nightly = Nightly(app, get_logger(__name__))
    while app.client.usage is None or app.client.usage.used <= 71:
        app.client.read("limits")
    app.clock.advance(3600)  # type: ignore[attr-defined]

    nightly.run_if_due(no_progress)

    assert [run.command for run in mirrored(app.db, "runs")] == ["sync"]
    assert nightly.due == NOW + timedelta(hours=25)


def test_a_reconcile_that_another_sfsync_holds_up_is_tried_again_the_next_night(app: App) -> None:
    nightly = Nightly(
        replace(app, settings=app.settings.model_copy(update={"sync": SyncSettings(lease_wait_seconds=0)})),
        get_logger(__name__),
    )
    app.clock.advance(3600)  # type: ignore[attr-defined]

    with lease.hold(app.db, "default", wait=timedelta(0), who="another"):
        nightly.run_if_due(no_progress)

    assert names(app) == {"Written here"}
    assert nightly.due == NOW + timedelta(hours=25)


def test_an_error_that_nobody_expects_ends_the_reconcile_and_not_the_daemon_and_a_stop_is_no_error(app: App) -> None:
    nightly = Nightly(app, get_logger(__name__))
    app.clock.advance(3600)  # type: ignore[attr-defined]

    def fail(error: Exception) -> Progress:
        def act(_arrow: str, _done: int, _total: int | None) -> None:
            raise error

        return act

    with pytest.raises(Stopped):
        nightly.run_if_due(fail(Stopped("enough")))
    stopped = nightly.due
    with capture_logs() as logged:  # printed as structlog does unasked, a traceback with all values takes seconds
        nightly.run_if_due(fail(ZeroDivisionError()))

    assert [one["log_level"] for one in logged] == ["error"]
    assert (stopped, nightly.due) == (NOW + timedelta(hours=1), NOW + timedelta(hours=25))
