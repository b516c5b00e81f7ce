"""What is older than the settings say is removed in small steps, and the journal says so."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from sfsync.domain.events import Event, EventType
from sfsync.store import events
from sfsync.store.engine import open_database
from sfsync.sync.prune import prune
from tests.mirror import mirrored

if TYPE_CHECKING:
    from collections.abc import Generator

    from sfsync.app import App
    from sfsync.store.engine import Database


@pytest.fixture
def db(sqlite_url: str) -> Generator[Database]:
    """SQLite alone: the statements are tried on both by the tests of the store."""
    database = open_database(sqlite_url)
    yield database
    database.close()


def test_events_go_after_the_days_of_the_setting_in_steps_that_can_be_stopped(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sfsync.sync.prune.BATCH", 2)
    for days in (91, 91, 91, 89):
        with app.db.begin() as tx:
            told = Event(EventType.ORDER_ACTIVATED, f"order {days}", {})
            events.write(tx, "default", [told], [], app.clock() - timedelta(days=days))
    asked = iter([False, True])

    assert prune(app, stopping=lambda: next(asked)) == 2
    assert (prune(app), prune(app)) == (1, 0)

    assert [row.record for row in mirrored(app.db, "events")] == ["order 89"]
    said = [row.message for row in mirrored(app.db, "journal", action="events.pruned")]
    assert [line.split(" events from before 2025-12-02")[0] for line in said] == ["2", "1"]
